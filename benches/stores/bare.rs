//! What bare clients read: the rows or items that a hit asks for, and nothing is decoded or decided.

use core::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use diesel::prelude::*;
use percent_encoding::percent_decode_str;

diesel::table! {
    cache_diesel_rows (name) {
        name -> Binary,
        bytes -> Binary,
        expires_at -> BigInt,
        is_spare -> BigInt,
    }
}

/// Whether a row is the entry, or the token of a tag.
fn is_needed(name: &[u8]) -> bool {
    let kind = kind_of(name);
    kind.starts_with('e') || kind == "t" || kind == "w"
}

fn kind_of(name: &[u8]) -> String {
    String::from_utf8_lossy(name).split(':').nth(1).unwrap_or_default().to_owned()
}

/// Names of rows, and what they hold.
type Held = Vec<(Vec<u8>, Vec<u8>)>;

/// The rows that a hit asks for: the entry, the record of the incarnation, the tags that a write of the row changes, and that of
/// writers who died. The record tells of the other tags.
fn asked_for(mut held: impl FnMut() -> Held, write: &mut dyn FnMut()) -> Vec<Vec<u8>> {
    let before = held();
    write();
    let after = held();
    let is_asked = |(name, bytes): &(Vec<u8>, Vec<u8>)| match &*kind_of(name) {
        "incarnation" | "w" => true,
        "t" => !before.iter().any(|(other, same)| other == name && same == bytes),
        kind => kind.starts_with('e'),
    };
    after.into_iter().filter(is_asked).map(|(name, _)| name).collect()
}

/// One prepared SELECT, over a connection of its own.
pub fn in_file(file: &Path, write: &mut dyn FnMut()) -> Box<dyn FnMut() -> usize> {
    let connection = rusqlite::Connection::open(file).unwrap();
    let held = || -> Held {
        let mut rows = connection.prepare("SELECT name, bytes FROM cache").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let all = asked_for(held, write);
    let places = vec!["?"; all.len()].join(",");
    let sql = format!("SELECT name, bytes, expires_at FROM cache WHERE name IN ({places})");
    Box::new(move || {
        let mut statement = connection.prepare_cached(&sql).unwrap();
        let mut rows = statement.query(rusqlite::params_from_iter(all.iter())).unwrap();
        let mut count = 0;
        while let Some(row) = rows.next().unwrap() {
            black_box(row.get_ref(1).unwrap().as_blob().unwrap().to_vec());
            count += 1;
        }
        count
    })
}

/// The rows of tables, as Diesel reads them.
pub trait Rows: Sized + 'static {
    fn add(&mut self, names: &[Vec<u8>]);
    fn held(&mut self) -> Held;
    fn read(&mut self, names: &[Vec<u8>]) -> usize;
}

macro_rules! rows {
    ($connection:ty) => {
        impl Rows for $connection {
            fn add(&mut self, names: &[Vec<u8>]) {
                use cache_diesel_rows as rows;
                for name in names {
                    let row = (
                        rows::name.eq(name),
                        rows::bytes.eq(name),
                        rows::expires_at.eq(i64::MAX),
                        rows::is_spare.eq(1),
                    );
                    diesel::insert_into(rows::table).values(row).execute(self).unwrap();
                }
            }

            fn held(&mut self) -> Held {
                use cache_diesel_rows as rows;
                rows::table.select((rows::name, rows::bytes)).load(self).unwrap()
            }

            fn read(&mut self, names: &[Vec<u8>]) -> usize {
                use cache_diesel_rows as rows;
                let columns = (rows::name, rows::bytes, rows::expires_at);
                let mut query = rows::table.select(columns).into_boxed();
                for name in names {
                    query = query.or_filter(rows::name.eq(name));
                }
                black_box(query.load::<(Vec<u8>, Vec<u8>, i64)>(self).unwrap()).len()
            }
        }
    };
}

rows!(SqliteConnection);
#[cfg(feature = "postgres")]
rows!(PgConnection);
#[cfg(feature = "mysql")]
rows!(MysqlConnection);

/// Fills the tables with what other caches keep there: of a few rows a database reads all, and no index.
pub fn fill<C: Rows + Connection>(conn: &mut C) {
    let names: Vec<_> = (0..4000).map(|number| format!("other:e2:{{{number:032x}}}").into_bytes()).collect();
    let known = conn.held().len();
    conn.transaction(|conn| {
        conn.add(&names);
        QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(conn.held().len(), known + names.len());
}

/// One SELECT that is prepared once.
pub fn in_tables<C: Rows>(mut conn: C, prefix: &str, write: &mut dyn FnMut()) -> Box<dyn FnMut() -> usize> {
    let start = format!("{prefix}:");
    let mut names = asked_for(|| conn.held(), write);
    names.retain(|name| name.starts_with(start.as_bytes()));
    Box::new(move || conn.read(&names))
}

/// A connection to a memcached.
pub struct MemcachedClient(BufReader<TcpStream>);

/// The keys of an entry and of its tags, as one request names them.
pub type Keys = String;

impl MemcachedClient {
    pub fn to(place: &str) -> Self {
        let stream = TcpStream::connect(place).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// The keys under a prefix that are needed for a hit.
    pub fn keys(&mut self, prefix: &str) -> Keys {
        self.say("lru_crawler metadump all\r\n");
        let mut keys = Vec::new();
        loop {
            let line = self.line();
            if line == "END" {
                return keys.join(" ");
            }
            let key = line.strip_prefix("key=").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
            if key.starts_with(&format!("{prefix}:")) && is_needed(key.as_bytes()) {
                keys.push(key);
            }
        }
    }

    /// Gets them; says how many there were.
    pub fn get(&mut self, keys: &Keys) -> usize {
        self.say(&format!("get {keys}\r\n"));
        let mut count = 0;
        loop {
            let line = self.line();
            if line == "END" {
                return count;
            }
            let length: usize = line.rsplit(' ').next().unwrap().parse().unwrap();
            let mut bytes = vec![0; length + 2];
            self.0.read_exact(&mut bytes).unwrap();
            black_box(bytes);
            count += 1;
        }
    }

    fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
