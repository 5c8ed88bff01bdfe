//! A sales report over five tables: computed once, given from the cache, and ended by one plain UPDATE of a table that it
//! reads, and by no other.
//!
//! `cargo run -p reports`

mod shop;

use std::collections::BTreeMap;
use std::error::Error;

use cache_diesel::prelude::*;
use diesel::prelude::*;
use diesel::result::QueryResult;
use serde::{Deserialize, Serialize};

use shop::{tracks, visits};

/// What one country bought.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Report {
    total_cents: i64,
    by_artist: BTreeMap<String, i64>,
}

/// The report of one country. Nobody says which tables it reads.
#[cached_fn(label = "sales", timeout = "1 hour")]
fn sales(#[cached_fn(skip)] conn: &mut SqliteConnection, country: &str) -> QueryResult<Report> {
    cache_diesel::acquaint(conn);
    let mut by_artist = BTreeMap::new();
    for (artist, quantity, price_cents) in shop::sold(conn, country)? {
        *by_artist.entry(artist).or_default() += quantity * price_cents;
    }
    Ok(Report { total_cents: by_artist.values().sum(), by_artist })
}

fn main() -> Result<(), Box<dyn Error>> {
    cache_diesel::install(Cache::memory())?;
    let mut conn = shop::open()?;
    let show = |what: &str, conn: &mut SqliteConnection| -> QueryResult<()> {
        let entry = sales::entry(conn, "France")?;
        println!("{what:<40} {:>5} {:>6}", entry.value.total_cents, entry.origin.to_string());
        Ok(())
    };
    show("the first time", &mut conn)?;
    show("again", &mut conn)?;
    diesel::update(visits::table.find(1)).set(visits::page.eq("shop")).execute(&mut conn)?;
    show("after an UPDATE of another table", &mut conn)?;
    diesel::update(tracks::table.find(3)).set(tracks::price_cents.eq(249)).execute(&mut conn)?;
    show("after a plain UPDATE of a price", &mut conn)?;
    show("again", &mut conn)?;
    sales::invalidate("France")?;
    show("after an invalidation by hand", &mut conn)?;
    for function in caches::functions() {
        let counts = &function.counts;
        println!(
            "{}: {} computed, {} hits: {}",
            function.label, counts.load_count, counts.hit_count, function.signature
        );
    }
    Ok(())
}
