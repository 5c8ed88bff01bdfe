//! Records acknowledged writes, and judges whether a read is older. Pure: moments are passed in.

use core::time::Duration;
use std::collections::{BTreeMap, HashMap};

use crate::message::{Release, Version};
use crate::question::{Key, Question, State};

mod cell;
mod floor;
#[cfg(test)]
mod tests;

use cell::Cell;
pub(crate) use floor::{Bounds, Life};
use floor::{Excuse, Floor, Floors, Pending, Untold};

/// Time since the run began.
pub(crate) type Moment = Duration;

/// All rows of a run.
#[derive(Debug)]
pub(crate) struct Ledger {
    cells: HashMap<Key, Cell>,
    floors: Floors,
}

/// A read that is under way: what it must not fall below.
#[derive(Debug)]
pub(crate) struct Reading {
    question: Question,
    begun_at: Moment,
    life: Life,
    floors: Vec<(Key, Floor)>,
    untold: Vec<Untold>,
}

/// A write that is under way.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) versions: Vec<Version>,
    begun_at: Moment,
    life: Life,
}

/// The end of a process that did not say what it was at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Death {
    pub(crate) life: Life,
    /// A while before, in which the store may have had its intents.
    pub(crate) since: Moment,
    /// Nothing was done to its way and to the store in that while.
    pub(crate) is_quiet: bool,
}

/// What is wrong with what a read gave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// A version that is older than the floor.
    Old { key: Key, seen: u64, floor: Floor },
    /// A row is not there that the floor, and all that came after it, has there.
    Missing { key: Key, floor: Floor },
    /// A state that was rolled back, or was never written.
    Uncommitted { key: Key, seen: u64 },
}

/// What a read came to.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    pub(crate) faults: Vec<Fault>,
    /// How long ago something newer than what was seen was acknowledged, its release pending.
    pub(crate) staleness: Option<Duration>,
    /// How long ago something newer than what was seen was acknowledged, its release too: memory has not been told.
    pub(crate) lag: Option<Duration>,
}

impl Reading {
    /// What holds of rows that a standby gave: they may be as old as it is behind, and were there once.
    pub(crate) fn of_standby(&self) -> Self {
        let floors = self.floors.iter().map(|(key, _)| (*key, Floor::default())).collect();
        Self { question: self.question.clone(), floors, untold: Vec::new(), ..*self }
    }
}

impl Fault {
    pub(crate) const fn key(&self) -> Key {
        match self {
            Self::Missing { key, .. } | Self::Old { key, .. } | Self::Uncommitted { key, .. } => *key,
        }
    }
}

impl Ledger {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { cells: HashMap::new(), floors: Floors::new(bounds) }
    }

    /// A row that many write: it is there, and stays in its group. Its first version is 1.
    pub(crate) fn share(&mut self, key: Key, group: i32) {
        self.cells.insert(key, Cell::shared(State::Present { group, code: 0 }));
        self.floors.raise(key, 1);
    }

    /// A row that one worker writes. It is not there yet.
    pub(crate) fn own(&mut self, key: Key) {
        self.cells.insert(key, Cell::owned());
    }

    /// The store lost what it held, intents too.
    pub(crate) fn lose(&mut self, now: Moment) {
        self.floors.lose(now);
    }

    /// A way is held from now on, or the store stands still.
    pub(crate) fn hold(&mut self, now: Moment) {
        self.floors.hold(now);
    }

    /// What is held since then comes through.
    pub(crate) fn let_go(&mut self, since: Moment, now: Moment) {
        self.floors.let_go(since, now);
    }

    /// A read is about to begin.
    pub(crate) fn read(&mut self, question: Question, life: Life, now: Moment) -> Reading {
        self.floors.promote(now);
        let about = self.cells.keys().filter(|key| question.is_about(**key));
        let floors = about.map(|key| (*key, self.floors.of(*key, life))).collect();
        let untold = self.floors.untold(life, |key| question.is_about(key));
        Reading { question, begun_at: now, life, floors, untold }
    }

    /// A write is about to begin.
    pub(crate) fn write(&mut self, states: &[(Key, State)], life: Life, now: Moment) -> Writing {
        let mut declare = |(key, state): &(Key, State)| {
            let cell = self.cells.entry(*key).or_insert_with(Cell::owned);
            (*key, cell.declare(*state))
        };
        Writing { versions: states.iter().map(&mut declare).collect(), begun_at: now, life }
    }

    /// The write has returned.
    pub(crate) fn acknowledge(&mut self, writing: &Writing, versions: &[Version], release: Release, now: Moment) {
        for (key, version) in versions.iter().chain(&writing.versions) {
            if let Some(cell) = self.cells.get_mut(key) {
                cell.acknowledge(*version, now);
            }
            let Writing { life, begun_at, .. } = *writing;
            let (key, version, excuse) = (*key, *version, Excuse::of(release));
            self.floors.wait(Pending { key, version, life, begun_at, acknowledged_at: now, excuse });
        }
    }

    /// The process of a worker was killed: its rows are in these versions, `None` if they are not there. Gives how many of
    /// them nobody had acknowledged, and whether intents bound them.
    pub(crate) fn inherit(&mut self, rows: &[(Key, Option<u64>)], death: &Death, now: Moment) -> (u64, bool) {
        let is_intended = death.is_quiet && self.floors.had_peace(death.life, death.since);
        let (life, begun_at, mut count) = (Life::MAX, death.since, 0);
        let excuse = Excuse::of(Release::Pending { is_intended });
        for (key, version) in rows {
            let Some(cell) = self.cells.get_mut(key) else { continue };
            let version = version.unwrap_or_else(|| cell.last_absence());
            if cell.is_newer(version) {
                count += 1;
                cell.acknowledge(version, now);
                self.floors.wait(Pending { key: *key, version, life, begun_at, acknowledged_at: now, excuse });
            }
        }
        (count, is_intended)
    }

    /// The last versions of a row that were acknowledged, with the moments, and what is pending of it.
    pub(crate) fn history(&self, key: Key) -> String {
        let versions = self.cells.get(&key).map(Cell::history);
        format!("{versions:?}, pending: {:?}", self.floors.pending_of(key))
    }

    /// The write was rolled back.
    pub(crate) fn roll_back(&mut self, writing: &Writing) {
        for (key, version) in &writing.versions {
            if let Some(cell) = self.cells.get_mut(key) {
                cell.roll_back(*version);
            }
        }
    }

    /// The read has returned. A hit shows that nothing is pending in its process that was acknowledged before it began.
    pub(crate) fn judge(&mut self, reading: &Reading, seen: &[Version], is_hit: bool) -> Judgement {
        if is_hit {
            self.floors.deliver(reading.life, reading.begun_at);
        }
        let seen: BTreeMap<Key, u64> = seen.iter().copied().collect();
        let mut judgement = Judgement::default();
        for (key, floor) in &reading.floors {
            let Some(cell) = self.cells.get(key) else { continue };
            let fault = match seen.get(key) {
                Some(version) => cell.judge_present(&reading.question, *key, *version, *floor),
                None if is_excused(&reading.question, *key, &seen) => None,
                None => cell.judge_missing(&reading.question, *key, *floor),
            };
            judgement.faults.extend(fault);
            let version = seen.get(key).copied();
            let staleness = version.and_then(|version| cell.staleness(version, reading.begun_at));
            judgement.staleness = judgement.staleness.max(staleness);
        }
        let newer = reading.untold.iter().filter(|one| seen.get(&one.key).is_some_and(|seen| *seen < one.version));
        judgement.lag = newer.map(|one| reading.begun_at.saturating_sub(one.acknowledged_at)).max();
        judgement
    }
}

/// Whether nothing can be said of a row that is not in the answer: a page without its item has no notes either.
fn is_excused(question: &Question, key: Key, seen: &BTreeMap<Key, u64>) -> bool {
    let Question::Page(id) = question else { return false };
    key != Key::new(crate::question::Table::Items, *id) && seen.is_empty()
}
