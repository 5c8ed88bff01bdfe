//! How are entries kept on a server that several processes share?

use core::time::Duration;
use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::entry::{Life, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{self, Header};
use crate::key::{CacheKey, Fingerprint};
use crate::policy::NearPolicy;
use crate::protocol::notes::{Notes, Remark};
use crate::statistics::NearCounts;
use crate::store::link::{Link, Packed};
use crate::store::names::{Name, TagName};
use crate::store::near::{Copies, Forsaken, NearMemory, Overtaken, Watchman};
use crate::store::remote::look::Place;
use crate::store::{
    Beginning, Begun, Exchange, Exchanged, Found, Lease, Looked, Outcome, Put, Release, Seed, Slots, Started, Starting,
    Store, Stored, Usage, Wanted, Writer, same_length,
};
use crate::tag::{TableTags, Tag, TagKind, Token};

mod look;
mod slots;

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
    near: Option<Near>,
}

/// What is kept in the memory of this process, and who listens to the server for it.
#[derive(Debug)]
struct Near {
    memory: Arc<NearMemory>,
    watchman: Watchman,
}

impl<L: Link> RemoteStore<L> {
    /// The largest value that is kept unless [`largest_value`](Self::largest_value) says otherwise: 1 MiB.
    pub const LARGEST_VALUE: usize = 1024 * 1024;

    /// A store over `link`.
    pub fn new(link: L) -> Self {
        Self { link, largest_value: Self::LARGEST_VALUE, near: None }
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
    /// Returns an error of [`ErrorKind::Configuration`] if the server does not tell of changes. A server that is not there
    /// is no error: it is asked until it is.
    pub fn near(mut self, policy: NearPolicy, clock: Arc<dyn Clock>) -> Result<Self> {
        policy.check()?;
        let context = "`near` needs a server that tells of changes";
        let tracker = self.link.tracker().ok_or_else(|| Error::new(ErrorKind::Configuration, context))?;
        let memory = Arc::new(NearMemory::new(policy.capacity, policy.max_staleness));
        let watchman = Watchman::start(&memory, tracker, clock, policy.max_staleness)?;
        self.near = Some(Near { memory, watchman });
        Ok(self)
    }

    /// The link to the server.
    pub fn link(&self) -> &L {
        &self.link
    }

    fn pack(&self, put: &Put, now: Timestamp) -> Result<Parcel> {
        let Some(codec) = put.codec else { return Ok(Parcel::Keep) };
        let name = self.link.names().entry(&put.key);
        let life = match put.life.hard_deadline {
            Timestamp::NEVER => None,
            deadline => Some(deadline.since(now)),
        };
        if life == Some(Duration::ZERO) {
            return Ok(Parcel::Remove(name));
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
            Parcel::Remove(name)
        } else {
            Parcel::Put(Packed { name, bytes, life, under: self.named_narrow(&put.tokens) })
        })
    }

    fn memory(&self) -> Option<&NearMemory> {
        self.near.as_ref().map(|near| &*near.memory)
    }

    /// Forgets the tokens of `tags` when the call is over, whatever became of it.
    fn overtaken(&self, tags: impl Iterator<Item = Tag>) -> Option<Overtaken<'_>> {
        self.memory().map(|memory| Overtaken::new(memory, tags))
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
            Ok(Parcel::Keep) => Stored::Declined,
            Ok(Parcel::Put(parcel)) => {
                packed.push(parcel);
                Stored::Kept
            }
            Ok(Parcel::Remove(name)) => {
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

    fn names_of(&self, tags: &[Tag]) -> Vec<TagName> {
        tags.iter().map(|tag| self.link.names().tag(tag)).collect()
    }

    fn named(&self, releases: &[Release]) -> Vec<(TagName, Outcome)> {
        releases.iter().map(|release| (self.link.names().tag(&release.tag), release.outcome)).collect()
    }

    fn release_all(&self, writer: Writer, releases: &[Release]) -> Result<()> {
        if releases.is_empty() { Ok(()) } else { self.link.release(writer, &self.named(releases)) }
    }

    fn notes_of(&self, tables: impl Iterator<Item = Tag>) -> Vec<Name> {
        tables.map(|any| self.link.names().notes(&any).notes).collect()
    }
}

/// What is released without a new token, and what with one.
fn parted(releases: &[Release]) -> (Vec<Release>, Vec<Release>) {
    releases.iter().copied().partition(|release| release.outcome == Outcome::Unchanged)
}

/// What an entry that is put means for the server.
enum Parcel {
    /// Nothing: it has no bytes.
    Keep,
    Put(Packed),
    Remove(Name),
}

impl<L: Link> Store for RemoteStore<L> {
    fn keeps_bytes_only(&self) -> bool {
        true
    }

    fn set_operation_timeout(&self, timeout: Duration) {
        self.link.set_timeout(timeout);
    }

    fn get_many(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<Option<Found>>> {
        let place = Place { link: &self.link, near: self.memory() };
        if place.near.is_none() {
            return look::look(&place, wanted, now);
        }
        let near: Vec<Option<Found>> = wanted.iter().map(|wanted| self.recall(wanted, now)).collect();
        let left: Vec<Wanted<'_>> =
            wanted.iter().zip(&near).filter(|(_, found)| found.is_none()).map(|(wanted, _)| *wanted).collect();
        let mut looked = look::look(&place, &left, now)?.into_iter();
        Ok(near.into_iter().map(|found| found.or_else(|| looked.next().flatten())).collect())
    }

    fn look(&self, wanted: &Wanted<'_>, now: Timestamp) -> Result<Looked> {
        look::look_at(&Place { link: &self.link, near: self.memory() }, wanted, now)
    }

    fn start(&self, starting: &Starting<'_>, _now: Timestamp) -> Result<Started> {
        look::start(&Place { link: &self.link, near: self.memory() }, starting)
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        look::begin(&Place { link: &self.link, near: self.memory() }, beginning, now)
    }

    fn find_alive(&self, key: &CacheKey, at: Timestamp) -> Option<(Value, Life)> {
        let found = self.memory()?.find(key, at)?;
        Some((found.value, found.life))
    }

    fn recall(&self, wanted: &Wanted<'_>, now: Timestamp) -> Option<Found> {
        self.memory()?.find(&wanted.key, now)
    }

    fn near_counts(&self, now: Timestamp) -> Option<NearCounts> {
        Some(self.memory()?.counts(now))
    }

    fn shut_down(&self) {
        if let Some(near) = &self.near {
            near.watchman.stop();
        }
    }

    fn seed(&self, tags: &[Tag], _now: Timestamp) -> Result<Vec<Seed>> {
        if tags.is_empty() {
            return Ok(Vec::new());
        }
        let seeds = self.link.seed(&self.names_of(tags))?;
        same_length(seeds, tags.len())
    }

    /// Stores entries whatever their tags hold by now: one that a write has overtaken is never served. A value that
    /// does not encode fails the call after the other entries were stored.
    fn put_many(&self, entries: Vec<Put>, now: Timestamp) -> Result<Vec<Stored>> {
        self.put_all(&entries, now, |packed| if packed.is_empty() { Ok(()) } else { self.link.put(packed) })
    }

    fn remove(&self, keys: &[CacheKey], _now: Timestamp) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        // Whatever becomes of the call, this process does not serve them any more.
        let _forsaken = self.memory().map(|memory| Forsaken::new(memory, keys));
        let names = self.link.names();
        let beside = |key: &CacheKey| (names.entry(key), names.tag_of(key.fingerprint()));
        self.link.forget(&keys.iter().map(beside).collect::<Vec<_>>())
    }

    fn put_and_end(&self, entries: Vec<Put>, (name, holder): (Lease, Writer), now: Timestamp) -> Result<Vec<Stored>> {
        let lease = self.link.names().lease(&name);
        self.put_all(&entries, now, |packed| self.link.put_and_end(packed, &lease, holder))
    }

    fn peek(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        slots::peek(&self.link, keys, tags, now)
    }

    fn open(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        slots::open(&self.link, keys, tags, now)
    }

    fn exchange(&self, exchanges: Vec<Exchange>, now: Timestamp) -> Result<Vec<Exchanged>> {
        slots::exchange(&self.link, &exchanges, self.largest_value, now)
    }

    fn place(&self, writer: Writer, tags: &[Tag], life: Duration, _now: Timestamp) -> Result<()> {
        let _overtaken = self.overtaken(tags.iter().copied());
        if tags.is_empty() { Ok(()) } else { self.link.place(writer, &self.names_of(tags), life) }
    }

    /// Releases in two steps, whatever the order given: first all tags that change, then, once that is acknowledged,
    /// the intents that go without a new token. Those are mostly wide ones, which covered the exact tags until these
    /// were known.
    fn release(&self, writer: Writer, releases: &[Release], _now: Timestamp) -> Result<()> {
        let _overtaken = self.overtaken(releases.iter().map(|release| release.tag));
        let (unchanged, changed) = parted(releases);
        self.release_all(writer, &changed)?;
        self.release_all(writer, &unchanged)
    }

    fn keeps_notes(&self) -> bool {
        true
    }

    fn seed_noted(&self, tags: &[Tag], tables: &[Tag], _now: Timestamp) -> Result<(Vec<Seed>, Vec<Option<Notes>>)> {
        let (seeds, notes) = self.link.seed_noted(&self.names_of(tags), &self.notes_of(tables.iter().copied()))?;
        Ok((same_length(seeds, tags.len())?, same_length(notes, tables.len())?))
    }

    fn place_noted(&self, writer: Writer, tags: &[Tag], life: Duration, _now: Timestamp) -> Result<Vec<Option<Notes>>> {
        let _overtaken = self.overtaken(tags.iter().copied());
        let notes = self.notes_of(tags.iter().copied().filter(Tag::is_any));
        same_length(self.link.place_noted(writer, &self.names_of(tags), life, &notes)?, notes.len())
    }

    fn release_noted(&self, writer: Writer, releases: &[Release], _now: Timestamp) -> Result<Vec<Option<Notes>>> {
        let _overtaken = self.overtaken(releases.iter().map(|release| release.tag));
        let (unchanged, changed) = parted(releases);
        let notes = self.notes_of(changed.iter().filter(|release| release.changes_any()).map(|release| release.tag));
        let found = same_length(self.link.release_noted(writer, &self.named(&changed), &notes)?, notes.len())?;
        self.release_all(writer, &unchanged)?;
        Ok(found)
    }

    fn remark(&self, table: &Tag, remark: Remark, _now: Timestamp) -> Result<bool> {
        self.link.remark(&self.link.names().notes(table), remark)
    }

    fn restore(&self, table: &TableTags, own: Fingerprint, _now: Timestamp) -> Result<bool> {
        let wide = table.wide();
        let _overtaken = self.overtaken(wide.into_iter());
        self.link.restore(&self.link.names().notes(&table.whole(TagKind::Any)), own, &self.names_of(&wide))
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

    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool> {
        self.link.lease(&self.link.names().lease(&name), holder, life)
    }

    fn end_lease(&self, name: Lease, holder: Writer) -> Result<()> {
        self.link.end_lease(&self.link.names().lease(&name), holder)
    }

    fn give_up(&self, name: Lease, holder: Writer, unused: &[(Tag, Token)]) -> Result<()> {
        let (lease, unused) = (self.link.names().lease(&name), self.named_narrow(unused));
        if unused.is_empty() {
            return self.link.end_lease(&lease, holder);
        }
        self.link.give_up(&lease, holder, &unused)
    }
}
