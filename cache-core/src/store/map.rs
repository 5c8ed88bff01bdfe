//! Holds the map of entries of both stores in memory: bounded by weight, in shards.

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::name::key::CacheKey;

/// Entries by their name.
pub(super) type EntryMap<V> = Cache<CacheKey, V, ByWeight, DefaultHashBuilder, DefaultLifecycle<CacheKey, V>>;

pub(super) const SHARDS: usize = 8;

/// What an entry takes beside its value, as a map holds it: its key, and the map's own.
pub(super) const OVERHEAD: usize = size_of::<CacheKey>() + 64;

/// Says how much of the capacity an entry takes.
pub(super) trait Weighed {
    fn weight(&self) -> u64;
}

#[derive(Clone, Debug)]
pub(super) struct ByWeight;

impl<V: Weighed> Weighter<CacheKey, V> for ByWeight {
    fn weight(&self, _key: &CacheKey, held: &V) -> u64 {
        held.weight()
    }
}

/// A map of entries that weigh up to `capacity` in all.
pub(super) fn bounded<V: Weighed + Clone>(capacity: u64) -> EntryMap<V> {
    let options = OptionsBuilder::new()
        .weight_capacity(capacity)
        .estimated_items_capacity(usize::try_from(capacity / 1024).unwrap_or(usize::MAX).min(1 << 20))
        .shards(SHARDS)
        .build()
        .expect("both capacities are set");
    Cache::with_options(options, ByWeight, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

/// The heaviest entry that such a map holds: its share of one shard.
pub(super) const fn largest(capacity: u64) -> u64 {
    capacity / SHARDS as u64
}
