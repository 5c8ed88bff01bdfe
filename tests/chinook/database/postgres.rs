//! PostgreSQL: a fresh database, into which the script is loaded, or rows of our own.

use std::path::Path;

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::pg::data_types::{PgNumeric, PgTimestamp};
use diesel::prelude::*;
use tests::servers;

use crate::schema::STRUCTURE;

#[path = "postgres_schema.rs"]
pub mod schema;

pub mod sql_types {
    pub use diesel::sql_types::{Numeric as Money, Timestamp as Moment};
}

pub type Conn = PgConnection;
pub type Money = PgNumeric;
pub type Moment = PgTimestamp;

/// Digits of base 10 000, as the server sends them: without zeros at their ends.
pub fn money(cents: i32) -> Money {
    let (whole, rest) = (cents / 100, cents % 100);
    let weight = if whole > 0 { 0 } else { -1 };
    let all = [whole, rest * 100].map(|digit| i16::try_from(digit).unwrap());
    let start = usize::from(whole == 0);
    let end = if rest == 0 { 1 } else { 2 };
    PgNumeric::Positive { weight, scale: 2, digits: all[start..end].to_vec() }
}

pub fn time(day: i32) -> Moment {
    PgTimestamp(i64::from(day) * 86_400_000_000)
}

/// The rows that nobody here made up.
pub const FILE: &str = "chinook_postgresql.sql";

pub struct Database(servers::Database);

impl Database {
    /// Without rows.
    pub fn empty() -> Self {
        Self::of_script(&STRUCTURE.replace(['{', '}'], ""))
    }

    pub fn of_file(file: &Path) -> Self {
        let script = std::fs::read_to_string(file).unwrap();
        // Before that, it makes and enters a database of its own.
        let (_, script) = script.split_once("\\c chinook;").unwrap();
        Self::of_script(script)
    }

    pub fn open(&self) -> Conn {
        PgConnection::establish(self.0.url()).unwrap()
    }

    fn of_script(script: &str) -> Self {
        let database = Self(servers::postgres::fresh_database());
        let mut conn = database.open();
        conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        conn.batch_execute(script).unwrap();
        database
    }
}
