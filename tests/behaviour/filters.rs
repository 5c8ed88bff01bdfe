//! Conditions as applications have them: boxed, optional, added one by one; and reads that are made twice.

use diesel::connection::Connection;
use diesel::dsl::{InnerJoinQuerySource, LeftJoinQuerySource};
use diesel::expression::BoxableExpression;
use diesel::result::Error;
use diesel::sql_types::Bool;

use crate::database::Conn;
use crate::harness::{Shop, list_cost, new_product, products};
use crate::line::prelude::*;
use crate::related::{goods, makers, packers, pages, shop as related_shop};
use crate::transactions::retitle;

type Backend = <Conn as Connection>::Backend;
type Condition = Box<dyn BoxableExpression<products::table, Backend, SqlType = Bool>>;

/// What a request asks for, as a handler builds it.
fn wanted(shelf: Option<i32>, title: Option<&'static str>) -> Condition {
    let mut condition: Condition = Box::new(products::is_active.eq(true));
    if let Some(shelf) = shelf {
        condition = Box::new(condition.and(products::category_id.eq(shelf)));
    }
    if let Some(title) = title {
        condition = Box::new(condition.and(products::title.eq(title)));
    }
    condition
}

#[test]
fn boxed_conditions_are_part_of_the_entrys_name() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let requests = [(None, None), (Some(7), None), (Some(8), None), (None, Some("Lamp")), (Some(7), Some("Lamp"))];
    let costs = |conn: &mut Conn| {
        requests.map(|(shelf, title)| {
            let within = list_cost!(shop, conn, shop.products().all("wanted", wanted(shelf, title)));
            let added =
                list_cost!(shop, conn, shop.products().every().filter(wanted(shelf, title)).filter(products::id.gt(0)));
            within + added
        })
    };
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[2; 5], [0; 5]]);
    retitle(&mut shop.conn(), 1, "New").unwrap();
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[2; 5], [0; 5]]);
}

#[test]
fn optional_conditions_may_be_given_or_not() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let of = |shelf: Option<i32>| {
        let shelf = shelf.map(|shelf| products::category_id.eq(shelf));
        let title: Option<Condition> = None;
        shop.products().all("shelf", shelf).filter(title).filter(Some(products::id.gt(0)))
    };
    let costs = |conn: &mut Conn| [None, Some(7), Some(8)].map(|shelf| list_cost!(shop, conn, of(shelf)));
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 3], [0; 3]]);
    assert_eq!(of(None).load(&mut conn).unwrap().len(), 3);
    assert_eq!(of(Some(7)).count(&mut conn).unwrap(), 2);
    assert!(!of(Some(9)).exists(&mut conn).unwrap());
    assert_eq!(shop.products().every().filter(()).load(&mut conn).unwrap().len(), 3);
}

#[test]
fn rows_by_their_keys_and_unique_values_take_the_same_conditions() {
    let shop = Shop::new();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let by_key = |shelf: Option<i32>| {
        let shelf = shelf.map(|shelf| products::category_id.eq(shelf));
        shop.products().get(1).filter(wanted(None, None)).filter(shelf)
    };
    let by_slug = |shelf: Option<i32>| {
        let shelf = shelf.map(|shelf| products::category_id.eq(shelf));
        shop.products().get_by_slug("lamp").filter(wanted(None, None)).filter(shelf)
    };
    for expected in [1, 0] {
        for (shelf, is_there) in [(None, true), (Some(7), true), (Some(8), false)] {
            let (count, row) = shop.counted(|| by_key(shelf).first(&mut conn).optional().unwrap());
            assert_eq!((count, row.is_some()), (expected, is_there), "{shelf:?}");
            let (count, row) = shop.counted(|| by_slug(shelf).first(&mut conn).optional().unwrap());
            assert_eq!((count, row.is_some()), (expected, is_there), "{shelf:?}");
        }
    }
    assert_eq!(by_slug(Some(8)).require(&mut conn), Err(Error::NotFound));
    assert!(by_slug(Some(7)).entry(&mut conn).unwrap().is_hit());
    shop.products().save(&new_product(1, 8, "lamp")).execute(&mut writer).unwrap();
    assert_eq!(by_slug(Some(7)).first(&mut conn).err(), Some(Error::NotFound));
    assert_eq!(by_slug(Some(8)).first(&mut conn).unwrap().category_id, 8);
    diesel::delete(products::table.find(1)).execute(&mut writer).unwrap();
    assert_eq!(by_slug(Some(8)).first(&mut conn).err(), Some(Error::NotFound));
    assert_eq!(by_key(Some(8)).first(&mut conn).err(), Some(Error::NotFound));
}

#[test]
fn boxed_conditions_on_a_view_name_the_joined_tables() {
    type Joined = LeftJoinQuerySource<InnerJoinQuerySource<goods::table, makers::table>, packers::table>;
    type OnPages = Box<dyn BoxableExpression<Joined, Backend, SqlType = Bool>>;
    let (shop, mut conn, mut writer) = related_shop();
    let by = |name: &'static str| -> OnPages { Box::new(makers::name.eq(name).and(goods::id.gt(0))) };
    let count = |conn: &mut Conn, name| pages(&shop).all("by", by(name)).load(conn).unwrap().len();
    assert_eq!([count(&mut conn, "Ada"), count(&mut conn, "Bo"), count(&mut conn, "Eve")], [2, 1, 0]);
    assert_eq!(shop.counted(|| count(&mut conn, "Ada")), (0, 2));
    assert_eq!(pages(&shop).every().filter(by("Ada")).filter(None::<OnPages>).count(&mut conn).unwrap(), 2);
    assert!(pages(&shop).get(10).filter(by("Bo")).first(&mut conn).optional().unwrap().is_none());
    diesel::update(makers::table.find(2)).set(makers::name.eq("Eve")).execute(&mut writer).unwrap();
    assert_eq!([count(&mut conn, "Ada"), count(&mut conn, "Bo"), count(&mut conn, "Eve")], [2, 0, 1]);
}

#[test]
fn a_read_may_be_made_twice() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let shelf = shop.products().all("shelf", products::category_id.eq(7));
    assert_eq!(shelf.clone().count(&mut conn).unwrap(), 2);
    assert_eq!(shelf.clone().order_by(products::id).limit(1).load(&mut conn).unwrap().len(), 1);
    assert_eq!(shelf.load(&mut conn).unwrap().len(), 2);
    let lamp = shop.products().get_by_slug("lamp");
    assert_eq!(lamp.clone().first(&mut conn).unwrap(), lamp.first(&mut conn).unwrap());
}
