//! Four processes that read and write rows of one table by their keys, 95 reads to 5 writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::shop::{Product, ROWS, Servers, bench_products, fresh_prefix};
use crate::worker::{Errand, together, wait_for_the_others};

const PROCESSES: usize = 4;
const THREADS: usize = 2;

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

pub fn print(seconds: f64) {
    println!(
        "\n| {PROCESSES} processes, {ROWS} rows, 95 reads to 5 writes | operations a second | beside plain Diesel | of \
         the reads from a cache | of these from memory | older than an own write |\n|---|---:|---:|---:|---:|---:|"
    );
    let mut of_plain = 0.0;
    for (way, _) in WAYS {
        let prefix = fresh_prefix(way.name());
        let said = together(PROCESSES, &Errand::Mixed { way, prefix, seconds });
        let sum = |place: usize| said.iter().map(|numbers| numbers[place]).sum::<f64>();
        let operations = sum(0) / seconds;
        of_plain = if way == Way::Plain { operations } else { of_plain };
        let hits = 100.0 * sum(2) / sum(1);
        let near = if sum(2) > 0.0 { 100.0 * sum(4) / sum(2) } else { 0.0 };
        let (title, ratio) = (way.title(), operations / of_plain);
        println!("| {title} | {operations:.0} | {ratio:.2} | {hits:.0} % | {near:.0} % | {} |", sum(3));
    }
}

/// What one thread counts.
#[derive(Default)]
struct Counted {
    operations: u64,
    reads: u64,
    hits: u64,
    stale: u64,
}

pub fn work(servers: &Servers, way: Way, prefix: &str, seconds: f64) {
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
    let mut workers: Vec<Worker> = (0..THREADS).map(|place| Worker::new(servers, way, prefix, place)).collect();
    workers[0].warm();
    let hits = || {
        let statistics = cache.statistics();
        (statistics.total().hit_count, statistics.near.map_or(0, |near| near.hit_count))
    };
    let before = hits();
    wait_for_the_others();
    let is_over = AtomicBool::new(false);
    let counted: Vec<Counted> = thread::scope(|scope| {
        let running: Vec<_> = workers.iter_mut().map(|worker| scope.spawn(|| worker.run(&is_over))).collect();
        thread::sleep(Duration::from_secs_f64(seconds));
        is_over.store(true, Ordering::Relaxed);
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |of: fn(&Counted) -> u64| counted.iter().map(of).sum::<u64>();
    let (all, near) = hits();
    println!(
        "{} {} {} {} {}",
        sum(|counted| counted.operations),
        sum(|counted| counted.reads),
        sum(|counted| counted.hits) + all - before.0,
        sum(|counted| counted.stale),
        near - before.1
    );
}

struct Worker {
    way: Way,
    prefix: String,
    conn: PgConnection,
    client: redis::Connection,
    random: u64,
    /// The price that this thread wrote last, for each row.
    written: Vec<i32>,
}

impl Worker {
    fn new(servers: &Servers, way: Way, prefix: &str, place: usize) -> Self {
        let seed = u64::from(std::process::id()) * 31 + place as u64;
        Self {
            way,
            prefix: prefix.to_owned(),
            conn: servers.database(),
            client: servers.client(),
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            written: vec![0; ROWS as usize + 1],
        }
    }

    /// Reads every row, so that it is cached; what is new on the server is kept in memory from the second read on.
    fn warm(&mut self) {
        for _ in 0..2 {
            (1..=ROWS).for_each(|id| _ = self.read(id, &mut Counted::default()));
        }
    }

    fn run(&mut self, is_over: &AtomicBool) -> Counted {
        let mut counted = Counted::default();
        while !is_over.load(Ordering::Relaxed) {
            let id = 1 + (self.next() % ROWS as u64) as i32;
            counted.operations += 1;
            if self.next() % 100 < 5 {
                self.written[id as usize] = self.write(id);
            } else {
                counted.reads += 1;
                let price = self.read(id, &mut counted);
                counted.stale += u64::from(price < self.written[id as usize]);
            }
        }
        counted
    }

    /// Xorshift.
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
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
        let price = diesel::update(bench_products::table.find(id))
            .set(bench_products::price.eq(bench_products::price + 1))
            .returning(bench_products::price)
            .get_result(&mut self.conn)
            .unwrap();
        if self.way == Way::ByHand {
            redis::cmd("DEL").arg(format!("{}:{id}", self.prefix)).exec(&mut self.client).unwrap();
        }
        price
    }
}
