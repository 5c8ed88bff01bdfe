//! The Redis server of a run: it can stand still, forget, and come back with what it held before.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::{Client, RedisResult};

use super::{Problem, end_of, free_port};
use crate::process::{Process, wait_until};

/// The server. It ends with this value.
#[derive(Debug)]
pub(crate) struct Redis {
    program: PathBuf,
    directory: PathBuf,
    port: u16,
    process: Mutex<Process>,
}

impl Redis {
    pub(super) fn start(program: &Path, directory: &Path) -> Result<Self, Problem> {
        let directory = directory.join("redis");
        std::fs::create_dir(&directory)?;
        // Somebody else may take the port first.
        for _ in 0..5 {
            let port = free_port()?;
            let process = Mutex::new(run(program, &directory, port)?);
            let server = Self { program: program.to_owned(), directory: directory.clone(), port, process };
            if server.is_there() {
                return Ok(server);
            }
        }
        Err(format!("redis-server does not start: {}", end_of(&directory.join("log"))).into())
    }

    /// Where it listens.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Lets it stand still, or go on.
    pub(crate) fn pause(&self, is_paused: bool) {
        self.process().pause(is_paused);
    }

    /// Makes it forget everything.
    pub(crate) fn flush(&self) -> RedisResult<()> {
        redis::cmd("FLUSHALL").exec(&mut self.connect()?)
    }

    /// Has it write down what it holds.
    pub(crate) fn save(&self) -> RedisResult<()> {
        redis::cmd("SAVE").exec(&mut self.connect()?)
    }

    /// Restarts it with what it wrote down last, or with nothing.
    pub(crate) fn restart(&self, is_empty: bool) -> Result<(), Problem> {
        let mut process = self.process();
        process.kill();
        if is_empty {
            // It may have written nothing down.
            let _ = std::fs::remove_file(self.directory.join("dump.rdb"));
        }
        *process = run(&self.program, &self.directory, self.port)?;
        drop(process);
        if self.is_there() { Ok(()) } else { Err("redis-server does not start again".into()) }
    }

    fn is_there(&self) -> bool {
        let answers = || self.connect().and_then(|mut connection| redis::cmd("PING").exec(&mut connection)).is_ok();
        wait_until(Duration::from_secs(20), || answers() || self.process().has_ended()) && !self.process().has_ended()
    }

    fn connect(&self) -> RedisResult<redis::Connection> {
        let connection = Client::open(("127.0.0.1", self.port))?.get_connection_with_timeout(Duration::from_secs(5))?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        Ok(connection)
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(program: &Path, directory: &Path, port: u16) -> std::io::Result<Process> {
    let mut command = Command::new(program);
    // The directory first: some versions open the log as soon as they read its name.
    command.arg("--dir").arg(directory).args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--logfile", "log", "--maxclients", "2000"]).stdout(Stdio::null()).stderr(Stdio::null());
    Process::start(command, None)
}
