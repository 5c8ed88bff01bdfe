//! Decides under which tokens a row may be stored that a write has given back.
//!
//! The tokens were read before the statement. Of the tags that the write's own release changes, each has to hold its token
//! until then: whoever else has changed the row since has released before, and the tag holds another token, which never was
//! there before.

use core::fmt;

use crate::name::tag::{Tag, Token};
use crate::protocol::fill::SeededTag;
use crate::protocol::intent::Seed;

/// Why a row that a write gave back is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Unstored {
    /// The database may change the row after it was given back, or shows others another one: by triggers, rules, policies,
    /// cascades, or as a view. Or it has not been asked yet what it declares.
    Declared,
    /// The cache is switched off, or read only.
    Off,
    /// Another write may have changed the row, or released it, since the tokens were read.
    Overtaken,
    /// What the statement gave back is no row as a read finds it: another key, several rows, computed values.
    Particular,
    /// A later statement of the transaction may have changed the row.
    Rewritten,
    /// The transaction was rolled back, or something in it failed, or nobody knows.
    RolledBack,
    /// What is read on the connection is not stored: it is not tracked, is on a replica, in a test transaction, or was told
    /// something that may change what it reads.
    Session,
    /// The store gave no tokens, or has not acknowledged the release.
    StoreFailed,
    /// More than 64 rows of one transaction.
    TooMany,
}

impl fmt::Display for Unstored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Declared => "the database may change the row after it was given back, or was not asked yet",
            Self::Off => "the cache is switched off, or read only",
            Self::Overtaken => "another write may have changed the row meanwhile",
            Self::Particular => "the statement gave back something else than one row as a read finds it",
            Self::Rewritten => "a later statement of the transaction may have changed the row",
            Self::RolledBack => "the transaction was rolled back, or something in it failed",
            Self::Session => "nothing is stored that this connection reads",
            Self::StoreFailed => "the store gave no tokens, or has not acknowledged the release",
            Self::TooMany => "the transaction has given back more than 64 rows",
        })
    }
}

/// The tokens under which a row may be stored, as far as its write has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground(Vec<SeededTag>);

impl Ground {
    /// What was read `before` the statement.
    #[must_use]
    pub const fn of(before: Vec<SeededTag>) -> Self {
        Self(before)
    }

    /// The tokens.
    #[must_use]
    pub fn seeds(&self) -> &[SeededTag] {
        &self.0
    }

    /// Whether a write that changes `tags` may change the row.
    #[must_use]
    pub fn is_changed_by(&self, tags: &[Tag]) -> bool {
        self.0.iter().any(|(tag, _)| tags.contains(tag))
    }

    /// Adds to `held` the tokens that the release of `changed` has to find. Where several rows depend on one tag, that of
    /// the last one counts: an older one is not there any more.
    pub fn ask(&self, changed: &[Tag], held: &mut Vec<(Tag, Token)>) {
        for (tag, seed) in self.0.iter().filter(|(tag, _)| changed.contains(tag)) {
            match held.iter_mut().find(|(asked, _)| asked == tag) {
                Some((_, token)) => *token = seed.token,
                None => held.push((*tag, seed.token)),
            }
        }
    }

    /// The tags in `changed` were released, and those in `replaced` held the first of these tokens until then, and the
    /// second from then on. Says whether the row may still be stored.
    #[must_use]
    pub fn stand_on(&mut self, changed: &[Tag], replaced: &[(Tag, Token, Token)]) -> bool {
        let changed = self.0.iter_mut().filter(|(tag, _)| changed.contains(tag));
        changed.fold(true, |stands, (tag, seed)| {
            let is_replaced = |(other, held, _): &&(Tag, Token, Token)| other == tag && *held == seed.token;
            let found = replaced.iter().find(is_replaced);
            if let Some((.., token)) = found {
                *seed = Seed { token: *token, is_intended: false };
            }
            stands && found.is_some()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::key::KeyBytes;
    use crate::name::tag::{Database, TagKind};

    const fn seed(token: u64) -> Seed {
        Seed { token: token_of(token), is_intended: false }
    }

    const fn token_of(number: u64) -> Token {
        Token::from_bits(number)
    }

    fn tags() -> [Tag; 3] {
        let table = Database::named("shop").table("products");
        [table.row(KeyBytes::of(&1)), table.whole(TagKind::Rows), table.whole(TagKind::Any)]
    }

    #[test]
    fn a_row_stands_on_the_tokens_that_its_own_release_has_replaced() {
        let [row, rows, any] = tags();
        let mut ground = Ground::of(vec![(row, seed(1)), (rows, seed(2))]);
        let (changed, mut held) = ([any, row], Vec::new());
        ground.ask(&changed, &mut held);
        assert_eq!(held, [(row, token_of(1))], "only what the row depends on");
        assert!(ground.stand_on(&changed, &[(row, token_of(1), token_of(9))]));
        assert_eq!(ground.seeds(), [(row, seed(9)), (rows, seed(2))]);
        assert!(ground.stand_on(&changed, &[(row, token_of(9), token_of(10))]), "released once more by the same write");
    }

    #[test]
    fn a_row_that_another_release_came_before_stands_on_nothing() {
        let [row, rows, any] = tags();
        let ground = || Ground::of(vec![(row, seed(1)), (rows, seed(2))]);
        assert!(!ground().stand_on(&[any, row], &[]), "the tag held another token");
        assert!(!ground().stand_on(&[row], &[(row, token_of(3), token_of(9))]), "another row's answer");
        assert!(!ground().stand_on(&[row, rows], &[(row, token_of(1), token_of(9))]), "one of two");
        assert!(ground().stand_on(&[any], &[]), "nothing that it depends on");
    }

    #[test]
    fn where_two_rows_depend_on_one_tag_the_older_token_is_not_asked_about() {
        let [row, rows, _] = tags();
        let (mut first, mut second) = (Ground::of(vec![(rows, seed(1))]), Ground::of(vec![(rows, seed(2))]));
        let mut held = vec![(row, token_of(7))];
        first.ask(&[rows], &mut held);
        second.ask(&[rows], &mut held);
        assert_eq!(held, [(row, token_of(7)), (rows, token_of(2))]);
        let replaced = [(rows, token_of(2), token_of(9))];
        assert!(!first.stand_on(&[rows], &replaced));
        assert!(second.stand_on(&[rows], &replaced));
    }

    #[test]
    fn a_later_write_of_the_transaction_counts_if_it_changes_what_the_row_depends_on() {
        let [row, rows, any] = tags();
        let ground = Ground::of(vec![(row, seed(1)), (rows, seed(2))]);
        let other = Database::named("shop").table("products").row(KeyBytes::of(&2));
        assert!(!ground.is_changed_by(&[any, other]));
        assert!(ground.is_changed_by(&[any, row]));
        assert!(ground.is_changed_by(&[rows]));
    }
}
