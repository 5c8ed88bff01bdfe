//! What a write or a clear leaves in the cache.

use std::sync::Arc;

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::database::{Conn, insert_back};
use crate::harness::{Shop, list_cost, new_product, products};
use crate::line::prelude::*;
use crate::transactions::retitle;

diesel::table! {
    items (id) {
        id -> Integer,
        name -> Text,
        stock -> Integer,
    }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = items)]
#[cached(key = "item")]
struct Item {
    id: i32,
    name: String,
    stock: i32,
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = items)]
#[cached(key = "item_extra")]
struct ItemExtra {
    id: i32,
    stock: i32,
}

const ITEMS: &str = "
    CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, stock INTEGER NOT NULL);
    INSERT INTO items VALUES (1, 'a', 10), (2, 'b', 20);";

#[track_caller]
fn item_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = Item::cached_in(&shop.name);
    let row = shop.cost(conn, |conn| manager.get(1).first(conn), |conn| items::table.find(1).first::<Item>(conn));
    row + list_cost!(shop, conn, manager.all("1", ()))
}

#[track_caller]
fn extra_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = ItemExtra::cached_in(&shop.name);
    let columns = (items::id, items::stock);
    let row = |conn: &mut Conn| items::table.find(1).select(columns).first::<ItemExtra>(conn);
    let rows = |conn: &mut Conn| items::table.select(columns).load::<ItemExtra>(conn);
    let row = shop.cost(conn, |conn| manager.get(1).first(conn), row);
    row + shop.cost(conn, |conn| manager.all("1", ()).load(conn), rows)
}

#[track_caller]
fn active_cost(shop: &Shop, conn: &mut Conn) -> usize {
    list_cost!(shop, conn, shop.products().all("active", products::is_active.eq(true)))
}

/// What the rows 1 to 3, and the absent 4 and 5, cost to read.
#[track_caller]
fn row_costs(shop: &Shop, conn: &mut Conn) -> [usize; 5] {
    [1, 2, 3, 4, 5].map(|id| shop.row_cost(conn, id))
}

#[test]
fn g1_a_save_leaves_the_details_of_other_rows() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let mut row = shop.products().get(1).first(&mut conn).unwrap();
    Arc::make_mut(&mut row).title = "New".into();
    shop.products().save(&row).execute(&mut shop.conn()).unwrap();
    let costs = row_costs(&shop, &mut conn);
    assert_eq!(costs[..3], [1, 0, 0]);
    assert_eq!(shop.every_cost(&mut conn), 1);
}

#[test]
fn g1_a_delete_leaves_the_details_of_other_rows() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    shop.products().delete(1).execute(&mut shop.conn()).unwrap();
    assert_eq!(row_costs(&shop, &mut conn), [1, 0, 0, 0, 0]);
}

#[test]
fn g1_an_insert_leaves_the_details_of_rows_that_are_there() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    insert_back!(shop.products(), new_product(4, 7, "new"), &mut shop.conn()).unwrap();
    assert_eq!(row_costs(&shop, &mut conn)[..3], [0, 0, 0]);
    diesel::insert_into(products::table).values(new_product(5, 7, "other")).execute(&mut shop.conn()).unwrap();
    assert_eq!(row_costs(&shop, &mut conn)[..3], [0, 0, 0]);
}

#[test]
fn g1_row_exact_writes_of_one_transaction_stay_row_exact() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let row = |id: i32| shop.products().get(id).first(&mut shop.conn()).unwrap();
    let (one, two) = (row(1), row(2));
    shop.conn()
        .transaction(|conn| {
            shop.products().save(&one).execute(conn)?;
            shop.products().save(&two).execute(conn)
        })
        .unwrap();
    assert_eq!(row_costs(&shop, &mut conn)[..3], [1, 1, 0]);
}

#[test]
fn g2_a_write_to_another_table_leaves_everything() {
    let shop = Shop::with_tables(ITEMS);
    let mut conn = shop.warm();
    item_cost(&shop, &mut conn);
    shop.conn().batch_execute("UPDATE items SET stock = 0").unwrap();
    assert_eq!(shop.read_everything(&mut conn), 0);
    assert_eq!(item_cost(&shop, &mut conn), 2);
    retitle(&mut shop.conn(), 1, "New").unwrap();
    assert_eq!(item_cost(&shop, &mut conn), 0);
}

#[test]
fn r12_two_models_of_one_table_follow_each_others_writes() {
    let shop = Shop::with_tables(ITEMS);
    let mut conn = shop.conn();
    let costs = |conn: &mut Conn| [item_cost(&shop, conn), extra_cost(&shop, conn)];
    assert_eq!(costs(&mut conn), [2, 2]);
    assert_eq!(costs(&mut conn), [0, 0]);
    let row = Item { id: 1, name: "a".into(), stock: 11 };
    Item::cached_in(&shop.name).save(&row).execute(&mut shop.conn()).unwrap();
    assert_eq!(costs(&mut conn), [2, 2]);
    ItemExtra::cached_in(&shop.name).delete(1).execute(&mut shop.conn()).unwrap();
    // Neither model remembers absent rows.
    assert_eq!(costs(&mut conn), [2, 2]);
    assert_eq!(costs(&mut conn), [1, 1]);
}

#[test]
fn l22_every_list_of_a_manager_is_cleared() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    shop.products().clear_lists().unwrap();
    assert_eq!(shop.every_cost(&mut conn), 1);
    assert_eq!(active_cost(&shop, &mut conn), 1);
    assert_eq!([7, 8, 9].map(|shelf| shop.shelf_cost(&mut conn, shelf)), [1, 1, 1]);
    assert_eq!([shop.count_cost(&mut conn), shop.exists_cost(&mut conn)], [1, 1]);
    assert_eq!(row_costs(&shop, &mut conn), [0; 5]);
    assert_eq!(shop.slug_cost(&mut conn, "lamp"), 0);
}

#[test]
fn l23_clearing_a_manager_leaves_the_one_whose_name_begins_alike() {
    let shop = Shop::with_tables(ITEMS);
    let mut conn = shop.conn();
    item_cost(&shop, &mut conn);
    extra_cost(&shop, &mut conn);
    let manager = Item::cached_in(&shop.name);
    for clear in [manager.clear(), manager.clear_lists(), manager.clear_list("1")] {
        clear.unwrap();
        assert_eq!(extra_cost(&shop, &mut conn), 0);
    }
    assert_eq!(item_cost(&shop, &mut conn), 2);
}

#[test]
fn g3_clearing_a_row_leaves_everything_else() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    shop.products().clear_detail(1).unwrap();
    assert_eq!(shop.every_cost(&mut conn) + shop.shelf_cost(&mut conn, 7), 0);
    assert_eq!(row_costs(&shop, &mut conn), [1, 0, 0, 0, 0]);
    shop.products().clear_detail(4).unwrap();
    assert_eq!(row_costs(&shop, &mut conn), [0, 0, 0, 1, 0]);
}

#[test]
fn g3_clearing_a_list_leaves_everything_else() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let dear = || shop.products().all("dear", products::price_cents.gt(1_500));
    list_cost!(shop, &mut conn, dear());
    shop.products().clear_list("active").unwrap();
    assert_eq!(list_cost!(shop, &mut conn, dear()) + shop.every_cost(&mut conn), 0);
    assert_eq!(row_costs(&shop, &mut conn), [0; 5]);
    assert_eq!([active_cost(&shop, &mut conn), shop.count_cost(&mut conn)], [1, 1]);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn g3_clearing_a_manager_leaves_the_others() {
    let shop = Shop::with_tables(ITEMS);
    let mut conn = shop.warm();
    item_cost(&shop, &mut conn);
    shop.products().clear().unwrap();
    assert_eq!(item_cost(&shop, &mut conn), 0);
    assert_eq!(row_costs(&shop, &mut conn), [1; 5]);
    assert_eq!([shop.every_cost(&mut conn), shop.count_cost(&mut conn), shop.shelf_cost(&mut conn, 7)], [1; 3]);
}

#[test]
fn g3_clearing_the_cache_leaves_nothing_of_it() {
    let (shop, neighbour) = (Shop::new(), Shop::new());
    let (mut conn, mut other) = (shop.warm(), neighbour.warm());
    shop.cache.clear().unwrap();
    assert_eq!(neighbour.read_everything(&mut other), 0);
    assert_eq!(row_costs(&shop, &mut conn), [1; 5]);
    assert_eq!([shop.every_cost(&mut conn), shop.count_cost(&mut conn), shop.shelf_cost(&mut conn, 7)], [1; 3]);
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

/// What is cleared at a commit is cleared in every cache: no other test reads that row and that list.
#[test]
fn a_clear_in_a_transaction_happens_at_once_and_after_the_commit() {
    for commits in [true, false] {
        let shop = Shop::new();
        let mut other = shop.warm();
        let cleared = |conn: &mut Conn| {
            let list = || shop.products().all("cleared", products::is_active.eq(true));
            [shop.row_cost(conn, 77), list_cost!(shop, conn, list())]
        };
        let others = |conn: &mut Conn| [shop.row_cost(conn, 1), active_cost(&shop, conn), shop.every_cost(conn)];
        assert_eq!([cleared(&mut other), cleared(&mut other)], [[1, 1], [0, 0]]);
        let result = shop.conn().transaction(|conn| {
            shop.products().clear_detail(77).after(conn).unwrap();
            shop.products().clear_list("cleared").after(conn).unwrap();
            assert_eq!((cleared(&mut other), others(&mut other)), ([1, 1], [0; 3]));
            if commits { Ok(()) } else { Err(Error::RollbackTransaction) }
        });
        assert_eq!(result.is_ok(), commits);
        assert_eq!((cleared(&mut other), others(&mut other)), ([usize::from(commits); 2], [0; 3]));
    }
}

#[test]
fn a_clear_without_a_transaction_happens_once() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    shop.products().clear_detail(1).after(&mut conn).unwrap();
    assert_eq!(row_costs(&shop, &mut conn), [1, 0, 0, 0, 0]);
    conn.transaction(|_| Ok::<(), Error>(())).unwrap();
    assert_eq!(row_costs(&shop, &mut conn), [0; 5]);
}

#[test]
fn a_clear_is_refused_where_there_is_no_cache() {
    let error = Item::cached_in("nowhere").clear().unwrap_err();
    assert_eq!(error.kind(), cache_diesel::ErrorKind::NotConfigured);
}
