//! The connections of a suite: they are awaited, and whoever calls is blocked until they are ready.
//!
//! [`Awaited`] is neither a connection of Diesel's nor of diesel-async's: every read and write on it goes to the awaited
//! connection inside. The names are Diesel's, so that a suite is one text for both kinds of connections.

#![allow(dead_code, unused_imports, unused_macros, reason = "each suite uses what its database has")]

mod plain;
mod through;

use core::pin::pin;
use core::task::{Context, Poll};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::Wake;
use std::thread::{self, Thread};

use diesel::SqliteConnection;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use tokio::runtime::{Builder, Runtime};

pub(crate) use plain::only_blocking;
pub use plain::{
    AnsiTransactionManager, TransactionManager, acquaint, identify, prelude, repeatable_read, replica, track,
    write_by_name,
};

#[cfg(feature = "mysql")]
pub type Mysql = Awaited<cache_diesel::AsyncMysqlConnection>;
#[cfg(feature = "postgres")]
pub type Postgres = Awaited<cache_diesel::AsyncPgConnection>;
pub type Sqlite = Awaited<SyncConnectionWrapper<SqliteConnection>>;

/// Random programs are divided by this: each statement wakes two threads.
pub const SHARE: u32 = 4;

/// Whether Diesel asks a connection before a COMMIT if its transaction is still open.
pub const ASKS_BEFORE_COMMIT: bool = false;

/// What drives sockets. The threads that wait are those of the tests.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// A connection that is awaited, for those who block.
#[derive(Debug)]
pub struct Awaited<C>(Option<C>);

impl<C> Awaited<C> {
    pub fn new(conn: C) -> Self {
        Self(Some(conn))
    }

    /// The connection itself.
    pub fn inner(&mut self) -> &mut C {
        self.0.as_mut().expect("it is there until it is dropped")
    }
}

/// Some connections take their leave in a task.
impl<C> Drop for Awaited<C> {
    fn drop(&mut self) {
        let _entered = RUNTIME.enter();
        drop(self.0.take());
    }
}

/// Blocks the thread until `future` is ready. In the middle of that the thread may wait for another one.
pub fn wait<F: Future>(future: F) -> F::Output {
    let _entered = RUNTIME.enter();
    let mut future = pin!(future);
    let sleeper = Arc::new(Sleeper { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Arc::clone(&sleeper).into();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while !sleeper.is_woken.swap(false, Ordering::SeqCst) {
            thread::park();
        }
    }
}

struct Sleeper {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}
