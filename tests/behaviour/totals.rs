//! Reads a list together with its number of rows before limit and offset.

use std::cell::Cell;

use cache_diesel::prelude::*;
use cache_diesel::{Kind, ListWithTotal};

use crate::database::{Conn, Database};
use crate::harness::{Product, Shop, new_product, products};
use crate::kept::cache;
use crate::line::prelude::*;
use crate::related::{self, goods, makers};
use crate::stores::SpyStore;
use crate::transactions::retitle;

/// The second row of those on shelf 7, and how many there are.
macro_rules! second {
    ($shop:expr) => {
        $shop.products().all("lit", products::category_id.eq(7)).order_by(products::id.desc()).limit(1).offset(1)
    };
}

/// Reads it; the number of statements. Rows and number have to be what plain Diesel gives.
#[track_caller]
fn cost(shop: &Shop, conn: &mut Conn) -> usize {
    let (count, ListWithTotal { rows, total, .. }) = shop.counted(|| second!(shop).load_and_count(conn).unwrap());
    let plain = products::table.filter(products::category_id.eq(7));
    assert_eq!(total, plain.count().get_result::<i64>(conn).unwrap());
    let of_plain = plain.order_by(products::id.desc()).limit(1).offset(1).load::<Product>(conn).unwrap();
    assert_eq!(*rows, of_plain);
    count
}

#[test]
fn a_list_comes_with_the_number_of_its_rows_before_it_was_cut() {
    let shop = Shop::new();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    assert_eq!([(); 3].map(|()| cost(&shop, &mut conn)), [2, 0, 0]);
    diesel::insert_into(products::table).values(new_product(4, 7, "new")).execute(&mut writer).unwrap();
    assert_eq!([(); 2].map(|()| cost(&shop, &mut conn)), [2, 0]);
    diesel::delete(products::table.find(4)).execute(&mut writer).unwrap();
    assert_eq!([(); 2].map(|()| cost(&shop, &mut conn)), [2, 0]);
}

#[test]
fn the_pages_of_a_result_share_their_number() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let all = || shop.products().all("lit", products::category_id.eq(7)).then_order_by(products::id);
    let costs = [0, 1, 2].map(|offset| {
        let (cost, page) = shop.counted(|| all().limit(1).offset(offset).load_and_count(&mut conn).unwrap());
        assert_eq!((page.total, page.rows.len()), (2, usize::from(offset < 2)));
        cost
    });
    assert_eq!(costs, [2, 1, 1]);
    let plain = shop.counted(|| shop.products().all("lit", products::category_id.eq(7)).count(&mut conn).unwrap());
    assert_eq!(plain, (0, 2), "`count` reads the same entry");
    assert_eq!(shop.counted(|| all().limit(1).offset(1).load(&mut conn).unwrap().len()), (0, 1));
}

#[test]
fn the_number_is_not_asked_for_where_the_rows_reach_to_the_end() {
    let shop = Shop::new();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let all = || shop.products().all("lit", products::category_id.eq(7)).order_by(products::id);
    for (limit, offset) in [(9, 0), (9, 1), (2, 1)] {
        for expected in [1, 0] {
            let read = || all().limit(limit).offset(offset).load_and_count(&mut conn).unwrap().total;
            assert_eq!(shop.counted(read), (expected, 2));
        }
    }
    assert_eq!(shop.counted(|| all().load_and_count(&mut conn).unwrap().total), (1, 2));
    diesel::insert_into(products::table).values(new_product(4, 7, "new")).execute(&mut writer).unwrap();
    assert_eq!(shop.counted(|| all().load_and_count(&mut conn).unwrap().total), (1, 3));
    assert_eq!(shop.counts("product", Kind::Count).miss_count, 0);
}

#[test]
fn both_are_looked_up_at_once() {
    let store = SpyStore::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let mut conn = shop.conn();
    cost(&shop, &mut conn);
    let before = store.read_count();
    assert_eq!(cost(&shop, &mut conn), 0);
    assert!(store.read_count() - before <= 1);
    let (list, number) = (shop.counts("product", Kind::List), shop.counts("product", Kind::Count));
    assert_eq!([list, number].map(|counts| (counts.hit_count, counts.miss_count)), [(1, 1), (1, 1)]);
}

#[test]
fn a_pair_that_a_write_came_between_is_not_served_again() {
    let store = SpyStore::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    store.after_next_seed(move || {
        diesel::insert_into(products::table).values(new_product(4, 7, "new")).execute(&mut writer).unwrap();
    });
    assert!(second!(shop).load_and_count(&mut conn).is_ok());
    cost(&shop, &mut conn);
    assert_eq!(cost(&shop, &mut conn), 0);
}

#[test]
fn a_connection_is_taken_only_if_the_list_or_its_number_is_missing() {
    let database = Database::fresh();
    let url = database.url();
    let shop = Shop::at(database, cache().database(url));
    let count = Cell::new(0);
    let take = || {
        count.set(count.get() + 1);
        QueryResult::Ok(shop.conn())
    };
    let taken = || {
        let page = second!(shop).load_and_count_with(take).unwrap();
        assert_eq!((page.rows.len(), page.total), (1, 2));
        count.replace(0)
    };
    assert_eq!([taken(), taken()], [1, 0]);
    assert_eq!(second!(shop).filter(products::id.gt(0)).load_and_count_with(take).unwrap().total, 2);
    let mut conn = shop.conn();
    retitle(&mut conn, 1, "New").unwrap();
    second!(shop).load(&mut conn).unwrap();
    count.set(0);
    let page = second!(shop).load_and_count_with(take).unwrap();
    assert_eq!((page.total, count.get()), (2, 1), "the list is there, and its number is not");
    let counts = shop.counts("product", Kind::List);
    assert_eq!(counts.miss_count, 3, "the list that is there is not asked for again");
}

#[test]
fn conditions_that_are_boxed_are_borrowed() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    type Condition =
        Box<dyn BoxableExpression<products::table, <Conn as Connection>::Backend, SqlType = diesel::sql_types::Bool>>;
    let condition: Condition = Box::new(products::category_id.eq(7));
    for expected in [2, 0] {
        let read = || shop.products().all("lit", &*condition).limit(1).load_and_count(&mut conn).unwrap();
        let (cost, page) = shop.counted(read);
        assert_eq!((cost, page.rows.len(), page.total), (expected, 1, 2));
    }
}

#[test]
fn a_list_without_the_cache_comes_with_its_number_too() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    for _ in 0..2 {
        assert_eq!(shop.counted(|| second!(shop).bypass().load_and_count(&mut conn).unwrap().total), (2, 2));
    }
    for _ in 0..2 {
        assert_eq!(shop.counted(|| second!(shop).refresh().load_and_count(&mut conn).unwrap().total), (2, 2));
    }
    let inside = conn.transaction(|conn| second!(shop).load_and_count(conn)).unwrap();
    assert_eq!((inside.rows.len(), inside.total), (1, 2));
    assert_eq!(cost(&shop, &mut conn), 0);
}

#[test]
fn a_list_of_pages_comes_with_its_number() {
    let (shop, mut conn, mut writer) = related::shop();
    let of_ada = || related::pages(&shop).all("ada", makers::name.eq("Ada")).order_by(goods::id).limit(1);
    for expected in [4, 0] {
        let (cost, page) = shop.counted(|| of_ada().load_and_count(&mut conn).unwrap());
        assert_eq!((cost, page.rows[0].id, page.rows.len(), page.total), (expected, 10, 1, 2));
    }
    diesel::update(makers::table.find(1)).set(makers::name.eq("Eve")).execute(&mut writer).unwrap();
    let page = of_ada().load_and_count(&mut conn).unwrap();
    assert_eq!((page.rows.len(), page.total), (0, 0));
}
