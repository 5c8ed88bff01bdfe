//! A whole run: servers, workers, what is done to them, and the report.

use core::time::Duration;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::arguments::{Kept, Run};
use crate::coordinator::Coordinator;
use crate::ledger::{Bounds, Moment};
use crate::models::ENTRY_LIFE;
use crate::nemesis::{LONGEST_HOLD, Nemesis, Parts};
use crate::report::Tally;
use crate::schema::{create, has_all_rows};
use crate::servers::{Problem, Servers};
use crate::worker::{INTENT_LIFE, MAX_STALENESS};
use crate::workers::Workers;

/// Somebody wants the run to end.
static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How long nothing is done to anybody before the end.
const CALM: Duration = Duration::from_secs(2);

/// Runs, and prints what it came to. Fails if a stale read was counted.
///
/// # Errors
///
/// If the run cannot begin or go on.
pub(crate) fn run(run: &Run) -> Result<ExitCode, Problem> {
    ctrlc::set_handler(|| IS_INTERRUPTED.store(true, Ordering::SeqCst))?;
    println!(
        "torture: {:?}, seed {}, {} workers, protocol: {}, near: {}, audit: {}, standby: {}, awaited: {}, kept: {:?}",
        run.duration,
        run.seed,
        run.workers,
        run.has_protocol,
        run.is_near,
        run.is_audited,
        run.has_standby,
        run.has_awaited,
        run.kept
    );
    let servers = Servers::start(run)?;
    create(&mut servers.database.connect()?)?;
    servers.database.await_standby(has_all_rows)?;
    let socket = servers.directory.path().join("socket");
    // One from memory says nothing of the store.
    let is_hit_proof = run.has_protocol && !run.is_near;
    let coordinator = Coordinator::start(&socket, run.workers, bounds(run), is_hit_proof)?;
    let mut workers = Workers::start(run, &servers, &socket)?;
    torture(run, &mut Parts { workers: &mut workers, servers: &servers, coordinator: &coordinator })?;
    drop(workers);

    let tally = coordinator.known().tally.clone();
    println!("{tally}");
    if tally.audited().1 > 0 && tally.stale_reads() == 0 {
        return Err("the auditor reports a stale entry, and nobody has read one".into());
    }
    if tally.stale_reads() == 0 && !has_measured(run, &tally) {
        return Err("nothing was served from the cache: nothing was measured".into());
    }
    Ok(if tally.stale_reads() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// With fewer hits a run has measured nothing.
const LEAST_HITS: u64 = 100;

/// So many times as long as it was to take a run goes on until something is measured: a machine may be that busy.
const PATIENCE: u32 = 8;

/// What the moments may be wrong by that a run and its workers take by clocks of their own. A write is acknowledged to the
/// run after it has returned, and a read is noted before it begins: what lies between them only makes others seem younger.
const CLOCK_ERROR: Duration = Duration::from_millis(10);

/// What is on its way when a link or the server stands still arrives so much later, and stands an intent's life from
/// then on. A second is for clocks, and for a machine that is busy.
fn bounds(run: &Run) -> Bounds {
    // A memcached counts seconds: an intent may stand for one longer.
    let grain = Duration::from_secs(u64::from(run.kept == Kept::Memcached));
    let on_its_way = LONGEST_HOLD + Duration::from_secs(1) + grain;
    Bounds {
        told: if run.is_near { MAX_STALENESS + CLOCK_ERROR } else { Duration::ZERO },
        intended: INTENT_LIFE + on_its_way,
        // An entry may be stored by a reader that stood still between its query and that.
        expired: Duration::from_secs(ENTRY_LIFE) + on_its_way + Duration::from_secs(5),
        held: LONGEST_HOLD,
    }
}

/// Whether it has taken as long as was asked for. A run that has measured nothing yet goes on in peace.
fn is_over(run: &Run, tally: &Tally, now: Moment) -> bool {
    let is_found = run.is_until_stale && tally.stale_reads() > 0;
    let is_late = now >= run.duration && (has_measured(run, tally) || now >= run.duration * PATIENCE);
    is_found || is_late
}

/// Whether anything was served from where it should not be stale.
fn has_measured(run: &Run, tally: &Tally) -> bool {
    let (_, writes, hits) = tally.work();
    let near_hits = if run.is_near { tally.near_hits() } else { LEAST_HITS };
    let standby_hits = if run.has_standby { tally.standby_hits() } else { LEAST_HITS };
    let is_compared = !run.is_audited || tally.audited().0 >= LEAST_HITS;
    is_compared && writes > 0 && hits.min(near_hits).min(standby_hits) >= LEAST_HITS
}

fn torture(run: &Run, parts: &mut Parts<'_>) -> Result<(), Problem> {
    let mut nemesis = Nemesis::new(run);
    loop {
        let now = parts.coordinator.now();
        if is_over(run, &parts.coordinator.known().tally, now) || IS_INTERRUPTED.load(Ordering::SeqCst) {
            return Ok(());
        }
        if now + CALM < run.duration {
            nemesis.act(parts, now)?;
        } else {
            nemesis.heal(parts, run.duration)?;
        }
        if parts.workers.has_failed() {
            return Err("a worker has ended by itself".into());
        }
        thread::sleep(Duration::from_millis(10));
    }
}
