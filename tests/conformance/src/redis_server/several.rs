//! Several servers under test, of which one answers for a cache: a cluster's, or those that sentinels watch.

use std::fmt::Debug;
use std::sync::Arc;

use cache_core::policy::NearPolicy;
use cache_core::store::{Names, RedisStore, Store};
use cache_core::{CacheKey, Tag};
use redis::Value;

use super::RedisServer;
use super::hands::{UNIT, calls_of, patient};
use crate::{Frail, Holding, Subject, Time};

/// Servers of which one answers for a name at a time.
pub trait Servers: Debug + Send + Sync + 'static {
    /// The URL of a link with this prefix.
    fn url(&self, prefix: &str) -> String;

    /// The server that answers for this prefix.
    fn primary(&self, prefix: &str) -> &RedisServer;

    /// What keys under this prefix are called.
    fn names(&self, prefix: &str) -> Names;

    /// The server that answers for one of these names: that of the prefix.
    fn primary_for(&self, prefix: &str, _name: &str) -> &RedisServer {
        self.primary(prefix)
    }

    /// The records of what is kept under this prefix: one.
    fn records(&self, prefix: &str) -> Vec<String> {
        vec![self.names(prefix).incarnation().to_string()]
    }
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
        self.run_on_all(&["FLUSHALL"]);
    }

    /// The servers that answer for something of the cache, each once.
    fn primaries(&self) -> Vec<&RedisServer> {
        let mut primaries: Vec<&RedisServer> = Vec::new();
        for record in self.0.records("shop") {
            let primary = self.0.primary_for("shop", &record);
            if primaries.iter().all(|known| known.port() != primary.port()) {
                primaries.push(primary);
            }
        }
        primaries
    }

    fn run_on_all(&self, command: &[&str]) {
        self.primaries().iter().for_each(|primary| drop(primary.run::<Value>(command)));
    }

    fn delete(&self, name: &str) {
        self.0.primary_for("shop", name).run::<Value>(&["DEL", name]);
    }
}

impl<S: Servers> Frail for Several<S> {
    fn peer(&self, prefix: Option<&str>) -> Arc<dyn Store> {
        Arc::new(self.store(prefix.unwrap_or("shop")))
    }

    fn lose_token(&self, tag: &Tag) {
        self.delete(self.0.names("shop").tag(tag).token.as_str());
    }

    fn lose_intents(&self, tag: &Tag) {
        self.delete(self.0.names("shop").tag(tag).intents().as_str());
    }

    fn bytes(&self, key: &CacheKey) -> Option<Vec<u8>> {
        let name = self.0.names("shop").entry(key);
        self.0.primary_for("shop", name.as_str()).run(&["GET", name.as_str()])
    }

    fn overwrite(&self, key: &CacheKey, bytes: Vec<u8>) {
        let name = self.0.names("shop").entry(key);
        let port = self.0.primary_for("shop", name.as_str()).port();
        let client = redis::Client::open(("127.0.0.1", port)).expect("an address");
        let mut connection = client.get_connection().expect("a server that is there");
        let mut command = redis::cmd("SET");
        command.arg(name.as_str()).arg(bytes).exec(&mut connection).expect("room for an entry");
    }

    /// What says in which life the server is gets lost, alone or with everything else. What a replica does that takes over
    /// is tested by itself.
    fn live_again(&self, holding: Holding) {
        match holding {
            Holding::Everything => self.0.records("shop").iter().for_each(|record| self.delete(record)),
            Holding::Nothing => self.empty(),
        }
    }

    fn disconnect(&self) {
        self.run_on_all(&["CLIENT", "KILL", "TYPE", "normal"]);
    }

    fn round_trips(&self) -> u64 {
        self.primaries().into_iter().map(calls_of).sum()
    }
}
