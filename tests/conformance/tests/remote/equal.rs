//! The store over a link and the store in memory answer alike, as long as nothing fails.

use std::collections::HashMap;
use std::time::Duration;

use cache_core::store::{MemoryStore, Outcome, Writer};
use cache_core::{Database, Tag, Timeout, Token};
use conformance::simulation::World;
use conformance::{Dice, Subject, Time, bytes_of, shared};

const SEQUENCES: u64 = 150;
const STEPS: usize = 100;

#[test]
fn random_sequences_have_the_same_answers() {
    for seed in 0..SEQUENCES {
        Pair::new(seed).run();
    }
}

/// One that is kept for long everywhere: a server lets others go when nothing is under them, and memory when it has to.
fn tag(id: u64) -> Tag {
    Database::named(&id.to_string()).tag()
}

/// The same operations on two stores.
struct Pair {
    seed: u64,
    dice: Dice,
    stores: [Subject; 2],
    writers: Vec<Writer>,
    /// Which token of the one store is which of the other.
    tokens: HashMap<Token, Token>,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let time = Time::by_hand();
        let memory = MemoryStore::with_capacity(1024 * 1024).unwrap();
        let stores = [Subject::new(memory, time.clone()), World::new(time).subject()];
        Self { seed, dice: Dice::new(seed), stores, writers: vec![], tokens: HashMap::new() }
    }

    fn run(&mut self) {
        for step in 0..STEPS {
            match self.dice.below(12) {
                0..3 => self.fill(step),
                3..5 => self.seed(),
                5..7 => self.place(),
                7..10 => self.release(),
                _ => self.stores[0].time().pass(Duration::from_millis(self.dice.below(5_000))),
            }
            self.compare(step);
        }
    }

    fn tag(&mut self) -> u64 {
        self.dice.below(3)
    }

    fn seed(&mut self) {
        let id = self.tag();
        self.seeded(id);
    }

    /// The tokens of one tag in both stores: equal in one when they are in the other.
    fn seeded(&mut self, id: u64) -> [Token; 2] {
        let [memory, remote] = [0, 1].map(|at| self.stores[at].seed(tag(id)));
        assert_eq!(memory.is_intended, remote.is_intended, "seed {}: tag {id}", self.seed);
        let known = *self.tokens.entry(memory.token).or_insert(remote.token);
        assert_eq!(known, remote.token, "seed {}: tag {id}", self.seed);
        [memory.token, remote.token]
    }

    fn fill(&mut self, step: usize) {
        let (entry, first, second) = (self.dice.below(4), self.tag(), self.tag());
        let timeout = if self.dice.once_in(3) { Timeout::NEVER } else { Timeout::from_millis(self.dice.below(20_000)) };
        let tokens = [first, second].map(|id| (id, self.seeded(id)));
        for (at, store) in self.stores.iter().enumerate() {
            let tokens = tokens.iter().map(|(id, tokens)| (tag(*id), tokens[at])).collect();
            store.put_value(entry, shared(&step.to_le_bytes()), tokens, timeout);
        }
    }

    fn place(&mut self) {
        let (id, units) = (self.tag(), 1 + self.dice.below(10) as u32);
        if self.writers.len() < 3 || self.dice.once_in(3) {
            self.writers.push(Writer::fresh());
        }
        let writer = self.writers[self.dice.index(self.writers.len())];
        self.stores.iter().for_each(|store| store.place(writer, tag(id), units));
    }

    fn release(&mut self) {
        let id = self.tag();
        let outcomes = [Outcome::Changed, Outcome::Unchanged, Outcome::Unknown(Duration::from_secs(7))];
        let outcome = outcomes[self.dice.index(3)];
        let writer = self.writers.get(self.dice.index(self.writers.len())).copied().unwrap_or_else(Writer::fresh);
        self.stores.iter().for_each(|store| store.release(writer, tag(id), outcome));
    }

    fn compare(&self, step: usize) {
        for entry in 0..4 {
            let [memory, remote] = [0, 1].map(|at| {
                let store = &self.stores[at];
                store.find(entry).filter(|_| store.serves(entry)).and_then(|found| bytes_of(&found.value))
            });
            assert_eq!(memory, remote, "seed {}, step {step}: entry {entry}", self.seed);
        }
    }
}
