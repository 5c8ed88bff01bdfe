//! What a test does to a server of its own while a store is used over it.

use std::sync::Arc;
use std::time::Duration;

use cache_core::policy::NearPolicy;
use cache_core::store::{Name, Names, RedisStore, Store};
use cache_core::{CacheKey, Tag};
use redis::Value;

use super::{Cable, RedisServer};
use crate::{Frail, Holding, Subject, Time};

/// A unit of a test's time: long enough for a machine that does much else.
pub(super) const UNIT: Duration = Duration::from_millis(200);

/// A store with the prefix `shop` over a server of its own, under test.
#[must_use]
pub fn subject() -> Subject {
    Hands::on(RedisServer::start()).subject()
}

/// A server, and the cable that the store under test is connected by.
#[derive(Clone, Debug)]
pub struct Hands {
    server: Arc<RedisServer>,
    cable: Arc<Cable>,
}

impl Hands {
    /// Hands on `server`.
    #[must_use]
    pub fn on(server: RedisServer) -> Self {
        let cable = Cable::to(server.port());
        Self { server: Arc::new(server), cable: Arc::new(cable) }
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &RedisServer {
        &self.server
    }

    /// The cable between the store under test and the server.
    #[must_use]
    pub fn cable(&self) -> &Cable {
        &self.cable
    }

    /// A store of another process, which is connected to the server directly.
    ///
    /// # Panics
    ///
    /// If the URL is wrong.
    #[must_use]
    pub fn store(&self, prefix: &str) -> RedisStore {
        patient(&self.server.url(prefix))
    }

    /// The store under test.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let store = patient(&format!("redis://127.0.0.1:{}?prefix=shop", self.cable.port()));
        Subject::new(store, Time::real()).unit(UNIT).frail(self.clone())
    }

    /// The store under test, with `policy` for memory in front of the server.
    ///
    /// # Panics
    ///
    /// If the server does not tell of changes.
    #[must_use]
    pub fn near(&self, policy: NearPolicy) -> Subject {
        let time = Time::real();
        let store = patient(&format!("redis://127.0.0.1:{}?prefix=shop", self.cable.port()));
        let store = store.near(policy, Arc::new(time.clone())).expect("a server that tells of changes");
        Subject::new(store, time).unit(UNIT).frail(self.clone())
    }

    fn delete(&self, name: &Name) {
        self.server.run::<Value>(&["DEL", name.as_str()]);
    }
}

/// A store whose calls are given time: the machine may do much else.
pub(super) fn patient(url: &str) -> RedisStore {
    let store = RedisStore::from_url(url).expect("tests use right URLs");
    store.shared().unwrap().set_operation_timeout(Duration::from_secs(5));
    store
}

impl Frail for Hands {
    fn peer(&self, prefix: Option<&str>) -> Arc<dyn Store> {
        Arc::new(self.store(prefix.unwrap_or("shop")))
    }

    fn lose_token(&self, tag: &Tag) {
        self.delete(&names().tag(tag).token);
    }

    fn lose_intents(&self, tag: &Tag) {
        self.delete(&names().tag(tag).intents());
    }

    fn bytes(&self, key: &CacheKey) -> Option<Vec<u8>> {
        self.server.run(&["GET", names().entry(key).as_str()])
    }

    fn overwrite(&self, key: &CacheKey, bytes: Vec<u8>) {
        let client = redis::Client::open(("127.0.0.1", self.server.port())).expect("an address");
        let mut connection = client.get_connection().expect("a server that is there");
        let mut command = redis::cmd("SET");
        command.arg(names().entry(key).as_str()).arg(bytes).exec(&mut connection).expect("room for an entry");
    }

    fn live_again(&self, holding: Holding) {
        match holding {
            Holding::Everything => self.server.restart_with_everything(),
            Holding::Nothing => self.server.restart_empty(),
        }
    }

    fn disconnect(&self) {
        self.cable.cut();
    }

    /// Reads and scripts, as the server counts them, those of every process.
    fn round_trips(&self) -> u64 {
        calls_of(&self.server)
    }
}

pub(super) fn calls_of(server: &RedisServer) -> u64 {
    let statistics: String = server.run(&["INFO", "commandstats"]);
    let calls = |command: &str| {
        let start = format!("cmdstat_{command}:calls=");
        let line = statistics.lines().find_map(|line| line.strip_prefix(start.as_str())?.split_once(','));
        line.and_then(|(count, _)| count.parse::<u64>().ok()).unwrap_or(0)
    };
    ["mget", "evalsha"].into_iter().map(calls).sum()
}

fn names() -> Names {
    Names::starting_with("shop").expect("a plain prefix")
}
