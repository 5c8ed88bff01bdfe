//! What views give, and what they cost.

use diesel::dsl::exists;

use super::{Good, goods, makers, packers, pages, reviews, shop};
use crate::database::Conn;
use crate::line::prelude::*;

#[test]
fn r1_a_page_holds_its_related_rows_and_a_hit_asks_for_none() {
    let (shop, mut conn, _) = shop();
    for expected in [3, 0] {
        let (count, page) = shop.counted(|| pages(&shop).get(10).first(&mut conn).unwrap());
        assert_eq!(count, expected);
        assert_eq!((page.title.as_str(), page.maker.name.as_str()), ("Lamp", "Ada"));
        assert_eq!(page.packer.as_ref().unwrap().name, "Box");
        assert_eq!(page.reviews.iter().map(|review| review.id).collect::<Vec<_>>(), [101, 100]);
        assert_eq!(page.labels.iter().map(|label| label.id).collect::<Vec<_>>(), [21, 20]);
        assert_eq!(page.good.id, 10);
    }
}

#[test]
fn r2_a_list_has_as_many_statements_as_relations_whatever_its_length() {
    let (shop, mut conn, mut writer) = shop();
    let load = |conn: &mut Conn| pages(&shop).every().order_by(goods::id).load(conn).unwrap();
    for expected in [3, 0] {
        let (count, list) = shop.counted(|| load(&mut conn));
        assert_eq!((count, list.len()), (expected, 3));
        assert!(list[1].packer.is_none() && list[1].reviews.is_empty() && list[1].labels.len() == 1);
    }
    let more: Vec<Good> =
        (20..320).map(|id| Good { id, maker_id: 2, packer_id: None, shelf: 9, title: "x".into() }).collect();
    let rows = more.iter().map(|good| {
        (goods::id.eq(good.id), goods::maker_id.eq(2), goods::shelf.eq(9), goods::title.eq(good.title.as_str()))
    });
    diesel::insert_into(goods::table).values(rows.collect::<Vec<_>>()).execute(&mut writer).unwrap();
    let (count, list) = shop.counted(|| load(&mut conn));
    assert_eq!((count, list.len()), (3, 303));
    assert_eq!(list[2].reviews.len(), 1);
}

#[test]
fn an_empty_list_needs_no_statement_for_its_relations() {
    let (shop, mut conn, mut writer) = shop();
    let empty = |conn: &mut Conn| pages(&shop).all((), goods::id.eq(99)).load(conn).unwrap().len();
    assert_eq!(shop.counted(|| empty(&mut conn)), (1, 0));
    assert_eq!(shop.counted(|| empty(&mut conn)), (0, 0));
    diesel::insert_into(goods::table)
        .values((goods::id.eq(99), goods::maker_id.eq(1), goods::shelf.eq(9), goods::title.eq("New")))
        .execute(&mut writer)
        .unwrap();
    assert_eq!(empty(&mut conn), 1);
}

#[test]
fn filters_and_order_may_use_joined_tables() {
    let (shop, mut conn, mut writer) = shop();
    let of_ada =
        || pages(&shop).all("ada", makers::name.eq("Ada")).order_by(packers::name.desc()).then_order_by(goods::id);
    for expected in [3, 0] {
        let (count, list) = shop.counted(|| of_ada().limit(2).load(&mut conn).unwrap());
        assert_eq!(count, expected);
        assert!(list.iter().all(|page| page.maker.name == "Ada"));
    }
    diesel::update(makers::table.find(1)).set(makers::name.eq("Eve")).execute(&mut writer).unwrap();
    assert!(of_ada().limit(2).load(&mut conn).unwrap().is_empty());
    let plain: i64 =
        goods::table.inner_join(makers::table).filter(makers::name.eq("Eve")).count().get_result(&mut conn).unwrap();
    assert_eq!(pages(&shop).all((), makers::name.eq("Eve")).count(&mut conn).unwrap(), plain);
}

#[test]
fn r13_tables_of_a_subquery_count_too() {
    let (shop, mut conn, mut writer) = shop();
    let starred = || {
        let best = reviews::table.filter(reviews::good_id.eq(goods::id.nullable())).filter(reviews::stars.eq(5));
        pages(&shop).all((), exists(best))
    };
    for expected in [1, 0] {
        assert_eq!(shop.counted(|| starred().count(&mut conn).unwrap()), (expected, 1));
    }
    diesel::update(reviews::table.find(102)).set(reviews::stars.eq(5)).execute(&mut writer).unwrap();
    assert_eq!(starred().count(&mut conn).unwrap(), 2);
}

#[test]
fn a_page_with_a_condition_is_an_entry_of_its_own() {
    let (shop, mut conn, mut writer) = shop();
    let by = |name: &'static str| pages(&shop).get(10).filter(makers::name.eq(name));
    for expected in [3, 0] {
        let (count, page) = shop.counted(|| by("Ada").first(&mut conn).unwrap());
        assert_eq!((count, page.reviews.len()), (expected, 2));
    }
    assert!(by("Bo").first(&mut conn).optional().unwrap().is_none());
    diesel::update(makers::table.find(1)).set(makers::name.eq("Bo")).execute(&mut writer).unwrap();
    assert!(by("Ada").first(&mut conn).optional().unwrap().is_none());
    assert_eq!(by("Bo").first(&mut conn).unwrap().maker.name, "Bo");
}

#[test]
fn counts_and_first_pages_are_cached_as_those_of_rows() {
    let (shop, mut conn, mut writer) = shop();
    for expected in [1, 0] {
        assert_eq!(shop.counted(|| pages(&shop).every().count(&mut conn).unwrap()), (expected, 3));
        assert_eq!(
            shop.counted(|| pages(&shop).all((), goods::shelf.eq(9)).exists(&mut conn).unwrap()),
            (expected, false)
        );
    }
    let first = |conn: &mut Conn| pages(&shop).every().order_by(goods::id.desc()).first(conn).unwrap();
    for expected in [3, 0] {
        let (count, page) = shop.counted(|| first(&mut conn));
        assert_eq!((count, page.title.as_str(), page.reviews.len()), (expected, "Table", 1));
    }
    diesel::delete(goods::table.find(12)).execute(&mut writer).unwrap();
    assert_eq!((first(&mut conn).id, pages(&shop).every().count(&mut conn).unwrap()), (11, 2));
    assert!(pages(&shop).all((), goods::shelf.eq(9)).first(&mut conn).optional().unwrap().is_none());
}

crate::line::only_blocking! {
    #[test]
    fn every_way_to_read_a_list_and_a_page_works_for_views() {
        let (shop, mut conn, _) = shop();
        let read = || pages(&shop).get(10);
        assert!(!read().entry(&mut conn).unwrap().is_hit());
        assert!(read().entry(&mut conn).unwrap().is_hit());
        assert!(!read().refresh().entry(&mut conn).unwrap().is_hit());
        assert!(!read().bypass().entry(&mut conn).unwrap().is_hit());
        assert!(read().timeout(core::time::Duration::from_secs(5)).first(&mut conn).is_ok());
        assert_eq!(read().first_with(|| diesel::QueryResult::Ok(shop.conn())).unwrap().maker.id, 1);
        assert!(matches!(pages(&shop).get(99).require(&mut conn), Err(diesel::result::Error::NotFound)));
        let list = || pages(&shop).all("few", goods::shelf.eq(7)).order_by(goods::id).offset(1).limit(5);
        assert_eq!(list().load_with(|| diesel::QueryResult::Ok(shop.conn())).unwrap().len(), 1);
        assert!(list().entry(&mut conn).unwrap().is_hit());
        assert_eq!(list().filter(makers::id.eq(2)).load(&mut conn).unwrap().len(), 0);
        assert_eq!(pages(&shop).name(), "good:GoodPage");
    }
}

#[test]
fn views_are_cleared_by_hand() {
    let (shop, mut conn, _) = shop();
    let detail = |conn: &mut Conn| pages(&shop).get(10).entry(conn).unwrap().is_hit();
    let list = |conn: &mut Conn| pages(&shop).all("few", ()).entry(conn).unwrap().is_hit();
    let both = |conn: &mut Conn| (detail(conn), list(conn));
    both(&mut conn);
    assert_eq!(both(&mut conn), (true, true));
    pages(&shop).clear_detail(10).unwrap();
    assert_eq!(both(&mut conn), (false, true));
    pages(&shop).clear_list("few").unwrap();
    assert_eq!(both(&mut conn), (true, false));
    pages(&shop).clear_lists().unwrap();
    assert_eq!(both(&mut conn), (true, false));
    pages(&shop).clear().unwrap();
    assert_eq!(both(&mut conn), (false, false));
    Good::cached_in(&shop.name).clear_detail(10).unwrap();
    assert_eq!(both(&mut conn), (false, true));
}
