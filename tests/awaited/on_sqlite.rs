//! The same terminal methods, awaited on a diesel-async connection.

use diesel::prelude::*;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
// In scope on purpose: it is implemented for every type, and would take methods by reference away.
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::shop::{Album, albums, database};

type AsyncSqlite = SyncConnectionWrapper<SqliteConnection>;

#[test]
fn the_same_methods_are_awaited() {
    let path = database();
    let url = path.display().to_string();
    runtime().block_on(async move {
        tokio::spawn(async move {
            let mut conn = AsyncSqlite::establish(&url).await.unwrap();
            let title = String::from("Noon");
            let plain: Vec<Album> = albums::table.select(Album::as_select()).load(&mut conn).await.unwrap();
            let every = Album::cached().every().load(&mut conn).await.unwrap();
            assert_eq!(*every, plain);
            let borrowed = Album::cached().all("x", albums::title.eq(&title)).load(&mut conn).await.unwrap();
            assert_eq!(borrowed[0].id, 12);
            assert_eq!(Album::cached().get(10).first(&mut conn).await.unwrap().title, "Dawn");
            assert!(Album::cached().get(99).first(&mut conn).await.optional().unwrap().is_none());

            diesel::update(albums::table.find(10)).set(albums::title.eq("New")).execute(&mut conn).await.unwrap();
            assert_eq!(Album::cached().get(10).first(&mut conn).await.unwrap().title, "New");
            assert_eq!(Album::cached().every().load(&mut conn).await.unwrap()[0].title, "New");
        })
        .await
        .unwrap();
    });
}

#[test]
fn awaited_and_blocking_reads_share_entries() {
    let path = database();
    let url = path.display().to_string();
    let mut blocking = SqliteConnection::establish(&url).unwrap();
    let first = Album::cached().get(11).first(&mut blocking).unwrap();
    let second = runtime().block_on(async {
        let mut conn = AsyncSqlite::establish(&url).await.unwrap();
        Album::cached().get(11).first(&mut conn).await.unwrap()
    });
    assert!(std::sync::Arc::ptr_eq(&first, &second));
}

#[test]
fn what_the_database_does_by_itself_is_asked_on_an_awaited_connection() {
    use diesel::connection::SimpleConnection;
    let path = database();
    let url = path.display().to_string();
    let mut blocking = SqliteConnection::establish(&url).unwrap();
    let trigger = "CREATE TABLE logs (id INTEGER PRIMARY KEY);
         CREATE TRIGGER logged AFTER INSERT ON logs BEGIN UPDATE albums SET title = 'New'; END";
    blocking.batch_execute(trigger).unwrap();
    let report = runtime().block_on(async {
        let mut conn = AsyncSqlite::establish(&url).await.unwrap();
        cache_diesel::check_async(&mut conn).await.unwrap()
    });
    assert!(report.findings().iter().any(|finding| finding.cause == "logged"), "{report}");
    assert_eq!(report, cache_diesel::check(&mut blocking).unwrap());
}

#[test]
fn tasks_on_one_thread_that_miss_together_ask_the_database_once() {
    let path = database();
    let url = path.display().to_string();
    let one_thread = tokio::runtime::Builder::new_current_thread().build().unwrap();
    one_thread.block_on(async move {
        let mut tasks = Vec::new();
        for _ in 0..200 {
            let mut conn = AsyncSqlite::establish(&url).await.unwrap();
            tasks.push(tokio::spawn(
                async move { Album::cached().all("stampede", albums::id.gt(9)).load(&mut conn).await },
            ));
        }
        let mut lists = Vec::new();
        for task in tasks {
            lists.push(task.await.unwrap().unwrap());
        }
        // Whoever asked by himself would have a list of his own.
        assert!(lists.iter().all(|list| std::sync::Arc::ptr_eq(list, &lists[0])));
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
}
