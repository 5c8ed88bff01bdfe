//! Writes and transactions on the library's own connections that fail, overlap, or are dropped at any point.

use std::sync::Arc;

use cache_diesel::AsyncPgConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::postgres::{Board, notes};
use crate::some::polled;
use crate::{LIFE, wait_until};

async fn retitle(conn: &mut AsyncPgConnection, title: &str) -> QueryResult<usize> {
    diesel::update(notes::table.find(1)).set(notes::title.eq(title)).execute(conn).await
}

/// Reads what a write may change, so that it is cached.
fn warm(board: &Board) -> String {
    let title = board.read(1);
    wait_until(LIFE * 4, || board.is_hit(1));
    title
}

#[test]
fn a_write_that_fails_leaves_no_intent() {
    let board = Board::new();
    let mut conn = board.block_on(board.tracked());
    warm(&board);
    let double = diesel::insert_into(notes::table).values((notes::id.eq(1), notes::title.eq("Double")));
    let error = board.block_on(double.execute(&mut conn)).unwrap_err();
    assert!(matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)));
    assert_eq!(board.read(1), "Old");
    assert!(board.is_hit(1));
}

#[test]
fn a_serializable_transaction_that_failed_counts_when_it_is_run_again() {
    let board = Board::new();
    let (mut one, mut other) = board.block_on(async { (board.tracked().await, board.tracked().await) });
    warm(&board);
    let mut runs = 0;
    let done = board.block_on(async {
        loop {
            runs += 1;
            let is_first = runs == 1;
            let builder = one.build_transaction().serializable().read_write().not_deferrable();
            let result = builder.run(async |conn| {
                let count = notes::table.count().get_result::<i64>(conn).await?;
                if is_first {
                    retitle(&mut other, "Other").await?;
                }
                retitle(conn, &format!("Counted {count}")).await
            });
            match result.await {
                Err(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => {}
                result => break result,
            }
        }
    });
    assert_eq!((done, runs), (Ok(1), 2));
    assert_eq!(warm(&board), "Counted 2");
}

#[test]
fn statements_at_the_same_time_on_one_connection_count_each_at_its_end() {
    let board = Board::new();
    let conn = board.block_on(board.tracked());
    warm(&board);
    let mut lock = board.lock(1);
    board.block_on(async {
        let first = async {
            let update = diesel::update(notes::table.find(1)).set(notes::title.eq("New"));
            update.execute(&mut &conn).await
        };
        let others = async {
            assert_eq!(board.read(1), "Old");
            SimpleConnection::batch_execute(&mut lock, "COMMIT").unwrap();
            for _ in 0..50 {
                notes::table.count().get_result::<i64>(&mut &conn).await.unwrap();
                board.read(1);
            }
        };
        let (written, ()) = tokio::join!(first, others);
        assert_eq!(written, Ok(1));
    });
    assert_eq!(warm(&board), "New");
}

#[test]
fn more_writes_at_once_than_a_tracker_keeps_of_other_connections_all_count() {
    let board = Board::new();
    board.batch("INSERT INTO notes SELECT n, 'Old' FROM generate_series(3, 60) n");
    let conn = board.block_on(board.tracked());
    (1..=60).for_each(|id| drop(board.read(id)));
    board.block_on(async {
        let mut writes = tokio::task::JoinSet::new();
        let conn = Arc::new(conn);
        for id in 1..=60 {
            let conn = Arc::clone(&conn);
            writes.spawn(async move {
                let update = diesel::update(notes::table.find(id)).set(notes::title.eq("New"));
                update.execute(&mut &*conn).await.unwrap()
            });
        }
        assert_eq!(writes.join_all().await.iter().sum::<usize>(), 60);
    });
    (1..=60).for_each(|id| assert_eq!(board.read(id), "New"));
}

/// What the database holds is what is read before long, and is cached again.
fn is_settled(board: &Board, context: &str) {
    wait_until(LIFE * 6, || board.read(1) == board.held(1) && board.is_hit(1));
    let read = board.read(1);
    assert_eq!(read, board.held(1), "{context}");
}

#[test]
fn a_transaction_may_be_dropped_at_any_poll() {
    let board = Board::new();
    for times in 0.. {
        let mut conn = board.block_on(board.tracked());
        warm(&board);
        let title = format!("After {times}");
        let work = conn.transaction(async |conn| {
            retitle(conn, "Undone").await?;
            retitle(conn, &title).await
        });
        let done = board.block_on(polled(times, work));
        // As a pool does.
        drop(conn);
        is_settled(&board, &format!("after {times} polls"));
        if done.is_some() {
            assert!(times > 0, "it was never dropped");
            return;
        }
    }
}

#[test]
fn a_dropped_write_that_waits_for_a_lock_counts_with_the_next_end_of_its_connection() {
    let board = Board::new();
    let mut conn = board.block_on(board.tracked());
    warm(&board);
    let mut lock = board.lock(1);
    board.block_on(async {
        tokio::select! {
            _ = retitle(&mut conn, "New") => panic!("the row is locked"),
            () = board.somebody_waits_for_a_lock() => {}
        }
    });
    assert_eq!(board.read(1), "Old");
    SimpleConnection::batch_execute(&mut lock, "COMMIT").unwrap();
    board.block_on(conn.batch_execute("SELECT 1")).unwrap();
    assert_eq!(warm(&board), "New");
}
