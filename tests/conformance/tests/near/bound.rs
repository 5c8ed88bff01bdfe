//! Tests how far a reader with near memory is behind a writer elsewhere, under every fault of the link.

use conformance::Finds;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cache_core::store::{Outcome, Placing, Release, Store, Wanted, Writer};
use cache_core::{Timeout, Worth};
use conformance::{Dice, bytes_of, codec, key, shared, tag};

use crate::kit::{Process, policy};

const STALENESS: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(6);
/// A busy machine takes longer until memory has been of use.
const LONGEST: Duration = Duration::from_secs(60);

/// The database: how often it was written to, and when each writing was over.
#[derive(Default)]
struct Database {
    version: AtomicU64,
    returned: Mutex<Vec<Instant>>,
    is_over: AtomicBool,
}

impl Database {
    fn write(&self, process: &Process) {
        let (writer, now) = (Writer::fresh(), process.subject.now());
        until_done(|| process.other.place(&Placing::new(writer, &[tag(1)], Duration::from_secs(20)), now).map(drop));
        self.version.fetch_add(1, Ordering::SeqCst);
        let release = Release { tag: tag(1), outcome: Outcome::Changed };
        until_done(|| process.other.release(writer, &[release], &[], now).map(drop));
        self.returned.lock().unwrap().push(Instant::now());
    }

    /// What every read that begins at `begin` has to see at least.
    fn least(&self, begin: Instant) -> u64 {
        let returned = self.returned.lock().unwrap();
        returned.iter().take_while(|at| begin.saturating_duration_since(**at) > STALENESS).count() as u64
    }
}

/// The writer's own connections are killed as well.
fn until_done(call: impl Fn() -> cache_core::Result<()>) {
    while call().is_err() {}
}

/// Reads once, and fills if there is nothing. Says whether it came from memory.
fn read(process: &Process, database: &Database) -> Option<bool> {
    let (subject, begin) = (&process.subject, Instant::now());
    let wanted = Wanted { key: key(1), tags: &|| vec![tag(1)], codec: Some(codec()) };
    let recalled = subject.store().find(&key(1), subject.now());
    let is_near = recalled.is_some();
    let found = match recalled {
        Some((value, _)) => Some(value),
        None => {
            let found = subject.store().find_one(&wanted, subject.now()).ok()?;
            found.filter(|found| found.worth == Worth::Fresh).map(|found| found.value)
        }
    };
    if let Some(value) = found {
        let seen = u64::from_le_bytes(bytes_of(&value).unwrap().try_into().unwrap());
        let least = database.least(begin);
        assert!(seen >= least, "saw {seen}, near: {is_near}, though {least} were over for longer than {STALENESS:?}");
        return Some(is_near);
    }
    let token = subject.store().seed(&[tag(1)], &[], subject.now()).ok()?.seeds[0].token;
    let version = database.version.load(Ordering::SeqCst);
    let life = cache_core::Life::starting(subject.now(), Timeout::from_secs(600));
    let put = cache_core::store::Put {
        key: key(1),
        value: shared(&version.to_le_bytes()),
        life,
        tokens: vec![(tag(1), token)],
        weight: 8,
        codec: Some(codec()),
    };
    subject.store().put(vec![put], None, subject.now()).ok()?;
    Some(false)
}

fn disturb(process: &Process, dice: &mut Dice) {
    let (cable, server) = (process.hands.cable(), process.hands.server());
    let pause = |millis| thread::sleep(Duration::from_millis(millis));
    match dice.index(6) {
        0 => cable.cut(),
        1 => {
            cable.stall(true);
            pause(250);
            cable.stall(false);
        }
        2 => {
            cable.delay(Duration::from_millis(40));
            pause(200);
            cable.delay(Duration::ZERO);
        }
        3 => drop(server.run::<redis::Value>(&["CLIENT", "KILL", "TYPE", "normal"])),
        4 => process.subject.hand().lose_token(&tag(1)),
        _ => {
            server.hang(true);
            pause(250);
            server.hang(false);
        }
    }
    pause(300);
}

#[test]
fn nobody_is_further_behind_than_allowed_whatever_happens_to_the_link() {
    let process = Process::with(policy().max_staleness(STALENESS));
    process.subject.store().shared().unwrap().set_operation_timeout(Duration::from_millis(300));
    process.other.shared().unwrap().set_operation_timeout(Duration::from_secs(20));
    let (database, near_hits) = (Database::default(), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !database.is_over.load(Ordering::SeqCst) {
                    if read(&process, &database) == Some(true) {
                        near_hits.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        scope.spawn(|| {
            while !database.is_over.load(Ordering::SeqCst) {
                database.write(&process);
                thread::sleep(Duration::from_millis(30));
            }
        });
        let (mut dice, begin) = (Dice::new(7), Instant::now());
        let is_enough = || begin.elapsed() > LONG && near_hits.load(Ordering::SeqCst) > 100;
        while !is_enough() && begin.elapsed() < LONGEST {
            disturb(&process, &mut dice);
        }
        database.is_over.store(true, Ordering::SeqCst);
    });
    assert!(near_hits.load(Ordering::SeqCst) > 100, "memory was of use: {near_hits:?}");
    assert!(process.counts().link_count > 1);
}
