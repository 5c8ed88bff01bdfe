//! Loads rows into a cache: a bounded number of loads at once, and a word on the way.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::io::{IsTerminal, stderr};
use std::thread;

use diesel::connection::LoadConnection;
use serde_json::json;

use crate::backend::CacheBackend;
use crate::manage::Manage;
use crate::manage::answer::Answer;
use crate::manage::failure::Failure;
use crate::manage::list;
use crate::manage::managed::Managed;

impl<C: LoadConnection<Backend: CacheBackend> + 'static> Manage<C> {
    /// So many rows are asked for by one query.
    const CHUNK: usize = 200;

    pub(super) fn warm(&self, manager: &str, keys: Vec<String>, at_once: usize) -> Result<Answer, Failure> {
        let manager = self.of(manager)?;
        list::reachable(manager.cache())?;
        let keys = if keys.is_empty() { manager.keys(&mut self.connection()?)? } else { keys };
        let (next, done, found) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let chunks: Vec<&[String]> = keys.chunks(Self::CHUNK).collect();
        let work = || -> Result<(), Failure> {
            let mut conn = self.connection()?;
            while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                found.fetch_add(load(manager, chunk, &mut conn)?, Ordering::Relaxed);
                tell(done.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len(), keys.len());
            }
            Ok(())
        };
        let threads = at_once.clamp(1, chunks.len().max(1));
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let mut ends = workers.into_iter().map(thread::ScopedJoinHandle::join);
            let panicked = |_| Failure::database("a load has panicked");
            ends.try_for_each(|end| end.map_err(panicked)?)
        })?;
        let (asked, found) = (keys.len(), found.into_inner());
        let table = format!("{}: {found} of {asked} rows are cached", manager.name());
        Ok(Answer::good(table, json!({ "manager": manager.name(), "asked": asked, "cached": found })))
    }
}

fn load<C>(manager: &dyn Managed<C>, keys: &[String], conn: &mut C) -> Result<usize, Failure> {
    manager.warm(keys, conn)
}

/// How far it is, for somebody who looks.
fn tell(done: usize, all: usize) {
    if stderr().is_terminal() {
        let end = if done == all { "\n" } else { "" };
        eprint!("\r{done} of {all} rows{end}");
    }
}
