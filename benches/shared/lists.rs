//! A list on the server, beside one by hand: the same rows, encoded by postcard and read by a `GET`.

use core::hint::black_box;

use benches::{Plan, print as print_table};
use cache_diesel::prelude::*;
use cache_diesel::read::CachedList;
use diesel::prelude::*;

use crate::shop::{Product, Servers, bench_products, fresh_prefix};

/// How many rows the lists have.
const LENGTHS: [i32; 3] = [10, 100, 1_000];

pub fn print(servers: &Servers, batches: usize) {
    let prefix = fresh_prefix("lists");
    let cache = Cache::from_url(&servers.cache_url(&prefix)).unwrap();
    caches::configure([(&*prefix, cache)]).unwrap();
    let products = Product::cached_in(&prefix);
    let mut conn = servers.database();
    let mut client = servers.client();
    let rows = LENGTHS.map(|length| {
        let rows: Vec<Product> = bench_products::table.filter(bench_products::id.le(length)).load(&mut conn).unwrap();
        let key = format!("{prefix}:by-hand:{length}");
        let bytes = postcard::to_allocvec(&rows).unwrap();
        redis::cmd("SET").arg(&key).arg(bytes).exec(&mut client).unwrap();
        let list = |conn: &mut PgConnection| -> CachedList<Product> {
            products.all("first", bench_products::id.le(length)).load(conn).unwrap()
        };
        assert_eq!(list(&mut conn).len(), rows.len());
        let mut by_hand = || {
            let bytes: Vec<u8> = redis::cmd("GET").arg(&key).query(&mut client).unwrap();
            let found: Vec<Product> = postcard::from_bytes(&bytes).unwrap();
            assert_eq!(black_box(found).len(), rows.len());
        };
        let plan = Plan { batches, turns: 20 };
        plan.compare(&format!("{length} rows"), &mut by_hand, &mut || drop(black_box(list(&mut conn))))
    });
    print_table("A list on Redis", ["by hand, postcard", "`cached().all(..)`"], &rows);
}
