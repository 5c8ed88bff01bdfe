//! Decides below which version no read may fall: at once after an acknowledged release, later otherwise.

use core::time::Duration;
use std::collections::HashMap;

use super::Moment;
use crate::message::Release;
use crate::question::Key;

/// One process of a worker: the next process of the same worker is another one.
pub(crate) type Life = u32;

/// How long after a write returned others may still be served what was there before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Its release was acknowledged: zero, or as long as others with memory may not have been told.
    pub(crate) told: Duration,
    /// Its intents were taken, and the store has not lost them.
    pub(crate) intended: Duration,
    /// The store knew nothing, and its process may have ended: until entries expire.
    pub(crate) expired: Duration,
    /// For so long something may be on its way, which the last two take into account.
    pub(crate) held: Duration,
}

impl Bounds {
    /// The bounds where something was on its way for so much longer.
    fn after(self, late: Duration) -> Self {
        Self { intended: self.intended + late, expired: self.expired + late, ..self }
    }
}

/// Why others may still be served what was there before a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Excuse {
    /// They have memory, and may not have been told yet.
    Untold,
    /// Its release is pending, and its intents were taken.
    Intended,
    /// Its release is pending, and its intents were not taken.
    Unintended,
}

impl Excuse {
    pub(super) const fn of(release: Release) -> Self {
        match release {
            Release::Acknowledged => Self::Untold,
            Release::Pending { is_intended: true } => Self::Intended,
            Release::Pending { is_intended: false } => Self::Unintended,
        }
    }
}

/// A write that has returned, and does not bind everybody yet.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) key: Key,
    pub(super) version: u64,
    pub(super) life: Life,
    pub(super) begun_at: Moment,
    pub(super) acknowledged_at: Moment,
    pub(super) excuse: Excuse,
}

/// A write whose release was acknowledged, and which others may not have been told of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untold {
    pub(super) key: Key,
    pub(super) version: u64,
    pub(super) acknowledged_at: Moment,
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
    /// Since when ways are held, or the store stands still.
    holds: Vec<Moment>,
    /// By how much one of these has been longer than it was to be: the run may be as late as anybody.
    late: Duration,
    /// When the last write of each process returned whose release was pending.
    troubled_at: HashMap<Life, Moment>,
}

impl Floors {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            floors: HashMap::new(),
            pending: Vec::new(),
            lost_at: None,
            holds: Vec::new(),
            late: Duration::ZERO,
            troubled_at: HashMap::new(),
        }
    }

    /// No read that begins from now on may give less.
    pub(super) fn raise(&mut self, key: Key, version: u64) {
        let floor = self.floors.entry(key).or_default();
        *floor = version.max(*floor);
    }

    /// A write has returned: it binds its own process at once, and others when nothing excuses them any more.
    pub(super) fn wait(&mut self, pending: Pending) {
        if pending.excuse != Excuse::Untold {
            self.troubled_at.insert(pending.life, pending.acknowledged_at);
        } else if self.bounds.told.is_zero() {
            return self.raise(pending.key, pending.version);
        }
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

    /// Something is on its way from now on for as long as it is not [let go](Self::let_go).
    pub(super) fn hold(&mut self, now: Moment) {
        self.holds.push(now);
    }

    /// What is held since then comes through.
    pub(super) fn let_go(&mut self, since: Moment, now: Moment) {
        self.note_late(now);
        if let Some(index) = self.holds.iter().position(|hold| *hold == since) {
            self.holds.swap_remove(index);
        }
    }

    fn note_late(&mut self, now: Moment) {
        let longest = self.holds.iter().map(|since| now.saturating_sub(*since)).max().unwrap_or_default();
        self.late = self.late.max(longest.saturating_sub(self.bounds.held));
    }

    /// The process has got through what was pending at `begun_at`.
    pub(super) fn deliver(&mut self, life: Life, begun_at: Moment) {
        self.raise_all(|pending| pending.life == life && pending.acknowledged_at < begun_at);
    }

    /// What is past its bound is no longer excused.
    pub(super) fn promote(&mut self, now: Moment) {
        self.note_late(now);
        let (bounds, lost_at) = (self.bounds.after(self.late), self.lost_at);
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

    /// What processes other than `life` may not have been told of.
    pub(super) fn untold(&self, life: Life, is_about: impl Fn(Key) -> bool) -> Vec<Untold> {
        let untold = self.pending.iter().filter(|one| one.excuse == Excuse::Untold && one.life != life);
        let of = |one: &Pending| Untold { key: one.key, version: one.version, acknowledged_at: one.acknowledged_at };
        untold.filter(|one| is_about(one.key)).map(of).collect()
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
        let is_kept = lost_at.is_none_or(|lost_at| lost_at < self.begun_at);
        let bound = match self.excuse {
            Excuse::Untold => bounds.told,
            Excuse::Intended if is_kept => bounds.intended,
            Excuse::Intended | Excuse::Unintended => bounds.expired,
        };
        self.acknowledged_at + bound
    }
}
