//! Programs over a cache whose entries become stale, and are refreshed over a pool: what nobody is told of is read as
//! soon as it was refreshed, and what is told of at once.

use core::ops::{Deref, DerefMut};
use core::time::Duration;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use cache_diesel::ManualClock;
use cache_diesel::prelude::*;
use diesel::ConnectionError;
use proptest::strategy::ValueTree;

use crate::database::{AGEING_PROGRAMS, Database, DatabaseConn};
use crate::generate;
use crate::program::{Ageing, AgeingChange, Conn};
use crate::reads::Read;
use crate::same::At;
use crate::search;
use crate::world::{self, SECONDS_TO_STALE};

const CACHE: &str = "ageing";

#[test]
fn what_changes_unseen_is_read_when_it_was_refreshed() {
    world::install();
    let clock = ManualClock::new();
    let soft = Duration::from_secs(SECONDS_TO_STALE);
    let cache = Cache::builder().memory(16 * MIB).clock(clock.clone()).relevance_timeout(soft).build().unwrap();
    caches::configure([(CACHE, cache.clone())]).unwrap();
    world::read_through(CACHE);
    *DATABASE.lock().unwrap() = Some(Database::new(""));
    cache_diesel::refresh_with(|| Ok::<_, ConnectionError>(Taken::new())).unwrap();
    for seed in 0..AGEING_PROGRAMS {
        of_database(Database::reset);
        cache.clear().unwrap();
        let program = search::tree_of(&generate::ageing(), seed).current();
        Run { conns: [open(), open()], clock: &clock, name: format!("seed {seed}: {program:?}") }.all(&program);
        if world::take_structure_change() {
            of_database(Database::note_structure);
        }
    }
    cache_core::registry::forget(CACHE);
    assert!(cache.statistics().total().stale_hit_count > 0);
    wait_for("no refresh is under way", || UNDER_WAY.load(Ordering::SeqCst) == 0);
    *DATABASE.lock().unwrap() = None;
}

struct Run<'a> {
    conns: [DatabaseConn; 2],
    clock: &'a ManualClock,
    name: String,
}

impl Run<'_> {
    fn all(mut self, program: &Ageing) {
        self.compare(&program.reads);
        for change in &program.changes {
            match change {
                AgeingChange::Told(write) => _ = write.run(&mut self.conns[0]),
                AgeingChange::Unseen(sql) => self.pass_after(sql, &program.reads),
            }
            self.compare(&program.reads);
        }
    }

    /// Writes unseen, lets entries become stale, and reads until everything was refreshed.
    fn pass_after(&mut self, sql: &str, reads: &[Read]) {
        of_database(|database| database.write_unseen(sql));
        // A refresh that asked before the write would store what is fresh only by the clock.
        wait_for(&self.name, || UNDER_WAY.load(Ordering::SeqCst) == 0);
        self.clock.advance(Duration::from_secs(SECONDS_TO_STALE));
        let conn = &mut self.conns[0];
        wait_for(&self.name, || {
            let differences = reads.iter().filter(|read| read.run(&mut At::plainly(Conn::A, conn)).is_err());
            differences.count() == 0
        });
    }

    fn compare(&mut self, reads: &[Read]) {
        for conn in &mut self.conns {
            for read in reads {
                let compared = read.run(&mut At::plainly(Conn::A, conn));
                assert!(compared.is_ok(), "{}\n{read:?}: {compared:?}", self.name);
            }
        }
    }
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_micros(200));
    }
}

/// That of all programs here: it is what the pool leads to.
static DATABASE: Mutex<Option<Database>> = Mutex::new(None);
/// How many connections of the pool are in use.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

fn of_database<T>(work: impl FnOnce(&mut Database) -> T) -> T {
    work(DATABASE.lock().unwrap().as_mut().expect("it is there as long as programs run"))
}

fn open() -> DatabaseConn {
    of_database(|database| database.open())
}

/// A connection of the pool.
struct Taken(DatabaseConn);

impl Taken {
    fn new() -> Self {
        UNDER_WAY.fetch_add(1, Ordering::SeqCst);
        Self(open())
    }
}

impl Deref for Taken {
    type Target = DatabaseConn;

    fn deref(&self) -> &DatabaseConn {
        &self.0
    }
}

impl DerefMut for Taken {
    fn deref_mut(&mut self) -> &mut DatabaseConn {
        &mut self.0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
    }
}
