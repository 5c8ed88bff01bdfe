//! What every store keeps to, by the tables of a cache in each database.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache_diesel::{ErrorKind, StoreConnection, create_cache_tables, database_store};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, Pool};

mod deadlines;
mod near;
mod tables;

use tables::{Behind, Tables};

fn pool<C: StoreConnection>(url: &str) -> Pool<ConnectionManager<C>> {
    Pool::builder().max_size(8).min_idle(Some(1)).build(ConnectionManager::new(url)).unwrap()
}

/// Most of it is waiting: what leaves the others alone is done at the same time.
fn keeps_contracts<C: Behind>(url: &str) {
    let tables = Tables::<C>::at(url);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            conformance::store_contract_holds!(tables.fresh().subject());
        });
        scope.spawn(|| {
            conformance::slot_contract_holds!(tables.fresh().subject());
        });
        scope.spawn(|| {
            conformance::store_contract_holds!(tables.fresh().near());
        });
        scope.spawn(|| {
            conformance::slot_contract_holds!(tables.fresh().near());
        });
    });
}

/// What ends connections and lives, in a database of its own.
fn keeps_what_is_shared<C: Behind>(url: &str) {
    let tables = Tables::<C>::at(url);
    conformance::shared_store_contract_holds!(tables.fresh().subject());
    conformance::histories::hold(|| tables.fresh().subject(), Duration::from_millis(50), 4);
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
fn a_call_to_tables_in_sqlite_ends_in_time() {
    let (_directory, path) = file();
    deadlines::an_exhausted_pool_holds_nobody_up::<SqliteConnection>(&path);
}

#[test]
fn tables_in_sqlite_keep_what_shared_stores_promise() {
    let (_directory, path) = file();
    keeps_what_is_shared::<SqliteConnection>(&path);
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

    fn a_call_to_tables_in_postgres_ends_in_time() {
        let database = tests::servers::postgres::fresh_database();
        let lock = "BEGIN; LOCK TABLE cache_diesel_rows IN ACCESS EXCLUSIVE MODE";
        deadlines::locked_tables_hold_nobody_up::<PgConnection>(database.url(), [lock, "COMMIT"]);
        deadlines::an_exhausted_pool_holds_nobody_up::<PgConnection>(database.url());
        #[cfg(feature = "redis")]
        deadlines::a_silent_server_holds_nobody_up::<PgConnection>(database.url());
    }

    fn tables_in_postgres_keep_what_shared_stores_promise() {
        keeps_what_is_shared::<PgConnection>(tests::servers::postgres::fresh_database().url());
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
    fn a_call_to_tables_in_mysql_ends_in_time() {
        let database = tests::servers::mysql::fresh_database();
        let lock = "LOCK TABLES cache_diesel_rows WRITE";
        deadlines::locked_tables_hold_nobody_up::<MysqlConnection>(database.url(), [lock, "UNLOCK TABLES"]);
        deadlines::an_exhausted_pool_holds_nobody_up::<MysqlConnection>(database.url());
        #[cfg(feature = "redis")]
        deadlines::a_silent_server_holds_nobody_up::<MysqlConnection>(database.url());
    }

    fn tables_in_mysql_keep_what_shared_stores_promise() {
        keeps_what_is_shared::<MysqlConnection>(tests::servers::mysql::fresh_database().url());
    }

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
