//! Bytes under keys, each with the moment at which it is gone, and what every operation wrote over.

use std::collections::{BTreeMap, VecDeque};

use cache_core::Timestamp;
use cache_core::store::Name;
use cache_core::store::engine::Rows;

/// What is kept under one key.
#[derive(Clone, Debug)]
struct Slot {
    bytes: Vec<u8>,
    expires_at: Timestamp,
}

/// All keys of a server, of whoever they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Keyspace {
    slots: BTreeMap<String, Slot>,
    /// For each of the last operations that wrote anything: what had been there before.
    journal: VecDeque<Vec<(String, Option<Slot>)>>,
}

impl Keyspace {
    /// How many operations can be taken back.
    const JOURNAL: usize = 256;

    pub(super) fn bytes(&self, name: &str, now: Timestamp) -> Option<&[u8]> {
        self.slots.get(name).filter(|slot| now < slot.expires_at).map(|slot| &*slot.bytes)
    }

    pub(super) fn put(&mut self, name: &str, bytes: Vec<u8>, expires_at: Timestamp) {
        let before = self.slots.insert(name.into(), Slot { bytes, expires_at });
        self.note(name, before);
    }

    /// Replaces the bytes and leaves the expiry, as an accident does.
    pub(super) fn overwrite(&mut self, name: &str, bytes: Vec<u8>) {
        let expires_at = self.slots.get(name).map_or(Timestamp::NEVER, |slot| slot.expires_at);
        self.slots.insert(name.into(), Slot { bytes, expires_at });
    }

    pub(super) fn delete(&mut self, name: &str) {
        if let Some(before) = self.slots.remove(name) {
            self.note(name, Some(before));
        }
    }

    pub(super) fn names(&self, now: Timestamp) -> Vec<String> {
        self.slots.iter().filter(|(_, slot)| now < slot.expires_at).map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn bytes_under(&self, start: &str, now: Timestamp) -> impl Iterator<Item = usize> {
        let under = self.slots.iter().filter(move |(name, slot)| name.starts_with(start) && now < slot.expires_at);
        under.map(|(_, slot)| slot.bytes.len())
    }

    /// What is written from now on belongs to another operation.
    pub(super) fn begin(&mut self) {
        if self.journal.back().is_none_or(|written| !written.is_empty()) {
            self.journal.push_back(Vec::new());
        }
        if self.journal.len() > Self::JOURNAL {
            self.journal.pop_front();
        }
    }

    /// Takes back what the last `count` operations wrote.
    pub(super) fn undo(&mut self, count: usize) {
        self.begin();
        self.journal.pop_back();
        for _ in 0..count {
            for (name, before) in self.journal.pop_back().unwrap_or_default().into_iter().rev() {
                match before {
                    Some(slot) => drop(self.slots.insert(name, slot)),
                    None => drop(self.slots.remove(&name)),
                }
            }
        }
    }

    fn note(&mut self, name: &str, before: Option<Slot>) {
        if let Some(written) = self.journal.back_mut() {
            written.push((name.into(), before));
        }
    }
}

impl Rows for Keyspace {
    fn get(&self, name: &Name, now: Timestamp) -> Option<&[u8]> {
        self.bytes(name.as_str(), now)
    }

    fn set(&mut self, name: &Name, bytes: Vec<u8>, expires_at: Timestamp) {
        self.put(name.as_str(), bytes, expires_at);
    }

    fn set_bytes(&mut self, name: &Name, bytes: Vec<u8>, now: Timestamp) {
        let name = name.as_str();
        if let Some(expires_at) = self.slots.get(name).map(|slot| slot.expires_at).filter(|at| now < *at) {
            self.put(name, bytes, expires_at);
        }
    }

    fn remove(&mut self, name: &Name) {
        self.delete(name.as_str());
    }
}
