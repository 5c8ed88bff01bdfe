//! What a view costs: a list of a thousand rows with a join and two prefetches beside the same three statements written
//! by hand, and a hit of it beside a hit of a plain list.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a benchmark")]

mod shop;

use benches::{Plan, print};
use cache_diesel::Cache;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::shop::{Product, ProductPage};

fn main() {
    // Whoever asks for `--test` wants to see it run, not to measure.
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let plan = |batches, turns| if is_trial { Plan { batches: 1, turns: 1 } } else { Plan { batches, turns } };
    // By hand on a connection that is not tracked: opened before the cache is there.
    let mut plain = open();
    cache_diesel::install(Cache::memory()).unwrap();
    let mut conn = open();
    assert_eq!(shop::by_hand(&mut plain), *ProductPage::cached().every().load(&mut conn).unwrap());
    let rows = [
        plan(60, 2).compare(
            "1000 rows, a join and two prefetches: by hand, a miss",
            &mut || drop(shop::by_hand(&mut plain)),
            &mut || drop(ProductPage::cached().every().refresh().load(&mut conn).unwrap()),
        ),
        plan(60, 2).compare("the same: by hand, past the cache", &mut || drop(shop::by_hand(&mut plain)), &mut || {
            drop(ProductPage::cached().every().bypass().load(&mut conn).unwrap())
        }),
    ];
    print("Views", ["by hand", "view"], &rows);
    let mut other = open();
    Product::cached().every().load(&mut other).unwrap();
    ProductPage::cached().every().load(&mut conn).unwrap();
    let hits = [plan(2000, 50).compare(
        "a hit",
        &mut || drop(Product::cached().every().load(&mut other).unwrap()),
        &mut || drop(ProductPage::cached().every().load(&mut conn).unwrap()),
    )];
    print("Hits", ["list of rows", "list of pages"], &hits);
}

fn open() -> SqliteConnection {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    conn.batch_execute(&shop::schema()).unwrap();
    conn
}
