//! Behaviour on real databases and stores; see the test targets. The examples of the documentation are
//! tested here as well: each is a program of its own.

mod needs;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub mod servers;

/// Sets up what the documentation's examples read: the cache, and a shop with three products in memory.
#[macro_export]
macro_rules! shop {
    ($conn:ident) => {
        use cache_diesel::prelude::*;
        use diesel::connection::SimpleConnection as _;
        use diesel::prelude::*;

        diesel::table! {
            products (id) {
                id -> Integer,
                category_id -> Integer,
                slug -> Text,
                title -> Text,
            }
        }

        #[derive(AsChangeset, Cached, Clone, Debug, Insertable, PartialEq, Queryable, Selectable)]
        #[diesel(table_name = products)]
        #[cached(key = "product", negative_timeout = "30 seconds", unique(slug), scope(category_id))]
        struct Product {
            id: i32,
            category_id: i32,
            slug: String,
            title: String,
        }

        cache_diesel::install(Cache::memory()).unwrap();
        let mut $conn = SqliteConnection::establish(":memory:").unwrap();
        $conn
            .batch_execute(
                "CREATE TABLE products (
                     id INTEGER PRIMARY KEY NOT NULL, category_id INTEGER NOT NULL,
                     slug TEXT NOT NULL UNIQUE, title TEXT NOT NULL
                 );
                 INSERT INTO products VALUES
                     (1, 7, 'lamp', 'Lamp'), (2, 7, 'torch', 'Torch'), (3, 8, 'table', 'Table');",
            )
            .unwrap();
    };
}

/// The examples of one page.
macro_rules! examples {
    ($($name:ident: $path:literal,)*) => { $(
        #[cfg(doctest)]
        #[doc = include_str!($path)]
        pub struct $name;
    )* };
}

/// Its examples open connections of PostgreSQL.
#[cfg(all(doctest, feature = "postgres"))]
#[doc = include_str!("../../docs/async.md")]
pub struct Async;

examples! {
    Readme: "../../README.md",
    Audit: "../../docs/audit.md",
    ComingFromDjango: "../../docs/coming-from-django.md",
    CompileErrors: "../../docs/compile-errors.md",
    Computed: "../../docs/computed.md",
    Concepts: "../../docs/concepts.md",
    Consistency: "../../docs/consistency.md",
    Databases: "../../docs/databases.md",
    Errors: "../../docs/errors.md",
    Invalidation: "../../docs/invalidation.md",
    Keys: "../../docs/keys.md",
    LowLevel: "../../docs/low-level.md",
    Operations: "../../docs/operations.md",
    Options: "../../docs/options.md",
    StaleRows: "../../docs/stale-rows.md",
    Stores: "../../docs/stores.md",
    Testing: "../../docs/testing.md",
    Web: "../../docs/web.md",
    Caveats: "../../docs/caveats.md",
}
