//! Holds the cells of the tags that an entry depends on, and looks at no more of them than may have changed.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::name::tag::{TagKind, Token};
use crate::store::cells::Cell;
use crate::store::cells::steady::{self, State};

/// The cells of tags, each with the token that an entry was filled under.
#[derive(Debug)]
pub(in crate::store) struct HeldCells {
    cells: Box<[HeldCell]>,
    /// Which of them are not steady, a bit for each.
    unsteady: u64,
    /// The state of the steady tags in which those of them held their tokens, and these were to die by no intent.
    lasting_in: AtomicU64,
}

type HeldCell = (Arc<Cell>, Token);

impl HeldCells {
    /// What an entry takes for each tag.
    pub(in crate::store) const SIZE_OF_ONE: usize = size_of::<HeldCell>();

    /// More tags than these are all looked at, each time.
    const MOST: usize = u64::BITS as usize;

    /// Which of the tags dies first, and when. What is dead already died at the beginning of time.
    ///
    /// In the state that was noted all steady tags are what they were when each was looked at: that need not be done again.
    /// Of what dies by no intent any may be told.
    #[inline]
    pub(in crate::store) fn first_end(&self) -> Option<(TagKind, Timestamp)> {
        if steady::state().bits() != self.lasting_in.load(Ordering::Relaxed) {
            return self.first_end_of_all();
        }
        let (mut left, mut first) = (self.unsteady, None);
        while left != 0 {
            first = earlier(first, &self.cells[left.trailing_zeros() as usize]);
            left &= left - 1;
        }
        first
    }

    #[inline(never)]
    fn first_end_of_all(&self) -> Option<(TagKind, Timestamp)> {
        // What changes after this makes another state.
        let state = steady::state();
        let (mut first, mut is_lasting) = (None, self.cells.len() <= Self::MOST && !state.is_changing());
        for held @ (cell, token) in &self.cells {
            first = earlier(first, held);
            is_lasting &= !steady::is_steady(cell.kind()) || cell.end_of(*token) == Timestamp::NEVER;
        }
        if is_lasting {
            self.lasting_in.store(state.bits(), Ordering::Relaxed);
        }
        first
    }
}

/// Which dies earlier; of two that die at once, the first.
#[inline]
fn earlier(first: Option<(TagKind, Timestamp)>, (cell, token): &HeldCell) -> Option<(TagKind, Timestamp)> {
    let end = cell.end_of(*token);
    match first {
        Some((_, before)) if before <= end => first,
        _ => Some((cell.kind(), end)),
    }
}

impl FromIterator<HeldCell> for HeldCells {
    fn from_iter<I: IntoIterator<Item = HeldCell>>(cells: I) -> Self {
        let cells: Box<[HeldCell]> = cells.into_iter().collect();
        let bit = |(at, (cell, _)): (usize, &HeldCell)| u64::from(!steady::is_steady(cell.kind())) << at;
        let unsteady = cells.iter().take(Self::MOST).enumerate().map(bit).sum();
        Self { cells, unsteady, lasting_in: AtomicU64::new(State::NEVER.bits()) }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::name::key::{Fingerprint, KeyBytes};
    use crate::name::tag::{Database, ManagerTags, Tag};
    use crate::protocol::intent::{Outcome, Writer};
    use crate::store::cells::Cells;

    const LIFE: Duration = Duration::from_secs(5);

    fn tags() -> Vec<Tag> {
        let (database, key) = (Database::named("held"), KeyBytes::of(&1));
        let table = database.table("products");
        let of_table = [TagKind::Rows, TagKind::Gone, TagKind::Any, TagKind::Born, TagKind::Spread, TagKind::Writers];
        let manager = ManagerTags::of(Fingerprint::of(&[b"held"]));
        let others = [Tag::root(), database.tag(), manager.details(), manager.lists(), table.row(key)];
        others.into_iter().chain(of_table.map(|kind| table.whole(kind))).collect()
    }

    #[test]
    fn what_is_looked_at_tells_the_same_as_all_cells_after_each_change_of_each_tag() {
        let (cells, now, writer) = (Cells::new(), Timestamp::from_nanos(1_000_000_000_000), Writer::fresh());
        let hold = |tag: &Tag| {
            let seed = cells.seed(tag, now);
            (cells.find(tag).unwrap(), seed.token)
        };
        for changed in &tags() {
            for outcome in [Outcome::Changed, Outcome::Unchanged, Outcome::Open(LIFE), Outcome::Unknown(LIFE)] {
                let held: HeldCells = tags().iter().map(hold).collect();
                let all = || held.cells.iter().fold(None, earlier).filter(|(_, end)| *end != Timestamp::NEVER);
                // Looked at twice: the first look may note what the second one goes by.
                let agrees =
                    || [(); 2].map(|()| held.first_end().filter(|(_, end)| *end != Timestamp::NEVER)) == [all(); 2];
                assert!(agrees() && all().is_none(), "{changed:?}");
                cells.place(writer, changed, LIFE, now);
                assert!(agrees(), "{changed:?}");
                assert_eq!(all().map(|(kind, _)| kind), Some(changed.kind()));
                cells.release(writer, changed, outcome, now);
                assert!(agrees(), "{changed:?} {outcome:?}");
                cells.release(writer, changed, Outcome::Changed, now);
                assert!(agrees(), "{changed:?} {outcome:?}");
            }
        }
    }

    #[test]
    fn nothing_is_noted_while_a_steady_tag_changes() {
        let (cells, now) = (Cells::new(), Timestamp::from_nanos(1_000_000_000_000));
        let token = cells.seed(&Tag::root(), now).token;
        let held: HeldCells = [(cells.find(&Tag::root()).unwrap(), token)].into_iter().collect();
        let changing = steady::Changing::begin();
        assert_eq!(held.first_end(), Some((TagKind::Root, Timestamp::NEVER)));
        assert_eq!(held.lasting_in.load(Ordering::Relaxed), State::NEVER.bits());
        drop(changing);
    }
}
