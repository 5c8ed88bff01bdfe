//! A random history of processes over one server: who does what, what goes wrong, and what each read has to give at least.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_core::{Clock, Fill, Timestamp, WriteEnd};
use conformance::Dice;
use conformance::simulation::{Fault, Operation, Snapshot};

use crate::build::{Build, shelf, unique_value};
use crate::city::{City, INTENT_LIFE, Rows};
use crate::given::Before;
use crate::process::{Process, Question, Write};

const STEPS: usize = 200;
const ROWS: u64 = 4;

/// What the server may lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Losses {
    /// Any key, its last operations, or all since a snapshot.
    Any,
    /// Nothing.
    None,
    /// Notes beside tables.
    Notes,
}

/// A process and what it is in the middle of.
struct Actor {
    process: Process,
    fills: Vec<Begun>,
    writes: Vec<Open>,
    /// What it wrote itself: no read of its own may give anything older.
    wrote: BTreeMap<u64, u64>,
}

/// A fill that has not been ended: its process has asked the database.
struct Begun {
    process: Process,
    question: Question,
    fill: (Box<Fill>, Rows),
}

/// A write that has not been released.
struct Open {
    row: u64,
    write: Write,
    /// Whether the server took its intents.
    is_placed: bool,
    /// What it wrote, when it is committed.
    value: Option<u64>,
    /// What was seen before it, if its row is to be stored.
    before: Option<Before>,
}

pub struct History {
    seed: u64,
    dice: Dice,
    city: City,
    losses: Losses,
    actors: Vec<Actor>,
    /// What was begun in the middle of a step of somebody else, and by whom.
    between: Arc<Mutex<Vec<(usize, Begun)>>>,
    snapshots: Vec<Snapshot>,
    next: u64,
    /// What every read of whatever process has to give at least.
    floor: BTreeMap<u64, u64>,
    /// What has to be given at least from some moment on: a write that nobody released, when its intent has ended.
    bounds: Vec<(Timestamp, u64, u64)>,
}

impl History {
    pub fn new(seed: u64, losses: Losses) -> Self {
        let (city, mut dice) = (City::new(), Dice::new(seed));
        let once_in = 4 + dice.below(30);
        let actors = (1..=3).map(|number| {
            let process = impatient(&city);
            process.link.misbehave(seed ^ number, once_in, &Fault::ALLOWED);
            Actor { process, fills: Vec::new(), writes: Vec::new(), wrote: BTreeMap::new() }
        });
        let actors = actors.collect();
        let (between, snapshots) = (Arc::default(), Vec::new());
        let (floor, bounds) = (BTreeMap::new(), Vec::new());
        Self { seed, dice, city, losses, actors, between, snapshots, next: 11, floor, bounds }
    }

    /// Of programs of which each declares something else: what the others do not know of, it reads by.
    pub fn of_builds(seed: u64, losses: Losses) -> Self {
        let mut history = Self::new(seed, losses);
        let mut builds = vec![
            Build::declaring(&[]),
            Build::declaring(&[shelf(false)]),
            Build::declaring(&[shelf(true)]),
            Build::declaring(&[unique_value()]),
            Build::with_another_key(&[unique_value(), shelf(false)]),
        ];
        for actor in &mut history.actors {
            actor.process.build = builds.swap_remove(history.dice.index(builds.len()));
        }
        history
    }

    /// Gives how many reads were answered from the cache.
    pub fn run(mut self) -> u64 {
        for step in 0..STEPS {
            self.step(step);
        }
        self.actors.iter().map(|actor| actor.process.cache.statistics().total().hit_count).sum()
    }

    fn step(&mut self, step: usize) {
        let at = self.dice.index(self.actors.len());
        let link = self.actors[at].process.link.clone();
        if self.dice.once_in(4) {
            self.come_between(at);
        }
        match self.dice.below(40) {
            0..16 => self.read(step, at),
            16..20 => self.begin_fill(at),
            20..24 => self.end_fill(at),
            24..28 => self.place(at),
            28..31 => self.commit(at),
            31..35 => self.release(at),
            35 => self.city.clock.advance(Duration::from_millis(self.dice.below(6_000))),
            36 => self.deliver(),
            37 => self.die(at),
            _ => self.lose(),
        }
        link.forget_hooks();
        let begun = core::mem::take(&mut *self.between.lock().unwrap());
        begun.into_iter().for_each(|(by, begun)| self.actors[by].fills.push(begun));
    }

    fn read(&mut self, step: usize, at: usize) {
        self.pass_bounds();
        let question = self.question(at);
        let (least, rows) = (self.least(at), self.city.database.rows());
        let seen = self.actors[at].process.read(question);
        for (row, least) in least {
            let seen = seen.get(&row).copied();
            // The row may have got another value since, by a write of which nobody has been told.
            let is_there = !matches!(question, Question::Value(_)) || rows.get(&row) == Some(&least);
            let is_asked = is_there && question.asks_for(row, least);
            let is_right = if is_asked { seen >= Some(least) } else { seen.is_none_or(|seen| seen >= least) };
            assert!(is_right, "history {}, step {step}: row {row} is {seen:?}, not {least}", self.seed);
        }
    }

    /// What process `at` has to see at least: what was acknowledged, and what it wrote itself.
    fn least(&self, at: usize) -> BTreeMap<u64, u64> {
        let mut least = self.floor.clone();
        self.actors[at].wrote.iter().for_each(|(row, value)| raise(&mut least, *row, *value));
        least
    }

    fn pass_bounds(&mut self) {
        let now = self.city.clock.now();
        let (over, ahead): (Vec<_>, Vec<_>) = self.bounds.drain(..).partition(|(moment, ..)| *moment <= now);
        self.bounds = ahead;
        over.into_iter().for_each(|(_, row, value)| raise(&mut self.floor, row, value));
    }

    /// Somebody reads in the middle of what process `at` does next, and stores that at once, or later.
    fn come_between(&mut self, at: usize) {
        let by = self.dice.index(self.actors.len());
        let operations = [Operation::Place, Operation::Release, Operation::Remark, Operation::Seed];
        let (operation, is_begun) = (operations[self.dice.index(operations.len())], self.dice.once_in(2));
        let (process, question) = (self.actors[by].process.clone(), self.question(by));
        let between = Arc::clone(&self.between);
        self.actors[at].process.link.after(operation, move || {
            if !is_begun {
                return drop(process.read(question));
            }
            let fill = process.begin_fill(question);
            let begun = fill.map(|fill| (by, Begun { process, question, fill }));
            between.lock().unwrap().extend(begun);
        });
    }

    fn begin_fill(&mut self, at: usize) {
        let (process, question) = (self.actors[at].process.clone(), self.question(at));
        let fill = process.begin_fill(question);
        self.actors[at].fills.extend(fill.map(|fill| Begun { process, question, fill }));
    }

    fn end_fill(&mut self, at: usize) {
        let actor = &mut self.actors[at];
        if !actor.fills.is_empty() {
            let begun = actor.fills.swap_remove(self.dice.index(actor.fills.len()));
            begun.process.end_fill(begun.question, begun.fill);
        }
    }

    fn place(&mut self, at: usize) {
        let row = 1 + self.dice.below(ROWS);
        let stores = self.dice.once_in(2);
        let process = &self.actors[at].process;
        let seen = if stores { process.look_before(row) } else { None };
        let before = process.failures();
        let write = if self.city.database.rows().contains_key(&row) { process.place(row) } else { process.place_new() };
        let is_placed = process.failures() == before;
        self.actors[at].writes.push(Open { row, write, is_placed, value: None, before: seen });
    }

    fn commit(&mut self, at: usize) {
        let value = self.next;
        if let Some(open) = self.actors[at].writes.iter_mut().find(|open| open.value.is_none()) {
            open.value = Some(value);
            self.city.database.set(open.row, value);
            self.next += 1;
        }
    }

    /// One of the writes is released, or rolled back.
    fn release(&mut self, at: usize) {
        let actor = &mut self.actors[at];
        if actor.writes.is_empty() {
            return;
        }
        let open = actor.writes.swap_remove(self.dice.index(actor.writes.len()));
        let Some(value) = open.value else { return actor.process.end(open.write) };
        let before = actor.process.failures();
        match open.before {
            Some(seen) => drop(actor.process.release_storing(open.write, (open.row, value), seen)),
            None => actor.process.release(open.write, WriteEnd::Over),
        }
        raise(&mut actor.wrote, open.row, value);
        if actor.process.failures() == before {
            raise(&mut self.floor, open.row, value);
        } else if open.is_placed {
            self.bound(open.row, value);
        }
    }

    /// What a write left to its intent shows when that ends: its process had it placed anew until now.
    fn bound(&mut self, row: u64, value: u64) {
        if self.losses != Losses::Any {
            self.bounds.push((self.city.clock.now().after(INTENT_LIFE), row, value));
        }
    }

    /// A message arrives that was on its way: it may be one that places an intent.
    fn deliver(&mut self) {
        self.city.server.deliver_any(&mut self.dice);
        let latest = self.city.clock.now().after(INTENT_LIFE);
        self.bounds.iter_mut().for_each(|(moment, ..)| *moment = latest);
    }

    /// The process is killed, and another one takes its place.
    fn die(&mut self, at: usize) {
        if !self.dice.once_in(3) {
            return;
        }
        let build = self.actors[at].process.build.clone();
        let process = Process { build, ..impatient(&self.city) };
        let dead = core::mem::replace(
            &mut self.actors[at],
            Actor { process, fills: Vec::new(), writes: Vec::new(), wrote: BTreeMap::new() },
        );
        // What its thread has still to tell is not told.
        dead.process.link.part(true);
        for open in dead.writes.iter().filter(|open| open.is_placed) {
            open.value.into_iter().for_each(|value| self.bound(open.row, value));
        }
    }

    fn lose(&mut self) {
        let is_of_notes = |name: &str| name.starts_with("city:n:");
        match (self.losses, self.dice.below(8)) {
            (Losses::None, _) => {}
            (Losses::Notes, _) | (_, 0) => drop(self.city.server.evict_any(&mut self.dice, is_of_notes)),
            (_, 1) => while self.city.server.evict_any(&mut self.dice, |_| true).is_some() {},
            (_, 2) => self.snapshots.push(self.city.server.snapshot()),
            (_, 3) if !self.snapshots.is_empty() => {
                let snapshot = self.dice.index(self.snapshots.len());
                self.city.server.restore(&self.snapshots[snapshot]);
            }
            (_, 4) => self.city.server.fail_over(self.dice.index(5)),
            _ => drop(self.city.server.evict_any(&mut self.dice, |_| true)),
        }
    }

    fn question(&mut self, at: usize) -> Question {
        let build = &self.actors[at].process.build;
        if build.reads_shelves() && self.dice.once_in(2) {
            return Question::Shelf(self.dice.below(2));
        }
        // A value that was written lately, or will be soon.
        if build.reads_values() && self.dice.once_in(3) {
            return Question::Value(self.next + self.dice.below(2) - self.dice.below(6));
        }
        if self.dice.once_in(3) { Question::All } else { Question::Row(1 + self.dice.below(ROWS)) }
    }
}

/// A process that waits for no other one to load.
fn impatient(city: &City) -> Process {
    city.process_with(|builder| builder.flight_wait(Duration::from_nanos(1)))
}

fn raise(least: &mut BTreeMap<u64, u64>, row: u64, value: u64) {
    let at = least.entry(row).or_default();
    *at = (*at).max(value);
}
