//! The PostgreSQL database of a run: on a server of its own, or on the one that the environment names.

use core::time::Duration;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{Problem, end_of, free_port, program};
use crate::process::{Process, wait_until};

/// A database with a name of its own. It is dropped, and its own server ended, with this value.
#[derive(Debug)]
pub(crate) struct Database {
    server_url: String,
    name: String,
    _server: Option<Process>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Database {
    pub(super) fn start(directory: &Path) -> Result<Self, Problem> {
        let (server_url, server) = match std::env::var("CACHE_DIESEL_POSTGRES_URL") {
            Ok(url) => (url, None),
            Err(_) => own_server(directory)?,
        };
        let name = format!("torture_{}", std::process::id());
        PgConnection::establish(&server_url)?.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(Self { server_url, name, _server: server })
    }

    /// Where it is found.
    pub(crate) fn url(&self) -> String {
        let Parts { before, host, parameters } = Parts::of(&self.server_url);
        format!("{before}{host}/{}{parameters}", self.name)
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

fn own_server(directory: &Path) -> Result<(String, Option<Process>), Problem> {
    let programs = (program(&["initdb"])?, program(&["postgres"])?);
    let directory = directory.join("postgres");
    std::fs::create_dir(&directory)?;
    let owner = Owner::of(&directory)?;
    initialise(&programs.0, &directory, &owner)?;
    for _ in 0..5 {
        let port = free_port()?;
        let mut server = run(&programs.1, &directory, &owner, port)?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let is_there = || PgConnection::establish(&url).is_ok();
        if wait_until(Duration::from_secs(30), || is_there() || server.has_ended()) && !server.has_ended() {
            return Ok((url, Some(server)));
        }
    }
    Err(format!("postgres does not start: {}", end_of(&directory.join("log"))).into())
}

fn initialise(program: &Path, directory: &Path, owner: &Owner) -> Result<(), Problem> {
    let mut command = owner.command(program, directory);
    command.arg("--pgdata").arg(directory.join("data"));
    command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("initdb fails: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// The data is thrown away: nothing has to survive a crash.
fn run(program: &Path, directory: &Path, owner: &Owner, port: u16) -> Result<Process, Problem> {
    let log = std::fs::File::create(directory.join("log"))?;
    let mut command = owner.command(program, directory);
    command.arg("-D").arg(directory.join("data")).arg(format!("--port={port}"));
    command.args(["--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--max_connections=200"]);
    command.args(["--fsync=off", "--synchronous_commit=off", "--full_page_writes=off", "--shared_buffers=32MB"]);
    command.args(["--deadlock_timeout=200ms", "--client_connection_check_interval=200ms"]);
    command.stdout(Stdio::null()).stderr(log);
    // "Fast": it ends its sessions.
    Ok(Process::start(command, Some("INT"))?)
}

/// Who runs the server: PostgreSQL refuses to be run by root.
#[derive(Debug)]
struct Owner {
    nobody: Option<(u32, u32)>,
}

impl Owner {
    /// Gives the directory to the one who runs the server.
    fn of(directory: &Path) -> Result<Self, Problem> {
        if std::fs::metadata(directory)?.uid() != 0 {
            return Ok(Self { nobody: None });
        }
        let number = |option: &str| -> Result<u32, Problem> {
            let output = Command::new("id").args([option, "nobody"]).output()?;
            Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
        };
        let nobody = (number("-u")?, number("-g")?);
        chown(directory, Some(nobody.0), Some(nobody.1))?;
        let above: PathBuf = directory.join("..");
        // Its name is no secret, and what is in it belongs to others.
        std::fs::set_permissions(above, std::os::unix::fs::PermissionsExt::from_mode(0o711))?;
        Ok(Self { nobody: Some(nobody) })
    }

    fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory);
        if let Some((user, group)) = self.nobody {
            command.uid(user).gid(group);
        }
        command
    }
}
