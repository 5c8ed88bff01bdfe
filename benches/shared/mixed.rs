//! Four processes that read and write rows of one table by their keys: from cold, and in the steady state that follows
//! when each process has met most rows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::ledger::Ledger;
use crate::load::{Choice, LOADS, Load};
use crate::processor;
use crate::shop::{Product, ROWS, Servers, bench_products, fresh_prefix};
use crate::worker::{Errand, together, wait_for_the_others};

const PROCESSES: usize = 4;
const THREADS: usize = 2;
/// How far near memory may be behind, and two clocks that count milliseconds.
const BEHIND: Duration = Duration::from_millis(1_002);

/// How rows are read.
#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    /// Diesel, and no cache.
    Plain,
    /// By hand: `GET`; on a miss the query, then `SETEX`; after a write `DEL`.
    ByHand,
    /// `cached()` on Redis.
    Redis,
    /// The same, with memory in front of it.
    Near,
}

const WAYS: [(Way, &str); 4] =
    [(Way::Plain, "plain"), (Way::ByHand, "by-hand"), (Way::Redis, "redis"), (Way::Near, "near")];

impl Way {
    pub fn named(name: &str) -> Self {
        WAYS.iter().find(|(_, known)| *known == name).unwrap().0
    }

    pub fn name(self) -> &'static str {
        WAYS.iter().find(|(way, _)| *way == self).unwrap().1
    }

    fn title(self) -> &'static str {
        match self {
            Self::Plain => "plain Diesel",
            Self::ByHand => "by hand on Redis",
            Self::Redis => "`cached()` on Redis",
            Self::Near => "`cached()` with `near` in front of Redis",
        }
    }
}

/// How long the phases are, as parts of the seconds that are measured: from cold, until each process has met most rows, and
/// the steady state. Of the second nothing is reported.
const PHASES: [f64; 3] = [1.0, 3.0, 1.0];

/// The numbers of one phase that a process says, in this order.
const NUMBERS: usize = 8;

/// What all processes said of one phase.
struct Phase {
    operations: f64,
    reads: f64,
    hits: f64,
    near: f64,
    stale: f64,
    /// Microseconds of the processors: of the processes, of Redis, of PostgreSQL.
    taken: [f64; 3],
}

impl Phase {
    fn of(said: &[Vec<f64>], phase: usize) -> Self {
        let sum = |place: usize| said.iter().map(|numbers| numbers[phase * NUMBERS + place]).sum::<f64>();
        // Each process has seen the same of the servers.
        let servers = |place: usize| sum(place) / said.len() as f64;
        let taken = [sum(5), servers(6), servers(7)];
        Self { operations: sum(0), reads: sum(1), hits: sum(2), near: sum(3), stale: sum(4), taken }
    }
}

pub fn print(seconds: f64) {
    for load in LOADS {
        print_load(load, seconds);
    }
}

fn print_load(load: Load, seconds: f64) {
    println!(
        "\n| {PROCESSES} processes, {} | from cold: operations a second | beside plain Diesel | steady: operations a \
         second | beside plain Diesel | of the reads from a cache | of these from memory | µs of the processors an \
         operation: programs, Redis, PostgreSQL | stale reads |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        load.title
    );
    let mut of_plain = [0.0; 2];
    for (way, _) in WAYS {
        let prefix = fresh_prefix(way.name());
        let said = together(PROCESSES, &Errand::Mixed { way, load, prefix: prefix.clone(), seconds });
        Ledger::remove(&prefix);
        let [cold, steady] = [0, PHASES.len() - 1].map(|phase| Phase::of(&said, phase));
        let a_second = [&cold, &steady].map(|phase| phase.operations / seconds);
        of_plain = if way == Way::Plain { a_second } else { of_plain };
        let hits = 100.0 * steady.hits / steady.reads;
        let near = if steady.hits > 0.0 { 100.0 * steady.near / steady.hits } else { 0.0 };
        let [programs, redis, postgres] = steady.taken.map(|micros| micros / steady.operations);
        println!(
            "| {} | {:.0} | {:.2} | {:.0} | {:.2} | {hits:.0} % | {near:.0} % | {programs:.0}, {redis:.0}, \
             {postgres:.0} | {} |",
            way.title(),
            a_second[0],
            a_second[0] / of_plain[0],
            a_second[1],
            a_second[1] / of_plain[1],
            cold.stale + steady.stale
        );
    }
}

/// What one thread counts.
#[derive(Clone, Copy, Default)]
struct Counted {
    operations: u64,
    reads: u64,
    hits: u64,
    stale: u64,
}

pub fn work(servers: &Servers, (way, load): (Way, Load), prefix: &str, seconds: f64) {
    let url = servers.cache_url(prefix);
    let cache = match way {
        Way::Plain | Way::ByHand => Cache::builder().none(),
        Way::Redis => Cache::builder().redis(url),
        Way::Near => Cache::builder().redis(url).near(64 * MIB),
    };
    let cache = cache.build().unwrap();
    if matches!(way, Way::Redis | Way::Near) {
        cache_diesel::install(cache.clone()).unwrap();
    }
    let mut workers: Vec<Worker> = (0..THREADS).map(|place| Worker::new(servers, (way, load), prefix, place)).collect();
    wait_for_the_others();
    let phases = PHASES.map(|part| phase(&mut workers, &cache, part * seconds));
    let words: Vec<String> = phases.iter().flatten().map(f64::to_string).collect();
    println!("{}", words.join(" "));
}

/// Works for so long; gives the numbers of a phase.
fn phase(workers: &mut [Worker], cache: &Cache, seconds: f64) -> [f64; NUMBERS] {
    let hits = || {
        let statistics = cache.statistics();
        (statistics.total().hit_count, statistics.near.map_or(0, |near| near.hit_count))
    };
    let taken = || [processor::own(), processor::taken_by("redis-server"), processor::taken_by("postgres")];
    let (before, taken_before) = (hits(), taken());
    let is_over = AtomicBool::new(false);
    let counted: Vec<Counted> = thread::scope(|scope| {
        let running: Vec<_> = workers.iter_mut().map(|worker| scope.spawn(|| worker.run(&is_over))).collect();
        thread::sleep(Duration::from_secs_f64(seconds));
        is_over.store(true, Ordering::Relaxed);
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |of: fn(&Counted) -> u64| counted.iter().map(of).sum::<u64>();
    let (all, near) = hits();
    let found = sum(|counted| counted.hits) + all - before.0;
    let numbers = [sum(|counted| counted.operations), sum(|counted| counted.reads), found, near - before.1];
    let [operations, reads, found, near] = numbers.map(|number| number as f64);
    let [programs, redis, postgres] = taken();
    let [of_programs, of_redis, of_postgres] = taken_before;
    let stale = sum(|counted| counted.stale) as f64;
    [operations, reads, found, near, stale, programs - of_programs, redis - of_redis, postgres - of_postgres]
}

struct Worker {
    way: Way,
    load: Load,
    prefix: String,
    conn: PgConnection,
    client: redis::Connection,
    choice: Choice,
    ledger: Ledger,
}

impl Worker {
    fn new(servers: &Servers, (way, load): (Way, Load), prefix: &str, place: usize) -> Self {
        let seed = u64::from(std::process::id()) * 31 + place as u64;
        Self {
            way,
            load,
            prefix: prefix.to_owned(),
            conn: servers.database(),
            client: servers.client(),
            choice: Choice::of(load, seed),
            ledger: Ledger::open(prefix, ROWS),
        }
    }

    fn run(&mut self, is_over: &AtomicBool) -> Counted {
        let mut counted = Counted::default();
        while !is_over.load(Ordering::Relaxed) {
            let id = self.choice.row();
            counted.operations += 1;
            if self.choice.number() % 100 < self.load.writes {
                let price = self.write(id);
                self.ledger.note(id, price);
            } else {
                counted.reads += 1;
                self.check(id, &mut counted);
            }
        }
        counted
    }

    /// Reads a row, and counts it if it is older than a write that had returned before, in whatever process.
    fn check(&mut self, id: i32, counted: &mut Counted) {
        let due = self.ledger.returned(id);
        let is_due = self.way != Way::Near || due.age() > BEHIND;
        let price = self.read(id, counted);
        counted.stale += u64::from(is_due && price < due.price);
    }

    fn read(&mut self, id: i32, counted: &mut Counted) -> i32 {
        match self.way {
            Way::Plain => self.query(id).price,
            Way::ByHand => self.read_by_hand(id, counted),
            Way::Redis | Way::Near => Product::cached().get(id).first(&mut self.conn).unwrap().price,
        }
    }

    fn query(&mut self, id: i32) -> Product {
        bench_products::table.find(id).select(Product::as_select()).first(&mut self.conn).unwrap()
    }

    fn read_by_hand(&mut self, id: i32, counted: &mut Counted) -> i32 {
        let key = format!("{}:{id}", self.prefix);
        let found: Option<String> = redis::cmd("GET").arg(&key).query(&mut self.client).unwrap();
        if let Some(found) = found {
            counted.hits += 1;
            let (price, title) = found.split_once(' ').unwrap();
            return Product { id, title: title.to_owned(), price: price.parse().unwrap() }.price;
        }
        let row = self.query(id);
        let value = format!("{} {}", row.price, row.title);
        redis::cmd("SETEX").arg(&key).arg(3_600).arg(value).exec(&mut self.client).unwrap();
        row.price
    }

    fn write(&mut self, id: i32) -> i32 {
        let update = |conn: &mut PgConnection| {
            diesel::update(bench_products::table.find(id))
                .set(bench_products::price.eq(bench_products::price + 1))
                .returning(bench_products::price)
                .get_result(conn)
        };
        let price = if self.load.in_transactions { self.conn.transaction(update) } else { update(&mut self.conn) };
        if self.way == Way::ByHand {
            redis::cmd("DEL").arg(format!("{}:{id}", self.prefix)).exec(&mut self.client).unwrap();
        }
        price.unwrap()
    }
}
