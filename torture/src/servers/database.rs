//! The PostgreSQL database of a run: on a server of its own, or on the one that the environment names.

use core::time::Duration;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::Problem;
use super::own::Own;
use crate::process::wait_until;

/// A database with a name of its own. It is dropped, and its own server ended, with this value.
#[derive(Debug)]
pub(crate) struct Database {
    server_url: String,
    name: String,
    own: Option<Own>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Database {
    /// A server of the environment has no standby: then the run has one of its own anyway.
    pub(super) fn start(directory: &Path, has_standby: bool) -> Result<Self, Problem> {
        let (server_url, own) = match std::env::var("CACHE_DIESEL_POSTGRES_URL") {
            Ok(url) if !has_standby => (url, None),
            _ => {
                let own = Own::start(directory, has_standby)?;
                (own.url(), Some(own))
            }
        };
        let name = format!("torture_{}", std::process::id());
        PgConnection::establish(&server_url)?.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(Self { server_url, name, own })
    }

    /// Where it is found.
    pub(crate) fn url(&self) -> String {
        let Parts { before, host, parameters } = Parts::of(&self.server_url);
        format!("{before}{host}/{}{parameters}", self.name)
    }

    /// Where its standby is found, which is behind.
    pub(crate) fn standby_url(&self) -> Option<String> {
        self.own.as_ref()?.standby_port().map(|port| self.url_by(port))
    }

    /// Waits until the standby, if there is one, has what was written.
    pub(crate) fn await_standby(&self, has_it: fn(&mut PgConnection) -> bool) -> Result<(), Problem> {
        let Some(url) = self.standby_url() else { return Ok(()) };
        let is_there = || PgConnection::establish(&url).is_ok_and(|mut conn| has_it(&mut conn));
        if wait_until(Duration::from_secs(30), is_there) { Ok(()) } else { Err("the standby does not follow".into()) }
    }

    /// The same by another way: this port of this machine.
    pub(crate) fn url_by(&self, port: u16) -> String {
        let Parts { before, parameters, .. } = Parts::of(&self.server_url);
        format!("{before}127.0.0.1:{port}/{}{parameters}", self.name)
    }

    /// The host and the port of the server.
    pub(crate) fn address(&self) -> (String, u16) {
        let host = Parts::of(&self.server_url).host;
        let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
        (name.to_owned(), port.parse().unwrap_or(5432))
    }

    /// A connection that nothing is read along on.
    pub(crate) fn connect(&self) -> Result<PgConnection, Problem> {
        Ok(PgConnection::establish(&self.url())?)
    }

    /// Ends the sessions that a process has left behind, so that nothing of it is committed later. Other runs on the
    /// same server have workers of the same names.
    pub(crate) fn end_sessions(&self, application: &str) -> Result<(), Problem> {
        let mut conn = self.connect()?;
        let mut left = || {
            let ended = diesel::sql_query(
                "SELECT count(pg_terminate_backend(pid)) AS count FROM pg_stat_activity \
                 WHERE application_name = $1 AND datname = current_database()",
            );
            ended.bind::<Text, _>(application).get_result::<Count>(&mut conn).map_or(1, |row| row.count)
        };
        if wait_until(Duration::from_secs(20), || left() == 0) { Ok(()) } else { Err("a session does not end".into()) }
    }
}

/// The parts of a URL that leads to a server, without the name of the database.
struct Parts<'a> {
    /// The scheme, and who connects.
    before: &'a str,
    host: &'a str,
    parameters: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Self {
        let (address, parameters) = url.split_at(url.find('?').unwrap_or(url.len()));
        let authority = address.find("://").map_or(0, |scheme| scheme + 3);
        let end = address[authority..].find('/').map_or(address.len(), |path| authority + path);
        let host = address[authority..end].rfind('@').map_or(authority, |user| authority + user + 1);
        Self { before: &address[..host], host: &address[host..end], parameters }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server may be gone, and the database with it.
        if let Ok(mut conn) = PgConnection::establish(&self.server_url) {
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}
