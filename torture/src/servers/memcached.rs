//! The memcached of a run: it can stand still, forget, and end.

use core::time::Duration;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Problem, free_port};
use crate::process::{Process, wait_until};

/// The server. It ends with this value.
#[derive(Debug)]
pub(crate) struct Memcached {
    program: PathBuf,
    port: u16,
    process: Mutex<Process>,
}

impl Memcached {
    pub(super) fn start(program: &Path) -> Result<Self, Problem> {
        // Somebody else may take the port first.
        for _ in 0..5 {
            let port = free_port()?;
            let server = Self { program: program.to_owned(), port, process: Mutex::new(run(program, port)?) };
            if server.is_there() {
                return Ok(server);
            }
        }
        Err("memcached does not start".into())
    }

    /// What a worker opens. All name the same server: they have no ways of their own to it.
    pub(crate) fn url(&self) -> String {
        format!("memcached://127.0.0.1:{}?prefix=torture", self.port)
    }

    /// Lets it stand still, or go on.
    pub(super) fn pause(&self, is_paused: bool) {
        self.process().pause(is_paused);
    }

    /// Makes it forget everything.
    pub(super) fn flush(&self) -> Result<(), Problem> {
        self.say("flush_all").map(drop)
    }

    /// Restarts it, with nothing.
    pub(super) fn restart(&self) -> Result<(), Problem> {
        let mut process = self.process();
        process.kill();
        *process = run(&self.program, self.port)?;
        drop(process);
        if self.is_there() { Ok(()) } else { Err("memcached does not start again".into()) }
    }

    fn is_there(&self) -> bool {
        let answers = || self.say("version").is_ok_and(|answer| answer.starts_with("VERSION"));
        wait_until(Duration::from_secs(20), || answers() || self.process().has_ended()) && !self.process().has_ended()
    }

    fn say(&self, line: &str) -> Result<String, Problem> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(format!("{line}\r\n").as_bytes())?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        Ok(answer)
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(program: &Path, port: u16) -> std::io::Result<Process> {
    let mut command = Command::new(program);
    // It does not run as root unless it is told that it may.
    command.args(["-u", "root", "-l", "127.0.0.1", "-U", "0", "-m", "256", "-c", "2000", "-p", &port.to_string()]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Process::start(command, None)
}
