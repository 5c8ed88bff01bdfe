//! Keeps the versions of one row, and which of them may be seen.

use core::time::Duration;
use std::collections::BTreeMap;

use super::{Fault, Floor, Moment};
use crate::question::{Key, Question, State};

/// One row.
#[derive(Debug)]
pub(super) struct Cell {
    /// What every version is; `None`: what `declared` says of each.
    fixed: Option<State>,
    declared: BTreeMap<u64, Declared>,
    /// The versions that were acknowledged, with the moments.
    acknowledged: Vec<(u64, Moment)>,
}

#[derive(Debug)]
struct Declared {
    state: State,
    is_rolled_back: bool,
}

impl Cell {
    /// A row that is there, and whose versions nobody declares before they are written.
    pub(super) fn shared(state: State) -> Self {
        Self { fixed: Some(state), declared: BTreeMap::new(), acknowledged: Vec::new() }
    }

    /// A row that is not there.
    pub(super) fn owned() -> Self {
        let absent = Declared { state: State::Absent, is_rolled_back: false };
        Self { fixed: None, declared: BTreeMap::from([(0, absent)]), acknowledged: Vec::new() }
    }

    /// The version of a state that is about to be written.
    pub(super) fn declare(&mut self, state: State) -> u64 {
        let version = self.declared.last_key_value().map_or(0, |(last, _)| last + 1);
        self.declared.insert(version, Declared { state, is_rolled_back: false });
        version
    }

    pub(super) fn roll_back(&mut self, version: u64) {
        if let Some(declared) = self.declared.get_mut(&version) {
            declared.is_rolled_back = true;
        }
    }

    pub(super) fn acknowledge(&mut self, version: u64, now: Moment) {
        self.acknowledged.push((version, now));
    }

    /// The last versions that were acknowledged, with the moments.
    pub(super) fn history(&self) -> &[(u64, Moment)] {
        &self.acknowledged[self.acknowledged.len().saturating_sub(16)..]
    }

    /// Whether nothing as new was acknowledged.
    pub(super) fn is_newer(&self, version: u64) -> bool {
        version > 0 && self.acknowledged.iter().all(|(acknowledged, _)| *acknowledged < version)
    }

    /// The last version in which the row may not be there.
    pub(super) fn last_absence(&self) -> u64 {
        let absent = |one: &Declared| one.state == State::Absent && !one.is_rolled_back;
        self.declared.iter().rev().find(|(_, one)| absent(one)).map_or(0, |(version, _)| *version)
    }

    /// What is wrong with having seen `version`.
    pub(super) fn judge_present(&self, question: &Question, key: Key, seen: u64, floor: Floor) -> Option<Fault> {
        if seen < floor.least && !(self.fixed.is_none() && seen < floor.excused) {
            return Some(Fault::Old { key, seen, floor });
        }
        let state = match self.fixed {
            Some(state) => Some(state),
            None => self.declared.get(&seen).filter(|one| !one.is_rolled_back).map(|one| one.state),
        };
        let fits = state.is_some_and(|state| question.holds(key, state) != Some(false));
        (!fits).then_some(Fault::Uncommitted { key, seen })
    }

    /// What is wrong with not having seen the row.
    pub(super) fn judge_missing(&self, question: &Question, key: Key, floor: Floor) -> Option<Fault> {
        let may_be_missing = |state: State| question.holds(key, state) != Some(true);
        let is_missing = |(_, one): (&u64, &Declared)| !one.is_rolled_back && may_be_missing(one.state);
        let is_right = match self.fixed {
            Some(state) => may_be_missing(state),
            None => {
                self.declared.range(floor.least..).any(is_missing)
                    || self.declared.range(..floor.excused).any(is_missing)
            }
        };
        (!is_right).then_some(Fault::Missing { key, floor })
    }

    /// How long before `begun_at` something newer than `seen` was acknowledged first.
    pub(super) fn staleness(&self, seen: u64, begun_at: Moment) -> Option<Duration> {
        // Versions are acknowledged almost in their order: the newest come last.
        let newer = self.acknowledged.iter().rev().take_while(|(version, _)| version + 8 > seen);
        let first = newer.filter(|(version, at)| *version > seen && *at < begun_at).map(|(_, at)| *at).min();
        first.map(|at| begun_at.saturating_sub(at))
    }
}
