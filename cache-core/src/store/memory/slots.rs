//! Keeps the slots of values in this process.

use std::hash::BuildHasher;
use std::sync::MutexGuard;

use crate::clock::Timestamp;
use crate::entry::{Life, Worth};
use crate::error::Result;
use crate::name::key::CacheKey;
use crate::name::tag::{Tag, Token};
use crate::setting::policy::Timeout;
use crate::store::cells::HeldCells;
use crate::store::memory::{EntryTokens, Kept, MemoryEntry, MemoryStore};
use crate::store::{Content, Exchange, Exchanged, Mark, Replacement, Slot, SlotStore, Slots};

impl SlotStore for MemoryStore {
    fn find_slot(&self, key: &CacheKey, now: Timestamp) -> Option<Slot> {
        self.slot(key, now)
    }

    fn peek(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        Ok(Slots { slots: keys.iter().map(|key| self.slot(key, now)).collect(), tokens: self.tokens(tags, now) })
    }

    fn open(&self, keys: &[CacheKey], tags: &[Tag], now: Timestamp) -> Result<Slots> {
        let slots = keys.iter().map(|key| Some(self.open_slot(key, now))).collect();
        Ok(Slots { slots, tokens: self.tokens(tags, now) })
    }

    fn exchange(&self, exchanges: Vec<Exchange>, now: Timestamp) -> Result<Vec<Exchanged>> {
        Ok(exchanges.into_iter().map(|exchange| self.exchange_one(exchange, now)).collect())
    }
}

impl MemoryStore {
    fn slot(&self, key: &CacheKey, now: Timestamp) -> Option<Slot> {
        let held = self.entries.get(key)?;
        let worth = held.worth(now);
        let Kept::Slot(mark, body) = held.kept else { return None };
        let content = match (body, worth) {
            (None, _) => Content::Vacant,
            (Some(body), Worth::Fresh) => Content::Value(body, held.life),
            (Some(_), worth) => Content::Spent(worth),
        };
        Some(Slot { mark, content })
    }

    fn open_slot(&self, key: &CacheKey, now: Timestamp) -> Slot {
        let _turn = self.turn(key);
        if let Some(slot) = self.slot(key, now) {
            return slot;
        }
        let mark = Mark::fresh();
        let life = Life::starting(now, Timeout::NEVER);
        let tokens = EntryTokens::Held(HeldCells::from_iter([]));
        self.entries
            .insert(*key, MemoryEntry { kept: Kept::Slot(mark, None), life, tokens, weight: Self::weigh(0, 0) });
        Slot { mark, content: Content::Vacant }
    }

    fn exchange_one(&self, exchange: Exchange, now: Timestamp) -> Exchanged {
        let key = exchange.key;
        // Made before anybody has to wait for it.
        let replacement = exchange.with.map(|with| self.hold(with, now));
        let _turn = self.turn(&key);
        let is_same = |held: MemoryEntry| matches!(held.kept, Kept::Slot(mark, _) if mark == exchange.mark);
        if !self.entries.get(&key).is_some_and(is_same) {
            return Exchanged::Changed;
        }
        match replacement {
            Some(Replaced::Held(held)) => {
                self.entries.insert(key, held);
                return Exchanged::Done;
            }
            Some(Replaced::Outdated) => return Exchanged::Changed,
            Some(Replaced::Declined) | None => {}
        }
        self.entries.remove(&key);
        if replacement.is_none() { Exchanged::Done } else { Exchanged::Declined }
    }

    fn tokens(&self, tags: &[Tag], now: Timestamp) -> Vec<Option<Token>> {
        tags.iter().map(|tag| self.cells.find(tag).and_then(|cell| cell.token(now))).collect()
    }

    fn hold(&self, with: Replacement, now: Timestamp) -> Replaced {
        let weight = Self::weigh(with.weight, with.tokens.len());
        if weight > self.largest || now >= with.life.hard_deadline {
            return Replaced::Declined;
        }
        let Some(cells) = self.cells_under(&with.tokens, now) else { return Replaced::Outdated };
        let kept = Kept::Slot(Mark::fresh(), Some(with.body));
        Replaced::Held(MemoryEntry { kept, life: with.life, tokens: EntryTokens::Held(cells), weight })
    }

    fn turn(&self, key: &CacheKey) -> MutexGuard<'_, ()> {
        let hash = (self.turn_of.hash_one(key) >> 48) as usize;
        self.turns[hash % self.turns.len()].lock()
    }
}

/// What a replacement comes to.
enum Replaced {
    Declined,
    Held(MemoryEntry),
    /// What it depends on has changed since it was made.
    Outdated,
}
