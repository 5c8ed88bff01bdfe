//! One row by its key: its life, its absence, its end.

use std::time::Duration;

use cache_core::ManualClock;
use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::harness::{Category, Shop, ShopError, categories, new_product, products};
use crate::kept::cache_at;
use crate::line::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn d1_a_row_lives_for_the_detail_timeout() {
    let clock = ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    let mut conn = shop.conn();
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 0]);
    let entry = shop.products().get(1).entry(&mut conn).unwrap();
    assert_eq!(entry.hard_deadline().unwrap().duration_since(entry.created_at().unwrap()).unwrap(), MINUTE);
    clock.advance(MINUTE - Duration::from_nanos(1));
    assert_eq!(shop.row_cost(&mut conn, 1), 0);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(shop.row_cost(&mut conn, 1), 1);
}

#[test]
fn d2_a_missing_row_is_diesels_not_found_or_the_models_own_error() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    assert_eq!(shop.products().get(9).first(&mut conn), Err(Error::NotFound));
    assert_eq!(shop.products().get(9).first(&mut conn).optional(), Ok(None));
    assert_eq!(shop.products().get(9).require(&mut conn), Err(Error::NotFound));
    assert_eq!(shop.categories().get(9).require(&mut conn), Err(ShopError::Missing("Category")));
    assert_eq!(shop.categories().get(7).require(&mut conn).unwrap().name, "Light");
}

#[test]
fn d3_a_failing_database_is_not_a_missing_row() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    shop.conn().batch_execute("ALTER TABLE categories RENAME TO hidden").unwrap();
    let error = shop.categories().get(7).first(&mut conn).unwrap_err();
    assert!(matches!(error, Error::DatabaseError(..)), "{error:?}");
    let error = shop.categories().get(7).require(&mut conn).unwrap_err();
    assert!(matches!(error, ShopError::Database(Error::DatabaseError(..))), "{error:?}");
    shop.conn().batch_execute("ALTER TABLE hidden RENAME TO categories").unwrap();
    assert_eq!(shop.categories().get(7).first(&mut conn).unwrap().name, "Light");
}

#[test]
fn d10_a_deleted_row_is_gone_from_every_read() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    diesel::delete(products::table.find(1)).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.products().get(1).first(&mut conn), Err(Error::NotFound));
    assert_eq!(shop.products().get_by_slug("lamp").first(&mut conn), Err(Error::NotFound));
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn d10_a_row_deleted_through_the_manager_is_gone_from_every_read() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    assert_eq!(shop.products().delete(1).execute(&mut shop.conn()), Ok(1));
    assert_eq!(shop.products().delete(1).execute(&mut shop.conn()), Ok(0));
    assert_eq!(shop.products().get(1).first(&mut conn), Err(Error::NotFound));
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn a_row_that_is_deleted_and_made_again_is_the_new_one() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let mut writer = shop.conn();
    diesel::delete(products::table.find(1)).execute(&mut writer).unwrap();
    shop.read_everything(&mut conn);
    diesel::insert_into(products::table).values(new_product(1, 8, "other")).execute(&mut writer).unwrap();
    assert_eq!(shop.products().get(1).first(&mut conn).unwrap().slug, "other");
    shop.read_everything(&mut conn);
}

#[test]
fn a_changed_key_moves_the_row() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    diesel::update(products::table.find(1)).set(products::id.eq(5)).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.products().get(1).first(&mut conn), Err(Error::NotFound));
    assert_eq!(shop.products().get(5).first(&mut conn).unwrap().slug, "lamp");
    shop.read_everything(&mut conn);
}

#[test]
fn m6_rows_of_different_tables_with_one_id_never_meet() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    diesel::insert_into(categories::table).values(Category { id: 1, name: "First".into() }).execute(&mut conn).unwrap();
    assert_eq!(shop.row_cost(&mut conn, 1), 1);
    assert_eq!(shop.categories().get(1).first(&mut conn).unwrap().name, "First");
    diesel::update(categories::table.find(1)).set(categories::name.eq("New")).execute(&mut conn).unwrap();
    assert_eq!(shop.row_cost(&mut conn, 1), 0);
    assert_eq!(shop.categories().get(1).first(&mut conn).unwrap().name, "New");
}

#[test]
fn a_filter_on_a_row_is_part_of_its_name() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let active = |is: bool| shop.products().get(2).filter(products::is_active.eq(is));
    for expected in [1, 0] {
        for is_active in [true, false] {
            let read = || active(is_active);
            let cost = shop.cost(
                &mut conn,
                |conn| read().first(conn),
                |conn| crate::line::prelude::RunQueryDsl::first(read().query(), conn),
            );
            assert_eq!(cost, expected, "{is_active}");
        }
        assert_eq!(shop.row_cost(&mut conn, 2), expected);
    }
    diesel::update(products::table.find(2)).set(products::is_active.eq(true)).execute(&mut conn).unwrap();
    assert_eq!(active(false).first(&mut conn), Err(Error::NotFound));
    assert!(active(true).first(&mut conn).is_ok());
}
