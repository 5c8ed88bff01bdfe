//! A default instrumentation that is set after `install`: nobody can put the tracker back, so it is the only test here.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};

use cache_diesel::prelude::*;
use cache_diesel::{Bypass, Event, Kind};
use diesel::connection::{SimpleConnection, set_default_instrumentation};
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
