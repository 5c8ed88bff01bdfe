//! Awaited reads are compared with the database: on demand, and by the auditor, for which the reader stands in.

use std::time::{Duration, Instant};

use cache_diesel::prelude::*;
use cache_diesel::{AuditCounts, AuditSettings, Bypass, Cache, OnStale, Verdict, caches};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_async::AsyncConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

use crate::reads::{Tool, ToolPage, database, tools};

type AsyncSqlite = SyncConnectionWrapper<SqliteConnection>;

/// Writes take less than this between their effect and their release.
const GRACE: Duration = Duration::from_millis(50);

/// A database with a cache of its own, whose hits are all compared.
struct Shelf {
    name: &'static str,
    url: String,
    _path: tempfile::TempPath,
}

impl Shelf {
    fn new(name: &'static str, settings: AuditSettings) -> Self {
        let path = database();
        let url = path.display().to_string();
        let builder = Cache::builder().memory(16 * MIB).database(url.as_str()).audit(settings.grace(GRACE));
        caches::configure([(name, builder)]).unwrap();
        Self { name, url, _path: path }
    }

    async fn conn(&self) -> AsyncSqlite {
        AsyncSqlite::establish(&self.url).await.unwrap()
    }

    /// Changes every row, and tells nobody.
    fn write_unseen(&self) {
        let mut conn = SqliteConnection::establish(&self.url).unwrap();
        conn.set_instrumentation(None::<fn(diesel::connection::InstrumentationEvent<'_>)>);
        conn.batch_execute("UPDATE tools SET title = title || '!', maker_id = maker_id + 1").unwrap();
    }

    fn total(&self) -> AuditCounts {
        let counts = caches::get(self.name).unwrap().audit_counts();
        counts.into_values().fold(AuditCounts::default(), AuditCounts::and)
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

/// Makes a read until its entry is found stale.
macro_rules! until_found {
    ($shelf:ident, $read:expr) => {{
        $read;
        $shelf.write_unseen();
        let until = Instant::now() + Duration::from_secs(20);
        while $shelf.total().stale_count == 0 {
            $read;
            assert!(Instant::now() < until, "{}: {:?}", stringify!($read), $shelf.total());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }};
}

#[test]
fn every_kind_of_awaited_read_is_compared_by_its_reader() {
    macro_rules! found {
        ($($name:literal: |$tools:ident, $conn:ident| $read:expr;)*) => {
            runtime().block_on(async {$({
                let shelf = Shelf::new($name, AuditSettings::one_in(1));
                let mut conn = shelf.conn().await;
                let $tools = Tool::cached_in(shelf.name);
                let $conn = &mut conn;
                until_found!(shelf, $read);
            })*});
        };
    }
    found! {
        "audited row": |tools, conn| tools.get(1).first(conn).await.unwrap();
        "audited value": |tools, conn| tools.get_by_title("Saw").first(conn).await.optional().unwrap();
        "audited list": |tools, conn| tools.every().load(conn).await.unwrap();
        "audited scope": |tools, conn| tools.all_by_maker_id(1).load(conn).await.unwrap();
        "audited number": |tools, conn| tools.all((), tools::maker_id.eq(1)).count(conn).await.unwrap();
        "audited rows": |tools, conn| tools.get_many([1, 2]).load(conn).await.unwrap();
    }
}

#[test]
fn what_takes_a_connection_on_a_miss_takes_one_to_compare() {
    runtime().block_on(async {
        let shelf = Shelf::new("audited with", AuditSettings::one_in(1));
        let manager = AsyncDieselConnectionManager::<AsyncSqlite>::new(shelf.url.as_str());
        let pool = bb8::Pool::builder().max_size(1).build(manager).await.unwrap();
        let tools = Tool::cached_in(shelf.name);
        tools.get(1).first_with(&pool).await.unwrap();
        tools.get_many([1, 2]).load_with(&pool).await.unwrap();
        let before = shelf.total().compared_count;
        tools.get(1).first_with(&pool).await.unwrap();
        tools.get_many([1, 2]).load_with(&pool).await.unwrap();
        assert_eq!(shelf.total().compared_count, before + 3);
        // Who gets no connection is served all the same.
        let none = || async { Err::<AsyncSqlite, _>(diesel::result::Error::BrokenTransactionManager) };
        assert_eq!(tools.get(1).first_with(none).await.unwrap().title, "Saw");
        assert_eq!(shelf.total().skipped_count, 1);
    });
}

#[test]
fn a_manager_that_was_found_stale_bypasses() {
    runtime().block_on(async {
        let shelf = Shelf::new("audited bypass", AuditSettings::one_in(1).on_stale(OnStale::Bypass));
        let (mut conn, tools) = (shelf.conn().await, Tool::cached_in(shelf.name));
        until_found!(shelf, tools.get(1).first(&mut conn).await.unwrap());
        assert_eq!(tools.get(1).first(&mut conn).await.unwrap().title, "Saw!");
        assert_eq!(tools.get(1).verify(&mut conn).await.unwrap(), Verdict::Bypassed(Bypass::Distrusted));
    });
}

#[test]
fn nothing_is_found_while_awaited_writes_go_on() {
    runtime().block_on(async {
        let shelf = Shelf::new("audited writes", AuditSettings::one_in(1));
        let url = shelf.url.clone();
        let writes = tokio::spawn(async move {
            let mut conn = AsyncSqlite::establish(&url).await.unwrap();
            diesel_async::SimpleAsyncConnection::batch_execute(&mut conn, "PRAGMA busy_timeout = 5000").await.unwrap();
            for turn in 0..100 {
                let changed = diesel::update(tools::table.find(1)).set(tools::title.eq(format!("Saw {turn}")));
                diesel_async::RunQueryDsl::execute(changed, &mut conn).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        let (mut conn, tools) = (shelf.conn().await, Tool::cached_in(shelf.name));
        while !writes.is_finished() {
            tools.get(1).first(&mut conn).await.ok();
            tools.every().load(&mut conn).await.ok();
        }
        writes.await.unwrap();
        let counts = shelf.total();
        assert!(counts.compared_count > 10 && counts.stale_count == 0, "{counts:?}");
    });
}

#[test]
fn an_awaited_read_is_verified() {
    runtime().block_on(async {
        let shelf = Shelf::new("verified awaited", AuditSettings::one_in(1_000_000));
        let (mut conn, tools) = (shelf.conn().await, Tool::cached_in(shelf.name));
        assert_eq!(tools.get(1).verify(&mut conn).await.unwrap(), Verdict::NotStored);
        tools.get(1).first(&mut conn).await.unwrap();
        tools.every().load(&mut conn).await.unwrap();
        ToolPage::cached_in(shelf.name).get(1).first(&mut conn).await.unwrap();
        assert_eq!(tools.get(1).verify(&mut conn).await.unwrap(), Verdict::Same);
        assert_eq!(tools.every().verify(&mut conn).await.unwrap(), Verdict::Same);
        let report = tools.verify_all(&mut conn).await.unwrap();
        assert_eq!(report.to_string(), "2 rows looked for, 1 compared, 0 stale");

        shelf.write_unseen();
        assert_eq!(tools.get(1).verify(&mut conn).await.unwrap(), Verdict::Stale);
        assert_eq!(tools.every().verify(&mut conn).await.unwrap(), Verdict::Stale);
        assert_eq!(ToolPage::cached_in(shelf.name).get(1).verify(&mut conn).await.unwrap(), Verdict::Stale);
        // It may go from thread to thread.
        let (name, url) = (shelf.name, shelf.url.clone());
        let verified = tokio::spawn(async move {
            let mut conn = AsyncSqlite::establish(&url).await.unwrap();
            Tool::cached_in(name).verify_rows([1, 2], &mut conn).await.unwrap()
        });
        let stale: Vec<String> = verified.await.unwrap().stale.into_iter().map(|(key, _)| key).collect();
        assert_eq!(stale, ["1"]);
    });
}
