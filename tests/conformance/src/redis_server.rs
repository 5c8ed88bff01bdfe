//! A server of Redis that belongs to one test: what can be done to it, and when it is gone.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{FromRedisValue, Value};
use tempfile::TempDir;

use crate::pause::pause;

mod cable;
mod cluster;
mod entrance;
mod hands;
mod sentinels;
mod several;

#[cfg(feature = "redis-tls")]
pub use crate::certificates::Certificates;
pub use cable::Cable;
pub use cluster::{RedisCluster, Sharded};
pub use hands::{Hands, subject};
pub use sentinels::Sentinels;
pub use several::{Servers, Several};

/// A server on a free port of 127.0.0.1, with a directory of its own. It ends with this value.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    directory: TempDir,
    settings: Vec<String>,
    process: Mutex<Child>,
}

impl RedisServer {
    /// Starts a server.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further settings, as in its configuration: `["maxmemory 3mb"]`.
    ///
    /// # Panics
    ///
    /// If the program is not there, or the server does not start.
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Self {
        // Somebody else may take the port first, hence the attempts.
        (0..5).find_map(|_| Self::try_start(settings)).expect("redis-server finds a free port")
    }

    /// Starts a server that also listens for TLS, on the port that is given back, with further settings.
    ///
    /// # Panics
    ///
    /// If the program is not there, is not built with TLS, or the server does not start.
    #[cfg(feature = "redis-tls")]
    #[must_use]
    pub fn start_encrypted(certificates: &Certificates, settings: &[&str]) -> (Self, u16) {
        let start = |_| {
            let port = free_port();
            let own = [certificates.settings(), vec![format!("tls-port {port}")]].concat();
            let all: Vec<&str> = own.iter().map(String::as_str).chain(settings.iter().copied()).collect();
            Self::try_start(&all).map(|server| (server, port))
        };
        (0..5).find_map(start).expect("redis-server finds two free ports")
    }

    fn try_start(settings: &[&str]) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let port = free_port();
        let process = Mutex::new(spawn(port, directory.path(), &settings));
        let server = Self { port, directory, settings, process };
        if server.await_answer() {
            return Some(server);
        }
        let log = std::fs::read_to_string(server.directory.path().join("log")).unwrap_or_default();
        assert!(log.contains("Address already in use"), "redis-server did not start: {log}");
        None
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a link with this prefix.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        format!("redis://127.0.0.1:{}?prefix={prefix}", self.port)
    }

    /// Runs a command behind everybody's back.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub fn run<T: FromRedisValue>(&self, command: &[&str]) -> T {
        self.try_run(command).unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// Runs a command behind everybody's back; gives the server's error.
    ///
    /// # Errors
    ///
    /// If the server refuses or is not there.
    pub fn try_run<T: FromRedisValue>(&self, command: &[&str]) -> redis::RedisResult<T> {
        run_at(self.port, command)
    }

    /// Ends the server at once, as a crash does.
    pub fn kill(&self) {
        let mut process = self.process();
        // It may have ended by itself.
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Starts it again after it has ended, with what it has written down last.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start_again(&self) {
        *self.process() = spawn(self.port, self.directory.path(), &self.settings);
        assert!(self.await_answer(), "redis-server did not start again");
    }

    /// Starts it again without waiting until it answers.
    pub fn start_slowly(&self) {
        *self.process() = spawn(self.port, self.directory.path(), &self.settings);
    }

    /// Restarts it with what it holds now.
    pub fn restart_with_everything(&self) {
        self.run::<Value>(&["SAVE"]);
        self.kill();
        self.start_again();
    }

    /// Restarts it with nothing.
    pub fn restart_empty(&self) {
        self.kill();
        // It may have written nothing down.
        let _ = std::fs::remove_file(self.directory.path().join("dump.rdb"));
        self.start_again();
    }

    /// Restarts it with what it held at its last `SAVE`.
    pub fn restart_from_snapshot(&self) {
        self.kill();
        self.start_again();
    }

    /// Lets it stand still, or go on.
    ///
    /// # Panics
    ///
    /// If the signal cannot be sent, or it does not stand still.
    pub fn hang(&self, is_hanging: bool) {
        pause(self.process().id(), is_hanging);
    }

    fn await_answer(&self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {
            // A server that wants a password answers as well.
            match self.try_run::<Value>(&["PING"]) {
                Ok(_) => return true,
                Err(error) if error.code() == Some("NOAUTH") => return true,
                Err(_) => {}
            }
            if self.process().try_wait().is_ok_and(|status| status.is_some()) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    fn process(&self) -> MutexGuard<'_, Child> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(port: u16, directory: &Path, settings: &[String]) -> Child {
    let spawn = |program: &str| arguments(Command::new(program), port, directory, settings).spawn();
    let process = spawn("redis-server").or_else(|_| spawn("valkey-server"));
    process.unwrap_or_else(|error| panic!("`redis-server` cannot be run ({error}): run ./scripts/with-servers"))
}

fn arguments(mut command: Command, port: u16, directory: &Path, settings: &[String]) -> Command {
    // The directory first: some versions open the log as soon as they read its name.
    command.arg("--dir").arg(directory);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--logfile", "log"]);
    if asks_for_debug(&command) {
        // Who can reach it is on this machine, and it holds a test's data only.
        command.args(["--enable-debug-command", "yes"]);
    }
    for setting in settings {
        let (name, value) = setting.split_once(' ').expect("a setting has a name and a value");
        command.arg(format!("--{name}")).args(value.split(' '));
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether `DEBUG` has to be allowed: before Redis 7 it always is, and the setting is not known.
fn asks_for_debug(command: &Command) -> bool {
    let output = Command::new(command.get_program()).arg("--version").output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    !version.contains("v=6.")
}

fn run_at<T: FromRedisValue>(port: u16, command: &[&str]) -> redis::RedisResult<T> {
    let client = redis::Client::open(("127.0.0.1", port))?;
    let mut connection = client.get_connection_with_timeout(Duration::from_secs(5))?;
    connection.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut sent = redis::cmd(command[0]);
    command[1..].iter().for_each(|part| {
        sent.arg(part);
    });
    sent.query(&mut connection)
}

/// Waits until something is so that servers do among themselves.
///
/// # Panics
///
/// If it is not so for long.
pub fn await_that(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A port that is free, and so is, as far as can be known, the one by 10 000 above, where the nodes of a cluster talk.
fn free_port() -> u16 {
    let port = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("a bound socket has an address").port()
    };
    std::iter::repeat_with(port).find(|port| *port < 55_000).expect("some ports are lower")
}
