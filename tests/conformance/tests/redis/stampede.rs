//! Many readers of one row come at once to a server that holds nothing: one of them asks the database.

use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use cache_core::Timeout;
use conformance::redis_server::RedisServer;

use crate::program::{Program, there};

const PROCESSES: usize = 4;
const THREADS: usize = 16;
const ROUNDS: usize = 25;

#[test]
fn the_first_readers_of_all_ask_the_database_once() {
    let server = RedisServer::start();
    let rounds: Vec<usize> = (0..ROUNDS).map(|round| stampede(&server, &format!("shop{round}"))).collect();
    assert_eq!(rounds, [1; ROUNDS]);
}

/// How often the database is asked by readers in several processes, under a prefix that nobody has used yet.
fn stampede(server: &RedisServer, prefix: &str) -> usize {
    let programs: Vec<Program> = (0..PROCESSES).map(|_| Program::new(server, prefix)).collect();
    let barrier = Barrier::new(PROCESSES * THREADS);
    thread::scope(|scope| {
        for program in &programs {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    barrier.wait();
                    let read = program.read(1, Timeout::from_secs(60), || {
                        thread::sleep(Duration::from_millis(20));
                        there()
                    });
                    assert!(read.is_some());
                });
            }
        }
    });
    programs.iter().map(|program| program.queries.load(Ordering::SeqCst)).sum()
}
