//! Writes through managers, awaited: on tracked connections, and on plain ones.

use std::sync::Mutex;

use cache_diesel::prelude::*;
use cache_diesel::{After, Saved};
use diesel::prelude::*;
use diesel_async::AsyncConnection;
use tokio::time::timeout;

use crate::postgres::{Board, notes};
use crate::{LIFE, wait_until};

diesel::table! { plans (id) { id -> Integer, title -> Text, } }

#[derive(AsChangeset, Cached, Debug, Insertable, PartialEq, Queryable, Selectable)]
#[cached(after_save = note, after_delete = note)]
struct Plan {
    id: i32,
    title: String,
}

static SAVED: Mutex<Vec<Option<i32>>> = Mutex::new(Vec::new());

fn note(saved: &Saved<Plan>) {
    SAVED.lock().unwrap().push(saved.id().copied());
}

async fn every_write<C>(board: &Board, conn: &mut C)
where
    C: AsyncConnection<Backend = diesel::pg::Pg> + 'static,
{
    board.batch("DROP TABLE IF EXISTS plans; CREATE TABLE plans (id INTEGER PRIMARY KEY, title TEXT NOT NULL)");
    SAVED.lock().unwrap().clear();
    let plans = Plan::cached();
    let reader = || PgConnection::establish(board.url()).unwrap();
    let titles = || -> Vec<String> {
        let list = plans.every().load(&mut reader()).unwrap();
        let mut rows: Vec<_> = list.iter().map(|plan| (plan.id, plan.title.clone())).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, title)| title).collect()
    };
    assert!(titles().is_empty());
    let count = plans.insert(Plan { id: 1, title: "One".to_owned() }).execute(conn).await.unwrap();
    assert_eq!((count, titles()), (1, vec!["One".to_owned()]));
    let title = String::from("Two");
    let two = plans.insert((self::plans::id.eq(2), self::plans::title.eq(&title))).get_result(conn).await.unwrap();
    assert_eq!(titles().len(), 2);
    let saved = plans.save(&Plan { title: "New".to_owned(), ..two }).get_result(conn).await.unwrap();
    assert_eq!((saved.title.as_str(), titles()[1].as_str()), ("New", "New"));
    assert_eq!(plans.save(&Plan { id: 9, title: title.clone() }).execute(conn).await.unwrap(), 0);
    let update = diesel::update(self::plans::table.find(1)).set(self::plans::title.eq(&title));
    assert_eq!(plans.write(update).execute(conn).await.unwrap(), 1);
    assert_eq!(titles()[0], "Two");
    let rows = plans.write(diesel::delete(self::plans::table.find(1))).get_results(conn).await.unwrap();
    assert_eq!((rows.len(), titles().len()), (1, 1));
    conn.transaction(async |conn| {
        assert_eq!(plans.delete(2).execute(conn).await?, 1);
        plans.clear_lists().after(conn).unwrap();
        assert_eq!(titles().len(), 1);
        QueryResult::Ok(())
    })
    .await
    .unwrap();
    assert!(titles().is_empty());
    assert_eq!(*SAVED.lock().unwrap(), [None, Some(2), Some(2), None, Some(1), Some(2)]);
}

#[test]
fn writes_are_awaited_on_both_kinds_of_connections() {
    let board = Board::new();
    board.block_on(async {
        let mut plain = board.conn().await;
        every_write(&board, &mut plain).await;
        let mut tracked = board.tracked().await;
        every_write(&board, &mut tracked).await;
    });
}

/// It is asked which database it is on.
#[test]
fn a_write_on_a_connection_that_is_not_tracked_counts_for_its_own_database_alone() {
    let (board, other) = (Board::new(), Board::new());
    let managed = crate::postgres::Note::cached();
    board.block_on(async {
        let mut conn = board.conn().await;
        conn.set_instrumentation(|_: diesel::connection::InstrumentationEvent<'_>| {});
        for title in ["New", "Newer"] {
            drop((board.read(1), other.read(1)));
            assert!(board.is_hit(1) && other.is_hit(1));
            let update = diesel::update(notes::table.find(1)).set(notes::title.eq(title));
            if title == "New" {
                managed.write(update).execute(&mut conn).await.unwrap();
            } else {
                let work = async |conn: &mut diesel_async::AsyncPgConnection| {
                    diesel_async::RunQueryDsl::execute(update, conn).await
                };
                cache_diesel::writes_async(&mut conn, ["notes"], work).await.unwrap();
            }
            assert_eq!(board.read(1), title);
            assert!(other.is_hit(1));
        }
    });
}

/// A handler may be sent to another thread while it awaits.
#[test]
fn the_futures_of_writes_are_sent() {
    let board = Board::new();
    board.block_on(async {
        let mut conn = board.tracked().await;
        let title = String::from("Sent");
        let handler = async move {
            let statement = diesel::update(notes::table.find(1)).set(notes::title.eq(&title));
            crate::postgres::Note::cached().write(statement).execute(&mut conn).await.unwrap()
        };
        assert_eq!(tokio::spawn(handler).await.unwrap(), 1);
    });
    assert_eq!(board.read(1), "Sent");
}

#[test]
fn a_write_of_a_manager_that_is_dropped_counts_when_the_server_has_done_it() {
    for is_tracked in [false, true] {
        let board = Board::new();
        let mut lock = board.lock(1);
        let write = |title| diesel::update(notes::table.find(1)).set(notes::title.eq(title));
        let notes = crate::postgres::Note::cached();
        let (mut plain, mut tracked) = board.block_on(async { (board.conn().await, board.tracked().await) });
        assert_eq!(board.read(1), "Old");
        board.block_on(async {
            let soon = std::time::Duration::from_millis(100);
            if is_tracked {
                timeout(soon, notes.write(write("New")).execute(&mut tracked)).await.unwrap_err();
            } else {
                timeout(soon, notes.write(write("New")).execute(&mut plain)).await.unwrap_err();
            }
        });
        assert_eq!(board.read(1), "Old");
        diesel::connection::SimpleConnection::batch_execute(&mut lock, "COMMIT").unwrap();
        wait_until(LIFE * 4, || board.held(1) == "New");
        wait_until(LIFE * 2, || board.read(1) == "New");
    }
}
