//! What every store keeps to, by the tables of a cache in each database.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache_diesel::store::Store as _;
use cache_diesel::{ErrorKind, StoreConnection, create_cache_tables, database_store};
use conformance::{Subject, Time};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

fn pool<C: StoreConnection>(url: &str) -> Pool<ConnectionManager<C>> {
    Pool::builder().max_size(8).min_idle(Some(1)).build(ConnectionManager::new(url)).unwrap()
}

/// A store under a prefix of its own.
fn subject<C: StoreConnection>(pool: &Pool<ConnectionManager<C>>) -> Subject {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let prefix = format!("shop{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let store = database_store(pool.clone(), &prefix).unwrap();
    store.shared().expect("others share the tables").set_operation_timeout(Duration::from_secs(10));
    Subject::new(store, Time::real()).unit(Duration::from_millis(50))
}

fn contract_holds<C: StoreConnection>(url: &str) {
    let pool = pool::<C>(url);
    create_cache_tables(&mut *pool.get().unwrap()).unwrap();
    conformance::store_contract_holds!(subject(&pool));
}

fn slots_hold<C: StoreConnection>(url: &str) {
    let pool = pool::<C>(url);
    create_cache_tables(&mut *pool.get().unwrap()).unwrap();
    conformance::slot_contract_holds!(subject(&pool));
}

/// Both at a time: most of it is waiting.
fn keeps_contracts<C: StoreConnection>(url: &str) {
    create_cache_tables(&mut *pool::<C>(url).get().unwrap()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| contract_holds::<C>(url));
        scope.spawn(|| slots_hold::<C>(url));
    });
}

/// Tables that are missing, or of another shape.
fn refuses_other_tables<C: StoreConnection>(url: &str) {
    let pool = pool::<C>(url);
    let refused = |pool: &Pool<ConnectionManager<C>>| {
        let error = database_store(pool.clone(), "shop").map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("create_cache_tables"), "{error}");
    };
    refused(&pool);
    let mut conn = pool.get().unwrap();
    conn.batch_execute("CREATE TABLE cache_diesel_lives (id BIGINT PRIMARY KEY)").unwrap();
    conn.batch_execute("INSERT INTO cache_diesel_lives VALUES (1)").unwrap();
    drop(conn);
    refused(&pool);
}

/// Two processes see each other's changes, and what was stored before the tables were emptied is not served.
fn is_shared_and_begins_anew<C: StoreConnection>(url: &str) {
    let pools = [pool::<C>(url), pool::<C>(url)];
    create_cache_tables(&mut *pools[0].get().unwrap()).unwrap();
    let open = |pool: &Pool<ConnectionManager<C>>| {
        let store = database_store(pool.clone(), "shop").unwrap();
        let limit = Duration::from_secs(5);
        cache_diesel::Cache::builder().operation_timeout(limit).intent_life(limit * 4).store(store).build().unwrap()
    };
    let [one, other] = [open(&pools[0]), open(&pools[1])];
    one.set("count", &0_i64, ()).unwrap();
    std::thread::scope(|scope| {
        for cache in [&one, &other, &one, &other] {
            scope.spawn(move || (0..25).for_each(|_| assert!(cache.incr("count", 1_i64).is_ok())));
        }
    });
    assert_eq!(one.get::<i64>("count").unwrap(), Some(100));
    assert_eq!(other.get::<i64>("count").unwrap(), Some(100));
    pools[0].get().unwrap().batch_execute("DELETE FROM cache_diesel_lives; DELETE FROM cache_diesel_rows").unwrap();
    assert_eq!(other.get::<i64>("count").unwrap(), None);
}

fn file() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop.db").display().to_string();
    SqliteConnection::establish(&path).unwrap().batch_execute("PRAGMA journal_mode = WAL").unwrap();
    (directory, path)
}

#[test]
fn tables_in_sqlite_keep_what_stores_promise() {
    let ((_one, first), (_other, second), (_third, third)) = (file(), file(), file());
    keeps_contracts::<SqliteConnection>(&first);
    refuses_other_tables::<SqliteConnection>(&second);
    is_shared_and_begins_anew::<SqliteConnection>(&third);
}

tests::postgres_tests! {
    fn tables_in_postgres_keep_what_stores_promise() {
        let database = tests::servers::postgres::fresh_database;
        let (first, second, third) = (database(), database(), database());
        keeps_contracts::<PgConnection>(first.url());
        refuses_other_tables::<PgConnection>(second.url());
        is_shared_and_begins_anew::<PgConnection>(third.url());
    }
}

tests::mysql_tests! {
    fn tables_in_mysql_keep_what_stores_promise() {
        let database = tests::servers::mysql::fresh_database;
        let (first, second, third) = (database(), database(), database());
        keeps_contracts::<MysqlConnection>(first.url());
        refuses_other_tables::<MysqlConnection>(second.url());
        is_shared_and_begins_anew::<MysqlConnection>(third.url());
    }
}
