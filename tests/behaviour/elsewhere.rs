//! The suite once more with entries elsewhere, each time in a process of its own.
//!
//! One test of it by itself: `CACHE_DIESEL_TEST_ENTRIES=simulated cargo test -p tests --test behaviour lists`.

use std::path::Path;

use diesel::connection::SimpleConnection;

use crate::kept::FILE;
#[cfg(feature = "memcached")]
use crate::kept::MEMCACHED;
#[cfg(feature = "redis")]
use crate::kept::SERVERS;
use crate::line::prelude::*;
#[cfg(feature = "redis")]
use crate::run::run_modules;
use crate::run::run_with;

#[test]
fn behaviour_on_a_simulated_server() {
    run_with("simulated", &[]);
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
        run_with("redis", &[]);
    }

    /// Who writes sees it at once.
    #[test]
    fn behaviour_with_near_memory() {
        run_with("near", &[]);
    }

    /// One cluster for all shops, a slot for each.
    #[test]
    fn behaviour_on_a_cluster() {
        let cluster = conformance::redis_server::RedisCluster::steady();
        run_over(&cluster.url("PREFIX"), &["redis", "near"]);
        // A slot for each shard of each.
        run_over(&format!("{}&spread=tables", cluster.url("PREFIX")), &["redis"]);
    }

    #[test]
    fn behaviour_on_whom_sentinels_name() {
        let sentinels = conformance::redis_server::Sentinels::steady();
        run_over(&sentinels.url("PREFIX"), &["redis", "near"]);
    }
}

/// What several servers may get wrong: the others say more of SQL and of models than of where entries are.
#[cfg(feature = "redis")]
const MODULES: [&str; 3] = ["suite::concurrency", "suite::granularity", "suite::keys"];

/// Runs these modules over the servers at `url`. `CACHE_DIESEL_TEST_WHOLE=1` runs the whole suite, in all of `places`.
#[cfg(feature = "redis")]
fn run_over(url: &str, places: &[&str]) {
    // Closed shops keep their connections.
    let url = format!("{url}&idle_connections=1");
    let told = [(SERVERS, url.as_str())];
    if std::env::var("CACHE_DIESEL_TEST_WHOLE").is_err() {
        return run_modules(&MODULES, "redis", &told);
    }
    places.iter().for_each(|place| run_with(place, &told));
}
