//! Decides under which tokens a computed value is stored: those that all of its reads depend on, each as it was before the
//! first read that needs it.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::name::tag::{Tag, Token};
use crate::planted::{Mistake, is_planted};

/// Why a computed value is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Unkept {
    /// Something that it depends on was written while it was computed: two tokens of one tag were seen.
    Changed,
    /// Nothing was read, and nobody has said that it depends on nothing.
    Independent,
    /// A part of the work has left the scope, and was not over when the value was there.
    Left,
    /// The cache is not installed: nobody would tell it of writes.
    NotInstalled,
    /// Something was read, or done, of which nobody can tell what it depends on.
    NotFollowed,
    /// The store gave no tokens.
    StoreFailed,
    /// Something was read in a transaction.
    Transaction,
    /// Something was read on a connection whose database was not asked yet what it declares, or whether it is a replica.
    Unasked,
    /// It cannot be said in bytes.
    Unsayable,
}

impl fmt::Display for Unkept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Changed => "something that it depends on was written while it was computed",
            Self::Independent => {
                "nothing was read on a tracked connection; say `depends_on_nothing` if it depends on no row"
            }
            Self::Left => "a part of the work left the scope, and was not over when the value was there",
            Self::NotInstalled => "the cache is not installed: nobody tells it of writes",
            Self::NotFollowed => {
                "a statement, or a connection, cannot be followed: only reads whose tables can be told from their text"
            }
            Self::StoreFailed => "the store gave no tokens",
            Self::Transaction => "something was read in a transaction",
            Self::Unasked => {
                "the database of a plain read was not asked yet what it declares; call `acquaint(&mut conn)` first"
            }
            Self::Unsayable => "the value cannot be said in bytes",
        })
    }
}

/// What the reads of one computation depend on, as far as they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Collected {
    tokens: BTreeMap<Tag, Token>,
    flaw: Option<Unkept>,
    ends_at: Option<Timestamp>,
}

impl Collected {
    /// The token that `tag` held before the first read that depends on it. A later read may go by it too: nothing that
    /// both see was written between, or the token is not the present one any more.
    #[must_use]
    pub fn token_of(&self, tag: &Tag) -> Option<Token> {
        self.tokens.get(tag).copied()
    }

    /// A read depends on `tag`, and `token` was what it held before the read: before its query began, or when an entry was
    /// found valid that answers it.
    pub fn note(&mut self, tag: Tag, token: Token) {
        if is_planted(Mistake::LastTokens) {
            self.tokens.insert(tag, token);
        }
        let first = *self.tokens.entry(tag).or_insert(token);
        if first != token {
            self.refuse(Unkept::Changed);
        }
    }

    /// The value is not stored, whatever else is read.
    pub fn refuse(&mut self, reason: Unkept) {
        // A value that was overtaken may be served for as long as it may lag. With any other flaw it may not.
        if matches!(self.flaw, None | Some(Unkept::Changed)) {
            self.flaw = Some(reason);
        }
    }

    /// Something that was read ends at `moment` without a write. The value ends with the first of these.
    pub fn end_by(&mut self, moment: Timestamp) {
        self.ends_at = Some(self.ends_at.map_or(moment, |ends_at| ends_at.min(moment)));
    }

    /// When the first of what was read ends without a write.
    #[must_use]
    pub const fn ends_at(&self) -> Option<Timestamp> {
        self.ends_at
    }

    /// What the value is stored under; `own`: so many tags are its own, and say nothing about what was read.
    ///
    /// # Errors
    ///
    /// Returns why it is not stored.
    pub fn verdict(&self, own: usize, needs: Needs) -> Result<Vec<(Tag, Token)>, Unkept> {
        match self.flaw {
            Some(flaw) => Err(flaw),
            None if needs == Needs::Reads && self.tokens.len() <= own => Err(Unkept::Independent),
            None => Ok(self.tokens.iter().map(|(tag, token)| (*tag, *token)).collect()),
        }
    }
}

/// Whether a value has to depend on anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Needs {
    /// It was declared to depend on nothing but time.
    Nothing,
    /// It is stored only if something was read for it.
    #[default]
    Reads,
}

/// Whether a value that may lag behind writes by `lag` is to be served whatever is written, for the rest of that time; `took`:
/// how long ago its computation began, `flaw`: why it is not stored otherwise.
///
/// Each of its reads was made after the computation began. So whatever it does not show was written since, and what is
/// served within `lag` of that beginning is behind by no more.
#[must_use]
pub fn may_lag(lag: Duration, took: Duration, flaw: Option<Unkept>) -> bool {
    took < lag && matches!(flaw, None | Some(Unkept::Changed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tag::{Database, TagKind};

    const fn token(bits: u64) -> Token {
        Token::from_bits(bits)
    }

    fn tags() -> [Tag; 3] {
        let table = |name| Database::named("shop").table(name).whole(TagKind::Any);
        [Tag::root(), table("products"), table("tags")]
    }

    #[test]
    fn a_value_depends_on_the_union_of_what_was_read() {
        let [root, products, others] = tags();
        let mut collected = Collected::default();
        collected.note(root, token(1));
        assert_eq!(collected.verdict(1, Needs::Reads), Err(Unkept::Independent));
        assert_eq!(collected.verdict(1, Needs::Nothing), Ok(vec![(root, token(1))]));
        for (tag, bits) in [(products, 2), (others, 3), (products, 2), (root, 1)] {
            collected.note(tag, token(bits));
        }
        let mut all = vec![(root, token(1)), (products, token(2)), (others, token(3))];
        all.sort_unstable();
        assert_eq!(collected.verdict(1, Needs::Reads), Ok(all));
        assert_eq!(collected.token_of(&products), Some(token(2)));
    }

    #[test]
    fn two_tokens_of_one_tag_are_a_contradiction_and_the_first_other_reason_stays() {
        let [root, products, _] = tags();
        let mut collected = Collected::default();
        collected.note(root, token(1));
        collected.note(products, token(2));
        collected.note(products, token(3));
        assert_eq!(collected.verdict(1, Needs::Reads), Err(Unkept::Changed));
        assert_eq!(collected.token_of(&products), Some(token(2)), "the one from before");
        collected.refuse(Unkept::Transaction);
        collected.refuse(Unkept::NotFollowed);
        collected.note(root, token(4));
        assert_eq!(collected.verdict(1, Needs::Nothing), Err(Unkept::Transaction));
    }

    #[test]
    fn what_is_overtaken_and_has_another_flaw_has_the_other_one_whichever_came_first() {
        for flaws in [[Unkept::Changed, Unkept::Transaction], [Unkept::Transaction, Unkept::Changed]] {
            let mut collected = Collected::default();
            flaws.into_iter().for_each(|flaw| collected.refuse(flaw));
            assert_eq!(collected.verdict(0, Needs::Nothing), Err(Unkept::Transaction));
        }
    }

    #[test]
    fn a_value_ends_with_the_first_of_what_was_read() {
        let mut collected = Collected::default();
        assert_eq!(collected.ends_at(), None);
        for nanos in [5, 3, 9] {
            collected.end_by(Timestamp::from_nanos(nanos));
        }
        assert_eq!(collected.ends_at(), Some(Timestamp::from_nanos(3)));
    }

    #[test]
    fn what_may_lag_is_served_until_its_reads_may_be_behind_by_that_much() {
        let seconds = Duration::from_secs;
        let cases = [
            (5, 0, None, true),
            (5, 4, None, true),
            (5, 4, Some(Unkept::Changed), true),
            (5, 5, None, false),
            (5, 9, None, false),
            (0, 0, None, false),
            (5, 0, Some(Unkept::Transaction), false),
            (5, 0, Some(Unkept::NotFollowed), false),
            (5, 0, Some(Unkept::Independent), false),
        ];
        for (lag, took, flaw, may) in cases {
            assert_eq!(may_lag(seconds(lag), seconds(took), flaw), may, "{lag} {took} {flaw:?}");
        }
    }
}
