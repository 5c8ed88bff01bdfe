//! Values that are computed from a program's reads.

use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::thread;

use cache_diesel::prelude::*;

use crate::database::DatabaseConn;
use crate::line;
use crate::line::prelude::*;
use crate::program::Conn;
use crate::reads::Read;
use crate::same::{At, Source};
use crate::scene::Scene;
use crate::world::cache_name;

/// What all of the reads give, as a computed value. Of each three, the first is a computed value itself, the second is asked
/// for in the cache, and the third by plain Diesel. The first two are asked for once more, when the value within is there.
pub fn kept(reads: &[Read], name: Conn, conn: &mut DatabaseConn) -> QueryResult<Vec<String>> {
    let mut all = kept_as("all", reads, name, conn)?;
    let two = kept_as("two", &reads[..reads.len().min(2)], name, conn)?;
    // One of them is wrong: so is the list of both.
    if !all.starts_with(&two) {
        all.extend(two);
    }
    Ok(all)
}

fn kept_as(what: &str, reads: &[Read], name: Conn, conn: &mut DatabaseConn) -> QueryResult<Vec<String>> {
    compute(what, reads, name, || {
        let one = |(place, read): (usize, &Read)| match place % 3 {
            0 => compute("one", read, name, || said(read, name, Source::Cache, conn)),
            _ => said(read, name, source(place), conn),
        };
        reads.iter().enumerate().map(one).collect()
    })
}

/// The same in a task. Each time that it waits, `amid` is called, which is no part of the computation.
pub fn kept_in_task(
    reads: &[Read],
    name: Conn,
    conn: &mut DatabaseConn,
    amid: &mut dyn FnMut(),
) -> QueryResult<Vec<String>> {
    let (key, cache) = (key("task", reads, name), caches::get(cache_name()).unwrap());
    let work = async || {
        let mut all = Vec::new();
        for (place, read) in reads.iter().enumerate() {
            yield_now().await;
            all.push(match place % 3 {
                0 => {
                    let key = self::key("one in a task", read, name);
                    let inner = async || {
                        yield_now().await;
                        said(read, name, Source::Cache, conn)
                    };
                    cache.computation(&key).value_async(inner).await?
                }
                _ => said(read, name, source(place), conn)?,
            });
        }
        QueryResult::Ok(all)
    };
    drive(cache.computation(&key).value_async(work), amid)
}

/// What comes of a task. Each time that it waits, `amid` is called.
pub fn drive<T>(task: impl Future<Output = T>, amid: &mut dyn FnMut()) -> T {
    let mut task = pin!(task);
    loop {
        match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => return done,
            Poll::Pending => amid(),
        }
    }
}

/// Lets whoever polls do something else once.
pub async fn yield_now() {
    let mut is_second = false;
    poll_fn(|_| if core::mem::replace(&mut is_second, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// The same, computed anew.
pub fn anew(reads: &[Read], name: Conn, conn: &mut DatabaseConn) -> QueryResult<Vec<String>> {
    reads.iter().enumerate().map(|(place, read)| said(read, name, source(place), conn)).collect()
}

/// Where the read at this place is asked for.
pub const fn source(place: usize) -> Source {
    if place % 3 == 2 { Source::Database } else { Source::Cache }
}

/// Values of other databases, and of programs on other threads, have other keys.
pub fn key(what: &str, of: &(impl core::fmt::Debug + ?Sized), name: Conn) -> String {
    format!("{what} {of:?} {} {:?}", name == Conn::Two, thread::current().id())
}

fn compute<T: Clone + Send + Sync + 'static>(
    what: &str,
    of: &(impl core::fmt::Debug + ?Sized),
    name: Conn,
    work: impl FnOnce() -> QueryResult<T>,
) -> QueryResult<T> {
    let key = key(what, of, name);
    caches::get(cache_name()).unwrap().computation(&key).value_in_memory(work)
}

/// Computes all of the reads in a transaction, whatever is kept: nobody is to be given what comes of that.
pub fn compute_for_nobody(reads: &[Read], name: Conn, conn: &mut DatabaseConn) {
    let key = key("all", reads, name);
    let computation = caches::get(cache_name()).unwrap().computation(&key).refresh();
    drop(computation.value_in_memory(|| anew(reads, name, conn)));
}

/// After how many seconds a value ends that depends on nothing.
pub const SECONDS_OF_LIFE: u64 = 40;

/// How old that value is, as those show it who compute it or find it.
pub fn greatest_age(name: Conn) -> u64 {
    let now = Scene::current().seconds();
    let inner = || {
        let key = key("moment", "", name);
        let computation = caches::get(cache_name()).unwrap().computation(&key).depends_on_nothing();
        computation.timeout(Duration::from_secs(SECONDS_OF_LIFE)).value_in_memory(|| Ok(Scene::current().seconds()))
    };
    let shown = ["computes it", "finds it"].map(|outer| compute(outer, "moment", name, inner).unwrap());
    now - shown.into_iter().min().unwrap_or(now)
}

/// What a read gives.
pub fn said(read: &Read, name: Conn, source: Source, conn: &mut DatabaseConn) -> QueryResult<String> {
    if source == Source::Database {
        line::acquaint(conn);
    }
    let mut at = At { source: Some(source), ..At::plainly(name, conn) };
    _ = read.run(&mut at);
    at.said.expect("every read says what it gives")
}
