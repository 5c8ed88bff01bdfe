//! Decides which tokens near memory may keep of a store elsewhere, and how long it may trust them.
//!
//! A near cache keeps entries and tokens in this process. On a connection of its own the store tells of each tag that
//! changes: it *tracks*. A token enters only if no change can have been missed since before it was asked for, and a hit
//! counts only while the link has lately been heard of.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::name::key::Fingerprint;
use crate::name::tag::Token;
use crate::protocol::intent::Seed;

/// The tokens that a near cache knows, and whether they may be trusted. Tags go by the names that the store has for them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NearTags {
    epoch: Epoch,
    is_tracked: bool,
    trust: Duration,
    trusted_until: Timestamp,
    questions: u64,
    tags: BTreeMap<Fingerprint, NearTag>,
}

/// One life of the link; what was kept or asked for in another one counts for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(u64);

/// A question to the store for the tokens of some tags: made before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    epoch: Epoch,
    number: u64,
}

/// What is known of one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum NearTag {
    /// Nothing was heard of it since the questions from this number on were made.
    Asked(u64),
    /// Its token.
    Known(Token),
}

impl NearTags {
    /// A near cache without a link, whose hits are at most `trust` behind the store.
    #[must_use]
    pub const fn new(trust: Duration) -> Self {
        Self {
            epoch: Epoch(0),
            is_tracked: false,
            trust,
            trusted_until: Timestamp::from_nanos(0),
            questions: 0,
            tags: BTreeMap::new(),
        }
    }

    /// The link is gone, or is made anew: a new epoch. Nothing is kept, and nothing is hit until
    /// [`tracking`](Self::tracking).
    pub fn connect(&mut self) -> Epoch {
        self.forget();
        self.is_tracked = false;
        self.trusted_until = Timestamp::from_nanos(0);
        self.epoch
    }

    /// The store has confirmed that it tracks the link of `epoch`; it was asked to at `sent_at`.
    pub fn tracking(&mut self, epoch: Epoch, sent_at: Timestamp) {
        if epoch == self.epoch {
            self.is_tracked = true;
            self.heartbeat(epoch, sent_at);
        }
    }

    /// The answer to a heartbeat that was sent at `sent_at` on the link of `epoch`. Every change that the store made
    /// before that moment has come in before the answer.
    ///
    /// Trust is counted from the sending: the answer may have been on its way for any time.
    pub fn heartbeat(&mut self, epoch: Epoch, sent_at: Timestamp) {
        if epoch == self.epoch && self.is_tracked {
            self.trusted_until = self.trusted_until.max(sent_at.after(self.trust));
        }
    }

    /// A tag has changed: told by the store, or by a write of this process, which calls this before it returns.
    pub fn changed(&mut self, tag: Fingerprint) {
        self.tags.remove(&tag);
    }

    /// Everything may have changed, and the link goes on.
    pub fn forget(&mut self) {
        self.epoch.0 += 1;
        self.tags.clear();
    }

    /// Prepares to ask the store for the tokens of `tags`; `None`: nothing of the answer may be kept, since the store
    /// does not track yet.
    pub fn ask(&mut self, tags: impl IntoIterator<Item = Fingerprint>) -> Option<TokenRequest> {
        if !self.is_tracked {
            return None;
        }
        self.questions += 1;
        let number = self.questions;
        for tag in tags {
            self.tags.entry(tag).or_insert(NearTag::Asked(number));
        }
        Some(TokenRequest { epoch: self.epoch, number })
    }

    /// Keeps what the store answered, unless a change may have been missed since the question was made.
    ///
    /// A token under an intent is not kept: it dies by itself, at a moment that nobody tells of. Where the answer is
    /// not what is known already, nobody can tell which is younger, and neither is kept.
    pub fn answer(&mut self, question: &TokenRequest, seeds: &[(Fingerprint, Seed)]) {
        if question.epoch != self.epoch {
            return;
        }
        for (tag, seed) in seeds {
            match self.tags.get_mut(tag) {
                Some(NearTag::Asked(since)) if *since > question.number => {}
                Some(NearTag::Known(token)) if *token == seed.token && !seed.is_intended => {}
                Some(asked @ NearTag::Asked(_)) if !seed.is_intended => *asked = NearTag::Known(seed.token),
                Some(_) => self.changed(*tag),
                None => {}
            }
        }
    }

    /// The present epoch: an entry is kept in one, and ends with it.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether an entry from `epoch` may be served.
    #[must_use]
    pub fn is_current(&self, epoch: Epoch) -> bool {
        self.is_tracked && epoch == self.epoch
    }

    /// Whether near entries may be served at `now`.
    #[must_use]
    pub fn is_trusted(&self, now: Timestamp) -> bool {
        self.is_tracked && now < self.trusted_until
    }

    /// Until when near entries may be served, if nothing is heard of the store any more.
    #[must_use]
    pub const fn trusted_until(&self) -> Timestamp {
        self.trusted_until
    }

    /// Whether an entry that was filled under `tokens` may be kept: each of them is known to be the present one.
    ///
    /// It does not matter when the fill began. A token never comes back to a tag, so that nothing that the entry depends
    /// on has changed since, whatever became of the link meanwhile.
    #[must_use]
    pub fn admits(&self, tokens: impl IntoIterator<Item = (Fingerprint, Token)>) -> bool {
        self.is_tracked && tokens.into_iter().all(|(tag, token)| self.known(tag) == Some(token))
    }

    /// The token of `tag`, trusted or not.
    #[must_use]
    pub fn known(&self, tag: Fingerprint) -> Option<Token> {
        match self.tags.get(&tag)? {
            NearTag::Known(token) => Some(*token),
            NearTag::Asked(_) => None,
        }
    }

    /// The token of `tag` at `now`, to [judge](crate::judge) a near entry by; `None` matches nothing.
    #[must_use]
    pub fn token(&self, tag: Fingerprint, now: Timestamp) -> Option<Token> {
        self.known(tag).filter(|_| self.is_trusted(now))
    }

    /// How many tags are known or were asked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// Whether no tag is known or was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// Makes room: forgets every tag that no near entry depends on. Questions under way are answered in vain.
    pub fn retain(&mut self, is_needed: impl Fn(Fingerprint) -> bool) {
        self.tags.retain(|tag, _| is_needed(*tag));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::key::KeyBytes;
    use crate::name::tag::Database;

    const TRUST: Duration = Duration::from_nanos(10);

    fn at(nanos: u64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    fn tag(id: i32) -> Fingerprint {
        Database::named("shop").table("products").row(KeyBytes::of(&id)).fingerprint()
    }

    fn seed(bits: u64, is_intended: bool) -> Seed {
        Seed { token: Token::from_bits(bits), is_intended }
    }

    fn tracked() -> NearTags {
        let mut near = NearTags::new(TRUST);
        let epoch = near.connect();
        near.tracking(epoch, at(100));
        near
    }

    fn knowing(bits: u64) -> NearTags {
        let mut near = tracked();
        let question = near.ask([tag(1)]).unwrap();
        near.answer(&question, &[(tag(1), seed(bits, false))]);
        near
    }

    fn known(near: &NearTags) -> Option<u64> {
        near.token(tag(1), at(105)).map(Token::bits)
    }

    #[test]
    fn a_token_enters_when_nothing_was_heard_since_it_was_asked_for() {
        assert_eq!(known(&knowing(1)), Some(1));
    }

    #[test]
    fn a_message_drops_the_token_and_spoils_the_questions_under_way() {
        let mut near = knowing(1);
        near.changed(tag(1));
        assert_eq!(known(&near), None);
        let question = near.ask([tag(1)]).unwrap();
        near.changed(tag(1));
        near.answer(&question, &[(tag(1), seed(1, false))]);
        assert_eq!(known(&near), None);
    }

    #[test]
    fn a_later_question_does_not_mend_an_earlier_one() {
        let mut near = tracked();
        let early = near.ask([tag(1)]).unwrap();
        near.changed(tag(1));
        let late = near.ask([tag(1)]).unwrap();
        near.answer(&early, &[(tag(1), seed(1, false))]);
        assert_eq!(known(&near), None);
        near.answer(&late, &[(tag(1), seed(2, false))]);
        assert_eq!(known(&near), Some(2));
    }

    #[test]
    fn an_answer_that_is_not_what_is_known_ends_both() {
        for (answer, kept) in [(seed(2, false), Some(2)), (seed(1, false), None), (seed(2, true), None)] {
            let mut near = knowing(2);
            let question = near.ask([tag(1)]).unwrap();
            near.answer(&question, &[(tag(1), answer)]);
            assert_eq!(known(&near), kept);
        }
    }

    #[test]
    fn a_tag_under_an_intent_is_not_kept() {
        let mut near = tracked();
        let question = near.ask([tag(1)]).unwrap();
        near.answer(&question, &[(tag(1), seed(1, true))]);
        assert_eq!(known(&near), None);
    }

    #[test]
    fn nothing_is_asked_for_before_tracking_is_confirmed() {
        let mut near = NearTags::new(TRUST);
        assert_eq!(near.ask([tag(1)]), None);
        let old = near.connect();
        assert_eq!(near.ask([tag(1)]), None);
        near.connect();
        near.tracking(old, at(100));
        assert_eq!(near.ask([tag(1)]), None, "confirmed for a link that is gone");
    }

    #[test]
    fn a_reconnect_ends_what_was_kept_and_what_was_asked_for() {
        let mut near = knowing(1);
        let fill = near.epoch();
        let question = near.ask([tag(2)]).unwrap();
        let epoch = near.connect();
        assert!(!near.is_current(epoch), "not tracked yet");
        near.tracking(epoch, at(100));
        near.ask([tag(2)]).unwrap();
        near.answer(&question, &[(tag(2), seed(1, false))]);
        assert_eq!((known(&near), near.token(tag(2), at(105))), (None, None));
        assert!(near.is_current(epoch) && !near.is_current(fill));
    }

    #[test]
    fn an_entry_is_admitted_under_tokens_that_are_all_known() {
        let (mut near, token) = (knowing(1), Token::from_bits(1));
        assert!(near.admits([(tag(1), token)]) && near.admits([]));
        assert!(!near.admits([(tag(1), Token::from_bits(2))]), "of an earlier state");
        assert!(!near.admits([(tag(1), token), (tag(2), token)]), "one that nobody asked for");
        near.ask([tag(2)]).unwrap();
        assert!(!near.admits([(tag(1), token), (tag(2), token)]), "one that was not answered yet");
        near.connect();
        assert!(!near.admits([(tag(1), token)]) && !near.admits([]));
    }

    #[test]
    fn trust_is_counted_from_the_sending_of_the_heartbeat() {
        let mut near = knowing(1);
        let token = |near: &NearTags, nanos| near.token(tag(1), at(nanos)).is_some();
        assert!(token(&near, 109) && !token(&near, 110));
        near.heartbeat(near.epoch(), at(105));
        near.heartbeat(near.epoch(), at(101));
        assert!(token(&near, 114) && !token(&near, 115));
        let old = near.epoch();
        near.connect();
        near.heartbeat(old, at(200));
        assert!(!near.is_trusted(at(201)));
    }

    #[test]
    fn what_was_asked_for_before_everything_was_forgotten_does_not_enter() {
        let mut near = tracked();
        let question = near.ask([tag(1)]).unwrap();
        near.forget();
        near.ask([tag(1)]).unwrap();
        near.answer(&question, &[(tag(1), seed(1, false))]);
        assert_eq!(known(&near), None);
        assert!(near.is_trusted(at(105)), "the link goes on");
    }

    #[test]
    fn making_room_forgets_placeholders_too() {
        let mut near = tracked();
        let question = near.ask([tag(1), tag(2)]).unwrap();
        near.retain(|kept| kept == tag(2));
        near.answer(&question, &[(tag(1), seed(1, false)), (tag(2), seed(2, false))]);
        assert_eq!((known(&near), near.token(tag(2), at(105))), (None, Some(Token::from_bits(2))));
    }
}
