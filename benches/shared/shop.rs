//! The table, and the servers that it and the entries are on.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

diesel::table! {
    bench_products (id) {
        id -> Integer,
        title -> Text,
        price -> Integer,
    }
}

#[derive(Cached, Debug, Deserialize, Queryable, Selectable, Serialize)]
#[diesel(table_name = bench_products)]
#[cached(key = "product", detail_timeout = "1 hour")]
pub struct Product {
    pub id: i32,
    pub title: String,
    pub price: i32,
}

pub const ROWS: i32 = 10_000;

/// Where the servers are, and what this run's keys begin with.
#[derive(Clone)]
pub struct Servers {
    pub postgres: String,
    pub redis: String,
}

impl Servers {
    pub fn of_environment() -> Self {
        let of = |variable: &str| {
            std::env::var(variable).unwrap_or_else(|_| {
                panic!("`{variable}` is not set: run `./scripts/with-servers cargo bench -p benches --all-features`")
            })
        };
        Self { postgres: of("CACHE_DIESEL_POSTGRES_URL"), redis: of("CACHE_DIESEL_REDIS_URL") }
    }

    /// The server of a cache whose keys begin with `prefix`.
    pub fn cache_url(&self, prefix: &str) -> String {
        format!("{}?prefix={prefix}", self.redis)
    }

    pub fn client(&self) -> redis::Connection {
        redis::Client::open(self.redis.as_str()).unwrap().get_connection().unwrap()
    }

    pub fn database(&self) -> PgConnection {
        PgConnection::establish(&self.postgres).unwrap()
    }

    pub fn set_up(&self) {
        self.tidy();
        let statements = format!(
            "CREATE TABLE bench_products (id INTEGER PRIMARY KEY, title VARCHAR NOT NULL, price INTEGER NOT NULL);
             INSERT INTO bench_products SELECT id, 'Product number ' || id, 0 FROM generate_series(1, {ROWS}) AS id;
             ANALYZE bench_products"
        );
        self.database().batch_execute(&statements).unwrap();
    }

    pub fn tidy(&self) {
        self.database().batch_execute("DROP TABLE IF EXISTS bench_products").unwrap();
    }
}

/// A prefix that no other cache of this run has.
pub fn fresh_prefix(what: &str) -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("bench-{what}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
