//! Decides in which order a write's tags are released, and how each of them ends.

use crate::name::tag::{Tag, TagKind};
use crate::protocol::intent::{Outcome, Release};

/// How to release a write that `changed` some tags, after it had `placed` intents: in this order, and nothing that
/// comes after a release that was not acknowledged.
///
/// * Witnesses come first. A fill that learns its row from the query reads the row's token late, and then the
///   witnesses': it must not find the new token of the row beside the old one of a witness.
/// * Tags that were placed and not changed come last. Their intents cover what the result has told by now, and go
///   without a new token only once that has its own.
/// * While the write is open, or its outcome is not known, nothing that was placed is known not to change.
#[must_use]
pub fn plan(changed: &[Tag], placed: &[Tag], outcome: Outcome) -> Vec<Release> {
    let (witnesses, others): (Vec<Tag>, Vec<Tag>) = changed.iter().partition(|tag| is_witness(tag));
    let covering = placed.iter().filter(|tag| !changed.contains(tag));
    let is_over = matches!(outcome, Outcome::Changed | Outcome::Unchanged);
    let covers = if is_over { Outcome::Unchanged } else { outcome };
    let changes = witnesses.into_iter().chain(others).map(|tag| Release { tag, outcome });
    changes.chain(covering.map(|tag| Release { tag: *tag, outcome: covers })).collect()
}

const fn is_witness(tag: &Tag) -> bool {
    matches!(tag.kind(), TagKind::Any | TagKind::Cleared)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::name::key::KeyBytes;
    use crate::name::tag::Database;

    fn order(releases: &[Release]) -> Vec<(TagKind, Outcome)> {
        releases.iter().map(|release| (release.tag.kind(), release.outcome)).collect()
    }

    #[test]
    fn witnesses_change_first_and_covering_intents_go_last() {
        let table = Database::named("shop").table("products");
        let row = table.row(KeyBytes::of(&1));
        let [any, cleared, spread] = [TagKind::Any, TagKind::Cleared, TagKind::Spread].map(|kind| table.whole(kind));
        let releases = plan(&[row, any, cleared], &[spread, any], Outcome::Changed);
        let expected = [
            (TagKind::Any, Outcome::Changed),
            (TagKind::Cleared, Outcome::Changed),
            (TagKind::Row, Outcome::Changed),
            (TagKind::Spread, Outcome::Unchanged),
        ];
        assert_eq!(order(&releases), expected);
    }

    #[test]
    fn while_the_outcome_is_not_known_covering_intents_stand() {
        let table = Database::named("shop").table("products");
        let [any, spread] = [TagKind::Any, TagKind::Spread].map(|kind| table.whole(kind));
        let unknown = Outcome::Unknown(Duration::from_secs(1));
        let releases = plan(&[any], &[spread, any], unknown);
        assert_eq!(order(&releases), [(TagKind::Any, unknown), (TagKind::Spread, unknown)]);
    }

    #[test]
    fn a_rollback_changes_nothing() {
        let any = Database::named("shop").table("products").whole(TagKind::Any);
        assert_eq!(order(&plan(&[], &[any], Outcome::Unchanged)), [(TagKind::Any, Outcome::Unchanged)]);
        assert!(plan(&[], &[], Outcome::Changed).is_empty());
    }
}
