//! Runs the contract of the store in memory.

#![allow(clippy::unwrap_used, reason = "tests")]

use cache_core::store::MemoryStore;
use conformance::{FailingStore, Subject, Time};

fn memory() -> MemoryStore {
    MemoryStore::with_capacity(1024 * 1024).unwrap()
}

conformance::store_contract!(memory_store, Subject::new(memory(), Time::by_hand()));
conformance::slot_contract!(memory_slots, Subject::new(memory(), Time::by_hand()));
conformance::store_contract!(
    failing_store_that_does_not_fail,
    Subject::new(FailingStore::new(memory()), Time::by_hand())
);
conformance::slot_contract!(
    slots_of_a_failing_store_that_does_not_fail,
    Subject::new(FailingStore::new(memory()), Time::by_hand())
);
