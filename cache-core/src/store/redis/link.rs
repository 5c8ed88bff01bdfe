//! Links a store to a server of Redis or Valkey, or to those of a cluster that have its shards.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use super::across;
use super::shard::{RedisShard, Shards};
use super::track::RedisSubscriber;
use crate::error::{Error, Result};
use crate::name::key::Fingerprint;
use crate::name::tag::Token;
use crate::protocol::intent::{Outcome, Writer};
use crate::protocol::notes::{Notes, Remark};
use crate::store::link::{Commenced, Commencing, Link, Opening, Packed, ReadReply, Replacing, Swap};
use crate::store::names::{Name, Names, TableName, TagName};
use crate::store::redis::command::change::TagCommand;
use crate::store::redis::wire::address::{Address, NearSettings};
use crate::store::redis::wire::failure::Deadline;
use crate::store::track::Subscriber;
use crate::store::{Released, Seeded, Usage};

/// A process's connections to one server of Redis 6.2 or later, or of Valkey: the one that the URL names, the primary that
/// sentinels tell of, or the primary of one slot of a cluster; or to those that have the slots of a cache's shards.
///
/// A connection is made when a call needs one, and compared with the server's incarnation before anything else. It
/// carries one call at a time, is kept when that was answered, and is dropped when anything went wrong. A call that
/// finds that a kept connection is gone, or leads to a server that is no primary any more, is sent once more, over a new one, with new tokens; a call that is late is not,
/// nor is one that [opens](Link::open) or [swaps](Link::swap) slots, or claims notes, and may have been done.
///
/// # Consistency
///
/// Each read asks the server whether it would take a write, and whether its incarnation is still that of the connection.
/// So nothing is read from a replica, from a primary that became one, or from a server that refuses writes (its disk is
/// full, or its replicas are gone): nobody could tell it of changes. A server that is *full* can still be read, and
/// takes releases.
///
/// Each shard has a record of its own, and what is asked of several is asked of one after the other.
#[derive(Debug)]
pub struct RedisLink {
    shards: Shards,
    timeout_nanos: AtomicU64,
}

impl RedisLink {
    /// How long a call may take before the cache says so.
    const TIMEOUT: Duration = Duration::from_millis(500);

    /// A link as a URL describes it: `redis://user:password@host:port/db?prefix=shop`, `rediss://..` with the feature
    /// `redis-tls`, or `unix:///path?db=1&user=..&password=..`.
    ///
    /// `redis+sentinel://a,b,c/name?prefix=shop` asks sentinels where the primary `name` is, and
    /// `redis+cluster://a,b,c?prefix=shop` the nodes of a cluster who has the slot of the prefix; over TLS `rediss+..`.
    ///
    /// | part | if not said | what |
    /// |---|---|---|
    /// | port | 6379; of a sentinel 26379 | |
    /// | db | 0 | the number of the database on the server |
    /// | `prefix` | `cache` | what the names of all keys begin with; two programs with one prefix share a cache |
    /// | `idle_connections` | 64 | how many connections are kept that nobody uses; of a cache in shards for each of them |
    /// | `spread` | one slot has all | `tables`: of a cluster, 16 slots have the tables |
    /// | `sentinel_password`, `sentinel_user` | no log-in | what the sentinels are told; user and password are the primary's |
    /// | `ca` | the system's | the file of certificates (PEM) by which a `rediss://` server is known |
    ///
    /// Special characters in user and password are percent-encoded. Nothing is connected to: a server that is not
    /// there is no error here.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the part that is
    /// wrong, and never the password.
    pub fn from_url(url: &str) -> Result<Self> {
        let address = Address::read(url)?;
        if address.near != NearSettings::default() {
            return Err(Error::configuration("`near` and `max_staleness` are parameters of a cache, not of a link"));
        }
        Ok(Self::to(address))
    }

    pub(super) fn to(address: Address) -> Self {
        let link = Self { shards: Shards::at(address), timeout_nanos: AtomicU64::default() };
        link.set_timeout(Self::TIMEOUT);
        link
    }

    /// Connects, and finds whether the servers are of the kind that the URL says. One that is not there is no error.
    pub(super) fn check(&self) -> Result<()> {
        let deadline = Deadline::after(self.timeout());
        self.shards.each().iter().try_for_each(|shard| shard.check(deadline))
    }

    fn timeout(&self) -> Duration {
        Duration::from_nanos(self.timeout_nanos.load(Ordering::Relaxed))
    }

    /// A call that begins now, and what it does.
    fn doing<'d>(&self, doing: &'d str) -> (&'d str, Deadline) {
        (doing, Deadline::after(self.timeout()))
    }
}

fn tokens<'t>(tags: impl IntoIterator<Item = &'t TagName>) -> impl Iterator<Item = &'t Name> {
    tags.into_iter().map(|tag| &tag.token)
}

impl Link for RedisLink {
    fn names(&self) -> &Names {
        self.shards.names()
    }

    /// None of a cache in shards.
    fn subscriber(&self) -> Option<Box<dyn Subscriber>> {
        let [only] = self.shards.each() else { return None };
        Some(Box::new(RedisSubscriber::of(Arc::clone(&only.whereabouts))))
    }

    fn set_timeout(&self, timeout: Duration) {
        let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        self.timeout_nanos.store(nanos, Ordering::Relaxed);
    }

    fn read(&self, entries: &[Name], tags: &[TagName]) -> Result<ReadReply> {
        if entries.is_empty() && tags.is_empty() {
            return Ok(ReadReply::default());
        }
        let doing = self.doing("reading entries");
        match self.shards.only(entries.iter().chain(tokens(tags))) {
            Some(shard) => shard.call(doing, |call| call.read(entries, tags)),
            None => across::read(&self.shards, doing, entries, tags),
        }
    }

    fn seed_and_read(&self, seeded: &[TagName], entries: &[Name], tags: &[TagName]) -> Result<(ReadReply, usize)> {
        let doing = self.doing("reading entries");
        match self.shards.only(entries.iter().chain(tokens(tags)).chain(tokens(seeded))) {
            Some(shard) => shard.call(doing, |call| call.seed_and_read(seeded, (entries, tags))),
            None => across::seed_and_read(&self.shards, doing, seeded, (entries, tags)),
        }
    }

    fn seed(&self, tags: &[TagName], notes: &[Name]) -> Result<Seeded> {
        let doing = self.doing("seeding tags");
        match self.shards.only(notes.iter().chain(tokens(tags))) {
            Some(shard) => shard.call(doing, |call| call.seed(tags, notes)),
            None => across::seed(&self.shards, doing, tags, notes),
        }
    }

    fn place(&self, writer: Writer, tags: &[TagName], life: Duration, notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        let doing = self.doing("placing intents");
        match self.shards.only(notes.iter().chain(tokens(tags))) {
            Some(shard) => shard.call(doing, |call| call.change(TagCommand::Place(writer, tags, life), notes)),
            None => across::place(&self.shards, doing, (writer, life), (tags, notes)),
        }
    }

    fn release(&self, writer: Writer, releases: &[(TagName, Outcome)], notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        let doing = self.doing("releasing intents");
        match self.shards.only(notes.iter().chain(tokens(releases.iter().map(|(tag, _)| tag)))) {
            Some(shard) => shard.call(doing, |call| call.change(TagCommand::Release(writer, releases), notes)),
            None => across::release(&self.shards, doing, writer, (releases, notes)),
        }
    }

    fn release_comparing(&self, writer: Writer, releases: &[Replacing], notes: &[Name]) -> Result<Released> {
        let doing = self.doing("releasing intents");
        match self.shards.only(notes.iter().chain(tokens(releases.iter().map(|(tag, ..)| tag)))) {
            Some(shard) => shard.call(doing, |call| call.replace(writer, releases, notes)),
            None => across::replace(&self.shards, doing, writer, (releases, notes)),
        }
    }

    fn remark(&self, table: &TableName, remark: Remark) -> Result<bool> {
        let (shard, doing) = (self.shards.of(&table.notes), self.doing("changing notes"));
        match remark {
            Remark::Claim { .. } => shard.call_once(doing, |call| call.remark(table, remark, &[])),
            _ => shard.call(doing, |call| call.remark(table, remark, &[])),
        }
    }

    fn restore(&self, table: &TableName, own: Fingerprint, wide: &[TagName]) -> Result<bool> {
        let doing = self.doing("making notes anew");
        self.shards.of(&table.notes).call(doing, |call| call.remark(table, Remark::Restore(own), wide))
    }

    /// In one round trip. Lives of more than 30 days are shortened to that.
    fn put(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        let doing = self.doing("storing entries");
        match self.shards.only(across::put_names(entries, lease)) {
            Some(shard) => shard.call_after(doing, |call| call.put(entries, lease)),
            None => across::put(&self.shards, doing, entries, lease, |shard, entries, lease| {
                shard.call_after(doing, |call| call.put(entries, lease))
            }),
        }
    }

    /// In one round trip, which is waited for if the entries have more than 64 KiB, or if the connection has not kept a tag
    /// before. Otherwise the connection goes back to the others and owes the replies: whoever takes it next reads them
    /// first, within the time of its own call.
    fn send(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        let doing = self.doing("sending entries");
        match self.shards.only(across::put_names(entries, lease)) {
            Some(shard) => shard.call(doing, |call| call.send(entries, lease, &shard.outbox)),
            None => across::put(&self.shards, doing, entries, lease, |shard, entries, lease| {
                shard.call(doing, |call| call.send(entries, lease, &shard.outbox))
            }),
        }
    }

    fn unacknowledged_count(&self) -> u64 {
        self.shards.each().iter().map(|shard| shard.outbox.unacknowledged_count()).sum()
    }

    fn remove(&self, entries: &[Name]) -> Result<()> {
        let doing = self.doing("removing entries");
        across::in_runs(
            &self.shards,
            entries,
            |name| name,
            |shard, some| shard.call_after(doing, |call| call.remove(some)),
        )
        .map(drop)
    }

    /// In one round trip.
    fn forget(&self, entries: &[(Name, TagName)]) -> Result<()> {
        let doing = self.doing("removing entries");
        across::in_runs(
            &self.shards,
            entries,
            |(name, _)| name,
            |shard, some| shard.call_after(doing, |call| call.forget(some)),
        )
        .map(drop)
    }

    /// Lives of more than 30 days are shortened to that.
    fn open(&self, slots: &[Packed], tags: &[TagName]) -> Result<ReadReply> {
        if slots.is_empty() {
            return self.read(&[], tags);
        }
        let doing = self.doing("opening slots");
        match self.shards.only(slots.iter().map(|slot| &slot.name).chain(tokens(tags))) {
            Some(shard) => shard.call_once(doing, |call| call.open(slots, tags)),
            None => across::open(&self.shards, doing, slots, tags),
        }
    }

    /// Lives of more than 30 days are shortened to that.
    fn swap(&self, swaps: &[Swap]) -> Result<Vec<bool>> {
        let doing = self.doing("swapping slots");
        let swapped = across::in_runs(
            &self.shards,
            swaps,
            |swap| &swap.name,
            |shard, some| shard.call_once(doing, |call| call.swap(some)),
        )?;
        Ok(swapped.concat())
    }

    fn lease(&self, lease: &Name, holder: Writer, life: Duration) -> Result<bool> {
        self.shards.of(lease).call(self.doing("taking a lease"), |call| call.lease(lease, holder, Some(life)))
    }

    /// In one round trip, if one shard has all of it. Otherwise no lease is taken.
    fn start(&self, starting: &Commencing<'_>) -> Result<Commenced> {
        let doing = self.doing("beginning a load");
        // Whatever the tokens are, it lies where the entry does.
        let lease = (self.shards.each().len() > 1).then(|| (starting.lease)(&[]));
        match self.shards.only(tokens(starting.tags).chain(starting.notes).chain(&lease)) {
            Some(shard) => shard.call(doing, |call| call.start(starting)),
            None => {
                Ok(Commenced { seeded: across::seed(&self.shards, doing, starting.tags, starting.notes)?, lease: None })
            }
        }
    }

    /// In one round trip, unless there are tags without a token, or such as intents stand beside.
    fn begin(&self, lease: (&Name, Writer, Duration), sought: (&Name, &[TagName]), notes: &[Name]) -> Result<Opening> {
        let (doing, (entry, tags)) = (self.doing("beginning a load"), sought);
        match self.shards.only(tokens(tags).chain(notes).chain([lease.0, entry])) {
            Some(shard) => shard.call(doing, |call| call.begin(lease, sought, notes)),
            None => across::begin(&self.shards, doing, lease, sought, notes),
        }
    }

    /// In one round trip.
    fn give_up(&self, lease: &Name, holder: Writer, unused: &[(TagName, Token)]) -> Result<()> {
        let doing = self.doing("ending a lease");
        let own = match self.shards.only(unused.iter().map(|(tag, _)| &tag.token).chain([lease])) {
            Some(_) => unused,
            None => &across::forget_others(&self.shards, doing, lease, unused)?,
        };
        self.shards.of(lease).call(doing, |call| match own {
            [] => call.lease(lease, holder, None).map(drop),
            unused => call.give_up(lease, holder, unused),
        })
    }

    fn stamp(&self, beside: &Name) -> Result<()> {
        self.shards.of(beside).call(self.doing("giving a stamp"), |call| call.stamp())
    }

    /// Looks the servers' keys through in steps, for half of a call's time. The next call goes on from there; what
    /// nobody asks for expires by itself.
    fn reclaim(&self) -> Result<()> {
        let deadline = Deadline::after(self.timeout());
        let share = self.timeout() / 2 / self.shards.each().len() as u32;
        self.shards.each().iter().try_for_each(|shard| shard.reclaim(deadline, Deadline::after(share)))
    }

    fn incarnations_met(&self) -> u64 {
        self.shards.each().iter().map(RedisShard::incarnations_met).sum()
    }

    /// Zeros: counting keys would take as long as looking at all of them.
    fn usage(&self) -> Usage {
        Usage::default()
    }
}
