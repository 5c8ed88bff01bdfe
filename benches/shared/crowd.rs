//! Four processes with sixteen readers each, who all come for the same cold list at once.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use cache_diesel::prelude::*;
use cache_diesel::read::CachedList;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::shop::{Product, Servers, bench_products, fresh_prefix};
use crate::worker::{Errand, together, wait_for_the_others};

const PROCESSES: usize = 4;
const READERS: usize = 16;

/// A list that takes 50 milliseconds.
fn slow(conn: &mut PgConnection, is_cached: bool) -> CachedList<Product> {
    let naps = bench_products::id.eq(1).and(sql::<Bool>("(SELECT pg_sleep(0.05)) IS NOT NULL"));
    let read = Product::cached().all("slow", naps).assume_deterministic();
    if is_cached { read.load(conn).unwrap() } else { read.bypass().load(conn).unwrap() }
}

pub fn print(servers: &Servers, batches: usize) {
    let mut conn = servers.database();
    let plain = (0..batches.max(3)).map(|_| timed(|| drop(slow(&mut conn, false)))).min().unwrap();
    let best = (0..batches)
        .map(|_| {
            let said = together(PROCESSES, &Errand::Crowd { prefix: fresh_prefix("crowd") });
            let queries: f64 = said.iter().map(|numbers| numbers[0]).sum();
            let slowest = said.iter().map(|numbers| numbers[1]).fold(0.0, f64::max);
            (queries, slowest)
        })
        .min_by(|one, other| one.1.total_cmp(&other.1))
        .unwrap();
    let plain = plain.as_secs_f64() * 1e3;
    println!(
        "\n| {PROCESSES} processes with {READERS} readers of a cold key | queries | plain query ms | last reader ms | ratio |\n\
         |---|---:|---:|---:|---:|\n| a list of 50 ms | {} | {plain:.1} | {:.1} | {:.2} |",
        best.0,
        best.1,
        best.1 / plain
    );
}

pub fn work(servers: &Servers, prefix: &str) {
    let cache = Cache::from_url(&servers.cache_url(prefix)).unwrap();
    cache_diesel::install(cache.clone()).unwrap();
    let mut connections: Vec<PgConnection> = (0..READERS).map(|_| servers.database()).collect();
    // What every process does once is done before: connections, prepared statements.
    connections.iter_mut().for_each(|conn| drop(Product::cached().get(1).bypass().first(conn).unwrap()));
    wait_for_the_others();
    let start = Barrier::new(READERS);
    let slowest = thread::scope(|scope| {
        let readers: Vec<_> = connections
            .iter_mut()
            .map(|conn| {
                scope.spawn(|| {
                    start.wait();
                    timed(|| assert_eq!(slow(conn, true).len(), 1))
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).max().unwrap()
    });
    println!("{} {}", cache.statistics().total().load_count, slowest.as_secs_f64() * 1e3);
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}
