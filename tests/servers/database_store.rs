//! What every store keeps to, by the tables of a cache in each database.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache_diesel::store::Store as _;
use cache_diesel::{ErrorKind, StoreConnection, create_cache_tables, database_store};
use conformance::{Subject, Time};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, Pool};

mod near;

fn pool<C: StoreConnection>(url: &str) -> Pool<ConnectionManager<C>> {
    Pool::builder().max_size(8).min_idle(Some(1)).build(ConnectionManager::new(url)).unwrap()
}

/// A store under a prefix of its own.
fn subject<C: StoreConnection>(pool: &Pool<ConnectionManager<C>>) -> Subject {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let prefix = format!("shop{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let store = database_store(pool.clone(), &prefix).unwrap();
    store.shared().expect("others share the tables").set_operation_timeout(Duration::from_secs(10));
    Subject::new(store, Time::real()).unit(Duration::from_millis(30))
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

/// Gives connections a state in which they would see the rows of an earlier moment.
struct Prepare<C>(fn(&mut C) -> QueryResult<()>);

impl<C> std::fmt::Debug for Prepare<C> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Prepare")
    }
}

impl<C: StoreConnection> CustomizeConnection<C, PoolError> for Prepare<C> {
    fn on_acquire(&self, conn: &mut C) -> Result<(), PoolError> {
        (self.0)(conn).map_err(PoolError::QueryError)
    }
}

fn refuses_sessions<C: StoreConnection>(url: &str, prepare: fn(&mut C) -> QueryResult<()>) {
    create_cache_tables(&mut C::establish(url).unwrap()).unwrap();
    let builder = Pool::builder().max_size(1).connection_customizer(Box::new(Prepare(prepare)));
    let error = database_store(builder.build(ConnectionManager::<C>::new(url)).unwrap(), "shop").map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(!error.to_string().contains("create_cache_tables"), "{error}");
}

fn file() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop.db").display().to_string();
    SqliteConnection::establish(&path).unwrap().batch_execute("PRAGMA journal_mode = WAL").unwrap();
    (directory, path)
}

#[test]
fn memory_is_told_by_tables_in_sqlite() {
    let (_directory, path) = file();
    near::is_told_by_tables::<SqliteConnection>(&path);
}

#[test]
fn tables_in_sqlite_keep_what_stores_promise() {
    let ((_one, first), (_other, second), (_third, third)) = (file(), file(), file());
    keeps_contracts::<SqliteConnection>(&first);
    refuses_other_tables::<SqliteConnection>(&second);
    is_shared_and_begins_anew::<SqliteConnection>(&third);
    refuses_sessions::<SqliteConnection>(&third, |conn| conn.begin_test_transaction());
}

tests::postgres_tests! {
    fn tables_in_postgres_keep_what_stores_promise() {
        let database = tests::servers::postgres::fresh_database;
        let (first, second, third) = (database(), database(), database());
        keeps_contracts::<PgConnection>(first.url());
        refuses_other_tables::<PgConnection>(second.url());
        is_shared_and_begins_anew::<PgConnection>(third.url());
        refuses_sessions::<PgConnection>(third.url(), |conn| conn.begin_test_transaction());
    }

    fn memory_is_told_by_tables_in_postgres() {
        near::is_told_by_tables::<PgConnection>(tests::servers::postgres::fresh_database().url());
    }

    fn no_change_is_lost_or_done_in_part_while_connections_are_killed() {
        let database = tests::servers::postgres::fresh_database();
        let pool = pool::<PgConnection>(database.url());
        create_cache_tables(&mut *pool.get().unwrap()).unwrap();
        let limit = Duration::from_secs(2);
        let builder = cache_diesel::Cache::builder().operation_timeout(limit).intent_life(limit * 4);
        let cache = builder.breaker_failures(100_000).store(database_store(pool, "shop").unwrap()).build().unwrap();
        cache.set("count", &0_i64, ()).unwrap();
        let acknowledged = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..60 {
                        acknowledged.fetch_add(u64::from(cache.incr("count", 1_i64).is_ok()), Ordering::SeqCst);
                    }
                });
            }
            let mut killer = PgConnection::establish(database.url()).unwrap();
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                        WHERE datname = current_database() AND pid <> pg_backend_pid()";
            for _ in 0..20 {
                killer.batch_execute(kill).unwrap();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let acknowledged = i64::try_from(acknowledged.load(Ordering::SeqCst)).unwrap();
        let count = (0..20).find_map(|_| cache.get::<i64>("count").ok().flatten()).unwrap();
        assert!((acknowledged..=180).contains(&count), "{acknowledged} of 180, and {count}");
    }
}

tests::mysql_tests! {
    fn memory_is_told_by_tables_in_mysql() {
        near::is_told_by_tables::<MysqlConnection>(tests::servers::mysql::fresh_database().url());
    }

    fn tables_in_mysql_keep_what_stores_promise() {
        let database = tests::servers::mysql::fresh_database;
        let (first, second, third) = (database(), database(), database());
        keeps_contracts::<MysqlConnection>(first.url());
        refuses_other_tables::<MysqlConnection>(second.url());
        is_shared_and_begins_anew::<MysqlConnection>(third.url());
        refuses_sessions::<MysqlConnection>(third.url(), |conn| conn.begin_test_transaction());
        refuses_sessions::<MysqlConnection>(third.url(), |conn| conn.batch_execute("SET autocommit = 0"));
    }
}
