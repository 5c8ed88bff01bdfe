//! The place that all workers see at once without the database and without Redis: what was written, what may be read.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::ledger::{Bounds, Death, Ledger, Life, Moment, Reading, Writing};
use crate::message::{Line, Place, Reply, Request, Version};
use crate::question::{Key, Origin, Question, State, Table};
use crate::report::Tally;
use crate::schema::{owned_by, shared};

/// So many rows count as those that were written last. Few enough that each of them is asked for again and again.
const MOST_WRITTEN: usize = 16;

/// What the run knows. Handles to one.
#[derive(Clone, Debug)]
pub(crate) struct Coordinator(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    begun_at: Instant,
    is_hit_proof: bool,
    state: Mutex<Known>,
}

/// What the threads that talk to workers share.
#[derive(Debug)]
pub(crate) struct Known {
    ledger: Ledger,
    pub(crate) tally: Tally,
    /// The rows that were written last.
    written: VecDeque<Key>,
    /// Since when each worker is at a write.
    writing_since: BTreeMap<usize, Moment>,
}

impl Coordinator {
    /// Listens at `socket`. `is_hit_proof`: a hit shows that nothing is pending in its process.
    pub(crate) fn start(socket: &Path, workers: usize, bounds: Bounds, is_hit_proof: bool) -> io::Result<Self> {
        let mut ledger = Ledger::new(bounds);
        shared().for_each(|(key, group)| ledger.share(key, group));
        for id in (0..workers).flat_map(owned_by) {
            ledger.own(Key::new(Table::Items, id));
            ledger.own(Key::new(Table::Notes, id));
        }
        let (tally, written, writing_since) = (Tally::default(), VecDeque::new(), BTreeMap::new());
        let state = Mutex::new(Known { ledger, tally, written, writing_since });
        let shared = Arc::new(Shared { begun_at: Instant::now(), is_hit_proof, state });
        let listener = UnixListener::bind(socket)?;
        let coordinator = Self(shared);
        let accepts = coordinator.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| accepts.serve(stream)));
        Ok(coordinator)
    }

    /// The store lost what it held.
    pub(crate) fn lose(&self) {
        let now = self.now();
        self.known().ledger.lose(now);
    }

    /// A way is held from now on, or the store stands still.
    pub(crate) fn hold(&self, now: Moment) {
        self.known().ledger.hold(now);
    }

    /// What is held since then comes through.
    pub(crate) fn let_go(&self, since: Moment) {
        let mut known = self.known();
        let now = self.now();
        known.ledger.let_go(since, now);
    }

    /// Something is done to a part of the run.
    pub(crate) fn inject(&self, name: &'static str, what: &dyn core::fmt::Debug) {
        let now = self.now();
        self.known().tally.inject(name, format!("{now:.3?} {what:?}"));
    }

    /// Whether a worker is at no write that has taken longer than this.
    pub(crate) fn is_swift(&self, worker: usize, longest: Duration) -> bool {
        let known = self.known();
        let now = self.now();
        known.writing_since.get(&worker).is_none_or(|since| now <= *since + longest)
    }

    /// A worker was killed and has left its rows in these versions; `None`: the row is not there.
    pub(crate) fn inherit(&self, rows: &[(Key, Option<u64>)], death: &Death) {
        let mut known = self.known();
        let now = self.now();
        let (count, is_intended) = known.ledger.inherit(rows, death, now);
        known.tally.inherit(count, is_intended);
    }

    /// What is known.
    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Moment {
        self.0.begun_at.elapsed()
    }

    /// Serves one thread of a worker on a thread of its own, until it hangs up.
    fn serve(&self, stream: UnixStream) {
        let coordinator = self.clone();
        thread::spawn(move || -> io::Result<()> {
            let mut line = Line::new(stream)?;
            let Some(Request::Hello { worker, process, place }) = line.receive()? else { return Ok(()) };
            let mut desk = Desk { coordinator, worker, life: process, place, reading: None, writing: None };
            while let Some(request) = line.receive()? {
                if let Some(reply) = desk.answer(request) {
                    line.send(&reply)?;
                }
            }
            Ok(())
        });
    }
}

impl Known {
    fn note_written(&mut self, key: Key) {
        self.written.retain(|other| *other != key);
        self.written.push_back(key);
        if self.written.len() > MOST_WRITTEN {
            self.written.pop_front();
        }
    }
}

/// Where one thread of a worker is served.
#[derive(Debug)]
struct Desk {
    coordinator: Coordinator,
    worker: usize,
    life: Life,
    place: Place,
    reading: Option<(Question, Reading)>,
    writing: Option<Writing>,
}

impl Desk {
    fn answer(&mut self, request: Request) -> Option<Reply> {
        match request {
            Request::Begin(question) => Some(self.begin(question)),
            Request::End { seen, origin, age } => self.end(&seen, origin, age),
            Request::NearHits(count) => {
                self.coordinator.known().tally.near(self.life, count);
                None
            }
            Request::Stored(count) => {
                self.coordinator.known().tally.store(self.life, count);
                None
            }
            Request::Audited { compared, stale } => {
                self.coordinator.known().tally.audit(self.life, (compared, stale));
                None
            }
            Request::Failed => {
                self.coordinator.known().tally.failed_reads += 1;
                None
            }
            Request::Write(states) => Some(self.write(&states)),
            Request::Written { versions, release, is_first } => Some(self.settle(|known, writing, now| {
                known.ledger.acknowledge(writing, &versions, release, now);
                versions.iter().chain(&writing.versions).for_each(|(key, _)| known.note_written(*key));
                known.tally.write(release, is_first);
            })),
            Request::RolledBack => Some(self.settle(|known, writing, _| {
                known.ledger.roll_back(writing);
                known.tally.rolled_back += 1;
            })),
            Request::Hello { .. } | Request::Unknown => Some(self.settle(|known, _, _| known.tally.unknown += 1)),
        }
    }

    fn begin(&mut self, question: Question) -> Reply {
        let mut known = self.coordinator.known();
        // Under the lock: whoever was answered before is counted.
        let now = self.coordinator.now();
        self.reading = Some((question.clone(), known.ledger.read(question, self.life, now)));
        // Each time another one.
        let written = known.written.pop_front();
        known.written.extend(written);
        Reply::Noted { written }
    }

    fn end(&mut self, seen: &[Version], origin: Origin, age: Option<u64>) -> Option<Reply> {
        let (question, reading) = self.reading.take()?;
        let is_hit = self.coordinator.0.is_hit_proof && origin == Origin::Hit;
        let mut known = self.coordinator.known();
        let mut judgement = known.ledger.judge(&reading, seen, is_hit);
        if self.place == Place::Standby {
            known.tally.read_on_standby(origin, &judgement);
            if origin != Origin::Hit {
                judgement = known.ledger.judge(&reading.of_standby(), seen, false);
            }
        }
        let now = self.coordinator.now();
        known.tally.read(&question, origin, &judgement);
        if !judgement.faults.is_empty() {
            let (worker, life, place, faults) = (self.worker, self.life, self.place, &judgement.faults);
            let known_of: Vec<_> = faults.iter().map(|fault| known.ledger.history(fault.key())).collect();
            known.tally.fault(format!(
                "{now:.3?} worker {worker} (process {life}), {place:?}, {question:?}, {origin:?}, loaded {age:?} ms before: {faults:?}; \
                 {reading:?}; {known_of:?}",
            ));
        }
        None
    }

    fn write(&mut self, states: &[(Key, State)]) -> Reply {
        let mut known = self.coordinator.known();
        let now = self.coordinator.now();
        let writing = known.ledger.write(states, self.life, now);
        known.writing_since.insert(self.worker, now);
        let versions = writing.versions.iter().map(|(_, version)| *version).collect();
        self.writing = Some(writing);
        Reply::Versions(versions)
    }

    fn settle(&mut self, settle: impl FnOnce(&mut Known, &Writing, Moment)) -> Reply {
        if let Some(writing) = self.writing.take() {
            let mut known = self.coordinator.known();
            let now = self.coordinator.now();
            known.writing_since.remove(&self.worker);
            settle(&mut known, &writing, now);
        }
        Reply::Noted { written: None }
    }
}
