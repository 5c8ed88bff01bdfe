//! A shop in a database of its own, and a cache of its own, for each test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cache_diesel::prelude::*;
use cache_diesel::{CacheBuilder, Counts, Kind, ManualClock};
use diesel::connection::SimpleConnection;

use crate::database::{self, Conn, Database};
use crate::kept::{self, cache_at};
use crate::line;
use crate::line::prelude::*;
pub use crate::plain::Plain;
use crate::presence::Present;
pub use crate::probe::{Hook, Moment, once_at};
use crate::probe::{Probe, install, with_probe};
pub use crate::schema::{
    Category, CategoryManager, Product, ProductManager, ShopError, categories, new_product, products,
};

/// One test's world.
pub struct Shop {
    pub cache: Cache,
    pub name: String,
    database: Database,
    statements: Arc<AtomicUsize>,
    _named: Named,
    _present: Present,
    _open: kept::Open,
}

/// A name that the caches of the process know as long as this lives. Writes of later tests have nothing to do with the
/// caches of earlier ones.
pub struct Named(String);

impl Named {
    /// Waits while another test has the name.
    pub fn new(name: &str, cache: &Cache) -> Self {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            match caches::configure([(name, cache.clone())]) {
                Err(error) if error.kind() == cache_core::ErrorKind::AlreadyConfigured && Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                done => break done.unwrap(),
            }
        }
        Self(name.to_owned())
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        cache_core::registry::forget(&self.0);
    }
}

impl Shop {
    /// A shop with three products in two categories, and a cache for which time stands still.
    pub fn new() -> Self {
        Self::with(cache_at(&ManualClock::new()))
    }

    /// The same, with a cache of the test's own, which counts real time if it is not told otherwise.
    pub fn with(builder: CacheBuilder) -> Self {
        Self::at(Database::fresh(), builder)
    }

    /// The same, with further tables.
    pub fn with_tables(schema: &str) -> Self {
        let shop = Self::new();
        shop.conn().batch_execute(schema).unwrap();
        shop
    }

    /// The same, where its cache needs to know the URL of its database.
    pub fn at(database: Database, builder: CacheBuilder) -> Self {
        let (present, open) = (Present::enter(), kept::Open::newest());
        install();
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test {}", NEXT.fetch_add(1, Ordering::SeqCst));
        let cache = builder.build().unwrap();
        let named = Named::new(&name, &cache);
        let statements = Arc::default();
        let shop = Self { cache, name, database, statements, _named: named, _present: present, _open: open };
        shop.conn().batch_execute(&crate::schema::schema()).unwrap();
        shop
    }

    /// The connection URL of the database.
    pub fn url(&self) -> String {
        self.database.url()
    }

    /// A new tracked connection whose statements are counted.
    pub fn conn(&self) -> Conn {
        self.open(&self.url(), None)
    }

    /// The same, and `hook` is called for all that happens on it.
    pub fn conn_with(&self, hook: Hook) -> Conn {
        self.open(&self.url(), Some(hook))
    }

    /// A tracked connection to another database, whose statements are counted too.
    pub fn conn_to(&self, url: &str) -> Conn {
        self.open(url, None)
    }

    /// A connection whose tracker was taken away.
    pub fn untracked(&self) -> Conn {
        let mut conn = self.conn();
        conn.set_instrumentation(self.probe(None));
        conn
    }

    /// Puts a tracker on `conn`.
    pub fn track(&self, conn: &mut Conn) {
        with_probe(self.probe(None), || line::track(conn)).unwrap();
    }

    fn probe(&self, hook: Option<Hook>) -> Probe {
        Probe { statements: Arc::clone(&self.statements), hook }
    }

    fn open(&self, url: &str, hook: Option<Hook>) -> Conn {
        let mut conn = with_probe(self.probe(hook), || Conn::establish(url)).unwrap();
        database::set_up(&mut conn);
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
        conn: &mut Conn,
        cached: impl FnOnce(&mut Conn) -> Cached,
        plain: impl FnOnce(&mut Conn) -> Cached::Output,
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
            |conn| crate::line::prelude::RunQueryDsl::load($read.query(), conn).unwrap(),
        )
    };
}
pub(crate) use list_cost;

/// The rows whose nullable column has `value`; every database has a word of its own for that.
macro_rules! rows_with {
    ($table:ident, $column:ident, $value:expr) => {{
        let rows = $table::table.into_boxed::<<Conn as Connection>::Backend>();
        match $value {
            Some(value) => rows.filter($table::$column.eq(value)),
            None => rows.filter($table::$column.is_null()),
        }
    }};
}
pub(crate) use rows_with;
