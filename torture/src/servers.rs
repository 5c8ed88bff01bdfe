//! Starts and ends the servers of a run.

use std::error::Error;
use std::net::TcpListener;
use std::path::Path;

use tempfile::TempDir;

use crate::arguments::{Kept, Run};
use crate::process::find_program;

mod cluster;
mod database;
mod file;
mod memcached;
mod own;
mod redis;
mod tables;

pub(crate) use cluster::Cluster;
pub(crate) use database::Database;
pub(crate) use file::EntryFile;
pub(crate) use memcached::Memcached;
pub(crate) use redis::Redis;
pub(crate) use tables::Tables;

/// What goes wrong before a run, and ends it.
pub(crate) type Problem = Box<dyn Error + Send + Sync>;

/// What is said where programs are missing.
const MISSING: &str = "is not installed; on Debian and Ubuntu: apt-get install postgresql redis-server memcached; with \
    Homebrew: brew install postgresql redis memcached; or run ./scripts/with-servers COMMAND, which installs it";

/// The servers of a run, and where they keep their files. They end with this value.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) database: Database,
    pub(crate) store: Store,
    // The last one: the servers are gone when it goes.
    pub(crate) directory: TempDir,
}

/// Where the entries of a run are.
#[derive(Debug)]
pub(crate) enum Store {
    Cluster(Cluster),
    File(EntryFile),
    Memcached(Memcached),
    Redis(Redis),
    Tables(Tables),
}

impl Store {
    /// The server.
    ///
    /// # Errors
    ///
    /// If the run has none.
    pub(crate) fn redis(&self) -> Result<&Redis, Problem> {
        if let Self::Redis(redis) = self { Ok(redis) } else { Err("the run has no Redis".into()) }
    }

    /// The cluster.
    ///
    /// # Errors
    ///
    /// If the run has none.
    pub(crate) fn cluster(&self) -> Result<&Cluster, Problem> {
        if let Self::Cluster(cluster) = self { Ok(cluster) } else { Err("the run has no cluster".into()) }
    }

    /// The file.
    ///
    /// # Errors
    ///
    /// If the run has none.
    pub(crate) fn file(&self) -> Result<&EntryFile, Problem> {
        if let Self::File(file) = self { Ok(file) } else { Err("the run keeps its entries in no file".into()) }
    }

    /// Keeps others from writing, as a process does that stands still in the middle of a write, or lets them go on.
    pub(crate) fn lock(&self, is_locked: bool) -> Result<(), Problem> {
        match self {
            Self::File(file) => file.lock(is_locked),
            Self::Tables(tables) => tables.lock(is_locked),
            Self::Cluster(_) | Self::Memcached(_) | Self::Redis(_) => Err("a server is not locked".into()),
        }
    }

    /// Lets the server stand still, or go on.
    pub(crate) fn pause(&self, is_paused: bool) -> Result<(), Problem> {
        match self {
            Self::Cluster(cluster) => cluster.pause(is_paused),
            Self::Memcached(server) => server.pause(is_paused),
            _ => self.redis()?.pause(is_paused),
        }
        Ok(())
    }

    /// Restarts the server with what it wrote down last, or with nothing.
    pub(crate) fn restart(&self, is_empty: bool) -> Result<(), Problem> {
        match self {
            Self::Memcached(server) => server.restart(),
            _ => self.redis()?.restart(is_empty),
        }
    }

    /// Makes it forget everything. Says whether it has.
    pub(crate) fn flush(&self) -> Result<bool, Problem> {
        match self {
            Self::Cluster(cluster) => Ok(cluster.flush()),
            Self::Memcached(server) => server.flush().map(|()| true),
            Self::Tables(tables) => tables.empty(),
            _ => Ok(self.redis()?.flush().map(|()| true)?),
        }
    }
}

impl Servers {
    /// Starts them.
    ///
    /// # Errors
    ///
    /// If a program is missing, or a server does not start.
    pub(crate) fn start(run: &Run) -> Result<Self, Problem> {
        let directory = tempfile::Builder::new().prefix("torture.").tempdir()?;
        let database = Database::start(directory.path(), run.has_standby)?;
        let store = match run.kept {
            Kept::Cluster(slots) => Store::Cluster(Cluster::start(slots)),
            Kept::File => Store::File(EntryFile::in_directory(run.disk.as_deref().unwrap_or(directory.path()))),
            Kept::Memcached => Store::Memcached(Memcached::start(&program(&["memcached"])?)?),
            Kept::Redis => Store::Redis(Redis::start(&program(&["redis-server", "valkey-server"])?, directory.path())?),
            Kept::Tables => Store::Tables(Tables::make(&database)?),
        };
        Ok(Self { database, store, directory })
    }
}

/// A program that has to be there.
fn program(names: &[&str]) -> Result<std::path::PathBuf, Problem> {
    find_program(names).ok_or_else(|| format!("`{}` {MISSING}", names[0]).into())
}

/// A port of this machine that nobody listens on.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The last lines of what a server has written.
fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
