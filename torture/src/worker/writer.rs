//! The thread of a worker that writes: it says when a write begins, and what became of it.

use core::time::Duration;

use cache_diesel::prelude::*;
use diesel::result::Error;

use super::access::Access;
use super::conn::Conn;
use super::questions::one_of;
use super::steps::{FORMS, Form, Frame, NARROW_FORMS, Step};
use super::{Thread, mood};
use crate::message::{Reply, Request};
use crate::question::{Key, State, Table};
use crate::schema::{CODES, SHARED_ITEMS, SHELVES};
use crate::servers::Problem;

const LONGEST_PAUSE: Duration = Duration::from_millis(6);

/// After so many writes it says how many rows were stored with them.
const REPORT_EACH: u64 = 16;

/// Once in so many times a write has a connection that was just opened.
const FRESH: u64 = 3;

/// Once in so many times the future of a write is dropped, after so many microseconds at most.
const GIVEN_UP: u64 = 6;
const LONGEST_PATIENCE: u64 = 4_000;

/// Writes until the run is over.
pub(super) fn write_on(mut thread: Thread) -> Result<(), Problem> {
    for count in 0_u64.. {
        if count % REPORT_EACH == 0 && matches!(thread.access, Access::Managed) {
            thread.line.send(&Request::Stored(stored_count()?))?;
        }
        let (frame, steps) = thread.plan()?;
        thread.write(frame, &steps)?;
        thread.pause(LONGEST_PAUSE);
    }
    Ok(())
}

/// How many rows this process has stored with its writes.
fn stored_count() -> Result<u64, Problem> {
    let reads = caches::default()?.statistics().reads;
    Ok(reads.values().map(|counts| counts.write_through_count).sum())
}

impl Thread {
    /// What is written next.
    fn plan(&mut self) -> Result<(Frame, Vec<Step>), Problem> {
        let frames = [Frame::ByHand, Frame::RolledBack, Frame::Savepoint, Frame::Transaction];
        let first = self.step()?;
        if self.dice.below(10) < 6 && !first.is_two_statements() {
            return Ok((Frame::Statement, vec![first]));
        }
        let frame = frames[self.dice.index(frames.len())];
        let mut steps = vec![first];
        for _ in 0..self.dice.below(3) {
            let next = self.step()?;
            // A state is read before the write begins: no row is written twice in it.
            if steps.iter().all(|step| step.keys().iter().all(|key| !next.keys().contains(key))) {
                steps.push(next);
            }
        }
        Ok((frame, steps))
    }

    fn step(&mut self) -> Result<Step, Problem> {
        let is_narrow = mood::is_narrow();
        let forms = if is_narrow { &NARROW_FORMS } else { FORMS.as_slice() };
        let form = forms[self.dice.index(forms.len())];
        Ok(match self.dice.below(10) {
            4 if is_narrow => self.put(Table::Notes, form)?,
            0..=2 => Step::Bump(Key::new(Table::Items, one_of(&mut self.dice, SHARED_ITEMS)), form),
            3 => Step::Bump(Key::new(Table::Shelves, one_of(&mut self.dice, SHELVES)), form),
            4 => Step::BumpShelf(one_of(&mut self.dice, SHELVES), form),
            kind => {
                let table = if kind < 8 { Table::Items } else { Table::Notes };
                self.put(table, form)?
            }
        })
    }

    /// A row of the worker's own, from the state that it is in into another one.
    fn put(&mut self, table: Table, form: Form) -> Result<Step, Problem> {
        let key = Key::new(table, self.owned[self.dice.index(self.owned.len())]);
        let from = self.conn.state(key)?;
        let groups = if table == Table::Items { SHELVES } else { SHARED_ITEMS };
        let to = match from {
            State::Present { .. } if self.dice.once_in(3) => State::Absent,
            _ => State::Present { group: one_of(&mut self.dice, groups), code: one_of(&mut self.dice, CODES) - 1 },
        };
        Ok(Step::Put { key, from, to, form })
    }

    fn write(&mut self, frame: Frame, steps: &[Step]) -> Result<(), Problem> {
        // As a pool has them that was empty. Its first statements are not alone: Diesel asks for the numbers of types.
        let mut fresh =
            if self.dice.once_in(FRESH) { Some(Conn::open(&self.database, self.is_awaited)?) } else { None };
        let states = steps.iter().filter_map(Step::declared).collect();
        let Reply::Versions(versions) = self.tell(&Request::Write(states))? else {
            return Err("the run did not say which versions to write".into());
        };
        let keys: Vec<Key> = steps.iter().flat_map(Step::keys).collect();
        let is_first = fresh.is_some();
        let patience = self.patience();
        let Self { conn, access, .. } = self;
        let conn = fresh.as_mut().unwrap_or(conn);
        let (written, release) = access.write(&keys, || conn.write((frame, steps), &versions, patience));
        let told = match written {
            Ok(versions) => Request::Written { versions, release, is_first },
            Err(Error::RollbackTransaction) => Request::RolledBack,
            Err(_) => Request::Unknown,
        };
        // A transaction that was dropped is open. A statement that was dropped is over before the next one.
        if matches!(told, Request::Unknown) && patience.is_some() && frame != Frame::Statement {
            self.conn = Conn::open(&self.database, self.is_awaited)?;
        }
        self.tell(&told)?;
        Ok(())
    }

    /// For how long a write is awaited that is given up then.
    fn patience(&mut self) -> Option<Duration> {
        let is_given_up = self.is_awaited && self.dice.once_in(GIVEN_UP);
        is_given_up.then(|| Duration::from_micros(self.dice.below(LONGEST_PATIENCE)))
    }
}
