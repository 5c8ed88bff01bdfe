//! Pools of the library's own connections.

use cache_diesel::prelude::*;
use cache_diesel::{AsyncPgConnection, Cache, caches};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8, deadpool};

use crate::postgres::{Board, Note, notes};

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

#[test]
fn a_hit_takes_no_connection_and_a_write_through_the_pool_is_seen() {
    let board = Board::new();
    caches::configure([("pooled", Cache::builder().memory(MIB).database(board.url()))]).unwrap();
    let pool = deadpool::Pool::builder(AsyncDieselConnectionManager::<AsyncPgConnection>::new(board.url()));
    let pool = pool.max_size(1).build().unwrap();
    board.block_on(async {
        let title = async || Note::cached_in("pooled").get(1).first_with(&pool).await.unwrap().title.clone();
        assert_eq!(title().await, "Old");
        let mut held = pool.get().await.unwrap();
        assert_eq!(title().await, "Old");
        retitle(&mut held, "New").await.unwrap();
        drop(held);
        assert_eq!(title().await, "New");
    });
}
