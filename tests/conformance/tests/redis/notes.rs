//! The script does to the notes beside a table what `Notes::after` does, on random histories of both.

use std::slice;
use std::time::Duration;

use cache_core::intent::{TagState, Writer};
use cache_core::protocol::notes::{Note, Notes, Remark};
use cache_core::store::{Link, Outcome, RedisLink, Seeded, TableName, TagName};
use cache_core::{Database, Fingerprint, TableTags, TagKind, Timestamp, Token};
use conformance::redis_server::RedisServer;
use conformance::{Dice, tag};
use redis::Value;

const HISTORIES: u64 = 40;
const STEPS: usize = 60;
/// So long a unit of a history is on the server. No history lasts as long, so that nothing ends by itself.
const UNIT_MILLIS: u64 = 1_000_000;

#[test]
fn random_histories_leave_the_same_notes() {
    let server = RedisServer::start();
    for seed in 0..HISTORIES {
        History::new(&server, seed).run();
    }
}

#[test]
fn a_fill_keeps_notes_of_which_half_the_life_is_over() {
    let server = RedisServer::start();
    let link = RedisLink::from_url(&server.url("shop")).unwrap();
    link.set_timeout(Duration::from_secs(5));
    let table = link.names().notes(&tag(1));
    let (name, own) = (table.notes.as_str(), declared(0));
    let fill = || link.seed(slice::from_ref(&table.any), slice::from_ref(&table.notes)).unwrap().notes;
    // It may be asked for within the millisecond in which it was set.
    let days_left = || (server.run::<i64>(&["PTTL", name]) - 1) / 86_400_000;
    assert_eq!((fill(), days_left()), (vec![None], 0), "nothing comes of nothing");
    let writer = Writer::from_bits(1);
    for remark in [Remark::Claim { own, writer }, Remark::Forget(writer)] {
        link.remark(&table, remark).unwrap();
    }
    assert!(link.remark(&table, Remark::Note(own)).unwrap());
    let noted = vec![Some(Notes::from_iter([(own, Note::Ripe)]))];
    for (before, after) in [(40, 39), (31, 30), (29, 59)] {
        server.run::<i64>(&["PEXPIRE", name, &(before * 86_400_000_i64 - 1).to_string()]);
        assert_eq!((fill(), days_left()), (noted.clone(), after), "{before}");
    }
}

#[test]
fn notes_are_read_with_tokens_that_are_there_and_with_those_that_are_not() {
    let server = RedisServer::start();
    let link = RedisLink::from_url(&server.url("shop")).unwrap();
    link.set_timeout(Duration::from_secs(5));
    let (table, own, writer) = (link.names().notes(&tag(1)), declared(0), Writer::from_bits(1));
    for remark in [Remark::Claim { own, writer }, Remark::Forget(writer)] {
        link.remark(&table, remark).unwrap();
    }
    let noted = vec![Some(Notes::default())];
    let (any, other) = (table.any.clone(), link.names().tag(&tag(2)));
    let fill = |tags: &[&cache_core::store::TagName]| {
        let tags: Vec<_> = tags.iter().map(|tag| (*tag).clone()).collect();
        let Seeded { seeds, notes } = link.seed(&tags, slice::from_ref(&table.notes)).unwrap();
        (seeds.iter().map(|seed| seed.token).collect::<Vec<_>>(), notes)
    };
    let (first, notes) = fill(&[&any]);
    assert_eq!((first.len(), &notes), (1, &noted));
    let (both, notes) = fill(&[&any, &other]);
    assert_eq!((both[0], both.len(), &notes), (first[0], 2, &noted));
    assert_eq!(fill(&[&any, &other]), (both, noted.clone()), "all are there");
    assert_eq!(fill(&[]), (vec![], noted));
}

struct History<'a> {
    server: &'a RedisServer,
    link: RedisLink,
    table: TableName,
    dice: Dice,
    of: TableTags,
    any: TagState,
    notes: Option<Notes>,
}

impl<'a> History<'a> {
    fn new(server: &'a RedisServer, seed: u64) -> Self {
        let link = RedisLink::from_url(&server.url(&format!("shop{seed}"))).unwrap();
        link.set_timeout(Duration::from_secs(5));
        let of = Database::named("shop").table("products");
        let table = link.names().notes(&of.whole(TagKind::Any));
        Self { server, link, table, dice: Dice::new(seed), of, any: TagState::default(), notes: None }
    }

    fn run(mut self) {
        for step in 0..STEPS {
            let place = format!("step {step} after {:?} under {:?}", self.notes, self.any);
            match self.dice.below(10) {
                0..2 => self.place(),
                2..4 => self.release(),
                4 => self.lose(),
                5 => self.let_ripen(),
                _ => self.remark(&place),
            }
            let Seeded { seeds, notes: found } = self.link.seed(&[], &[self.table.notes.clone()]).unwrap();
            assert!(seeds.is_empty());
            assert_eq!(
                found.into_iter().map(|found| found.map(|notes| self.in_units(&notes))).collect::<Vec<_>>(),
                [self.notes.clone()],
                "{place}"
            );
        }
    }

    fn writer(&mut self) -> Writer {
        Writer::from_bits(1 + self.dice.below(3))
    }

    fn place(&mut self) {
        let (writer, units) = (self.writer(), 1 + self.dice.below(8));
        self.any.place(writer, Duration::from_nanos(units), Timestamp::from_nanos(0));
        let life = Duration::from_millis(units * UNIT_MILLIS);
        self.link.place(writer, slice::from_ref(&self.table.any), life, &[]).unwrap();
    }

    fn release(&mut self) {
        let writer = self.writer();
        self.any.release(writer, Outcome::Unchanged, Token::fresh(), Timestamp::from_nanos(0));
        self.link.release(writer, &[(self.table.any.clone(), Outcome::Unchanged)], &[]).unwrap();
    }

    /// The notes are lost, or there is something else in their place.
    fn lose(&mut self) {
        let name = self.table.notes.as_str();
        self.server.run::<Value>(&["DEL", name]);
        match self.dice.below(3) {
            0 => drop(self.server.run::<Value>(&["SET", name, "nonsense"])),
            1 => drop(self.server.run::<Value>(&["RPUSH", name, "n"])),
            _ => {}
        }
        self.notes = None;
    }

    /// The time comes at which a note is ripe.
    fn let_ripen(&mut self) {
        let notes = Notes::from_iter([(declared(0), Note::Unripe { until: Timestamp::from_nanos(0) })]);
        let text = format!("n{:?}=u1700000000000", declared(0));
        self.server.run::<Value>(&["SET", self.table.notes.as_str(), &text]);
        self.notes = Some(notes);
    }

    fn remark(&mut self, place: &str) {
        let (own, writer) = (declared(self.dice.below(3)), self.writer());
        let remark = match self.dice.below(5) {
            4 => return self.restore(own, place),
            0 => Remark::Claim { own, writer },
            1 => Remark::Forget(writer),
            _ => Remark::Note(own),
        };
        let expected;
        (self.notes, expected) = Notes::after(self.notes.take(), remark, &self.any, Timestamp::from_nanos(0));
        assert_eq!(self.link.remark(&self.table, remark).unwrap(), expected, "{remark:?} in {place}");
        let left: i64 = self.server.run(&["PTTL", self.table.notes.as_str()]);
        assert!(self.notes.is_none() || left > 59 * 86_400_000, "{left} in {place}");
    }

    /// Makes notes anew. The wide tags change if there were none.
    fn restore(&mut self, own: Fingerprint, place: &str) {
        let wide: Vec<TagName> = self.of.wide().iter().map(|tag| self.link.names().tag(tag)).collect();
        let tokens =
            || -> Vec<Token> { self.link.seed(&wide, &[]).unwrap().seeds.iter().map(|seed| seed.token).collect() };
        let (before, were_lost) = (tokens(), self.notes.is_none());
        let may_store = self.link.restore(&self.table, own, &wide).unwrap();
        let expected;
        let remark = Remark::Restore(own);
        (self.notes, expected) = Notes::after(self.notes.take(), remark, &self.any, Timestamp::from_nanos(0));
        assert_eq!(may_store, expected, "{place}");
        let are_changed = before.iter().zip(tokens()).map(|(before, after)| *before != after);
        assert!({ are_changed }.all(|is_changed| is_changed == were_lost), "{place}");
    }

    /// What the server has noted, by the history's time: that stands still, at zero.
    fn in_units(&self, notes: &Notes) -> Notes {
        let [seconds, _]: [u64; 2] = self.server.run(&["TIME"]);
        let units = |until: Timestamp| (until.as_nanos() / 1_000_000).saturating_sub(seconds * 1000) + UNIT_MILLIS / 2;
        let in_units = |note| match note {
            Note::Unripe { until } => Note::Unripe { until: Timestamp::from_nanos(units(until) / UNIT_MILLIS) },
            other => other,
        };
        notes.iter().map(|(of, note)| (of, in_units(note))).collect()
    }
}

fn declared(number: u64) -> Fingerprint {
    Fingerprint::of(&[&number.to_le_bytes()])
}
