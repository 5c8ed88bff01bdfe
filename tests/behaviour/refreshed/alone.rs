//! Refreshes without a pool: the reader that finds the entry stale makes them.

use cache_core::store::MemoryStore;
use cache_diesel::MIB;
use conformance::FailingStore;

use super::*;
use crate::harness::{Named, Product};
use crate::outage::quick;

#[test]
fn c18_without_a_pool_one_reader_refreshes_and_the_others_are_served() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = Arc::new(ageing(&clock));
        read(&shop, &mut shop.conn());
        change_unseen(&shop);
        clock.advance(SOFT);
        let (hook, arrives, go) = stopped();
        let refreshes = thread::spawn({
            let shop = Arc::clone(&shop);
            move || read(&shop, &mut shop.conn_with(hook))
        });
        arrives.recv().unwrap();
        let conn = &mut shop.conn();
        assert_eq!([(); 3].map(|()| shop.counted(|| read(&shop, conn))), [(); 3].map(|()| (0, "Lamp".into())));
        go.send(()).unwrap();
        assert_eq!(refreshes.join().unwrap(), "Unseen", "who refreshes gets what it finds");
        assert_eq!(shop.counted(|| read(&shop, conn)), (0, "Unseen".into()));
        let total = shop.cache.statistics().total();
        assert!(total.stale_hit_count >= 3 && total.miss_count >= 2, "{total:?}");
    }
}

#[test]
fn c18_a_write_that_overtakes_the_reader_ends_what_it_stores() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = Arc::new(ageing(&clock));
        read(&shop, &mut shop.conn());
        clock.advance(SOFT);
        let (hook, arrives, go) = stopped();
        let refreshes = thread::spawn({
            let shop = Arc::clone(&shop);
            move || read(&shop, &mut shop.conn_with(hook))
        });
        arrives.recv().unwrap();
        retitle(&mut shop.conn(), 1, "Unseen").unwrap();
        let conn = &mut shop.conn();
        assert_eq!(read(&shop, conn), "Unseen");
        go.send(()).unwrap();
        refreshes.join().unwrap();
        assert_eq!(read(&shop, conn), "Unseen");
    }
}

#[test]
fn f1_a_database_that_fails_leaves_entries_stale_until_their_hard_deadline() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = ageing(&clock);
        let conn = &mut shop.conn();
        read(&shop, conn);
        shop.untracked().batch_execute("ALTER TABLE products RENAME TO gone").unwrap();
        clock.advance(SOFT);
        assert_eq!([(); 3].map(|()| read(&shop, conn)), ["Lamp"; 3]);
        let (statistics, total) = (shop.cache.statistics(), shop.cache.statistics().total());
        assert!(statistics.refresh_failure_count > 0 && total.load_failure_count > 0 && total.stale_hit_count > 0);
    }
}

#[test]
fn t1_in_a_transaction_the_database_is_asked_whatever_is_stale() {
    let clock = ManualClock::new();
    let shop = ageing(&clock);
    let conn = &mut shop.conn();
    shop.products().get(1).first(conn).unwrap();
    clock.advance(SOFT);
    change_unseen(&shop);
    conn.transaction(|conn| {
        let entry = shop.products().get(1).entry(conn)?;
        assert_eq!((entry.origin, entry.title.as_str()), (Origin::Bypass, "Unseen"));
        QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(shop.counts("product", Kind::Detail).stale_hit_count, 0);
}

#[test]
fn f10_in_read_only_mode_what_is_stale_is_served_and_nobody_refreshes_it() {
    let clock = ManualClock::new();
    let shop = ageing(&clock);
    let conn = &mut shop.conn();
    for read in READS {
        read(&shop, conn);
    }
    clock.advance(SOFT);
    change_unseen(&shop);
    shop.cache.set_mode(Mode::ReadOnly);
    for read in READS {
        assert_eq!(shop.counted(|| read(&shop, conn)), (0, "Lamp".into()));
    }
    shop.cache.set_mode(Mode::Normal);
    for read in READS {
        assert_eq!(read(&shop, conn), "Unseen");
    }
}

#[test]
fn a_refresh_that_is_asked_for_takes_no_stale_entry() {
    let clock = ManualClock::new();
    let shop = ageing(&clock);
    let conn = &mut shop.conn();
    shop.products().get(1).first(conn).unwrap();
    clock.advance(SOFT);
    change_unseen(&shop);
    assert_eq!(shop.products().get(1).refresh().first(conn).unwrap().title, "Unseen");
    assert_eq!(shop.products().get(1).entry(conn).unwrap().origin, Origin::Hit);
}

#[test]
fn c18_of_several_processes_one_refreshes_and_the_others_serve() {
    let store = FailingStore::elsewhere(MemoryStore::with_capacity(16 * MIB).unwrap());
    let process = || quick(&store).relevance_timeout(Duration::from_millis(50)).lease_life(Duration::from_secs(60));
    let shop = Arc::new(Shop::with(process()));
    let (name, second) = (format!("{} second", shop.name), process().build().unwrap());
    let _named = Named::new(&name, &second);
    shop.products().get(1).first(&mut shop.conn()).unwrap();
    change_unseen(&shop);
    thread::sleep(Duration::from_millis(60));
    let (hook, arrives, go) = stopped();
    let refreshes = thread::spawn({
        let shop = Arc::clone(&shop);
        move || shop.products().get(1).first(&mut shop.conn_with(hook)).unwrap()
    });
    arrives.recv().unwrap();
    let conn = &mut shop.conn();
    let entry = |conn: &mut Conn| Product::cached_in(&name).get(1).entry(conn).unwrap();
    for _ in 0..3 {
        assert_eq!((entry(conn).origin, entry(conn).title.as_str()), (Origin::Stale, "Lamp"));
    }
    assert_eq!(second.statistics().total().load_count, 0);
    go.send(()).unwrap();
    assert_eq!(refreshes.join().unwrap().title, "Unseen");
    assert_eq!(entry(conn).title, "Unseen");
}
