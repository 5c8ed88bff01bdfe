//! Keeps entries on a server that several processes share.

use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::clock::{Clock, Timestamp};
use crate::entry::format::{self, Header};
use crate::entry::{Life, Value};
use crate::error::{Error, Result};
use crate::name::key::{CacheKey, Fingerprint};
use crate::name::tag::{TableTags, Tag, TagKind, Token};
use crate::observe::statistics::NearCounts;
use crate::protocol::lately::Lately;
use crate::protocol::notes::{Notes, Remark};
use crate::protocol::sharding::Sharding;
use crate::setting::policy::NearPolicy;
use crate::store::link::{Link, Packed};
use crate::store::names::{Name, TagName};
use crate::store::near::{Copies, Forsaken, NearMemory, Overtaken, Watchman};
use crate::store::remote::look::{LookUpServer, Seeding};
use crate::store::remote::steady::SteadyMemories;
use crate::store::{
    Beginning, Begun, ComparingStore, Lease, LookUp, NoteStore, Outcome, PipeliningStore, Placing, Put, Release,
    Released, Releasing, Replacing, Seeded, SharedStore, SlotStore, Started, Starting, Store, Stored, Usage, Wanted,
    Writer, same_length,
};

mod look;
mod slots;
mod steady;

/// A store on a server, reached over a [`Link`].
///
/// Only what has a [codec](Put::codec) is kept. An entry is served if its bytes are what this program writes for this
/// key and **each** tag that it was put under holds the same token now. Tags that the caller did not name cost one
/// further round trip, which reads all tags of the entries that need it again: two answers may come from two
/// incarnations of the server, and only tokens of one answer say something together. Entries that are to end with an
/// incarnation depend on [`Tag::root`].
///
/// # Time
///
/// The server ends entries, intents and leases by its own clock. An entry also carries its deadline by the clock of the
/// process that made it, and is not served past that either. A clock that is wrong, or jumps, can therefore make an
/// entry end too early for a process, which costs a query. It never makes one live longer on the server, and it has no
/// part in the life of intents, nor in that of values that are set by hand. A put that arrives late lives from its arrival, but for the deadline that it carries.
///
/// # Bytes that cannot be read
///
/// They are reported by [`Worth::Unreadable`](crate::Worth::Unreadable) and removed. What is removed is whatever is
/// there by then: if somebody stored a good entry meanwhile, it goes too, which costs a query.
#[derive(Debug)]
pub struct RemoteStore<L> {
    link: L,
    largest_value: usize,
    near: OnceLock<NearPart>,
    steady: SteadyMemories,
    /// The level of [`Lately`]: of how many rows that were looked up the tag had no token.
    ///
    /// To seed a tag that holds a token costs the server about as much as the look-up itself. To seed it after the look-up
    /// costs a round trip. So look-ups seed while many rows are new.
    new_rows: AtomicU8,
}

/// What is kept in the memory of this process, and who listens to the server for it.
#[derive(Debug)]
struct NearPart {
    memory: Arc<NearMemory>,
    watchman: Watchman,
}

impl<L: Link> RemoteStore<L> {
    /// The largest value that is kept unless [`largest_value`](Self::largest_value) says otherwise: 1 MiB.
    pub const LARGEST_VALUE: usize = 1024 * 1024;

    /// A store over `link`.
    pub fn new(link: L) -> Self {
        let steady = SteadyMemories::of(link.names().sharding());
        Self {
            link,
            largest_value: Self::LARGEST_VALUE,
            near: OnceLock::new(),
            steady,
            new_rows: AtomicU8::new(Lately::default().level()),
        }
    }

    /// Keeps values of up to `bytes`, as their codec writes them. For larger ones every read asks the database.
    #[must_use]
    pub fn largest_value(mut self, bytes: usize) -> Self {
        self.largest_value = bytes;
        self
    }

    /// Keeps entries in the memory of this process too, as [`NearPolicy`] says, by the time of `clock`: that of the cache.
    /// Connects to the server, and listens to it from then on.
    ///
    /// # Consistency
    ///
    /// A write of this process takes effect in its memory before it returns. What other processes write does so when the
    /// server has told of it, and after [`max_staleness`](NearPolicy::max_staleness) at most: an entry is served from
    /// memory only while the server has been heard of for that long.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the server does not tell of
    /// changes. A server that is not there is no error: it is asked until it is.
    pub fn near(self, policy: NearPolicy, clock: Arc<dyn Clock>) -> Result<Self> {
        self.keep_near(policy, clock)?;
        Ok(self)
    }

    /// The link to the server.
    pub fn link(&self) -> &L {
        &self.link
    }

    fn pack(&self, put: &Put, now: Timestamp) -> Result<PutPart> {
        let Some(codec) = put.codec else { return Ok(PutPart::Keep) };
        let name = self.link.names().entry(&put.key);
        let life = match put.life.hard_deadline {
            Timestamp::NEVER => None,
            deadline => Some(deadline.since(now)),
        };
        if life == Some(Duration::ZERO) {
            return Ok(PutPart::Remove(name));
        }
        let mut length = 0;
        let bytes = format::write(&Header { key: &put.key, life: put.life, tokens: &put.tokens }, |bytes| {
            let before = bytes.len();
            codec.encode(&put.value, bytes)?;
            length = bytes.len() - before;
            Ok(())
        })?;
        // What was there before is not what the caller has just loaded.
        Ok(if length > self.largest_value {
            PutPart::Remove(name)
        } else {
            PutPart::Put(Packed { name, bytes, life, under: self.named_narrow(&put.tokens) })
        })
    }

    fn memory(&self) -> Option<&NearMemory> {
        self.near.get().map(|near| &*near.memory)
    }

    /// Forgets the tokens of `tags` when the call is over, whatever became of it. No write changes one that is polled.
    fn overtaken(&self, tags: impl Iterator<Item = Tag>) -> Option<Overtaken<'_>> {
        self.memory().map(|memory| Overtaken::new(memory, tags.filter(|tag| !tag.kind().is_polled())))
    }

    /// Stores entries, of which `send` sends those that have bytes, and ends the lease under which they were loaded.
    fn put_under(
        &self,
        entries: &[Put],
        lease: Option<(Lease, Writer)>,
        now: Timestamp,
        send: impl FnOnce(&[Packed], Option<(&Name, Writer)>) -> Result<()>,
    ) -> Result<Vec<Stored>> {
        let lease = lease.map(|(name, holder)| (self.link.names().lease(&name), holder));
        self.put_all(entries, now, |packed| {
            if packed.is_empty() && lease.is_none() {
                return Ok(());
            }
            send(packed, lease.as_ref().map(|(name, holder)| (name, *holder)))
        })
    }

    /// Stores entries, of which `send` sends those that have bytes.
    fn put_all(
        &self,
        entries: &[Put],
        now: Timestamp,
        send: impl FnOnce(&[Packed]) -> Result<()>,
    ) -> Result<Vec<Stored>> {
        let (mut packed, mut removed, mut failure) = (Vec::new(), Vec::new(), None);
        let mut add = |put| match self.pack(put, now) {
            Ok(PutPart::Keep) => Stored::Declined,
            Ok(PutPart::Put(parcel)) => {
                packed.push(parcel);
                Stored::Kept
            }
            Ok(PutPart::Remove(name)) => {
                removed.push(name);
                Stored::Declined
            }
            Err(error) => {
                failure = Some(error);
                removed.push(self.link.names().entry(&put.key));
                Stored::Declined
            }
        };
        let stored: Vec<Stored> = entries.iter().map(&mut add).collect();
        // Asked before the server is told: what it tells meanwhile counts.
        let copies = self.memory().map(|memory| Copies::before(memory, entries));
        if !removed.is_empty() {
            self.link.remove(&removed)?;
        }
        send(&packed)?;
        if let Some(copies) = copies {
            copies.keep(&stored, &packed);
        }
        failure.map_or(Ok(stored), Err)
    }

    /// Those of which outsiders choose the number.
    fn named_narrow(&self, tokens: &[(Tag, Token)]) -> Vec<(TagName, Token)> {
        let narrow = tokens.iter().filter(|(tag, _)| tag.is_narrow());
        narrow.map(|(tag, token)| (self.link.names().tag(tag), *token)).collect()
    }

    /// All copies of what is released.
    fn released<'r>(&self, releases: &'r [Release]) -> Cow<'r, [Release]> {
        self.written(releases, |release| release.tag, |release, tag| Release { tag, ..release })
    }

    /// What is done to tags, with all copies of those that have any.
    fn written<'d, D: Copy>(
        &self,
        done: &'d [D],
        tag_of: impl Fn(&D) -> Tag,
        with: impl Fn(D, Tag) -> D,
    ) -> Cow<'d, [D]> {
        let sharding = self.link.names().sharding();
        if !done.iter().any(|done| sharding.is_multiple(&tag_of(done))) {
            return done.into();
        }
        let copies = |done: &D| sharding.written(&[tag_of(done)]).into_iter().map(|tag| with(*done, tag)).collect();
        done.iter().flat_map::<Vec<D>, _>(copies).collect()
    }

    fn names_of(&self, tags: &[Tag]) -> Vec<TagName> {
        tags.iter().map(|tag| self.link.names().tag(tag)).collect()
    }

    fn notes_of(&self, tables: &[Tag]) -> Vec<Name> {
        tables.iter().map(|any| self.link.names().notes(any).notes).collect()
    }

    fn side(&self) -> LookUpServer<'_, L> {
        LookUpServer { link: &self.link, near: self.memory(), steady: &self.steady }
    }
}

/// First all tags that change, then the intents that go without a new token.
fn ordered(releases: &[Release]) -> impl Iterator<Item = &Release> {
    let is_unchanged = |release: &&Release| release.outcome == Outcome::Unchanged;
    releases.iter().filter(move |release| !is_unchanged(release)).chain(releases.iter().filter(is_unchanged))
}

/// What an entry that is put means for the server.
enum PutPart {
    /// Nothing: it has no bytes.
    Keep,
    Put(Packed),
    Remove(Name),
}

impl<L: Link> Store for RemoteStore<L> {
    fn find(&self, key: &CacheKey, at: Timestamp) -> Option<(Value, Life)> {
        self.memory()?.find(key, at)
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        look::look(&self.side(), (wanted, Seeding::Nothing), now).map(|(looked, _)| looked)
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], _now: Timestamp) -> Result<Seeded> {
        if tags.is_empty() && tables.is_empty() {
            return Ok(Seeded::default());
        }
        self.link.seed(&self.names_of(tags), &self.notes_of(tables))?.of_length(tags.len(), tables.len())
    }

    /// Stores entries whatever their tags hold by now: one that a write has overtaken is never served. A value that
    /// does not encode fails the call after the other entries were stored.
    fn put(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        self.put_under(&entries, lease, now, |packed, lease| self.link.put(packed, lease))
    }

    fn remove(&self, keys: &[CacheKey], _now: Timestamp) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        // Whatever becomes of the call, this process does not serve them any more.
        let _forsaken = self.memory().map(|memory| Forsaken::new(memory, keys));
        let names = self.link.names();
        let beside = |key: &CacheKey| (names.entry(key), names.tag_of(key.fingerprint(), TagKind::Row));
        self.link.forget(&keys.iter().map(beside).collect::<Vec<_>>())
    }

    fn place(&self, placing: &Placing<'_>, _now: Timestamp) -> Result<Vec<Option<Notes>>> {
        let Placing { writer, tags, life, tables } = *placing;
        let tags = self.written(tags, |tag| *tag, |_, tag| tag);
        let _overtaken = self.overtaken(tags.iter().copied());
        if tags.is_empty() && tables.is_empty() {
            return Ok(Vec::new());
        }
        same_length(self.link.place(writer, &self.names_of(&tags), life, &self.notes_of(tables))?, tables.len())
    }

    /// First all tags that change, whatever the order given, then the intents that go without a new token. Those are
    /// mostly wide ones, which covered the exact tags until these were known.
    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        _now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        let releases = self.released(releases);
        let _overtaken = self.overtaken(releases.iter().map(|release| release.tag));
        if releases.is_empty() && tables.is_empty() {
            return Ok(Vec::new());
        }
        let named: Vec<_> =
            ordered(&releases).map(|release| (self.link.names().tag(&release.tag), release.outcome)).collect();
        same_length(self.link.release(writer, &named, &self.notes_of(tables))?, tables.len())
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        Some(self)
    }

    fn reclaim(&self) -> Result<()> {
        if let Some(memory) = self.memory() {
            memory.reclaim();
        }
        self.link.reclaim()
    }

    fn usage(&self) -> Usage {
        self.link.usage()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        Some(self)
    }
}

impl<L: Link> ComparingStore for RemoteStore<L> {
    fn release_comparing(&self, releasing: &Releasing<'_>, _now: Timestamp) -> Result<Released> {
        let Releasing { writer, releases, held, tables } = *releasing;
        let releases = self.released(releases);
        let _overtaken = self.overtaken(releases.iter().map(|release| release.tag));
        let ordered: Vec<&Release> = ordered(&releases).collect();
        let asked = |release: &&Release| {
            let held = releasing.held(&release.tag).filter(|_| release.outcome == Outcome::Changed);
            (self.link.names().tag(&release.tag), release.outcome, held)
        };
        let named: Vec<Replacing> = ordered.iter().map(asked).collect();
        let released = self.link.release_comparing(writer, &named, &self.notes_of(tables))?;
        let Released { replaced, notes } = released.of_length(named.len(), tables.len())?;
        let given = ordered.iter().zip(replaced).filter_map(|(release, token)| Some((release.tag, token?)));
        let given: Vec<(Tag, Token)> = given.collect();
        debug_assert!(given.len() <= held.len(), "only what was asked about is answered");
        Ok(Released { replaced: releasing.in_order(&given), notes })
    }
}

impl<L: Link> SharedStore for RemoteStore<L> {
    fn set_operation_timeout(&self, timeout: Duration) {
        self.link.set_timeout(timeout);
    }

    fn keeps_bytes_only(&self) -> bool {
        true
    }

    fn sharding(&self) -> Sharding {
        self.link.names().sharding()
    }

    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool> {
        self.link.lease(&self.link.names().lease(&name), holder, life)
    }

    fn start(&self, starting: &Starting<'_>, _now: Timestamp) -> Result<Started> {
        look::start(&self.side(), starting)
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        look::begin(&self.side(), beginning, now)
    }

    fn give_up(&self, name: Lease, holder: Writer, unused: &[(Tag, Token)]) -> Result<()> {
        self.link.give_up(&self.link.names().lease(&name), holder, &self.named_narrow(unused))
    }

    fn pipelining(&self) -> Option<&dyn PipeliningStore> {
        Some(self)
    }

    fn notes(&self) -> Option<&dyn NoteStore> {
        Some(self)
    }

    fn keep_near(&self, policy: NearPolicy, clock: Arc<dyn Clock>) -> Result<()> {
        policy.check()?;
        let context = "`near` needs a store that tells of changes, or can be asked for them";
        let subscriber = self.link.subscriber().ok_or_else(|| Error::configuration(context))?;
        let memory = Arc::new(NearMemory::new(policy.capacity, policy.max_staleness));
        let watchman = Watchman::start(&memory, subscriber, clock, policy.max_staleness)?;
        let twice = |_| Error::configuration("the store has memory in front of it already");
        self.near.set(NearPart { memory, watchman }).map_err(twice)
    }

    fn near_counts(&self, now: Timestamp) -> Option<NearCounts> {
        Some(self.memory()?.counts(now))
    }

    fn incarnations_met(&self) -> u64 {
        self.link.incarnations_met()
    }

    fn shut_down(&self) {
        if let Some(near) = self.near.get() {
            near.watchman.stop();
        }
    }
}

impl<L: Link> PipeliningStore for RemoteStore<L> {
    fn look_to_load(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        let lately = Lately::of_level(self.new_rows.load(Ordering::Relaxed));
        let seeding = if lately.are_many() { Seeding::Rows } else { Seeding::Nothing };
        let (looked, rows) = look::look(&self.side(), (wanted, seeding), now)?;
        if rows.count > 0 {
            let lately = (0..rows.count).fold(lately, |lately, at| lately.after(at < rows.new_count));
            self.new_rows.store(lately.level(), Ordering::Relaxed);
        }
        Ok(looked)
    }

    fn send(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        self.put_under(&entries, lease, now, |packed, lease| self.link.send(packed, lease))
    }

    fn unacknowledged_count(&self) -> u64 {
        self.link.unacknowledged_count()
    }
}

impl<L: Link> NoteStore for RemoteStore<L> {
    fn remark(&self, table: &Tag, remark: Remark, _now: Timestamp) -> Result<bool> {
        self.link.remark(&self.link.names().notes(table), remark)
    }

    fn restore(&self, table: &TableTags, own: Fingerprint, _now: Timestamp) -> Result<bool> {
        let wide = table.wide();
        let _overtaken = self.overtaken(wide.into_iter());
        self.link.restore(&self.link.names().notes(&table.whole(TagKind::Any)), own, &self.names_of(&wide))
    }
}
