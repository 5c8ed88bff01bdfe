//! One process's connection to the server, and what goes wrong with it.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cache_core::intent::{Outcome, Writer};
use cache_core::protocol::notes::{Notes, Remark};
use cache_core::store::engine::{Request, Response};
use cache_core::store::{
    Commenced, Commencing, Link, Name, Names, Opening, Packed, ReadReply, Released, Replacing, Seeded, Subscriber,
    Swap, TableName, TagName, Usage,
};
use cache_core::{Error, ErrorKind, Fingerprint, Result, Token};

use super::fault::Faults;
use super::hooks::{Hooks, Moment};
use super::sent::Sent;
use super::{Fault, Operation, Server};

/// A process's link to a [`Server`]. Clones are the same link, so that a test keeps its hands on it.
#[derive(Clone, Debug)]
pub struct SimulatedLink {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    server: Server,
    names: Names,
    timeout: Mutex<Duration>,
    connected: Mutex<Option<u64>>,
    /// The incarnation that was met last, and how many were so far.
    met: Mutex<(Option<u64>, u64)>,
    faults: Mutex<Faults>,
    hooks: Hooks,
    round_trips: AtomicU64,
}

impl SimulatedLink {
    /// How long a caller waits for an answer that does not come, unless the link is told otherwise.
    pub const TIMEOUT: Duration = Duration::from_millis(500);

    /// A link of its own to `server`, which calls keys by `names`.
    #[must_use]
    pub fn new(server: &Server, names: Names) -> Self {
        let inner = Inner {
            server: server.clone(),
            names,
            timeout: Mutex::new(Self::TIMEOUT),
            connected: Mutex::default(),
            met: Mutex::default(),
            faults: Mutex::default(),
            hooks: Hooks::default(),
            round_trips: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Lets `fault` befall the next `operation` that nothing else was planned for.
    pub fn plan(&self, operation: Operation, fault: Fault) {
        lock(&self.inner.faults).plan(operation, fault);
    }

    /// Lets any of `faults` befall one in so many operations from now on; none, for zero.
    pub fn misbehave(&self, seed: u64, once_in: u64, faults: &[Fault]) {
        lock(&self.inner.faults).at_random(seed, once_in, faults);
    }

    /// Parts this process from the server, or joins them again. Others are not concerned.
    pub fn part(&self, is_parted: bool) {
        lock(&self.inner.faults).part(is_parted);
        self.disconnect();
    }

    /// Drops the connection.
    pub fn disconnect(&self) {
        *lock(&self.inner.connected) = None;
    }

    /// Runs `hook` before the next `operation` is sent.
    pub fn before(&self, operation: Operation, hook: impl FnOnce() + Send + 'static) {
        self.inner.hooks.add(Moment::Before, operation, Box::new(hook));
    }

    /// Runs `hook` when the next `operation` has been answered, or has failed.
    pub fn after(&self, operation: Operation, hook: impl FnOnce() + Send + 'static) {
        self.inner.hooks.add(Moment::After, operation, Box::new(hook));
    }

    /// Drops the hooks that have not run.
    pub fn forget_hooks(&self) {
        self.inner.hooks.forget();
    }

    /// How many operations were sent so far.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.inner.round_trips.load(Ordering::SeqCst)
    }

    fn remark_with(&self, table: &TableName, remark: Remark, wide: &[TagName]) -> Result<bool> {
        let wide = wide.iter().map(|tag| (tag.clone(), Token::fresh())).collect();
        match self.exchange(Request::Remark(table.clone(), remark, wide))? {
            Response::Taken(may_store) => Ok(may_store),
            // A server that is closed says yes to everything.
            Response::Done => Ok(true),
            other => Err(wrong(&other)),
        }
    }

    fn exchange(&self, request: Request) -> Result<Response> {
        self.send_and_wait(Sent::Request(request))
    }

    fn send_and_wait(&self, request: Sent) -> Result<Response> {
        let operation = request.operation();
        self.inner.hooks.run(Moment::Before, operation);
        self.inner.round_trips.fetch_add(1, Ordering::SeqCst);
        let fault = lock(&self.inner.faults).next(operation);
        let reply = self.carry(request, fault);
        self.inner.hooks.run(Moment::After, operation);
        reply
    }

    fn carry(&self, mut request: Sent, fault: Option<Fault>) -> Result<Response> {
        let timeout = *lock(&self.inner.timeout);
        match fault {
            None => return Ok(self.execute(request)),
            Some(Fault::Delayed(duration)) if duration < timeout => {
                self.inner.server.time().pass(duration);
                return Ok(self.execute(request));
            }
            Some(Fault::SentTwice) => {
                self.hold(request.clone());
                return Ok(self.execute(request));
            }
            Some(Fault::Delayed(_) | Fault::Late) => {
                self.hold(request);
                self.inner.server.time().pass(timeout);
            }
            Some(Fault::Hangs) => self.inner.server.time().pass(timeout),
            Some(Fault::Refused) => {}
            Some(Fault::ReplyLost) => drop(self.execute(request)),
            Some(Fault::Torn(count)) => {
                request.tear(count);
                self.execute(request);
            }
        }
        // A connection whose answer did not come is not used again: the next answer on it could be the late one.
        self.disconnect();
        Err(broken())
    }

    fn execute(&self, request: Sent) -> Response {
        let connected = self.connect();
        let (incarnation, reply) = self.inner.server.execute(&self.inner.names, connected, request);
        *lock(&self.inner.connected) = Some(incarnation);
        let mut met = lock(&self.inner.met);
        if met.0 != Some(incarnation) {
            *met = (Some(incarnation), met.1 + 1);
        }
        reply
    }

    fn hold(&self, request: Sent) {
        let connected = self.connect();
        self.inner.server.hold(&self.inner.names, connected, request);
    }

    /// The incarnation that this link is connected to. A hook for a new connection runs before there is one.
    fn connect(&self) -> Option<u64> {
        let connected = *lock(&self.inner.connected);
        if connected != Some(self.inner.server.incarnation()) {
            self.inner.hooks.run(Moment::Before, Operation::Connect);
        }
        connected
    }
}

impl Link for SimulatedLink {
    fn names(&self) -> &Names {
        &self.inner.names
    }

    fn subscriber(&self) -> Option<Box<dyn Subscriber>> {
        None
    }

    fn set_timeout(&self, timeout: Duration) {
        *lock(&self.inner.timeout) = timeout;
    }

    fn read(&self, entries: &[Name], tags: &[TagName]) -> Result<ReadReply> {
        match self.exchange(Request::Read(entries.to_vec(), tags.to_vec()))? {
            Response::Read(answer) => Ok(answer),
            other => Err(wrong(&other)),
        }
    }

    /// In three round trips.
    fn seed_and_read(&self, seeded: &[TagName], entries: &[Name], tags: &[TagName]) -> Result<(ReadReply, usize)> {
        let before = self.read(&[], seeded)?;
        self.seed(seeded, &[])?;
        Ok((self.read(entries, tags)?, before.seeds.iter().filter(|seed| seed.is_none()).count()))
    }

    fn seed(&self, tags: &[TagName], notes: &[Name]) -> Result<Seeded> {
        let tags = tags.iter().map(|tag| (tag.clone(), Token::fresh())).collect();
        match self.exchange(Request::Seed(tags, notes.to_vec()))? {
            Response::Noted(seeds, notes) => Ok(Seeded { seeds, notes }),
            other => Err(wrong(&other)),
        }
    }

    fn place(&self, writer: Writer, tags: &[TagName], life: Duration, notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        noted(self.exchange(Request::Place((writer, life), tags.to_vec(), notes.to_vec()))?, notes)
    }

    fn release(&self, writer: Writer, releases: &[(TagName, Outcome)], notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        let releases = releases.iter().map(|(tag, outcome)| (tag.clone(), *outcome, Token::fresh())).collect();
        noted(self.exchange(Request::Release(writer, releases, notes.to_vec()))?, notes)
    }

    fn release_comparing(&self, writer: Writer, releases: &[Replacing], notes: &[Name]) -> Result<Released> {
        let releases = releases.iter().map(|(tag, outcome, held)| (tag.clone(), *outcome, *held, Token::fresh()));
        match self.exchange(Request::Replace(writer, releases.collect(), notes.to_vec()))? {
            Response::Replaced(released) => Ok(released),
            other => Err(wrong(&other)),
        }
    }

    fn remark(&self, table: &TableName, remark: Remark) -> Result<bool> {
        self.remark_with(table, remark, &[])
    }

    fn restore(&self, table: &TableName, own: Fingerprint, wide: &[TagName]) -> Result<bool> {
        self.remark_with(table, Remark::Restore(own), wide)
    }

    /// In two round trips, where a lease is to be ended.
    fn put(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        if !entries.is_empty() {
            self.exchange(Request::Put(entries.to_vec()))?;
        }
        if let Some((lease, holder)) = lease {
            drop(self.give_up(lease, holder, &[]));
        }
        Ok(())
    }

    /// Waits.
    fn send(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        self.put(entries, lease)
    }

    fn unacknowledged_count(&self) -> u64 {
        0
    }

    fn remove(&self, entries: &[Name]) -> Result<()> {
        self.exchange(Request::Remove(entries.to_vec())).map(drop)
    }

    /// Nobody is told of changes.
    fn forget(&self, entries: &[(Name, TagName)]) -> Result<()> {
        self.remove(&entries.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>())
    }

    fn open(&self, slots: &[Packed], tags: &[TagName]) -> Result<ReadReply> {
        match self.exchange(Request::Open(slots.to_vec(), tags.to_vec()))? {
            Response::Read(answer) => Ok(answer),
            other => Err(wrong(&other)),
        }
    }

    fn swap(&self, swaps: &[Swap]) -> Result<Vec<bool>> {
        match self.exchange(Request::Swap(swaps.to_vec()))? {
            Response::Swapped(done) => Ok(done),
            other => Err(wrong(&other)),
        }
    }

    fn lease(&self, lease: &Name, holder: Writer, life: Duration) -> Result<bool> {
        match self.exchange(Request::Lease(lease.clone(), holder, life))? {
            Response::Taken(taken) => Ok(taken),
            other => Err(wrong(&other)),
        }
    }

    /// Takes no lease.
    fn start(&self, starting: &Commencing<'_>) -> Result<Commenced> {
        Ok(Commenced { seeded: self.seed(starting.tags, starting.notes)?, lease: None })
    }

    /// In three round trips.
    fn begin(
        &self,
        (lease, holder, life): (&Name, Writer, Duration),
        (entry, tags): (&Name, &[TagName]),
        notes: &[Name],
    ) -> Result<Opening> {
        let is_taken = self.lease(lease, holder, life).ok();
        let answer = self.read(core::slice::from_ref(entry), tags)?;
        Ok(Opening { is_taken, answer, seeded: self.seed(tags, notes)? })
    }

    fn give_up(&self, lease: &Name, holder: Writer, unused: &[(TagName, Token)]) -> Result<()> {
        self.exchange(Request::EndLease(lease.clone(), holder, unused.to_vec())).map(drop)
    }

    fn reclaim(&self) -> Result<()> {
        self.send_and_wait(Sent::Reclaim(self.inner.names.start_of_entries().to_owned())).map(drop)
    }

    fn incarnations_met(&self) -> u64 {
        lock(&self.inner.met).1
    }

    fn usage(&self) -> Usage {
        let (entries, weight) = self.inner.server.measure(self.inner.names.start_of_entries());
        let (tags, _) = self.inner.server.measure(self.inner.names.start_of_tokens());
        Usage::of(entries, tags, weight as u64)
    }
}

/// What was noted. A server that is closed has nothing to say.
fn noted(reply: Response, asked: &[Name]) -> Result<Vec<Option<Notes>>> {
    match reply {
        Response::Noted(_, notes) => Ok(notes),
        Response::Done => Ok(vec![Some(Notes::default()); asked.len()]),
        other => Err(wrong(&other)),
    }
}

fn broken() -> Error {
    Error::new(ErrorKind::Store, "waiting for an answer").with_source("the link is broken")
}

fn wrong(reply: &Response) -> Error {
    Error::new(ErrorKind::Store, "reading an answer").with_source(format!("an answer to something else: {reply:?}"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
