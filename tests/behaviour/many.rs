//! Several rows by their keys.

use cache_diesel::prelude::*;

use crate::database::Conn;
use crate::harness::{Product, Shop, new_product, products};
use crate::line::prelude::*;
use crate::stores::SpyStore;

/// Reads the rows with these keys; each has to be what a plain query gives for it.
#[track_caller]
fn many_cost(shop: &Shop, conn: &mut Conn, ids: &[i32]) -> usize {
    let plain = |conn: &mut Conn| {
        ids.iter().map(|id| products::table.find(id).first::<Product>(conn).optional().unwrap()).collect()
    };
    shop.cost(conn, |conn| shop.products().get_many(ids.iter().copied()).load(conn).unwrap(), plain)
}

#[test]
fn d13_one_store_read_and_one_statement_for_all_that_is_missing() {
    let store = SpyStore::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let mut conn = shop.conn();
    shop.row_cost(&mut conn, 1);
    shop.row_cost(&mut conn, 4);
    let before = store.read_count();
    assert_eq!(many_cost(&shop, &mut conn, &[3, 1, 4, 2, 5]), 1);
    assert_eq!(store.read_count() - before, 1);
    assert_eq!(many_cost(&shop, &mut conn, &[5, 4, 3, 2, 1]), 0);
    assert_eq!(store.read_count() - before, 2);
}

#[test]
fn d13_rows_are_shared_with_reads_of_one() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    assert_eq!(many_cost(&shop, &mut conn, &[1, 2, 9]), 1);
    assert_eq!([1, 2, 9].map(|id| shop.row_cost(&mut conn, id)), [0, 0, 0]);
    assert_eq!(shop.slug_cost(&mut conn, "lamp"), 1, "nothing led from the slug to the key yet");
}

#[test]
fn d14_results_follow_the_request() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let ids = [3, 9, 1, 3, 10, 9];
    for expected in [1, 0] {
        assert_eq!(many_cost(&shop, &mut conn, &ids), expected);
        let rows = shop.products().get_many(ids).load(&mut conn).unwrap();
        let found: Vec<Option<i32>> = rows.iter().map(|row| row.as_ref().map(|row| row.id)).collect();
        assert_eq!(found, [Some(3), None, Some(1), Some(3), None, None]);
    }
}

#[test]
fn d15_no_keys_touch_neither_store_nor_database() {
    let store = SpyStore::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let mut conn = shop.conn();
    let before = store.call_count();
    assert_eq!(many_cost(&shop, &mut conn, &[]), 0);
    assert_eq!(store.call_count(), before);
}

#[test]
fn many_keys_are_asked_for_in_a_few_statements() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let rows: Vec<Product> = (10..1_310).map(|id| new_product(id, 7, &format!("slug {id}"))).collect();
    for rows in rows.chunks(100) {
        diesel::insert_into(products::table).values(rows).execute(&mut conn).unwrap();
    }
    let ids: Vec<i32> = (1..1_320).collect();
    let (first, second) = (many_cost(&shop, &mut conn, &ids), many_cost(&shop, &mut conn, &ids));
    assert!((1..=3).contains(&first), "{first} statements");
    assert_eq!(second, 0);
}

#[test]
fn only_what_was_written_is_asked_for_again() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    many_cost(&shop, &mut conn, &[1, 2, 3, 9]);
    let mut row = shop.products().get(2).first(&mut conn).unwrap();
    std::sync::Arc::make_mut(&mut row).title = "Saved".into();
    shop.products().save(&row).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.row_cost(&mut conn, 1), 0);
    assert_eq!(many_cost(&shop, &mut conn, &[1, 2, 3]), 1);
    assert_eq!(shop.products().get(2).first(&mut conn).unwrap().title, "Saved");
}

#[test]
fn a_refresh_and_a_bypass_concern_every_key() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    many_cost(&shop, &mut conn, &[1, 2, 9]);
    let (refreshed, rows) = shop.counted(|| shop.products().get_many([1, 2, 9]).refresh().load(&mut conn).unwrap());
    let (bypassed, same) = shop.counted(|| shop.products().get_many([1, 2, 9]).bypass().load(&mut conn).unwrap());
    assert_eq!((refreshed, bypassed), (1, 1));
    assert_eq!(rows, same);
    assert_eq!(many_cost(&shop, &mut conn, &[1, 2, 9]), 0);
}
