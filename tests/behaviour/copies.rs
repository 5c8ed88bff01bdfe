//! Two processes, each with memory in front of one server: what a refresh of the one has seen, the other sees soon.

use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cache_diesel::MIB;
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;

use crate::database::Conn;
use crate::harness::{Category, CategoryManager, Product, ProductManager, Shop, products};
use crate::line::prelude::*;

/// How far the one may be behind the other.
const STALENESS: Duration = Duration::from_secs(5);

/// One of the processes.
struct Process {
    cache: Cache,
    products: ProductManager,
    categories: CategoryManager,
}

fn two(shop: &Shop) -> [Process; 2] {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let url = std::env::var("CACHE_DIESEL_REDIS_URL").unwrap();
    let prefix = format!("{url}?prefix=copies:{}:{}", process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    ["one", "other"].map(|name| {
        let builder = Cache::builder().redis(prefix.as_str()).near(4 * MIB).max_staleness(STALENESS);
        let cache = builder.operation_timeout(Duration::from_secs(2)).build().unwrap();
        let name = format!("{} {name}", shop.name);
        caches::configure([(name.as_str(), cache.clone())]).unwrap();
        let (products, categories) = (Product::cached_in(&name), Category::cached_in(&name));
        Process { cache, products, categories }
    })
}

/// Reads until it is answered from memory.
fn warm(process: &Process, read: impl Fn() -> String) -> String {
    let hits = || process.cache.statistics().near.unwrap().hit_count;
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let (before, seen) = (hits(), read());
        if hits() > before {
            return seen;
        }
        assert!(Instant::now() < until, "never in memory");
    }
}

type Read = fn(&Process, &mut Conn, bool) -> String;

/// How each kind of read is asked for, or refreshed.
const READS: [Read; 5] = [
    |process, conn, is_refresh| {
        let read = process.categories.get(7);
        let read = if is_refresh { read.refresh() } else { read };
        format!("{:?}", read.first(conn).optional().unwrap())
    },
    |process, conn, is_refresh| {
        let read = process.categories.get_many([7, 8]);
        let read = if is_refresh { read.refresh() } else { read };
        format!("{:?}", read.load(conn).unwrap())
    },
    |process, conn, is_refresh| {
        let read = process.products.get_by_slug("lamp");
        let read = if is_refresh { read.refresh() } else { read };
        format!("{:?}", read.first(conn).optional().unwrap())
    },
    |process, conn, is_refresh| {
        let read = process.products.every().order_by(products::id);
        let read = if is_refresh { read.refresh() } else { read };
        format!("{:?}", read.load(conn).unwrap())
    },
    |process, conn, is_refresh| {
        let read = process.products.all((), products::is_active.eq(true));
        let read = if is_refresh { read.refresh() } else { read };
        read.count(conn).unwrap().to_string()
    },
];

/// What nobody is told of: rows that vanish, rows that change, both.
const CHANGES: [&str; 2] = [
    "DELETE FROM categories WHERE id = 7; DELETE FROM products WHERE id = 1;",
    "UPDATE categories SET name = 'Unseen' WHERE id = 7; UPDATE products SET title = 'Unseen', is_active = FALSE WHERE id = 1;",
];

#[test]
fn what_a_refresh_has_seen_ends_copies_in_the_memory_of_other_processes() {
    for change in CHANGES {
        for (at, read) in READS.into_iter().enumerate() {
            let shop = Shop::new();
            let [one, other] = two(&shop);
            let conn = &mut shop.conn();
            let before = warm(&one, || read(&one, &mut shop.conn(), false));
            assert_eq!(warm(&other, || read(&other, &mut shop.conn(), false)), before);
            shop.untracked().batch_execute(change).unwrap();
            assert_eq!(read(&other, conn, false), before, "nobody was told, read {at}");
            let now = read(&one, conn, true);
            assert_ne!(now, before, "read {at}");
            assert_eq!(read(&one, conn, false), now, "read {at}");
            let (began, mut seen) = (Instant::now(), read(&other, conn, false));
            while seen != now && began.elapsed() < STALENESS {
                seen = read(&other, conn, false);
            }
            assert_eq!(seen, now, "read {at}");
            assert_eq!(read(&other, conn, false), now, "read {at}");
        }
    }
}
