//! Decides whether something has happened often lately.

/// How many of the things that were seen lately were of one kind: for instance of the rows that were looked up, those
/// whose tag had no token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lately(u8);

impl Lately {
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

    /// Whether the kind is expected of the next one: more than one in nine were of it.
    #[must_use]
    pub const fn are_many(self) -> bool {
        self.0 >= Self::ENOUGH
    }

    /// After another one, which was of the kind or not.
    #[must_use]
    pub const fn after(self, is_one: bool) -> Self {
        match (is_one, self.0.saturating_add(Self::STEP)) {
            (true, Self::MOST..) => Self(Self::MOST),
            (true, more) => Self(more),
            (false, _) => Self(self.0.saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After many of which one in `of` was of the kind.
    fn one_in(of: usize) -> Lately {
        (0..1000).fold(Lately::default(), |lately, at| lately.after(at % of == 0))
    }

    #[test]
    fn more_than_one_in_nine_are_many() {
        assert!(!Lately::default().are_many());
        assert!(!Lately::default().after(true).are_many());
        assert!(one_in(1).are_many());
        assert!(one_in(4).are_many());
        assert!(!one_in(10).are_many());
        assert!(!one_in(1000).are_many());
    }

    #[test]
    fn what_has_ended_is_forgotten_soon() {
        let many = one_in(1);
        let few = (0..50).fold(many, |lately, _| lately.after(false));
        assert!(!few.are_many());
        assert_eq!(Lately::of_level(few.level()), few);
    }
}
