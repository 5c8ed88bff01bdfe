//! SQLite: a copy of the file, or a file of our own.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::schema::STRUCTURE;

#[path = "sqlite_schema.rs"]
pub mod schema;

pub mod sql_types {
    pub use diesel::sql_types::{Double as Money, Text as Moment};
}

pub type Conn = SqliteConnection;
pub type Money = f64;
pub type Moment = String;

pub fn money(cents: i32) -> Money {
    f64::from(cents) / 100.0
}

pub fn time(day: i32) -> Moment {
    format!("2009-01-{:02} 00:00:00", day % 28 + 1)
}

/// The rows that nobody here made up.
pub const FILE: &str = "chinook.sqlite";

pub struct Database {
    dir: tempfile::TempDir,
}

impl Database {
    /// Without rows.
    pub fn empty() -> Self {
        let database = Self { dir: tempfile::tempdir().unwrap() };
        let structure: String = STRUCTURE.split(['{', '}']).enumerate().map(part).collect();
        database.open().batch_execute(&structure).unwrap();
        database
    }

    pub fn of_file(file: &Path) -> Self {
        let database = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::copy(file, database.path()).unwrap();
        database
    }

    pub fn open(&self) -> Conn {
        let mut conn = SqliteConnection::establish(&self.path().display().to_string()).unwrap();
        conn.batch_execute("PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000").unwrap();
        conn
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("chinook.db")
    }
}

/// Every second part is a name.
fn part((number, text): (usize, &str)) -> String {
    if number % 2 == 0 {
        return text.to_owned();
    }
    let camel = text.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect::<String>();
    format!("[{camel}]")
}
