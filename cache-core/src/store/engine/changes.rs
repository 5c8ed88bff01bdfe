//! Tells processes of changes that ask for them: a journal of the tags that were changed, and who reads it.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::name::key::Fingerprint;
use crate::name::tag::{TagKind, Token};
use crate::store::engine::overlay::Overlay;
use crate::store::engine::{Changes, Engine, Request, Response, Rows, View, execute};
use crate::store::{Incarnation, Name, Names, Push, Subscriber, Subscription, TagName, Untracked};

/// The changes of the tags of one cache, in the order of the transactions that made them.
///
/// It is written while a process has asked for it not long ago: the row that counts the changes says until when. Each
/// change is a row of its own, for a minute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Journal<'a> {
    names: &'a Names,
}

/// What is under the name of the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    number: u64,
    wanted_until: Timestamp,
}

impl<'a> Journal<'a> {
    /// How long a change is kept, and for how long a process asks for changes at once.
    const LIFE: Duration = Duration::from_secs(60);

    pub(super) const fn of(names: &'a Names) -> Self {
        Self { names }
    }

    /// Writes down that `tags` change, if anybody wants to know.
    pub(super) fn write<'t>(&self, rows: &mut impl Rows, tags: impl Iterator<Item = &'t TagName>, now: Timestamp) {
        let Some(count) = self.count(rows, now).filter(|count| now < count.wanted_until) else { return };
        let digest = |tag: &TagName| self.names.tag_called(tag.token.as_bytes());
        let bytes: Vec<u8> = tags.filter_map(digest).flat_map(|tag| *tag.as_bytes()).collect();
        if !bytes.is_empty() {
            let number = count.number + 1;
            rows.set(&self.names.change(number), bytes, now.after(Self::LIFE));
            self.set_count(rows, Count { number, ..count });
        }
    }

    /// Asks for changes from `now` on; says how many there were before, and whether they were asked for until now.
    fn want(&self, rows: &mut impl Rows, now: Timestamp) -> (u64, bool) {
        let count = self.count(rows, now);
        let was_wanted = count.is_some_and(|count| now < count.wanted_until);
        // A number without a change stands for those that nobody has written down.
        let number = count.map_or(0, |count| count.number) + u64::from(!was_wanted);
        self.set_count(rows, Count { number, wanted_until: now.after(Self::LIFE) });
        (number, was_wanted)
    }

    fn count(&self, rows: &impl Rows, now: Timestamp) -> Option<Count> {
        let words: [[u8; 8]; 2] = rows.get(self.names.changes(), now)?.as_chunks().0.try_into().ok()?;
        let [number, wanted_until] = words.map(u64::from_le_bytes);
        Some(Count { number, wanted_until: Timestamp::from_nanos(wanted_until) })
    }

    /// It is never gone: a number that came twice would be taken for one that was read.
    fn set_count(&self, rows: &mut impl Rows, count: Count) {
        let words = [count.number, count.wanted_until.as_nanos()];
        let bytes = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        rows.set(self.names.changes(), bytes, Timestamp::NEVER);
    }
}

/// Reads the journal for memory in front of the engine.
#[derive(Debug)]
pub(super) struct Poller<E> {
    engine: Arc<E>,
    names: Names,
}

impl<E: Engine> Poller<E> {
    pub(super) fn new(engine: &Arc<E>, names: &Names) -> Self {
        Self { engine: Arc::clone(engine), names: names.clone() }
    }

    /// Asks for changes; `None`: another incarnation than the recorded one, or than `incarnation`.
    fn want(&self, incarnation: Option<&str>) -> Result<Option<(u64, bool, Arc<str>)>> {
        let names = [self.names.incarnation().clone(), self.names.changes().clone()];
        let mut wanted = None;
        self.engine.change(&names, &mut |view| {
            wanted = None;
            if !is_recorded(&view) || incarnation.is_some_and(|expected| *expected != *view.incarnation) {
                return Changes::default();
            }
            let mut rows = Overlay::new(self.names.start_of_entries(), &names, view.rows);
            let (number, was_wanted) = Journal::of(&self.names).want(&mut rows, view.now);
            wanted = Some((number, was_wanted, view.incarnation));
            Changes { rows: rows.into_written(), has_to_last: false }
        })?;
        Ok(wanted)
    }
}

impl<E: Engine> Subscriber for Poller<E> {
    fn open(&mut self, _timeout: Duration) -> core::result::Result<Box<dyn Subscription>, Untracked> {
        // The first call of the store records the incarnation: this is one.
        let arrive = || super::EngineLink::arrive_at(&*self.engine, &self.names);
        let wanted = arrive().and_then(|()| self.want(None)).map_err(Untracked::Absent)?;
        let (number, _, incarnation) = wanted.ok_or_else(|| Untracked::Absent(ended()))?;
        let poller = Self { engine: Arc::clone(&self.engine), names: self.names.clone() };
        Ok(Box::new(Polling { poller, number, incarnation, told: VecDeque::new() }))
    }
}

/// A process that reads the journal.
#[derive(Debug)]
struct Polling<E> {
    poller: Poller<E>,
    /// The number of the change that was read last.
    number: u64,
    incarnation: Arc<str>,
    told: VecDeque<Push>,
}

impl<E: Engine> Polling<E> {
    /// How many changes are read at most before everything counts as changed.
    const MOST: u64 = 512;

    /// Reads the count and the tokens of `polled` tags, as of one moment.
    fn look(&self, polled: &[Fingerprint]) -> Result<(Count, Timestamp, Vec<Option<Token>>)> {
        let names = &self.poller.names;
        let tags: Vec<TagName> = polled.iter().map(|tag| names.tag_of(*tag, TagKind::Writers)).collect();
        let mut asked = vec![names.incarnation().clone(), names.changes().clone()];
        asked.extend(tags.iter().map(|tag| tag.token.clone()));
        let view = self.poller.engine.read(&asked)?;
        if !is_recorded(&view) || view.incarnation != self.incarnation {
            return Err(ended());
        }
        let now = view.now;
        let mut rows = Overlay::new(names.start_of_entries(), &asked, view.rows);
        let count = Journal::of(names).count(&rows, now).ok_or_else(ended)?;
        match execute(&mut rows, Request::Read(Vec::new(), tags), now) {
            Response::Read(answer) => Ok((count, now, answer.tokens())),
            _ => Err(ended()),
        }
    }

    /// What has changed up to `number`.
    fn read(&mut self, number: u64) -> Result<Push> {
        let names: Vec<Name> = (self.number + 1..=number).map(|one| self.poller.names.change(one)).collect();
        let rows = self.poller.engine.read(&names)?.rows;
        self.number = number;
        let mut tags = Vec::new();
        for row in rows {
            let Some(row) = row else { return Ok(Push::Everything) };
            tags.extend(row.bytes.as_chunks().0.iter().map(|bytes| Fingerprint::from_bytes(*bytes)));
        }
        Ok(Push::Changed(tags))
    }
}

impl<E: Engine> Subscription for Polling<E> {
    fn incarnation(&self) -> Option<Incarnation> {
        Incarnation::called(&self.incarnation)
    }

    fn beat(&mut self, polled: &[Fingerprint]) -> Result<()> {
        let (count, now, tokens) = self.look(polled)?;
        // A count that went back, or was not asked for any more, has changes that were not written down.
        if count.number < self.number || now >= count.wanted_until {
            return Err(ended());
        }
        if count.number > self.number {
            let push = if count.number - self.number > Self::MOST {
                self.number = count.number;
                Push::Everything
            } else {
                self.read(count.number)?
            };
            self.told.push_back(push);
        }
        if count.wanted_until.since(now) < Journal::LIFE / 2 {
            let wanted = self.poller.want(Some(&self.incarnation))?;
            wanted.filter(|(_, was_wanted, _)| *was_wanted).ok_or_else(ended)?;
        }
        self.told.push_back(Push::Heartbeat(tokens));
        Ok(())
    }

    fn next(&mut self, timeout: Duration) -> Result<Option<Push>> {
        if self.told.is_empty() {
            thread::sleep(timeout);
        }
        Ok(self.told.pop_front())
    }
}

fn is_recorded(view: &View) -> bool {
    view.record().is_some()
}

fn ended() -> Error {
    Error::new(ErrorKind::Store, "reading changes").with_source("another incarnation, or nobody has asked for a while")
}
