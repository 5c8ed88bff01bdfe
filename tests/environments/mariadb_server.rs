//! A server of MariaDB that belongs to one test.

use diesel::connection::{Instrumentation, SimpleConnection};
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;

use crate::server::{Server, command, directory, finish, free_port};

/// A server on a free port of 127.0.0.1. It ends with this value.
pub struct MariadbServer(Server);

impl MariadbServer {
    /// Starts a server with an empty database `shop`.
    pub fn start() -> Self {
        Self::start_at(free_port())
    }

    /// The same on this port.
    pub fn start_at(port: u16) -> Self {
        let directory = directory();
        let setting = |name: &str| format!("--{name}={}", directory.path().join(name).display());
        let mut install = command("mariadb-install-db", directory.path());
        install.arg("--no-defaults").arg(setting("datadir"));
        finish(install.args(["--auth-root-authentication-method=normal", "--skip-name-resolve", "--skip-test-db"]));
        let mut mariadb = command("mariadbd", directory.path());
        mariadb.arg("--no-defaults").args(["datadir", "pid-file", "socket"].map(setting));
        mariadb.args(["--bind-address=127.0.0.1", "--skip-log-bin", "--skip-name-resolve"]);
        mariadb.arg(format!("--port={port}")).args(["--innodb-buffer-pool-size=16M"]);
        let answers = || MysqlConnection::establish(&url_of(port, "mysql")).is_ok();
        let server = Self(Server::start(mariadb, port, directory, "-TERM", answers));
        server.execute("mysql", "CREATE DATABASE shop");
        server
    }

    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The URL of this database of it.
    pub fn url(&self, database: &str) -> String {
        url_of(self.0.port, database)
    }

    /// Runs statements behind everybody's back.
    pub fn execute(&self, database: &str, sql: &str) {
        let mut conn = MysqlConnection::establish(&self.url(database)).unwrap();
        conn.set_instrumentation(None::<Box<dyn Instrumentation>>);
        conn.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

fn url_of(port: u16, database: &str) -> String {
    format!("mysql://root@127.0.0.1:{port}/{database}")
}
