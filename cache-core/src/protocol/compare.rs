//! Decides what a load says of the entry beside it: the same, overtaken by a write, or other than it should be.
//!
//! A load that differs proves nothing by itself. A write may come between the look and the load, and then a token
//! changes: the entry is not served any more, or is another one. Or the write has taken effect and is about to release:
//! then the tokens are still the former ones. Such a write is over after a while, so that whatever differs is
//! [confirmed](confirm) later.

use crate::clock::Timestamp;
use crate::name::key::Fingerprint;

/// What a value holds: the bytes of each of its rows, or those of the number that it is.
pub type Parts = Vec<Vec<u8>>;

/// An entry as a look has found it: at that moment all of its tokens were those of its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// When it was stored.
    pub created_at: Timestamp,
    /// What it holds.
    pub parts: Parts,
}

/// What a load says of the entry that was seen before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Comparison {
    /// The entry is not what the database says, and nothing that it depends on has changed in between.
    Differs(Difference),
    /// Something that the entry depends on has changed meanwhile, or the entry is not there any more.
    Raced,
    /// The rows are the same, and come in another order. Without an order of its own a list may have any.
    Reordered,
    /// The entry is what the database says.
    Same,
}

/// An entry and a load that are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    created_at: Timestamp,
    entry: Fingerprint,
    fresh: Fingerprint,
}

/// What becomes of a difference when it is looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmation {
    /// The entry has ended, or is right by now: a write was under way.
    Raced,
    /// The entry is still served, and still is not what the database says.
    Stale,
    /// Two loads in a row gave different answers: nothing can be said.
    Unsteady,
}

/// Compares what was loaded between two looks; `after` is `None` if the second one found nothing to serve.
#[must_use]
pub fn compare(before: &Sight, fresh: &Parts, after: Option<&Sight>) -> Comparison {
    if before.parts == *fresh {
        return Comparison::Same;
    }
    if after != Some(before) {
        return Comparison::Raced;
    }
    if sorted(&before.parts) == sorted(fresh) {
        return Comparison::Reordered;
    }
    let (entry, fresh) = (digest(&before.parts), digest(fresh));
    Comparison::Differs(Difference { created_at: before.created_at, entry, fresh })
}

/// Decides on a difference by two comparisons that were made a good while later, one after the other.
#[must_use]
pub fn confirm(former: &Difference, again: [&Comparison; 2]) -> Confirmation {
    let [Comparison::Differs(first), Comparison::Differs(second)] = again else { return Confirmation::Raced };
    if !first.is_of(former) || !second.is_of(former) {
        return Confirmation::Raced;
    }
    if first.fresh == second.fresh { Confirmation::Stale } else { Confirmation::Unsteady }
}

impl Difference {
    /// Whether it is about the same entry.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        self.created_at == other.created_at && self.entry == other.entry
    }
}

fn sorted(parts: &Parts) -> Vec<&Vec<u8>> {
    let mut sorted: Vec<_> = parts.iter().collect();
    sorted.sort_unstable();
    sorted
}

fn digest(parts: &Parts) -> Fingerprint {
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Fingerprint::of(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(parts: &[&str], at: u64) -> Sight {
        Sight { created_at: Timestamp::from_nanos(at), parts: parts_of(parts) }
    }

    fn parts_of(parts: &[&str]) -> Parts {
        parts.iter().map(|part| part.as_bytes().to_vec()).collect()
    }

    fn difference(entry: &str, fresh: &str) -> Comparison {
        let before = sight(&[entry], 1);
        compare(&before, &parts_of(&[fresh]), Some(&before))
    }

    #[test]
    fn a_load_is_compared_between_two_looks() {
        let before = sight(&["a", "b"], 1);
        let cases = [
            (["a", "b"], Some(before.clone()), "Same"),
            (["a", "b"], None, "Same"),
            (["a", "c"], None, "Raced"),
            (["a", "c"], Some(sight(&["a", "c"], 1)), "Raced"),
            (["a", "c"], Some(sight(&["a", "b"], 2)), "Raced"),
            (["b", "a"], Some(before.clone()), "Reordered"),
            (["b", "b"], Some(before.clone()), "Differs"),
            (["a", "c"], Some(before.clone()), "Differs"),
        ];
        for (fresh, after, expected) in cases {
            let said = format!("{:?}", compare(&before, &parts_of(&fresh), after.as_ref()));
            assert!(said.starts_with(expected), "{said}, not {expected}: {fresh:?} {after:?}");
        }
    }

    #[test]
    fn a_difference_is_confirmed_by_two_loads() {
        let Comparison::Differs(former) = difference("old", "new") else { panic!("they differ") };
        let (same, newer, other) = (difference("old", "new"), difference("old", "newer"), difference("a", "b"));
        let cases = [
            ([&same, &same], Confirmation::Stale),
            ([&newer, &newer], Confirmation::Stale),
            ([&same, &newer], Confirmation::Unsteady),
            ([&Comparison::Same, &same], Confirmation::Raced),
            ([&same, &Comparison::Raced], Confirmation::Raced),
            ([&Comparison::Reordered, &Comparison::Reordered], Confirmation::Raced),
            ([&other, &other], Confirmation::Raced),
        ];
        for (again, expected) in cases {
            assert_eq!(confirm(&former, again), expected, "{again:?}");
        }
    }
}
