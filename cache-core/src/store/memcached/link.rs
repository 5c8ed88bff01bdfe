//! Carries what a store asks for to servers of memcached.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use super::address::MemcachedAddress;
use super::call::{Call, Way};
use super::change::Work;
use super::failure::Failure;
use super::item::Target;
use super::servers::Servers;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::name::key::Fingerprint;
use crate::name::tag::Token;
use crate::protocol::intent::{Outcome, Writer};
use crate::protocol::notes::{Notes, Remark};
use crate::store::engine::{Request, Response};
use crate::store::link::{Commenced, Commencing, Link, Opening, Packed, ReadReply, Replacing, Swap};
use crate::store::wire::deadline::Deadline;
use crate::store::{Lasting, Name, Names, Released, Seeded, Subscriber, TableName, TagName, Usage};

/// A link to servers of memcached. Clones are the same link.
///
/// A tag is one item: its token, the intents beside it and, with a table's `any`, the notes. It is read, decided upon by
/// [`TagState`](crate::protocol::intent::TagState) here, and written if nobody else has written it meanwhile. Which server
/// has a key follows from the list of servers alone.
///
/// # Time
///
/// Each server counts seconds by a clock that does not jump. Intents and leases stand for up to a second longer than they
/// are asked for, and entries and values end up to a second earlier. A value that is to live for less than a second is not
/// kept.
#[derive(Clone, Debug)]
pub struct MemcachedLink {
    servers: Arc<Servers>,
}

impl MemcachedLink {
    /// How far a server's clock may be behind.
    const GRAIN: Duration = Duration::from_secs(1);
    /// What an item has besides a value: its name, and the tokens that it is under.
    const AROUND: usize = 16 * 1024;
    /// What servers take unless they are told otherwise.
    const LARGEST_ITEM: usize = 1024 * 1024;

    /// A link to the servers that a URL names.
    ///
    /// * `memcached://user:password@a:11211,b:11211?prefix=shop`: the user and the password are left out where nobody asks
    ///   for them; the port is 11211 if none is said. All processes have to name the same servers.
    /// * `memcacheds://..` over TLS, with the feature `memcached-tls`; `ca` is a file with the certificates to trust.
    /// * `memcached+unix:///path?user=..&password=..` over a socket.
    /// * `idle_connections`: how many connections to each server are kept that nobody uses, 64 if not said.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the part of the URL that is wrong.
    pub fn from_url(url: &str) -> Result<Self> {
        Ok(Self::at(MemcachedAddress::read(url)?, None))
    }

    /// The same by the time of `clock`, for tests. All processes have to share it.
    ///
    /// # Errors
    ///
    /// As [`from_url`](Self::from_url).
    pub fn with_clock(url: &str, clock: impl Clock) -> Result<Self> {
        Ok(Self::at(MemcachedAddress::read(url)?, Some(Arc::new(clock))))
    }

    fn at(address: MemcachedAddress, clock: Option<Arc<dyn Clock>>) -> Self {
        Self { servers: Arc::new(Servers::of(address, clock)) }
    }

    /// How many round trips there were so far. One that goes to several servers counts once.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.servers.trips.load(Ordering::Relaxed)
    }

    /// Ends the connections that nobody uses at present.
    pub fn disconnect(&self) {
        self.servers.forget_connections();
    }

    /// Connects to each server. One that cannot keep what is promised is an error, and one that is not there is none. The
    /// answer is how large a value may be.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the server: it is
    /// something else than a memcached, is too old, runs without compare-and-swap, keeps its items over restarts, refuses the user, or has this prefix for another
    /// list of servers.
    pub fn check(&self) -> Result<usize> {
        let mut largest = Self::LARGEST_ITEM;
        for server in 0..self.servers.count() {
            match self.servers.largest_item(server) {
                Ok(item) => largest = largest.min(item.unwrap_or(largest)),
                Err(Failure::Wrong(reason)) => return Err(Error::configuration(reason)),
                Err(_) => {}
            }
        }
        Ok(largest.saturating_sub(Self::AROUND).max(largest / 2))
    }

    fn call<T>(&self, doing: &str, work: impl Fn(&mut Call<'_>) -> Done<T>) -> Result<T> {
        self.carry(doing, Way::Any, work)
    }

    /// Makes a call that is not sent again where it may have been done.
    fn call_once<T>(&self, doing: &str, work: impl Fn(&mut Call<'_>) -> Done<T>) -> Result<T> {
        self.carry(doing, Way::Once, work)
    }

    fn carry<T>(&self, doing: &str, way: Way, work: impl Fn(&mut Call<'_>) -> Done<T>) -> Result<T> {
        let deadline = self.servers.deadline();
        let mut call = Call::new(&self.servers, way, deadline);
        let done = match work(&mut call) {
            Err(failure) if failure.is_of_the_connection() => {
                // The others were made before, and are most probably gone as well.
                self.servers.forget_connections();
                if way == Way::Once && call.has_written() {
                    Err(failure)
                } else {
                    drop(call);
                    return self.carry_anew(doing, deadline, work);
                }
            }
            done => done,
        };
        finish(call, done, doing)
    }

    fn carry_anew<T>(&self, doing: &str, deadline: Deadline, work: impl Fn(&mut Call<'_>) -> Done<T>) -> Result<T> {
        let mut call = Call::new(&self.servers, Way::New, deadline);
        let done = work(&mut call);
        finish(call, done, doing)
    }

    fn is_exact(&self) -> bool {
        self.servers.clock.is_some()
    }

    /// A life that nothing may end earlier.
    fn at_least(&self, life: Duration) -> Duration {
        if self.is_exact() { life } else { life.saturating_add(Self::GRAIN) }
    }

    /// A life that nothing may go beyond.
    fn at_most(&self, life: Duration) -> Duration {
        if self.is_exact() { life } else { Duration::from_secs(life.as_secs()) }
    }

    fn outcome(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Open(life) => Outcome::Open(self.at_least(life)),
            Outcome::Unknown(life) => Outcome::Unknown(self.at_least(life)),
            Outcome::Changed | Outcome::Unchanged => outcome,
        }
    }

    fn shortened(&self, entry: &Packed) -> Packed {
        Packed { life: entry.life.map(|life| self.at_most(life)), ..entry.clone() }
    }
}

type Done<T> = core::result::Result<T, Failure>;

fn finish<T>(call: Call<'_>, done: Done<T>, doing: &str) -> Result<T> {
    if done.is_ok() {
        call.finish();
    }
    done.map_err(|failure| failure.into_error(doing))
}

impl Link for MemcachedLink {
    fn names(&self) -> &Names {
        &self.servers.names
    }

    /// None: a memcached tells nobody of changes.
    fn subscriber(&self) -> Option<Box<dyn Subscriber>> {
        None
    }

    fn set_timeout(&self, timeout: Duration) {
        self.servers.set_timeout(timeout);
    }

    /// In one round trip.
    fn read(&self, entries: &[Name], tags: &[TagName]) -> Result<ReadReply> {
        self.call("reading entries", |call| call.read(entries, tags))
    }

    fn seed_and_read(&self, seeded: &[TagName], entries: &[Name], tags: &[TagName]) -> Result<(ReadReply, usize)> {
        self.call("reading entries", |call| call.seed_and_read(seeded, entries, tags))
    }

    fn seed(&self, tags: &[TagName], notes: &[Name]) -> Result<Seeded> {
        self.call("seeding tags", |call| call.seed(tags, notes))
    }

    /// In two round trips, if nobody comes between.
    fn place(&self, writer: Writer, tags: &[TagName], life: Duration, notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        let placed = (writer, self.at_least(life));
        let work = |tag: &TagName| {
            let tag = tag.clone();
            Work::on(Target::of_tag(&tag), move || Request::Place(placed, vec![tag.clone()], Vec::new()))
        };
        let works: Vec<Work<'_>> = tags.iter().map(work).collect();
        self.call("placing intents", |call| Ok(call.change_at_once(&works, notes)?.1))
    }

    /// Tags that outsiders choose the number of come after those before them, and intents that change nothing after all.
    fn release(&self, writer: Writer, releases: &[(TagName, Outcome)], notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        let releases: Vec<Replacing> = releases.iter().map(|(tag, outcome)| (tag.clone(), *outcome, None)).collect();
        Ok(self.release_comparing(writer, &releases, notes)?.notes)
    }

    fn release_comparing(&self, writer: Writer, releases: &[Replacing], notes: &[Name]) -> Result<Released> {
        let work = |(tag, outcome, held): &Replacing| {
            let (tag, outcome, held) = (tag.clone(), self.outcome(*outcome), *held);
            Work::on(Target::of_tag(&tag), move || {
                Request::Replace(writer, vec![(tag.clone(), outcome, held, Token::fresh())], Vec::new())
            })
        };
        let works: Vec<Work<'_>> = releases.iter().map(work).collect();
        let waves =
            super::call::waves(releases.iter().map(|(tag, outcome, _)| (tag.reach, *outcome == Outcome::Unchanged)));
        self.call("releasing intents", |call| {
            let (responses, notes) = call.change(&works, &waves, notes)?;
            let replaced = responses.into_iter().flat_map(|response| match response {
                Response::Replaced(released) => released.replaced,
                _ => Vec::new(),
            });
            Ok(Released { replaced: replaced.collect(), notes })
        })
    }

    fn remark(&self, table: &TableName, remark: Remark) -> Result<bool> {
        let works = [Work::on(Target::of_tag(&table.any), || Request::Remark(table.clone(), remark, Vec::new()))];
        let work = |call: &mut Call<'_>| is_taken(call.change_at_once(&works, &[])?.0.pop());
        match remark {
            Remark::Claim { .. } => self.call_once("changing notes", work),
            _ => self.call("changing notes", work),
        }
    }

    /// In several steps, if there are none: a claim, another token for each of the wide tags, the end of the claim, a note.
    fn restore(&self, table: &TableName, own: Fingerprint, wide: &[TagName]) -> Result<bool> {
        let found = self.seed(&[], core::slice::from_ref(&table.notes))?.notes.pop().flatten();
        if found.is_none() {
            let writer = Writer::fresh();
            self.remark(table, Remark::Claim { own, writer })?;
            let releases: Vec<(TagName, Outcome)> = wide.iter().map(|tag| (tag.clone(), Outcome::Changed)).collect();
            self.release(writer, &releases, &[])?;
            self.remark(table, Remark::Forget(writer))?;
        }
        self.remark(table, Remark::Note(own))
    }

    /// In one round trip, or in two if tags have to be kept that outsiders choose the number of.
    fn put(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        let entries: Vec<Packed> = entries.iter().map(|entry| self.shortened(entry)).collect();
        self.call("storing entries", |call| call.put(&entries, lease.map(|(name, _)| name)))
    }

    /// Waits for the answer.
    fn send(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        self.put(entries, lease)
    }

    fn unacknowledged_count(&self) -> u64 {
        0
    }

    fn remove(&self, entries: &[Name]) -> Result<()> {
        self.call("removing entries", |call| call.remove(entries))
    }

    fn forget(&self, entries: &[(Name, TagName)]) -> Result<()> {
        let entries: Vec<Name> = entries.iter().map(|(entry, _)| entry.clone()).collect();
        self.remove(&entries)
    }

    /// In one round trip.
    fn open(&self, slots: &[Packed], tags: &[TagName]) -> Result<ReadReply> {
        let slots: Vec<Packed> = slots.iter().map(|slot| self.shortened(slot)).collect();
        self.call_once("opening slots", |call| call.open(&slots, tags))
    }

    fn swap(&self, swaps: &[Swap]) -> Result<Vec<bool>> {
        let work = |swap: &Swap| {
            let mut swap = swap.clone();
            if let Some((_, Lasting::For(life))) = &mut swap.with {
                *life = self.at_most(*life);
            }
            Work::on(Target::of_row(&swap.name), move || Request::Swap(vec![swap.clone()]))
        };
        let works: Vec<Work<'_>> = swaps.iter().map(work).collect();
        self.call_once("swapping slots", |call| {
            let done = call.change_at_once(&works, &[])?.0.into_iter().flat_map(|response| match response {
                Response::Swapped(done) => done,
                _ => Vec::new(),
            });
            Ok(done.collect())
        })
    }

    fn lease(&self, lease: &Name, holder: Writer, life: Duration) -> Result<bool> {
        let life = self.at_least(life);
        let works = [Work::on(Target::of_row(lease), || Request::Lease(lease.clone(), holder, life))];
        self.call("taking a lease", |call| is_taken(call.change_at_once(&works, &[])?.0.pop()))
    }

    /// Takes no lease.
    fn start(&self, starting: &Commencing<'_>) -> Result<Commenced> {
        Ok(Commenced { seeded: self.seed(starting.tags, starting.notes)?, lease: None })
    }

    fn begin(
        &self,
        (lease, holder, life): (&Name, Writer, Duration),
        (entry, tags): (&Name, &[TagName]),
        notes: &[Name],
    ) -> Result<Opening> {
        let life = self.at_least(life);
        self.call("beginning a load", |call| {
            let request = Request::Lease(lease.clone(), holder, life);
            call.begin((lease, request), (entry, tags), notes)
        })
    }

    fn give_up(&self, lease: &Name, holder: Writer, unused: &[(TagName, Token)]) -> Result<()> {
        let end = |unused: Vec<(TagName, Token)>| Request::EndLease(lease.clone(), holder, unused);
        let forget = |(tag, token): &(TagName, Token)| {
            let unused = vec![(tag.clone(), *token)];
            Work::on(Target::of_tag(tag), move || end(unused.clone()))
        };
        let ended = Work::on(Target::of_row(lease), || end(Vec::new()));
        let works: Vec<Work<'_>> = core::iter::once(ended).chain(unused.iter().map(forget)).collect();
        self.call("ending a lease", |call| call.change_at_once(&works, &[]).map(drop))
    }

    /// Asks each server for its keys. One that does not tell them keeps entries until they expire, or it needs the room.
    fn reclaim(&self) -> Result<()> {
        let deadline = self.servers.deadline();
        for server in 0..self.servers.count() {
            self.servers.reclaim(server, deadline).map_err(|failure| failure.into_error("giving room back"))?;
        }
        Ok(())
    }

    fn incarnations_met(&self) -> u64 {
        self.servers.lives_met()
    }

    /// Zeros: counting keys would take as long as looking at all of them.
    fn usage(&self) -> Usage {
        Usage::default()
    }
}

fn is_taken(response: Option<Response>) -> Done<bool> {
    match response {
        Some(Response::Taken(is_taken)) => Ok(is_taken),
        _ => Err(Failure::strange(b"a question of yes or no")),
    }
}
