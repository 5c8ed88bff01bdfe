//! Connections whose plain writes are awaited with what they mean for the cache.

use std::time::Duration;

use cache_diesel::AsyncPgConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl, SaveChangesDsl, SimpleAsyncConnection};
use tokio::time::timeout;

use crate::postgres::{Board, Note, notes};
use crate::{LIFE, wait_until};

async fn retitle(mut conn: &AsyncPgConnection, id: i32, title: &str) -> QueryResult<usize> {
    diesel::update(notes::table.find(id)).set(notes::title.eq(title)).execute(&mut conn).await
}

#[test]
fn every_form_of_a_write_counts_at_its_end() {
    let board = Board::new();
    board.block_on(async {
        let conn = &mut board.tracked().await;
        let mut expected = String::from("Old");
        for form in 0..5 {
            assert_eq!(board.read(1), expected);
            expected = format!("Form {form}");
            let update = diesel::update(notes::table.find(1)).set(notes::title.eq(&expected));
            match form {
                0 => drop(update.execute(conn).await.unwrap()),
                1 => drop(update.returning(Note::as_returning()).get_result::<Note>(conn).await.unwrap()),
                2 => drop(diesel_async::RunQueryDsl::execute(update, &mut &*conn).await.unwrap()),
                3 => {
                    let sql = format!("UPDATE notes SET title = '{expected}' WHERE id = 1");
                    conn.batch_execute(&sql).await.unwrap();
                }
                _ => {
                    let note = Change { id: 1, title: &expected };
                    let _: Note = note.save_changes(conn).await.unwrap();
                }
            }
        }
        assert_eq!(board.read(1), expected);
    });
}

#[derive(AsChangeset, Clone, Copy, Identifiable)]
#[diesel(table_name = notes)]
struct Change<'a> {
    id: i32,
    title: &'a str,
}

#[test]
fn a_transaction_counts_at_its_commit_alone() {
    let board = Board::new();
    board.block_on(async {
        let conn = &mut board.tracked().await;
        assert_eq!(board.read(1), "Old");
        conn.transaction(async |conn| {
            retitle(conn, 1, "New").await?;
            let inner = conn.transaction(async |conn| {
                retitle(conn, 2, "Gone").await?;
                Err::<(), _>(diesel::result::Error::RollbackTransaction)
            });
            inner.await.unwrap_err();
            assert_eq!(board.read(1), "Old");
            QueryResult::Ok(())
        })
        .await
        .unwrap();
        assert_eq!((board.read(1), board.read(2)), ("New".to_owned(), "Other".to_owned()));
        conn.build_transaction()
            .serializable()
            .read_write()
            .run(async |conn| retitle(conn, 1, "Newer").await)
            .await
            .unwrap();
        assert_eq!(board.read(1), "Newer");
        conn.begin_test_transaction().await.unwrap();
        retitle(conn, 1, "Test").await.unwrap();
        assert_eq!(board.read(1), "Newer");
    });
}

/// The server sends a large answer before it commits, and Diesel tells the end when the answer begins.
#[test]
fn a_write_that_gives_many_rows_back_is_over_at_its_commit() {
    let board = Board::new();
    board.batch("INSERT INTO notes SELECT n, repeat('x', 6000) FROM generate_series(3, 30) n");
    board.slow_commits(Duration::from_millis(300));
    assert_eq!(board.read(1), "Old");
    board.block_on(async {
        let conn = &mut board.tracked().await;
        let update = diesel::update(notes::table).set(notes::title.eq(notes::title.concat("!")));
        let write = update.returning(Note::as_returning()).load::<Note>(conn);
        let mut write = std::pin::pin!(write);
        loop {
            board.read(1);
            match timeout(Duration::from_millis(1), &mut write).await {
                Err(_) => {}
                Ok(rows) => break assert_eq!(rows.unwrap().len(), 30),
            }
        }
    });
    assert_eq!(board.read(1), "Old!");
    wait_until(LIFE * 2, || board.is_hit(1));
}

#[test]
fn statements_that_are_under_way_together_are_told_apart() {
    let board = Board::new();
    let mut lock = board.lock(1);
    board.block_on(async {
        let conn = &board.tracked().await;
        assert_eq!((board.read(1), board.read(2)), ("Old".to_owned(), "Other".to_owned()));
        let query = async { notes::table.count().get_result::<i64>(&mut &*conn).await };
        let during = async {
            assert_eq!(query.await.unwrap(), 2);
            board.read(1);
            SimpleConnection::batch_execute(&mut lock, "COMMIT").unwrap();
            QueryResult::Ok(0)
        };
        tokio::try_join!(during, retitle(conn, 1, "New"), retitle(conn, 2, "Newer")).unwrap();
    });
    assert_eq!((board.read(1), board.read(2)), ("New".to_owned(), "Newer".to_owned()));
}

/// Polls a future so many times, and drops it.
async fn polled<T>(times: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    for _ in 0..times {
        if let Ok(answer) = timeout(Duration::ZERO, &mut work).await {
            return Some(answer);
        }
    }
    None
}

#[test]
fn a_write_that_is_dropped_at_any_point_leaves_nothing_stale() {
    let board = Board::new();
    board.block_on(async {
        for times in 0..12 {
            let conn = &mut board.tracked().await;
            let title = format!("Polled {times}");
            let (before, slow) = (board.read(1), format!("SELECT pg_sleep(0.01); UPDATE notes SET title = '{title}'"));
            let is_done = match times % 3 {
                0 => polled(times, retitle(conn, 1, &title)).await.is_some(),
                1 => polled(times, conn.transaction(async |conn| retitle(conn, 1, &title).await)).await.is_some(),
                _ => polled(times, conn.batch_execute(&slow)).await.is_some(),
            };
            if is_done {
                assert_eq!(board.read(1), title);
            } else if times == 0 {
                assert_eq!(board.read(1), before);
                assert!(board.is_hit(1), "nothing was sent");
            }
            let _ = conn.batch_execute("SELECT 1").await;
            let told = board.read(1);
            assert!(told == board.held(1), "{told} is stale after {times}");
        }
    });
    wait_until(LIFE * 4, || board.read(1) == board.held(1) && board.is_hit(1));
}

#[test]
fn a_connection_that_no_url_opened_is_asked_which_database_it_is_on() {
    let board = Board::new();
    let managed = Note::cached();
    assert_eq!((board.read(1), board.read(2)), ("Old".to_owned(), "Other".to_owned()));
    let (mut plain, mut tracked) = board.block_on(async { (board.nameless().await, board.tracked_nameless().await) });
    board.block_on(async {
        retitle(&tracked, 1, "New").await.unwrap();
        assert!(board.is_hit(2), "it knows what it has written");
        assert_eq!(managed.get(1).first(&mut tracked).await.unwrap().title, "New");
        assert!(managed.get(1).entry(&mut tracked).await.unwrap().is_hit());
        cache_diesel::track_async(&mut plain).await.unwrap();
        let update = diesel::update(notes::table.find(1)).set(notes::title.eq("Newer"));
        update.execute(&mut plain).await.unwrap();
        assert!(board.is_hit(2));
        assert_eq!(managed.get(1).first(&mut plain).await.unwrap().title, "Newer");
    });
    assert_eq!(board.read(1), "Newer");
}
