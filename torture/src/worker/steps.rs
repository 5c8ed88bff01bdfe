//! Builds the statements of a write in its form, and the versions that they leave.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Text};

use crate::grade::{Grade, GradeType};
use crate::message::Version;
use crate::models::{Item, Note, Shelf, number};
use crate::question::{Key, State, Table};
use crate::schema::{SHARED_ITEMS, code_of, items, notes, shared, shelves};

/// By which form of statement something is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// A model's manager: `insert`, `save`, `delete`.
    Manager,
    /// A manager's `write`, which takes a statement.
    ManagerStatement,
    /// Diesel's own.
    Plain,
    /// SQL text.
    Raw,
    /// Diesel's own, which gives rows back; or which finds its row by something else than the key.
    Returning,
}

pub(super) const FORMS: [Form; 5] = [Form::Manager, Form::ManagerStatement, Form::Plain, Form::Raw, Form::Returning];

/// Those that name one row by its key, as far as the library can tell.
pub(super) const NARROW_FORMS: [Form; 3] = [Form::Manager, Form::ManagerStatement, Form::Plain];

/// A part of a write.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The next version of a row that many write.
    Bump(Key, Form),
    /// The next versions of the items of a shelf that many write.
    BumpShelf(i32, Form),
    /// A row of the worker's own comes to be in another state.
    Put { key: Key, from: State, to: State, form: Form },
}

impl Step {
    /// The rows that it writes.
    pub(super) fn keys(&self) -> Vec<Key> {
        match self {
            Self::Bump(key, _) | Self::Put { key, .. } => vec![*key],
            Self::BumpShelf(shelf, _) => shared_items_of(*shelf),
        }
    }

    /// The state that the run has to give a version.
    pub(super) const fn declared(&self) -> Option<(Key, State)> {
        match self {
            Self::Put { key, to, .. } => Some((*key, *to)),
            Self::Bump(..) | Self::BumpShelf(..) => None,
        }
    }

    /// Whether it has to be in a transaction: it reads what it then writes.
    pub(super) fn is_two_statements(&self) -> bool {
        matches!(self, Self::Bump(_, Form::Manager))
    }

    /// Runs it. `version` is that of the declared state. Gives the least versions of shared rows.
    pub(super) fn run(&self, version: u64, conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
        let version = i64::try_from(version).unwrap_or(i64::MAX);
        match self {
            Self::Bump(key, form) if key.table == Table::Shelves => bump_shelf_row(*key, *form, conn),
            Self::Bump(key, form) => bump_item(*key, *form, conn),
            Self::BumpShelf(shelf, form) => bump_shelf(*shelf, *form, conn),
            Self::Put { key, from, to, form } if key.table == Table::Notes => {
                put_note(key.id, (*from, *to), version, *form, conn).map(|()| Vec::new())
            }
            Self::Put { key, from, to, form } => {
                put_item(key.id, (*from, *to), version, *form, conn).map(|()| Vec::new())
            }
        }
    }
}

fn shared_items_of(shelf: i32) -> Vec<Key> {
    shared().filter(|(key, group)| key.table == Table::Items && *group == shelf).map(|(key, _)| key).collect()
}

/// The versions that rows have at least once more has been added.
fn one_more(rows: Vec<(i32, i64)>, table: Table) -> Vec<Version> {
    rows.into_iter().map(|(id, version)| (Key::new(table, id), number(version) + 1)).collect()
}

fn bump_item(key: Key, form: Form, conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
    let row = items::table.find(key.id);
    if form == Form::Manager {
        let found: Item = row.select(Item::as_select()).for_update().first(conn)?;
        let (version, grade) = (found.version + 1, Grade::of(number(found.version) + 1));
        let saved = Item::cached().save(&Item { version, grade, ..found }).get_result(conn)?;
        return Ok(vec![(key, number(saved.version))]);
    }
    let before: i64 = row.select(items::version).first(conn)?;
    let grade = Grade::of(number(before) + 1);
    let add = diesel::update(row).set((items::version.eq(items::version + 1), items::grade.eq(grade)));
    match form {
        Form::Returning => {
            let version: i64 = add.returning(items::version).get_result(conn)?;
            return Ok(vec![(key, number(version))]);
        }
        Form::ManagerStatement => Item::cached().write(add).execute(conn)?,
        Form::Raw => sql_query("UPDATE items SET version = version + 1, grade = $1 WHERE id = $2")
            .bind::<GradeType, _>(grade)
            .bind::<Integer, _>(key.id)
            .execute(conn)?,
        _ => add.execute(conn)?,
    };
    Ok(one_more(vec![(key.id, before)], Table::Items))
}

fn bump_shelf_row(key: Key, form: Form, conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
    let row = shelves::table.find(key.id);
    let add = diesel::update(row).set(shelves::version.eq(shelves::version + 1));
    if form == Form::Manager {
        let found: Shelf = row.select(Shelf::as_select()).for_update().first(conn)?;
        let version = found.version + 1;
        let saved = Shelf::cached().save(&Shelf { version, ..found }).get_result(conn)?;
        return Ok(vec![(key, number(saved.version))]);
    }
    let before: i64 = row.select(shelves::version).first(conn)?;
    match form {
        Form::ManagerStatement => Shelf::cached().write(add).execute(conn)?,
        _ => add.execute(conn)?,
    };
    Ok(one_more(vec![(key.id, before)], Table::Shelves))
}

fn bump_shelf(shelf: i32, form: Form, conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
    let rows = items::table.filter(items::shelf_id.eq(shelf).and(items::id.le(SHARED_ITEMS)));
    let add = diesel::update(rows).set(items::version.eq(items::version + 1));
    if form == Form::Returning {
        let after: Vec<(i32, i64)> = add.returning((items::id, items::version)).get_results(conn)?;
        return Ok(after.into_iter().map(|(id, version)| (Key::new(Table::Items, id), number(version))).collect());
    }
    let before = rows.select((items::id, items::version)).load(conn)?;
    match form {
        Form::Manager | Form::ManagerStatement => Item::cached().write(add).execute(conn)?,
        Form::Raw => sql_query("UPDATE items SET version = version + 1 WHERE shelf_id = $1 AND id <= $2")
            .bind::<Integer, _>(shelf)
            .bind::<Integer, _>(SHARED_ITEMS)
            .execute(conn)?,
        _ => add.execute(conn)?,
    };
    Ok(one_more(before, Table::Items))
}

fn put_item(id: i32, states: (State, State), version: i64, form: Form, conn: &mut PgConnection) -> QueryResult<()> {
    let (row, grade) = (items::table.find(id), Grade::of(number(version)));
    let written = match states {
        (State::Absent, State::Present { group, code }) => {
            let item = Item { id, shelf_id: group, code: code_of(id, code), version, grade };
            match form {
                Form::Manager => Item::cached().insert(&item).execute(conn)?,
                Form::Raw => {
                    sql_query("INSERT INTO items (id, shelf_id, code, version, grade) VALUES ($1, $2, $3, $4, $5)")
                        .bind::<Integer, _>(id)
                        .bind::<Integer, _>(group)
                        .bind::<Text, _>(item.code)
                        .bind::<BigInt, _>(version)
                        .bind::<GradeType, _>(grade)
                        .execute(conn)?
                }
                _ => diesel::insert_into(items::table).values(&item).execute(conn)?,
            }
        }
        (_, State::Present { group, code }) => {
            let item = Item { id, shelf_id: group, code: code_of(id, code), version, grade };
            let place = (items::shelf_id.eq(group), items::code.eq(&item.code));
            let set = (place, items::version.eq(version), items::grade.eq(grade));
            match form {
                Form::Manager => Item::cached().save(&item).execute(conn)?,
                Form::ManagerStatement => Item::cached().write(diesel::update(row).set(set)).execute(conn)?,
                Form::Returning => {
                    let found = items::table.filter(items::code.like(format!("{id}-%")));
                    diesel::update(found).set(set).execute(conn)?
                }
                _ => diesel::update(row).set(set).execute(conn)?,
            }
        }
        (_, State::Absent) => match form {
            Form::Manager => Item::cached().delete(id).execute(conn)?,
            Form::Raw => sql_query("DELETE FROM items WHERE id = $1").bind::<Integer, _>(id).execute(conn)?,
            Form::Returning => diesel::delete(row).returning(items::id).get_results::<i32>(conn)?.len(),
            _ => diesel::delete(row).execute(conn)?,
        },
    };
    of_one_row(written)
}

fn put_note(id: i32, states: (State, State), version: i64, form: Form, conn: &mut PgConnection) -> QueryResult<()> {
    let row = notes::table.find(id);
    let written = match states {
        (State::Absent, State::Present { group, .. }) => {
            let note = Note { id, item_id: group, version };
            match form {
                Form::Manager => Note::cached().insert(&note).execute(conn)?,
                _ => diesel::insert_into(notes::table).values(&note).execute(conn)?,
            }
        }
        (_, State::Present { group, .. }) => {
            let note = Note { id, item_id: group, version };
            match form {
                Form::Manager => Note::cached().save(&note).execute(conn)?,
                _ => diesel::update(row).set(&note).execute(conn)?,
            }
        }
        (_, State::Absent) => match form {
            Form::Manager => Note::cached().delete(id).execute(conn)?,
            _ => diesel::delete(row).execute(conn)?,
        },
    };
    of_one_row(written)
}

/// Nobody else writes these rows: a statement that finds none did not do what was declared.
fn of_one_row(written: usize) -> QueryResult<()> {
    if written == 1 { Ok(()) } else { Err(diesel::result::Error::NotFound) }
}
