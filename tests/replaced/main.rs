//! What becomes of Diesel's default instrumentation. It is one for each process: each order of things is tried in a process
//! of its own.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use cache_diesel::prelude::*;
use cache_diesel::{Bypass, Event, Kind};
use diesel::connection::{InstrumentationEvent, SimpleConnection, set_default_instrumentation};
use diesel::prelude::*;

diesel::table! {
    lamps (id) {
        id -> Integer,
        title -> Text,
    }
}

#[derive(Cached, Debug, Queryable, Selectable)]
#[diesel(table_name = lamps)]
struct Lamp {
    id: i32,
    title: String,
}

#[test]
fn a_default_instrumentation_that_is_set_after_install_is_noticed_and_told_once() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let own = || {
        MADE.fetch_add(1, Ordering::SeqCst);
        None
    };
    cache_diesel::install_with(Cache::memory(), own).unwrap();
    let cache = caches::default().unwrap();
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    cache.listen("replaced", |event| {
        if let Event::DefaultReplaced = event {
            TOLD.fetch_add(1, Ordering::SeqCst);
        }
    });
    let noticed = || (TOLD.load(Ordering::SeqCst), cache.statistics().default_replaced_count);
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    let open = || SqliteConnection::establish(path.to_str().unwrap()).unwrap();

    let mut tracked = open();
    tracked.batch_execute("CREATE TABLE lamps (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL)").unwrap();
    let read = |conn: &mut SqliteConnection, id: i32| Lamp::cached().get(id).first(conn).optional().unwrap();
    (0..100).for_each(|id| drop(read(&mut tracked, id)));
    assert_eq!(noticed(), (0, 0));
    assert_eq!(MADE.load(Ordering::SeqCst), 1, "the program's own is made for connections only");
    assert_eq!(cache_diesel::check_settings().err().map(|error| error.to_string()), None);

    // Reads on connections that are tracked notice it by and by.
    set_default_instrumentation(|| None).unwrap();
    (0..100).for_each(|id| drop(read(&mut tracked, id)));
    assert_eq!(noticed(), (1, 1));
    let mistake = cache_diesel::check_settings().unwrap_err().to_string();
    assert!(mistake.contains("replaced after `install`"), "{mistake}");

    // And so does each call of a manager on one that is not, in vain: it was told.
    let mut late = open();
    assert!(read(&mut late, 1).is_none());
    Lamp::cached().write(diesel::delete(lamps::table.find(1))).execute(&mut late).unwrap();
    assert_eq!(noticed(), (1, 1));
    assert_eq!(cache.statistics().bypass_count("lamps", Kind::Detail, Bypass::NotTracked), 1);
    cache_diesel::track(&mut late).unwrap();
    drop(read(&mut late, 1));
    assert_eq!(cache.statistics().bypass_count("lamps", Kind::Detail, Bypass::NotTracked), 1);
}

/// What a program may do first, one after the other; in each case its connections have to be tracked in the end.
const ORDERS: [&[fn()]; 7] = [
    &[install],
    &[configure_default],
    &[configure_another, install],
    &[install, configure_another],
    &[set_own, configure_default],
    &[configure_default, set_own, configure_another],
    &[install, set_own, track_again],
];

fn install() {
    cache_diesel::install(Cache::memory()).unwrap();
}

fn configure_default() {
    caches::configure([("default", Cache::builder().memory(MIB))]).unwrap();
    let refused = cache_diesel::install(Cache::memory()).unwrap_err().to_string();
    assert!(refused.contains("the cache `default` was set before"), "{refused}");
}

fn configure_another() {
    caches::configure([("another", Cache::memory())]).unwrap();
}

fn track_again() {
    cache_diesel::track_new_connections().unwrap();
    cache_diesel::track_new_connections().unwrap();
}

static SEEN: AtomicUsize = AtomicUsize::new(0);

fn set_own() {
    set_default_instrumentation(|| {
        Some(Box::new(|_: InstrumentationEvent<'_>| _ = SEEN.fetch_add(1, Ordering::SeqCst)))
    })
    .unwrap();
}

const ORDER: &str = "CACHE_DIESEL_TEST_ORDER";

#[test]
fn connections_are_tracked_in_whatever_order_a_program_sets_things_up() {
    for order in 0..ORDERS.len() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let child = child.args(["one_order", "--exact", "--nocapture"]).env(ORDER, order.to_string());
        let output = child.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{order}: {told}");
    }
}

/// One of the orders, in a process of its own; the test above starts it.
#[test]
fn one_order() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let order = ORDERS[order.parse::<usize>().unwrap()];
    order.iter().for_each(|step| step());
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    conn.batch_execute(
        "CREATE TABLE lamps (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL); INSERT INTO lamps VALUES (1, 'Old')",
    )
    .unwrap();
    let is_hit = |conn: &mut SqliteConnection| Lamp::cached().get(1).entry(conn).unwrap().is_hit();
    assert_eq!([is_hit(&mut conn), is_hit(&mut conn)], [false, true]);
    diesel::update(lamps::table.find(1)).set(lamps::title.eq("New")).execute(&mut conn).unwrap();
    assert_eq!(Lamp::cached().get(1).first(&mut conn).unwrap().title, "New");
    let has_own = order.iter().any(|step| *step as usize == set_own as fn() as usize);
    assert_eq!(SEEN.load(Ordering::SeqCst) > 0, has_own, "the program's own goes on seeing events");
}
