//! Decides whether a look-up of a row seeds the row's tag, so that a load needs no further round trip.

/// How many of the rows that were looked up lately had a tag without a token.
///
/// To seed a tag that holds a token costs the server about as much as the look-up itself. To seed it after the look-up
/// costs a round trip. So look-ups seed while more than one row in nine is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewRows(u8);

impl NewRows {
    const STEP: u8 = 8;
    const ENOUGH: u8 = 2 * Self::STEP;
    const MOST: u8 = 8 * Self::STEP;

    /// What [`level`](Self::level) gave.
    #[must_use]
    pub const fn of_level(level: u8) -> Self {
        Self(level)
    }

    /// It as a number.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.0
    }

    /// Whether the next row is to be seeded when it is looked up.
    #[must_use]
    pub const fn are_expected(self) -> bool {
        self.0 >= Self::ENOUGH
    }

    /// After another look-up, of a row that was new or not.
    #[must_use]
    pub const fn after(self, is_new: bool) -> Self {
        match (is_new, self.0.saturating_add(Self::STEP)) {
            (true, Self::MOST..) => Self(Self::MOST),
            (true, more) => Self(more),
            (false, _) => Self(self.0.saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After so many look-ups of which one in `of` is new.
    fn one_new_in(of: usize) -> NewRows {
        (0..1000).fold(NewRows::default(), |rows, at| rows.after(at % of == 0))
    }

    #[test]
    fn look_ups_seed_while_many_rows_are_new() {
        assert!(!NewRows::default().are_expected());
        assert!(!NewRows::default().after(true).are_expected());
        assert!(one_new_in(1).are_expected());
        assert!(one_new_in(4).are_expected());
        assert!(!one_new_in(10).are_expected());
        assert!(!one_new_in(1000).are_expected());
    }

    #[test]
    fn look_ups_stop_to_seed_when_no_row_is_new_any_more() {
        let cold = one_new_in(1);
        let warm = (0..50).fold(cold, |rows, _| rows.after(false));
        assert!(!warm.are_expected());
        assert_eq!(NewRows::of_level(warm.level()), warm);
    }
}
