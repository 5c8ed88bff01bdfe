//! What an entry takes of the memory, by the allocator and by the store's own reckoning.

use cache_diesel::{Cache, caches};
use diesel::SqliteConnection;

use crate::shop::Product;

const ROWS: i32 = 1_000;

/// Prints what a row takes that is found by its key, and one that is found by a unique text.
pub fn print_sizes(conn: &mut SqliteConnection) {
    println!("\n| {ROWS} entries | bytes each | of these the row | as the store reckons |\n|---|---:|---:|---:|");
    caches::configure([("sizes by key", Cache::memory()), ("sizes by slug", Cache::memory())]).unwrap();
    print_size("a row by its key", "sizes by key", |id| {
        drop(Product::cached_in("sizes by key").get(id).first(conn).unwrap());
    });
    print_size("a row by a unique text", "sizes by slug", |id| {
        let slug = format!("product-{id}");
        drop(Product::cached_in("sizes by slug").get_by_slug(slug.as_str()).first(conn).unwrap());
    });
}

fn print_size(what: &str, cache: &str, mut read: impl FnMut(i32)) {
    // What the first one makes belongs to the manager.
    read(1);
    let usage = || caches::get(cache).unwrap().usage().weight as f64;
    let before = usage();
    let taken = allocation_counter::measure(|| (2..=ROWS).for_each(read)).bytes_current as f64;
    let each = f64::from(ROWS - 1);
    // With its two texts, and the counts of who holds it.
    let row = size_of::<Product>() + 2 * size_of::<usize>() + "product-777Product 777".len();
    println!("| {what} | {:.0} | {row} | {:.0} |", taken / each, (usage() - before) / each);
}
