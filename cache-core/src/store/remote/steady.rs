//! Remembers the tokens of steady tags for the look-ups of a process.

use core::sync::atomic::{AtomicU8, Ordering};

use crate::clock::Timestamp;
use crate::name::key::Fingerprint;
use crate::name::shard::Shard;
use crate::name::tag::Token;
use crate::protocol::intent::Seed;
use crate::protocol::lately::Lately;
use crate::protocol::sharding::Sharding;
use crate::protocol::steady::{Remembered, SteadyTokens, Unstamped};
use crate::sync::Mutex;

/// One for each shard: each has a stamp of its own.
#[derive(Debug)]
pub(super) struct SteadyMemories(Box<[SteadyMemory]>);

impl SteadyMemories {
    pub(super) fn of(sharding: Sharding) -> Self {
        let count = if sharding == Sharding::Whole { 1 } else { Shard::COUNT };
        Self((0..count).map(|_| SteadyMemory::default()).collect())
    }

    /// That of the shard in which all of these lie; `None`: they lie in several, and no stamp says something of all.
    pub(super) fn beside<'d>(&self, mut digests: impl Iterator<Item = &'d Fingerprint>) -> Option<&SteadyMemory> {
        if let [only] = &*self.0 {
            return Some(only);
        }
        let shard = digests.next()?.shard();
        if digests.all(|digest| digest.shard() == shard) { self.0.get(shard.index()) } else { None }
    }
}

/// What look-ups need not ask for.
#[derive(Debug, Default)]
pub(super) struct SteadyMemory {
    tokens: Mutex<SteadyTokens>,
    /// The level of [`Lately`]: how many look-ups have found another stamp. Whoever has relied on the one before asks twice.
    changes: AtomicU8,
    unstamped: Mutex<Unstamped>,
}

impl SteadyMemory {
    /// What is remembered of all of `tags`, unless stamps change too often.
    pub(super) fn remembered(&self, tags: impl Iterator<Item = Fingerprint>, now: Timestamp) -> Option<Remembered> {
        if self.changes().are_many() { None } else { self.tokens.lock().remembered(tags, now) }
    }

    /// A look-up that has asked for no steady tags has found this stamp.
    pub(super) fn seen(&self, stamp: Option<Token>) {
        let has_changed = self.tokens.lock().seen(stamp);
        self.count(has_changed);
    }

    /// A look-up has read steady tags together with this stamp.
    pub(super) fn learn(
        &self,
        stamp: Option<Token>,
        told: impl Iterator<Item = (Fingerprint, Option<Seed>)>,
        now: Timestamp,
    ) {
        let has_changed = self.tokens.lock().learn(stamp, told, now);
        self.count(has_changed);
    }

    /// Whether the server is to be given a stamp, in which a look-up has just found this one.
    pub(super) fn wants_stamp(&self, stamp: Option<Token>, now: Timestamp) -> bool {
        self.unstamped.lock().found(stamp.is_some(), now)
    }

    fn changes(&self) -> Lately {
        Lately::of_level(self.changes.load(Ordering::Relaxed))
    }

    fn count(&self, has_changed: bool) {
        let before = self.changes();
        let after = before.after(has_changed);
        if after != before {
            self.changes.store(after.level(), Ordering::Relaxed);
        }
    }
}
