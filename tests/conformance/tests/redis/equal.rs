//! The scripts do to a tag's two keys what `TagState` does to its state, on random histories of both, and to the server's
//! stamp what `protocol::steady` says.
//!
//! The server's clock cannot be moved. Instead the deadlines under the keys are: before each step they are written as far
//! from the server's present as the history's time says.

use std::cell::Cell;
use std::collections::HashSet;
use std::time::Duration;

use cache_core::intent::{IntentCount, Keeping, Outcome, Seed, TagState, TagValue, Writer};
use cache_core::protocol::steady::renews;
use cache_core::store::{Lease, Link, Name, Packed, RedisLink, TagName};
use cache_core::{Cardinality, Database, KeyBytes, TagKind, Timestamp, Token};
use conformance::redis_server::RedisServer;
use conformance::{Dice, key};
use redis::Value;

const HISTORIES: u64 = 60;
const STEPS: usize = 60;
/// So long a unit of a history is on the server; what differs by less than half of one is equal. Moments of a history are
/// even, and what is stored lives for odd times, so that nothing ends when something else begins.
const UNIT_MILLIS: u64 = 50_000;
/// So long a token is kept under which nothing was stored: [`Keeping::UNUSED`].
const UNUSED: u64 = 600_000 / UNIT_MILLIS;
/// So long a tag without intents is kept that nobody asks for.
const KEEP_MILLIS: i64 = 60 * 86_400_000;
/// What the state's `fresh` token is called until the server has chosen one.
const FRESH: Token = Token::from_bits(0);

#[test]
fn random_histories_leave_the_same_states() {
    let server = RedisServer::start();
    for seed in 0..HISTORIES {
        History::new(&server, seed).run();
    }
}

struct History<'a> {
    server: &'a RedisServer,
    link: RedisLink,
    name: TagName,
    dice: Dice,
    seed: u64,
    state: TagState,
    now: u64,
    writers: Vec<Writer>,
    /// Tokens that the tag has had.
    known: HashSet<Token>,
    /// Whether the server said that the tag held the token that it was asked about.
    is_replaced: Cell<bool>,
}

/// What a step does.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The present token, or another one.
    Forget(bool),
    /// The same.
    Keep(bool, u64),
    Place(Writer, u64),
    Release(Writer, Option<u64>, bool),
    /// Changes the tag, and asks whether it held the present token, or another one.
    Replace(Writer, bool),
    Seed,
}

impl<'a> History<'a> {
    fn new(server: &'a RedisServer, seed: u64) -> Self {
        let link = RedisLink::from_url(&server.url("shop")).unwrap();
        link.set_timeout(Duration::from_secs(5));
        link.stamp(link.names().incarnation()).unwrap();
        let table = Database::named("shop").table("products");
        let tag = match seed % 3 {
            0 => table.row(KeyBytes::of(&1)),
            1 => table.whole(TagKind::Any),
            _ => table.whole(TagKind::Rows),
        };
        let name = link.names().tag(&tag);
        let writers = (1..=4).map(Writer::from_bits).collect();
        Self {
            server,
            link,
            name,
            dice: Dice::new(seed),
            seed,
            state: TagState::default(),
            now: 1000,
            writers,
            known: HashSet::from([FRESH]),
            is_replaced: Cell::default(),
        }
    }

    fn run(&mut self) {
        for step in 0..STEPS {
            self.happen();
            self.plant();
            let what = self.choose();
            let before = self.state.clone();
            let stamp = self.stamp();
            let seeds = self.on_server(what);
            let expected = self.on_state(what);
            let place = format!("seed {}, step {step}: {what:?} at {} after {before:?}", self.seed, self.now);
            assert_eq!(self.stamp() != stamp, self.is_stamped_by(what), "{place}");
            self.compare(&seeds, expected, &place);
        }
    }

    /// The record of the server's incarnation, with its stamp.
    fn stamp(&self) -> Option<String> {
        self.server.run(&["GET", self.link.names().incarnation().as_str()])
    }

    /// Whether the step gives the server another stamp.
    fn is_stamped_by(&self, step: Step) -> bool {
        let outcome = match step {
            Step::Forget(_) | Step::Keep(..) | Step::Seed => return false,
            Step::Place(..) => None,
            Step::Release(_, Some(_), _) => Some(Outcome::Unknown(Duration::ZERO)),
            Step::Release(_, None, false) => Some(Outcome::Unchanged),
            Step::Release(_, None, true) | Step::Replace(..) => Some(Outcome::Changed),
        };
        self.name.is_steady && renews(outcome)
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_nanos(self.now)
    }

    /// Time passes, or a key is lost. Sometimes the server has not yet let a key go that has expired.
    fn happen(&mut self) {
        match self.dice.below(8) {
            0..3 => self.now += 2 * self.dice.below(5),
            3 => self.state.held = None,
            4 => self.state.intents.clear(),
            _ => {}
        }
    }

    fn choose(&mut self) -> Step {
        let writer = self.writers[self.dice.index(self.writers.len())];
        let life = 2 * self.dice.below(8);
        match self.dice.below(13) {
            11.. => Step::Replace(writer, !self.dice.once_in(4)),
            0..3 => Step::Place(writer, life),
            3..6 => Step::Release(writer, self.dice.once_in(3).then_some(life), self.dice.once_in(2)),
            6 => Step::Forget(!self.dice.once_in(4)),
            7..9 => Step::Keep(!self.dice.once_in(4), life + 1),
            _ => Step::Seed,
        }
    }

    /// The present token, or one that the tag never had.
    fn meant(&self, is_present: bool) -> Token {
        match self.state.held {
            Some(TagValue::Token { token, .. }) if is_present => token,
            _ => Token::from_bits(u64::MAX),
        }
    }

    fn on_state(&mut self, step: Step) -> Option<Seed> {
        let now = self.at();
        match step {
            Step::Forget(is_present) => self.state.forget(self.meant(is_present), now),
            Step::Keep(is_present, units) => {
                self.state.keep(self.meant(is_present), Duration::from_nanos(units), now);
            }
            Step::Place(writer, units) => self.state.place(writer, Duration::from_nanos(units), now),
            Step::Release(writer, Some(units), is_open) => {
                let life = Duration::from_nanos(units);
                let outcome = if is_open { Outcome::Open(life) } else { Outcome::Unknown(life) };
                self.state.release(writer, outcome, FRESH, now);
            }
            Step::Release(writer, None, is_changed) => {
                let outcome = if is_changed { Outcome::Changed } else { Outcome::Unchanged };
                self.state.release(writer, outcome, FRESH, now);
            }
            Step::Replace(writer, is_present) => {
                let meant = self.meant(is_present);
                assert_eq!(self.state.replace(writer, (meant, FRESH), now), self.is_replaced.get(), "{step:?}");
            }
            Step::Seed => return Some(self.state.seed(FRESH, self.begun(), now)),
        }
        None
    }

    fn begun(&self) -> Keeping {
        match self.name.reach {
            Cardinality::Narrow => Keeping::Unused { until: Timestamp::from_nanos(self.now + UNUSED) },
            Cardinality::Wide => Keeping::Long,
        }
    }

    fn on_server(&self, step: Step) -> Vec<Seed> {
        let tags = [self.name.clone()];
        let release = |writer, outcome| drop(self.link.release(writer, &[(self.name.clone(), outcome)], &[]).unwrap());
        match step {
            Step::Forget(is_present) => {
                let lease = self.link.names().lease(&Lease::of(&key(1), &[]));
                self.link.give_up(&lease, self.writers[0], &[(self.name.clone(), self.meant(is_present))]).unwrap();
            }
            Step::Keep(is_present, units) => {
                let under = vec![(self.name.clone(), self.meant(is_present))];
                let name = self.link.names().entry(&key(1));
                self.link.put(&[Packed { name, bytes: vec![], life: Some(life(units)), under }], None).unwrap();
            }
            Step::Place(writer, units) => drop(self.link.place(writer, &tags, life(units), &[]).unwrap()),
            Step::Release(writer, Some(units), false) => release(writer, Outcome::Unknown(life(units))),
            Step::Release(writer, Some(units), true) => release(writer, Outcome::Open(life(units))),
            Step::Release(writer, None, true) => release(writer, Outcome::Changed),
            Step::Release(writer, None, false) => release(writer, Outcome::Unchanged),
            Step::Replace(writer, is_present) => {
                let asked = (self.name.clone(), Outcome::Changed, Some(self.meant(is_present)));
                let replaced = self.link.release_comparing(writer, &[asked], &[]).unwrap().replaced;
                self.is_replaced.set(replaced[0].is_some());
            }
            Step::Seed => return self.link.seed(&tags, &[]).unwrap().seeds,
        }
        vec![]
    }

    /// What the server's clock says is `now` in units of the history.
    fn server_millis(&self) -> u64 {
        let [seconds, micros]: [u64; 2] = self.server.run(&["TIME"]);
        seconds * 1000 + micros / 1000
    }

    /// A deadline by the server's clock. What ends now has ended there a while ago: time goes on meanwhile.
    fn millis_of(&self, moment: Timestamp) -> u64 {
        let present = self.server_millis();
        match moment.as_nanos().checked_sub(self.now) {
            Some(0) => present - 1000,
            Some(units) => present + units * UNIT_MILLIS,
            None => present - (self.now - moment.as_nanos()) * UNIT_MILLIS,
        }
    }

    /// Writes the state under the server's keys, where it stays though it may have expired.
    fn plant(&self) {
        let held = self.state.held.map(|held| match held {
            TagValue::Blocked { until } => format!("b{}", self.millis_of(until)),
            TagValue::Counted(standing) => format!("i{}", self.counts_of(standing)),
            TagValue::Token { token, keeping, standing } => {
                let (kind, kept) = match keeping {
                    Keeping::Long => ("t", String::new()),
                    Keeping::Unused { until } => ("n", format!("@{}", self.millis_of(until))),
                    Keeping::Used { until } => ("t", format!("@{}", self.millis_of(until))),
                    other => unreachable!("{other:?}"),
                };
                format!("{kind}{:016x}{kept}{}", token.bits(), self.counts_of(standing))
            }
            other => unreachable!("{other:?}"),
        });
        let intent = |(writer, end): &(Writer, Timestamp)| {
            let mark = if self.state.open.contains(writer) { '!' } else { '=' };
            format!("{:016x}{mark}{}", writer.bits(), self.millis_of(*end))
        };
        let intents: Vec<String> = self.state.intents.iter().map(intent).collect();
        let last = self.state.intents.iter().map(|(_, end)| *end).max();
        self.write(&self.name.token, held, self.state.held.map(|held| held.expires_at()));
        self.write(&self.name.intents(), last.map(|_| intents.join(",")), last);
    }

    fn counts_of(&self, IntentCount { count, earliest, latest }: IntentCount) -> String {
        if count == 0 {
            return String::new();
        }
        format!(":{count}:{}:{}", self.millis_of(earliest), self.millis_of(latest))
    }

    fn write(&self, name: &Name, text: Option<String>, end: Option<Timestamp>) {
        self.server.run::<Value>(&["DEL", name.as_str()]);
        let Some(text) = text else { return };
        self.server.run::<Value>(&["SET", name.as_str(), &text]);
        match end {
            Some(Timestamp::NEVER) => self.server.run::<Value>(&["PEXPIRE", name.as_str(), &KEEP_MILLIS.to_string()]),
            Some(end) if end > self.at() => {
                self.server.run::<Value>(&["PEXPIREAT", name.as_str(), &self.millis_of(end).to_string()])
            }
            _ => Value::Nil,
        };
    }

    /// What lies under a key, and in how many milliseconds it expires.
    fn found(&self, name: &str) -> (Option<String>, i64) {
        (self.server.run(&["GET", name]), self.server.run(&["PTTL", name]))
    }

    fn compare(&mut self, seeds: &[Seed], expected: Option<Seed>, place: &str) {
        let (held, held_left) = self.found(self.name.token.as_str());
        let (intents, intents_left) = self.found(self.name.intents().as_str());
        self.learn(seeds, held.as_deref(), place);
        let renamed =
            expected.map(|seed| if seed.token == FRESH { Seed { token: self.fresh(seeds), ..seed } } else { seed });
        assert_eq!(seeds.first().copied(), renamed, "{place}");
        // A key that is gone and one that has expired are the same.
        let (now, alive) = (self.at(), |end: &Timestamp| *end > self.at());
        let expected = self.state.held.filter(|held| held.expires_at() > now);
        let found = held.map(|text| self.held_of(&text)).filter(|held| held.expires_at() > now);
        assert_eq!(found, expected, "{place}");
        assert_left(held_left, expected.map(|held| held.expires_at()), self.now, place);
        let standing = self.state.intents.iter().filter(|(_, end)| alive(end));
        let mut expected: Vec<_> =
            standing.map(|(writer, end)| (*writer, *end, self.state.open.contains(writer))).collect();
        let mut found: Vec<_> =
            intents.iter().flat_map(|text| text.split(',')).map(|one| self.intent_of(one)).collect();
        found.retain(|(_, end, _)| alive(end));
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{place}");
        assert_left(intents_left, expected.iter().map(|(_, end, _)| *end).max(), self.now, place);
    }

    fn fresh(&self, seeds: &[Seed]) -> Token {
        seeds.first().map_or(FRESH, |seed| seed.token)
    }

    /// Learns which token the server's is that the state calls fresh: one that was never there.
    fn learn(&mut self, seeds: &[Seed], held: Option<&str>, place: &str) {
        if let Some(TagValue::Token { token, .. }) = &mut self.state.held
            && *token == FRESH
        {
            let chosen = held.and_then(|text| u64::from_str_radix(text.get(1..17)?, 16).ok()).map(Token::from_bits);
            // Under an intent that ends at once the token is gone already.
            let chosen = chosen.or_else(|| seeds.first().map(|seed| seed.token)).unwrap_or_else(Token::fresh);
            assert!(self.known.insert(chosen), "{place}: the token is not fresh");
            *token = chosen;
        }
    }

    fn moment_of(&self, millis: &str) -> Timestamp {
        let (millis, present): (u64, u64) = (millis.parse().unwrap(), self.server_millis());
        let units = (millis as i64 - present as i64 + (UNIT_MILLIS / 2) as i64).div_euclid(UNIT_MILLIS as i64);
        Timestamp::from_nanos(self.now.checked_add_signed(units).unwrap())
    }

    fn held_of(&self, text: &str) -> TagValue {
        if let Some(until) = text.strip_prefix('b') {
            return TagValue::Blocked { until: self.moment_of(until) };
        }
        let parts: Vec<&str> = text.split(':').collect();
        let standing = match parts[..] {
            [_, count, first, last] => IntentCount {
                count: count.parse().unwrap(),
                earliest: self.moment_of(first),
                latest: self.moment_of(last),
            },
            _ => IntentCount::NONE,
        };
        if parts[0] == "i" {
            return TagValue::Counted(standing);
        }
        let (kind, rest) = parts[0].split_at(1);
        let keeping = match (kind, rest.split_once('@')) {
            ("t", None) => Keeping::Long,
            ("t", Some((_, until))) => Keeping::Used { until: self.moment_of(until) },
            ("n", Some((_, until))) => Keeping::Unused { until: self.moment_of(until) },
            _ => panic!("{text}"),
        };
        let token = Token::from_bits(u64::from_str_radix(&rest[..16], 16).unwrap());
        TagValue::Token { token, keeping, standing }
    }

    /// Whose it is, when it ends, and whether it keeps the tag open.
    fn intent_of(&self, text: &str) -> (Writer, Timestamp, bool) {
        let (writer, end) = text.split_once(['=', '!']).unwrap();
        (Writer::from_bits(u64::from_str_radix(writer, 16).unwrap()), self.moment_of(end), text.contains('!'))
    }
}

fn life(units: u64) -> Duration {
    Duration::from_millis(units * UNIT_MILLIS)
}

/// A key expires when its state says so; what never does expires in 60 days.
fn assert_left(left: i64, end: Option<Timestamp>, now: u64, place: &str) {
    let expected = match end {
        None => return,
        Some(Timestamp::NEVER) => KEEP_MILLIS,
        Some(end) => i64::try_from((end.as_nanos() - now) * UNIT_MILLIS).unwrap(),
    };
    assert!((left - expected).abs() < UNIT_MILLIS as i64 / 2, "{place}: {left} left, and not {expected}");
}
