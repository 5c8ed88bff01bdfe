//! What waits and wakes in cache-core, on threads whose interleavings shuttle chooses.
//!
//! The modules are those of cache-core itself, compiled once more. What they take from `crate::sync` is shuttle's here: threads
//! run one at a time, and each lock, wait and end of a thread is a place where another one may go on. Time stands still, so
//! that a wait ends only because somebody wakes who waits. If nobody does, shuttle reports a deadlock.

// The modules' own tests are those of cache-core.
#![cfg(not(test))]
#![allow(dead_code, missing_docs, unreachable_pub, unused_imports, reason = "cache-core uses more of its modules")]

pub mod desks;
pub mod flights;
pub mod gatherings;
mod sync;

mod entry {
    pub use cache_core::{Life, Value};
}

mod name {
    pub mod key {
        pub use cache_core::CacheKey;
    }
    pub mod tag {
        pub use cache_core::Token;
    }
}

#[path = "../../../cache-core/src/protocol"]
mod protocol {
    pub mod circle;
}

#[path = "../../../cache-core/src/runtime"]
mod runtime {
    pub mod desk;
    pub mod flight;
    pub mod gathering;
    pub mod workers;
}

/// Tries `scenario` in `count` orders that are chosen at random, and in as many with few changes between threads.
pub fn tried(count: usize, scenario: impl Fn() + Clone + Send + Sync + 'static) {
    let times = std::env::var("INTERLEAVINGS").map_or(1, |text| text.parse().expect("`INTERLEAVINGS` is a number"));
    shuttle::check_random(scenario.clone(), count * times);
    shuttle::check_pct(scenario, count * times, 3);
}
