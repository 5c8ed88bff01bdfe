//! The caches that each test is run over, each with what another process has of it.

use std::time::Duration;

#[cfg(feature = "redis")]
use cache_core::store::RedisStore;
use cache_core::store::{MemoryStore, Names, RemoteStore, Store};
use cache_core::{Cache, CacheBuilder, ManualClock};
#[cfg(feature = "redis")]
use conformance::redis_server::RedisServer;
use conformance::simulation::{Server, SimulatedLink};
#[cfg(feature = "sqlite-store")]
use conformance::sqlite_file::SqliteFile;
use conformance::{FailingStore, Time};

/// A cache under test.
pub struct Kit {
    pub name: &'static str,
    pub cache: Cache,
    /// The same cache in another process.
    pub peer: Cache,
    pub clock: ManualClock,
    /// The file that keeps it, if one does.
    #[cfg(feature = "sqlite-store")]
    _file: Option<SqliteFile>,
    /// The real server that keeps it, if one does.
    #[cfg(feature = "redis")]
    redis: Option<RedisServer>,
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
        #[cfg(feature = "redis")]
        self.redis.iter().for_each(|server| age(server, seconds));
    }

    /// Whether what has no timeout stays, however much time passes. Redis keeps everything for a month at most.
    pub const fn keeps_for_ever(&self) -> bool {
        #[cfg(feature = "redis")]
        return self.redis.is_none();
        #[cfg(not(feature = "redis"))]
        true
    }
}

/// Shortens the lives of all keys: the clock of a real server cannot be moved.
#[cfg(feature = "redis")]
fn age(server: &RedisServer, seconds: u64) {
    let by = i64::try_from(seconds * 1000).unwrap();
    for name in server.run::<Vec<String>>(&["KEYS", "*"]) {
        // What does not expire says -1; what is over ends at once.
        if let left @ 0.. = server.run::<i64>(&["PTTL", &name]) {
            server.run::<bool>(&["PEXPIRE", &name, &(left - by).to_string()]);
        }
    }
}

/// Runs a test over every kind of store.
pub fn each(test: impl Fn(&Kit)) {
    let kits = [memory, elsewhere, remote];
    kits.into_iter().for_each(|kit| run(&kit(), &test));
    #[cfg(feature = "sqlite-store")]
    run(&in_a_file(), &test);
    #[cfg(feature = "redis")]
    run(&on_redis(), &test);
}

fn run(kit: &Kit, test: &impl Fn(&Kit)) {
    println!("over the store {}", kit.name);
    test(kit);
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
    kit("in memory", [cache.clone(), cache], clock)
}

/// A store that keeps bytes, though it is in memory.
fn elsewhere() -> Kit {
    let clock = ManualClock::new();
    let store = FailingStore::elsewhere(store());
    kit("elsewhere", [build(store.clone(), &clock), build(store, &clock)], clock)
}

fn remote() -> Kit {
    let town = Town::new();
    kit("on a server", [town.patient(), town.patient()], town.clock)
}

/// A file of SQLite, of which each process has connections of its own.
#[cfg(feature = "sqlite-store")]
fn in_a_file() -> Kit {
    let clock = ManualClock::new();
    let file = SqliteFile::at(Time::Hand(clock.clone()));
    let process = || {
        let builder = Cache::builder().store(file.peer_store("town").largest_value(1024 * 1024)).clock(clock.clone());
        builder.breaker_failures(u32::MAX).flight_wait(Duration::from_secs(5)).build().unwrap()
    };
    let caches = [process(), process()];
    Kit { _file: Some(file), ..kit("in a file", caches, clock) }
}

/// A real server. Its time passes as well, but little of it in a test.
#[cfg(feature = "redis")]
fn on_redis() -> Kit {
    let (server, clock) = (RedisServer::start(), ManualClock::new());
    let process = || {
        let store = RedisStore::from_url(&server.url("town")).unwrap().largest_value(1024 * 1024);
        let builder = Cache::builder().store(store).clock(clock.clone()).operation_timeout(Duration::from_secs(2));
        builder.breaker_failures(u32::MAX).flight_wait(Duration::from_secs(5)).build().unwrap()
    };
    let caches = [process(), process()];
    Kit { redis: Some(server), ..kit("on Redis", caches, clock) }
}

fn kit(name: &'static str, [cache, peer]: [Cache; 2], clock: ManualClock) -> Kit {
    Kit {
        name,
        cache,
        peer,
        clock,
        #[cfg(feature = "sqlite-store")]
        _file: None,
        #[cfg(feature = "redis")]
        redis: None,
    }
}

fn store() -> MemoryStore {
    MemoryStore::with_capacity(16 * 1024 * 1024).unwrap()
}
