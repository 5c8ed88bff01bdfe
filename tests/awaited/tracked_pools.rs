//! Pools of the library's own connections.

use cache_diesel::AsyncPgConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8, deadpool};

use crate::postgres::{Board, notes};

async fn retitle(conn: &mut AsyncPgConnection, title: &str) -> QueryResult<usize> {
    diesel::update(notes::table.find(1)).set(notes::title.eq(title)).execute(conn).await
}

#[test]
fn pools_hand_out_tracked_connections() {
    let board = Board::new();
    let manager = || AsyncDieselConnectionManager::<AsyncPgConnection>::new(board.url());
    board.block_on(async {
        board.read(1);
        let pool = deadpool::Pool::builder(manager()).max_size(1).build().unwrap();
        retitle(&mut pool.get().await.unwrap(), "By deadpool").await.unwrap();
        assert_eq!(board.read(1), "By deadpool");
        // What is taken again was looked at by a statement.
        let mut again = pool.get().await.unwrap();
        diesel::update(notes::table).set(notes::title.eq("Again")).execute(&mut again).await.unwrap();
        assert_eq!(board.read(1), "Again");
        let pool = bb8::Pool::builder().max_size(1).build(manager()).await.unwrap();
        retitle(&mut pool.get().await.unwrap(), "By bb8").await.unwrap();
        assert_eq!(board.read(1), "By bb8");
    });
}
