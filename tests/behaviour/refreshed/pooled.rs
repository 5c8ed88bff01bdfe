//! Refreshes in the background, over a pool.

use super::*;

#[test]
fn c18_a_stale_entry_is_served_at_once_and_refreshed_in_the_background() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = ageing(&clock);
        let pool = Pool::of(&shop, None);
        let conn = &mut shop.conn();
        assert_eq!(read(&shop, conn), "Lamp");
        change_unseen(&shop);
        clock.advance(SOFT - Duration::from_nanos(1));
        assert_eq!(shop.counted(|| read(&shop, conn)), (0, "Lamp".into()));
        assert_eq!((shop.cache.statistics().total().stale_hit_count, pool.taken()), (0, 0), "it is fresh");
        clock.advance(Duration::from_nanos(1));
        let (stores, loads) = {
            let total = shop.cache.statistics().total();
            (total.store_count, total.load_count)
        };
        assert_eq!(shop.counted(|| read(&shop, conn)), (0, "Lamp".into()));
        wait_for("it is refreshed", || shop.cache.statistics().total().store_count > stores);
        wait_for("it is fresh", || shop.counted(|| read(&shop, conn)) == (0, "Unseen".into()));
        let total = shop.cache.statistics().total();
        assert_eq!((total.load_count - loads, pool.taken()), (1, 1));
        assert!(total.stale_hit_count > 0 && total.hit_count >= total.stale_hit_count);
        assert_eq!(shop.cache.statistics().refresh_failure_count, 0);
    }
}

#[test]
fn c18_exactly_one_refresh_runs_however_many_find_it_stale() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = ageing(&clock);
        let (hook, arrives, go) = stopped();
        let pool = Pool::of(&shop, Some(hook));
        read(&shop, &mut shop.conn());
        let loads = shop.cache.statistics().total().load_count;
        change_unseen(&shop);
        clock.advance(SOFT);
        let read_stale = || {
            let conn = &mut shop.conn();
            (0..20).for_each(|_| assert_eq!(shop.counted(|| read(&shop, conn)).1, "Lamp"));
        };
        read_stale();
        arrives.recv().unwrap();
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(read_stale))));
        go.send(()).unwrap();
        let conn = &mut shop.conn();
        wait_for("it is fresh", || read(&shop, conn) == "Unseen");
        // Who looked before what is fresh was there, and came after the refresh was over, takes a connection, looks again
        // and asks nothing.
        assert_eq!(shop.cache.statistics().total().load_count - loads, 1);
        assert!(pool.taken() <= 2, "{}", pool.taken());
    }
}

#[test]
fn c18_what_was_written_is_never_served_stale() {
    for read in READS {
        let clock = ManualClock::new();
        let shop = ageing(&clock);
        let (hook, arrives, go) = stopped();
        let _pool = Pool::of(&shop, Some(hook));
        let conn = &mut shop.conn();
        read(&shop, conn);
        clock.advance(SOFT);
        assert_eq!(read(&shop, conn), "Lamp");
        // The refresh has asked, and has stored nothing yet.
        arrives.recv().unwrap();
        retitle(&mut shop.conn(), 1, "Unseen").unwrap();
        assert_eq!(read(&shop, conn), "Unseen", "it was written, and is no stale entry any more");
        go.send(()).unwrap();
        let conn = &mut shop.conn();
        for _ in 0..100 {
            assert_eq!(read(&shop, conn), "Unseen", "what the refresh brought was overtaken");
        }
        clock.advance(SOFT);
        retitle(&mut shop.conn(), 1, "Lamp").unwrap();
        assert_eq!(read(&shop, conn), "Lamp");
    }
}

#[test]
fn rows_of_which_some_are_stale_are_read_at_once() {
    let clock = ManualClock::new();
    let shop = ageing(&clock);
    let _pool = Pool::of(&shop, None);
    let conn = &mut shop.conn();
    shop.products().get_many([1, 2]).load(conn).unwrap();
    clock.advance(SOFT);
    let many = |conn: &mut Conn| shop.products().get_many([3, 1, 2, 1]).load(conn).unwrap();
    let (count, rows) = shop.counted(|| many(conn));
    assert_eq!((count, rows.iter().flatten().map(|row| row.id).collect::<Vec<_>>()), (1, vec![3, 1, 2, 1]));
    let counts = shop.counts("product", Kind::Detail);
    assert_eq!((counts.stale_hit_count, counts.hit_count, counts.miss_count), (2, 2, 3));
    wait_for("both are fresh", || {
        let stale = || shop.counts("product", Kind::Detail).stale_hit_count;
        let before = stale();
        many(conn);
        stale() == before
    });
    assert_eq!(shop.counts("product", Kind::Detail).load_count, 3);
}

#[test]
fn a_pool_of_another_database_is_of_no_use() {
    let clock = ManualClock::new();
    let (shop, other) = (ageing(&clock), Shop::new());
    let pool = Pool::of(&other, None);
    let conn = &mut shop.conn();
    shop.products().get(1).first(conn).unwrap();
    change_unseen(&shop);
    clock.advance(SOFT);
    let read = |conn: &mut Conn| shop.products().get(1).first(conn).unwrap().title.clone();
    assert_eq!((read(conn), pool.taken()), ("Unseen".into(), 0), "the reader refreshes it");
}

#[test]
fn f1_a_pool_that_fails_leaves_entries_stale_until_their_hard_deadline() {
    let clock = ManualClock::new();
    let shop = ageing(&clock);
    let tries = Arc::new(AtomicUsize::new(0));
    let (url, counted) = (shop.url(), Arc::clone(&tries));
    cache_diesel::refresh_with(move || match counted.fetch_add(1, Ordering::SeqCst) {
        0 => Conn::establish(&url).map(Box::new),
        1 => panic!("on purpose"),
        _ => Err(ConnectionError::BadConnection("no connection is left".into())),
    })
    .unwrap();
    let conn = &mut shop.conn();
    let entry = |conn: &mut Conn| shop.products().get(1).entry(conn).unwrap();
    entry(conn);
    clock.advance(SOFT);
    assert_eq!(shop.counted(|| entry(conn).origin), (0, Origin::Stale));
    let statistics = || shop.cache.statistics();
    wait_for("it has panicked", || statistics().refresh_panic_count == 1 && statistics().refresh_failure_count == 1);
    // Nobody tries again for a second.
    assert_eq!(shop.counted(|| entry(conn).origin), (0, Origin::Stale));
    wait_for("it has failed", || {
        entry(conn);
        statistics().refresh_failure_count == 2
    });
    clock.advance(Duration::from_secs(50));
    assert_eq!(shop.counted(|| entry(conn).origin), (1, Origin::Miss));
}

#[test]
fn connections_that_are_not_tracked_are_refused() {
    let shop = Shop::new();
    let url = shop.url();
    let refused = cache_diesel::refresh_with(move || {
        let mut conn = Conn::establish(&url)?;
        conn.set_instrumentation(|_: diesel::connection::InstrumentationEvent<'_>| {});
        Ok::<_, ConnectionError>(Box::new(conn))
    });
    assert!(refused.unwrap_err().to_string().contains("are not tracked"));
}

#[test]
fn a_read_without_a_connection_takes_none_for_what_is_stale() {
    let clock = ManualClock::new();
    let database = Database::fresh();
    let builder = cache_at(&clock).relevance_timeout(SOFT).database(database.url());
    let shop = Shop::at(database, builder);
    let read = |take: fn(&Shop) -> Conn| {
        let row = shop.products().get(1).first_with(|| Ok::<_, Error>(take(&shop))).unwrap();
        let list = shop.products().every().load_with(|| Ok::<_, Error>(take(&shop))).unwrap();
        (row.title.clone(), list.iter().find(|row| row.id == 1).unwrap().title.clone())
    };
    read(Shop::conn);
    clock.advance(SOFT);
    change_unseen(&shop);
    let pool = Pool::of(&shop, None);
    let loads = shop.cache.statistics().total().load_count;
    assert_eq!(read(|_| panic!("a connection was taken")).0, "Lamp");
    wait_for("both are fresh", || read(|_| panic!("a connection was taken")) == ("Unseen".into(), "Unseen".into()));
    // A look that was over before the refresh was may take a connection once more, looks again and asks nothing.
    assert_eq!(shop.cache.statistics().total().load_count - loads, 2);
    assert!((2..=4).contains(&pool.taken()), "{}", pool.taken());
}
