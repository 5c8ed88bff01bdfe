//! Coherent cached managers for Diesel models.
//!
//! The derive [`Cached`] gives a model a manager that reads through a cache. Writes are Diesel's own: an
//! instrumentation on every connection reads the statements along, and invalidates what they changed.
//!
//! # Add it
//!
//! ```toml
//! [dependencies]
//! cache-diesel = { version = "0.1", features = ["sqlite"] }
//! diesel = { version = "2.3", features = ["sqlite"] }
//! libsqlite3-sys = { version = "0.38", features = ["bundled"] }   # builds SQLite in
//! ```
//!
//! # Annotate, install, read, write
//!
//! ```
//! use cache_diesel::prelude::*;
//! use diesel::connection::SimpleConnection;
//! use diesel::prelude::*;
//!
//! diesel::table! {
//!     products (id) {
//!         id -> Integer,
//!         category_id -> Integer,
//!         slug -> Text,
//!         title -> Text,
//!     }
//! }
//!
//! #[derive(AsChangeset, Cached, Debug, Insertable, Queryable, Selectable)]
//! #[diesel(table_name = products)]
//! #[cached(key = "product", detail_timeout = "5 minutes", unique(slug), scope(category_id))]
//! struct Product {
//!     id: i32,
//!     category_id: i32,
//!     slug: String,
//!     title: String,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // First of all: connections that are opened from now on are tracked.
//! cache_diesel::install(Cache::memory())?;
//! let mut conn = SqliteConnection::establish(":memory:")?;
//! # conn.batch_execute(
//! #     "CREATE TABLE products (
//! #          id INTEGER PRIMARY KEY NOT NULL, category_id INTEGER NOT NULL,
//! #          slug TEXT NOT NULL UNIQUE, title TEXT NOT NULL
//! #      );
//! #      INSERT INTO products VALUES (1, 7, 'lamp', 'Lamp'), (2, 7, 'torch', 'Torch'), (3, 8, 'table', 'Table');",
//! # )?;
//! let cached = Product::cached();
//!
//! assert_eq!(cached.get(1).first(&mut conn)?.title, "Lamp");
//! assert!(cached.get(1).entry(&mut conn)?.is_hit());
//! assert_eq!(cached.get_by_slug("torch").first(&mut conn)?.id, 2);
//! assert_eq!(cached.all_by_category_id(7).load(&mut conn)?.len(), 2);
//!
//! // Plain Diesel, and the cache knows.
//! diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut conn)?;
//! assert_eq!(cached.get(1).first(&mut conn)?.title, "New");
//! # Ok(())
//! # }
//! ```
//!
//! The struct's options are listed at [`Cached`]. It needs named fields, `Queryable` and `Selectable`, and the primary
//! key of its table; `save` needs `AsChangeset`. `Clone`, `Identifiable` and serde are not needed.
//!
//! # Reads
//!
//! A method of the [`Manager`] builds a read, a method with a connection ends it. Values are shared: rows are `Arc<M>`,
//! lists `Arc<Vec<M>>`.
//!
//! | built by | ended by |
//! |---|---|
//! | [`all(suffix, filters)`](Manager::all), [`every()`](Manager::every), `all_by_column(value)` | `load`, `first`, `count`, `exists`, `entry` |
//! | [`get(key)`](Manager::get), `get_by_column(value)`, `.filter(..)` of both | `first`, `require`, `entry` |
//! | [`get_many(keys)`](Manager::get_many) | `load` |
//!
//! Each of these has a sibling that takes a connection on a miss only: `first_with(|| pool.get())`, `load_with(&pool)`, and so
//! on ([`TakeConnection`](read::TakeConnection)).
//!
//! Each takes `.timeout(..)`, `.refresh()`, `.bypass()`, `.assume_deterministic()` and `.cached_in_transaction()`; lists take
//! `.filter`, `.order_by`, `.then_order_by`, `.limit` and `.offset` as well. `.query()` of a list, and of a row by its key, is the
//! plain Diesel query. `entry` returns the [`Origin`] of a value and when it was loaded. `require` returns the model's own
//! error.
//!
//! ```
//! # use cache_diesel::prelude::*;
//! # use diesel::connection::SimpleConnection;
//! # use diesel::prelude::*;
//! # diesel::table! { products (id) { id -> Integer, title -> Text, is_active -> Bool, } }
//! # #[derive(Cached, Debug, PartialEq, Queryable, Selectable)]
//! # struct Product { id: i32, title: String, is_active: bool }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # cache_diesel::install(Cache::memory())?;
//! # let mut conn = SqliteConnection::establish(":memory:")?;
//! # conn.batch_execute(
//! #     "CREATE TABLE products (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL, is_active BOOLEAN NOT NULL);
//! #      INSERT INTO products VALUES (1, 'Lamp', 1), (2, 'Torch', 0), (3, 'Table', 1);",
//! # )?;
//! let active = || Product::cached().all("active", products::is_active.eq(true));
//! assert_eq!(active().count(&mut conn)?, 2);
//! assert_eq!(active().order_by(products::title).first(&mut conn)?.title, "Lamp");
//!
//! let rows = Product::cached().get_many([3, 9, 1]).load(&mut conn)?;
//! assert_eq!(rows.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
//!
//! assert!(Product::cached().get(9).first(&mut conn).optional()?.is_none());
//! # Ok(())
//! # }
//! ```
//!
//! `#[cached(view(ProductPage, select_related(category: Category), prefetch_related(reviews: Review)))]` adds a struct
//! with the row and its related rows, joined or loaded by a statement of their own. `ProductPage::cached()` has the same
//! reads: [`ViewManager`].
//!
//! # Writes
//!
//! Write with plain Diesel as before. An update or delete by a primary key of whole numbers leaves other rows cached;
//! [`take_plain_writes`] describes when that is certain. A write through the manager invalidates more exactly:
//! [`insert`](Manager::insert), [`save`](Manager::save) and [`delete`](Manager::delete). [`write`](Manager::write) takes any
//! statement of the table, and returns its rows if the database has RETURNING. [`clear_detail`](Manager::clear_detail),
//! [`clear_list`](Manager::clear_list), [`clear_lists`](Manager::clear_lists) and [`clear`](Manager::clear) clear by
//! hand. [`writes`] names the tables of work whose text does not show them: a procedure, a migration.
//!
//! ```
//! # use cache_diesel::prelude::*;
//! # use diesel::connection::SimpleConnection;
//! # use diesel::prelude::*;
//! # diesel::table! { products (id) { id -> Integer, title -> Text, } }
//! # #[derive(AsChangeset, Cached, Debug, Insertable, PartialEq, Queryable, Selectable)]
//! # struct Product { id: i32, title: String }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # cache_diesel::install(Cache::memory())?;
//! # let mut conn = SqliteConnection::establish(":memory:")?;
//! # conn.batch_execute("CREATE TABLE products (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL)")?;
//! let cached = Product::cached();
//! let mut lamp = cached.insert(Product { id: 1, title: "Lamp".into() }).get_result(&mut conn)?;
//! cached.insert((products::id.eq(2), products::title.eq("Torch"))).execute(&mut conn)?;
//! cached.get(2).first(&mut conn)?;
//!
//! lamp.title = "New".into();
//! assert_eq!(cached.save(&lamp).execute(&mut conn)?, 1);
//! assert_eq!(cached.get(1).first(&mut conn)?.title, "New");
//! assert!(cached.get(2).entry(&mut conn)?.is_hit());
//!
//! assert_eq!(cached.delete(1).execute(&mut conn)?, 1);
//! assert!(!cached.every().load(&mut conn)?.contains(&lamp));
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! * Once a tracked write has returned, no read through the cache that begins later returns the state before it. This holds
//!   in this process, and over Redis in every process that shares the cache. Tracked are all statements on connections that
//!   were opened after [`install`] or given to [`track`], and all writes through managers. The exception is a write during
//!   which the store fails: the consequences are bounded and counted, and listeners are notified.
//! * Reads in a transaction go to the database and store nothing. Writes in it count after the outermost commit; a
//!   rollback leaves entries valid.
//! * The cache never fails a query: reads and writes return Diesel's errors. Only calls about the cache itself return
//!   [`Error`].
//! * In doubt, more is invalidated: an unknown statement invalidates the whole database, and the answer of an unknown query
//!   is not cached.
//!
//! Not covered: writes of other programs, and of other processes if the cache is in memory; rows that triggers, views and
//! foreign keys change, unless the model declares it with `cascaded_by` or `depends_on`. The repository's
//! `docs/caveats.md` numbers every limit.
//!
//! # Set-up and a look inside
//!
//! [`install`] and [`install_with`] set the default [`Cache`] and track connections. [`caches::configure`] adds further
//! caches, before or after; [`CacheBuilder`] sets them up. [`only_database`] declares that there is one database,
//! [`identify`] gives one a name, [`replica`] marks a connection that may be behind. [`Cache::statistics`] counts by manager
//! and [`Kind`] of read. [`Cache::listen`] notifies a listener of each [`Event`].
//!
//! # Values that a program sets
//!
//! Every cache has [`get`](Cache::get), [`set`](Cache::set), [`add`](Cache::add), [`get_or_set`](Cache::get_or_set),
//! [`touch`](Cache::touch), [`incr`](Cache::incr), [`delete`](Cache::delete) and their like, for every type that serde
//! encodes and decodes. The repository's `docs/low-level.md` has an example of each.
//!
//! # Features
//!
//! | feature | adds | costs |
//! |---|---|---|
//! | `async` | reads and writes that are awaited on connections of diesel-async; `Tracked` | the crate `diesel-async` |
//! | `async-bb8` | reads that take their connection from a pool of bb8 on a miss | `async-pools`, and diesel-async's feature `bb8` |
//! | `async-deadpool` | the same for deadpool | `async-pools`, and diesel-async's feature `deadpool` |
//! | `async-mysql` | `async`, and diesel-async's MySQL | `mysql`, and the crate `mysql_async` |
//! | `async-pools` | pools of such connections: bb8, deadpool, mobc | diesel-async's feature `pool` |
//! | `async-postgres` | `async`, and diesel-async's PostgreSQL | `postgres`, and the crate `tokio-postgres` |
//! | `chrono` | `expires_at` for its types | the crate `chrono` |
//! | `database-store` | entries in tables of a database | Diesel's feature `r2d2` |
//! | `metrics` | the statistics, as metrics of the crate `metrics` | that crate |
//! | `mysql` | MySQL and MariaDB | Diesel's feature `mysql_backend`; `MysqlConnection` needs its `mysql` |
//! | `postgres` | PostgreSQL | Diesel's feature `postgres_backend`; `PgConnection` needs its `postgres` |
//! | `redis` | entries on a server of Redis or Valkey | the crates `percent-encoding`, `sha1_smol` and `url` |
//! | `redis-tls` | the same over TLS (`rediss://`) | those, `rustls` and `rustls-native-certs` |
//! | `sqlite` | SQLite 3.35 and later | Diesel's features `sqlite` and `returning_clauses_for_sqlite_3_35` |
//! | `time` | `expires_at` for its types | the crate `time` |
//!
//! None is a default: name the databases. Features whose names begin with `__` are internal.

mod audit;
mod backend;
mod catalogue;
#[cfg(feature = "async")]
mod connection;
#[cfg(feature = "database-store")]
mod database_store;
mod error;
mod function;
mod identity;
#[cfg(feature = "manage")]
pub mod manage;
mod manager;
#[cfg(feature = "metrics")]
pub mod metrics;
mod misfit;
mod model;
pub mod read;
mod scan;
mod setup;
mod track;
mod warning;
pub mod write;

pub mod prelude;

pub use audit::{AuditFinding, AuditReport, AuditedCache, Verdict, VerifyReport, audit_report, audit_with};
pub use cache_core::store::Operation;
pub use cache_core::{
    AuditCounts, AuditSettings, BreakerState, Bypass, Cache, CacheBuilder, Cacheable, CarriedTask, Cause, Clock,
    Computable, Computation, Counts, Error, ErrorKind, Event, IntoTimeout, JournalNote, JournalSettings, KeyBytes,
    Kind, MIB, ManualClock, Miss, Mode, NearCounts, Noted, OnStale, RefreshTask, Result, Statistics, StoreCounts,
    TagKind, Timeout, Timestamp, Unkept, Unstored, Width, Writes, carry, carry_task, store,
};
pub use cache_derive::{Cached, cached_fn};
#[cfg(feature = "async-mysql")]
pub use connection::AsyncMysqlConnection;
#[cfg(feature = "async")]
pub use connection::Tracked;
#[cfg(feature = "async-postgres")]
pub use connection::{AsyncPgConnection, TransactionBody, TransactionBuilder};
#[cfg(feature = "database-store")]
pub use database_store::{DatabaseEngine, DatabaseStore, StoreConnection, create_cache_tables, database_store};
pub use error::NotFound;
pub use function::CachedFunction;
pub use manager::{Manager, ViewManager};
pub use model::keys::IntoKey;
pub use model::moment::Moment;
pub use model::saved::Saved;
pub use model::storage::Storable;
pub use model::{CachedModel, Key};
#[cfg(feature = "async")]
pub use read::acquaint_async;
pub use read::{
    CachedEntry, CachedList, CachedRow, CachedRows, CachedView, ExplainedAnswer, ExplainedEntry, ExplainedTag,
    Explanation, ListWithTotal, OptionalRead, Origin, PoolFailure, ReadError, acquaint,
};
#[cfg(feature = "async")]
pub use setup::awaited::{identify_async, replica_async, track_async};
pub use setup::caches;
#[cfg(feature = "async")]
pub use setup::check::check_async;
pub use setup::check::{CheckReport, Finding, Trap, check};
pub use setup::clear::{After, Clear, Clears};
pub use setup::contradiction::{Contradiction, contradictions};
pub use setup::explain_sql::{SqlExplanation, explain_sql};
pub use setup::health::{CacheHealth, Health, health};
pub use setup::install::{
    MakeInstrumentation, identify, install, install_with, only_database, replica, track, track_new_connections,
};
pub use setup::refresh::refresh_with;
pub use setup::settings::check_settings;
pub use setup::test_transaction::{begin_test_transaction, treat_as_committed};
pub use track::precision::{PlainWrites, take_plain_writes};
pub use write::writes;
#[cfg(feature = "async")]
pub use write::writes_async;

#[doc(hidden)]
pub mod __private {
    pub use cache_core::planted::Mistake;
    #[cfg(feature = "__planted")]
    pub use cache_core::planted::with_planted;
    pub use cache_core::tables::NamedType;
    pub use cache_core::{Codec, Encode, KeyBytes, OnStale, Result, Timeout, Timestamp, serial};
    pub use {diesel, inventory, serde};

    pub use crate::backend::CacheBackend;
    pub use crate::backend::line::{Line, Reply};
    #[cfg(feature = "database-store")]
    pub use crate::backend::rows::RowsBackend;
    pub use crate::error::NotFound;
    pub use crate::function::{Computed, Declared, Function, FunctionKey, Outcome, key_by, key_of, part, uncached};
    pub use crate::manager::{Manager, ManagerCell, ViewManager};
    pub use crate::misfit::Fits;
    pub use crate::model::comparison::{Comparison, Stated};
    pub use crate::model::declaration::Declaration;
    pub use crate::model::expression::{AnyOf, EqOrNull};
    pub use crate::model::keys::{IntoKey, Parts};
    pub use crate::model::moment::Moment;
    pub use crate::model::printed::KeyPart;
    pub use crate::model::saved::Saved;
    pub use crate::model::storage::{
        ModelCodecs, Storable, StoredLookup, StoredModel, restore_nullable, store_nullable,
    };
    pub use crate::model::stored_row::StoredRow;
    pub use crate::model::{
        Asked, CachedModel, Definition, Dependency, Lookup, LookupDefinition, PlainValue, PrimaryKeyOf, key_bytes_of,
        type_of,
    };
    pub use crate::read::{
        AnyConnection, Anywhere, BaseQueryOf, Belongs, BlockingRead, CachedView, ChildOf, DefaultOrder, ForeignKeyOf,
        Joins, ListRead, LoadPages, Multi, On, OnJoined, OwnQuery, Page, Part, Prefetch, Prefetched, Queried, Relation,
        RowRead, Runs, ScopeRead, UniqueRead, Unordered, list_codec, row_codec, unique_codec,
    };
    pub mod printed {
        pub use crate::model::printed::{KeyType, NotParsed, NotWrapped, Parse, PartReader, Wrap, Wrapped};
    }
    pub mod copy {
        pub use crate::model::copy::{Copied, NotCopied, ToCopy};
    }

    pub mod weigh {
        pub use crate::model::weigh::{Heap, NoHeap, Weigh};
    }
}
