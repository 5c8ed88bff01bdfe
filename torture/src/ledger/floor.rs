//! Below which version may no read fall? At once for a write whose release the store acknowledged; later for others.

use core::time::Duration;
use std::collections::HashMap;

use super::Moment;
use crate::question::Key;

/// One process of a worker: the next process of the same worker is another one.
pub(crate) type Life = u32;

/// How long after a write returned others may still be served what was there before, if its release is pending.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Its intents were taken, and the store has not lost them.
    pub(crate) intended: Duration,
    /// The store knew nothing, and its process may have ended: until entries expire.
    pub(crate) expired: Duration,
}

/// A write that has returned while its release was pending.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) key: Key,
    pub(super) version: u64,
    pub(super) life: Life,
    pub(super) begun_at: Moment,
    pub(super) acknowledged_at: Moment,
    pub(super) is_intended: bool,
}

/// Below which version no read of a row may fall.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Floor {
    pub(crate) least: u64,
    /// What was there before this version may still be seen, for rows of a worker's own: the release of this version is
    /// pending, and a later write need not change the same tags. An insert, for one, ends nothing that the delete before
    /// it should have ended.
    pub(crate) excused: u64,
}

/// The floors of all rows.
#[derive(Debug)]
pub(super) struct Floors {
    bounds: Bounds,
    floors: HashMap<Key, u64>,
    pending: Vec<Pending>,
    lost_at: Option<Moment>,
    /// When the last write of each process returned whose release was pending.
    troubled_at: HashMap<Life, Moment>,
}

impl Floors {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, floors: HashMap::new(), pending: Vec::new(), lost_at: None, troubled_at: HashMap::new() }
    }

    /// No read that begins from now on may give less.
    pub(super) fn raise(&mut self, key: Key, version: u64) {
        let floor = self.floors.entry(key).or_default();
        *floor = version.max(*floor);
    }

    pub(super) fn wait(&mut self, pending: Pending) {
        self.troubled_at.insert(pending.life, pending.acknowledged_at);
        self.pending.push(pending);
    }

    /// Whether the store has taken what the process wrote since then.
    pub(super) fn had_peace(&self, life: Life, since: Moment) -> bool {
        self.troubled_at.get(&life).is_none_or(|troubled_at| *troubled_at < since)
    }

    /// The store lost what it held.
    pub(super) fn lose(&mut self, now: Moment) {
        self.lost_at = Some(now);
    }

    /// The process has got through what was pending at `begun_at`.
    pub(super) fn deliver(&mut self, life: Life, begun_at: Moment) {
        self.raise_all(|pending| pending.life == life && pending.acknowledged_at < begun_at);
    }

    /// What is past its bound is no longer excused.
    pub(super) fn promote(&mut self, now: Moment) {
        let (bounds, lost_at) = (self.bounds, self.lost_at);
        self.raise_all(|pending| pending.due_at(bounds, lost_at) <= now);
    }

    /// The floor for a reader in the process `life`, which sees its own writes at once.
    pub(super) fn of(&self, key: Key, life: Life) -> Floor {
        let pending = || self.pending.iter().filter(move |pending| pending.key == key);
        let own = pending().filter(|pending| pending.life == life).map(|pending| pending.version).max().unwrap_or(0);
        let least = self.floors.get(&key).copied().unwrap_or(0).max(own);
        let others = pending().filter(|pending| pending.life != life && pending.version < least);
        Floor { least, excused: others.map(|pending| pending.version).max().unwrap_or(0) }
    }

    /// What is pending of a row.
    pub(super) fn pending_of(&self, key: Key) -> Vec<&Pending> {
        self.pending.iter().filter(|pending| pending.key == key).collect()
    }

    fn raise_all(&mut self, is_over: impl Fn(&Pending) -> bool) {
        let (over, pending) = core::mem::take(&mut self.pending).into_iter().partition(is_over);
        self.pending = pending;
        let over: Vec<Pending> = over;
        over.iter().for_each(|pending| self.raise(pending.key, pending.version));
    }
}

impl Pending {
    fn due_at(&self, bounds: Bounds, lost_at: Option<Moment>) -> Moment {
        // Intents that were placed before the store lost everything are gone, perhaps before they took effect.
        let is_intended = self.is_intended && lost_at.is_none_or(|lost_at| lost_at < self.begun_at);
        self.acknowledged_at + if is_intended { bounds.intended } else { bounds.expired }
    }
}
