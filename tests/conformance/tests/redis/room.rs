//! What is asked for in vain, and what has gone, leaves nothing behind on the server.

use std::thread;
use std::time::{Duration, Instant};

use cache_core::store::Names;
use cache_core::{Loaders, Timeout};
use conformance::redis_server::RedisServer;

use crate::program::{Program, row_tag, there};

const ROWS: u64 = 10_000;
/// Keys of tables, of the manager, of the cache.
const MOST_KEYS: u64 = 100;

/// How many keys there are, once there are few enough, or the time is over.
fn keys_within(server: &RedisServer, time: Duration) -> u64 {
    let until = Instant::now() + time;
    loop {
        // Keys whose time is over are counted until the server has looked at them.
        let keys: Vec<String> = server.run(&["KEYS", "*"]);
        if keys.len() as u64 <= MOST_KEYS || Instant::now() > until {
            return keys.len() as u64;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn pttl(server: &RedisServer, row: u64) -> i64 {
    let names = Names::starting_with("shop").unwrap();
    server.run(&["PTTL", names.tag(&row_tag(row)).token.as_str()])
}

#[test]
fn rows_that_are_not_there_leave_nothing_behind() {
    let server = RedisServer::start();
    let program = Program::new(&server, "shop");
    for row in 0..ROWS {
        assert!(program.read(row, Timeout::from_secs(60), || None).is_none());
    }
    assert!(keys_within(&server, Duration::ZERO) <= MOST_KEYS, "{}", server.run::<u64>(&["DBSIZE"]));
}

#[test]
fn rows_whose_time_is_over_leave_nothing_behind() {
    let server = RedisServer::start();
    let program = Program::new(&server, "shop");
    for row in 0..ROWS {
        assert!(program.read(row, Timeout::from_secs(1), there).is_some());
    }
    let keys = keys_within(&server, Duration::from_secs(3));
    assert!(keys <= MOST_KEYS, "{keys}");
}

#[test]
fn deletes_of_rows_that_are_not_there_leave_nothing_behind() {
    let server = RedisServer::start();
    let program = Program::new(&server, "shop");
    for row in 0..ROWS / 4 {
        program.delete(row);
    }
    let keys = keys_within(&server, Duration::ZERO);
    assert!(keys <= MOST_KEYS, "{keys}");
}

#[test]
fn a_tag_lives_as_long_again_as_what_is_under_it() {
    let server = RedisServer::start();
    let program = Program::new(&server, "shop");
    for (row, seconds) in [(1, 1), (2, 60), (3, 86_400)] {
        program.read(row, Timeout::from_secs(seconds), there);
        let (left, life) = (pttl(&server, row), i64::try_from(seconds).unwrap() * 1000);
        assert!((life..=2 * life).contains(&left), "{row}: {left}");
    }
}

#[test]
fn a_write_leaves_a_row_that_was_read_its_time_and_a_new_token() {
    let server = RedisServer::start();
    let program = Program::new(&server, "shop");
    program.read(1, Timeout::from_secs(60), there);
    let before = pttl(&server, 1);
    program.delete(1);
    assert!((1..=before).contains(&pttl(&server, 1)));
    program.read(1, Timeout::from_secs(60), || None);
    assert_eq!(program.queries.load(std::sync::atomic::Ordering::SeqCst), 2, "its entry is gone");
}

/// A load that takes longer than any entry may live finds its tag.
#[test]
fn a_slow_load_is_stored() {
    let server = RedisServer::start();
    let program = Program::new(&server, "shop");
    let slow = || {
        thread::sleep(Duration::from_millis(2_500));
        there()
    };
    program.read(1, Timeout::from_secs(1), slow);
    assert!(program.read(1, Timeout::from_secs(1), there).is_some());
    assert_eq!(program.queries.load(std::sync::atomic::Ordering::SeqCst), 1);
}

/// How often something came from a client, this question too: what is sent at once counts once.
fn round_trips(server: &RedisServer) -> u64 {
    let statistics: String = server.run(&["INFO", "stats"]);
    let line = statistics.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
    line.and_then(|count| count.trim().parse().ok()).unwrap()
}

/// What a miss of a row asks the server whose tags hold tokens, and of one that nobody has read.
fn asked_by_misses(loaders: Loaders) -> (u64, u64) {
    let server = RedisServer::start();
    let mut program = Program::new(&server, "shop");
    program.loaders = loaders;
    for row in 0..3 {
        program.read(row, Timeout::from_secs(60), there);
    }
    let asked = {
        let before = round_trips(&server);
        round_trips(&server) - before
    };
    let counted = |row| {
        let before = round_trips(&server);
        program.read(row, Timeout::from_secs(60), there);
        // The question itself, over a connection of its own.
        round_trips(&server) - before - asked
    };
    let names: Vec<String> = server.run(&["KEYS", "shop:e2:*"]);
    names.iter().for_each(|name| drop(server.run::<redis::Value>(&["DEL", name])));
    (counted(1), counted(1_000))
}

#[test]
fn a_miss_asks_the_server_three_times_whether_its_tags_are_there_or_not() {
    // The look, what goes before the query, and the entry.
    assert_eq!(asked_by_misses(Loaders::OneProcess), (3, 3));
}

#[test]
fn a_row_is_asked_for_once_before_its_query_whether_its_tags_hold_tokens_or_not() {
    // The look, and the entry, for which nobody waits. Other rows have been new before.
    assert_eq!(asked_by_misses(Loaders::EachProcess), (2, 2));
}
