//! Carries what a store asks for to an engine: each call is one transaction.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::name::key::Fingerprint;
use crate::name::tag::{Tag, Token};
use crate::protocol::incarnation::{Arrival, arrive};
use crate::protocol::intent::{Outcome, Writer};
use crate::protocol::notes::{Notes, Remark};
use crate::store::engine::changes::{Journal, Poller};
use crate::store::engine::overlay::Overlay;
use crate::store::engine::{Changes, Engine, Request, Response, View, connect, execute};
use crate::store::link::{Commenced, Commencing, Link, Opening, Packed, ReadReply, Replacing, Swap};
use crate::store::{Incarnation, Name, Names, Released, Seeded, Subscriber, TableName, TagName, Usage};
use crate::sync::Mutex;

/// A link to the rows of an [`Engine`]. Clones are the same link.
#[derive(Debug)]
pub struct EngineLink<E> {
    engine: Arc<E>,
    names: Names,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// The incarnation that was met last, and how many were so far.
    met: Mutex<(Option<Arc<str>>, u64)>,
    reads: AtomicU64,
    changes: AtomicU64,
}

impl<E> Clone for EngineLink<E> {
    fn clone(&self) -> Self {
        Self { engine: Arc::clone(&self.engine), names: self.names.clone(), counts: Arc::clone(&self.counts) }
    }
}

impl<E: Engine> EngineLink<E> {
    /// How many transactions that write come before the next one looks for what has expired.
    const CULL_ONCE_IN: u64 = 64;
    /// How often a transaction is tried anew because the engine began another incarnation meanwhile.
    const ATTEMPTS: usize = 4;

    /// A link to `engine`, whose rows are called by `names`.
    pub fn new(engine: E, names: Names) -> Self {
        Self { engine: Arc::new(engine), names, counts: Arc::default() }
    }

    /// The engine.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// How many transactions there were so far.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.counts.reads.load(Ordering::Relaxed) + self.counts.changes.load(Ordering::Relaxed)
    }

    /// Reads what `request` asks for, without writing anything.
    fn read_only(&self, request: Request) -> Result<(Response, Arc<str>)> {
        for _ in 0..Self::ATTEMPTS {
            let names = self.names_of(core::slice::from_ref(&request));
            self.counts.reads.fetch_add(1, Ordering::Relaxed);
            let view = self.engine.read(&names)?;
            if !self.is_arrived(&view, &names) {
                self.arrive()?;
                continue;
            }
            self.meet(&view.incarnation);
            let (now, incarnation) = (view.now, view.incarnation);
            let mut rows = Overlay::new(self.names.start_of_entries(), &names, view.rows);
            return Ok((execute(&mut rows, request, now), incarnation));
        }
        Err(restless())
    }

    /// Executes requests in one transaction, and tells of `changed` tags besides those that the requests change.
    fn exchange(&self, requests: &[Request], changed: &[TagName]) -> Result<(Vec<Response>, Arc<str>)> {
        for _ in 0..Self::ATTEMPTS {
            let mut names = self.names_of(requests);
            names.push(self.names.changes().clone());
            let mut done = None;
            self.engine.change(&names, &mut |view| {
                if !self.is_arrived(&view, &names) {
                    done = None;
                    return Changes::default();
                }
                let (changes, responses, incarnation) = self.execute(requests, changed, &names, view);
                done = Some((responses, incarnation));
                changes
            })?;
            if let Some((responses, incarnation)) = done {
                self.meet(&incarnation);
                self.cull_by_turns();
                return Ok((responses, incarnation));
            }
            self.arrive()?;
        }
        Err(restless())
    }

    fn execute(
        &self,
        requests: &[Request],
        changed: &[TagName],
        names: &[Name],
        view: View,
    ) -> (Changes, Vec<Response>, Arc<str>) {
        let View { rows, now, incarnation } = view;
        let mut rows = Overlay::new(self.names.start_of_entries(), names, rows);
        let told = requests.iter().flat_map(Request::changed).chain(changed);
        Journal::of(&self.names).write(&mut rows, told, now);
        let responses = requests.iter().map(|request| execute(&mut rows, request.clone(), now)).collect();
        let has_to_last = requests.iter().any(Request::has_to_last) || !changed.is_empty();
        (Changes { rows: rows.into_written(), has_to_last }, responses, incarnation)
    }

    fn one(&self, request: Request) -> Result<Response> {
        let (mut responses, _) = self.exchange(&[request], &[])?;
        responses.pop().ok_or_else(wrong)
    }

    fn arrive(&self) -> Result<()> {
        Self::arrive_at(&self.engine, &self.names)
    }

    /// Changes the root tag and records the incarnation, if it is another one.
    pub(super) fn arrive_at(engine: &E, names: &Names) -> Result<()> {
        let root = names.tag(&Tag::root());
        let asked = [names.incarnation().clone(), root.token.clone(), root.intents()];
        engine.change(&asked, &mut |view| {
            let mut rows = Overlay::new(names.start_of_entries(), &asked, view.rows);
            connect(&mut rows, names, &view.incarnation, view.now);
            Changes { rows: rows.into_written(), has_to_last: true }
        })
    }

    /// The names of the rows that requests look at; the record of the incarnation is the first.
    fn names_of(&self, requests: &[Request]) -> Vec<Name> {
        let mut names = vec![self.names.incarnation().clone()];
        requests.iter().for_each(|request| request.add_names(&mut names));
        names
    }

    fn is_arrived(&self, view: &View, names: &[Name]) -> bool {
        debug_assert_eq!(view.rows.len(), names.len(), "one row for each name");
        let recorded = view.rows.first().and_then(Option::as_ref).map(|row| &*row.bytes);
        arrive(recorded, view.incarnation.as_bytes()) == Arrival::Proceed
    }

    fn meet(&self, incarnation: &Arc<str>) {
        let mut met = self.counts.met.lock();
        if met.0.as_ref() != Some(incarnation) {
            *met = (Some(Arc::clone(incarnation)), met.1 + 1);
        }
    }

    /// What cannot be removed now is removed later.
    fn cull_by_turns(&self) {
        if self.counts.changes.fetch_add(1, Ordering::Relaxed) % Self::CULL_ONCE_IN == Self::CULL_ONCE_IN - 1 {
            let _ = self.engine.cull();
        }
    }
}

impl<E: Engine> Link for EngineLink<E> {
    fn names(&self) -> &Names {
        &self.names
    }

    fn subscriber(&self) -> Option<Box<dyn Subscriber>> {
        Some(Box::new(Poller::new(&self.engine, &self.names)))
    }

    fn set_timeout(&self, timeout: Duration) {
        self.engine.set_timeout(timeout);
    }

    fn read(&self, entries: &[Name], tags: &[TagName]) -> Result<ReadReply> {
        let (response, incarnation) = self.read_only(Request::Read(entries.to_vec(), tags.to_vec()))?;
        read(response, &incarnation)
    }

    fn seed_and_read(&self, seeded: &[TagName], entries: &[Name], tags: &[TagName]) -> Result<(ReadReply, usize)> {
        let requests = [
            Request::Read(Vec::new(), seeded.to_vec()),
            Request::Seed(fresh(seeded), Vec::new()),
            Request::Read(entries.to_vec(), tags.to_vec()),
        ];
        let (responses, incarnation) = self.exchange(&requests, &[])?;
        let [before, _, answer] = <[Response; 3]>::try_from(responses).map_err(|_| wrong())?;
        let is_new = read(before, &incarnation)?.seeds.iter().filter(|seed| seed.is_none()).count();
        Ok((read(answer, &incarnation)?, is_new))
    }

    fn seed(&self, tags: &[TagName], notes: &[Name]) -> Result<Seeded> {
        seeded(self.one(Request::Seed(fresh(tags), notes.to_vec()))?)
    }

    fn place(&self, writer: Writer, tags: &[TagName], life: Duration, notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        Ok(seeded(self.one(Request::Place((writer, life), tags.to_vec(), notes.to_vec()))?)?.notes)
    }

    fn release(&self, writer: Writer, releases: &[(TagName, Outcome)], notes: &[Name]) -> Result<Vec<Option<Notes>>> {
        let releases = releases.iter().map(|(tag, outcome)| (tag.clone(), *outcome, Token::fresh())).collect();
        Ok(seeded(self.one(Request::Release(writer, releases, notes.to_vec()))?)?.notes)
    }

    fn release_comparing(&self, writer: Writer, releases: &[Replacing], notes: &[Name]) -> Result<Released> {
        let releases = releases.iter().map(|(tag, outcome, held)| (tag.clone(), *outcome, *held, Token::fresh()));
        match self.one(Request::Replace(writer, releases.collect(), notes.to_vec()))? {
            Response::Replaced(released) => Ok(released),
            _ => Err(wrong()),
        }
    }

    fn remark(&self, table: &TableName, remark: Remark) -> Result<bool> {
        taken(&self.one(Request::Remark(table.clone(), remark, Vec::new()))?)
    }

    fn restore(&self, table: &TableName, own: Fingerprint, wide: &[TagName]) -> Result<bool> {
        taken(&self.one(Request::Remark(table.clone(), Remark::Restore(own), fresh(wide)))?)
    }

    fn put(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        let stored = Request::Put(entries.to_vec());
        let ended = lease.map(|(lease, holder)| Request::EndLease(lease.clone(), holder, Vec::new()));
        let requests: Vec<Request> = [stored].into_iter().chain(ended).collect();
        self.exchange(&requests, &[]).map(drop)
    }

    /// Waits: a transaction is over when the call returns.
    fn send(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()> {
        self.put(entries, lease)
    }

    fn unacknowledged_count(&self) -> u64 {
        0
    }

    fn remove(&self, entries: &[Name]) -> Result<()> {
        self.one(Request::Remove(entries.to_vec())).map(drop)
    }

    fn forget(&self, entries: &[(Name, TagName)]) -> Result<()> {
        let (entries, tags): (Vec<Name>, Vec<TagName>) = entries.iter().cloned().unzip();
        self.exchange(&[Request::Remove(entries)], &tags).map(drop)
    }

    fn open(&self, slots: &[Packed], tags: &[TagName]) -> Result<ReadReply> {
        let (mut responses, incarnation) = self.exchange(&[Request::Open(slots.to_vec(), tags.to_vec())], &[])?;
        read(responses.pop().ok_or_else(wrong)?, &incarnation)
    }

    fn swap(&self, swaps: &[Swap]) -> Result<Vec<bool>> {
        match self.one(Request::Swap(swaps.to_vec()))? {
            Response::Swapped(done) => Ok(done),
            _ => Err(wrong()),
        }
    }

    fn lease(&self, lease: &Name, holder: Writer, life: Duration) -> Result<bool> {
        taken(&self.one(Request::Lease(lease.clone(), holder, life))?)
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
        let requests = [
            Request::Lease(lease.clone(), holder, life),
            Request::Read(vec![entry.clone()], tags.to_vec()),
            Request::Seed(fresh(tags), notes.to_vec()),
        ];
        let (responses, incarnation) = self.exchange(&requests, &[])?;
        let [leased, found, tokens] = <[Response; 3]>::try_from(responses).map_err(|_| wrong())?;
        let answer = read(found, &incarnation)?;
        Ok(Opening { is_taken: Some(taken(&leased)?), answer, seeded: seeded(tokens)? })
    }

    fn give_up(&self, lease: &Name, holder: Writer, unused: &[(TagName, Token)]) -> Result<()> {
        self.one(Request::EndLease(lease.clone(), holder, unused.to_vec())).map(drop)
    }

    fn reclaim(&self) -> Result<()> {
        self.engine.remove_all(self.names.start_of_entries())
    }

    fn incarnations_met(&self) -> u64 {
        self.counts.met.lock().1
    }

    fn usage(&self) -> Usage {
        self.engine.usage()
    }
}

fn fresh(tags: &[TagName]) -> Vec<(TagName, Token)> {
    tags.iter().map(|tag| (tag.clone(), Token::fresh())).collect()
}

fn read(response: Response, incarnation: &str) -> Result<ReadReply> {
    match response {
        Response::Read(answer) => Ok(ReadReply { incarnation: Incarnation::called(incarnation), ..answer }),
        _ => Err(wrong()),
    }
}

fn seeded(response: Response) -> Result<Seeded> {
    match response {
        Response::Noted(seeds, notes) => Ok(Seeded { seeds, notes }),
        _ => Err(wrong()),
    }
}

fn taken(response: &Response) -> Result<bool> {
    match response {
        Response::Taken(taken) => Ok(*taken),
        _ => Err(wrong()),
    }
}

fn wrong() -> Error {
    Error::new(ErrorKind::Store, "reading an answer").with_source("an answer to something else")
}

fn restless() -> Error {
    Error::new(ErrorKind::Store, "comparing the incarnation").with_source("it changes all the time")
}
