//! Decides which tokens near memory may keep of a store elsewhere, and how long it may trust them.
//!
//! A near cache keeps entries and tokens in this process. On a connection of its own the store tells of each tag that
//! changes: it *tracks*. A token enters only if no change can have been missed since before it was asked for, and a hit
//! counts only while the link has lately been heard of.
//!
//! Of some tags ([`TagKind::is_polled`]) the store does not tell. Each heartbeat asks for their tokens. With its answer
//! only those stay that the answer confirms: trust that is counted from a heartbeat needs tokens that were read after the
//! heartbeat was sent.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Timestamp;
use crate::name::key::Fingerprint;
use crate::name::tag::{TagKind, Token};
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
    /// Those of them that the store does not tell of.
    polled: BTreeSet<Fingerprint>,
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
            polled: BTreeSet::new(),
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
            self.heartbeat(epoch, sent_at, &[]);
        }
    }

    /// The tags that the store does not tell of, and whose tokens are known: the next heartbeat asks for them.
    pub fn polled(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.polled.iter().copied().filter(|tag| self.known(*tag).is_some())
    }

    /// The answer to a heartbeat that was sent at `sent_at` on the link of `epoch`. Every change that the store made
    /// before that moment has come in before the answer. `polled`: the tags that the heartbeat asked for, and the token
    /// of each by the answer. Returns the polled tags that are forgotten: all that the answer does not confirm.
    ///
    /// Trust is counted from the sending: the answer may have been on its way for any time. A token that became known
    /// meanwhile may have been read before the sending, and so may one whose answer is still under way.
    pub fn heartbeat(
        &mut self,
        epoch: Epoch,
        sent_at: Timestamp,
        polled: &[(Fingerprint, Option<Token>)],
    ) -> Vec<Fingerprint> {
        if epoch != self.epoch || !self.is_tracked {
            return Vec::new();
        }
        self.trusted_until = self.trusted_until.max(sent_at.after(self.trust));
        let read: BTreeMap<Fingerprint, Token> =
            polled.iter().filter_map(|(tag, token)| Some((*tag, (*token)?))).collect();
        let is_confirmed = |tag: &Fingerprint| read.get(tag).is_some_and(|token| self.known(*tag) == Some(*token));
        let forgotten: Vec<Fingerprint> = self.polled.iter().copied().filter(|tag| !is_confirmed(tag)).collect();
        forgotten.iter().for_each(|tag| self.changed(*tag));
        forgotten
    }

    /// A tag has changed: told by the store, or by a write of this process, which calls this before it returns.
    pub fn changed(&mut self, tag: Fingerprint) {
        self.tags.remove(&tag);
        self.polled.remove(&tag);
    }

    /// Everything may have changed, and the link goes on.
    pub fn forget(&mut self) {
        self.epoch.0 += 1;
        self.tags.clear();
        self.polled.clear();
    }

    /// Prepares to ask the store for the tokens of `tags`, each of which is of a kind; `None`: nothing of the answer may
    /// be kept, since the store does not track yet.
    pub fn ask(&mut self, tags: impl IntoIterator<Item = (Fingerprint, TagKind)>) -> Option<TokenRequest> {
        if !self.is_tracked {
            return None;
        }
        self.questions += 1;
        let number = self.questions;
        for (tag, kind) in tags {
            self.tags.entry(tag).or_insert(NearTag::Asked(number));
            if kind.is_polled() {
                self.polled.insert(tag);
            }
        }
        Some(TokenRequest { epoch: self.epoch, number })
    }

    /// Keeps what the store answered, unless a change may have been missed since the question was made.
    ///
    /// A token under an intent is not kept: it dies by itself, at a moment that nobody tells of. That of a polled tag is:
    /// the next heartbeat asks for it. Where the answer is not what is known already, nobody can tell which is younger, and
    /// neither is kept.
    pub fn answer(&mut self, question: &TokenRequest, seeds: &[(Fingerprint, Seed)]) {
        if question.epoch != self.epoch {
            return;
        }
        for (tag, seed) in seeds {
            let is_lasting = !seed.is_intended || self.polled.contains(tag);
            match self.tags.get_mut(tag) {
                Some(NearTag::Asked(since)) if *since > question.number => {}
                Some(NearTag::Known(token)) if *token == seed.token && is_lasting => {}
                Some(asked @ NearTag::Asked(_)) if is_lasting => *asked = NearTag::Known(seed.token),
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
        self.polled.retain(|tag| is_needed(*tag));
    }
}

#[cfg(test)]
mod tests;
