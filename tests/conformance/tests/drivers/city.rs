//! A server, a database of numbered rows, and the processes that use both.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_core::store::{Names, RemoteStore};
use cache_core::tables::LookupDeclaration;
use cache_core::{Cache, CacheBuilder, Loaders, ManualClock};
use conformance::simulation::{Server, SimulatedLink};
use conformance::{Dice, Time};

use crate::build::Build;
use crate::process::Process;

/// How long an intent stands, if nothing else is said.
pub const INTENT_LIFE: Duration = Duration::from_secs(10);

/// What the database holds: rows by their number, each with a value.
pub type Rows = BTreeMap<u64, u64>;

/// The database. A statement is done under its lock, and committed.
#[derive(Clone, Debug, Default)]
pub struct Database(Arc<Mutex<Rows>>);

impl Database {
    pub fn rows(&self) -> Rows {
        self.0.lock().unwrap().clone()
    }

    pub fn set(&self, row: u64, value: u64) {
        self.0.lock().unwrap().insert(row, value);
    }

    pub fn delete(&self, row: u64) {
        self.0.lock().unwrap().remove(&row);
    }
}

/// A server, a database, and a time that both stand still in until it is moved.
#[derive(Debug)]
pub struct City {
    pub server: Server,
    pub clock: ManualClock,
    pub database: Database,
}

impl City {
    /// With rows 1 and 2, of value 10 each.
    pub fn new() -> Self {
        let clock = ManualClock::new();
        let server = Server::new(Time::Hand(clock.clone()));
        let database = Database::default();
        database.set(1, 10);
        database.set(2, 10);
        Self { server, clock, database }
    }

    pub fn process(&self) -> Process {
        self.process_with(|builder| builder)
    }

    pub fn process_with(&self, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Process {
        let link = SimulatedLink::new(&self.server, Names::starting_with("city").unwrap());
        let builder = Cache::builder().store(RemoteStore::new(link.clone())).clock(self.clock.clone());
        let cache = set(builder).build().unwrap();
        let loaders = Loaders::EachProcess;
        Process { build: Build::default(), cache, link, database: self.database.clone(), loaders }
    }

    /// Processes of which one loads a row, and the others wait for it.
    pub fn leasing<const N: usize>(&self) -> [Process; N] {
        self.processes().map(|process| Process { loaders: Loaders::OneProcess, ..process })
    }

    /// A process whose program declares these look-ups of the table.
    pub fn declaring(&self, lookups: &[LookupDeclaration]) -> Process {
        Process { build: Build::declaring(lookups), ..self.process() }
    }

    /// Drops a key of the server.
    pub fn lose(&self, name: &str) {
        let mut dice = Dice::new(0);
        self.server.evict_any(&mut dice, |other| other == name);
    }

    pub fn processes<const N: usize>(&self) -> [Process; N] {
        core::array::from_fn(|_| self.process())
    }
}
