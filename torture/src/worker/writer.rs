//! The thread of a worker that writes: it says when a write begins, and what became of it.

use core::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::Error;

use super::questions::one_of;
use super::steps::{FORMS, Form, NARROW_FORMS, Step};
use super::{Thread, mood};
use crate::message::{Reply, Request, Version};
use crate::question::{Key, State, Table};
use crate::schema::{CODES, SHARED_ITEMS, SHELVES, items, notes};
use crate::servers::Problem;

const LONGEST_PAUSE: Duration = Duration::from_millis(6);

/// Once in so many times a write has a connection that was just opened.
const FRESH: u64 = 3;

/// What is around the statements of a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Frame {
    /// `BEGIN` and `COMMIT` as statements.
    ByHand,
    /// A transaction that is rolled back.
    RolledBack,
    /// A transaction with a savepoint that is rolled back.
    Savepoint,
    /// Nothing.
    Statement,
    /// A transaction.
    Transaction,
}

/// Writes until the run is over.
pub(super) fn write_on(mut thread: Thread) -> Result<(), Problem> {
    loop {
        let (frame, steps) = thread.plan()?;
        thread.write(frame, &steps)?;
        thread.pause(LONGEST_PAUSE);
    }
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
        let from = state(key, &mut self.conn)?;
        let groups = if table == Table::Items { SHELVES } else { SHARED_ITEMS };
        let to = match from {
            State::Present { .. } if self.dice.once_in(3) => State::Absent,
            _ => State::Present { group: one_of(&mut self.dice, groups), code: one_of(&mut self.dice, CODES) - 1 },
        };
        Ok(Step::Put { key, from, to, form })
    }

    fn write(&mut self, frame: Frame, steps: &[Step]) -> Result<(), Problem> {
        // As a pool has them that was empty. Its first statements are not alone: Diesel asks for the numbers of types.
        let mut fresh = if self.dice.once_in(FRESH) { Some(PgConnection::establish(&self.database)?) } else { None };
        let states = steps.iter().filter_map(Step::declared).collect();
        let Reply::Versions(versions) = self.tell(&Request::Write(states))? else {
            return Err("the run did not say which versions to write".into());
        };
        let keys: Vec<Key> = steps.iter().flat_map(Step::keys).collect();
        let is_first = fresh.is_some();
        let Self { conn, access, .. } = self;
        let conn = fresh.as_mut().unwrap_or(conn);
        let (written, release) = access.write(&keys, || run(frame, steps, &versions, conn));
        let told = match written {
            Ok(versions) => Request::Written { versions, release, is_first },
            Err(Error::RollbackTransaction) => Request::RolledBack,
            Err(_) => Request::Unknown,
        };
        self.tell(&told)?;
        Ok(())
    }
}

/// The state of a row that nobody else writes.
fn state(key: Key, conn: &mut PgConnection) -> QueryResult<State> {
    let found: Option<(i32, i32)> = if key.table == Table::Items {
        let row: Option<(i32, String)> =
            items::table.find(key.id).select((items::shelf_id, items::code)).first(conn).optional()?;
        row.map(|(shelf, code)| (shelf, code.rsplit('-').next().and_then(|code| code.parse().ok()).unwrap_or(0)))
    } else {
        notes::table.find(key.id).select(notes::item_id).first(conn).optional()?.map(|item| (item, 0))
    };
    Ok(found.map_or(State::Absent, |(group, code)| State::Present { group, code }))
}

/// Runs the steps; gives the least versions that shared rows have afterwards.
///
/// # Errors
///
/// `RollbackTransaction` if they were rolled back on purpose.
fn run(frame: Frame, steps: &[Step], versions: &[u64], conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
    match frame {
        Frame::Statement => run_all(steps, versions, conn),
        Frame::Transaction => conn.transaction(|conn| run_all(steps, versions, conn)),
        Frame::RolledBack => conn.transaction(|conn| {
            run_all(steps, versions, conn)?;
            Err(Error::RollbackTransaction)
        }),
        Frame::Savepoint => conn.transaction(|conn| {
            let dropped = Step::Bump(Key::new(Table::Items, 1), Form::Plain);
            let inner: QueryResult<()> = conn.transaction(|conn| {
                dropped.run(0, conn)?;
                Err(Error::RollbackTransaction)
            });
            match inner {
                Err(Error::RollbackTransaction) => run_all(steps, versions, conn),
                other => other.map(|()| Vec::new()),
            }
        }),
        Frame::ByHand => run_by_hand(steps, versions, conn),
    }
}

fn run_by_hand(steps: &[Step], versions: &[u64], conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
    conn.batch_execute("BEGIN")?;
    let written = run_all(steps, versions, conn);
    conn.batch_execute(if written.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    written
}

fn run_all(steps: &[Step], versions: &[u64], conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
    let mut versions = versions.iter();
    let mut written = Vec::new();
    for step in steps {
        let version = step.declared().and_then(|_| versions.next()).copied().unwrap_or(0);
        written.extend(step.run(version, conn)?);
    }
    Ok(written)
}
