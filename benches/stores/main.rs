//! What a hit costs in each store outside of the process, beside the least that its bare client can do: one statement, or
//! one request, for what a hit asks for.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

mod bare;

use std::path::Path;
use std::time::Duration;

use benches::{Compared, Plan, print};
use cache_diesel::prelude::*;
use cache_diesel::{StoreConnection, create_cache_tables, database_store};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

use bare::{MemcachedClient, Rows};

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
    }
}

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "product", detail_timeout = "1 hour")]
struct Product {
    id: i32,
    title: String,
}

/// One run.
struct Run {
    plan: Plan,
    rows: Vec<Compared>,
}

impl Run {
    /// Measures hits in `cache`, and what is read by the bare client.
    fn compare(&mut self, what: &str, cache: Cache, bare: impl FnOnce(&mut dyn FnMut()) -> Box<dyn FnMut() -> usize>) {
        let name: &'static str = what.to_owned().leak();
        caches::configure([(name, cache)]).unwrap();
        let mut conn = database();
        let cached = Product::cached_in(name);
        let mut write = || {
            diesel::update(products::table.find(1)).set(products::title.eq("A thing")).execute(&mut conn).unwrap();
            // An entry may be stored after the read has returned.
            while !cached.get(1).entry(&mut conn).unwrap().is_hit() {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        write();
        let mut bare = bare(&mut write);
        let count = bare();
        let mut hit = || drop(cached.get(1).first(&mut conn).unwrap());
        let mut read = || assert_eq!(bare(), count);
        self.rows.push(self.plan.compare(&format!("{what}: {count} rows or items"), &mut read, &mut hit));
    }

    fn in_a_file(&mut self, scheme: &str, file: &Path) {
        let url = match scheme {
            "file" => format!("file://{}", file.parent().unwrap().display()),
            _ => format!("sqlite://{}", file.display()),
        };
        let cache = Cache::from_url(&format!("{url}?prefix=bench")).unwrap();
        self.compare(&format!("`{scheme}:`"), cache, |write| bare::in_file(file, write));
    }

    fn in_tables<C: Rows + StoreConnection>(&mut self, what: &str, url: &str) {
        let pool =
            Pool::builder().max_size(2).test_on_check_out(false).build(ConnectionManager::<C>::new(url)).unwrap();
        let mut conn = C::establish(url).unwrap();
        create_cache_tables(&mut conn).unwrap();
        bare::fill(&mut conn);
        let prefix = format!("bench{}", std::process::id());
        let cache = Cache::builder().store(database_store(pool, &prefix).unwrap()).build().unwrap();
        self.compare(what, cache, |write| bare::in_tables(conn, &prefix, write));
    }

    fn on_memcached(&mut self, places: &str) {
        let first = places.split(',').next().unwrap().to_owned();
        let prefix = format!("bench{}", std::process::id());
        let cache = Cache::from_url(&format!("memcached://{places}?prefix={prefix}")).unwrap();
        self.compare("`memcached:`", cache, |_| {
            let mut client = MemcachedClient::to(&first);
            let keys = client.keys(&prefix);
            Box::new(move || client.get(&keys))
        });
    }
}

fn database() -> SqliteConnection {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    conn.batch_execute(
        "CREATE TABLE products (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL);
         INSERT INTO products VALUES (1, 'A thing of some length')",
    )
    .unwrap();
    conn
}

/// `CACHE_DIESEL_POSTGRES_URL`, `CACHE_DIESEL_MYSQL_URL` and `CACHE_DIESEL_MEMCACHED` (`host:port`) name servers; those
/// that are not named are left out.
fn main() {
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let plan = if is_trial { Plan { batches: 1, turns: 1 } } else { Plan { batches: 400, turns: 50 } };
    cache_diesel::install(Cache::none()).unwrap();
    let memory = Path::new("/dev/shm");
    let name = format!("cache-diesel-bench-{}", std::process::id());
    let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let mut run = Run { plan, rows: Vec::new() };
    run.in_a_file("sqlite", &folder.join("shop.cache"));
    run.in_a_file("file", &folder.join("cache.sqlite"));
    run.in_tables::<SqliteConnection>("tables in SQLite", folder.join("tables").to_str().unwrap());
    let named = |variable: &str| std::env::var(variable).ok();
    #[cfg(feature = "postgres")]
    if let Some(url) = named("CACHE_DIESEL_POSTGRES_URL") {
        run.in_tables::<PgConnection>("tables in PostgreSQL", &url);
    }
    #[cfg(feature = "mysql")]
    if let Some(url) = named("CACHE_DIESEL_MYSQL_URL") {
        run.in_tables::<MysqlConnection>("tables in MariaDB", &url);
    }
    if let Some(places) = named("CACHE_DIESEL_MEMCACHED") {
        run.on_memcached(&places);
    }
    print("A hit", ["bare client", "`cached().get(1)`"], &run.rows);
    std::fs::remove_dir_all(folder).unwrap();
}
