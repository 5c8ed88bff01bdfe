//! A server of PostgreSQL that belongs to one test, and standbys of it.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tempfile::TempDir;

/// A server on a free port of 127.0.0.1. It ends with this value.
pub struct PostgresServer {
    port: u16,
    directory: TempDir,
    process: Child,
}

impl PostgresServer {
    /// Starts an empty server.
    pub fn start() -> Self {
        Self::start_at(free_port())
    }

    /// The same on this port.
    pub fn start_at(port: u16) -> Self {
        let directory = directory();
        let data = directory.path().join("data");
        let options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
        finish(command("initdb", directory.path()).arg("--pgdata").arg(data).args(options));
        Self::run(directory, port)
    }

    /// A standby that applies what it gets so much later.
    pub fn standby(&self, delay: Duration) -> Self {
        let directory = directory();
        let mut copy = command("pg_basebackup", directory.path());
        copy.arg("--pgdata").arg(directory.path().join("data")).args(["--dbname", &self.url("postgres")]);
        finish(copy.args(["--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--no-sync"]));
        let settings = directory.path().join("data/postgresql.auto.conf");
        let mut text = std::fs::read_to_string(&settings).unwrap();
        text.push_str(&format!("recovery_min_apply_delay = {}\n", delay.as_millis()));
        std::fs::write(settings, text).unwrap();
        Self::run(directory, free_port())
    }

    fn run(directory: TempDir, port: u16) -> Self {
        let mut postgres = command("postgres", directory.path());
        postgres.arg("-D").arg(directory.path().join("data")).arg(format!("--port={port}"));
        postgres.args(["--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--max_connections=20"]);
        postgres.args(["--fsync=off", "--full_page_writes=off", "--shared_buffers=16MB", "--hot_standby=on"]);
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let process = postgres.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let server = Self { port, directory, process };
        let until = Instant::now() + Duration::from_secs(60);
        while PgConnection::establish(&server.url("postgres")).is_err() {
            let log = || std::fs::read_to_string(server.directory.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "postgres does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of this database of it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs statements behind everybody's back, one after the other.
    pub fn execute(&self, database: &str, statements: &[&str]) {
        let mut conn = PgConnection::establish(&self.url(database)).unwrap();
        diesel::connection::Connection::set_instrumentation(&mut conn, None::<Box<dyn diesel::connection::Instrumentation>>);
        statements.iter().for_each(|sql| conn.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}")));
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // "Fast": it ends its sessions.
        let id = self.process.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder that whoever runs the server owns: PostgreSQL refuses to be run by root.
fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    if let Some((user, group)) = nobody(directory.path()) {
        chown(directory.path(), Some(user), Some(group)).unwrap();
    }
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    directory
}

/// Who runs servers in a folder that root made.
fn nobody(directory: &Path) -> Option<(u32, u32)> {
    let owner = std::fs::metadata(directory).unwrap().uid();
    let number = |option| {
        let output = Command::new("id").args([option, "nobody"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<u32>().unwrap()
    };
    let nobody = || (number("-u"), number("-g"));
    (owner == 0 || owner == nobody().0).then(nobody).filter(|(user, _)| *user != 0 && is_root())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.starts_with(b"0\n")
}

fn command(program: &str, directory: &Path) -> Command {
    let mut command = Command::new(find(program));
    command.current_dir(directory).stdin(Stdio::null());
    if let Some((user, group)) = nobody(directory) {
        command.uid(user).gid(group);
    }
    command
}

/// Distributions keep the programs of servers out of the way.
fn find(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = folders.chain(std::env::split_paths(&path)).map(|folder| folder.join(program));
    all.find(|path| path.is_file()).unwrap_or_else(|| panic!("`{program}` is not installed"))
}

fn finish(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
