//! Creates the tables and their first rows.

use diesel::prelude::*;

use crate::grade::Grade;
use crate::question::{Key, Table};

diesel::table! {
    shelves (id) { id -> Integer, version -> BigInt, }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Text};
    use crate::grade::GradeType;

    items (id) { id -> Integer, shelf_id -> Integer, code -> Text, version -> BigInt, grade -> GradeType, }
}

diesel::table! {
    notes (id) { id -> Integer, item_id -> Integer, version -> BigInt, }
}

diesel::joinable!(items -> shelves (shelf_id));
diesel::allow_tables_to_appear_in_same_query!(items, notes, shelves);

/// Shelves, which many write. Ids begin at 1.
pub(crate) const SHELVES: i32 = 3;

/// Items that many write. Ids begin at 1.
pub(crate) const SHARED_ITEMS: i32 = 6;

/// Items, and notes, that one process of a worker writes.
const OWNED: usize = 4;

/// So many processes of a worker, one after the other, have rows of their own. What one that is killed has written is then
/// left alone for a while: nobody else's write ends what it should have ended.
const TURNS: usize = 4;

/// Codes that an item may have, one at a time.
pub(crate) const CODES: i32 = 3;

/// The shelf of an item that many write.
pub(crate) const fn shelf_of(item: i32) -> i32 {
    1 + item % SHELVES
}

/// One of the codes of an item.
pub(crate) fn code_of(item: i32, code: i32) -> String {
    format!("{item}-{code}")
}

/// The ids of rows of a worker's own.
pub(crate) fn owned_by(worker: usize) -> impl Iterator<Item = i32> + Clone {
    let number = |index: usize| i32::try_from(index).unwrap_or(0);
    let first = 100 + 50 * number(worker);
    first..first + number(OWNED * TURNS)
}

/// Those of them that its process writes which was started as the `start`th.
pub(crate) fn owned_in_turn(worker: usize, start: u64) -> impl Iterator<Item = i32> + Clone {
    let turn = usize::try_from(start).unwrap_or(0) % TURNS;
    owned_by(worker).skip(turn * OWNED).take(OWNED)
}

/// The versions of a worker's own rows; `None` of those that are not there.
pub(crate) fn owned_versions(conn: &mut PgConnection, worker: usize) -> QueryResult<Vec<(Key, Option<u64>)>> {
    let version = |row: Option<i64>| row.map(|version| u64::try_from(version).unwrap_or(0));
    let mut versions = Vec::new();
    for id in owned_by(worker) {
        let item = items::table.find(id).select(items::version).first(conn).optional()?;
        let note = notes::table.find(id).select(notes::version).first(conn).optional()?;
        versions.push((Key::new(Table::Items, id), version(item)));
        versions.push((Key::new(Table::Notes, id), version(note)));
    }
    Ok(versions)
}

/// The rows that many write, with their groups.
pub(crate) fn shared() -> impl Iterator<Item = (Key, i32)> {
    let shelves = (1..=SHELVES).map(|id| (Key::new(Table::Shelves, id), 0));
    let items = (1..=SHARED_ITEMS).map(|id| (Key::new(Table::Items, id), shelf_of(id)));
    shelves.chain(items)
}

/// Whether the rows that many write are there.
pub(crate) fn has_all_rows(conn: &mut PgConnection) -> bool {
    let count = items::table.count().get_result::<i64>(conn);
    count.is_ok_and(|count| count == i64::from(SHARED_ITEMS))
}

/// Makes the tables and the rows that many write.
pub(crate) fn create(conn: &mut PgConnection) -> QueryResult<()> {
    use diesel::connection::SimpleConnection;
    conn.batch_execute(
        "CREATE TABLE shelves (id INT PRIMARY KEY, version BIGINT NOT NULL);
         CREATE TYPE grade AS ENUM ('new', 'used', 'worn');
         CREATE TABLE items (
             id INT PRIMARY KEY, shelf_id INT NOT NULL, code TEXT NOT NULL UNIQUE, version BIGINT NOT NULL,
             grade grade NOT NULL
         );
         CREATE TABLE notes (id INT PRIMARY KEY, item_id INT NOT NULL, version BIGINT NOT NULL);",
    )?;
    for (key, group) in shared() {
        if key.table == Table::Shelves {
            let row = (shelves::id.eq(key.id), shelves::version.eq(1));
            diesel::insert_into(shelves::table).values(row).execute(conn)?;
        } else {
            let name = (items::id.eq(key.id), items::code.eq(code_of(key.id, 0)));
            let row = (name, items::shelf_id.eq(group), items::version.eq(1), items::grade.eq(Grade::of(1)));
            diesel::insert_into(items::table).values(row).execute(conn)?;
        }
    }
    Ok(())
}
