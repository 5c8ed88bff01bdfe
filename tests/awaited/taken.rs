//! Reads that take an awaited connection on a miss only: a hit takes none, not even of a pool that has none left.

use core::fmt::Debug;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use cache_diesel::prelude::*;
use cache_diesel::{Cache, ReadError, caches};
use diesel::prelude::*;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8, deadpool};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::reads::{Tool, database, tools};

type AsyncSqlite = SyncConnectionWrapper<SqliteConnection>;

/// A database, and the name of a cache that knows it.
fn shelf(name: &'static str) -> (tempfile::TempPath, String) {
    let path = database();
    let url = path.display().to_string();
    caches::configure([(name, Cache::builder().memory(16 * MIB).database(url.as_str()))]).unwrap();
    (path, url)
}

fn manager(url: &str) -> AsyncDieselConnectionManager<AsyncSqlite> {
    AsyncDieselConnectionManager::new(url)
}

fn printed<T: Debug, E: Debug>(value: Result<T, E>) -> String {
    format!("{:?}", value.unwrap())
}

/// Every method that ends a read and takes its connection on a miss, each once; what it gives is printed.
macro_rules! every_read {
    ($cache:expr, $take:expr) => {{
        let tools = Tool::cached_in($cache);
        let title = String::from("Axe");
        let borrowed = tools::title.eq(&title);
        [
            printed(tools.get(1).first_with($take).await),
            printed(tools.get(2).entry_with($take).await.map(|entry| format!("{:?}", *entry))),
            printed(tools.get(2).filter(borrowed).first_with($take).await),
            printed(tools.get_by_title("Axe").first_with($take).await),
            printed(tools.every().load_with($take).await),
            printed(tools.all("named", borrowed).load_with($take).await),
            printed(tools.every().order_by(tools::title).first_with($take).await),
            printed(tools.every().entry_with($take).await.map(|entry| format!("{:?}", *entry))),
            printed(tools.every().count_with($take).await),
            printed(tools.all("some", borrowed).exists_with($take).await),
            printed(tools.all_by_maker_id(1).load_with($take).await),
            printed(tools.every().limit(1).load_and_count_with($take).await),
            printed(tools.get_many([2, 1, 2]).load_with($take).await),
        ]
    }};
}

/// Does `work` as a task, so that its future may go from thread to thread.
fn on_a_runtime<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::spawn(work).await.unwrap() })
}

fn is_waiting<T>(future: Pin<&mut impl Future<Output = T>>) -> bool {
    matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
}

#[test]
fn a_hit_takes_no_connection_of_a_pool_of_deadpool() {
    let (_path, url) = shelf("deadpool");
    on_a_runtime(async move {
        let pool = deadpool::Pool::builder(manager(&url)).max_size(1).build().unwrap();
        let missed = every_read!("deadpool", &pool);
        let held = pool.get().await.unwrap();
        assert_eq!(every_read!("deadpool", &pool), missed);
        assert_eq!(every_read!("deadpool", || pool.get()), missed);
        let mut absent = pin!(Tool::cached_in("deadpool").get(9).first_with(&pool));
        assert!(is_waiting(absent.as_mut()), "a miss waits for a connection");
        drop(held);
        assert!(absent.await.unwrap_err().is_not_found());
        assert!(Tool::cached_in("deadpool").get(9).first_with(&pool).await.optional().unwrap().is_none());
        pool.close();
        let refused = Tool::cached_in("deadpool").get(9).first_with(&pool).await;
        assert!(matches!(refused, Err(ReadError::Pool(deadpool::PoolError::Closed))));
        assert_eq!(every_read!("deadpool", &pool), missed);
    });
}

#[test]
fn a_hit_takes_no_connection_of_a_pool_of_bb8() {
    let (_path, url) = shelf("bb8");
    on_a_runtime(async move {
        let pool = bb8::Pool::builder().max_size(1).build(manager(&url)).await.unwrap();
        let missed = every_read!("bb8", &pool);
        let held = pool.get().await.unwrap();
        assert_eq!(every_read!("bb8", &pool), missed);
        assert_eq!(every_read!("bb8", || pool.get()), missed);
        drop(held);
        assert!(Tool::cached_in("bb8").get(9).first_with(&pool).await.unwrap_err().is_not_found());
    });
}

#[test]
fn a_closure_is_awaited_on_a_miss_only_and_sees_what_was_written() {
    let (_path, url) = shelf("closures");
    on_a_runtime(async move {
        let take = || AsyncSqlite::establish(&url);
        let opened = async || -> QueryResult<AsyncSqlite> { Ok(take().await.unwrap()) };
        let none = async || -> QueryResult<AsyncSqlite> { Err(diesel::result::Error::BrokenTransactionManager) };
        let missed = every_read!("closures", opened);
        assert_eq!(every_read!("closures", none), missed);
        let saw = || Tool::cached_in("closures").get(1);
        assert_eq!(printed(saw().require_with(none).await), missed[0]);
        let mut writer = take().await.unwrap();
        diesel::update(tools::table.find(1)).set(tools::title.eq("Rasp")).execute(&mut writer).await.unwrap();
        assert!(saw().first_with(none).await.is_err(), "gone");
        assert!(printed(saw().first_with(opened).await).contains("Rasp"));
        assert!(printed(saw().first_with(none).await).contains("Rasp"));
    });
}
