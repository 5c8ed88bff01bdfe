//! A shop in a database of its own, and a cache of its own, for each test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cache_diesel::prelude::*;
use cache_diesel::{CacheBuilder, Counts, Kind};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

pub use crate::plain::Plain;
pub use crate::probe::{Hook, Moment, once_at};
use crate::probe::{Probe, install, with_probe};
pub use crate::schema::{
    Category, CategoryManager, Product, ProductManager, ShopError, categories, new_product, products,
};

/// One test's world.
pub struct Shop {
    pub cache: Cache,
    pub name: String,
    path: tempfile::TempPath,
    statements: Arc<AtomicUsize>,
}

impl Shop {
    /// A shop with three products in two categories, and a cache that counts real time.
    pub fn new() -> Self {
        Self::with(Cache::builder())
    }

    /// The same, with a cache of the test's own.
    pub fn with(builder: CacheBuilder) -> Self {
        Self::at(tempfile::NamedTempFile::new().unwrap().into_temp_path(), builder)
    }

    /// The same, with further tables.
    pub fn with_tables(schema: &str) -> Self {
        let shop = Self::new();
        shop.conn().batch_execute(schema).unwrap();
        shop
    }

    /// The same, where its cache needs to know the path of its database.
    pub fn at(path: tempfile::TempPath, builder: CacheBuilder) -> Self {
        install();
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test {}", NEXT.fetch_add(1, Ordering::SeqCst));
        let cache = builder.build().unwrap();
        caches::configure([(name.as_str(), cache.clone())]).unwrap();
        let shop = Self { cache, name, path, statements: Arc::default() };
        shop.conn().batch_execute(crate::schema::SCHEMA).unwrap();
        shop
    }

    /// The connection URL of the database.
    pub fn url(&self) -> String {
        self.path.display().to_string()
    }

    /// A new tracked connection whose statements are counted.
    pub fn conn(&self) -> SqliteConnection {
        self.open(&self.url(), None)
    }

    /// The same, and `hook` is called for all that happens on it.
    pub fn conn_with(&self, hook: Hook) -> SqliteConnection {
        self.open(&self.url(), Some(hook))
    }

    /// A tracked connection to another database, whose statements are counted too.
    pub fn conn_to(&self, url: &str) -> SqliteConnection {
        self.open(url, None)
    }

    /// A connection whose tracker was taken away.
    pub fn untracked(&self) -> SqliteConnection {
        let mut conn = self.conn();
        conn.set_instrumentation(self.probe(None));
        conn
    }

    /// Puts a tracker on `conn`.
    pub fn track(&self, conn: &mut SqliteConnection) {
        with_probe(self.probe(None), || cache_diesel::track(conn)).unwrap();
    }

    fn probe(&self, hook: Option<Hook>) -> Probe {
        Probe { statements: Arc::clone(&self.statements), hook }
    }

    fn open(&self, url: &str, hook: Option<Hook>) -> SqliteConnection {
        let mut conn = with_probe(self.probe(hook), || SqliteConnection::establish(url)).unwrap();
        conn.batch_execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000;").unwrap();
        conn
    }

    pub fn products(&self) -> ProductManager {
        Product::cached_in(&self.name)
    }

    pub fn categories(&self) -> CategoryManager {
        Category::cached_in(&self.name)
    }

    /// What one manager's reads of one kind came to.
    pub fn counts(&self, manager: &str, kind: Kind) -> Counts {
        self.cache.statistics().of(manager, kind)
    }

    /// How many statements `work` runs, and what it gives.
    pub fn counted<T>(&self, work: impl FnOnce() -> T) -> (usize, T) {
        let before = self.statements.load(Ordering::SeqCst);
        let result = work();
        (self.statements.load(Ordering::SeqCst) - before, result)
    }

    /// Reads through the cache and past it: both have to give the same. Gives the statements of the first.
    #[track_caller]
    pub fn cost<Cached: Plain>(
        &self,
        conn: &mut SqliteConnection,
        cached: impl FnOnce(&mut SqliteConnection) -> Cached,
        plain: impl FnOnce(&mut SqliteConnection) -> Cached::Output,
    ) -> usize {
        let (count, read) = self.counted(|| cached(conn));
        assert_eq!(read.plain(), plain(conn), "the cached read and the plain one differ");
        count
    }
}

/// The number of statements of a cached list, which has to be what its own query gives past the cache.
macro_rules! list_cost {
    ($shop:expr, $conn:expr, $read:expr) => {
        $shop.cost(
            $conn,
            |conn| $read.load(conn).unwrap(),
            |conn| diesel::RunQueryDsl::load($read.query(), conn).unwrap(),
        )
    };
}
pub(crate) use list_cost;
