//! Several servers under test, of which one answers for a cache: a cluster's, or those that sentinels watch.

use std::fmt::Debug;
use std::sync::Arc;

use cache_core::policy::NearPolicy;
use cache_core::store::{Name, Names, RedisStore, Store};
use cache_core::{CacheKey, Tag};
use redis::Value;

use super::RedisServer;
use super::hands::{UNIT, calls_of, patient};
use crate::{Frail, Holding, Subject, Time};

/// Servers of which one answers for a cache at a time.
pub trait Servers: Debug + Send + Sync + 'static {
    /// The URL of a link with this prefix.
    fn url(&self, prefix: &str) -> String;

    /// The server that answers for this prefix.
    fn primary(&self, prefix: &str) -> &RedisServer;

    /// What keys under this prefix are called.
    fn names(&self, prefix: &str) -> Names;
}

/// Several servers under test, by the prefix `shop`.
#[derive(Debug)]
pub struct Several<S>(pub Arc<S>);

impl<S> Clone for Several<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Servers> Several<S> {
    /// A store that is connected to the servers.
    ///
    /// # Panics
    ///
    /// If the URL is wrong.
    #[must_use]
    pub fn store(&self, prefix: &str) -> RedisStore {
        patient(&self.0.url(prefix))
    }

    /// The store under test, over servers that hold nothing.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.empty();
        Subject::new(self.store("shop"), Time::real()).unit(UNIT).frail(self.clone())
    }

    /// The same, with memory in front of it.
    ///
    /// # Panics
    ///
    /// If the servers do not tell of changes.
    #[must_use]
    pub fn near(&self, policy: NearPolicy) -> Subject {
        self.empty();
        let time = Time::real();
        let store = self.store("shop").near(policy, Arc::new(time.clone())).expect("servers that tell of changes");
        Subject::new(store, time).unit(UNIT).frail(self.clone())
    }

    fn empty(&self) {
        self.run::<Value>(&["FLUSHALL"]);
    }

    fn run<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        self.0.primary("shop").run(command)
    }

    fn delete(&self, name: &Name) {
        self.run::<Value>(&["DEL", name.as_str()]);
    }
}

impl<S: Servers> Frail for Several<S> {
    fn peer(&self, prefix: Option<&str>) -> Arc<dyn Store> {
        Arc::new(self.store(prefix.unwrap_or("shop")))
    }

    fn lose_token(&self, tag: &Tag) {
        self.delete(&self.0.names("shop").tag(tag).token);
    }

    fn lose_intents(&self, tag: &Tag) {
        self.delete(&self.0.names("shop").tag(tag).intents());
    }

    fn bytes(&self, key: &CacheKey) -> Option<Vec<u8>> {
        self.run(&["GET", self.0.names("shop").entry(key).as_str()])
    }

    fn overwrite(&self, key: &CacheKey, bytes: Vec<u8>) {
        let client = redis::Client::open(("127.0.0.1", self.0.primary("shop").port())).expect("an address");
        let mut connection = client.get_connection().expect("a server that is there");
        let mut command = redis::cmd("SET");
        command
            .arg(self.0.names("shop").entry(key).as_str())
            .arg(bytes)
            .exec(&mut connection)
            .expect("room for an entry");
    }

    /// What says in which life the server is gets lost, alone or with everything else. What a replica does that takes over
    /// is tested by itself.
    fn live_again(&self, holding: Holding) {
        match holding {
            Holding::Everything => self.delete(self.0.names("shop").incarnation()),
            Holding::Nothing => self.empty(),
        }
    }

    fn disconnect(&self) {
        self.run::<Value>(&["CLIENT", "KILL", "TYPE", "normal"]);
    }

    fn round_trips(&self) -> u64 {
        calls_of(self.0.primary("shop"))
    }
}
