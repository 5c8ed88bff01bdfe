//! A hit on the server, beside the raw commands that it cannot do without.

use core::hint::black_box;

use benches::{Plan, print as print_table};
use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::shop::{Product, Servers, bench_products, fresh_prefix};

pub fn print(servers: &Servers, batches: usize) {
    let prefix = fresh_prefix("hit");
    let cache = Cache::from_url(&servers.cache_url(&prefix)).unwrap();
    caches::configure([(&*prefix, cache)]).unwrap();
    let products = Product::cached_in(&prefix);
    let mut conn = servers.database();
    products.get(1).first(&mut conn).unwrap();
    assert!(products.get(1).entry(&mut conn).unwrap().is_hit());
    let mut client = servers.client();
    let mut named = |pattern: String| -> Vec<String> { redis::cmd("KEYS").arg(pattern).query(&mut client).unwrap() };
    let (entry, tokens) = (named(format!("{prefix}:e*")), named(format!("{prefix}:[tw]:*")));
    assert_eq!(entry.len(), 1);
    // A hit asks for the tags that a write of the row changes, and for that of writers who died. Of the others the server's
    // incarnation tells.
    let mut held = || -> Vec<Option<Vec<u8>>> { redis::cmd("MGET").arg(&tokens).query(&mut client).unwrap() };
    let before = held();
    diesel::update(bench_products::table.find(1)).set(bench_products::price.eq(1)).execute(&mut conn).unwrap();
    let told = before.into_iter().zip(held()).zip(&tokens);
    let asked = told.filter(|((before, now), name)| before != now || name.contains(":w:")).map(|(_, name)| name);
    let all: Vec<String> = entry.iter().chain(asked).cloned().collect();
    products.get(1).first(&mut conn).unwrap();
    assert!(products.get(1).entry(&mut conn).unwrap().is_hit());
    let plan = Plan { batches, turns: 50 };
    let mut hit = || drop(black_box(products.get(1).first(&mut conn).unwrap()));
    let mut other_client = servers.client();
    let mut raw = |keys: &[String]| {
        let found: Vec<Option<Vec<u8>>> = redis::cmd("MGET").arg(keys).query(&mut other_client).unwrap();
        assert!(black_box(found).iter().all(Option::is_some));
    };
    let rows = [
        plan.compare(&format!("`MGET` of the entry and {} tags", all.len() - 1), &mut || raw(&all), &mut hit),
        plan.compare("`GET` of the entry", &mut || raw(&entry), &mut hit),
    ];
    print_table("A hit on Redis", ["raw", "`cached().get(1)`"], &rows);
}
