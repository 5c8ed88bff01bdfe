//! How often which reason was given.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::key::Kind;
use crate::statistics::Counters;

/// What is counted for one manager and kind of read.
#[derive(Debug)]
pub(super) struct Reasons<Reason>(Mutex<BTreeMap<Reason, u64>>);

impl<Reason: Copy + Ord> Reasons<Reason> {
    pub(super) fn count(&self, reason: Reason) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
    }

    fn read(&self) -> BTreeMap<Reason, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<Reason> Default for Reasons<Reason> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// What `reasons` counted for each manager and kind; those for which there is nothing are left out.
pub(super) fn of_all<Reason: Copy + Ord>(
    reads: &BTreeMap<(String, Kind), Arc<Counters>>,
    reasons: impl Fn(&Counters) -> &Reasons<Reason>,
) -> BTreeMap<(String, Kind), BTreeMap<Reason, u64>> {
    let counted = reads.iter().map(|(name, counters)| (name.clone(), reasons(counters).read()));
    counted.filter(|(_, counts)| !counts.is_empty()).collect()
}
