//! The collection over both halves.

use cache_diesel::prelude::*;
use tests::servers::postgres::fresh_database;

use crate::blog::{Blog, SCHEMA};
use crate::compare::{Pair, total};
use crate::statements::{Counts, Statements};

/// At most 26 SELECTs where plain Diesel takes 111, as a ratio: how many that takes is up to how it is written.
const MOST: [usize; 2] = [26, 111];

#[test]
fn the_collection_costs_a_fourth_of_the_selects_and_a_hit_asks_for_no_connection() {
    let (cached, plain) = (fresh_database(), fresh_database());
    let own = || Some(Box::new(Statements) as Box<dyn diesel::connection::Instrumentation>);
    cache_diesel::install_with(Cache::builder().database(cached.url()), own).unwrap();
    let blog = |url: &str| Blog::new(url, &SCHEMA.replace("{key}", "UUID")).unwrap();
    let mut pair = Pair::new(blog(cached.url()), blog(plain.url()));
    let costs = pair.run().unwrap();
    assert_eq!(costs.len(), 32);
    let sum = total(&costs);
    let [through_cache, by_diesel] = [sum.cached.selects, sum.plain.selects];
    println!("{through_cache} SELECTs through the cache, {by_diesel} by plain Diesel");
    assert!(through_cache <= MOST[0] && through_cache * MOST[1] <= by_diesel * MOST[0], "{costs:?}");
    assert_eq!(pair.read_again().unwrap(), Counts::default(), "what is cached asks for nothing, and for no connection");
}
