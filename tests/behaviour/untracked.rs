//! Connections whose tracker was taken away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_core::ManualClock;
use cache_diesel::{Bypass, Event, Kind};
use diesel::result::Error;

use crate::database::{Conn, TRACKED_LATER_SHARES_ENTRIES, insert_back};
use crate::harness::{Product, Shop, new_product, products};
use crate::kept::{cache_at, pass};
use crate::line::prelude::*;
use crate::transactions::{retitle, title};

/// The reasons of bypasses.
fn reasons(shop: &Shop) -> Arc<Mutex<Vec<Bypass>>> {
    let log: Arc<Mutex<Vec<Bypass>>> = Arc::default();
    let heard = Arc::clone(&log);
    shop.cache.listen("bypasses", move |event| {
        if let Event::Bypassed { reason, .. } = event {
            heard.lock().unwrap().push(*reason);
        }
    });
    log
}

#[test]
fn reads_on_an_untracked_connection_bypass_and_say_so() {
    let shop = Shop::new();
    let mut tracked = shop.warm();
    let mut conn = shop.untracked();
    let reasons = reasons(&shop);
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 1]);
    assert_eq!(*reasons.lock().unwrap(), [Bypass::NotTracked; 2]);
    assert_eq!(shop.counts("product", Kind::Detail).bypass_count, 2);
    let first = shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), first);
    assert_eq!(shop.read_everything(&mut tracked), 0);
}

#[test]
fn manager_writes_on_an_untracked_connection_are_seen() {
    let shop = Shop::new();
    let mut other = shop.warm();
    let mut conn = shop.untracked();
    let manager = shop.products();
    manager.save(&new_product(1, 9, "new")).execute(&mut conn).unwrap();
    shop.read_everything(&mut other);
    insert_back!(manager, vec![new_product(4, 7, "other"), new_product(5, 8, "third")], &mut conn).unwrap();
    shop.read_everything(&mut other);
    manager.write(diesel::update(products::table).set(products::title.eq("All"))).execute(&mut conn).unwrap();
    shop.read_everything(&mut other);
    manager.delete(1).execute(&mut conn).unwrap();
    shop.read_everything(&mut other);
    assert!(manager.insert(new_product(2, 7, "twice")).execute(&mut conn).is_err());
    shop.read_everything(&mut other);
    assert_eq!(manager.every().load(&mut other).unwrap().len(), 4);
}

#[test]
fn an_untracked_transaction_counts_as_running_until_its_intent_ends() {
    for commits in [true, false] {
        let clock = ManualClock::new();
        let shop = Shop::with(cache_at(&clock).intent_life(Duration::from_secs(10)));
        let mut other = shop.warm();
        let result = shop.untracked().transaction(|conn| {
            let row = Product { title: "New".into(), ..new_product(1, 9, "lamp") };
            shop.products().save(&row).execute(conn)?;
            shop.read_everything(&mut other);
            assert_eq!(shop.row_cost(conn, 1), 1, "its own reads go to the database");
            if commits { Ok(()) } else { Err(Error::RollbackTransaction) }
        });
        assert_eq!(result.is_ok(), commits);
        pass(&clock, Duration::from_secs(10));
        assert_eq!(title(&shop, &mut other, 1).1, if commits { "New" } else { "Lamp" });
        shop.read_everything(&mut other);
    }
}

#[test]
fn a_connection_can_be_tracked_later() {
    let shop = Shop::new();
    let mut other = shop.warm();
    let mut conn = shop.untracked();
    shop.track(&mut conn);
    assert_eq!(shop.read_everything(&mut conn) == 0, TRACKED_LATER_SHARES_ENTRIES);
    assert_eq!(shop.read_everything(&mut conn), 0);
    retitle(&mut conn, 1, "New").unwrap();
    assert_eq!(title(&shop, &mut other, 1), (1, "New".into()));
    shop.track(&mut conn);
    conn.transaction(|conn| retitle(conn, 1, "Newer")).unwrap();
    assert_eq!(title(&shop, &mut other, 1), (1, "Newer".into()));
}

/// Writes, has the connection tracked, and writes again.
fn track_between_writes(shop: &Shop, conn: &mut Conn) -> QueryResult<usize> {
    retitle(conn, 1, "New")?;
    shop.track(conn);
    assert_eq!(shop.row_cost(conn, 1), 1, "it reads its own write");
    retitle(conn, 2, "Also new")
}

#[test]
fn a_connection_that_is_tracked_in_the_middle_of_a_transaction_hides_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.untracked());
    conn.transaction(|conn| track_between_writes(&shop, conn)).unwrap();
    assert_eq!([1, 2].map(|id| title(&shop, &mut other, id).1), ["New", "Also new"]);
    shop.read_everything(&mut other);
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn a_connection_that_is_tracked_in_the_middle_of_a_raw_transaction_hides_nothing() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.untracked());
    diesel::sql_query("BEGIN").execute(&mut conn).unwrap();
    track_between_writes(&shop, &mut conn).unwrap();
    shop.read_everything(&mut other);
    diesel::sql_query("COMMIT").execute(&mut conn).unwrap();
    assert_eq!([1, 2].map(|id| title(&shop, &mut other, id).1), ["New", "Also new"]);
    shop.read_everything(&mut other);
}

#[test]
fn a_tracker_that_is_replaced_in_a_transaction_hides_nothing_it_saw() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    conn.transaction(|conn| {
        retitle(conn, 1, "New")?;
        conn.set_instrumentation(|_: diesel::connection::InstrumentationEvent<'_>| {});
        Ok::<(), Error>(())
    })
    .unwrap();
    // What the tracker had seen was released when it was taken away; nobody read in between.
    assert_eq!(title(&shop, &mut other, 1).1, "New");
    shop.read_everything(&mut other);
}

crate::line::only_blocking! {
    #[test]
    fn a_pool_gives_tracked_connections() {
        use diesel::r2d2::{ConnectionManager, Pool};
        let shop = Shop::new();
        let mut other = shop.warm();
        let pool = Pool::builder().max_size(1).build(ConnectionManager::<Conn>::new(shop.url())).unwrap();
        let mut conn = pool.get().unwrap();
        assert_eq!(*shop.products().get(1).first(&mut conn).unwrap(), products::table.find(1).first(&mut conn).unwrap());
        diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut conn).unwrap();
        assert_eq!(title(&shop, &mut other, 1), (1, "New".into()));
        drop(conn);
        let row = shop.products().get(1).first_with(|| pool.get()).unwrap();
        assert_eq!(row.title, "New");
    }
}
