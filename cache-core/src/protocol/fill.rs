//! Decides under which tokens an answer may be stored: those that its look has seen, and that of a row which was not asked
//! for by its key.

use crate::name::key::KeyBytes;
use crate::name::tag::{TableTags, Tag, TagKind};
use crate::protocol::intent::Seed;

/// A tag, and what the store said of it.
pub type SeededTag = (Tag, Seed);

/// Whether an answer may be stored under a token that a look has `seen`, without asking the store for it again: the token
/// was read before the query.
///
/// Where intents are counted beside the tag, the store itself has to look whether they still stand. Beside the tag of a
/// table's writers they stand all the time; whoever renews his own looks at the others.
#[must_use]
pub const fn may_load_under((tag, seed): &SeededTag) -> bool {
    tag.kind().is_polled() || !seed.is_intended
}

/// The tags to look at once the query has told which row it is, in this order: the row's, and then those that witness
/// what was written or cleared since before the query.
///
/// A release changes the witnesses first. Whoever reads the row's token after such a change therefore sees that of the
/// witness too.
#[must_use]
pub const fn second_look(table: TableTags, row: KeyBytes) -> [Tag; 3] {
    [table.row(row), table.whole(TagKind::Cleared), table.whole(TagKind::Any)]
}

/// The tokens under which the row may be stored, out of those from `before` the query and what [`second_look`] saw
/// `after` it; `None`: it may not.
///
/// The row's token is younger than the query. It stands for the time before only if each witness was seen before, and
/// neither changed nor came under an intent.
#[must_use]
pub fn row_seeds(before: &[SeededTag], after: &[SeededTag]) -> Option<Vec<SeededTag>> {
    let (row, witnesses) = after.split_first()?;
    if witnesses.is_empty() || !witnesses.iter().all(|witness| is_quiet(before, witness)) {
        return None;
    }
    Some(before.iter().copied().chain([*row]).collect())
}

fn is_quiet(before: &[SeededTag], (tag, after): &SeededTag) -> bool {
    let mut seeds = before.iter().filter(|(seeded, _)| seeded == tag).map(|(_, seed)| seed);
    !after.is_intended && seeds.next() == Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tag::{Database, Token};

    const fn seed(token: u64, is_intended: bool) -> Seed {
        Seed { token: Token::from_bits(token), is_intended }
    }

    #[test]
    fn a_token_that_was_seen_is_loaded_under_unless_intents_stand_beside_it() {
        let row = Database::named("shop").table("products").row(KeyBytes::of(&1));
        assert!(may_load_under(&(row, seed(1, false))));
        assert!(!may_load_under(&(row, seed(1, true))));
        let writers = Database::named("shop").table("products").whole(TagKind::Writers);
        assert!(may_load_under(&(writers, seed(1, true))));
    }

    #[test]
    fn a_row_is_stored_if_nothing_was_written_since_before_the_query() {
        let table = Database::named("shop").table("products");
        let [row, cleared, any] = second_look(table, KeyBytes::of(&1));
        let rows = (table.whole(TagKind::Rows), seed(1, false));
        let before = [rows, (cleared, seed(2, false)), (any, seed(3, false))];
        let after = |cleared_now, any_now| [(row, seed(4, false)), (cleared, cleared_now), (any, any_now)];
        let quiet = after(seed(2, false), seed(3, false));
        let stored = row_seeds(&before, &quiet).unwrap();
        assert_eq!(stored, [before[0], before[1], before[2], quiet[0]]);
        let loud = [
            after(seed(5, false), seed(3, false)),
            after(seed(2, false), seed(5, false)),
            after(seed(2, true), seed(3, false)),
            after(seed(2, false), seed(3, true)),
        ];
        for after in loud {
            assert_eq!(row_seeds(&before, &after), None);
        }
    }

    #[test]
    fn a_row_is_not_stored_without_witnesses_from_before_that_stood_alone() {
        let table = Database::named("shop").table("products");
        let [row, cleared, any] = second_look(table, KeyBytes::of(&1));
        let after = [(row, seed(4, false)), (cleared, seed(2, false)), (any, seed(3, true))];
        assert_eq!(row_seeds(&after[1..], &after), None, "under an intent before and after");
        assert_eq!(row_seeds(&[], &after[..2]), None, "not seen before");
        assert_eq!(row_seeds(&after, &after[..1]), None, "no witness");
        assert_eq!(row_seeds(&after, &[]), None, "no row");
    }
}
