//! What a hit costs beside what teams write by hand or take from a registry, on the same rows; what a miss costs beside
//! the plain query; what readers get who come at the same time.
//!
//! Each table is one race: batches of all ways in turn, and of each the fastest.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

mod crowd;
mod elsewhere;
mod memory;
mod shop;

use core::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use benches::{Plan, Raced, Way, print, print_race};
use cache_diesel::{Cache, caches};
use diesel::SqliteConnection;

use crate::elsewhere::{Locked, Quick};
use crate::shop::{Product, Shop};

/// A plan of so many batches and turns, unless somebody only wants to see it run.
type Plans<'a> = &'a dyn Fn(usize, usize) -> Plan;

fn main() {
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let plan = |batches, turns| if is_trial { Plan { batches: 1, turns: 2 } } else { Plan { batches, turns } };
    let mut plain: SqliteConnection = shop::open(":memory:");
    #[cfg(feature = "postgres")]
    let mut plain_on_server = server::open("bench_plain");
    cache_diesel::install(Cache::memory()).unwrap();
    let mut conn: SqliteConnection = shop::open(":memory:");
    print_race("One row by its key", &by_key(&mut plain, &mut conn, plan(3_000, 200)));
    print_race("One row by a unique text", &by_slug(&mut plain, &mut conn, plan(3_000, 200)));
    print_race("1000 rows", &every(&mut plain, &mut conn, &plan));
    print_race("500 rows, two filters", &filtered(&mut plain, &mut conn, &plan));
    print_race("100 rows by their keys", &many(&mut plain, &mut conn, &plan));
    print_misses("SQLite in memory", plan(2_000, 50), &mut plain, &mut conn);
    #[cfg(feature = "postgres")]
    {
        let mut conn = server::open("bench_cached");
        print_misses("PostgreSQL", plan(400, 50), &mut plain_on_server, &mut conn);
    }
    crowd::print_threads(if is_trial { 1 } else { 40 });
    crowd::print_readers(if is_trial { 1 } else { 10 });
    memory::print_sizes(&mut conn);
}

#[cfg(feature = "postgres")]
mod server {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    /// A connection to a schema of its own, which is made anew.
    pub fn open(schema: &str) -> PgConnection {
        let url = std::env::var("CACHE_DIESEL_POSTGRES_URL").expect(
            "`CACHE_DIESEL_POSTGRES_URL` is not set: run `./scripts/with-servers cargo bench -p benches --all-features`",
        );
        let mut keeper = PgConnection::establish(&url).unwrap();
        keeper.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")).unwrap();
        crate::shop::open(&format!("{url}?options=-csearch_path%3D{schema}"))
    }
}

fn race(plan: Plan, ways: &mut [(&str, &mut dyn Way)]) -> Vec<Raced> {
    plan.race(ways, &|way, turns| allocation_counter::measure(|| (0..turns).for_each(|_| way.turn())).count_total)
}

fn by_key(plain: &mut SqliteConnection, conn: &mut SqliteConnection, plan: Plan) -> Vec<Raced> {
    let id = black_box(7);
    let row = plain.plain(id);
    let bare: quick_cache::sync::Cache<i32, Arc<Product>> = quick_cache::sync::Cache::new(10_000);
    bare.insert(id, Arc::clone(&row));
    let (locked, quick, moka, amalgam) = (Locked::new(), Quick::new(), elsewhere::moka(), elsewhere::amalgam());
    amalgam.set("7", Arc::clone(&row)).execute().unwrap();
    let (mut other, mut third) = (shop::open::<SqliteConnection>(":memory:"), shop::open(":memory:"));
    let load = || (id, Arc::clone(&row));
    let ways: &mut [(&str, &mut dyn Way)] = &mut [
        ("`quick_cache`, bare, and the time", &mut || drop(black_box((bare.get(&id), Instant::now())))),
        ("by hand, `Mutex<HashMap>`", &mut || drop(black_box(locked.get(&id, load)))),
        ("by hand, `quick_cache`", &mut || drop(black_box(quick.get(&id, load)))),
        ("`moka`, `get_with`", &mut || drop(black_box(moka.get_with(id, || load().1)))),
        ("`cached`, `#[cached]`", &mut || drop(black_box(elsewhere::by_macro(&mut other, id)))),
        ("`cached`, `#[concurrent_cached]`", &mut || drop(black_box(elsewhere::by_sharded_macro(&mut third, id)))),
        ("`amalgam-cache`, blocking", &mut || drop(black_box(elsewhere::amalgam_get(&amalgam, "7")))),
        ("`cached().get(7)`", &mut || drop(black_box(conn.cached(id)))),
        ("plain Diesel, SQLite in memory", &mut || drop(black_box(plain.plain(id)))),
    ];
    race(plan, ways)
}

fn by_slug(plain: &mut SqliteConnection, conn: &mut SqliteConnection, plan: Plan) -> Vec<Raced> {
    let slug = black_box("product-7");
    let row = shop::plain_by_slug(plain, slug);
    let bare: quick_cache::sync::Cache<String, Arc<Product>> = quick_cache::sync::Cache::new(10_000);
    bare.insert(slug.to_owned(), Arc::clone(&row));
    let (locked, quick, moka, amalgam) = (Locked::new(), Quick::new(), elsewhere::moka(), elsewhere::amalgam());
    amalgam.set(slug, Arc::clone(&row)).execute().unwrap();
    let mut other = shop::open::<SqliteConnection>(":memory:");
    let load = || (slug.to_owned(), Arc::clone(&row));
    let ways: &mut [(&str, &mut dyn Way)] = &mut [
        ("`quick_cache`, bare, and the time", &mut || drop(black_box((bare.get(slug), Instant::now())))),
        ("by hand, `Mutex<HashMap>`", &mut || drop(black_box(locked.get(slug, load)))),
        ("by hand, `quick_cache`", &mut || drop(black_box(quick.get(slug, load)))),
        ("`moka`, `get_with_by_ref`", &mut || drop(black_box(moka.get_with_by_ref(slug, || load().1)))),
        ("`cached`, `#[cached]`", &mut || drop(black_box(elsewhere::slug_by_macro(&mut other, slug)))),
        ("`amalgam-cache`, blocking", &mut || drop(black_box(elsewhere::amalgam_get(&amalgam, slug)))),
        ("`cached().get_by_slug(..)`", &mut || {
            drop(black_box(Product::cached().get_by_slug(slug).first(conn).unwrap()))
        }),
        ("plain Diesel, SQLite in memory", &mut || drop(black_box(shop::plain_by_slug(plain, slug)))),
    ];
    race(plan, ways)
}

fn every(plain: &mut SqliteConnection, conn: &mut SqliteConnection, plan: Plans<'_>) -> Vec<Raced> {
    let ways: &mut [(&str, &mut dyn Way)] =
        &mut [("`cached().every()`", &mut || drop(black_box(Product::cached().every().load(conn).unwrap())))];
    let mut rows = race(plan(3_000, 200), ways);
    rows.extend(race(plan(200, 2), &mut [("plain Diesel, SQLite in memory", &mut || drop(shop::plain_every(plain)))]));
    rows
}

fn filtered(plain: &mut SqliteConnection, conn: &mut SqliteConnection, plan: Plans<'_>) -> Vec<Raced> {
    let above = black_box(0);
    let ways: &mut [(&str, &mut dyn Way)] = &mut [
        ("`cached().all(..)`", &mut || drop(black_box(shop::cached_active(conn, above)))),
        ("a BLAKE3 of 64 bytes", &mut || _ = black_box(blake3::hash(black_box(&[7; 64])))),
    ];
    let mut rows = race(plan(3_000, 200), ways);
    let ways: &mut [(&str, &mut dyn Way)] =
        &mut [("plain Diesel, SQLite in memory", &mut || drop(shop::plain_active(plain, above)))];
    rows.extend(race(plan(200, 2), ways));
    rows
}

fn many(plain: &mut SqliteConnection, conn: &mut SqliteConnection, plan: Plans<'_>) -> Vec<Raced> {
    let ids: Vec<i32> = (1..=100).collect();
    let mut other = shop::open::<SqliteConnection>(":memory:");
    let ways: &mut [(&str, &mut dyn Way)] = &mut [
        ("`cached().get_many(..)`", &mut || {
            drop(black_box(Product::cached().get_many(ids.iter().copied()).load(conn).unwrap()))
        }),
        ("`cached().get(..)`, one by one", &mut || ids.iter().for_each(|id| drop(black_box(other.cached(*id))))),
    ];
    let mut rows = race(plan(3_000, 20), ways);
    let ways: &mut [(&str, &mut dyn Way)] =
        &mut [("plain Diesel, SQLite in memory", &mut || drop(shop::plain_many(plain, &ids)))];
    rows.extend(race(plan(1_000, 5), ways));
    rows
}

fn print_misses<C: Shop>(database: &str, plan: Plan, plain: &mut C, conn: &mut C) {
    let mut missing = Missing(conn, 0);
    missing.tidy();
    let missed = plan.compare("a row by its key", &mut Plainly(plain, 0), &mut missing);
    print(&format!("A cold cache, {database}"), ["plain", "miss and fill"], &[missed]);
}

/// Rows past the cache, one after the other.
struct Plainly<'a, C>(&'a mut C, i32);

impl<C: Shop> Way for Plainly<'_, C> {
    fn turn(&mut self) {
        self.1 += 1;
        drop(self.0.plain(self.1));
    }

    fn tidy(&mut self) {
        self.1 = 0;
    }
}

/// The same rows through the cache, which has none of them.
struct Missing<'a, C>(&'a mut C, i32);

impl<C: Shop> Way for Missing<'_, C> {
    fn turn(&mut self) {
        self.1 += 1;
        drop(self.0.cached(self.1));
    }

    fn tidy(&mut self) {
        self.1 = 0;
        caches::default().unwrap().clear().unwrap();
        // The first read after a clear asks once more what the database declares: that is no part of a miss.
        drop(self.0.cached(1000));
    }
}
