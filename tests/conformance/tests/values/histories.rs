//! Random histories of several processes over a server that anything may befall: what is got is what was set last, or
//! something whose caller was not told whether it was set, or nothing.

use std::collections::BTreeSet;

use conformance::Dice;
use conformance::simulation::Fault;

use crate::kit::{Process, Town};

const STEPS: usize = 120;

/// `CONFORMANCE_HISTORIES=n` runs more.
fn histories() -> u64 {
    std::env::var("CONFORMANCE_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

struct History {
    town: Town,
    processes: Vec<Process>,
    dice: Dice,
    next: i64,
    /// What may be there, besides nothing.
    possible: BTreeSet<i64>,
    /// Whether what is there cannot have been lost, and is exactly what is possible.
    is_certain: bool,
    hits: u64,
}

impl History {
    fn new(seed: u64, once_in: u64) -> Self {
        let town = Town::new();
        let processes: Vec<Process> = (0..3).map(|_| town.process()).collect();
        for (at, process) in processes.iter().enumerate() {
            process.link.misbehave(seed * 7 + at as u64, once_in, &Fault::ALLOWED);
        }
        Self { town, processes, dice: Dice::new(seed), next: 0, possible: BTreeSet::new(), is_certain: false, hits: 0 }
    }

    fn run(mut self, is_lossy: bool) -> u64 {
        for _ in 0..STEPS {
            match self.dice.below(if is_lossy { 10 } else { 8 }) {
                0..3 => self.get(),
                3 => self.set(),
                4 => self.add(),
                5 => self.delete(),
                6 => self.load(),
                7 => drop(self.town.server.deliver_any(&mut self.dice)),
                8 => self.lose(),
                _ => self.incr(),
            }
        }
        self.hits
    }

    fn process(&mut self) -> Process {
        let at = self.dice.index(self.processes.len());
        self.processes[at].clone()
    }

    fn value(&mut self) -> i64 {
        self.next += 1_000;
        self.next
    }

    fn get(&mut self) {
        let Ok(found) = self.process().cache.get::<i64>("k") else { return };
        self.check(found);
    }

    fn check(&mut self, found: Option<i64>) {
        match found {
            Some(value) => {
                assert!(self.possible.contains(&value), "{value}, possible was {:?}", self.possible);
                self.hits += 1;
            }
            None => assert!(!self.is_certain, "{:?} was lost", self.possible),
        }
    }

    fn now_is(&mut self, value: Option<i64>) {
        self.possible = value.into_iter().collect();
        self.is_certain = value.is_some();
    }

    fn may_be(&mut self, value: i64) {
        self.possible.insert(value);
        self.is_certain = false;
    }

    fn set(&mut self) {
        let value = self.value();
        match self.process().cache.set("k", &value, cache_core::Timeout::NEVER) {
            Ok(()) => self.now_is(Some(value)),
            Err(_) => self.may_be(value),
        }
    }

    fn add(&mut self) {
        let value = self.value();
        match self.process().cache.add("k", &value, cache_core::Timeout::NEVER) {
            Ok(true) => {
                assert!(!self.is_certain, "there was a value");
                self.now_is(Some(value));
            }
            Ok(false) => assert!(!self.possible.is_empty(), "there was none"),
            Err(_) => self.may_be(value),
        }
    }

    fn delete(&mut self) {
        match self.process().cache.delete("k") {
            Ok(was_there) => {
                assert!(was_there || !self.is_certain);
                assert!(!was_there || !self.possible.is_empty());
                self.now_is(None);
            }
            Err(_) => self.is_certain = false,
        }
    }

    fn load(&mut self) {
        let value = self.value();
        let found = self.process().cache.get_or_set("k", cache_core::Timeout::NEVER, || Ok::<_, ()>(value)).unwrap();
        if found == value {
            self.may_be(value);
        } else {
            self.check(Some(found));
        }
    }

    fn incr(&mut self) {
        let sums: BTreeSet<i64> = self.possible.iter().map(|value| value + 1).collect();
        match self.process().cache.incr("k", 1) {
            Ok(sum) => {
                assert!(sums.contains(&sum), "{sum}, possible was {sums:?}");
                self.now_is(Some(sum));
            }
            Err(_) => {
                self.possible.extend(sums);
                self.is_certain = false;
            }
        }
    }

    fn lose(&mut self) {
        self.is_certain = false;
        match self.dice.below(6) {
            0 => self.town.server.restart_empty(),
            1 => self.town.server.fail_over(self.dice.index(6)),
            2 => self.town.server.restore(&self.town.server.snapshot()),
            // Without the record of its life the server begins another one, whenever somebody connects.
            _ => drop(self.town.server.evict_any(&mut self.dice, |name| !name.ends_with(":incarnation"))),
        }
    }
}

#[test]
fn nothing_older_is_got_than_what_was_set_last() {
    let hits: u64 = (0..histories()).map(|seed| History::new(seed, 5).run(true)).sum();
    assert!(hits > 1_000, "{hits}");
}

#[test]
fn without_faults_what_was_set_last_is_got() {
    let hits: u64 = (0..histories()).map(|seed| History::new(seed, 0).run(false)).sum();
    assert!(hits > 1_000, "{hits}");
}
