//! Entries as bytes on a simulated server, which goes by its own clock.

use std::cell::RefCell;
use std::sync::Arc;

use cache_core::store::{Names, RemoteStore, Store};
use cache_diesel::{Cache, CacheBuilder, ManualClock};
use conformance::Time;
use conformance::simulation::{Server, SimulatedLink};

/// A cache for which real time counts.
pub fn cache() -> CacheBuilder {
    Cache::builder().store(on_server(Time::real()))
}

/// A cache for which `clock` counts.
pub fn cache_at(clock: &ManualClock) -> CacheBuilder {
    Cache::builder().store(on_server(Time::Hand(clock.clone()))).clock(clock.clone())
}

/// A store of a test's own, for which real time counts.
pub fn store() -> Arc<dyn Store> {
    Arc::new(on_server(Time::real()))
}

thread_local! {
    static NEWEST: RefCell<Option<Server>> = const { RefCell::new(None) };
}

fn on_server(time: Time) -> RemoteStore<SimulatedLink> {
    let (server, names) = (Server::new(time), Names::starting_with("shop").unwrap());
    NEWEST.set(Some(server.clone()));
    RemoteStore::new(SimulatedLink::new(&server, names))
}

/// The server of a shop. Its cache outlives it, and is told of every later write of the process: then to no effect.
pub struct Open(Option<Server>);

impl Open {
    /// The server that was made last, if it was made for this shop.
    pub fn newest() -> Self {
        Self(NEWEST.take())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(server) = &self.0 {
            server.close();
        }
    }
}
