//! Three sentinels that belong to one test, over a primary and its replica.

use std::process::{Child, Command, Stdio};

use redis::Value;
use tempfile::TempDir;

use super::{RedisServer, await_that, free_port, run_at};

/// Two servers, one of which follows the other, and three sentinels that watch them. All end with this value.
#[derive(Debug)]
pub struct Sentinels {
    servers: [RedisServer; 2],
    sentinels: Vec<Sentinel>,
}

#[derive(Debug)]
struct Sentinel {
    port: u16,
    process: Child,
    _directory: TempDir,
}

impl Sentinels {
    /// What the sentinels call the primary.
    pub const NAME: &'static str = "main";

    /// Starts all. The first server is the primary.
    #[must_use]
    pub fn start() -> Self {
        let primary = RedisServer::start();
        let follows = format!("replicaof 127.0.0.1 {}", primary.port());
        let replica = RedisServer::start_with(&[&follows, "repl-diskless-sync-delay 0"]);
        let sentinels = (0..3).map(|_| Sentinel::over(primary.port())).collect();
        let all = Self { servers: [primary, replica], sentinels };
        await_that("sentinels that know each other", || {
            all.sentinels.iter().all(|sentinel| {
                let said = run_at::<String>(sentinel.port, &["INFO", "sentinel"]).unwrap_or_default();
                said.contains("slaves=1,sentinels=3") && said.contains("status=ok")
            })
        });
        all
    }

    /// The URL of a link with this prefix.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        let hosts: Vec<String> = self.sentinels.iter().map(|it| format!("127.0.0.1:{}", it.port)).collect();
        format!("redis+sentinel://{}/{}?prefix={prefix}", hosts.join(","), Self::NAME)
    }

    /// The servers; the first one is the primary at first.
    #[must_use]
    pub const fn servers(&self) -> &[RedisServer; 2] {
        &self.servers
    }

    /// The port of a sentinel.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.sentinels[0].port
    }

    /// Waits until all sentinels say that this server is the primary, and it is.
    pub fn await_primary(&self, server: &RedisServer) {
        let told = |sentinel: &Sentinel| {
            let command = ["SENTINEL", "get-master-addr-by-name", Self::NAME];
            let place: Vec<String> = run_at(sentinel.port, &command).unwrap_or_default();
            place.get(1).is_some_and(|port| *port == server.port().to_string())
        };
        await_that("another primary", || self.sentinels.iter().all(told) && is_primary(server));
    }
}

fn is_primary(server: &RedisServer) -> bool {
    server.try_run::<String>(&["INFO", "replication"]).is_ok_and(|said| said.contains("role:master"))
}

impl Sentinel {
    fn over(primary: u16) -> Self {
        (0..5).find_map(|_| Self::try_over(primary)).expect("a sentinel finds a free port")
    }

    fn try_over(primary: u16) -> Option<Self> {
        let (directory, port, name) =
            (tempfile::tempdir().expect("a temporary directory"), free_port(), Sentinels::NAME);
        let file = directory.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nlogfile log\nsentinel monitor {name} 127.0.0.1 {primary} 2\n\
             sentinel down-after-milliseconds {name} 500\nsentinel failover-timeout {name} 3000\n",
            directory.path().display()
        );
        std::fs::write(&file, settings).expect("room for a file");
        let start = |program: &str| {
            let mut command = Command::new(program);
            command.arg(&file).arg("--sentinel");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
        };
        let process = start("redis-server").or_else(|_| start("valkey-server"));
        let process = process.expect("`redis-server` can be run: run ./scripts/with-servers");
        let mut sentinel = Self { port, process, _directory: directory };
        for _ in 0..400 {
            if run_at::<Value>(port, &["PING"]).is_ok() {
                return Some(sentinel);
            }
            if sentinel.process.try_wait().is_ok_and(|status| status.is_some()) {
                return None;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
