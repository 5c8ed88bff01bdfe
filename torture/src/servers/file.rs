//! The file in which a run without a Redis keeps its entries: it can be taken away, and kept from being written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::Problem;

/// The file.
#[derive(Debug)]
pub(crate) struct EntryFile {
    path: PathBuf,
    /// What takes the rest of the disk.
    filler: PathBuf,
    lock: Mutex<Option<Connection>>,
}

impl EntryFile {
    pub(super) fn in_directory(directory: &Path) -> Self {
        Self { path: directory.join("entries"), filler: directory.join("filler"), lock: Mutex::default() }
    }

    /// What a worker opens.
    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}?prefix=torture", self.path.display())
    }

    /// Keeps others from writing, as a process does that stands still in the middle of a write, or lets them go on.
    pub(crate) fn lock(&self, is_locked: bool) -> Result<(), Problem> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        *lock = None;
        if is_locked {
            let connection = Connection::open(&self.path)?;
            // Somebody writes at any time. Whoever does not get through leaves the others alone.
            if connection.execute_batch("PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE").is_ok() {
                *lock = Some(connection);
            }
        }
        Ok(())
    }

    /// Fills the disk, or gives back the room.
    pub(crate) fn fill(&self, is_full: bool) -> io::Result<()> {
        if !is_full {
            return fs::remove_file(&self.filler);
        }
        let mut filler = File::create(&self.filler)?;
        for size in [1 << 16, 1 << 10, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
        Ok(())
    }

    /// Takes it away: the file first, as nobody may open it without its log.
    pub(crate) fn remove(&self) {
        for end in ["", "-shm", "-wal"] {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            // Not all of them are there at all times.
            let _ = fs::remove_file(path);
        }
    }
}
