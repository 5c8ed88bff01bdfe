//! Several pages by the keys of their rows.

use super::{GoodPage, makers, pages, plain_pages, reviews, shop};
use crate::database::Conn;
use crate::harness::Shop;
use crate::line::prelude::*;

#[track_caller]
fn many(shop: &Shop, conn: &mut Conn) -> usize {
    let plain = plain_pages(conn);
    let ids = [12, 99, 10, 12];
    let (count, found) = shop.counted(|| pages(shop).get_many(ids).load(conn).unwrap());
    let expected: Vec<Option<&GoodPage>> = ids.iter().map(|id| plain.iter().find(|page| page.id == *id)).collect();
    assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
    count
}

#[test]
fn pages_that_are_not_cached_are_loaded_together() {
    let (shop, mut conn, mut writer) = shop();
    assert_eq!([(); 2].map(|()| many(&shop, &mut conn)), [3, 0]);
    assert!(pages(&shop).get(12).entry(&mut conn).unwrap().is_hit());
    pages(&shop).clear_detail(12).unwrap();
    assert_eq!([(); 2].map(|()| many(&shop, &mut conn)), [3, 0]);
    diesel::delete(reviews::table.find(102)).execute(&mut writer).unwrap();
    assert_eq!([(); 2].map(|()| many(&shop, &mut conn)), [3, 0]);
    diesel::insert_into(makers::table).values((makers::id.eq(9), makers::name.eq("x"))).execute(&mut writer).unwrap();
    assert_eq!([(); 2].map(|()| many(&shop, &mut conn)), [3, 0]);
    assert!(pages(&shop).get_many(Vec::<i32>::new()).load(&mut conn).unwrap().is_empty());
}

#[test]
fn many_pages_bypass_in_a_transaction() {
    let (shop, mut conn, _) = shop();
    many(&shop, &mut conn);
    conn.transaction(|conn| {
        assert_eq!([(); 2].map(|()| many(&shop, conn)), [3, 3]);
        QueryResult::Ok(())
    })
    .unwrap();
}
