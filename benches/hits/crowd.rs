//! Many readers at once: what a second core adds to hits, and what readers get who come for the same cold key.

use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::path::PathBuf;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use cache_diesel::caches;
use diesel::prelude::*;

use crate::shop::{Product, Shop, open, products};

#[declare_sql_function]
extern "SQL" {
    /// Is true after so many milliseconds.
    fn nap(millis: diesel::sql_types::Integer) -> diesel::sql_types::Bool;
}

/// A database that several connections share.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("cache-diesel-hits-{}.sqlite", std::process::id())))
    }

    fn url(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

type Reads = Box<dyn FnMut(i32) + Send>;

/// Prints how many hits two threads get through in the time of one, best of so many batches.
pub fn print_threads(batches: usize) {
    let file = File::new();
    drop(open::<SqliteConnection>(file.url()));
    let bare: Arc<quick_cache::sync::Cache<i32, Arc<Product>>> = Arc::new(quick_cache::sync::Cache::new(10_000));
    let mut conn = SqliteConnection::establish(file.url()).unwrap();
    (1..=1_000).for_each(|id| bare.insert(id, conn.cached(id)));
    println!("\n| two threads | one: ns a hit | two: ns a hit | as many hits as one |\\n|---|---:|---:|---:|");
    for (rows, apart) in [("rows of their own", 500), ("the same row", 0)] {
        let of_bare = || {
            let bare = Arc::clone(&bare);
            Box::new(move |id: i32| drop(black_box((bare.get(&id), Instant::now())))) as Reads
        };
        let of_ours = || {
            let mut conn = SqliteConnection::establish(file.url()).unwrap();
            Box::new(move |id: i32| drop(black_box(conn.cached(id)))) as Reads
        };
        print_scale(&format!("`quick_cache`, bare, and the time: {rows}"), batches, apart, &of_bare);
        print_scale(&format!("`cached().get(..)`: {rows}"), batches, apart, &of_ours);
    }
}

fn print_scale(what: &str, batches: usize, apart: i32, reads: &dyn Fn() -> Reads) {
    const TURNS: u32 = 100_000;
    let mut threads: Vec<Reads> = vec![reads(), reads()];
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..batches {
        fastest[0] = fastest[0].min(together(&mut threads[..1], TURNS, apart));
        fastest[1] = fastest[1].min(together(&mut threads, TURNS, apart));
    }
    let [one, two] = fastest.map(|taken| taken.as_nanos() as f64 / f64::from(TURNS));
    println!("| {what} | {one:.0} | {two:.0} | {:.2} |", 2.0 * one / two);
}

/// How long the slowest of the threads takes for its turns.
fn together(threads: &mut [Reads], turns: u32, apart: i32) -> Duration {
    let start = Barrier::new(threads.len());
    let turn_through = &|reads: &mut Reads, first: i32| {
        start.wait();
        let began = Instant::now();
        for turn in 0..turns {
            reads(if apart > 0 { first + (turn % 400).cast_signed() } else { first });
        }
        began.elapsed()
    };
    thread::scope(|scope| {
        let firsts = (0..).map(|place| 1 + place * apart);
        let running: Vec<_> = threads
            .iter_mut()
            .zip(firsts)
            .map(|(reads, first)| scope.spawn(move || turn_through(reads, first)))
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).max().unwrap()
    })
}

/// Prints how long readers wait who come for one cold key together, best of so many times.
pub fn print_readers(times: usize) {
    const READERS: usize = 64;
    const NAP: i32 = 50;
    let file = File::new();
    drop(open::<SqliteConnection>(file.url()));
    let queries = Arc::new(AtomicU32::new(0));
    let mut conns: Vec<SqliteConnection> = (0..=READERS).map(|_| napping(&file, &queries)).collect();
    let mut plain = conns.pop().unwrap();
    let slow = || products::id.eq(7).and(nap(NAP));
    let (mut alone, mut slowest, mut most) = (Duration::MAX, Duration::MAX, 0);
    for _ in 0..times {
        let began = Instant::now();
        let rows: Vec<Product> = products::table.filter(slow()).select(Product::as_select()).load(&mut plain).unwrap();
        alone = alone.min(began.elapsed());
        assert_eq!(rows.len(), 1);
        caches::default().unwrap().clear().unwrap();
        queries.store(0, Ordering::SeqCst);
        slowest = slowest.min(crowd(&mut conns, |conn| {
            let read = Product::cached().all("slow", slow()).assume_deterministic();
            assert_eq!(read.load(conn).unwrap().len(), 1);
        }));
        most = most.max(queries.load(Ordering::SeqCst));
    }
    println!("\n| {READERS} readers of a cold key | queries | plain query ms | last reader ms | ratio |");
    println!("|---|---:|---:|---:|---:|");
    let [alone, slowest] = [alone, slowest].map(|taken| taken.as_secs_f64() * 1e3);
    println!("| a list of {NAP} ms | {most} | {alone:.1} | {slowest:.1} | {:.2} |", slowest / alone);
}

/// A connection whose database can take its time.
fn napping(file: &File, queries: &Arc<AtomicU32>) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(file.url()).unwrap();
    let queries = Arc::clone(queries);
    nap_utils::register_impl(&mut conn, move |millis: i32| {
        queries.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(millis.unsigned_abs().into()));
        true
    })
    .unwrap();
    conn
}

/// How long it takes from the start until the last one has read.
fn crowd(conns: &mut [SqliteConnection], read: impl Fn(&mut SqliteConnection) + Sync) -> Duration {
    let start = Barrier::new(conns.len() + 1);
    let wait_and_read = |conn: &mut SqliteConnection| {
        start.wait();
        read(conn);
    };
    thread::scope(|scope| {
        let wait_and_read = &wait_and_read;
        let running: Vec<_> = conns.iter_mut().map(|conn| scope.spawn(|| wait_and_read(conn))).collect();
        start.wait();
        let began = Instant::now();
        running.into_iter().for_each(|thread| thread.join().unwrap());
        began.elapsed()
    })
}
