//! What concerns the whole process, so that other tests must not run beside it: one test after the other,
//! the first of them before anything is installed.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use cache_core::store::MemoryStore;
use cache_diesel::prelude::*;
use cache_diesel::{Kind, MIB, PlainWrites};
use conformance::FailingStore;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;

use crate::harness::{Category, Product, Shop, products};

#[allow(dead_code, unused_imports, unused_macros, reason = "the harness of the behaviour tests")]
#[path = "../behaviour/database/sqlite.rs"]
mod database;
#[allow(dead_code, unused_imports, unused_macros, reason = "the harness of the behaviour tests")]
#[path = "../behaviour/harness.rs"]
mod harness;
#[allow(dead_code, reason = "the harness of the behaviour tests")]
#[path = "../behaviour/kept.rs"]
mod kept;
#[path = "../line/blocking.rs"]
mod line;
#[path = "../behaviour/plain.rs"]
mod plain;
#[path = "../behaviour/presence.rs"]
mod presence;
#[path = "../behaviour/probe.rs"]
mod probe;
#[path = "../behaviour/reads_of_everything.rs"]
mod reads_of_everything;
#[path = "../behaviour/schema.rs"]
mod schema;
mod told;
#[cfg(feature = "tracing")]
mod traced;

/// What was done before the cache was installed.
struct Early {
    conn: SqliteConnection,
    path: tempfile::TempPath,
    /// What a read before `install` gave.
    product: Product,
    /// What reads without a connection gave and how many they had taken by then, while the process had seen one database:
    /// before and after it was told that there is no other.
    sole: [(Result<String, Error>, usize); 2],
}

/// Waits until no other test runs; the first one to come sees the process as it begins.
fn alone() -> MutexGuard<'static, Option<Early>> {
    static EARLY: Mutex<Option<Early>> = Mutex::new(None);
    let mut early = EARLY.lock().unwrap_or_else(PoisonError::into_inner);
    early.get_or_insert_with(begin);
    early
}

fn begin() -> Early {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    let url = path.to_str().unwrap().to_owned();
    let mut conn = SqliteConnection::establish(&url).unwrap();
    conn.batch_execute(&schema::schema()).unwrap();
    let product = Product::clone(&Product::cached().get(1).first(&mut conn).unwrap());
    probe::install();
    let mut taken = 0;
    let mut read = || {
        let take = || {
            taken += 1;
            SqliteConnection::establish(&url).map_err(|error| panic!("{error}"))
        };
        let name = Category::cached().get(7).first_with(take).map(|row| row.name.clone());
        (name, taken)
    };
    read().0.unwrap();
    let untold = read();
    cache_diesel::only_database(&url).unwrap();
    let sole = [untold, read()];
    Early { conn, path, product, sole }
}

#[test]
fn reads_before_install_go_to_the_database() {
    let early = alone();
    assert_eq!(early.as_ref().unwrap().product.title, "Lamp");
}

#[test]
fn what_the_process_was_told_is_its_only_database_is_read_without_a_connection() {
    let early = alone();
    let Early { sole, path, .. } = early.as_ref().unwrap();
    assert_eq!(*sole, [(Ok("Light".into()), 2), (Ok("Light".into()), 2)]);
    assert_eq!(cache_diesel::only_database(path.to_str().unwrap()).map_err(|error| error.kind()), Ok(()));
    let refused = |url| cache_diesel::only_database(url).unwrap_err().kind();
    assert_eq!(refused("another.sqlite"), cache_diesel::ErrorKind::AlreadyConfigured);
    assert_eq!(refused(":memory:"), cache_diesel::ErrorKind::Configuration);
}

#[test]
fn a_connection_from_before_install_bypasses_until_it_is_tracked() {
    let mut early = alone();
    let Early { conn, path, .. } = early.as_mut().unwrap();
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let is_hit = |conn: &mut SqliteConnection| Product::cached().get(2).entry(conn).unwrap().is_hit();
    assert_eq!([is_hit(&mut other), is_hit(&mut other)], [false, true]);
    assert_eq!([is_hit(conn), is_hit(conn)], [false, false]);
    Product::cached().write(diesel::update(products::table).set(products::price_cents.eq(1))).execute(conn).unwrap();
    assert_eq!(Product::cached().get(2).first(&mut other).unwrap().price_cents, 1);
    cache_diesel::track(conn).unwrap();
    assert!(is_hit(conn));
    diesel::update(products::table).set(products::price_cents.eq(2)).execute(conn).unwrap();
    assert_eq!(Product::cached().get(2).first(&mut other).unwrap().price_cents, 2);
}

#[test]
fn a_process_with_several_databases_takes_a_connection_for_every_read() {
    let _alone = alone();
    let (shop, other) = (Shop::new(), Shop::new());
    shop.warm();
    let mut taken = 0;
    let row = shop.products().get(1).first_with(|| {
        taken += 1;
        QueryResult::Ok(other.conn())
    });
    assert_eq!((row.unwrap().id, taken), (1, 1));
}

#[test]
fn installing_twice_is_refused() {
    let _alone = alone();
    let error = cache_diesel::install(Cache::memory()).unwrap_err();
    assert_eq!(error.kind(), cache_diesel::ErrorKind::AlreadyConfigured);
}

#[test]
fn an_attached_database_is_written_through_the_same_connection() {
    for in_transaction in [false, true] {
        let _alone = alone();
        let (shop, branch) = (Shop::new(), Shop::new());
        let (mut here, mut there) = (shop.warm(), branch.warm());
        let mut conn = shop.conn();
        conn.batch_execute(&format!("ATTACH '{}' AS branch", branch.url())).unwrap();
        let write = |conn: &mut SqliteConnection| {
            conn.batch_execute("UPDATE branch.products SET title = 'There' WHERE id = 1")?;
            conn.batch_execute("UPDATE products SET title = 'Here' WHERE id = 1")
        };
        if in_transaction {
            conn.transaction(write).unwrap()
        } else {
            write(&mut conn).unwrap()
        }
        assert_eq!(shop.products().get(1).first(&mut here).unwrap().title, "Here");
        assert_eq!(branch.products().get(1).first(&mut there).unwrap().title, "There");
        shop.read_everything(&mut here);
        branch.read_everything(&mut there);
        shop.read_everything(&mut conn);
        shop.products().delete(2).execute(&mut conn).unwrap();
        shop.read_everything(&mut here);
        branch.read_everything(&mut there);
    }
}

#[test]
fn f2_each_read_fails_once_while_nothing_can_be_stored() {
    let _alone = alone();
    let store = FailingStore::new(MemoryStore::with_capacity(16 * MIB).unwrap());
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let mut conn = shop.conn();
    store.fail_writes(true);
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 1]);
    let counts = shop.counts("product", Kind::Detail);
    assert_eq!((counts.store_count, counts.store_failure_count, counts.load_count), (0, 2, 2));
    store.fail_writes(false);
    assert_eq!([(); 2].map(|()| shop.row_cost(&mut conn, 1)), [1, 0]);
}

#[test]
fn g1_a_write_by_key_without_a_tracker_is_row_exact_where_no_database_was_named() {
    let _alone = alone();
    let shop = Shop::new();
    let mut conn = shop.warm();
    let delete = diesel::delete(products::table.find(2));
    shop.products().write(delete).execute(&mut shop.untracked()).unwrap();
    assert_eq!([1, 2, 3, 4, 5].map(|id| shop.row_cost(&mut conn, id)), [0, 1, 0, 0, 0]);
    shop.read_everything(&mut conn);
}

/// What plain and written updates and deletes by key of row 1 leave of the rows 1 to 3.
fn row_costs_after_writes_by_key() -> Vec<[usize; 3]> {
    let update = || diesel::update(products::table.find(1)).set(products::title.eq("New"));
    let costs = |write: &dyn Fn(&Shop, &mut SqliteConnection) -> QueryResult<usize>| {
        let shop = Shop::new();
        let mut conn = shop.warm();
        write(&shop, &mut shop.conn()).unwrap();
        let costs = [1, 2, 3].map(|id| shop.row_cost(&mut conn, id));
        shop.read_everything(&mut conn);
        costs
    };
    vec![
        costs(&|_, conn| update().execute(conn)),
        costs(&|_, conn| diesel::delete(products::table.find(1)).execute(conn)),
        costs(&|shop, conn| shop.products().write(update()).execute(conn)),
    ]
}

#[test]
fn g1_plain_writes_by_key_are_row_exact_until_the_program_says_otherwise() {
    let _alone = alone();
    assert_eq!(row_costs_after_writes_by_key(), [[1, 0, 0]; 3]);
    cache_diesel::take_plain_writes(PlainWrites::TableWide);
    let costs = row_costs_after_writes_by_key();
    cache_diesel::take_plain_writes(PlainWrites::RowExact);
    assert_eq!(costs, [[1, 1, 1], [1, 1, 1], [1, 0, 0]], "`write` looks at what is sent");
}

#[test]
fn y4_work_that_was_not_carried_keeps_a_value_from_being_kept_where_nothing_else_reads() {
    let _alone = alone();
    let shop = Shop::with(Cache::builder().memory(MIB).computes_alone());
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    let mut sum = |key: &str, carries: bool| {
        let entry = shop.cache.computation(key).entry(|| {
            let own = shop.products().get(1).first(&mut conn)?.price_cents;
            let read = || shop.products().get(2).first(&mut other).map(|row| row.price_cents);
            let elsewhere = std::thread::scope(|scope| {
                let work = if carries { scope.spawn(cache_diesel::carry(read)) } else { scope.spawn(read) };
                work.join()
            });
            Ok::<_, Error>(own + elsewhere.unwrap()?)
        });
        entry.unwrap().is_hit()
    };
    // Loaded, and found.
    for _ in 0..2 {
        assert!(!sum("left", false));
    }
    assert_eq!([sum("carried", true), sum("carried", true)], [false, true]);
    let nothing =
        || shop.cache.computation("nothing").entry(|| shop.products().get(1).first(&mut shop.conn())).unwrap();
    assert_eq!([nothing().is_hit(), nothing().is_hit()], [false, true]);
}
