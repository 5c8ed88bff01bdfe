//! The processes of a run: this program once more, each with a way of its own to where entries are kept.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::arguments::{Run, Worker};
use crate::ledger::Life;
use crate::process::Process;
use crate::proxy::Proxy;
use crate::servers::{Problem, Servers, Store};

/// All of them. They end with this value.
#[derive(Debug)]
pub(crate) struct Workers(Vec<Slot>);

/// One of them, and those that take its place.
#[derive(Debug)]
struct Slot {
    worker: Worker,
    /// Its way to the store, if that is on a server.
    proxy: Option<Proxy>,
    /// Its way to the database, for what it writes.
    database: Proxy,
    /// `None`: it was killed.
    process: Option<Process>,
}

impl Workers {
    /// Starts them.
    pub(crate) fn start(run: &Run, servers: &Servers, socket: &Path) -> Result<Self, Problem> {
        let mut slots = Vec::new();
        for index in 0..run.workers {
            let proxy = match &servers.store {
                Store::Cluster(_) | Store::File(_) | Store::Memcached(_) => None,
                Store::Redis(redis) => Some(Proxy::to(("127.0.0.1".to_owned(), redis.port()))?),
                Store::Tables(_) => Some(Proxy::to(servers.database.address())?),
            };
            let database = Proxy::to(servers.database.address())?;
            let worker = Worker {
                index,
                start: 0,
                seed: run.seed.wrapping_mul(1009).wrapping_add(index as u64),
                socket: socket.to_owned(),
                database: servers.database.url(),
                written_database: servers.database.url_by(database.port()),
                standby: servers.database.standby_url(),
                store: store_url(servers, proxy.as_ref().map_or(0, Proxy::port)),
                has_protocol: run.has_protocol,
                is_near: run.is_near,
                is_audited: run.is_audited,
                is_planted: run.is_planted,
                is_awaited: run.has_awaited && !index.is_multiple_of(2),
            };
            slots.push(Slot { worker, proxy, database, process: None });
        }
        let mut workers = Self(slots);
        (0..run.workers).try_for_each(|index| workers.start_one(index))?;
        Ok(workers)
    }

    /// Its way to the store, if that is on a server.
    pub(crate) fn proxy(&self, index: usize) -> Option<&Proxy> {
        self.0[index].proxy.as_ref()
    }

    /// Its way to the database, for what it writes.
    pub(crate) fn database(&self, index: usize) -> &Proxy {
        &self.0[index].database
    }

    /// Lets it stand still, or go on.
    pub(crate) fn pause(&self, index: usize, is_paused: bool) {
        if let Some(process) = &self.0[index].process {
            process.pause(is_paused);
        }
    }

    /// The number of its present process.
    pub(crate) fn life(&self, index: usize) -> Life {
        self.0[index].process.as_ref().map_or(0, Process::id)
    }

    /// Kills it.
    pub(crate) fn kill(&mut self, index: usize) {
        if let Some(mut process) = self.0[index].process.take() {
            process.kill();
        }
    }

    /// Whether one has ended by itself.
    pub(crate) fn has_failed(&mut self) -> bool {
        self.0.iter_mut().filter_map(|slot| slot.process.as_mut()).any(Process::has_ended)
    }

    /// Starts it, once nothing is left in the database of the one before it.
    pub(crate) fn start_one(&mut self, index: usize) -> Result<(), Problem> {
        let slot = &mut self.0[index];
        slot.worker.start += 1;
        slot.worker.seed = slot.worker.seed.wrapping_add(1 << 32);
        let mut command = Command::new(std::env::current_exe()?);
        // Not in the URL: it is a part of the names of entries, which all workers share.
        command.env("PGAPPNAME", application(index)).env("PGOPTIONS", "-c lock_timeout=2s");
        command.args(slot.worker.words()).stdout(Stdio::null());
        slot.process = Some(Process::start(command, None)?);
        Ok(())
    }
}

/// Where a worker finds the store: behind this port of its own, if it is on a server.
fn store_url(servers: &Servers, port: u16) -> String {
    match &servers.store {
        Store::Cluster(cluster) => cluster.url(),
        Store::File(file) => file.url(),
        Store::Memcached(server) => server.url(),
        Store::Redis(_) => format!("redis://127.0.0.1:{port}?prefix=torture"),
        Store::Tables(_) => servers.database.url_by(port),
    }
}

/// What the database calls the sessions of a worker.
pub(crate) fn application(index: usize) -> String {
    format!("torture worker {index}")
}
