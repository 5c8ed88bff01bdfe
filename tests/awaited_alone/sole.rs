//! Reads without a connection beside awaited connections.

use diesel::pg::PgConnection;
use diesel::result::Error;

use crate::postgres::{Board, Note};

/// What sets a connection up is no session of its own kind. A connection of which nobody knows where it leads is one.
#[test]
fn a_connection_that_is_opened_awaited_leaves_reads_without_a_connection_alone() {
    let board = Board::new();
    cache_diesel::only_database(board.url()).unwrap();
    let conn = board.block_on(board.conn());
    assert_eq!(board.read(1), "Old");
    let none = || -> Result<PgConnection, Error> { Err(Error::NotFound) };
    assert_eq!(Note::cached().get(1).first_with(none).unwrap().title, "Old");
    let mut nameless = board.block_on(board.nameless());
    assert!(Note::cached().get(1).first_with(none).is_ok(), "it has done nothing yet");
    board.block_on(diesel_async::SimpleAsyncConnection::batch_execute(&mut nameless, "SELECT 1")).unwrap();
    assert!(Note::cached().get(1).first_with(none).is_err());
    drop(conn);
}
