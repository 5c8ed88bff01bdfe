//! What a program does that keeps rows in Redis by hand: look, or query and keep for a while; delete after a write.

use core::time::Duration;

use diesel::prelude::*;
use redis::{Client, Connection, RedisResult};

use super::access::Answer;
use super::questions::about;
use crate::message::{Release, Version};
use crate::models::{ENTRY_LIFE, Item, Note, Shelf, Versioned};
use crate::question::{Key, Origin, Question, Table};
use crate::schema::{code_of, items, notes, shelves};
use crate::servers::Problem;

const TIMEOUT: Duration = Duration::from_millis(250);

/// A connection to Redis, made when it is needed.
pub(super) struct ByHand {
    client: Client,
    connection: Option<Connection>,
}

impl ByHand {
    pub(super) fn new(url: &str) -> Result<Self, Problem> {
        let address = url.split('?').next().unwrap_or(url);
        Ok(Self { client: Client::open(address)?, connection: None })
    }

    pub(super) fn read(&mut self, question: &Question, conn: &mut PgConnection) -> QueryResult<Answer> {
        let Question::Many(ids) = question else { return self.look(question, conn) };
        let details = ids.iter().map(|id| Question::Detail(Key::new(Table::Items, *id)));
        let rows = details.map(|detail| Ok(self.look(&detail, conn)?.seen)).collect::<QueryResult<Vec<_>>>()?;
        Ok(Answer::of(rows.concat(), Origin::Untold))
    }

    /// Deletes every answer that may hold one of these rows.
    pub(super) fn forget(&mut self, keys: &[Key]) -> Release {
        let names: Vec<String> = keys.iter().flat_map(|key| about(*key)).map(|question| name(&question)).collect();
        if names.is_empty() || self.run(|redis| redis::cmd("DEL").arg(&names).exec(redis)).is_ok() {
            return Release::Acknowledged;
        }
        Release::Pending { is_intended: false }
    }

    fn look(&mut self, question: &Question, conn: &mut PgConnection) -> QueryResult<Answer> {
        let name = name(question);
        let kept: Option<String> = self.run(|redis| redis::cmd("GET").arg(&name).query(redis)).unwrap_or(None);
        if let Some(seen) = kept.and_then(|text| serde_json::from_str(&text).ok()) {
            return Ok(Answer::of(seen, Origin::Hit));
        }
        let seen = query(question, conn)?;
        let text = serde_json::to_string(&seen).unwrap_or_default();
        // What is not kept is asked for again.
        let _ = self.run(|redis| redis::cmd("SETEX").arg(&name).arg(ENTRY_LIFE).arg(text).exec(redis));
        Ok(Answer::of(seen, Origin::Miss))
    }

    fn run<T>(&mut self, command: impl FnOnce(&mut Connection) -> RedisResult<T>) -> RedisResult<T> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let result = command(&mut connection)?;
        self.connection = Some(connection);
        Ok(result)
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(TIMEOUT)?;
        connection.set_read_timeout(Some(TIMEOUT))?;
        connection.set_write_timeout(Some(TIMEOUT))?;
        Ok(connection)
    }
}

fn name(question: &Question) -> String {
    format!("by hand:{question:?}")
}

fn query(question: &Question, conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
    match question {
        Question::All(Table::Items) => seen(items::table.select(Item::as_select()).load(conn)?),
        Question::All(Table::Notes) => seen(notes::table.select(Note::as_select()).load(conn)?),
        Question::All(Table::Shelves) => seen(shelves::table.select(Shelf::as_select()).load(conn)?),
        Question::Code(item, code) => {
            let rows = items::table.filter(items::code.eq(code_of(*item, *code)));
            seen(rows.select(Item::as_select()).load(conn)?)
        }
        Question::Detail(key) => detail(*key, conn),
        Question::Group(Table::Notes, item) => {
            seen(notes::table.filter(notes::item_id.eq(item)).select(Note::as_select()).load(conn)?)
        }
        Question::Group(_, shelf) => {
            seen(items::table.filter(items::shelf_id.eq(shelf)).select(Item::as_select()).load(conn)?)
        }
        // Each row is asked for by itself.
        Question::Many(_) => Ok(Vec::new()),
        Question::Page(id) => page(*id, conn),
    }
}

fn detail(key: Key, conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
    match key.table {
        Table::Items => seen(items::table.filter(items::id.eq(key.id)).select(Item::as_select()).load(conn)?),
        Table::Notes => seen(notes::table.filter(notes::id.eq(key.id)).select(Note::as_select()).load(conn)?),
        Table::Shelves => seen(shelves::table.filter(shelves::id.eq(key.id)).select(Shelf::as_select()).load(conn)?),
    }
}

fn page(id: i32, conn: &mut PgConnection) -> QueryResult<Vec<Version>> {
    let joined = items::table.inner_join(shelves::table).filter(items::id.eq(id));
    let rows: Vec<(Item, Shelf)> = joined.select((Item::as_select(), Shelf::as_select())).load(conn)?;
    let Some((item, shelf)) = rows.first() else { return Ok(Vec::new()) };
    let notes = query(&Question::Group(Table::Notes, id), conn)?;
    Ok([item.seen(), shelf.seen()].into_iter().chain(notes).collect())
}

#[expect(clippy::unnecessary_wraps, reason = "every answer is one")]
fn seen<M: Versioned>(rows: Vec<M>) -> QueryResult<Vec<Version>> {
    Ok(rows.iter().map(Versioned::seen).collect())
}
