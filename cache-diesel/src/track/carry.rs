//! Carries out in the stores what a session has decided.

use cache_core::protocol::write::ChangeSet;
use cache_core::{Cache, Database, Invalidation, Result, registry};

use crate::track::session::{Intents, Step};

/// Carries `step` out for `database`; `invalidation` is what was placed and is not released yet, and `intents` what
/// becomes of that.
pub(crate) fn carry_out(step: Step, database: Database, invalidation: &mut Option<Invalidation>, intents: Intents) {
    match step {
        Step::Place(changes) => {
            invalidation.get_or_insert_with(|| Invalidation::of(database)).place(&changes, &registry::every());
        }
        Step::Release(changes, ending, cause) => {
            // Tokens change all the same in the name of another writer.
            let ended = invalidation.take_if(|_| intents == Intents::End);
            let invalidation = ended.unwrap_or_else(|| Invalidation::of(database));
            invalidation.release(&changes, ending, cause, &registry::every());
        }
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
