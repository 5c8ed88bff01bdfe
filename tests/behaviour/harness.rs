//! A shop in a database of its own, and a cache of its own, for each test.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};

use cache_diesel::prelude::*;
use cache_diesel::{CacheBuilder, Statistics};
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        slug -> Text,
        title -> Text,
        price_cents -> BigInt,
        is_active -> Bool,
    }
}

diesel::table! {
    categories (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::joinable!(products -> categories (category_id));
diesel::allow_tables_to_appear_in_same_query!(products, categories);

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "product", negative_timeout = 30, unique(slug), scope(category_id))]
pub struct Product {
    pub id: i32,
    pub category_id: i32,
    pub slug: String,
    pub title: String,
    pub price_cents: i64,
    pub is_active: bool,
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = categories)]
#[cached(key = "category")]
pub struct Category {
    pub id: i32,
    pub name: String,
}

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
        install();
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test {}", NEXT.fetch_add(1, Ordering::SeqCst));
        let cache = builder.build().unwrap();
        caches::configure([(name.as_str(), cache.clone())]).unwrap();
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let shop = Self { cache, name, path, statements: Arc::default() };
        shop.conn().batch_execute(SCHEMA).unwrap();
        shop.statements.store(0, Ordering::SeqCst);
        shop
    }

    /// The connection URL of the database.
    pub fn url(&self) -> String {
        self.path.display().to_string()
    }

    /// A new tracked connection whose statements are counted.
    pub fn conn(&self) -> SqliteConnection {
        COUNTER.set(Some(Arc::clone(&self.statements)));
        let mut conn = SqliteConnection::establish(&self.url()).unwrap();
        COUNTER.set(None);
        conn.batch_execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000;").unwrap();
        self.statements.fetch_sub(1, Ordering::SeqCst);
        conn
    }

    /// How many statements `work` runs, and what it gives.
    pub fn counted<T>(&self, work: impl FnOnce() -> T) -> (usize, T) {
        let before = self.statements.load(Ordering::SeqCst);
        let result = work();
        (self.statements.load(Ordering::SeqCst) - before, result)
    }

    pub fn products(&self) -> ProductManager {
        Product::cached_in(&self.name)
    }

    pub fn categories(&self) -> CategoryManager {
        Category::cached_in(&self.name)
    }

    pub fn statistics(&self) -> Statistics {
        self.cache.statistics()
    }
}

const SCHEMA: &str = "
    CREATE TABLE categories (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
    CREATE TABLE products (
        id INTEGER PRIMARY KEY NOT NULL, category_id INTEGER NOT NULL, slug TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL, price_cents BIGINT NOT NULL, is_active BOOLEAN NOT NULL
    );
    INSERT INTO categories VALUES (7, 'Light'), (8, 'Wood');
    INSERT INTO products VALUES
        (1, 7, 'lamp', 'Lamp', 1999, 1), (2, 7, 'torch', 'Torch', 999, 0), (3, 8, 'table', 'Table', 9900, 1);
";

thread_local! {
    static COUNTER: RefCell<Option<Arc<AtomicUsize>>> = const { RefCell::new(None) };
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        cache_diesel::install_with(Cache::memory(), || {
            let counter = COUNTER.with_borrow(Clone::clone)?;
            Some(Box::new(CountingInstrumentation(counter)))
        })
        .unwrap();
    });
}

struct CountingInstrumentation(Arc<AtomicUsize>);

impl Instrumentation for CountingInstrumentation {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}
