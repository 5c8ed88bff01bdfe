//! Exact numbers, and what listeners are told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_core::ManualClock;
use cache_diesel::prelude::*;
use cache_diesel::{Bypass, Cause, Counts, Event, KeyBytes, Kind, Miss, TagKind};
use diesel::result::Error;

use crate::database::Conn;
use crate::harness::{Shop, products};
use crate::kept::{self, cache_at};
use crate::line::prelude::*;
use crate::transactions::retitle;

// Writes to a table of this name are counted in every cache of the process: no other test has one.
diesel::table! {
    ledgers (id) {
        id -> Integer,
        code -> Text,
        shelf -> Integer,
    }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = ledgers)]
#[cached(key = "ledger", negative_timeout = 30, unique(code), scope(shelf))]
struct Ledger {
    id: i32,
    code: String,
    shelf: i32,
}

const LEDGERS: &str = "
    CREATE TABLE ledgers (id INTEGER PRIMARY KEY, code TEXT NOT NULL, shelf INTEGER NOT NULL);
    INSERT INTO ledgers VALUES (1, 'a', 1), (2, 'b', 1);";

/// Hits, misses, loads, entries stored, bypasses and failures.
fn numbers(counts: Counts) -> [u64; 6] {
    let failures = counts.load_failure_count + counts.store_failure_count;
    [counts.hit_count, counts.miss_count, counts.load_count, counts.store_count, counts.bypass_count, failures]
}

#[test]
fn o1_every_read_and_write_is_counted_once() {
    let shop = Shop::with_tables(LEDGERS);
    let mut conn = shop.conn();
    let manager = Ledger::cached_in(&shop.name);
    let invalidations = || shop.cache.statistics().invalidation_counts["ledgers"];
    let before = invalidations();
    for _ in 0..3 {
        manager.get(1).first(&mut conn).unwrap();
        manager.get(9).first(&mut conn).unwrap_err();
        manager.get_by_code("b").first(&mut conn).unwrap();
        manager.get_by_code("none").first(&mut conn).unwrap_err();
        manager.all_by_shelf(1).load(&mut conn).unwrap();
        manager.every().load(&mut conn).unwrap();
        manager.every().first(&mut conn).unwrap();
        manager.every().count(&mut conn).unwrap();
        manager.every().exists(&mut conn).unwrap();
    }
    manager.get(1).bypass().first(&mut conn).unwrap();
    manager.get(1).refresh().first(&mut conn).unwrap();
    manager.get_many([1, 2, 8]).load(&mut conn).unwrap();
    manager.every().timeout(Duration::ZERO).refresh().load(&mut conn).unwrap();
    diesel::update(ledgers::table.find(1)).set(ledgers::code.eq("c")).execute(&mut conn).unwrap();
    manager.save(&Ledger { id: 2, code: "b".into(), shelf: 2 }).execute(&mut conn).unwrap();
    manager.get(1).first(&mut conn).unwrap();
    conn.transaction(|conn| {
        manager.get(1).first(conn)?;
        diesel::delete(ledgers::table).execute(conn)?;
        Err::<(), Error>(Error::RollbackTransaction)
    })
    .unwrap_err();
    let statistics = shop.cache.statistics();
    let of = |kind| numbers(statistics.of("ledger", kind));
    // Three of `get(1)` and of `get(9)`, a bypass, a refresh, three keys at once with one load, one more, one in a transaction.
    assert_eq!(of(Kind::Detail), [4 + 2, 2 + 1 + 1 + 1, 2 + 1 + 1 + 1, 2 + 1 + 1 + 1, 2, 0]);
    // The row that was found counts once, though the way to it is stored too.
    assert_eq!(of(Kind::Unique), [4, 2, 2, 2, 0, 0]);
    assert_eq!(of(Kind::Scope), [2, 1, 1, 1, 0, 0]);
    assert_eq!(of(Kind::List), [2, 2, 2, 1, 0, 0]);
    assert_eq!([of(Kind::First), of(Kind::Count), of(Kind::Exists)], [[2, 1, 1, 1, 0, 0]; 3]);
    assert_eq!(invalidations() - before, 2);
    assert_eq!(statistics.invalidation_failure_count, 0);
    let misses = |cause| statistics.miss_count("ledger", Kind::Detail, cause);
    assert_eq!([misses(Miss::Refresh), misses(Miss::Expired)], [1, 0]);
    // Row 9 is asked for once, row 8 too; row 1 was written when it was asked for at last.
    assert_eq!(
        [misses(Miss::Absent), misses(Miss::Changed(TagKind::Row)) + misses(Miss::Changed(TagKind::Rows))],
        [3, 1]
    );
    let bypasses = |reason| statistics.bypass_count("ledger", Kind::Detail, reason);
    assert_eq!([bypasses(Bypass::Asked), bypasses(Bypass::Transaction)], [1, 1]);
    let total = statistics.total();
    assert_eq!(statistics.misses.values().flat_map(|causes| causes.values()).sum::<u64>(), total.miss_count);
    assert_eq!(statistics.bypasses.values().flat_map(|reasons| reasons.values()).sum::<u64>(), total.bypass_count);
}

/// What the cache tells of this thread's doings.
fn listen(shop: &Shop) -> Arc<Mutex<Vec<String>>> {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let (heard, here) = (Arc::clone(&log), std::thread::current().id());
    shop.cache.listen("log", move |event| {
        // Other tests write to tables of the same name, and every cache hears of it.
        if std::thread::current().id() == here {
            heard.lock().unwrap().push(format!("{event:?}"));
        }
    });
    log
}

fn take(log: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

#[test]
fn o3_an_invalidation_is_told_once_after_the_commit() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let log = listen(&shop);
    conn.transaction(|conn| {
        retitle(conn, 1, "New")?;
        conn.transaction(|conn| retitle(conn, 2, "New"))?;
        diesel::sql_query("UPDATE categories SET name = 'x'").execute(conn)?;
        assert_eq!(take(&log), Vec::<String>::new());
        Ok::<(), Error>(())
    })
    .unwrap();
    let told = |tables: &[&str], ids: &[i32], cause| {
        let rows: Vec<_> = ids.iter().map(|id| ("products", KeyBytes::of(id))).collect();
        vec![format!("{:?}", Event::Invalidated { tables, rows: &rows, is_wide: tables.is_empty(), cause })]
    };
    assert_eq!(take(&log), told(&["categories", "products"], &[1, 2], Cause::Commit));
    retitle(&mut conn, 1, "Newer").unwrap();
    assert_eq!(take(&log), told(&["products"], &[1], Cause::Statement));
    shop.products().delete(1).execute(&mut conn).unwrap();
    assert_eq!(take(&log), told(&["products"], &[1], Cause::Statement));
    conn.transaction(|conn| {
        retitle(conn, 2, "Undone")?;
        Err::<(), Error>(Error::RollbackTransaction)
    })
    .unwrap_err();
    assert_eq!(take(&log), Vec::<String>::new());
    diesel::sql_query("CREATE TABLE more (x INTEGER)").execute(&mut conn).unwrap();
    assert_eq!(take(&log), told(&[], &[], Cause::Statement));
}

/// What one read makes the cache tell, shortened.
fn told(log: &Mutex<Vec<String>>) -> Vec<String> {
    let short = |text: &String| {
        let name = text.split(' ').next().unwrap_or_default();
        let cause = text.split("cause: ").nth(1).or(text.split("reason: ").nth(1)).unwrap_or_default();
        format!("{name} {}", cause.split([' ', ',']).next().unwrap_or_default()).trim().to_owned()
    };
    take(log).iter().map(short).collect()
}

#[test]
fn misses_and_bypasses_say_why() {
    let clock = ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    let mut conn = shop.conn();
    let manager = shop.products();
    let log = listen(&shop);
    let mut row = |read: &dyn Fn(&mut Conn)| {
        read(&mut conn);
        told(&log)
    };
    let get = |conn: &mut Conn| drop(manager.get(1).first(conn));
    assert_eq!(row(&get), ["Missed Absent", "Stored"]);
    assert_eq!(row(&get), Vec::<String>::new());
    clock.advance(Duration::from_secs(60));
    assert_eq!(row(&get), [kept::expired(), "Stored"]);
    assert_eq!(row(&|conn| drop(manager.get(1).refresh().first(conn))), ["Missed Refresh", "Stored"]);
    assert_eq!(row(&|conn| drop(manager.get(1).bypass().first(conn))), ["Bypassed Asked"]);
    manager.clear_detail(1).unwrap();
    assert_eq!(row(&get), ["Cleared", "Missed Changed(Row)", "Stored"]);
    manager.clear().unwrap();
    assert_eq!(row(&get), ["Cleared", "Missed Changed(Details)", "Stored"]);
    let list = |conn: &mut Conn| drop(manager.all("a", products::id.gt(0)).load(conn));
    row(&list);
    manager.clear_list("a").unwrap();
    assert_eq!(row(&list), ["Cleared", "Missed Changed(Suffix)", "Stored"]);
    retitle(&mut shop.conn(), 1, "New").unwrap();
    assert_eq!(row(&get), ["Invalidated Statement", "Missed Changed(Row)", "Stored"]);
    diesel::update(products::table).set(products::title.eq("Newer")).execute(&mut shop.conn()).unwrap();
    assert_eq!(row(&get), ["Invalidated Statement", "Missed Changed(Rows)", "Stored"]);
    assert_eq!(row(&list), ["Missed Changed(Any)", "Stored"]);
    let in_transaction = |conn: &mut Conn| {
        conn.transaction(|conn| manager.get(1).first(conn).map(drop)).unwrap();
    };
    assert_eq!(row(&in_transaction), ["Bypassed Transaction"]);
    shop.cache.clear().unwrap();
    assert_eq!(told(&log), ["Cleared"]);
    let costs = shop.row_cost(&mut shop.conn(), 1);
    assert_eq!(costs, 1);
}

/// The lines of a log that is written from events alone.
fn log_of_details(shop: &Shop) -> Arc<Mutex<Vec<String>>> {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let (lines, here) = (Arc::clone(&log), std::thread::current().id());
    let is_new = shop.cache.listen_to_hits("lines", move |event| {
        if std::thread::current().id() != here {
            return;
        }
        let mut lines = lines.lock().unwrap();
        match event {
            Event::Hit { manager: "product", kind: Kind::Detail, key } => lines.push(format!("Cache hit {key}")),
            Event::Stored { manager: "product", kind: Kind::Detail, key } => lines.push(format!("add {key}")),
            Event::Invalidated { rows, .. } => {
                let rows = rows.iter().filter(|(table, _)| *table == "products");
                lines.extend(rows.map(|(_, key)| format!("invalidate {key}")));
            }
            _ => {}
        }
    });
    assert!(is_new && !shop.cache.listen("lines", |_| {}));
    log
}

#[test]
fn a_log_of_hits_stores_and_invalidations_is_written_from_events_alone() {
    let shop = Shop::new();
    let (mut conn, manager, log) = (shop.conn(), shop.products(), log_of_details(&shop));
    let others = listen(&shop);
    let line = |line: &str| vec![line.to_owned()];
    manager.get(1).first(&mut conn).unwrap();
    assert_eq!(take(&log), line("add 1"));
    told(&others);
    manager.get(1).first(&mut conn).unwrap();
    assert_eq!(take(&log), line("Cache hit 1"));
    assert_eq!(told(&others), Vec::<String>::new());
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!(take(&log), line("invalidate 1"));
    manager.get(1).first(&mut conn).unwrap();
    assert_eq!(take(&log), line("add 1"));
    let rows = manager.get_many(vec![1, 2, 1]).load(&mut conn).unwrap();
    assert_eq!((rows.len(), take(&log)), (3, vec!["Cache hit 1".to_owned(), "add 2".to_owned()]));
    conn.transaction(|conn| {
        retitle(conn, 2, "Newer")?;
        assert_eq!(take(&log), Vec::<String>::new());
        diesel::QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(take(&log), line("invalidate 2"));
    // No statement that names no row says which ones it wrote.
    diesel::update(products::table).set(products::title.eq("Newest")).execute(&mut conn).unwrap();
    assert_eq!(take(&log), Vec::<String>::new());
}

#[test]
fn events_name_the_key_of_values_and_of_computed_ones() {
    // The stores of shops keep no values everywhere.
    let cache = Cache::memory();
    let keys: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&keys);
    cache.listen_to_hits("keys", move |event| match event {
        Event::Missed { key, .. } => seen.lock().unwrap().push(format!("miss {key}")),
        Event::Hit { key, .. } => seen.lock().unwrap().push(format!("hit {key}")),
        Event::Stored { key, .. } => seen.lock().unwrap().push(format!("add {key}")),
        Event::Deleted { key, .. } => seen.lock().unwrap().push(format!("delete {key}")),
        _ => {}
    });
    cache.set("greeting", "hello", ()).unwrap();
    cache.get::<String>("greeting").unwrap();
    cache.get::<String>("greetings").unwrap();
    cache.delete("greeting").unwrap();
    assert_eq!(take(&keys), ["add greeting", "hit greeting", "miss greetings", "delete greeting"]);
    let ask = || {
        let computation = cache.computation("rate").depends_on_nothing();
        computation.value(|| Ok::<_, cache_diesel::Error>(1)).unwrap()
    };
    let told = (ask(), take(&keys), ask(), take(&keys));
    assert_eq!((told.1.len(), told.3.len()), (2, 1));
    assert_eq!(told.1[0].strip_prefix("miss "), told.3[0].strip_prefix("hit "));
}

#[test]
fn a_listener_may_read_through_the_cache() {
    let shop = Arc::new(Shop::new());
    let (reader, here) = (Arc::downgrade(&shop), std::thread::current().id());
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    shop.cache.listen("reads", move |event| {
        if let Event::Invalidated { .. } = event
            && std::thread::current().id() == here
        {
            let shop = reader.upgrade().unwrap();
            log.lock().unwrap().push(shop.products().get(1).first(&mut shop.conn()).unwrap().title.clone());
        }
    });
    let mut conn = shop.warm();
    retitle(&mut conn, 1, "New").unwrap();
    conn.transaction(|conn| retitle(conn, 1, "Newer")).unwrap();
    assert_eq!(*seen.lock().unwrap(), ["New", "Newer"]);
    shop.read_everything(&mut conn);
}
