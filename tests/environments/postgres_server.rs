//! A server of PostgreSQL that belongs to one test, and standbys of it.

use std::time::Duration;

use diesel::connection::{Instrumentation, SimpleConnection};
use diesel::prelude::*;
use tempfile::TempDir;

use crate::server::{Server, command, directory, finish, free_port, write_for};

/// A server on a free port of 127.0.0.1. It ends with this value.
pub struct PostgresServer(Server);

impl PostgresServer {
    /// Starts an empty server.
    pub fn start() -> Self {
        Self::start_at(free_port())
    }

    /// The same on this port.
    pub fn start_at(port: u16) -> Self {
        Self::run(Self::made(), port)
    }

    /// The folder of an empty server.
    fn made() -> TempDir {
        let directory = directory();
        let data = directory.path().join("data");
        let options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
        finish(command("initdb", directory.path()).arg("--pgdata").arg(data).args(options));
        directory
    }

    /// An empty server that speaks TLS too, with this certificate and its key.
    #[allow(dead_code, reason = "another suite needs it")]
    pub fn start_encrypted(certificate: &str, key: &str) -> Self {
        let directory = Self::made();
        let data = directory.path().join("data");
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            write_for(&directory, &data.join(name), text);
        }
        write_for(&directory, &data.join("postgresql.auto.conf"), "ssl = on\n");
        Self::run(directory, free_port())
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
        let answers = || PgConnection::establish(&url_of(port, "postgres")).is_ok();
        // "Fast": it ends its sessions.
        Self(Server::start(postgres, port, directory, "-INT", answers))
    }

    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The URL of this database of it.
    pub fn url(&self, database: &str) -> String {
        url_of(self.0.port, database)
    }

    /// Runs statements behind everybody's back, one after the other.
    pub fn execute(&self, database: &str, statements: &[&str]) {
        let mut conn = PgConnection::establish(&self.url(database)).unwrap();
        conn.set_instrumentation(None::<Box<dyn Instrumentation>>);
        statements.iter().for_each(|sql| conn.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}")));
    }
}

fn url_of(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}
