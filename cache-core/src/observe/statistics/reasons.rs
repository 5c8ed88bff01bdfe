//! Counts how often each reason was given.

use std::collections::BTreeMap;

use crate::sync::Mutex;

/// What is counted for one manager and kind of read.
#[derive(Debug)]
pub(super) struct Reasons<Reason>(Mutex<BTreeMap<Reason, u64>>);

impl<Reason: Copy + Ord> Reasons<Reason> {
    pub(super) fn count(&self, reason: Reason) {
        *self.0.lock().entry(reason).or_default() += 1;
    }

    pub(super) fn read(&self) -> BTreeMap<Reason, u64> {
        self.0.lock().clone()
    }
}

impl<Reason> Default for Reasons<Reason> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
