//! Where entries are kept: as bytes on a simulated server, which goes by its own clock.

use std::sync::Arc;

use cache_core::SystemClock;
use cache_core::store::{Names, RemoteStore, Store};
use cache_diesel::{Cache, CacheBuilder, ManualClock};
use conformance::Time;
use conformance::simulation::{Server, SimulatedLink};

/// A cache for which real time counts.
pub fn cache() -> CacheBuilder {
    Cache::builder().store(on_server(Time::Real(Arc::new(SystemClock::new()))))
}

/// A cache for which `clock` counts.
pub fn cache_at(clock: &ManualClock) -> CacheBuilder {
    Cache::builder().store(on_server(Time::Hand(clock.clone()))).clock(clock.clone())
}

/// A store of a test's own, for which real time counts.
pub fn store() -> Arc<dyn Store> {
    Arc::new(on_server(Time::real()))
}

fn on_server(time: Time) -> RemoteStore<SimulatedLink> {
    let names = Names::starting_with("shop").unwrap();
    RemoteStore::new(SimulatedLink::new(&Server::new(time), names))
}
