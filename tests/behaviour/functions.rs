//! What is said of computed values beside what they read: a lag, refreshes in the background, what they depend on unread.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Instant;

use cache_core::ManualClock;
use cache_diesel::prelude::*;
use cache_diesel::{CachedEntry, Error, Kind, Timeout};

use crate::database::Conn;
use crate::harness::{Named, Shop, new_product, products};
use crate::kept::cache_at;
use crate::line::prelude::*;

const HOUR: Duration = Duration::from_secs(3600);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A shop whose clock is set by the test.
fn shop() -> (Shop, ManualClock) {
    let clock = ManualClock::new();
    // The thread that renews intents does not know the time of a test.
    (Shop::with(cache_at(&clock).intent_life(HOUR)), clock)
}

fn set_price(conn: &mut Conn, id: i32, cents: i64) {
    diesel::update(products::table.find(id)).set(products::price_cents.eq(cents)).execute(conn).unwrap();
}

/// The price of the lamp, which may lag behind by five seconds.
fn price_entry(shop: &Shop, conn: &mut Conn) -> QueryResult<CachedEntry<i64>> {
    let computation = shop.cache.computation("price").timeout(HOUR).lag(seconds(5));
    computation.entry(|| Ok(shop.products().get(1).first(conn)?.price_cents))
}

fn price(shop: &Shop, conn: &mut Conn) -> QueryResult<i64> {
    price_entry(shop, conn).map(|entry| entry.value)
}

#[test]
fn a_value_lags_behind_writes_by_no_more_than_was_said() {
    let (shop, clock) = shop();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let first = price_entry(&shop, &mut conn).unwrap();
    assert_eq!(first.value, 1999);
    set_price(&mut writer, 1, 5);
    let (statements, lagging) = shop.counted(|| price_entry(&shop, &mut conn).unwrap());
    assert_eq!((statements, lagging.value, lagging.is_hit()), (0, 1999, true));
    assert!(first.state().is_some() && lagging.state() == first.state(), "a page keeps its ETag");
    clock.advance(seconds(4));
    assert_eq!(price(&shop, &mut conn), Ok(1999));
    clock.advance(seconds(1));
    assert_eq!(price(&shop, &mut conn), Ok(5), "it is over");
    clock.advance(seconds(60));
    let (statements, kept) = shop.counted(|| price(&shop, &mut conn));
    assert_eq!((statements, kept), (0, Ok(5)), "nothing was written: it is found as ever");
    set_price(&mut writer, 1, 6);
    assert_eq!(price(&shop, &mut conn), Ok(6), "computed longer ago than it may lag");
}

#[test]
fn what_is_ended_by_hand_does_not_lag() {
    let (shop, _clock) = shop();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    for (cents, end) in [(5, 0), (6, 1)] {
        let before = price(&shop, &mut conn);
        set_price(&mut writer, 1, cents);
        assert_eq!(price(&shop, &mut conn), before);
        match end {
            0 => shop.cache.computation("price").invalidate().unwrap(),
            _ => shop.cache.clear().unwrap(),
        }
        assert_eq!(price(&shop, &mut conn), Ok(cents));
    }
}

#[test]
fn a_value_that_may_lag_is_kept_though_it_was_overtaken_while_it_was_computed() {
    let (shop, clock) = shop();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let mut compute = |cents: i64| {
        let computation = shop.cache.computation("sum").timeout(HOUR).lag(seconds(5));
        computation.value(|| {
            let first = shop.products().get(1).first(&mut conn)?.price_cents;
            // Somebody else writes.
            thread::scope(|scope| scope.spawn(|| set_price(&mut writer, 1, cents)).join()).unwrap();
            clock.advance(seconds(2));
            Ok::<_, diesel::result::Error>(first + shop.products().get(1).first(&mut conn)?.price_cents)
        })
    };
    assert_eq!((compute(5), compute(6)), (Ok(1999 + 5), Ok(1999 + 5)));
    clock.advance(seconds(3));
    assert_eq!(compute(7), Ok(5 + 7), "five seconds after it began");
}

#[test]
fn what_is_computed_from_a_lagging_value_is_kept_only_if_it_may_lag_too() {
    let (shop, _clock) = shop();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let mut doubled = |key: &str, lag: u64| {
        let computation = shop.cache.computation(key).timeout(HOUR).lag(seconds(lag));
        computation.entry(|| Ok::<_, diesel::result::Error>(price(&shop, &mut conn)? * 2)).unwrap()
    };
    doubled("before", 0);
    set_price(&mut writer, 1, 5);
    for (key, lag, is_kept) in [("strict", 0, false), ("loose", 5, true)] {
        assert_eq!((*doubled(key, lag), doubled(key, lag).is_hit()), (3998, is_kept), "{key}");
    }
    assert!(!doubled("before", 0).is_hit());
}

#[test]
fn a_value_may_depend_on_a_list_that_it_does_not_read() {
    let (shop, _clock) = shop();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let asked = AtomicI64::new(0);
    let mut rating = |category: i32| {
        let computation = shop.cache.computation("rating").vary_by(&category).timeout(HOUR);
        let value: QueryResult<i64> = computation.value(|| {
            shop.products().all_by_category_id(category).depend(&mut conn)?;
            Ok(asked.fetch_add(1, Ordering::SeqCst))
        });
        value.unwrap()
    };
    let (light, wood) = (rating(7), rating(8));
    assert_eq!((rating(7), rating(8)), (light, wood));
    let (statements, _) = shop.counted(|| shop.cache.computation("rating").vary_by(&7).invalidate());
    assert_eq!(statements, 0);
    let (light, wood) = (rating(7), rating(8));
    let chair = || shop.products().insert(new_product(9, 8, "chair"));
    match chair().get_result(&mut writer) {
        Ok(_) => assert_eq!(rating(7), light, "of another category"),
        // MySQL does not say what it has inserted: each category is concerned.
        Err(_) => assert_eq!(chair().execute(&mut writer), Ok(1)),
    }
    assert_ne!(rating(8), wood);
    let (light, wood) = (rating(7), rating(8));
    // From one category to the other: both are concerned.
    diesel::update(products::table.find(9)).set(products::category_id.eq(7)).execute(&mut writer).unwrap();
    assert!(rating(7) != light && rating(8) != wood);
}

#[test]
fn outside_of_computations_nothing_depends_on_anything() {
    let (shop, _clock) = shop();
    let mut conn = shop.conn();
    let (statements, depended) = shop.counted(|| shop.products().every().depend(&mut conn));
    assert_eq!((statements, depended), (0, Ok(())));
    let mut within = || {
        conn.transaction(|conn| {
            let value = shop.cache.computation("within").value(|| {
                shop.products().every().depend(conn)?;
                Ok::<_, diesel::result::Error>(1)
            });
            diesel::QueryResult::Ok(value.is_ok())
        })
    };
    assert_eq!((within(), within()), (Ok(true), Ok(true)));
    assert_eq!(shop.counts("computed", Kind::Computed).store_count, 0, "in a transaction nothing is kept");
}

#[cached_fn(
    cache = "functions",
    depends_on_nothing,
    in_background,
    relevance_timeout = "1 minute",
    tick = "10 milliseconds",
    ticks = 20,
    timeout = "1 hour"
)]
fn counted(#[cached_fn(skip)] calls: Arc<AtomicI64>, name: String) -> Result<String, Error> {
    Ok(format!("{name} {}", calls.fetch_add(1, Ordering::SeqCst)))
}

#[test]
fn a_function_is_refreshed_in_the_background_and_everybody_is_given_what_is_there() {
    let (shop, clock) = shop();
    let _named = Named::new("functions", &shop.cache);
    let calls = Arc::new(AtomicI64::new(0));
    let call = || counted::entry(Arc::clone(&calls), "lamp".to_owned()).unwrap();
    assert_eq!((call().value.as_str(), call().value.as_str()), ("lamp 0", "lamp 0"));
    clock.advance(seconds(61));
    let stale = call();
    assert_eq!((stale.value.as_str(), stale.is_stale()), ("lamp 0", true));
    let until = Instant::now() + seconds(20);
    while call().is_stale() {
        assert!(Instant::now() < until, "it is not refreshed");
        thread::yield_now();
    }
    assert_eq!(call().value, "lamp 1");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let told = caches::functions().into_iter().find(|function| function.label == "counted").unwrap();
    assert_eq!((told.counts.load_count, told.lag), (2, None));
}

#[cached_fn(cache = "lagging functions", lag = the_lag, timeout = "1 hour")]
fn lagging(#[cached_fn(skip)] shop: &Shop, #[cached_fn(skip)] conn: &mut Conn, id: i32) -> QueryResult<i64> {
    Ok(shop.products().get(id).first(conn)?.price_cents)
}

fn the_lag() -> Duration {
    seconds(5)
}

#[test]
fn a_function_may_lag() {
    let (shop, clock) = shop();
    let _named = Named::new("lagging functions", &shop.cache);
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    assert_eq!(lagging(&shop, &mut conn, 1), Ok(1999));
    set_price(&mut writer, 1, 5);
    assert_eq!(lagging(&shop, &mut conn, 1), Ok(1999));
    clock.advance(seconds(5));
    assert_eq!(lagging(&shop, &mut conn, 1), Ok(5));
    let told = caches::functions().into_iter().find(|function| function.label == "lagging").unwrap();
    assert_eq!(told.lag, Some(Timeout::from_secs(5)));
}
