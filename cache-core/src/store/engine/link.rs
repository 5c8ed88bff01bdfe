//! Carries what a store asks for to an engine: each call is one transaction.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::name::key::Fingerprint;
use crate::name::tag::{Tag, Token};
use crate::protocol::intent::{Outcome, Writer};
use crate::protocol::notes::{Notes, Remark};
use crate::store::engine::changes::{Journal, Poller};
use crate::store::engine::overlay::Overlay;
use crate::store::engine::{Changes, Engine, Request, Response, Rows as _, View, connect, execute, seed_of};
use crate::store::link::{Commenced, Commencing, Link, Opening, Packed, ReadReply, Replacing, Swap};
use crate::store::{Incarnation, Name, Names, Released, Seeded, Subscriber, TableName, TagName, Usage, record};
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

/// What the record says of the store at the moment of a transaction.
#[derive(Debug)]
struct Standing {
    incarnation: Arc<str>,
    stamp: Option<Token>,
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

    /// Reads the rows under `names`, of which the first is the record of the incarnation, without writing anything; and the
    /// stamp.
    fn look(&self, names: &[Name]) -> Result<(View, Option<Token>)> {
        for _ in 0..Self::ATTEMPTS {
            self.counts.reads.fetch_add(1, Ordering::Relaxed);
            let view = self.engine.read(names)?;
            debug_assert_eq!(view.rows.len(), names.len(), "one row for each name");
            if let Some(stamp) = view.record() {
                self.meet(&view.incarnation);
                return Ok((view, stamp));
            }
            self.arrive()?;
        }
        Err(restless())
    }

    /// Executes requests in one transaction, and tells of `changed` tags besides those that the requests change.
    fn exchange(&self, requests: &[Request], changed: &[TagName]) -> Result<(Vec<Response>, Standing)> {
        for _ in 0..Self::ATTEMPTS {
            let mut names = self.names_of(requests);
            names.push(self.names.changes().clone());
            let mut done = None;
            self.engine.change(&names, &mut |view| {
                debug_assert_eq!(view.rows.len(), names.len(), "one row for each name");
                let Some(stamp) = view.record() else {
                    done = None;
                    return Changes::default();
                };
                let standing = Standing { incarnation: Arc::clone(&view.incarnation), stamp };
                let (changes, responses) = self.execute((requests, changed), (&names, view), stamp.is_some());
                done = Some((responses, standing));
                changes
            })?;
            if let Some((responses, standing)) = done {
                self.meet(&standing.incarnation);
                self.cull_by_turns();
                return Ok((responses, standing));
            }
            self.arrive()?;
        }
        Err(restless())
    }

    fn execute(
        &self,
        (requests, changed): (&[Request], &[TagName]),
        (names, view): (&[Name], View),
        is_stamped: bool,
    ) -> (Changes, Vec<Response>) {
        let View { rows, now, incarnation } = view;
        let mut rows = Overlay::new(self.names.start_of_entries(), names, rows);
        let told = requests.iter().flat_map(Request::changed).chain(changed);
        Journal::of(&self.names).write(&mut rows, told, now);
        let responses = requests.iter().map(|request| execute(&mut rows, request.clone(), now)).collect();
        if is_stamped && requests.iter().any(Request::renews_stamp) {
            rows.set(self.names.incarnation(), record::stamped(&incarnation, Token::fresh()), Timestamp::NEVER);
        }
        let has_to_last = requests.iter().any(Request::has_to_last) || !changed.is_empty();
        (Changes { rows: rows.into_written(), has_to_last }, responses)
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
            connect(&mut rows, names, (&view.incarnation, Some(Token::fresh())), view.now);
            Changes { rows: rows.into_written(), has_to_last: true }
        })
    }

    /// The names of the rows that requests look at; the record of the incarnation is the first.
    fn names_of(&self, requests: &[Request]) -> Vec<Name> {
        let mut names = vec![self.names.incarnation().clone()];
        requests.iter().for_each(|request| request.add_names(&mut names));
        names
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
        let mut names = Vec::with_capacity(1 + entries.len() + tags.len());
        names.push(self.names.incarnation().clone());
        names.extend_from_slice(entries);
        names.extend(tags.iter().map(|tag| tag.token.clone()));
        let (view, stamp) = self.look(&names)?;
        Ok(in_order(view, entries.len(), stamp))
    }

    fn seed_and_read(&self, seeded: &[TagName], entries: &[Name], tags: &[TagName]) -> Result<(ReadReply, usize)> {
        let requests = [
            Request::Read(Vec::new(), seeded.to_vec()),
            Request::Seed(fresh(seeded), Vec::new()),
            Request::Read(entries.to_vec(), tags.to_vec()),
        ];
        let (responses, standing) = self.exchange(&requests, &[])?;
        let [before, _, answer] = <[Response; 3]>::try_from(responses).map_err(|_| wrong())?;
        let is_new = read(before, &standing)?.seeds.iter().filter(|seed| seed.is_none()).count();
        Ok((read(answer, &standing)?, is_new))
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
        let (mut responses, standing) = self.exchange(&[Request::Open(slots.to_vec(), tags.to_vec())], &[])?;
        read(responses.pop().ok_or_else(wrong)?, &standing)
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
        let (responses, standing) = self.exchange(&requests, &[])?;
        let [leased, found, tokens] = <[Response; 3]>::try_from(responses).map_err(|_| wrong())?;
        let answer = read(found, &standing)?;
        Ok(Opening { is_taken: Some(taken(&leased)?), answer, seeded: seeded(tokens)? })
    }

    fn give_up(&self, lease: &Name, holder: Writer, unused: &[(TagName, Token)]) -> Result<()> {
        self.one(Request::EndLease(lease.clone(), holder, unused.to_vec())).map(drop)
    }

    fn stamp(&self, _beside: &Name) -> Result<()> {
        let record = [self.names.incarnation().clone()];
        self.engine.change(&record, &mut |view| {
            if view.record() != Some(None) {
                return Changes::default();
            }
            let mut rows = Overlay::new(self.names.start_of_entries(), &record, view.rows);
            rows.set(&record[0], record::stamped(&view.incarnation, Token::fresh()), Timestamp::NEVER);
            Changes { rows: rows.into_written(), has_to_last: false }
        })
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

/// What was read, in the order in which it was asked for, behind the record.
fn in_order(view: View, entries: usize, stamp: Option<Token>) -> ReadReply {
    let View { rows, now, incarnation } = view;
    let mut present = rows.into_iter().skip(1).map(|row| row.filter(|row| now < row.expires_at));
    ReadReply {
        entries: present.by_ref().take(entries).map(|row| row.map(|row| row.bytes)).collect(),
        seeds: present.map(|row| seed_of(&row?.bytes, now)).collect(),
        incarnation: Incarnation::called(&incarnation),
        stamp,
    }
}

fn read(response: Response, standing: &Standing) -> Result<ReadReply> {
    let (incarnation, stamp) = (Incarnation::called(&standing.incarnation), standing.stamp);
    match response {
        Response::Read(answer) => Ok(ReadReply { incarnation, stamp, ..answer }),
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
