//! Reads over a shared reference to a connection of PostgreSQL, whose statements are under way together.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use tests::servers;

use crate::postgres::{Board, Note, notes};
use crate::reads::{CACHES, TABLES, Tool, ToolPage, add_elsewhere, every_read, tools};

/// A database with tools, as [`crate::reads`] has them.
fn shelf() -> servers::Database {
    let database = servers::postgres::fresh_database();
    PgConnection::establish(database.url()).unwrap().batch_execute(TABLES).unwrap();
    database
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A shared reference for as long as a test runs.
macro_rules! printed {
    ($cache:expr, $connection:ty, $url:expr) => {{
        let url = $url.to_owned();
        async move {
            let opened = <$connection>::establish(&url).await.unwrap();
            let (mut conn, mut printed) = (&opened, Vec::new());
            for _ in 0..2 {
                every_read!($cache, conn, printed, await);
            }
            assert!(Tool::cached_in($cache).every().entry(&mut conn).await.unwrap().is_hit());
            printed
        }
    }};
}

#[test]
fn a_shared_reference_reads_what_the_connection_reads_from_the_database_and_from_the_cache() {
    add_elsewhere();
    let runtime = runtime();
    for cache in CACHES {
        let (blocking, plain, tracked) = (shelf(), shelf(), shelf());
        let (mut conn, mut expected) = (PgConnection::establish(blocking.url()).unwrap(), Vec::new());
        for _ in 0..2 {
            every_read!(cache, conn, expected);
        }
        // Their futures may go from thread to thread.
        let plain = runtime.spawn(printed!(cache, AsyncPgConnection, plain.url()));
        assert_eq!(runtime.block_on(plain).unwrap(), expected, "{cache}");
        let tracked = runtime.spawn(printed!(cache, cache_diesel::AsyncPgConnection, tracked.url()));
        assert_eq!(runtime.block_on(tracked).unwrap(), expected, "{cache}");
    }
}

/// The tests for each kind of connection: `$open` gives one of the board.
macro_rules! shared {
    ($connection:ty, $open:ident, $seen:expr) => {
        use super::*;

        async fn retitle(mut conn: &$connection, id: i32, title: &str) -> QueryResult<usize> {
            diesel::update(notes::table.find(id)).set(notes::title.eq(title)).execute(&mut conn).await
        }

        async fn read(mut conn: &$connection, id: i32) -> QueryResult<String> {
            Ok(Note::cached().get(id).first(&mut conn).await?.title.clone())
        }

        async fn run(mut conn: &$connection, sql: &str) {
            diesel::sql_query(sql).execute(&mut conn).await.unwrap();
        }

        #[test]
        fn reads_and_writes_that_are_under_way_together_are_told_apart() {
            let board = Board::new();
            board.block_on(async {
                let conn = &board.$open().await;
                for round in 0..20 {
                    let title = format!("Round {round}");
                    let (count, all, _, written) = tokio::try_join!(
                        Note::cached().every().count(&mut &*conn),
                        Note::cached().every().load(&mut &*conn),
                        Note::cached().get(2).first(&mut &*conn),
                        retitle(conn, 1, &title),
                    )
                    .unwrap();
                    assert_eq!((count, all.len(), written), (2, 2, 1));
                    assert_eq!((read(conn, 1).await.unwrap(), board.read(1)), (title.clone(), title));
                }
                assert_eq!(read(conn, 2).await.unwrap(), "Other");
                assert!(Note::cached().get(2).entry(&mut &*conn).await.unwrap().is_hit());
            });
        }

        #[test]
        fn in_a_transaction_it_reads_what_was_written_there_and_nobody_else_does() {
            let board = Board::new();
            board.block_on(async {
                let mut opened = board.$open().await;
                assert_eq!(read(&opened, 1).await.unwrap(), "Old");
                let undone = opened.transaction(async |conn| {
                    retitle(conn, 1, "New").await?;
                    assert_eq!((read(conn, 1).await?, read(conn, 2).await?), ("New".to_owned(), "Other".to_owned()));
                    assert_eq!(board.read(1), "Old");
                    Err::<(), _>(diesel::result::Error::RollbackTransaction)
                });
                undone.await.unwrap_err();
                assert_eq!((read(&opened, 1).await.unwrap(), board.read(1)), ("Old".to_owned(), "Old".to_owned()));
                assert!(Note::cached().get(1).entry(&mut &opened).await.unwrap().is_hit());
            });
        }

        #[test]
        fn what_a_transaction_wrote_that_began_beside_the_read_is_not_kept() {
            let board = Board::new();
            board.block_on(async {
                let conn = &board.$open().await;
                // Whatever is asked once was asked.
                assert_eq!((read(conn, 2).await.unwrap(), board.read(2)), ("Other".to_owned(), "Other".to_owned()));
                assert!(board.is_hit(2));
                let write = retitle(conn, 1, "New");
                let (_, written, seen) = tokio::join!(run(conn, "BEGIN"), write, read(conn, 1));
                let seen = seen.unwrap();
                assert!(written == Ok(1) && $seen.contains(&&*seen), "{seen}");
                run(conn, "ROLLBACK").await;
                assert_eq!((read(conn, 1).await.unwrap(), board.read(1)), ("Old".to_owned(), "Old".to_owned()));
            });
        }

        /// A read that is dropped leaves nothing behind on a connection that others go on with.
        #[test]
        fn a_read_may_be_dropped_at_any_poll() {
            let board = Board::new();
            board.block_on(async {
                let conn = &board.$open().await;
                for times in 0.. {
                    let title = format!("Polled {times}");
                    retitle(conn, 1, &title).await.unwrap();
                    let done = crate::some::polled(times, read(conn, 1)).await;
                    let others = tokio::join!(read(conn, 1), retitle(conn, 2, &title), read(conn, 2));
                    assert_eq!((others.0.unwrap(), read(conn, 2).await.unwrap()), (title.clone(), title.clone()));
                    crate::wait_until(crate::LIFE * 4, || board.read(1) == title && board.is_hit(1));
                    if let Some(read) = done {
                        assert!(times > 0, "it was never dropped");
                        return assert_eq!(read.unwrap(), title);
                    }
                }
            });
        }
    };
}

mod plain {
    shared!(AsyncPgConnection, conn, ["New"]);
}

mod tracked {
    // Its write may wait for intents, and be sent after the read.
    shared!(cache_diesel::AsyncPgConnection, tracked, ["New", "Old"]);
}

#[test]
fn many_tasks_read_over_one_connection() {
    let board = Board::new();
    board.batch("INSERT INTO notes SELECT n, 'Old' FROM generate_series(3, 200) n");
    board.block_on(async {
        let conn = Arc::new(board.tracked().await);
        for expected in ["Old", "New"] {
            let mut tasks = tokio::task::JoinSet::new();
            for id in 3..=200 {
                let conn = Arc::clone(&conn);
                tasks.spawn(async move { Note::cached().get(id).first(&mut &*conn).await.unwrap().title.clone() });
            }
            assert!(tasks.join_all().await.iter().all(|title| title == expected));
            diesel::update(notes::table).set(notes::title.eq("New")).execute(&mut &*conn).await.unwrap();
        }
    });
}
