//! Random histories of several processes over one store: nothing that an acknowledged change, or a deadline, has ended is
//! ever served or seen again.

use std::time::Duration;

use cache_core::store::{Outcome, Placing, Put, Release, Wanted, Writer};
use cache_core::{Life, Timeout, Timestamp, Worth};

use crate::truth::{During, Number, Sight, Truth, tag};
use crate::{Dice, Finds, Holding, Subject, bytes_of, codec, key, shared};

const STEPS: usize = 120;
const PROCESSES: usize = 3;
const TAGS: u64 = 4;
const KEYS: u64 = 3;
/// How many units an intent stands.
const LIFE: u32 = 10;

/// Runs so many histories, each over a store of its own, which has to say what can be made to [happen](crate::Frail) to
/// it. Its intents may stand for `grain` longer than they are asked for. `CONFORMANCE_HISTORIES=n` runs n times as many.
///
/// # Panics
///
/// If something is served that was ended, or nothing at all.
pub fn hold(subject: impl Fn() -> Subject, grain: Duration, count: u64) {
    let times: u64 = std::env::var("CONFORMANCE_HISTORIES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    let mut served = 0;
    for seed in 0..count * times {
        match History::new(&subject(), grain, seed).run() {
            Ok(hits) => served += hits,
            Err(wrong) => panic!("history {seed}: {wrong}"),
        }
    }
    assert!(served >= count * times, "{served} values were served in {} histories", count * times);
}

/// A process, and what it is in the middle of.
struct Process {
    subject: Subject,
    fills: Vec<u64>,
    writers: Vec<(Writer, Vec<Number>)>,
}

struct History<'a> {
    dice: Dice,
    own: &'a Subject,
    grain: Duration,
    processes: Vec<Process>,
    truth: Truth,
    served: u64,
}

impl<'a> History<'a> {
    fn new(own: &'a Subject, grain: Duration, seed: u64) -> Self {
        let process = |_| Process { subject: own.peer(None), fills: vec![], writers: vec![] };
        let processes = (0..PROCESSES).map(process).collect();
        Self { dice: Dice::new(seed), own, grain, processes, truth: Truth::default(), served: 0 }
    }

    fn run(mut self) -> Result<u64, String> {
        for step in 0..STEPS {
            self.step().map_err(|wrong| format!("step {step}: {wrong}"))?;
        }
        Ok(self.served)
    }

    fn step(&mut self) -> Result<(), String> {
        let process = self.dice.index(PROCESSES);
        match self.dice.below(40) {
            0..8 => return self.begin_fill(process),
            8..24 => return self.look(process),
            24..32 => self.end_fill(process),
            32..34 => self.place(process),
            34..37 => self.release(process),
            37 => self.pass(),
            38 => self.lose(),
            _ => self.disturb(process),
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.own.now()
    }

    fn during(&self, began: Timestamp) -> During {
        During { began, returned: self.now() }
    }

    fn pass(&mut self) {
        let units = u32::try_from(self.dice.below(6)).unwrap_or(0);
        self.own.pass(units);
    }

    /// The tags that an entry may depend on, with the root.
    fn some_tags(&mut self) -> Vec<Number> {
        let mut numbers = vec![0];
        numbers.extend((1..=TAGS).filter(|_| self.dice.once_in(2)));
        numbers
    }

    fn begin_fill(&mut self, process: usize) -> Result<(), String> {
        let (numbers, began) = (self.some_tags(), self.now());
        let tags: Vec<_> = numbers.iter().map(|number| tag(*number)).collect();
        let Ok(seeded) = self.processes[process].subject.store().seed(&tags, &[], began) else { return Ok(()) };
        let tokens: Vec<_> = seeded.seeds.iter().map(|seed| seed.token).collect();
        let sights = self.truth.see(&numbers, &tokens, self.during(began))?;
        let fill = self.truth.fill(self.dice.below(KEYS), sights);
        self.processes[process].fills.push(fill);
        Ok(())
    }

    fn end_fill(&mut self, process: usize) {
        let (now, units) = (self.now(), self.own.units(u32::try_from(self.dice.below(30)).unwrap_or(0)));
        let fills = &mut self.processes[process].fills;
        if fills.is_empty() {
            return;
        }
        let fill = fills.swap_remove(self.dice.index(fills.len()));
        let timeout = if self.dice.once_in(3) { Timeout::NEVER } else { Timeout::after(units) };
        let (tokens, id) = (self.truth.tokens(fill), self.truth.key(fill));
        let (life, value) = (Life::starting(now, timeout), shared(&fill.to_le_bytes()));
        let put = Put { key: key(id), value, life, tokens, weight: 8, codec: Some(codec()) };
        drop(self.processes[process].subject.store().put(vec![put], None, now));
    }

    fn look(&mut self, process: usize) -> Result<(), String> {
        let (id, began) = (self.dice.below(KEYS), self.now());
        let named: Vec<_> = self.some_tags().into_iter().take(self.dice.index(4)).map(tag).collect();
        let names = || named.clone();
        let wanted = Wanted { key: key(id), tags: &names, codec: Some(codec()) };
        let found = self.processes[process].subject.store().find_one(&wanted, began);
        let Ok(Some(found)) = found else { return Ok(()) };
        if found.worth != Worth::Fresh {
            return Ok(());
        }
        self.served += 1;
        let value = bytes_of(&found.value).ok_or("a value of another kind")?;
        self.truth.served(id, &value, began)
    }

    fn place(&mut self, process: usize) {
        let (writer, life, began) = (Writer::fresh(), self.own.units(LIFE), self.now());
        let numbers = if self.dice.once_in(8) { vec![0] } else { self.some_tags().split_off(1) };
        let tags: Vec<_> = numbers.iter().map(|number| tag(*number)).collect();
        let placing = Placing::new(writer, &tags, life);
        if self.processes[process].subject.store().place(&placing, began).is_ok() {
            let (during, life) = (self.during(began), (life, self.grain));
            numbers.iter().for_each(|number| self.truth.stand(writer, *number, during, life));
        }
        // Some writers never come back.
        if !self.dice.once_in(4) {
            self.processes[process].writers.push((writer, numbers));
        }
    }

    fn release(&mut self, process: usize) {
        let life = self.own.units(LIFE);
        let writers = &mut self.processes[process].writers;
        let (writer, mut numbers) = match writers.len() {
            0 => (Writer::fresh(), vec![]),
            count => writers.swap_remove(self.dice.index(count)),
        };
        numbers.push(1 + self.dice.below(TAGS));
        let (mut releases, mut dying): (Vec<Release>, Vec<Sight>) = (vec![], vec![]);
        for number in numbers {
            let outcome = [Outcome::Changed, Outcome::Unchanged, Outcome::Unknown(life)][self.dice.index(3)];
            releases.push(Release { tag: tag(number), outcome });
            if outcome != Outcome::Unchanged {
                dying.extend(self.truth.before_change(number));
            }
        }
        let now = self.now();
        self.truth.end(writer, now);
        if self.processes[process].subject.store().release(writer, &releases, &[], now).is_ok() {
            self.truth.kill(dying);
        }
    }

    /// The store loses a token, intents, or its life with everything in it.
    fn lose(&mut self) {
        let number = self.dice.below(TAGS + 1);
        match self.dice.below(5) {
            0 | 1 => self.own.hand().lose_token(&tag(number)),
            2 => {
                self.own.hand().lose_intents(&tag(number));
                self.truth.lose_intents(number, self.now());
            }
            life => {
                let holding = if life == 3 { Holding::Everything } else { Holding::Nothing };
                self.own.hand().live_again(holding);
                self.truth.go_back(self.now());
            }
        }
    }

    /// A connection is cut, bits flip, room is given back.
    fn disturb(&mut self, process: usize) {
        match self.dice.below(3) {
            0 => self.own.hand().disconnect(),
            1 => self.flip(),
            _ if self.dice.once_in(4) => drop(self.processes[process].subject.store().reclaim()),
            _ => {}
        }
    }

    fn flip(&mut self) {
        let key = key(self.dice.below(KEYS));
        let Some(mut bytes) = self.own.hand().bytes(&key) else { return };
        let at = self.dice.index(bytes.len().max(1));
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << self.dice.below(8);
            self.own.hand().overwrite(&key, bytes);
        }
    }
}
