//! Tables that belong to one test, and what can be done to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache_core::policy::NearPolicy;
use cache_core::store::engine::EngineLink;
use cache_core::store::{Name, Names, RemoteStore, Store};
use cache_core::{CacheKey, SystemClock, Tag};
use cache_diesel::{DatabaseEngine, DatabaseStore, StoreConnection, create_cache_tables};
use conformance::{Frail, Holding, Subject, Time};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

diesel::table! {
    cache_diesel_rows (name) {
        name -> Binary,
        bytes -> Binary,
        expires_at -> BigInt,
        is_spare -> BigInt,
    }
}

/// How a test looks at the tables of a database, and what it does to the connections there.
pub trait Behind: StoreConnection {
    fn bytes(&mut self, name: &[u8]) -> Option<Vec<u8>>;
    fn put(&mut self, name: &[u8], bytes: &[u8]);
    fn lose(&mut self, name: &[u8]);
    /// Ends the other connections to the database.
    fn end_others(&mut self);
}

macro_rules! behind {
    ($connection:ty, $end:expr) => {
        impl Behind for $connection {
            fn bytes(&mut self, name: &[u8]) -> Option<Vec<u8>> {
                let row = cache_diesel_rows::table.find(name).select(cache_diesel_rows::bytes);
                row.first(self).optional().unwrap()
            }

            fn put(&mut self, name: &[u8], bytes: &[u8]) {
                use cache_diesel_rows as rows;
                self.lose(name);
                let row =
                    (rows::name.eq(name), rows::bytes.eq(bytes), rows::expires_at.eq(i64::MAX), rows::is_spare.eq(1));
                diesel::insert_into(rows::table).values(row).execute(self).unwrap();
            }

            fn lose(&mut self, name: &[u8]) {
                diesel::delete(cache_diesel_rows::table.find(name)).execute(self).unwrap();
            }

            fn end_others(&mut self) {
                $end(self);
            }
        }
    };
}

behind!(SqliteConnection, |_| {});

#[cfg(feature = "postgres")]
behind!(PgConnection, |conn: &mut Self| {
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    conn.batch_execute(end).unwrap();
});

#[cfg(feature = "mysql")]
behind!(MysqlConnection, |conn: &mut Self| {
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    let others = "id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()";
    let others: Vec<i64> = diesel::select(sql::<BigInt>(others)).load(conn).unwrap();
    // It may have ended by itself.
    others.iter().for_each(|id| drop(conn.batch_execute(&format!("KILL {id}"))));
});

/// The tables of a database, and the link of the store under test.
pub struct Tables<C: Behind> {
    url: String,
    prefix: String,
    pool: Pool<ConnectionManager<C>>,
    link: EngineLink<DatabaseEngine<C>>,
}

impl<C: Behind> std::fmt::Debug for Tables<C> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tables").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl<C: Behind> Clone for Tables<C> {
    fn clone(&self) -> Self {
        Self { url: self.url.clone(), prefix: self.prefix.clone(), pool: self.pool.clone(), link: self.link.clone() }
    }
}

impl<C: Behind> Tables<C> {
    /// The tables in the database at `url`, which are made.
    pub fn at(url: &str) -> Self {
        // A connection that was closed is found out by the store.
        let pool = Pool::builder().max_size(8).min_idle(Some(0)).test_on_check_out(false);
        let pool = pool.build(ConnectionManager::new(url)).unwrap();
        create_cache_tables(&mut *pool.get().unwrap()).unwrap();
        Self::over(url, pool)
    }

    /// The same tables, under another prefix.
    pub fn fresh(&self) -> Self {
        Self::over(&self.url, self.pool.clone())
    }

    fn over(url: &str, pool: Pool<ConnectionManager<C>>) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let prefix = format!("shop{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let link = link(&pool, &prefix);
        Self { url: url.to_owned(), prefix, pool, link }
    }

    fn store(&self) -> DatabaseStore<C> {
        patient(RemoteStore::new(self.link.clone()))
    }

    /// The store under test, and what can be made to happen to it.
    pub fn subject(&self) -> Subject {
        self.subject_of(self.store())
    }

    /// The same with memory in front of the tables.
    pub fn near(&self) -> Subject {
        let policy = NearPolicy::with_capacity(1 << 20).max_staleness(Duration::from_millis(200));
        self.subject_of(self.store().near(policy, Arc::new(SystemClock::new())).unwrap())
    }

    fn subject_of(&self, store: impl Store) -> Subject {
        Subject::new(store, Time::real()).unit(Duration::from_millis(30)).frail(self.clone())
    }

    fn names(&self) -> Names {
        Names::starting_with(&self.prefix).unwrap()
    }

    fn behind(&self) -> C {
        let mut conn = C::establish(&self.url).unwrap();
        if self.url.starts_with('/') {
            conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        }
        conn
    }

    fn lose(&self, name: &Name) {
        self.behind().lose(name.as_bytes());
    }
}

fn link<C: Behind>(pool: &Pool<ConnectionManager<C>>, prefix: &str) -> EngineLink<DatabaseEngine<C>> {
    EngineLink::new(DatabaseEngine::new(pool.clone()).unwrap(), Names::starting_with(prefix).unwrap())
}

/// A store whose calls are given time: the machine may do much else.
fn patient<C: Behind>(store: DatabaseStore<C>) -> DatabaseStore<C> {
    store.shared().expect("others share the tables").set_operation_timeout(Duration::from_secs(10));
    store
}

impl<C: Behind> Frail for Tables<C> {
    fn peer(&self, prefix: Option<&str>) -> Arc<dyn Store> {
        let prefix = prefix.map_or_else(|| self.prefix.clone(), |other| format!("{}{other}", self.prefix));
        Arc::new(patient(RemoteStore::new(link(&self.pool, &prefix))))
    }

    fn lose_token(&self, tag: &Tag) {
        self.lose(&self.names().tag(tag).token);
    }

    fn lose_intents(&self, tag: &Tag) {
        self.lose(&self.names().tag(tag).intents());
    }

    fn bytes(&self, key: &CacheKey) -> Option<Vec<u8>> {
        self.behind().bytes(self.names().entry(key).as_bytes())
    }

    fn overwrite(&self, key: &CacheKey, bytes: Vec<u8>) {
        self.behind().put(self.names().entry(key).as_bytes(), &bytes);
    }

    fn live_again(&self, holding: Holding) {
        let mut conn = self.behind();
        conn.batch_execute("DELETE FROM cache_diesel_lives").unwrap();
        if holding == Holding::Nothing {
            conn.batch_execute("DELETE FROM cache_diesel_rows").unwrap();
        }
    }

    fn disconnect(&self) {
        self.behind().end_others();
    }

    fn round_trips(&self) -> u64 {
        self.link.transactions()
    }
}
