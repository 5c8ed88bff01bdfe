//! Nodes of a cluster, and how much the caches on them carry: as much as the busiest node does.

use cache_core::protocol::sharding::Sharding;
use cache_core::protocol::steady::is_steady;
use cache_core::store::Names;
use cache_core::{Shard, Tag};

use crate::work::{Mix, Operation};

/// Microseconds of a node's thread, as `tests/conformance/tests/redis/costs.rs` measured them.
mod micros {
    /// One look-up of a row: an `MGET`, a `GETEX`, an `EXISTS`.
    pub const HIT: f64 = 11.0;
    /// One token more that is looked up.
    pub const TOKEN: f64 = 0.1;
    /// One run of a script over the tags of a write; a write is two.
    pub const SCRIPT: f64 = 33.0;
    /// One name that is pushed to one process.
    pub const PUSH: f64 = 2.9;
    /// One heartbeat of one process.
    pub const BEAT: f64 = 110.0;
}

/// Heartbeats each second, with `max_staleness` of one second.
const BEATS: f64 = 4.0;

/// The share of the reads of a process with near memory that are answered there.
const NEAR_HITS: f64 = 0.8;

/// The slots of a cluster.
const SLOTS: usize = 16_384;

/// Primaries, the caches on them, and the processes that use all of these, some of them with near memory.
#[derive(Clone, Copy, Debug)]
pub struct Fleet {
    pub nodes: usize,
    pub caches: Caches,
    pub processes: u64,
    pub near: u64,
}

/// Where tables lie.
#[derive(Clone, Copy, Debug)]
pub enum Caches {
    /// They are dealt out to so many caches in turn.
    Several(usize),
    /// In the shards of one cache.
    Sharded,
}

/// What a fleet carries.
#[derive(Clone, Copy, Debug)]
pub struct Carried {
    /// Each second, while the busiest node has no rest.
    pub operations: f64,
    /// Of all entries, the share that a failover of the node with most of them ends.
    pub lost: f64,
    /// What a clear of all caches costs all nodes together.
    pub clear_micros: f64,
}

impl Fleet {
    const SAMPLE: u64 = 10_000;

    pub fn carries(&self, mix: &Mix) -> Carried {
        let (places, sharding) = match self.caches {
            Caches::Several(count) => ((0..count).map(|cache| self.place_of(cache)).collect(), Sharding::Whole),
            Caches::Sharded => (self.places_of_shards(), Sharding::ByTable),
        };
        let (mut busy, mut held) = (vec![0.0; self.nodes], vec![0_u32; self.nodes]);
        for operation in mix.operations(Self::SAMPLE, sharding) {
            match (operation, self.caches) {
                (Operation::Read(table, tags), Caches::Several(count)) => {
                    busy[places[table as usize % count]] += self.read_micros(&tags);
                }
                // A write tells every cache of its process.
                (Operation::Write(tags), Caches::Several(_)) => {
                    places.iter().for_each(|node| busy[*node] += self.write_micros(&tags));
                }
                // Each shard is asked for its own.
                (Operation::Read(_, tags), Caches::Sharded) => {
                    by_shard(&tags).for_each(|(shard, tags)| busy[places[shard]] += self.read_micros(&tags));
                }
                (Operation::Write(tags), Caches::Sharded) => {
                    by_shard(&tags).for_each(|(shard, tags)| busy[places[shard]] += self.write_micros(&tags));
                }
            }
        }
        let count = places.len() as f64;
        let mut beats = vec![0.0; self.nodes];
        for node in places {
            beats[node] += BEATS * micros::BEAT * self.near as f64;
            held[node] += 1;
        }
        let capacity = |(busy, beats): (&f64, &f64)| {
            let left = (1e6 - beats).max(0.0);
            if *busy > 0.0 { left / (busy / Self::SAMPLE as f64) } else { f64::INFINITY }
        };
        Carried {
            operations: busy.iter().zip(&beats).map(capacity).fold(f64::INFINITY, f64::min),
            lost: f64::from(held.into_iter().max().unwrap_or_default()) / count,
            clear_micros: 2.0 * micros::SCRIPT * count,
        }
    }

    /// The nodes on which the shards of a cache lie: of a hundred prefixes that its owner may choose, it has one with which the
    /// node that has most of them has fewest.
    fn places_of_shards(&self) -> Vec<usize> {
        let places = |number: u32| -> Vec<usize> {
            let names = Names::in_shards(&format!("shop{number}")).expect("a plain prefix");
            names.slots().iter().map(|slot| usize::from(*slot) * self.nodes / SLOTS).collect()
        };
        let most =
            |places: &Vec<usize>| (0..self.nodes).map(|node| places.iter().filter(|of| **of == node).count()).max();
        (0..100).map(places).min_by_key(most).expect("a hundred prefixes")
    }

    /// The node on which a cache lies: of the prefixes that its owner may choose, it has one whose slot is on the node whose
    /// turn it is. Nodes have slots that follow each other.
    fn place_of(&self, cache: usize) -> usize {
        let node = |number: u32| {
            let names = Names::together(&format!("shop{cache}.{number}")).expect("a plain prefix");
            usize::from(names.slot().expect("names of a cluster")) * self.nodes / SLOTS
        };
        (0..).map(node).find(|node| *node == cache % self.nodes).expect("each node has slots")
    }

    /// Those with near memory ask for a part of what they read.
    fn read_micros(&self, tags: &[Tag]) -> f64 {
        // The stamp tells of the others. A row has two that it does not tell of.
        let tokens = tags.iter().filter(|tag| !is_steady(tag.kind())).count() as f64;
        let asked = micros::HIT + micros::TOKEN * (tokens - 2.0);
        asked * (1.0 - NEAR_HITS * self.near as f64 / self.processes as f64)
    }

    fn write_micros(&self, tags: &[Tag]) -> f64 {
        let told = tags.iter().filter(|tag| !tag.kind().is_polled()).count() as f64;
        // Each is pushed when its intent is placed, and when it is released.
        2.0 * (micros::SCRIPT + micros::PUSH * told * self.near as f64)
    }
}

/// The tags in each shard, if there are any.
fn by_shard(tags: &[Tag]) -> impl Iterator<Item = (usize, Vec<Tag>)> {
    let of =
        |shard: Shard| (shard.index(), tags.iter().filter(|tag| tag.shard() == shard).copied().collect::<Vec<_>>());
    Shard::all().map(of).filter(|(_, tags)| !tags.is_empty())
}
