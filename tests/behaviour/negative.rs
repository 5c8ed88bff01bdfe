//! Rows that are known not to exist.

use std::time::Duration;

use cache_core::ManualClock;

use crate::database::{Conn, insert_back};
use crate::harness::{Category, Shop, categories, new_product, products};
use crate::kept::cache_at;
use crate::line::prelude::*;

#[test]
fn d4_an_absent_row_is_asked_for_once_in_its_timeout() {
    let clock = ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    let mut conn = shop.conn();
    assert_eq!([(); 3].map(|()| shop.row_cost(&mut conn, 9)), [1, 0, 0]);
    assert_eq!([(); 3].map(|()| shop.slug_cost(&mut conn, "none")), [1, 0, 0]);
    clock.advance(Duration::from_secs(30));
    assert_eq!(shop.row_cost(&mut conn, 9), 1);
    assert_eq!(shop.slug_cost(&mut conn, "none"), 1);
}

#[test]
fn d4_without_a_negative_timeout_an_absent_row_is_asked_for_each_time() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let read = |conn: &mut Conn| {
        let plain = |conn: &mut Conn| categories::table.find(9).first::<Category>(conn);
        shop.cost(conn, |conn| shop.categories().get(9).first(conn), plain)
    };
    assert_eq!([(); 2].map(|()| read(&mut conn)), [1, 1]);
}

#[test]
fn d5_an_absent_row_is_found_once_it_is_made() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    diesel::insert_into(products::table).values(new_product(4, 9, "new")).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.products().get(4).first(&mut conn).unwrap().slug, "new");
    assert_eq!(shop.products().get_by_slug("new").first(&mut conn).unwrap().id, 4);
    shop.read_everything(&mut conn);
}

#[test]
fn d5_an_absent_row_is_found_once_the_manager_made_it() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    shop.products().insert(new_product(4, 9, "new")).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.products().get(4).first(&mut conn).unwrap().slug, "new");
    insert_back!(shop.products(), new_product(5, 9, "other"), &mut shop.conn()).unwrap();
    assert_eq!(shop.products().get(5).first(&mut conn).unwrap().slug, "other");
    assert_eq!(shop.products().get_by_slug("other").first(&mut conn).unwrap().id, 5);
    shop.read_everything(&mut conn);
}

#[test]
fn d5_an_absent_row_is_found_after_the_commit_only() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    shop.conn()
        .transaction(|writer| {
            diesel::insert_into(products::table).values(new_product(4, 9, "new")).execute(writer)?;
            assert_eq!(shop.read_everything(&mut conn), 0);
            diesel::QueryResult::Ok(())
        })
        .unwrap();
    assert_eq!(shop.row_cost(&mut conn, 4), 1);
    assert_eq!(shop.products().get(4).first(&mut conn).unwrap().slug, "new");
}

#[test]
fn an_absent_unique_value_is_found_once_a_row_takes_it() {
    for save in [true, false] {
        let shop = Shop::new();
        let mut conn = shop.warm();
        let mut row = shop.products().get(1).first(&mut conn).unwrap();
        std::sync::Arc::make_mut(&mut row).slug = "new".into();
        if save {
            shop.products().save(&row).execute(&mut shop.conn()).unwrap();
        } else {
            diesel::update(products::table.find(1)).set(&*row).execute(&mut shop.conn()).unwrap();
        }
        assert_eq!(shop.products().get_by_slug("new").first(&mut conn).unwrap().id, 1);
        shop.read_everything(&mut conn);
    }
}

#[test]
fn absence_is_not_confused_between_keys() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    assert_eq!([9, 10, 1].map(|id| shop.row_cost(&mut conn, id)), [1, 1, 1]);
    assert_eq!([9, 10, 1].map(|id| shop.row_cost(&mut conn, id)), [0, 0, 0]);
}
