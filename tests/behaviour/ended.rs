//! Computed values that end without a write, and reads of which nobody can tell what they depend on.

use core::time::Duration;
use std::cell::Cell;

use cache_core::ManualClock;
use cache_diesel::prelude::*;
use cache_diesel::{CachedEntry, Unkept};
use diesel::result::Error;

use super::lives::{BEGIN, Ticket, office, tickets};
use crate::database::Conn;
use crate::harness::{Named, Shop, products};
use crate::kept::cache_at;
use crate::line::prelude::*;

const HOUR: Duration = Duration::from_secs(3600);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A cache whose clock is set by the test.
fn shop() -> (Shop, ManualClock) {
    let clock = ManualClock::new();
    // The thread that renews intents does not know the time of a test.
    (Shop::with(cache_at(&clock).intent_life(HOUR)), clock)
}

/// How long a value is kept that is computed by `read` from tickets, of which the first ends after a minute.
fn lives<T>(shop: &Shop, key: &str, read: impl FnOnce() -> QueryResult<T>) -> u64 {
    let entry: CachedEntry<i32> = shop.cache.computation(key).timeout(HOUR).entry(|| read().map(|_| 1)).unwrap();
    let ends = entry.hard_deadline().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    ends - BEGIN.unsigned_abs()
}

#[test]
fn a_value_ends_with_the_first_row_that_ends_however_it_was_read() {
    let clock = ManualClock::new();
    let shop = office(&clock);
    let (tickets, mut conn) = (Ticket::cached_in(&shop.name), shop.conn());
    for pass in ["loaded", "found"] {
        let conn = &mut conn;
        let of = |what: &str| format!("{what} {pass}");
        assert_eq!(lives(&shop, &of("row"), || tickets.get(1).first(conn)), 60);
        assert_eq!(lives(&shop, &of("code"), || tickets.get_by_code("b").first(conn)), 600);
        assert_eq!(lives(&shop, &of("many"), || tickets.get_many([4, 2, 3]).load(conn)), 600);
        let few = || tickets.all("few", tickets::id.eq_any([2, 3, 4]));
        assert_eq!(lives(&shop, &of("list"), || few().load(conn)), 600);
        assert_eq!(lives(&shop, &of("first"), || few().order(tickets::id.asc()).first(conn)), 600);
        assert_eq!(lives(&shop, &of("count"), || few().count(conn)), 3600, "a number holds no rows");
        assert_eq!(lives(&shop, &of("none"), || tickets.get(3).first(conn)), 3600);
        assert_eq!(lives(&shop, &of("past"), || tickets.get(1).bypass().first(conn)), 60, "past the cache");
    }
}

#[test]
fn a_value_is_computed_anew_when_a_row_has_ended_and_so_is_what_is_made_of_it() {
    let clock = ManualClock::new();
    let shop = office(&clock);
    let (all, mut conn, count) = (Ticket::cached_in(&shop.name), shop.conn(), Cell::new(0));
    let inner = |conn: &mut Conn| {
        shop.cache.compute("inner", HOUR, || {
            count.set(count.get() + 1);
            Ok::<_, Error>(all.get(1).first(conn)?.code.clone())
        })
    };
    let mut outer = |key: &str| shop.cache.compute(key, HOUR, || inner(&mut conn)).unwrap();
    assert_eq!((outer("one"), outer("two"), count.take()), ("a".into(), "a".into(), 1), "computed, and found");
    clock.advance(seconds(59));
    assert_eq!((outer("one"), outer("two"), count.take()), ("a".into(), "a".into(), 0));
    clock.advance(seconds(1));
    outer("one");
    assert_eq!(count.take(), 1);
    outer("two");
    assert_eq!(count.take(), 1, "a row that has ended is in nothing that is kept");
}

#[test]
fn what_is_made_of_a_value_that_depends_on_nothing_is_kept_no_longer_than_that() {
    let (shop, clock) = shop();
    let (mut conn, asked) = (shop.conn(), Cell::new(0));
    let mut page = |key: &str| {
        let rate = || {
            asked.set(asked.get() + 1);
            Ok::<_, Error>(asked.get())
        };
        let rated = || {
            let rate = shop.cache.computation("rate").timeout(seconds(60)).depends_on_nothing().value(rate)?;
            Ok::<_, Error>(rate + shop.products().get(1).first(&mut conn)?.id)
        };
        shop.cache.compute(key, HOUR, rated).unwrap()
    };
    assert_eq!((page("one"), page("two")), (2, 2), "asked, and found");
    clock.advance(seconds(60));
    assert_eq!((page("one"), page("two")), (3, 3));
}

#[test]
fn what_is_read_in_a_transaction_does_not_lag_though_it_was_overtaken_too() {
    let (shop, _clock) = shop();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let set = |conn: &mut Conn, cents: i64| {
        diesel::update(products::table.find(1)).set(products::price_cents.eq(cents)).execute(conn).unwrap()
    };
    let mut price = |is_undone: bool| {
        let computation = shop.cache.computation("price").timeout(HOUR).lag(seconds(60));
        computation.value(|| {
            let before = shop.products().get(1).first(&mut conn)?.price_cents;
            set(&mut writer, before + 1);
            shop.products().get(1).first(&mut conn)?;
            if !is_undone {
                return Ok(0);
            }
            let undone: Result<(), Error> = conn.transaction(|conn| {
                set(conn, 77);
                let price = shop.products().get(1).first(conn)?.price_cents;
                Err(if price == 77 { Error::RollbackTransaction } else { Error::NotFound })
            });
            assert_eq!(undone, Err(Error::RollbackTransaction));
            Ok::<_, Error>(77)
        })
    };
    assert_eq!((price(true), price(false)), (Ok(77), Ok(0)), "nothing of it is kept");
}

#[test]
fn y4_a_managers_read_without_a_tracker_keeps_the_value_from_being_kept() {
    let (shop, _clock) = shop();
    let (mut conn, mut untracked) = (shop.conn(), shop.untracked());
    let mut sum = || {
        let computation = shop.cache.computation("sum").timeout(HOUR);
        let entry = computation.entry(|| {
            let first = shop.products().get(1).first(&mut conn)?.price_cents;
            let all = shop.products().get_many([2, 3]).load(&mut untracked)?;
            Ok::<_, Error>(first + shop.products().get(2).first(&mut untracked)?.price_cents + all.len() as i64)
        });
        entry.unwrap()
    };
    assert!(!sum().is_hit() && !sum().is_hit());
    let reason = std::sync::Arc::new(std::sync::Mutex::new(None));
    let told = std::sync::Arc::clone(&reason);
    shop.cache.listen("reason", move |event| {
        if let cache_diesel::Event::Unkept { reason, .. } = event {
            *told.lock().unwrap() = Some(*reason);
        }
    });
    sum();
    assert_eq!(*reason.lock().unwrap(), Some(Unkept::NotFollowed));
}

#[test]
fn a_value_that_is_made_of_one_in_another_cache_is_not_kept() {
    let (shop, _clock) = shop();
    let (other, mut conn) = (cache_diesel::Cache::memory(), shop.conn());
    let _named = Named::new("another cache of computed values", &other);
    let mut outer = || {
        let computation = shop.cache.computation("outer").timeout(HOUR);
        let entry = computation.entry(|| {
            let inner = other.computation("inner").timeout(HOUR);
            inner.value(|| Ok::<_, Error>(shop.products().get(1).first(&mut conn)?.price_cents))
        });
        entry.unwrap()
    };
    assert!(!outer().is_hit() && !outer().is_hit(), "computed or found: what ends it by hand is told to the other one");
}

/// Two functions of one name, and of one label.
mod lamps {
    use super::*;

    #[cached_fn(cache = "functions of one name", depends_on_nothing)]
    pub fn names(id: i32) -> Result<String, cache_diesel::Error> {
        Ok(format!("lamp {id}"))
    }
}

mod tables {
    use super::*;

    #[cached_fn(cache = "functions of one name", depends_on_nothing)]
    pub fn names(id: i32) -> Result<String, cache_diesel::Error> {
        Ok(format!("table {id}"))
    }
}

#[test]
fn y7_functions_of_one_name_have_values_of_their_own_and_are_ended_together() {
    let (shop, _clock) = shop();
    let _named = Named::new("functions of one name", &shop.cache);
    for is_hit in [false, true] {
        let (lamp, table) = (lamps::names::entry(1).unwrap(), tables::names::entry(1).unwrap());
        assert_eq!((lamp.as_str(), table.as_str()), ("lamp 1", "table 1"));
        assert_eq!((lamp.is_hit(), table.is_hit()), (is_hit, is_hit));
    }
    lamps::names::invalidate(1).unwrap();
    assert!(!tables::names::entry(1).unwrap().is_hit(), "by hand the label counts");
    let error = cache_diesel::check_settings().unwrap_err().to_string();
    assert!(error.contains("two functions have the label `names`"), "{error}");
}

#[cached_fn(cache = "functions with arguments", depends_on_nothing)]
fn said(number: i64, name: &str, is_short: Option<bool>) -> Result<String, cache_diesel::Error> {
    Ok(format!("{number} {name} {is_short:?}"))
}

/// There are no keywords whose order could differ, and a number has the width of its parameter.
#[test]
fn y7_a_function_has_one_value_for_equal_arguments_and_another_one_for_others() {
    let (shop, _clock) = shop();
    let _named = Named::new("functions with arguments", &shop.cache);
    let (narrow, text) = (7_i32, String::from("a"));
    said(7, "a", None).unwrap();
    assert!(said::entry(narrow.into(), &text, None).unwrap().is_hit());
    for (number, name, is_short) in
        [(8, "a", None), (7, "", None), (7, "a", Some(false)), (7, "a ", None), (-7, "a", None)]
    {
        let entry = said::entry(number, name, is_short).unwrap();
        assert_eq!((entry.is_hit(), entry.value), (false, format!("{number} {name} {is_short:?}")));
    }
    assert_eq!(shop.counts("said", cache_diesel::Kind::Computed).load_count, 6);
}

#[test]
fn one_key_for_values_of_two_types_gives_each_its_own() {
    let (shop, _clock) = shop();
    let of = |_: ()| shop.cache.computation("of two types").timeout(HOUR).depends_on_nothing();
    assert_eq!(of(()).value(|| Ok::<_, Error>(vec![1_u8, 2])), Ok(vec![1, 2]));
    // The same bytes say this.
    assert_eq!(of(()).value(|| Ok::<_, Error>((3_u8, 4_u8))), Ok((3, 4)));
    let again = of(()).entry(|| Ok::<_, Error>(vec![5_u8])).unwrap();
    assert_eq!((again.is_hit(), again.value), (true, vec![1, 2]), "neither has pushed the other one out");
}

#[test]
fn in_a_transaction_what_is_kept_is_served_and_a_refresh_shows_what_was_written_there() {
    let (shop, _clock) = shop();
    let (mut conn, key) = (shop.conn(), "within");
    let price = |conn: &mut Conn, is_refreshed: bool| {
        let computation = shop.cache.computation(key).timeout(HOUR);
        let computation = if is_refreshed { computation.refresh() } else { computation };
        computation.value(|| Ok::<_, Error>(shop.products().get(1).first(conn)?.price_cents)).unwrap()
    };
    assert_eq!(price(&mut conn, false), 1999);
    let undone: Result<(), Error> = conn.transaction(|conn| {
        diesel::update(products::table.find(1)).set(products::price_cents.eq(5)).execute(conn)?;
        assert_eq!((price(conn, false), price(conn, true)), (1999, 5));
        Err(Error::RollbackTransaction)
    });
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(price(&mut conn, false), 1999, "nothing of it is kept");
}

#[test]
fn what_cannot_be_refreshed_in_the_background_is_served_until_it_ends() {
    let (shop, clock) = shop();
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let value = |is_dead: bool| {
        let computation = shop.cache.computation("pooled").timeout(HOUR).relevance_timeout(seconds(60));
        let counted = std::sync::Arc::clone(&calls);
        let entry = computation.depends_on_nothing().entry_refreshing(is_dead, move |is_dead| {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            if is_dead { Err("no connection") } else { Ok(1) }
        });
        entry.map(|entry| (entry.value, entry.is_stale()))
    };
    assert_eq!(value(false), Ok((1, false)));
    clock.advance(seconds(60));
    let until = std::time::Instant::now() + seconds(20);
    while calls.load(std::sync::atomic::Ordering::SeqCst) < 2 {
        assert_eq!(value(true), Ok((1, true)));
        assert!(std::time::Instant::now() < until, "nobody tries");
        std::thread::yield_now();
    }
    assert_eq!(value(true), Ok((1, true)));
    clock.advance(HOUR);
    assert_eq!(value(true), Err("no connection"));
}
