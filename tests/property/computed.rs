//! Values that are computed from a program's reads.

use std::thread;

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::database::DatabaseConn;
use crate::program::Conn;
use crate::reads::Read;
use crate::same::{At, Source};
use crate::world::cache_name;

/// What all of the reads give, as a computed value. Of each three, the first is a computed value itself, the second is asked
/// for in the cache, and the third by plain Diesel.
pub fn kept(reads: &[Read], name: Conn, conn: &mut DatabaseConn) -> QueryResult<Vec<String>> {
    compute("all", reads, name, || {
        let one = |(place, read): (usize, &Read)| match place % 3 {
            0 => compute("one", read, name, || said(read, name, Source::Cache, conn)),
            1 => said(read, name, Source::Cache, conn),
            _ => {
                cache_diesel::acquaint(conn);
                said(read, name, Source::Database, conn)
            }
        };
        reads.iter().enumerate().map(one).collect()
    })
}

/// The same, computed anew.
pub fn anew(reads: &[Read], name: Conn, conn: &mut DatabaseConn) -> QueryResult<Vec<String>> {
    let source = |place| if place % 3 == 2 { Source::Database } else { Source::Cache };
    reads.iter().enumerate().map(|(place, read)| said(read, name, source(place), conn)).collect()
}

/// Values of other databases, and of programs on other threads, have other keys.
fn compute<T: Clone + Send + Sync + 'static>(
    what: &str,
    of: &(impl core::fmt::Debug + ?Sized),
    name: Conn,
    work: impl FnOnce() -> QueryResult<T>,
) -> QueryResult<T> {
    let key = format!("{what} {of:?} {} {:?}", name == Conn::Two, thread::current().id());
    caches::get(cache_name()).unwrap().computation(&key).value_in_memory(work)
}

fn said(read: &Read, name: Conn, source: Source, conn: &mut DatabaseConn) -> QueryResult<String> {
    let mut at = At { source: Some(source), ..At::plainly(name, conn) };
    _ = read.run(&mut at);
    at.said.expect("every read says what it gives")
}
