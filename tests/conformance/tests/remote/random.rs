//! Random histories of several processes over links that fail: nothing that an acknowledged change, or a deadline, has
//! ended is ever served or seen again.

use conformance::Finds;
use std::time::Duration;

use cache_core::store::{Link, Outcome, Placing, Put, Release, Wanted, Writer};
use cache_core::{Clock, Life, Timeout, Timestamp, Worth};
use conformance::simulation::{Fault, Server, SimulatedLink, Snapshot, World};
use conformance::{Dice, Subject, Time, bytes_of, codec, key, shared};

use conformance::truth::{During, Number, Sight, Truth, tag};

const STEPS: usize = 120;
const TAGS: u64 = 4;
const KEYS: u64 = 3;
const LIFE: Duration = Duration::from_secs(10);

#[test]
fn no_history_serves_what_was_changed() {
    for seed in 0..histories() {
        let history = History::new(seed, &Fault::ALLOWED).run();
        assert!(history.is_ok(), "seed {seed}: {history:?}");
    }
}

#[test]
fn histories_find_a_link_that_sends_tokens_twice() {
    let found = (0..histories()).find(|seed| History::new(*seed, &[Fault::SentTwice, Fault::SentTwice]).run().is_err());
    assert!(found.is_some());
}

#[test]
fn histories_serve_something() {
    let served: u64 = (0..100).map(|seed| History::new(seed, &Fault::ALLOWED).run().unwrap()).sum();
    assert!(served > 500, "{served}");
}

/// `CONFORMANCE_HISTORIES=n` runs more.
fn histories() -> u64 {
    std::env::var("CONFORMANCE_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(400)
}

/// One process: its store, its link, its idea of the time, and what it is in the middle of.
struct Process {
    subject: Subject,
    link: SimulatedLink,
    skew: u64,
    fills: Vec<u64>,
    writers: Vec<(Writer, Vec<Number>)>,
}

struct History {
    dice: Dice,
    server: Server,
    snapshots: Vec<Snapshot>,
    processes: Vec<Process>,
    truth: Truth,
    served: u64,
}

impl History {
    fn new(seed: u64, faults: &[Fault]) -> Self {
        let mut dice = Dice::new(seed);
        let server = Server::new(Time::by_hand());
        let once_in = dice.below(12);
        let process = |number| {
            let world = World::on(&server);
            world.link().misbehave(seed ^ number, once_in, faults);
            let link = world.link().clone();
            Process { subject: world.subject(), link, skew: 0, fills: vec![], writers: vec![] }
        };
        let processes = (1..=3).map(process).collect();
        Self { dice, server, snapshots: vec![], processes, truth: Truth::default(), served: 0 }
    }

    /// How many values were served; or what should not have been.
    fn run(mut self) -> Result<u64, String> {
        for step in 0..STEPS {
            self.step().map_err(|wrong| format!("step {step}: {wrong}"))?;
        }
        Ok(self.served)
    }

    fn step(&mut self) -> Result<(), String> {
        let process = self.dice.index(self.processes.len());
        match self.dice.below(40) {
            0..8 => return self.begin_fill(process),
            8..22 => return self.look(process),
            22..30 => self.end_fill(process),
            30..32 => self.place(process),
            32..35 => self.release(process),
            35 => self.server.time().pass(Duration::from_millis(self.dice.below(6_000))),
            36 => self.evict(),
            37 => drop(self.server.deliver_any(&mut self.dice)),
            38 => self.disturb(process),
            _ => self.go_back(),
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.server.time().now()
    }

    /// Time stands still during a call.
    fn during(&self) -> During {
        During { began: self.now(), returned: self.now() }
    }

    /// What the process takes for the present moment.
    fn thinks(&self, process: usize) -> Timestamp {
        Timestamp::from_nanos(self.now().as_nanos().saturating_add(self.processes[process].skew))
    }

    fn some_tags(&mut self) -> Vec<Number> {
        let count = 1 + self.dice.index(2);
        (0..count).map(|_| 1 + self.dice.below(TAGS)).collect()
    }

    fn begin_fill(&mut self, process: usize) -> Result<(), String> {
        let mut numbers = vec![0];
        numbers.extend(self.some_tags());
        let tags: Vec<_> = numbers.iter().map(|number| tag(*number)).collect();
        let Ok(seeded) = self.processes[process].subject.store().seed(&tags, &[], self.thinks(process)) else {
            return Ok(());
        };
        let tokens: Vec<_> = seeded.seeds.iter().map(|seed| seed.token).collect();
        let sights = self.truth.see(&numbers, &tokens, self.during())?;
        let fill = self.truth.fill(self.dice.below(KEYS), sights);
        self.processes[process].fills.push(fill);
        Ok(())
    }

    fn end_fill(&mut self, process: usize) {
        let now = self.thinks(process);
        let fills = &mut self.processes[process].fills;
        if fills.is_empty() {
            return;
        }
        let fill = fills.swap_remove(self.dice.index(fills.len()));
        let timeout = if self.dice.once_in(3) { Timeout::NEVER } else { Timeout::from_millis(self.dice.below(30_000)) };
        let (tokens, id) = (self.truth.tokens(fill), self.truth.key(fill));
        let (life, value) = (Life::starting(now, timeout), shared(&fill.to_le_bytes()));
        let put = Put { key: key(id), value, life, tokens, weight: 8, codec: Some(codec()) };
        drop(self.processes[process].subject.store().put(vec![put], None, now));
    }

    fn look(&mut self, process: usize) -> Result<(), String> {
        let id = self.dice.below(KEYS);
        let named: Vec<_> = self.some_tags().into_iter().chain([0]).take(self.dice.index(4)).map(tag).collect();
        let names = || named.clone();
        let wanted = Wanted { key: key(id), tags: &names, codec: Some(codec()) };
        let found = self.processes[process].subject.store().find_one(&wanted, self.thinks(process));
        let Ok(Some(found)) = found else { return Ok(()) };
        if found.worth != Worth::Fresh {
            return Ok(());
        }
        self.served += 1;
        let value = bytes_of(&found.value).ok_or("a value of another kind")?;
        self.truth.served(id, &value, self.now())
    }

    fn place(&mut self, process: usize) {
        let writer = Writer::fresh();
        let numbers = if self.dice.once_in(8) { vec![0] } else { self.some_tags() };
        let tags: Vec<_> = numbers.iter().map(|number| tag(*number)).collect();
        let placed =
            self.processes[process].subject.store().place(&Placing::new(writer, &tags, LIFE), self.thinks(process));
        if placed.is_ok() {
            let during = self.during();
            let life = (LIFE, Duration::ZERO);
            numbers.iter().for_each(|number| self.truth.stand(writer, *number, during, life));
        }
        // Some writers never come back.
        if !self.dice.once_in(4) {
            self.processes[process].writers.push((writer, numbers));
        }
    }

    fn release(&mut self, process: usize) {
        let writers = &mut self.processes[process].writers;
        let (writer, mut numbers) = if writers.is_empty() {
            (Writer::fresh(), vec![])
        } else {
            writers.swap_remove(self.dice.index(writers.len()))
        };
        numbers.push(1 + self.dice.below(TAGS));
        let (mut releases, mut dying): (Vec<Release>, Vec<Sight>) = (vec![], vec![]);
        for number in numbers {
            let outcome = [Outcome::Changed, Outcome::Unchanged, Outcome::Unknown(LIFE)][self.dice.index(3)];
            releases.push(Release { tag: tag(number), outcome });
            if outcome != Outcome::Unchanged {
                dying.extend(self.truth.before_change(number));
            }
        }
        self.truth.end(writer, self.now());
        if self.processes[process].subject.store().release(writer, &releases, &[], self.thinks(process)).is_ok() {
            self.truth.kill(dying);
        }
    }

    fn evict(&mut self) {
        let now = self.now();
        let Some(name) = self.server.evict_any(&mut self.dice, |_| true) else { return };
        for number in 0..=TAGS {
            if name == self.processes[0].link.names().tag(&tag(number)).intents().as_str() {
                self.truth.lose_intents(number, now);
            }
        }
    }

    /// A broken connection, a clock that jumps, bits that flip, room given back.
    fn disturb(&mut self, process: usize) {
        match self.dice.below(4) {
            0 => self.processes[process].link.disconnect(),
            1 => self.processes[process].skew = self.dice.below(3) * self.dice.below(60_000_000_000),
            2 => self.flip(),
            _ if self.dice.once_in(8) => drop(self.processes[process].subject.store().reclaim()),
            _ => {}
        }
    }

    fn flip(&mut self) {
        let names = self.server.names().into_iter().filter(|name| name.starts_with("shop:e"));
        for name in names {
            let mut bytes = self.server.bytes(&name).unwrap_or_default();
            let at = self.dice.index(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << self.dice.below(8);
            }
            self.server.overwrite(&name, bytes);
        }
    }

    /// The server begins another life, seldom with all that it held.
    fn go_back(&mut self) {
        if self.snapshots.is_empty() || !self.dice.once_in(3) {
            self.snapshots.push(self.server.snapshot());
            return;
        }
        self.truth.go_back(self.now());
        match self.dice.below(4) {
            0 => self.server.restart_empty(),
            1 => self.server.fail_over(self.dice.index(6)),
            _ => self.server.restore(&self.snapshots[self.dice.index(self.snapshots.len())]),
        }
    }
}
