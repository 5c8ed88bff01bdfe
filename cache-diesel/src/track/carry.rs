//! Carries out in the stores what a session has decided.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cache, Candidate, Database, Invalidation, Result, WriteEnd, registry};

use crate::track::session::{Intents, Step};

/// Carries `step` out for `database`; `invalidation` is what was placed and is not released yet, and `intents` what
/// becomes of that. Of the `candidates` those are left that may be stored as far as the step is concerned.
pub(crate) fn carry_out(
    (step, candidates): (Step, &mut Vec<Candidate>),
    database: Database,
    invalidation: &mut Option<Invalidation>,
    intents: Intents,
) {
    match step {
        Step::Place(changes) => {
            invalidation.get_or_insert_with(|| Invalidation::of(database)).place(&changes, &registry::every());
        }
        Step::Release(changes, WriteEnd::Open, cause) => {
            invalidation.get_or_insert_with(|| Invalidation::of(database)).open(&changes, cause, &registry::every());
        }
        Step::Release(changes, ending, cause) => {
            // Tokens change all the same in the name of another writer.
            let ended = invalidation.take_if(|_| intents == Intents::End);
            let invalidation = ended.unwrap_or_else(|| Invalidation::of(database));
            invalidation.release_with((&changes, ending, cause), &registry::every(), candidates);
        }
    }
}

/// Carries `step` out on a connection that may never tell the end of what is placed.
pub(crate) fn carry_out_watched(
    (step, candidates): (Step, &mut Vec<Candidate>),
    database: Database,
    invalidation: &mut Option<Invalidation>,
    intents: Intents,
) {
    let placed = if let Step::Place(changes) = &step { Some(changes.clone()) } else { None };
    carry_out((step, candidates), database, invalidation, intents);
    if let (Some(placed), Some(invalidation)) = (placed, invalidation) {
        invalidation.watch(&placed, &registry::every());
    }
}

/// Places intents beside `changes` in the caches whose writes are strict, before a manager's own statement.
///
/// # Errors
///
/// If a store does not take them: then the statement must not run.
pub(crate) fn ensure(changes: &ChangeSet, database: Database, invalidation: &mut Option<Invalidation>) -> Result<()> {
    let caches = registry::every();
    if !caches.iter().any(Cache::is_strict) {
        return Ok(());
    }
    invalidation.get_or_insert_with(|| Invalidation::of(database)).ensure(changes, &caches)
}
