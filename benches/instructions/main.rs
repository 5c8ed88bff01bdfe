//! Repeats one operation, so that its instructions can be counted: `scripts/instructions` does.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use cache_diesel::prelude::*;
use cache_diesel::{AuditSettings, JournalSettings, MIB};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

mod lists;
mod pages;

diesel::table! {
    products (id) {
        id -> Integer,
        slug -> Text,
        title -> Text,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(unique(slug), detail_timeout = "1 hour")]
struct Product {
    id: i32,
    slug: String,
    title: String,
}

/// Rows of the table. No operation is repeated more often.
const ROWS: i32 = 5000;

/// One operation: the store that it is over, and what a turn does.
struct Operation {
    name: &'static str,
    store: Store,
    turn: fn(&mut SqliteConnection, i32),
}

#[derive(Clone, Copy, PartialEq)]
enum Store {
    Memory,
    /// In memory, with all on that shows what is done.
    Watched,
    Redis,
    Near,
    /// No cache, and a connection on which nobody reads along.
    Nowhere,
}

const OPERATIONS: [Operation; 17] = [
    Operation { name: "memory-hit", store: Store::Memory, turn: hit },
    Operation { name: "memory-unique-hit", store: Store::Memory, turn: unique_hit },
    Operation { name: "watched-hit", store: Store::Watched, turn: hit },
    Operation { name: "watched-unique-hit", store: Store::Watched, turn: unique_hit },
    Operation { name: "memory-fill", store: Store::Memory, turn: fill },
    Operation { name: "memory-update", store: Store::Memory, turn: update },
    Operation { name: "redis-hit", store: Store::Redis, turn: hit },
    Operation { name: "redis-fill", store: Store::Redis, turn: fill },
    Operation { name: "redis-refill", store: Store::Redis, turn: refill },
    Operation { name: "redis-update", store: Store::Redis, turn: update },
    Operation { name: "redis-list", store: Store::Redis, turn: lists::kept },
    Operation { name: "redis-list-by-hand", store: Store::Redis, turn: lists::by_hand },
    Operation { name: "near-push", store: Store::Near, turn: |_, _| {} },
    Operation { name: "page-bare", store: Store::Memory, turn: |_, _| pages::bare() },
    Operation { name: "page-known", store: Store::Memory, turn: |_, _| pages::known() },
    Operation { name: "plain-select", store: Store::Nowhere, turn: select },
    Operation { name: "plain-update", store: Store::Nowhere, turn: update },
];

fn hit(conn: &mut SqliteConnection, _turn: i32) {
    Product::cached().get(1).first(conn).unwrap();
}

fn unique_hit(conn: &mut SqliteConnection, _turn: i32) {
    Product::cached().get_by_slug("lamp 1").first(conn).unwrap();
}

fn fill(conn: &mut SqliteConnection, turn: i32) {
    Product::cached().get(turn).first(conn).unwrap();
}

/// Misses a row whose entry is over, and whose tags hold tokens.
fn refill(conn: &mut SqliteConnection, turn: i32) {
    /// So many rows are prepared in the first turns: their tags are kept for long, and their entries are not.
    const PREPARED: i32 = 100;
    let (row, moment) = (1 + turn % PREPARED, Duration::from_millis(1));
    if turn <= PREPARED {
        Product::cached().get(row).first(conn).unwrap();
        Product::cached().get(row).refresh().timeout(moment).first(conn).unwrap();
    }
    Product::cached().get(row).timeout(moment).first(conn).unwrap();
}

fn select(conn: &mut SqliteConnection, turn: i32) {
    products::table.find(turn).select(Product::as_select()).get_result(conn).unwrap();
}

fn update(conn: &mut SqliteConnection, turn: i32) {
    diesel::update(products::table.find(1)).set(products::title.eq(turn.to_string())).execute(conn).unwrap();
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match &arguments[..] {
        [writer, file, prefix, turns] if writer == "writer" => write(Path::new(file), prefix, turns.parse().unwrap()),
        [name, turns] => run(operation(name), turns.parse().unwrap()),
        _ => OPERATIONS.iter().for_each(|operation| println!("{}", operation.name)),
    }
}

fn operation(name: &str) -> &'static Operation {
    OPERATIONS.iter().find(|operation| operation.name == name).unwrap_or_else(|| panic!("no operation `{name}`"))
}

fn run(operation: &Operation, turns: i32) {
    assert!(turns <= ROWS, "at most {ROWS} turns");
    let (file, prefix) = (database(), format!("instructions:{}", std::process::id()));
    if operation.store != Store::Nowhere {
        cache_diesel::install(cache(operation.store, &prefix)).unwrap();
        Product::cached().get(1).first(&mut connect(&file)).unwrap();
    }
    if operation.store == Store::Watched {
        watch(&file);
    }
    let mut conn = connect(&file);
    for turn in 1..=turns {
        (operation.turn)(&mut conn, turn);
    }
    if operation.store == Store::Near {
        let arguments = ["writer", file.to_str().unwrap(), &prefix, &turns.to_string()].map(str::to_owned);
        assert!(Command::new(env::current_exe().unwrap()).args(arguments).status().unwrap().success());
        // The last pushes are on their way.
        thread::sleep(Duration::from_millis(200));
    }
    std::fs::remove_file(file).unwrap();
}

/// Turns everything on that an operator may: a journal, the auditor, a subscriber of spans, and metrics.
fn watch(file: &Path) {
    let (cache, pool) = (caches::default().unwrap(), Mutex::new(connect(file)));
    let pool: &'static Mutex<SqliteConnection> = Box::leak(Box::new(pool));
    cache_diesel::audit_with(move || pool.lock()).unwrap();
    cache.set_audit(Some(AuditSettings::one_in(1_000)));
    cache.set_journal(Some(JournalSettings::last(10_000)));
    tracing::subscriber::set_global_default(Everything).unwrap();
    cache_diesel::metrics::describe();
    cache_diesel::metrics::record();
}

/// A subscriber that wants all spans.
struct Everything;

impl tracing::Subscriber for Everything {
    fn enabled(&self, _metadata: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _span: &tracing::span::Id, _values: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _span: &tracing::span::Id, _follows: &tracing::span::Id) {}
    fn event(&self, _event: &tracing::Event<'_>) {}
    fn enter(&self, _span: &tracing::span::Id) {}
    fn exit(&self, _span: &tracing::span::Id) {}
}

/// What another process writes.
fn write(file: &Path, prefix: &str, turns: i32) {
    cache_diesel::install(cache(Store::Redis, prefix)).unwrap();
    let mut conn = connect(file);
    for turn in 1..=turns {
        update(&mut conn, turn);
    }
}

fn cache(store: Store, prefix: &str) -> Cache {
    if matches!(store, Store::Memory | Store::Watched) {
        return Cache::memory();
    }
    let redis = Cache::builder().redis(format!("{}?prefix={prefix}", server()));
    if store == Store::Near { redis.near(64 * MIB).build().unwrap() } else { redis.build().unwrap() }
}

/// The URL of the server that entries are on.
fn server() -> String {
    let variable = "CACHE_DIESEL_REDIS_URL";
    env::var(variable).unwrap_or_else(|_| panic!("`{variable}` is not set: run `./scripts/instructions`"))
}

/// A file with the table.
fn database() -> PathBuf {
    let file = env::temp_dir().join(format!("instructions-{}.db", std::process::id()));
    let mut conn = connect(&file);
    conn.batch_execute(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
         CREATE TABLE products (id INTEGER PRIMARY KEY NOT NULL, slug TEXT NOT NULL UNIQUE, title TEXT NOT NULL);
         WITH RECURSIVE numbers (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM numbers WHERE id < {ROWS})
             INSERT INTO products SELECT id, 'lamp ' || id, 'Lamp' FROM numbers"
    ))
    .unwrap();
    file
}

fn connect(file: &Path) -> SqliteConnection {
    SqliteConnection::establish(file.to_str().unwrap()).unwrap()
}
