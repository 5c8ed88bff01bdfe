//! What memory in front of a server costs: a hit there beside one in a cache that is memory alone, and how long it takes
//! until a change elsewhere is told.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

use std::time::{Duration, Instant};

use benches::{Plan, print};
use cache_core::{MIB, Tag};
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        title -> Text,
    }
}

/// Kept in memory alone.
#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "product")]
struct Product {
    id: i32,
    title: String,
}

/// Kept on the server, and in memory in front of it.
#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "near_product", cache = "near", detail_timeout = "1 hour")]
struct NearProduct {
    id: i32,
    title: String,
}

fn main() {
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let plan = |batches, turns| if is_trial { Plan { batches: 1, turns: 1 } } else { Plan { batches, turns } };
    let variable = "CACHE_DIESEL_REDIS_URL";
    let server = std::env::var(variable).unwrap_or_else(|_| {
        panic!("`{variable}` is not set: run `./scripts/with-servers cargo bench -p benches --all-features`")
    });
    let url = format!("{server}?prefix=bench:{}", std::process::id());
    let near = Cache::builder().redis(&url).near(64 * MIB).build().unwrap();
    cache_diesel::install(Cache::memory()).unwrap();
    caches::configure([("near", near.clone())]).unwrap();
    let mut conn = set_up();
    wait_until(|| {
        NearProduct::cached().get(1).first(&mut conn).unwrap();
        near.statistics().near.unwrap().hit_count > 0
    });
    let mut other = set_up();
    Product::cached().get(1).first(&mut other).unwrap();
    let row = plan(4000, 200).compare(
        "one row by its key",
        &mut || drop(Product::cached().get(1).first(&mut other).unwrap()),
        &mut || drop(NearProduct::cached().get(1).first(&mut conn).unwrap()),
    );
    print("a hit", ["memory", "in front of Redis"], &[row]);
    report_delays(&near, &Cache::from_url(&url).unwrap(), if is_trial { 3 } else { 2_000 });
}

fn set_up() -> SqliteConnection {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    conn.batch_execute("CREATE TABLE products (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL)").unwrap();
    diesel::insert_into(products::table)
        .values((products::id.eq(1), products::title.eq("Lamp")))
        .execute(&mut conn)
        .unwrap();
    conn
}

/// How long after a change is over, in another cache over the server, it has been told here.
fn report_delays(near: &Cache, elsewhere: &Cache, count: usize) {
    let told = || near.statistics().near.unwrap().told_count;
    let mut delays: Vec<Duration> = (0..count)
        .map(|_| {
            let before = told();
            elsewhere.clear_tags("bench", &[Tag::root()]).unwrap();
            let begin = Instant::now();
            wait_until(|| told() > before);
            begin.elapsed()
        })
        .collect();
    delays.sort_unstable();
    let at = |hundredth: usize| delays[(delays.len() - 1) * hundredth / 100].as_nanos();
    println!("\na change elsewhere is told after: median {} ns, 99 of 100 within {} ns", at(50), at(99));
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(10), "nothing was told");
    }
}
