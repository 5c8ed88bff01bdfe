//! One process of a run: some threads that read and one that writes.

use core::time::Duration;
use std::io;
use std::os::unix::net::UnixStream;
use std::process;
use std::thread;

use cache_diesel::prelude::*;
use cache_diesel::{AuditSettings, DatabaseStore, database_store};
use conformance::Dice;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

use crate::arguments::Worker;
use crate::message::{Line, Place, Reply, Request};
use crate::nemesis::LONGEST_HOLD;
use crate::schema::owned_in_turn;
use crate::servers::Problem;

mod access;
mod by_hand;
mod conn;
mod managed;
mod mood;
mod questions;
mod reader;
mod releases;
mod statements;
mod steps;
mod writer;

use access::Access;
use conn::Conn;

/// Threads that read.
const READERS: u64 = 3;

/// How long a writer's intent stands: shorter than the library's ten seconds, so that more of them end in a run.
pub(crate) const INTENT_LIFE: Duration = Duration::from_secs(3);

/// How far behind a worker with memory may be: short, so that a busy machine lets trust end now and then.
pub(crate) const MAX_STALENESS: Duration = Duration::from_millis(500);

/// Does the work of a worker until the run is over, or is gone.
///
/// # Errors
///
/// If it cannot begin, or the database is gone. The end of the run ends the process.
pub(crate) fn work(worker: &Worker) -> Result<(), Problem> {
    if worker.has_protocol {
        install(worker)?;
    }
    let readers: Vec<_> = (0..READERS).map(|number| Thread::start(worker, number)).collect::<Result<_, _>>()?;
    for thread in readers {
        thread::spawn(move || end_with(reader::read_on(thread)));
    }
    let writer = Thread::start(worker, READERS)?;
    #[cfg(feature = "planted")]
    if worker.is_planted {
        use cache_diesel::__private::{Mistake, with_planted};
        end_with(with_planted(Mistake::Candidates, || writer::write_on(writer)));
    }
    end_with(writer::write_on(writer))
}

/// A thread ends when the run does; the process ends with the first of them.
fn end_with(result: Result<(), Problem>) -> ! {
    match result {
        Ok(()) => process::exit(0),
        Err(error) if is_end(&*error) => process::exit(0),
        Err(error) => {
            eprintln!("torture: a worker fails: {error}");
            process::exit(1)
        }
    }
}

/// Whether the run is over: it hangs up.
fn is_end(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some()
}

/// Short pauses, so that a cache that was left alone is soon used again: much has to happen in little time.
fn install(worker: &Worker) -> Result<(), Problem> {
    let mut cache = Cache::builder()
        .intent_life(INTENT_LIFE)
        .breaker_pause(Duration::from_millis(100), Duration::from_secs(1))
        .flight_wait(Duration::from_secs(1))
        .lease_life(Duration::from_secs(1));
    cache = match worker.store.split(':').next() {
        Some("sqlite") => cache.sqlite(&worker.store),
        Some("memcached") => cache.memcached(&worker.store),
        Some("redis" | "redis+cluster") => cache.redis(&worker.store),
        // Whoever changes tables waits for those who do, on a machine that does much else: longer than usual, so that there
        // are hits.
        _ => cache.store(in_tables(&worker.store)?).operation_timeout(INTENT_LIFE / 5),
    };
    if worker.is_near {
        cache = cache.near(16 * MIB).max_staleness(MAX_STALENESS);
    }
    cache_diesel::install(cache)?;
    if worker.is_audited {
        audit(&worker.database)?;
    }
    releases::listen()
}

/// One in so many hits is compared with the database.
const AUDITED: u32 = 20;

/// Has hits compared over connections to the database at `url`. Nobody breaks that way.
fn audit(url: &str) -> Result<(), Problem> {
    let pool = Pool::builder().max_size(1).min_idle(Some(0)).test_on_check_out(false);
    let pool = pool.build_unchecked(ConnectionManager::<PgConnection>::new(url));
    cache_diesel::audit_with(move || pool.get())?;
    // So long an entry may be served after a write whose release is on its way.
    let grace = INTENT_LIFE + LONGEST_HOLD + Duration::from_secs(1);
    caches::default()?.set_audit(Some(AuditSettings::one_in(AUDITED).grace(grace)));
    Ok(())
}

/// The store in the tables of the database at `url`. The way there may be closed for a while.
fn in_tables(url: &str) -> Result<DatabaseStore<PgConnection>, Problem> {
    let pool = Pool::builder().max_size(8).min_idle(Some(0)).test_on_check_out(false);
    let pool = pool.connection_timeout(Duration::from_secs(5)).build_unchecked(ConnectionManager::new(url));
    let mut last = None;
    for _ in 0..10 {
        match database_store(pool.clone(), "torture") {
            Ok(store) => return Ok(store),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| "no store".into(), Into::into))
}

impl Worker {
    /// Where a thread's queries go: the last one writes, by a way of its own, and the first one reads on the standby.
    fn database_of(&self, thread: u64) -> (Place, String) {
        match &self.standby {
            Some(standby) if thread == 0 => (Place::Standby, standby.clone()),
            _ if thread == READERS => (Place::Primary, self.written_database.clone()),
            _ => (Place::Primary, self.database.clone()),
        }
    }
}

/// What every thread of a worker has.
struct Thread {
    dice: Dice,
    /// The ids of the rows that nobody else writes.
    owned: Vec<i32>,
    line: Line,
    conn: Conn,
    /// Where the connection leads.
    database: String,
    access: Access,
    is_near: bool,
    is_audited: bool,
    is_awaited: bool,
}

impl Thread {
    fn start(worker: &Worker, number: u64) -> Result<Self, Problem> {
        let mut line = Line::new(UnixStream::connect(&worker.socket)?)?;
        let (place, database) = worker.database_of(number);
        line.send(&Request::Hello { worker: worker.index, process: process::id(), place })?;
        let is_awaited = worker.is_awaited && place == Place::Primary;
        let mut conn = Conn::open(&database, is_awaited)?;
        // The others have it recognised.
        if let (Place::Standby, true, Some(conn)) = (place, worker.index.is_multiple_of(2), conn.blocking()) {
            cache_diesel::replica(conn)?;
        }
        let access = if worker.has_protocol { Access::Managed } else { Access::by_hand(&worker.store)? };
        let dice = Dice::new(worker.seed.wrapping_mul(31).wrapping_add(number));
        let owned = owned_in_turn(worker.index, worker.start).collect();
        let (is_near, is_audited) = (worker.is_near, worker.is_audited);
        Ok(Self { dice, owned, line, conn, database, access, is_near, is_audited, is_awaited })
    }

    /// Says something and waits until it is noted.
    fn tell(&mut self, request: &Request) -> Result<Reply, Problem> {
        self.line.send(request)?;
        self.line.receive()?.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof).into())
    }

    /// A moment between two things that it does.
    fn pause(&mut self, longest: Duration) {
        let micros = u64::try_from(longest.as_micros()).unwrap_or(0);
        thread::sleep(Duration::from_micros(self.dice.below(micros)));
    }
}
