//! Values of plain statements on PostgreSQL, awaited on both kinds of connections.

use std::time::Duration;

use cache_diesel::{acquaint_async, caches};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::postgres::{Board, notes};

async fn value<C>(key: &str, conn: &mut C) -> (i64, bool)
where
    C: AsyncConnection<Backend = Pg>,
{
    let cache = caches::default().unwrap();
    let work = async || -> QueryResult<i64> {
        acquaint_async(conn).await;
        notes::table.count().get_result(conn).await
    };
    let entry = cache.computation(key).timeout(Duration::from_secs(3600)).entry_async(work).await.unwrap();
    (entry.value, entry.is_hit())
}

#[test]
fn y1_plain_statements_that_are_awaited_count() {
    let board = Board::new();
    board.block_on(async {
        let (mut plain, mut tracked) = (board.conn().await, board.tracked().await);
        for key in ["plain", "tracked"] {
            let mut before = 0;
            for expected in [false, true] {
                let found = if key == "plain" { value(key, &mut plain).await } else { value(key, &mut tracked).await };
                assert_eq!(found.1, expected, "{key}");
                before = found.0;
            }
            board.batch("DELETE FROM notes WHERE id = (SELECT min(id) FROM notes)");
            let (after, is_hit) =
                if key == "plain" { value(key, &mut plain).await } else { value(key, &mut tracked).await };
            assert_eq!((after, is_hit), (before - 1, false), "{key}");
        }
    });
}
