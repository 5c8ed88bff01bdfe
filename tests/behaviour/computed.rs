//! Computed values: each depends on what was read for it, and on nothing else.

use core::time::Duration;
use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::thread;

use cache_diesel::{Event, Kind, Unkept, carry};
use diesel::result::{Error, QueryResult};

use crate::database::Conn;
use crate::harness::{Category, Product, Shop, categories, new_product, products};
use crate::line::prelude::*;

const HOUR: Duration = Duration::from_secs(3600);

/// Counts how often something is computed.
#[derive(Default)]
struct Count(Cell<usize>);

impl Count {
    fn add<T>(&self, value: T) -> T {
        self.0.set(self.0.get() + 1);
        value
    }

    /// How often it was computed since this was asked last.
    fn taken(&self) -> usize {
        self.0.take()
    }
}

/// A value of two managers' reads and a plain one.
fn report(shop: &Shop, conn: &mut Conn, count: &Count) -> QueryResult<(Vec<String>, String, i64)> {
    shop.cache.compute("report", HOUR, || {
        let active = shop.products().all("active", products::is_active.eq(true)).load(conn)?;
        let category = shop.categories().get(7).first(conn)?;
        let titles = active.iter().map(|product| product.title.clone()).collect();
        Ok(count.add((titles, category.name.clone(), active.len() as i64)))
    })
}

#[test]
fn a_computed_value_ends_when_anything_is_written_that_was_read_for_it_and_by_nothing_else() {
    let shop = Shop::new();
    let (mut conn, mut writer, count) = (shop.conn(), shop.conn(), Count::default());
    let first = report(&shop, &mut conn, &count).unwrap();
    assert_eq!(first, (vec!["Lamp".into(), "Table".into()], "Light".into(), 2));
    let (statements, again) = shop.counted(|| report(&shop, &mut conn, &count).unwrap());
    assert_eq!((statements, again, count.taken()), (0, first, 1));
    // Another category: the row that was read is not that one.
    diesel::update(categories::table.find(8)).set(categories::name.eq("Oak")).execute(&mut writer).unwrap();
    diesel::insert_into(categories::table)
        .values((categories::id.eq(9), categories::name.eq("Iron")))
        .execute(&mut writer)
        .unwrap();
    report(&shop, &mut conn, &count).unwrap();
    assert_eq!(count.taken(), 0);
    diesel::update(categories::table.find(7)).set(categories::name.eq("Lights")).execute(&mut writer).unwrap();
    assert_eq!(report(&shop, &mut conn, &count).unwrap().1, "Lights");
    diesel::update(products::table.find(3)).set(products::is_active.eq(false)).execute(&mut writer).unwrap();
    assert_eq!(report(&shop, &mut conn, &count).unwrap().2, 1);
    assert_eq!(count.taken(), 2);
    report(&shop, &mut conn, &count).unwrap();
    assert_eq!(count.taken(), 0);
    let counts = shop.counts("computed", Kind::Computed);
    assert_eq!((counts.hit_count, counts.load_count, counts.store_count), (3, 3, 3));
}

#[test]
fn what_is_served_from_the_cache_counts_as_what_is_loaded() {
    let shop = Shop::new();
    let (mut conn, mut writer, count) = (shop.conn(), shop.conn(), Count::default());
    let (products, categories) = (shop.products(), shop.categories());
    // Everything is at hand before.
    products.get(1).first(&mut conn).unwrap();
    products.get_by_slug("torch").first(&mut conn).unwrap();
    products.all_by_category_id(8).load(&mut conn).unwrap();
    categories.every().count(&mut conn).unwrap();
    let mut compute = |count: &Count| {
        shop.cache.compute("hits", HOUR, || {
            let (statements, read) = shop.counted(|| -> QueryResult<_> {
                let lamp = products.get(1).first(&mut conn)?.price_cents;
                let torch = products.get_by_slug("torch").first(&mut conn)?.price_cents;
                let wood = products.all_by_category_id(8).load(&mut conn)?.len() as i64;
                Ok(vec![lamp, torch, wood, categories.every().count(&mut conn)?])
            });
            assert!(count.0.get() > 0 || statements == 0);
            Ok::<_, Error>(count.add(read?))
        })
    };
    assert_eq!(compute(&count), Ok(vec![1999, 999, 1, 2]));
    let price = |writer: &mut Conn, id: i32, cents: i64| {
        diesel::update(products::table.find(id)).set(products::price_cents.eq(cents)).execute(writer).unwrap()
    };
    price(&mut writer, 2, 5);
    assert_eq!(compute(&count), Ok(vec![1999, 5, 1, 2]));
    price(&mut writer, 1, 6);
    assert_eq!(compute(&count), Ok(vec![6, 5, 1, 2]));
    products.insert(new_product(9, 8, "chair")).execute(&mut writer).unwrap();
    assert_eq!(compute(&count), Ok(vec![6, 5, 2, 2]));
    diesel::delete(categories::table.find(8)).execute(&mut writer).unwrap();
    assert_eq!(compute(&count), Ok(vec![6, 5, 2, 1]));
    assert_eq!(count.taken(), 5);
    assert_eq!(compute(&count), Ok(vec![6, 5, 2, 1]));
    assert_eq!(count.taken(), 0);
}

#[test]
fn plain_reads_count_by_their_tables() {
    let shop = Shop::new();
    let (mut conn, mut writer, count) = (shop.conn(), shop.conn(), Count::default());
    let mut compute = || {
        shop.cache.compute("plain", HOUR, || {
            crate::line::acquaint(&mut conn);
            let names = products::table
                .inner_join(categories::table)
                .select((categories::name, diesel::dsl::sql::<diesel::sql_types::BigInt>("price_cents")))
                .order(products::id)
                .load::<(String, i64)>(&mut conn)?;
            Ok::<_, Error>(count.add(names))
        })
    };
    let first = compute().unwrap();
    assert_eq!((compute().unwrap(), count.taken()), (first, 1));
    diesel::update(categories::table.find(8)).set(categories::name.eq("Oak")).execute(&mut writer).unwrap();
    assert_eq!(compute().unwrap()[2].0, "Oak");
    diesel::update(products::table.find(3)).set(products::price_cents.eq(1)).execute(&mut writer).unwrap();
    assert_eq!((compute().unwrap()[2].1, count.taken()), (1, 2));
}

#[test]
fn a_nested_value_hands_on_what_it_depends_on_whether_it_is_found_or_computed() {
    let shop = Shop::new();
    let (mut conn, mut writer, count) = (shop.conn(), shop.conn(), Count::default());
    let price = |conn: &mut Conn| {
        let products = shop.products();
        shop.cache.compute("inner", HOUR, || Ok::<_, Error>(products.get(1).first(conn)?.price_cents))
    };
    let mut outer = |key: &str| shop.cache.compute(key, HOUR, || Ok::<_, Error>(count.add(price(&mut conn)? * 2)));
    assert_eq!((outer("one"), outer("two")), (Ok(3998), Ok(3998)), "computed, and found");
    assert_eq!((outer("one"), outer("two"), count.taken()), (Ok(3998), Ok(3998), 2));
    diesel::update(products::table.find(1)).set(products::price_cents.eq(5)).execute(&mut writer).unwrap();
    assert_eq!((outer("two"), outer("one"), count.taken()), (Ok(10), Ok(10), 2));
    shop.cache.computation("inner").invalidate().unwrap();
    assert_eq!((outer("one"), outer("two"), count.taken()), (Ok(10), Ok(10), 2), "by hand too");
}

#[test]
fn what_cannot_be_followed_is_given_and_not_kept() {
    let shop = Shop::new();
    let reasons: Arc<Mutex<Vec<Unkept>>> = Arc::default();
    let told = Arc::clone(&reasons);
    shop.cache.listen("reasons", move |event| {
        if let Event::Unkept { reason, .. } = event {
            told.lock().unwrap().push(*reason);
        }
    });
    let (mut conn, mut writer, mut untracked) = (shop.conn(), shop.conn(), shop.untracked());
    shop.products().get(1).first(&mut conn).unwrap();
    let twice = |work: &mut dyn FnMut() -> QueryResult<i64>| {
        let count = Count::default();
        for _ in 0..2 {
            shop.cache.compute("value", HOUR, || count.add(work())).unwrap();
        }
        (count.taken(), reasons.lock().unwrap().drain(..).collect::<Vec<_>>())
    };
    let products = shop.products();
    assert_eq!(twice(&mut || Ok(1)), (2, vec![Unkept::Independent; 2]));
    let mut random =
        || diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>("random() * 0")).get_result(&mut conn);
    assert_eq!(twice(&mut || Ok(random().map_or(0, |value: i64| value))), (2, vec![Unkept::NotFollowed; 2]));
    let mut within = || conn.transaction(|conn| products.get(1).first(conn).map(|product| product.price_cents));
    assert_eq!(twice(&mut within).0, 2);
    reasons.lock().unwrap().clear();
    let mut writing = || {
        diesel::update(products::table.find(1)).set(products::price_cents.eq(5)).execute(&mut conn)?;
        Ok(products.get(1).first(&mut conn)?.price_cents)
    };
    assert_eq!(twice(&mut writing), (2, vec![Unkept::NotFollowed; 2]));
    assert_eq!(twice(&mut || Ok(products.get(1).first(&mut untracked)?.price_cents)).0, 2);
    // Something is written between the reads.
    let mut between = || {
        let before = products.get(1).first(&mut conn)?.price_cents;
        diesel::update(products::table.find(1)).set(products::price_cents.eq(before + 1)).execute(&mut writer)?;
        Ok(products.get(1).first(&mut conn)?.price_cents)
    };
    assert_eq!(twice(&mut between).0, 2);
}

#[test]
fn an_error_is_given_and_nothing_is_kept_and_a_swallowed_one_counts() {
    let shop = Shop::new();
    let (mut conn, mut writer, count) = (shop.conn(), shop.conn(), Count::default());
    let mut require = || {
        let products = shop.products();
        shop.cache.compute("error", HOUR, || count.add(products.get(77).first(&mut conn)).map(|it| it.price_cents))
    };
    assert_eq!((require(), require(), count.taken()), (Err(Error::NotFound), Err(Error::NotFound), 2));
    let mut swallow = || {
        let there = shop.products().get(77).first(&mut conn).is_ok();
        Ok::<_, Error>(count.add(there))
    };
    assert_eq!(shop.cache.compute("swallowed", HOUR, &mut swallow), Ok(false));
    assert_eq!(shop.cache.compute("swallowed", HOUR, &mut swallow), Ok(false));
    assert_eq!(count.taken(), 1);
    shop.products().insert(new_product(77, 7, "new")).execute(&mut writer).unwrap();
    assert_eq!(shop.cache.compute("swallowed", HOUR, &mut swallow), Ok(true));
}

#[test]
fn rows_and_lists_are_kept_as_they_are() {
    let shop = Shop::new();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let products = shop.products();
    let mut best = || shop.cache.compute("best", HOUR, || products.get(1).first(&mut conn));
    let (row, same): (Arc<Product>, Arc<Product>) = (best().unwrap(), best().unwrap());
    assert_eq!(row, same);
    products.delete(1).execute(&mut writer).unwrap();
    assert_eq!(best(), Err(Error::NotFound));
    let mut all = || shop.cache.compute("all", HOUR, || shop.categories().every().load(&mut conn));
    let (rows, again): (Arc<Vec<Category>>, _) = (all().unwrap(), all().unwrap());
    assert_eq!(rows, again);
}

#[test]
fn work_that_is_carried_to_another_thread_counts() {
    let shop = Shop::new();
    let (mut conn, mut writer, mut other) = (shop.conn(), shop.conn(), shop.conn());
    shop.products().get(1).first(&mut conn).unwrap();
    let count = Count::default();
    let mut compute = || {
        shop.cache.compute("carried", HOUR, || {
            count.add(());
            let price = carry(|| shop.products().get(1).first(&mut other).map(|product| product.price_cents));
            thread::scope(|scope| scope.spawn(price).join().unwrap())
        })
    };
    assert_eq!((compute(), compute(), count.taken()), (Ok(1999), Ok(1999), 1));
    diesel::update(products::table.find(1)).set(products::price_cents.eq(5)).execute(&mut writer).unwrap();
    assert_eq!((compute(), compute(), count.taken()), (Ok(5), Ok(5), 1));
    // Work that is still under way when the value is there.
    let mut late = || {
        shop.cache.compute("late", HOUR, || {
            let late = carry(|| ());
            let price = shop.products().get(1).first(&mut conn)?.price_cents;
            Ok::<_, Error>(count.add((price, std::mem::forget(late))).0)
        })
    };
    assert_eq!((late(), late(), count.taken()), (Ok(5), Ok(5), 2));
}

#[test]
fn values_differ_by_what_they_vary_by_and_live_as_long_as_was_said() {
    let shop = Shop::new();
    let count = Count::default();
    let of = |user: i32| {
        let rate = shop.cache.computation("rate").timeout(HOUR).vary_by(&user).depends_on_nothing();
        rate.value(|| Ok::<_, Error>(count.add(user * 2))).unwrap()
    };
    assert_eq!((of(1), of(2), of(1), of(2), count.taken()), (2, 4, 2, 4, 2));
    shop.cache.computation("rate").invalidate().unwrap();
    assert_eq!((of(1), of(2), count.taken()), (2, 4, 2));
    shop.cache.computation("rate").vary_by(&1).prime(7);
    assert_eq!((of(1), of(2), count.taken()), (7, 4, 0));
}

#[test]
fn by_hand_a_variant_ends_with_what_varies_further_and_with_nothing_else() {
    let shop = Shop::new();
    let count = Count::default();
    let of = |user: i32, language: &str| {
        let page = shop.cache.computation("page").timeout(HOUR).vary_by(&user).vary_by(language).depends_on_nothing();
        page.value(|| Ok::<_, Error>(count.add(format!("{user} {language}")))).unwrap()
    };
    let all = || {
        [(1, "de"), (1, "en"), (2, "de"), (2, "en")].into_iter().for_each(|(user, language)| _ = of(user, language));
        count.taken()
    };
    assert_eq!((all(), all()), (4, 0));
    let page = || shop.cache.computation("page");
    page().vary_by(&1).vary_by("de").invalidate().unwrap();
    assert_eq!(all(), 1);
    page().vary_by(&1).invalidate().unwrap();
    assert_eq!(all(), 2);
    // Numbers are what they are worth, whatever their type.
    page().vary_by(&2_u64).invalidate().unwrap();
    assert_eq!(all(), 2);
    page().vary_by("de").invalidate().unwrap();
    assert_eq!(all(), 0, "nothing varies by that alone");
    page().invalidate().unwrap();
    assert_eq!(all(), 4);
}

#[test]
fn a_value_that_is_primed_while_another_one_is_computed_is_replaced_by_it() {
    let shop = Shop::new();
    let of = || shop.cache.computation("primed").timeout(HOUR).depends_on_nothing();
    let computed = of().value(|| {
        of().prime(1);
        assert_eq!(of().value(|| Ok::<i32, Error>(3)), Ok(1), "it is served meanwhile");
        Ok::<i32, Error>(2)
    });
    assert_eq!((computed, of().value(|| Ok::<i32, Error>(3))), (Ok(2), Ok(2)));
}
