//! The suite once more with entries elsewhere, each time in a process of its own.
//!
//! One test of it by itself: `CACHE_DIESEL_TEST_ENTRIES=simulated cargo test -p tests --test behaviour lists`.

use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

#[cfg(feature = "memcached")]
use crate::kept::MEMCACHED;
use crate::kept::{FILE, VARIABLE};

/// Runs the suite with its entries at `place`, and fails with what it prints.
fn run_at(place: &str) {
    run_with(place, &[]);
}

/// The same; the suite is told what `told` says: names of variables, and what they are.
fn run_with(place: &str, told: &[(&str, &str)]) {
    static ONE_BY_ONE: Mutex<()> = Mutex::new(());
    let _turn = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut suite = Command::new(env::current_exe().unwrap());
    let output = suite.args(["suite::", "--quiet"]).env(VARIABLE, place).envs(told.iter().copied()).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "entries at `{place}`:\n{said}\n{errors}");
    let is_run = said.lines().any(|line| line.starts_with("test result: ok.") && !line.contains(" 0 passed"));
    assert!(is_run, "no test ran with entries at `{place}`:\n{said}");
}

#[test]
fn behaviour_on_a_simulated_server() {
    run_at("simulated");
}

/// A file where a store begins: in memory where there is such a directory.
fn with_file(run: impl FnOnce(&str)) {
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    run(directory.path().join("entries").to_str().expect("a plain path"));
}

/// One database for all shops, which are in other files.
#[test]
fn behaviour_on_tables() {
    with_file(|path| {
        let mut conn = SqliteConnection::establish(path).unwrap();
        conn.batch_execute("PRAGMA journal_mode = WAL").unwrap();
        cache_diesel::create_cache_tables(&mut conn).unwrap();
        run_with("tables", &[(FILE, path)]);
    });
}

#[test]
#[cfg_attr(not(feature = "sqlite-store"), ignore = "a store that was left out: run ./scripts/test")]
fn behaviour_on_a_file() {
    with_file(|path| run_with("file", &[(FILE, path)]));
}

#[test]
#[cfg_attr(not(feature = "memcached"), ignore = "a whole suite that needs memcached: run ./scripts/test")]
fn behaviour_on_memcached() {
    #[cfg(feature = "memcached")]
    {
        let server = conformance::memcached_server::MemcachedServer::start();
        let url = format!("memcached://127.0.0.1:{}", server.port());
        run_with("memcached", &[(MEMCACHED, &url)]);
    }
}

tests::redis_suite! {
    fn behaviour_with_entries_at_redis();

    /// One server for all shops, a prefix for each.
    #[test]
    fn behaviour_on_redis() {
        run_at("redis");
    }

    /// Who writes sees it at once.
    #[test]
    fn behaviour_with_near_memory() {
        run_at("near");
    }
}
