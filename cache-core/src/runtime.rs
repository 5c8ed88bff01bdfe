//! Holds the state and the threads of a cache: each part owns its own, and none knows the cache.

pub(crate) mod background;
#[cfg(test)]
pub(crate) mod bell;
pub(crate) mod context;
pub(crate) mod desk;
pub(crate) mod dirty;
pub(crate) mod flight;
pub(crate) mod found_notes;
pub(crate) mod gathering;
pub(crate) mod guard;
pub(crate) mod notes;
pub(crate) mod open_intents;
pub(crate) mod queue;
pub(crate) mod refresh;
pub(crate) mod standing;
pub(crate) mod workers;
