//! Three sentinels that belong to one test, over a primary and its replica.

use std::process::{Child, Command, Stdio};

use cache_core::store::Names;
use redis::Value;
use tempfile::TempDir;

use super::entrance::Entrance;
use super::several::Servers;
use super::{RedisServer, await_that, free_port, run_at};

/// Two servers, one of which follows the other, and three sentinels that watch them. All end with this value.
#[derive(Debug)]
pub struct Sentinels {
    servers: [RedisServer; 2],
    sentinels: Vec<Sentinel>,
    entrance: Entrance,
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
        let sentinels = (0..3).map(|_| Sentinel::over(primary.port(), &[])).collect();
        Self::of([primary, replica], sentinels, Entrance::default())
    }

    /// Starts all; TLS is between all of them too. The URL leads to them as users who may do what a cache has to: on
    /// servers with keys of `shop`, on sentinels ask where the primary is.
    ///
    /// # Panics
    ///
    /// If the sentinels refuse.
    #[cfg(feature = "redis-tls")]
    #[must_use]
    pub fn locked(certificates: &crate::certificates::Certificates) -> Self {
        let among = "tls-replication yes";
        let (primary, port) = RedisServer::start_encrypted(certificates, &[among]);
        let follows = format!("replicaof 127.0.0.1 {port}");
        let further = [among, &follows, "repl-diskless-sync-delay 0"];
        let (replica, _) = RedisServer::start_encrypted(certificates, &further);
        let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let over = |own: &u16| {
            let own = [certificates.settings(), vec![among.to_owned(), format!("tls-port {own}")]].concat();
            Sentinel::over(port, &own)
        };
        let sentinels: Vec<Sentinel> = ports.iter().map(over).collect();
        for sentinel in &sentinels {
            let rules = ["ACL", "SETUSER", "asker", "on", ">hush", "+sentinel|get-master-addr-by-name"];
            run_at::<Value>(sentinel.port, &rules).expect("a sentinel that takes a user");
        }
        let keys = ["~shop:*", "~another:*", "~other:*"];
        [&primary, &replica].into_iter().for_each(|server| super::entrance::let_in(server, &keys));
        let mut entrance = Entrance::locked(certificates, ports);
        entrance.parameters += "&sentinel_user=asker&sentinel_password=hush";
        Self::of([primary, replica], sentinels, entrance)
    }

    fn of(servers: [RedisServer; 2], sentinels: Vec<Sentinel>, entrance: Entrance) -> Self {
        let all = Self { servers, sentinels, entrance };
        await_that("sentinels that know each other", || {
            all.sentinels.iter().all(|sentinel| {
                let said = run_at::<String>(sentinel.port, &["INFO", "sentinel"]).unwrap_or_default();
                said.contains("slaves=1,sentinels=3") && said.contains("status=ok")
            })
        });
        all
    }

    /// Starts all; the primary is not replaced because the machine was busy: for tests in which it does not die.
    ///
    /// # Panics
    ///
    /// If the sentinels refuse.
    #[must_use]
    pub fn steady() -> Self {
        let all = Self::start();
        for sentinel in &all.sentinels {
            let command = ["SENTINEL", "SET", Self::NAME, "down-after-milliseconds", "60000"];
            run_at::<Value>(sentinel.port, &command).expect("a sentinel that takes a setting");
        }
        all
    }

    /// The URL of a link with this prefix.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        let ports: Vec<u16> = self.sentinels.iter().map(|sentinel| sentinel.port).collect();
        let Entrance { scheme, login, parameters, .. } = &self.entrance;
        format!("{scheme}+sentinel://{login}{}/{}?prefix={prefix}{parameters}", self.entrance.hosts(&ports), Self::NAME)
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
    /// One that also listens as `further` says.
    fn over(primary: u16, further: &[String]) -> Self {
        (0..5).find_map(|_| Self::try_over(primary, further)).expect("a sentinel finds a free port")
    }

    fn try_over(primary: u16, further: &[String]) -> Option<Self> {
        let (directory, port, name) =
            (tempfile::tempdir().expect("a temporary directory"), free_port(), Sentinels::NAME);
        let file = directory.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nlogfile log\n{}\nsentinel monitor {name} 127.0.0.1 {primary} 2\n\
             sentinel down-after-milliseconds {name} 500\nsentinel failover-timeout {name} 3000\n",
            directory.path().display(),
            further.join("\n")
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

impl Servers for Sentinels {
    fn url(&self, prefix: &str) -> String {
        Self::url(self, prefix)
    }

    /// The server that was started as the primary: of those that a test of stores hurts none is replaced.
    fn primary(&self, _: &str) -> &RedisServer {
        &self.servers[0]
    }

    fn names(&self, prefix: &str) -> Names {
        Names::starting_with(prefix).expect("a plain prefix")
    }
}
