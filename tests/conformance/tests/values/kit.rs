//! The caches that each test is run over, each with what another process has of it.

use std::time::Duration;

use cache_core::store::{FailingStore, MemoryStore, Names, RemoteStore, Store};
use cache_core::{Cache, CacheBuilder, ManualClock};
use conformance::Time;
use conformance::simulation::{Server, SimulatedLink};

/// A cache under test.
pub struct Kit {
    pub name: &'static str,
    pub cache: Cache,
    /// The same cache in another process.
    pub peer: Cache,
    pub clock: ManualClock,
}

/// A server, and a time that it goes by.
pub struct Town {
    pub server: Server,
    pub clock: ManualClock,
}

/// A process of a town.
#[derive(Clone)]
pub struct Process {
    pub cache: Cache,
    pub link: SimulatedLink,
}

impl Kit {
    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Runs a test over every kind of store.
pub fn each(test: impl Fn(&Kit)) {
    for kit in [memory(), elsewhere(), remote()] {
        println!("over the store {}", kit.name);
        test(&kit);
    }
}

impl Town {
    pub fn new() -> Self {
        let clock = ManualClock::new();
        Self { server: Server::new(Time::Hand(clock.clone())), clock }
    }

    /// A process that does not wait for others for long: most tests stop them.
    pub fn process(&self) -> Process {
        self.process_with("town", Duration::from_millis(100))
    }

    /// A process of another program.
    pub fn process_called(&self, prefix: &str) -> Process {
        self.process_with(prefix, Duration::from_millis(100))
    }

    /// A process whose clock is ahead of the server's.
    pub fn process_ahead(&self, by: Duration) -> Cache {
        let clock = ManualClock::new();
        clock.advance(by);
        let link = SimulatedLink::new(&self.server, Names::starting_with("town").unwrap());
        build(RemoteStore::new(link), &clock)
    }

    fn patient(&self) -> Cache {
        self.process_with("town", Duration::from_secs(5)).cache
    }

    fn process_with(&self, prefix: &str, wait: Duration) -> Process {
        let link = SimulatedLink::new(&self.server, Names::starting_with(prefix).unwrap());
        let store = RemoteStore::new(link.clone()).largest_value(1024 * 1024);
        let builder = Cache::builder().store(store).clock(self.clock.clone());
        // Time stands still: a store that was left alone would be so for ever.
        let cache = builder.breaker_failures(u32::MAX).flight_wait(wait).build().unwrap();
        Process { cache, link }
    }
}

pub fn build(store: impl Store, clock: &ManualClock) -> Cache {
    let builder: CacheBuilder = Cache::builder().store(store).clock(clock.clone());
    builder.build().unwrap()
}

fn memory() -> Kit {
    let clock = ManualClock::new();
    let cache = build(store(), &clock);
    Kit { name: "in memory", peer: cache.clone(), cache, clock }
}

/// A store that keeps bytes, though it is in memory.
fn elsewhere() -> Kit {
    let clock = ManualClock::new();
    let store = FailingStore::elsewhere(store());
    Kit { name: "elsewhere", cache: build(store.clone(), &clock), peer: build(store, &clock), clock }
}

fn remote() -> Kit {
    let town = Town::new();
    Kit { name: "on a server", cache: town.patient(), peer: town.patient(), clock: town.clock }
}

fn store() -> MemoryStore {
    MemoryStore::with_capacity(16 * 1024 * 1024).unwrap()
}
