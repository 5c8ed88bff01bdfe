//! Forced interleavings: somebody writes just when somebody else is about to store.

use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cache_diesel::Kind;
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;

use crate::database::{Conn, insert_back};
use crate::harness::{Moment, Product, Shop, new_product, once_at, products};
use crate::line::prelude::*;
use crate::stores::SpyStore;

/// A read of the shop, compared with its plain query.
type Read = fn(&Shop, &mut Conn) -> usize;

const READS: [(&str, Read); 10] = [
    ("row", |shop, conn| shop.row_cost(conn, 1)),
    ("absent row", |shop, conn| shop.row_cost(conn, 4)),
    ("unique value", |shop, conn| shop.slug_cost(conn, "lamp")),
    ("absent unique value", |shop, conn| shop.slug_cost(conn, "new")),
    ("scope", |shop, conn| shop.shelf_cost(conn, 7)),
    ("empty scope", |shop, conn| shop.shelf_cost(conn, 9)),
    ("list", |shop, conn| shop.every_cost(conn)),
    ("count", |shop, conn| shop.count_cost(conn)),
    ("exists", |shop, conn| shop.exists_cost(conn)),
    ("many", |shop, conn| {
        let plain = |conn: &mut Conn| {
            [1, 4].map(|id| products::table.find(id).first::<Product>(conn).optional().unwrap()).to_vec()
        };
        shop.cost(conn, |conn| shop.products().get_many([1, 4]).load(conn).unwrap(), plain)
    }),
];

/// A write that changes what every read of [`READS`] gives.
type Write = fn(&Shop, &mut Conn);

const WRITES: [(&str, Write); 4] = [
    ("plain", |_, conn| {
        conn.batch_execute("UPDATE products SET title = 'New', slug = 'x', is_active = FALSE WHERE id = 1").unwrap();
        diesel::insert_into(products::table).values(rows()).execute(conn).unwrap();
    }),
    ("in a transaction", |_, conn| {
        conn.transaction(|conn| {
            diesel::insert_into(products::table).values(rows()).execute(conn)?;
            diesel::update(products::table.find(1))
                .set((products::title.eq("New"), products::slug.eq("x")))
                .execute(conn)
        })
        .unwrap();
    }),
    ("manager", |shop, conn| {
        shop.products().save(&Product { title: "New".into(), ..new_product(1, 7, "x") }).execute(conn).unwrap();
        insert_back!(shop.products(), rows(), conn).unwrap();
    }),
    ("manager, returning nothing", |shop, conn| {
        shop.products().delete(1).execute(conn).unwrap();
        shop.products().insert(rows()).execute(conn).unwrap();
    }),
];

fn rows() -> Vec<Product> {
    vec![new_product(4, 9, "new"), new_product(5, 7, "other")]
}

/// A world that a hook on another connection can use.
fn shared(shop: Shop) -> (Arc<Shop>, Arc<Shop>) {
    let shop = Arc::new(shop);
    (Arc::clone(&shop), shop)
}

/// What a reader got is compared after the write, and so is what is cached then.
#[track_caller]
fn check_afterwards(shop: &Shop, read: Read, name: &str) {
    let mut conn = shop.conn();
    read(shop, &mut conn);
    assert_eq!(read(shop, &mut conn), 0, "{name}");
    shop.read_everything(&mut conn);
}

/// Reads without comparing: what was committed while the reader was busy is not what it gives.
fn read_through(shop: &Shop, conn: &mut Conn) {
    let manager = shop.products();
    let _ = manager.get(1).first(conn);
    let _ = manager.get(4).first(conn);
    let _ = manager.get_by_slug("lamp").first(conn);
    let _ = manager.get_by_slug("new").first(conn);
    let _ = manager.all_by_category_id(7).load(conn);
    let _ = manager.all_by_category_id(9).load(conn);
    let _ = manager.every().load(conn);
    let _ = manager.all("active", products::is_active.eq(true)).count(conn);
    let _ = manager.all((), products::slug.eq("new")).exists(conn);
    let _ = manager.get_many([1, 4]).load(conn);
}

/// The reads of [`READS`], one at a time and not compared.
const BARE_READS: [Read; 10] = [
    |shop, conn| usize::from(shop.products().get(1).first(conn).is_ok()),
    |shop, conn| usize::from(shop.products().get(4).first(conn).is_ok()),
    |shop, conn| usize::from(shop.products().get_by_slug("lamp").first(conn).is_ok()),
    |shop, conn| usize::from(shop.products().get_by_slug("new").first(conn).is_ok()),
    |shop, conn| shop.products().all_by_category_id(7).load(conn).unwrap().len(),
    |shop, conn| shop.products().all_by_category_id(9).load(conn).unwrap().len(),
    |shop, conn| shop.products().every().load(conn).unwrap().len(),
    |shop, conn| {
        usize::try_from(shop.products().all("active", products::is_active.eq(true)).count(conn).unwrap()).unwrap()
    },
    |shop, conn| usize::from(shop.products().all((), products::slug.eq("new")).exists(conn).unwrap()),
    |shop, conn| shop.products().get_many([1, 4]).load(conn).unwrap().len(),
];

#[test]
fn c1_c2_what_was_loaded_before_a_write_is_not_served_after_it() {
    for (name, write) in WRITES {
        for ((kind, read), bare) in READS.into_iter().zip(BARE_READS) {
            let (shop, writer) = shared(Shop::new());
            let hook = once_at(Moment::Finish, "FROM products", move || write(&writer, &mut writer.conn()));
            bare(&shop, &mut shop.conn_with(hook));
            check_afterwards(&shop, read, &format!("{name}, {kind}"));
        }
    }
}

#[test]
fn c1_c2_what_is_stored_after_a_write_is_not_served_if_it_was_loaded_before() {
    for (name, write) in WRITES {
        for ((kind, read), bare) in READS.into_iter().zip(BARE_READS) {
            let store = SpyStore::new();
            let (shop, writer) = shared(Shop::with(Cache::builder().store(store.clone())));
            store.before_next_put(move || write(&writer, &mut writer.conn()));
            bare(&shop, &mut shop.conn());
            check_afterwards(&shop, read, &format!("{name}, {kind}"));
        }
    }
}

#[test]
fn c4_what_was_filled_while_a_statement_was_about_to_run_is_not_served_after_it() {
    for (name, write) in WRITES {
        for sql in ["UPDATE", "DELETE", "INSERT", "COMMIT"] {
            for moment in [Moment::Start, Moment::Finish] {
                let (shop, reader) = shared(Shop::new());
                let fill = once_at(moment, sql, move || read_through(&reader, &mut reader.conn()));
                write(&shop, &mut shop.conn_with(fill));
                let mut conn = shop.conn();
                shop.read_everything(&mut conn);
                assert_eq!(shop.read_everything(&mut conn), 0, "{name}, {sql}");
            }
        }
    }
}

#[test]
fn c1_a_write_between_two_loads_of_a_key_ends_the_first_one_only() {
    let (shop, other) = shared(Shop::new());
    let hook = once_at(Moment::Finish, "FROM products", move || {
        let mut conn = other.conn();
        conn.batch_execute("UPDATE products SET title = 'New' WHERE id = 1").unwrap();
        assert_eq!(other.products().get(1).first(&mut conn).unwrap().title, "New");
    });
    shop.products().get(1).first(&mut shop.conn_with(hook)).unwrap();
    let mut conn = shop.conn();
    assert_eq!(shop.products().get(1).first(&mut conn).unwrap().title, "New");
    shop.row_cost(&mut conn, 1);
    assert_eq!(shop.row_cost(&mut conn, 1), 0);
}

#[test]
fn c1_a_clear_while_a_row_is_loaded_keeps_it_out() {
    let (shop, other) = shared(Shop::new());
    let hook = once_at(Moment::Finish, "FROM products", move || other.cache.clear().unwrap());
    shop.products().get(1).first(&mut shop.conn_with(hook)).unwrap();
    assert_eq!(shop.row_cost(&mut shop.conn(), 1), 1);
}

const THREADS: usize = 32;

/// Starts a thread for each read of row 1; the query of whoever leads ends when all have asked for tokens.
fn misses_together(store: &SpyStore, shop: &Arc<Shop>) -> Vec<Arc<Product>> {
    let barrier = Arc::new(Barrier::new(THREADS));
    let (spy, start) = (store.clone(), store.seed_count());
    let wait = move || {
        let until = Instant::now() + Duration::from_secs(20);
        while spy.seed_count() - start < THREADS && Instant::now() < until {
            thread::yield_now();
        }
        // Between asking for the tokens and boarding the flight nothing can be observed.
        thread::sleep(Duration::from_millis(200));
    };
    let hook = once_at(Moment::Start, "FROM products", wait);
    let readers: Vec<_> = (0..THREADS)
        .map(|_| {
            // Opened here: a thread that failed to would leave the others at the barrier for ever.
            let mut conn = shop.conn_with(Arc::clone(&hook));
            let (shop, barrier) = (Arc::clone(shop), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                shop.products().get(1).first(&mut conn).unwrap()
            })
        })
        .collect();
    readers.into_iter().map(|reader| reader.join().unwrap()).collect()
}

#[test]
fn c9_concurrent_misses_of_one_key_share_one_statement() {
    let store = SpyStore::new();
    // Where changes take turns, the last one waits for the others.
    let limit = Duration::from_secs(20);
    let builder = Cache::builder().store(store.clone()).operation_timeout(limit).intent_life(limit * 4);
    let shop = Arc::new(Shop::with(builder.flight_wait(Duration::from_secs(60))));
    let mut rows = misses_together(&store, &shop);
    let counts = shop.counts("product", Kind::Detail);
    assert_eq!((counts.miss_count, counts.load_count, counts.store_count), (THREADS as u64, 1, 1));
    let plain: Product = products::table.find(1).first(&mut shop.conn()).unwrap();
    assert!(rows.iter().all(|row| **row == plain));
    Arc::make_mut(&mut rows[0]).title = "Mine".into();
    assert!(rows[1..].iter().all(|row| **row == plain), "nobody sees what another one changes");
    assert_eq!(shop.row_cost(&mut shop.conn(), 1), 0);
}

#[test]
fn c9_who_takes_the_lead_after_a_load_has_landed_finds_what_it_stored() {
    for ((kind, read), bare) in READS.into_iter().zip(BARE_READS).filter(|((kind, _), _)| *kind != "many") {
        let store = SpyStore::new();
        let (shop, other) = shared(Shop::with(Cache::builder().store(store.clone())));
        store.after_next_seed(move || {
            bare(&other, &mut other.conn());
        });
        bare(&shop, &mut shop.conn());
        assert_eq!(shop.cache.statistics().total().load_count, 1, "{kind}");
        read(&shop, &mut shop.conn());
    }
}

#[test]
fn c16_a_row_that_is_written_all_the_time_is_read_in_bounded_time() {
    let shop = Arc::new(Shop::new());
    let (stop, stopped) = mpsc::channel::<()>();
    let (began, begun) = mpsc::channel::<()>();
    let writer = thread::spawn({
        let shop = Arc::clone(&shop);
        move || {
            let mut conn = shop.conn();
            let mut cents = 1_999_i64;
            while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
                cents += 1;
                let update = diesel::update(products::table.find(1)).set(products::price_cents.eq(cents));
                update.execute(&mut conn).unwrap();
                let _ = began.send(());
            }
            cents
        }
    });
    begun.recv().unwrap();
    let mut conn = shop.conn();
    let mut last = 0;
    for _ in 0..300 {
        let seen = shop.products().get(1).first(&mut conn).unwrap().price_cents;
        assert!(seen >= last, "{seen} was read after {last}");
        last = seen;
    }
    stop.send(()).unwrap();
    let cents = writer.join().unwrap();
    assert_eq!(shop.products().get(1).first(&mut conn).unwrap().price_cents, cents);
}
