//! Plain statements on connections of PostgreSQL: when they count.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio::time::timeout;

use crate::postgres::{Board, Note, notes};
use crate::{LIFE, wait_until};

async fn retitle(mut conn: &AsyncPgConnection, id: i32, title: &str) -> QueryResult<usize> {
    diesel::update(notes::table.find(id)).set(notes::title.eq(title)).execute(&mut conn).await
}

const SOON: Duration = Duration::from_millis(200);

#[test]
fn a_write_counts_at_its_end() {
    let board = Board::new();
    let mut conn = board.block_on(board.conn());
    assert_eq!(board.read(1), "Old");
    board.block_on(retitle(&conn, 1, "New")).unwrap();
    assert_eq!(board.read(1), "New");
    board.block_on(async {
        diesel_async::AsyncConnection::transaction(&mut conn, async |conn| {
            retitle(conn, 1, "Newer").await?;
            assert_eq!(board.read(1), "New");
            QueryResult::Ok(())
        })
        .await
        .unwrap();
    });
    assert_eq!(board.read(1), "Newer");
}

#[test]
fn a_query_that_ends_beside_a_write_does_not_end_the_write() {
    let board = Board::new();
    let mut lock = board.lock(1);
    let conn = board.block_on(board.conn());
    board.block_on(async {
        let query = notes::table.count().get_result::<i64>(&mut &conn);
        let write = retitle(&conn, 1, "New");
        let during = async {
            assert_eq!(query.await.unwrap(), 2);
            assert_eq!(board.read(1), "Old");
            SimpleConnection::batch_execute(&mut lock, "COMMIT").unwrap();
        };
        // What is polled first is sent first.
        let ((), written) = tokio::join!(during, write);
        assert_eq!(written.unwrap(), 1);
    });
    assert_eq!(board.read(1), "New");
}

/// The server sends a large answer before it commits, and Diesel tells the end when the answer begins.
#[test]
fn a_write_that_gives_many_rows_back_is_not_over_when_the_first_of_them_arrives() {
    let board = Board::new();
    board.batch("INSERT INTO notes SELECT n, repeat('x', 6000) FROM generate_series(3, 30) n");
    board.slow_commits(Duration::from_millis(500));
    assert_eq!(board.read(1), "Old");
    let mut conn = board.block_on(board.conn());
    let written = std::thread::scope(|scope| {
        let task = scope.spawn(|| {
            block_on_alone(async {
                let update = diesel::update(notes::table).set(notes::title.eq(notes::title.concat("!")));
                update.returning(Note::as_returning()).load::<Note>(&mut conn).await.unwrap().len()
            })
        });
        while !task.is_finished() {
            board.read(1);
            std::thread::sleep(Duration::from_millis(1));
        }
        task.join().unwrap()
    });
    assert_eq!((written, board.held(1).as_str()), (30, "Old!"));
    assert_eq!(board.read(1), "Old!");
}

/// Blocks without the runtime of the board, whose threads go on driving its connections.
fn block_on_alone<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// A write that nobody waits for any more, which is done once `after` lets it.
fn dropped_write(board: &Board) -> AsyncPgConnection {
    let mut lock = board.lock(1);
    let conn = board.block_on(board.conn());
    board.block_on(async { timeout(SOON, retitle(&conn, 1, "New")).await }).unwrap_err();
    assert_eq!(board.read(1), "Old");
    SimpleConnection::batch_execute(&mut lock, "COMMIT").unwrap();
    wait_until(Duration::from_secs(10), || board.held(1) == "New");
    conn
}

#[test]
fn a_write_whose_future_was_dropped_counts_with_the_next_end_of_its_connection() {
    let board = Board::new();
    let mut conn = dropped_write(&board);
    board.block_on(SimpleAsyncConnection::batch_execute(&mut conn, "SELECT 1")).unwrap();
    assert_eq!(board.read(1), "New");
}

#[test]
fn a_write_whose_future_was_dropped_counts_when_its_connection_is_closed() {
    let board = Board::new();
    drop(dropped_write(&board));
    assert_eq!(board.read(1), "New");
}

#[test]
fn a_write_whose_future_was_dropped_counts_within_the_life_of_an_intent() {
    let board = Board::new();
    let conn = dropped_write(&board);
    wait_until(LIFE * 2, || board.read(1) == "New");
    drop(conn);
}

#[test]
fn a_write_that_is_never_polled_is_given_up() {
    let board = Board::new();
    let mut conn = board.block_on(board.conn());
    let update = diesel::update(notes::table.find(1)).set(notes::title.eq("New"));
    drop(RunQueryDsl::execute(update, &mut conn));
    assert_eq!(board.read(1), "Old");
    wait_until(LIFE * 4, || board.is_hit(1));
    wait_until(LIFE * 4, || (0..10).all(|_| board.is_hit(1)));
    drop(conn);
}

/// Nobody tells the tracker which database it is.
#[test]
fn a_connection_that_was_not_opened_by_its_url_is_tracked() {
    let board = Board::new();
    assert_eq!(board.read(1), "Old");
    let conn = board.block_on(board.nameless());
    board.block_on(retitle(&conn, 1, "New")).unwrap();
    assert_eq!(board.read(1), "New");
}
