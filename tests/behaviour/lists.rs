//! Lists, counts and their filters: what shares an entry, and what a write does to them.

use std::sync::Arc;
use std::time::Duration;

use cache_core::ManualClock;
use diesel::connection::SimpleConnection;
use diesel::result::Error::NotFound;

use crate::database::{Conn, KEEPS_NUL};
use crate::harness::{Product, Shop, list_cost, new_product, products};
use crate::kept::cache_at;
use crate::line::prelude::*;

const DAY: Duration = Duration::from_secs(86_400);

/// The cost of the list of active products, under the suffix `active`.
#[track_caller]
fn active_cost(shop: &Shop, conn: &mut Conn) -> usize {
    list_cost!(shop, conn, shop.products().all("active", products::is_active.eq(true)))
}

#[test]
fn l1_three_reads_run_one_statement() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    assert_eq!([(); 3].map(|()| shop.every_cost(&mut conn)), [1, 0, 0]);
    assert_eq!(shop.every_cost(&mut shop.conn()), 0, "another connection to the same database");
}

#[test]
fn l2_an_entry_lives_for_the_list_timeout() {
    let clock = ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    let mut conn = shop.conn();
    assert_eq!(shop.every_cost(&mut conn), 1);
    let entry = shop.products().every().entry(&mut conn).unwrap();
    assert_eq!(entry.hard_deadline().unwrap().duration_since(entry.created_at().unwrap()).unwrap(), DAY);
    clock.advance(DAY - Duration::from_nanos(1));
    assert_eq!(shop.every_cost(&mut conn), 0);
    clock.advance(Duration::from_nanos(1));
    assert_eq!([(); 2].map(|()| shop.every_cost(&mut conn)), [1, 0]);
}

#[test]
fn l3_a_filtered_list_leaves_the_plain_one_alone() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    assert_eq!(shop.every_cost(&mut conn), 1);
    assert_eq!([(); 2].map(|()| active_cost(&shop, &mut conn)), [1, 0]);
    assert_eq!(shop.every_cost(&mut conn), 0);
}

#[test]
fn l4_filter_without_suffix_has_its_own_entry() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let cheap = || shop.products().all((), products::price_cents.lt(1_500));
    assert_eq!(list_cost!(shop, &mut conn, cheap()), 1);
    assert_eq!(shop.every_cost(&mut conn), 1);
    assert_eq!(list_cost!(shop, &mut conn, cheap()), 0);
    assert_eq!(shop.every_cost(&mut conn), 0);
}

#[test]
fn l5_one_suffix_goes_with_many_filter_values() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    for expected in [1, 0] {
        for shelf in [7, 8, 9] {
            let read = || shop.products().all("shelf", products::category_id.eq(shelf));
            assert_eq!(list_cost!(shop, &mut conn, read()), expected, "{shelf}");
        }
        assert_eq!(list_cost!(shop, &mut conn, shop.products().all("shelf", ())), expected);
    }
}

#[test]
fn l6_slices_and_orders_have_entries_of_their_own() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let every = || shop.products().every();
    for expected in [1, 0] {
        for (limit, offset) in [(1, 0), (2, 0), (1, 1), (2, 1), (3, 5)] {
            let read = || every().order_by(products::id.asc()).limit(limit).offset(offset);
            assert_eq!(list_cost!(shop, &mut conn, read()), expected, "LIMIT {limit} OFFSET {offset}");
        }
        let costs = [
            list_cost!(shop, &mut conn, every().order_by(products::id.asc())),
            list_cost!(shop, &mut conn, every().order_by(products::id.desc())),
            list_cost!(shop, &mut conn, every().order_by((products::category_id, products::price_cents.desc()))),
            list_cost!(shop, &mut conn, every().order_by(products::id.asc()).limit(2)),
            list_cost!(shop, &mut conn, every().limit(2)),
        ];
        // The LIMIT 2 without OFFSET of the loop is bound with an OFFSET 0, which is another query.
        assert_eq!(costs, [expected; 5]);
    }
}

#[test]
fn l6_bound_values_of_every_type_are_told_apart() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    for expected in [1, 0] {
        for title in ["Lamp", "lamp", "", "1", "Lamp'", if KEEPS_NUL { "Lamp\0" } else { "La" }, "Lämp"] {
            let read = || shop.products().all((), products::title.eq(title));
            assert_eq!(list_cost!(shop, &mut conn, read()), expected, "{title:?}");
        }
        for price in [0, 1, 1_999, -1, i64::MAX, i64::MIN] {
            let read = || shop.products().all((), products::price_cents.le(price));
            assert_eq!(list_cost!(shop, &mut conn, read()), expected, "{price}");
        }
        for ids in [vec![1, 2], vec![2, 1], vec![12], vec![1], vec![]] {
            let read = || shop.products().all((), products::id.eq_any(ids.clone()));
            assert_eq!(list_cost!(shop, &mut conn, read()), expected, "{ids:?}");
        }
    }
}

#[test]
fn l7_an_empty_list_is_cached() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let nothing = || shop.products().all("dear", products::price_cents.gt(1_000_000));
    assert_eq!([(); 2].map(|()| list_cost!(shop, &mut conn, nothing())), [1, 0]);
    let firsts = [(); 2].map(|()| shop.counted(|| nothing().first(&mut conn)));
    assert_eq!(firsts, [(1, Err(NotFound)), (0, Err(NotFound))]);
}

#[test]
fn l8_an_insert_ends_an_empty_list() {
    let shop = Shop::new();
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    let dear = || shop.products().all("dear", products::price_cents.gt(1_000_000));
    assert_eq!(list_cost!(shop, &mut conn, dear()), 1);
    let row = Product { price_cents: 2_000_000, ..new_product(4, 7, "crown") };
    diesel::insert_into(products::table).values(&row).execute(&mut other).unwrap();
    assert_eq!(dear().load(&mut conn).unwrap().len(), 1);
    assert_eq!(list_cost!(shop, &mut conn, dear()), 0);
}

/// Warms the active list and its numbers, runs `write` elsewhere, and compares all of it.
#[track_caller]
fn check_active_after(write: &str) {
    let shop = Shop::new();
    let mut conn = shop.conn();
    active_cost(&shop, &mut conn);
    shop.count_cost(&mut conn);
    shop.exists_cost(&mut conn);
    shop.conn().batch_execute(write).unwrap();
    assert_eq!(active_cost(&shop, &mut conn), 1);
    assert_eq!(shop.count_cost(&mut conn), 1);
    assert_eq!(shop.exists_cost(&mut conn), 1);
    assert_eq!(active_cost(&shop, &mut conn) + shop.count_cost(&mut conn) + shop.exists_cost(&mut conn), 0);
}

#[test]
fn l9_a_row_that_now_matches_joins_the_list() {
    check_active_after("UPDATE products SET is_active = TRUE WHERE id = 2");
}

#[test]
fn l10_a_row_that_no_longer_matches_leaves_the_list() {
    check_active_after("UPDATE products SET is_active = FALSE WHERE id = 1");
}

#[test]
fn l11_another_column_of_a_listed_row_is_new() {
    check_active_after("UPDATE products SET title = 'Renamed' WHERE id = 1");
}

#[test]
fn l13_numbers_follow_inserts_updates_and_deletes() {
    check_active_after("INSERT INTO products VALUES (4, 7, 'new', 'New', 1, TRUE)");
    check_active_after("UPDATE products SET slug = 'new' WHERE id = 3");
    check_active_after("DELETE FROM products WHERE id = 3");
}

#[test]
fn l13_counts_and_lists_of_one_query_have_entries_of_their_own() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let active = || shop.products().all("active", products::is_active.eq(true));
    let costs = [(); 2].map(|()| {
        let list = active_cost(&shop, &mut conn);
        let count = shop.count_cost(&mut conn);
        let (exists, is_any) = shop.counted(|| active().exists(&mut conn).unwrap());
        let (first, row) = shop.counted(|| active().order_by(products::id).first(&mut conn).unwrap());
        assert_eq!((is_any, row.id), (true, 1));
        [list, count, exists, first]
    });
    assert_eq!(costs, [[1; 4], [0; 4]]);
}

#[test]
fn l15_an_empty_in_list_gives_nothing() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let none = || shop.products().all((), products::id.eq_any(Vec::<i32>::new()));
    assert_eq!([(); 2].map(|()| list_cost!(shop, &mut conn, none())), [1, 0]);
    assert_eq!(none().load(&mut conn).unwrap().len(), 0);
}

#[test]
fn l17_what_a_caller_changes_is_the_callers_own() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let mut rows = shop.products().every().load(&mut conn).unwrap();
    let mut row = shop.products().get(1).first(&mut conn).unwrap();
    Arc::make_mut(&mut rows)[0].title = "Mine".into();
    Arc::make_mut(&mut row).title = "Mine".into();
    assert_eq!(shop.every_cost(&mut conn), 0);
    assert_eq!(shop.row_cost(&mut conn, 1), 0);
}
