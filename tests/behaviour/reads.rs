//! What a single read may ask for.

use std::time::{Duration, SystemTime};

use cache_core::ManualClock;
use cache_diesel::prelude::*;
use cache_diesel::{Kind, Origin, Timeout};
use diesel::connection::SimpleConnection;
use diesel::dsl::{exists, not, sql};
use diesel::result::Error;
use diesel::sql_types::{Bool, Integer};

use crate::database::{Conn, Database, RANDOM, insert_back, quoted};
use crate::harness::{Product, Shop, categories, list_cost, new_product, products};
use crate::kept::{cache, cache_at};
use crate::line::prelude::*;
use crate::transactions::retitle;

/// Writes past the tracker: nobody is told.
fn write_unseen(shop: &Shop, sql: &str) {
    shop.untracked().batch_execute(sql).unwrap();
}

#[test]
fn l20_a_bypass_neither_reads_nor_fills() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let manager = shop.products();
    let bypassed = |conn: &mut Conn| {
        let row = shop.cost(
            conn,
            |conn| manager.get(1).bypass().first(conn),
            |conn| products::table.find(1).first::<Product>(conn),
        );
        row + list_cost!(shop, conn, manager.every().bypass())
    };
    assert_eq!([bypassed(&mut conn), bypassed(&mut conn)], [2, 2]);
    assert_eq!(shop.cache.statistics().total().store_count, 0);
    shop.read_everything(&mut conn);
    write_unseen(&shop, "UPDATE products SET title = 'Unseen' WHERE id = 1");
    assert_eq!(bypassed(&mut conn), 2);
    assert_eq!(manager.get(1).first(&mut conn).unwrap().title, "Lamp", "the entry is as it was");
}

#[test]
fn l21_a_refresh_replaces_the_entry_and_its_life() {
    let clock = ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    let mut conn = shop.conn();
    let manager = shop.products();
    shop.row_cost(&mut conn, 1);
    shop.every_cost(&mut conn);
    write_unseen(&shop, "UPDATE products SET title = 'Unseen' WHERE id = 1");
    clock.advance(Duration::from_secs(40));
    assert_eq!(manager.get(1).first(&mut conn).unwrap().title, "Lamp");
    assert_eq!(shop.counted(|| manager.get(1).refresh().first(&mut conn).unwrap().title.clone()), (1, "Unseen".into()));
    assert_eq!(list_cost!(shop, &mut conn, manager.every().refresh()), 1);
    clock.advance(Duration::from_secs(40));
    assert_eq!(shop.row_cost(&mut conn, 1) + shop.every_cost(&mut conn), 0);
}

#[test]
fn a_call_may_set_its_own_timeout() {
    let clock = ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    let mut conn = shop.conn();
    let manager = shop.products();
    manager.get(1).timeout(Duration::from_secs(5)).first(&mut conn).unwrap();
    manager.get(2).timeout(Timeout::NEVER).first(&mut conn).unwrap();
    manager.get(9).timeout(Duration::from_secs(5)).first(&mut conn).unwrap_err();
    manager.every().timeout(Duration::from_secs(5)).load(&mut conn).unwrap();
    assert_eq!([1, 2, 9].map(|id| shop.row_cost(&mut conn, id)), [0, 0, 0]);
    clock.advance(Duration::from_secs(5));
    assert_eq!([1, 2, 9].map(|id| shop.row_cost(&mut conn, id)), [1, 0, 1]);
    assert_eq!(shop.every_cost(&mut conn), 1);
    clock.advance(Duration::from_secs(1_000_000_000));
    assert_eq!(shop.row_cost(&mut conn, 2), 0);
    assert_eq!(manager.get(2).entry(&mut conn).unwrap().hard_deadline(), None);
}

#[test]
fn b10_a_timeout_of_zero_stores_nothing() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let manager = shop.products();
    for _ in 0..2 {
        let (count, row) = shop.counted(|| manager.get(1).timeout(Duration::ZERO).first(&mut conn).unwrap());
        assert_eq!((count, row.id), (1, 1));
        assert_eq!(list_cost!(shop, &mut conn, manager.every().timeout(Duration::ZERO)), 1);
        assert_eq!(shop.counted(|| manager.get_by_slug("lamp").timeout(Timeout::from_secs(0)).first(&mut conn)).0, 1);
        assert_eq!(shop.counted(|| manager.get_many([1, 2]).timeout(Duration::ZERO).load(&mut conn)).0, 1);
    }
    assert_eq!(shop.cache.statistics().total().store_count, 0);
}

#[test]
fn an_entry_tells_where_it_came_from_and_how_long_it_lives() {
    let clock = ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    let mut conn = shop.conn();
    let manager = shop.products();
    let start: SystemTime = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
    let minute = Duration::from_secs(60);
    let first = manager.get(1).entry(&mut conn).unwrap();
    assert_eq!((first.origin, first.is_hit(), first.created_at()), (Origin::Miss, false, Some(start)));
    clock.advance(Duration::from_secs(7));
    let second = manager.get(1).entry(&mut conn).unwrap();
    assert_eq!((second.origin, second.is_hit(), second.created_at()), (Origin::Hit, true, Some(start)));
    assert_eq!(second.hard_deadline(), Some(start + minute));
    assert_eq!((second.id, &second.value), (1, &first.value));
    let bypassed = manager.get(1).bypass().entry(&mut conn).unwrap();
    assert_eq!((bypassed.origin, bypassed.created_at(), bypassed.hard_deadline()), (Origin::Bypass, None, None));
    assert_eq!(manager.get(9).entry(&mut conn).unwrap_err(), Error::NotFound);
    let lists = [(); 2].map(|()| manager.every().entry(&mut conn).unwrap().origin);
    assert_eq!(lists, [Origin::Miss, Origin::Hit]);
    let slugs = [(); 2].map(|()| manager.get_by_slug("torch").entry(&mut conn).unwrap().origin);
    assert_eq!(slugs, [Origin::Miss, Origin::Hit]);
}

#[test]
fn the_plain_query_goes_on_from_any_read() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let manager = shop.products();
    let slugs: Vec<String> = manager
        .all("active", products::is_active.eq(true))
        .query()
        .inner_join(categories::table)
        .filter(categories::name.eq("Light"))
        .select(products::slug)
        .load(&mut conn)
        .unwrap();
    assert_eq!(slugs, ["lamp"]);
    assert_eq!(manager.get(1).query().select(products::title).first::<String>(&mut conn).unwrap(), "Lamp");
    assert_eq!(shop.cache.statistics().total(), cache_diesel::Counts::default());
}

crate::line::only_blocking! {
    #[test]
    fn a_hit_without_a_connection_takes_none() {
        let database = Database::fresh();
        let url = database.url();
        let shop = Shop::at(database, cache().database(url));
        let manager = shop.products();
        let take = || QueryResult::Ok(shop.conn());
        let refuse = || -> Result<Conn, Error> { panic!("a hit takes no connection") };
        let plain = products::table.find(1).first::<Product>(&mut shop.conn()).unwrap();
        assert_eq!(*manager.get(1).first_with(take).unwrap(), plain);
        assert_eq!(*manager.get(1).first_with(refuse).unwrap(), plain);
        assert_eq!(*manager.get_by_slug("lamp").first_with(take).unwrap(), plain);
        assert_eq!(*manager.get_by_slug("lamp").first_with(refuse).unwrap(), plain);
        assert_eq!(manager.every().load_with(take).unwrap().len(), 3);
        assert_eq!(manager.every().load_with(refuse).unwrap().len(), 3);
        assert_eq!(*manager.every().order_by(products::id).first_with(take).unwrap(), plain);
        assert_eq!(*manager.every().order_by(products::id).first_with(refuse).unwrap(), plain);
        assert_eq!(manager.get(9).first_with(take), Err(Error::NotFound));
        assert_eq!(manager.get(9).first_with(refuse), Err(Error::NotFound));
        retitle(&mut shop.conn(), 1, "New").unwrap();
        assert_eq!(manager.get(1).first_with(take).unwrap().title, "New");
        assert!(manager.every().load_with(take).unwrap().iter().any(|row| row.title == "New"));
        let counts = shop.counts("product", Kind::Detail);
        assert_eq!((counts.hit_count, counts.miss_count), (2, 3), "each read is counted once");
        let refused: Result<_, Error> = manager.get(3).first_with(|| Err::<Conn, _>(Error::AlreadyInTransaction));
        assert_eq!(refused.unwrap_err(), Error::AlreadyInTransaction);
    }
}

#[test]
fn r13_a_table_in_a_subquery_counts() {
    let shop = Shop::new();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let light = || categories::table.filter(categories::name.eq("Light"));
    let in_light = || shop.products().all("light", products::category_id.eq_any(light().select(categories::id)));
    let has_light = || {
        let same = light().filter(categories::id.eq(products::category_id));
        shop.products().all("light", exists(same))
    };
    let has_none = || {
        let same = light().filter(categories::id.eq(products::category_id));
        shop.products().all("light", not(exists(same)))
    };
    let costs = |conn: &mut Conn| {
        let filtered = || shop.products().get(1).filter(products::category_id.eq_any(light().select(categories::id)));
        let row = shop.cost(conn, |conn| filtered().first(conn), |conn| filtered().query().first::<Product>(conn));
        let shelf = || shop.products().all_by_category_id(7).filter(exists(light()));
        let count =
            shop.cost(conn, |conn| in_light().count(conn), |conn| in_light().query().count().get_result::<i64>(conn));
        [
            list_cost!(shop, conn, in_light()),
            list_cost!(shop, conn, has_light()),
            list_cost!(shop, conn, has_none()),
            list_cost!(shop, conn, shelf()),
            row,
            count,
        ]
    };
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 6], [0; 6]]);
    diesel::update(categories::table.find(7)).set(categories::name.eq("Dark")).execute(&mut writer).unwrap();
    // The filtered row is absent now, which is remembered.
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 6], [0; 6]]);
    diesel::update(categories::table.find(8)).set(categories::name.eq("Light")).execute(&mut writer).unwrap();
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 6], [0; 6]]);
    diesel::delete(categories::table).execute(&mut writer).unwrap();
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 6], [0; 6]]);
    diesel::insert_into(products::table).values(new_product(4, 7, "new")).execute(&mut writer).unwrap();
    costs(&mut conn);
}

#[test]
fn r13_a_table_in_raw_sql_of_a_filter_counts() {
    let shop = Shop::new();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let raw = || {
        let categories = quoted("categories");
        let condition =
            format!("category_id IN (WITH c AS (SELECT id FROM {categories} WHERE name = 'Light') SELECT id FROM c)");
        shop.products().all((), sql::<Bool>(&condition))
    };
    assert_eq!([(); 2].map(|()| list_cost!(shop, &mut conn, raw())), [1, 0]);
    diesel::update(categories::table.find(8)).set(categories::name.eq("Light")).execute(&mut writer).unwrap();
    assert_eq!([(); 2].map(|()| list_cost!(shop, &mut conn, raw())), [1, 0]);
}

#[test]
fn functions_that_may_give_another_result_are_not_cached_unless_vouched_for() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let later = || shop.products().all((), products::id.gt(sql::<Integer>(&format!("{RANDOM} * 0"))));
    assert_eq!([(); 2].map(|()| list_cost!(shop, &mut conn, later())), [1, 1]);
    assert_eq!(shop.counts("product", Kind::List).bypass_count, 2);
    assert_eq!([(); 2].map(|()| list_cost!(shop, &mut conn, later().assume_deterministic())), [1, 0]);
    let now = || shop.products().all((), sql::<Bool>("CURRENT_TIMESTAMP > '2000-01-01'"));
    assert_eq!([(); 2].map(|()| list_cost!(shop, &mut conn, now())), [1, 1]);
    let lower = || shop.products().all((), sql::<Bool>("lower(title) = 'lamp'"));
    assert_eq!([(); 2].map(|()| list_cost!(shop, &mut conn, lower())), [1, 0]);
}

#[test]
fn slices_follow_writes() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let slice = |offset| shop.products().every().order_by(products::price_cents.asc()).limit(1).offset(offset);
    let costs = |conn: &mut Conn| [0, 1, 2, 3].map(|offset| list_cost!(shop, conn, slice(offset)));
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 4], [0; 4]]);
    let cheap = Product { price_cents: 1, ..new_product(4, 7, "new") };
    diesel::insert_into(products::table).values(cheap).execute(&mut shop.conn()).unwrap();
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 4], [0; 4]]);
    let first = || shop.products().every().order_by(products::price_cents.asc()).first(&mut shop.conn());
    assert_eq!(first().unwrap().id, 4);
    shop.products().delete(4).execute(&mut conn).unwrap();
    assert_eq!(first().unwrap().id, 2);
    assert_eq!(costs(&mut conn), [1; 4]);
}

#[test]
fn reads_before_a_cache_is_configured_go_to_the_database() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let manager = Product::cached_in("not configured yet");
    for _ in 0..2 {
        let (count, row) = shop.counted(|| manager.get(1).first(&mut conn).unwrap());
        assert_eq!((count, row.id), (1, 1));
    }
    caches::configure([("not configured yet", Cache::memory())]).unwrap();
    let costs = [(); 2].map(|()| shop.counted(|| manager.get(1).first(&mut conn).unwrap()).0);
    assert_eq!(costs, [1, 0]);
}

#[test]
fn r13_a_second_look_at_the_own_table_counts() {
    let shop = Shop::new();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let is_dearest = || sql::<Bool>("price_cents = (SELECT max(price_cents) FROM products)");
    let costs = |conn: &mut Conn| {
        let rows = [1, 3].map(|id| {
            let read = || shop.products().get(id).filter(is_dearest());
            shop.cost(conn, |conn| read().first(conn), |conn| read().query().first::<Product>(conn))
        });
        let shelves = [7, 8].map(|shelf| {
            let read = || shop.products().all_by_category_id(shelf).filter(is_dearest());
            list_cost!(shop, conn, read())
        });
        rows.into_iter().chain(shelves).sum::<usize>()
    };
    assert_eq!([costs(&mut conn), costs(&mut conn)], [4, 0]);
    let mut row = new_product(2, 9, "torch");
    for price in [20_000, 1] {
        row.price_cents = price;
        shop.products().save(&row).execute(&mut writer).unwrap();
        assert_eq!([costs(&mut conn), costs(&mut conn)], [4, 0]);
    }
    let dear = Product { price_cents: 30_000, ..new_product(4, 9, "new") };
    insert_back!(shop.products(), dear, &mut writer).unwrap();
    assert_eq!([costs(&mut conn), costs(&mut conn)], [4, 0]);
    shop.products().delete(4).execute(&mut writer).unwrap();
    assert_eq!([costs(&mut conn), costs(&mut conn)], [4, 0]);
}
