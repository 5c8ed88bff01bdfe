//! Decides which tokens a process may take for the present ones without asking for them.
//!
//! Some tags hardly ever change: those of the whole cache, of a database, of a manager, and of the rows of a table. A store
//! may have a *stamp*: a random number that it replaces in the step that places an intent beside such a tag, or that
//! changes it. A process remembers the tokens that it has read together with the stamp. While the stamp is the same, so
//! are these tokens, or nobody has changed what they stand for.

use core::time::Duration;
use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::clock::Timestamp;
use crate::name::key::Fingerprint;
use crate::name::tag::{TagKind, Token};
use crate::protocol::intent::{Outcome, Seed};

/// Whether a stamp tells of tags of this kind. Writes of single rows leave them alone, and their number is bounded.
#[must_use]
pub const fn is_steady(kind: TagKind) -> bool {
    matches!(kind, TagKind::Database | TagKind::Details | TagKind::Lists | TagKind::Root | TagKind::Rows)
}

/// Whether a step gives the store a new stamp that does this to a steady tag; `None`: it places an intent.
///
/// An intent may end the token without another step. A tag beside which an intent ends unchanged has had a new stamp when
/// that was placed.
#[must_use]
pub const fn renews(outcome: Option<Outcome>) -> bool {
    !matches!(outcome, Some(Outcome::Unchanged))
}

/// The tokens of steady tags that a process has read together with one stamp.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SteadyTokens {
    stamp: Option<Token>,
    tokens: BTreeMap<Fingerprint, Token>,
    /// When the first of them was read.
    since: Option<Timestamp>,
}

/// What is remembered of some tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The stamp under which it is true.
    pub stamp: Token,
    /// The tokens, in the order in which it was asked for them.
    pub tokens: SmallVec<[Token; 4]>,
}

impl SteadyTokens {
    /// So many tags are remembered.
    const MOST: usize = 4096;

    /// So long they are remembered. Then they are read again, for the store's sake: one that needs room drops what nobody has
    /// asked for lately. A tag that was dropped and seeded again also holds another token for other processes.
    pub const LONGEST: Duration = Duration::from_secs(1);

    /// The tokens of `tags`, should the store still have the stamp that they were read with; `None`: they are not all
    /// known, or there are none.
    #[must_use]
    pub fn remembered(&self, tags: impl Iterator<Item = Fingerprint>, now: Timestamp) -> Option<Remembered> {
        if now.since(self.since?) >= Self::LONGEST {
            return None;
        }
        let tokens: SmallVec<[Token; 4]> = tags.map(|tag| self.tokens.get(&tag).copied()).collect::<Option<_>>()?;
        Some(Remembered { stamp: self.stamp.filter(|_| !tokens.is_empty())?, tokens })
    }

    /// The store has this stamp. Says whether it had another one before.
    pub fn seen(&mut self, stamp: Option<Token>) -> bool {
        if self.stamp == stamp {
            return false;
        }
        self.forget();
        let before = core::mem::replace(&mut self.stamp, stamp);
        before.is_some() && stamp.is_some()
    }

    /// The store had this stamp at the moment at which steady tags held what is `told`. A token beside which an intent
    /// stands ends by itself, and is not remembered. Says whether it had another stamp before.
    pub fn learn(
        &mut self,
        stamp: Option<Token>,
        told: impl Iterator<Item = (Fingerprint, Option<Seed>)>,
        now: Timestamp,
    ) -> bool {
        let has_changed = self.seen(stamp);
        if stamp.is_none() {
            return has_changed;
        }
        let are_old = self.since.is_some_and(|since| now.since(since) >= Self::LONGEST);
        if are_old || self.tokens.len() >= Self::MOST {
            self.forget();
        }
        self.since.get_or_insert(now);
        for (tag, seed) in told {
            match seed {
                Some(Seed { token, is_intended: false }) => self.tokens.insert(tag, token),
                _ => self.tokens.remove(&tag),
            };
        }
        has_changed
    }

    fn forget(&mut self) {
        self.tokens.clear();
        self.since = None;
    }
}

/// For how long a process has found no stamp at a store.
///
/// A program that knows of no stamps takes the stamp away when it connects, and changes the root. So it is not put there
/// again at once: such programs may still be under way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unstamped(Option<Timestamp>);

impl Unstamped {
    /// So long none is put there.
    pub const LONG: Duration = Duration::from_secs(3600);

    /// The store was found with a stamp, or without one, at `now`. Says whether one is to be put there.
    pub fn found(&mut self, is_stamped: bool, now: Timestamp) -> bool {
        if is_stamped {
            self.0 = None;
            return false;
        }
        let since = *self.0.get_or_insert(now);
        let is_long = now.since(since) >= Self::LONG;
        if is_long {
            self.0 = Some(now);
        }
        is_long
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tag::Tag;

    const NOW: Timestamp = Timestamp::from_nanos(1);

    const fn token(bits: u64) -> Token {
        Token::from_bits(bits)
    }

    fn tag() -> Fingerprint {
        Tag::root().fingerprint()
    }

    fn told(bits: u64, is_intended: bool) -> impl Iterator<Item = (Fingerprint, Option<Seed>)> {
        [(tag(), Some(Seed { token: token(bits), is_intended }))].into_iter()
    }

    fn remembered(tokens: &SteadyTokens) -> Option<(u64, u64)> {
        let remembered = tokens.remembered([tag()].into_iter(), NOW)?;
        Some((remembered.stamp.bits(), remembered.tokens[0].bits()))
    }

    #[test]
    fn what_was_read_with_a_stamp_is_remembered_until_another_one_is_seen() {
        let mut tokens = SteadyTokens::default();
        assert_eq!(remembered(&tokens), None);
        assert!(!tokens.learn(Some(token(1)), told(7, false), NOW));
        assert_eq!(remembered(&tokens), Some((1, 7)));
        assert!(!tokens.seen(Some(token(1))));
        assert!(tokens.seen(Some(token(2))));
        assert_eq!(remembered(&tokens), None);
        tokens.learn(Some(token(2)), told(8, false), NOW);
        assert!(!tokens.learn(Some(token(2)), told(9, false), NOW), "the tag was lost, and seeded again");
        assert_eq!(remembered(&tokens), Some((2, 9)));
        assert!(!tokens.seen(None));
        assert_eq!(remembered(&tokens), None);
    }

    #[test]
    fn tokens_that_end_by_themselves_are_not_remembered() {
        let mut tokens = SteadyTokens::default();
        tokens.learn(Some(token(1)), told(7, false), NOW);
        tokens.learn(Some(token(1)), told(7, true), NOW);
        assert_eq!(remembered(&tokens), None);
        tokens.learn(Some(token(1)), told(7, false), NOW);
        tokens.learn(Some(token(1)), [(tag(), None)].into_iter(), NOW);
        assert_eq!(remembered(&tokens), None);
        tokens.learn(None, told(7, false), NOW);
        assert_eq!(remembered(&tokens), None);
    }

    #[test]
    fn what_is_remembered_is_read_again_after_a_second() {
        let mut tokens = SteadyTokens::default();
        let at = |millis| NOW.after(Duration::from_millis(millis));
        tokens.learn(Some(token(1)), told(7, false), at(0));
        tokens.learn(Some(token(1)), told(7, false), at(900));
        let is_remembered =
            |tokens: &SteadyTokens, millis| tokens.remembered([tag()].into_iter(), at(millis)).is_some();
        assert!(is_remembered(&tokens, 999));
        assert!(!is_remembered(&tokens, 1000));
        tokens.learn(Some(token(1)), told(7, false), at(1100));
        assert!(is_remembered(&tokens, 2000));
    }

    #[test]
    fn nothing_is_remembered_of_no_tags() {
        let mut tokens = SteadyTokens::default();
        tokens.learn(Some(token(1)), told(7, false), NOW);
        assert_eq!(tokens.remembered(core::iter::empty(), NOW), None);
    }

    #[test]
    fn all_steps_but_an_end_without_a_change_give_a_new_stamp() {
        let life = Duration::from_secs(1);
        for outcome in [Outcome::Changed, Outcome::Open(life), Outcome::Unknown(life)] {
            assert!(renews(Some(outcome)), "{outcome:?}");
        }
        assert!(renews(None));
        assert!(!renews(Some(Outcome::Unchanged)));
    }

    #[test]
    fn a_stamp_that_was_missed_for_an_hour_is_put_there_once_an_hour() {
        let mut unstamped = Unstamped::default();
        let at = |minutes: u64| Timestamp::from_nanos(1).after(Duration::from_secs(60 * minutes));
        assert!(!unstamped.found(false, at(0)));
        assert!(!unstamped.found(false, at(59)));
        assert!(unstamped.found(false, at(60)));
        assert!(!unstamped.found(false, at(61)));
        assert!(unstamped.found(false, at(120)));
        assert!(!unstamped.found(true, at(121)));
        assert!(!unstamped.found(false, at(200)));
        assert!(!unstamped.found(false, at(259)));
    }
}
