//! Stores the answer of a load, or removes the entry from before it.

use smallvec::SmallVec;

use crate::cache::mode::Mode;
use crate::clock::Timestamp;
use crate::entry::codec::Codec;
use crate::entry::{Life, Value};
use crate::name::key::{CacheKey, Kind};
use crate::name::tag::{Tag, Token};
use crate::observe::event::Event;
use crate::observe::operation::Operation;
use crate::observe::statistics::Counter;
use crate::protocol::settle::{CopyHolders, Fate, Former, removes};
use crate::read::Reader;
use crate::read::fill::{Fill, all_of};
use crate::read::lease::Right;
use crate::setting::policy::Lifetime;
use crate::store::{Put, Seed, SharedStore, Store, Stored};

/// What a query brought, to be stored.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The value.
    pub value: Value,
    /// Its size in bytes, as far as it is known.
    pub weight: usize,
    /// Writes it for stores outside of this process.
    pub codec: Option<Codec>,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// The moment that its life begins; `None`: when it is stored.
    pub begins_at: Option<Timestamp>,
}

/// What an answer means for one entry.
#[derive(Debug)]
pub struct Settlement {
    /// The entry.
    pub key: CacheKey,
    /// What the reader knew of it before it asked.
    pub former: Former,
    /// What is to be stored, and the tags that it depends on; `None`: nothing.
    pub keep: Option<(Loaded, Vec<Tag>)>,
}

/// What is made of an answer.
#[derive(Debug)]
pub struct Conclusion {
    /// What those get who wait for it, and how long it lives for them.
    pub shared: (Value, Lifetime),
    /// Tags whose tokens were read after the query.
    pub late: Vec<(Tag, Seed)>,
    /// What it means for each entry that it is about.
    pub verdicts: Vec<Settlement>,
}

/// Mostly one entry is stored.
type Few<T> = SmallVec<[T; 1]>;

/// What a reader waits for that stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// The entries are sent, where a store can do that.
    Sent,
    /// They are stored.
    Stored,
}

impl Reader<'_> {
    /// Stores what is to be stored, under the tokens of `seeds`, and removes what must not be served any more.
    ///
    /// Without `seeds` nothing may be stored. Not for answers that may be older than what is stored, such as a replica's: those
    /// are no reason to store or to remove anything.
    pub fn settle(&self, seeds: Option<&[(Tag, Seed)]>, verdicts: Vec<Settlement>) {
        self.settle_under(&mut None, seeds, verdicts);
    }

    /// The same, and ends the `right` to load if anything is stored.
    pub(crate) fn settle_under(
        &self,
        right: &mut Option<Right>,
        seeds: Option<&[(Tag, Seed)]>,
        verdicts: Vec<Settlement>,
    ) {
        // The mode may have changed while it was loaded.
        let seeds = seeds.filter(|_| self.cache.mode() == Mode::Normal);
        let reach = if self.cache.is_local() { CopyHolders::Process } else { CopyHolders::Processes };
        let (mut puts, mut removed, mut left) = (Vec::with_capacity(verdicts.len()), Few::new(), Few::new());
        // What was there, and is to be followed by nothing older, is waited for.
        let takes_a_place = verdicts.iter().any(|verdict| verdict.former != Former::Unserved);
        for Settlement { key, former, keep } in verdicts {
            let put = keep.and_then(|(loaded, tags)| self.put_of(key, loaded, tokens_of(seeds?, &tags)?));
            let fate = if put.is_some() { Fate::Stored } else { Fate::Dropped };
            if removes(former, fate, reach) {
                removed.push(key);
            } else if put.is_some() {
                left.push((key, former));
            }
            puts.extend(put);
        }
        // What is removed is told to others, who may look at once: what is stored comes afterwards.
        self.remove(&removed);
        let waiting = if takes_a_place { Waiting::Stored } else { Waiting::Sent };
        let kept = self.put(puts, right, waiting);
        left.retain(|(key, former)| !kept.contains(key) && removes(*former, Fate::Dropped, reach));
        self.remove(&left.into_iter().map(|(key, _)| key).collect::<Few<_>>());
    }

    /// What is put of an answer; `None`: nothing that would live.
    fn put_of(&self, key: CacheKey, loaded: Loaded, tokens: Vec<(Tag, Token)>) -> Option<Put> {
        let Loaded { value, weight, codec, lifetime, begins_at } = loaded;
        let life = Life::starting(begins_at.unwrap_or_else(|| self.now()), lifetime);
        (!lifetime.timeout.is_zero()).then_some(Put { key, value, life, tokens, weight, codec })
    }

    /// Stores entries, and ends the right under which they were loaded; gives those that are kept.
    fn put(&self, puts: Vec<Put>, right: &mut Option<Right>, waiting: Waiting) -> Few<CacheKey> {
        if puts.is_empty() {
            return Few::new();
        }
        let mut kept: Few<CacheKey> = puts.iter().map(|put| put.key).collect();
        let lease = right.as_ref().and_then(Right::held);
        let put = |store: &dyn Store| match store.shared().and_then(SharedStore::pipelining) {
            Some(sender) if waiting == Waiting::Sent => sender.send(puts, lease, self.now()),
            _ => store.put(puts, lease, self.now()),
        };
        let stored = match self.cache.store().call(Operation::Put, put) {
            Ok(stored) => stored,
            Err(trouble) => {
                self.note(&trouble);
                return Few::new();
            }
        };
        right.as_mut().into_iter().for_each(Right::ended);
        let mut stored = stored.into_iter();
        kept.retain(|_| stored.next() == Some(Stored::Kept));
        // What is stored beside the entry that was asked for is not counted.
        for key in kept.iter().filter(|key| key.kind == self.kind) {
            self.counters.count(Counter::Store);
            self.cache.tell(&Event::Stored { manager: self.manager, kind: self.kind, key: key.id });
        }
        kept
    }

    /// Removes entries, wherever they are kept.
    fn remove(&self, keys: &[CacheKey]) {
        if keys.is_empty() {
            return;
        }
        let remove = |store: &dyn Store| store.remove(keys, self.now());
        // What cannot be removed is served until it ends: the answer was given all the same.
        let _ = self.cache.store().call(Operation::Remove, remove).inspect_err(|trouble| self.note(trouble));
    }
}

impl Fill {
    /// Stores what was loaded, as depending on `tags`, and hands it to those who wait.
    pub fn store(self, reader: &Reader<'_>, loaded: Loaded, tags: Vec<Tag>) -> Life {
        let shared = (loaded.value.clone(), loaded.lifetime);
        let verdict = Settlement { key: *self.key(), former: Former::Unserved, keep: Some((loaded, tags)) };
        let (late, verdicts) = (Vec::new(), vec![verdict]);
        self.conclude(reader, Conclusion { shared, late, verdicts })
    }

    /// Stores what is to be stored of an answer, removes what must not be served any more, and hands the answer to those
    /// who wait.
    pub fn conclude(mut self, reader: &Reader<'_>, conclusion: Conclusion) -> Life {
        let Conclusion { shared: (value, lifetime), late, verdicts } = conclusion;
        if let Some(expected) = self.expected.take() {
            let own = verdicts.iter().find(|verdict| verdict.key == *self.key() && verdict.key.kind == Kind::Detail);
            match own.and_then(|verdict| verdict.keep.as_ref()) {
                Some((_, tags)) => expected.keep(|tag| tags.contains(tag)),
                // A computation depends on whatever the answer may depend on.
                None => drop(expected),
            }
        }
        let mut seeds = if self.may_store() { Some(self.take_seeds()) } else { None };
        seeds.iter_mut().for_each(|seeds| seeds.extend(late.iter().copied()));
        reader.settle_under(self.right(), seeds.as_deref(), verdicts);
        self.share(value, lifetime)
    }
}

/// The tokens of `tags`, if each was read.
fn tokens_of(seeds: &[(Tag, Seed)], tags: &[Tag]) -> Option<Vec<(Tag, Token)>> {
    all_of(tags, |at, tag| {
        let is_it = |(seeded, _): &&(Tag, Seed)| seeded == tag;
        // Mostly they are in the same order.
        let found = seeds.get(at).filter(is_it).or_else(|| seeds.iter().find(is_it));
        found.map(|(_, seed)| (*tag, seed.token))
    })
}
