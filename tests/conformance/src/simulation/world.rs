//! A simulated server with the stores of several processes, ready for tests.

use std::sync::Arc;

use cache_core::store::{Link, Names, RemoteStore, Store};
use cache_core::{CacheKey, Tag};

use super::{Server, SimulatedLink};
use crate::{Frail, Holding, Subject, Time};

/// A server and one process's link to it, as something that a test can be hard on.
#[derive(Clone, Debug)]
pub struct World {
    server: Server,
    link: SimulatedLink,
}

impl World {
    /// A process with the prefix `shop`, on a server of its own.
    #[must_use]
    pub fn new(time: Time) -> Self {
        Self::on(&Server::new(time))
    }

    /// Another process with the prefix `shop`.
    #[must_use]
    pub fn on(server: &Server) -> Self {
        Self { server: server.clone(), link: SimulatedLink::new(server, names("shop")) }
    }

    /// The server.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The process's link.
    #[must_use]
    pub const fn link(&self) -> &SimulatedLink {
        &self.link
    }

    /// How the process calls its keys.
    #[must_use]
    pub fn names(&self) -> &Names {
        self.link.names()
    }

    /// The process's store, under test.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject::new(RemoteStore::new(self.link.clone()), self.server.time().clone()).frail(self.clone())
    }
}

impl Frail for World {
    fn peer(&self, prefix: Option<&str>) -> Arc<dyn Store> {
        let link = SimulatedLink::new(&self.server, names(prefix.unwrap_or("shop")));
        Arc::new(RemoteStore::new(link))
    }

    fn lose_token(&self, tag: &Tag) {
        self.server.evict(&names("shop").tag(tag).token);
    }

    fn lose_intents(&self, tag: &Tag) {
        self.server.evict(&names("shop").tag(tag).intents());
    }

    fn bytes(&self, key: &CacheKey) -> Option<Vec<u8>> {
        self.server.bytes(names("shop").entry(key).as_str())
    }

    fn overwrite(&self, key: &CacheKey, bytes: Vec<u8>) {
        self.server.overwrite(names("shop").entry(key).as_str(), bytes);
    }

    fn live_again(&self, holding: Holding) {
        match holding {
            Holding::Everything => self.server.restore(&self.server.snapshot()),
            Holding::Nothing => self.server.restart_empty(),
        }
    }

    fn disconnect(&self) {
        self.link.disconnect();
    }

    fn round_trips(&self) -> u64 {
        self.link.round_trips()
    }
}

fn names(prefix: &str) -> Names {
    Names::starting_with(prefix).expect("tests use plain prefixes")
}
