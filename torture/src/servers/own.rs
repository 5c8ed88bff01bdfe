//! A PostgreSQL server of a run's own, and one that follows it.

use core::time::Duration;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diesel::prelude::*;

use super::{Problem, end_of, free_port, program};
use crate::process::{Process, wait_until};

/// How far the standby is behind: longer than a write takes until its release is acknowledged, by far.
const APPLY_DELAY: &str = "--recovery_min_apply_delay=500ms";

/// The servers. They end with this value.
#[derive(Debug)]
pub(super) struct Own {
    standby: Option<Server>,
    primary: Server,
}

#[derive(Debug)]
struct Server {
    port: u16,
    _process: Process,
}

/// Where a server keeps its files.
#[derive(Debug)]
struct Place<'a> {
    program: PathBuf,
    directory: &'a Path,
    owner: Owner,
}

impl Own {
    pub(super) fn start(directory: &Path, has_standby: bool) -> Result<Self, Problem> {
        let directory = directory.join("postgres");
        std::fs::create_dir(&directory)?;
        let place = Place { program: program(&["postgres"])?, directory: &directory, owner: Owner::of(&directory)? };
        place.run_to_end(
            &program(&["initdb"])?,
            &["--pgdata=data", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"],
        )?;
        if has_standby {
            // Before its first start: what follows is all that the standby has to be told.
            place.run_to_end(Path::new("cp"), &["-R", "data", "standby"])?;
            place.run_to_end(Path::new("touch"), &["standby/standby.signal"])?;
        }
        let primary = place.start("data", &[])?;
        let source = format!("--primary_conninfo=host=127.0.0.1 port={} user=postgres", primary.port);
        let follow = || place.start("standby", &[APPLY_DELAY, &source]);
        Ok(Self { standby: has_standby.then(follow).transpose()?, primary })
    }

    pub(super) fn url(&self) -> String {
        url(self.primary.port)
    }

    pub(super) fn standby_port(&self) -> Option<u16> {
        self.standby.as_ref().map(|standby| standby.port)
    }
}

fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}

impl Place<'_> {
    /// Starts a server over these files, and waits until it answers. Somebody else may take the port first.
    fn start(&self, data: &str, arguments: &[&str]) -> Result<Server, Problem> {
        let log = format!("{data}.log");
        for _ in 0..5 {
            let port = free_port()?;
            let mut process = self.run(data, &log, port, arguments)?;
            let is_there = || PgConnection::establish(&url(port)).is_ok();
            if wait_until(Duration::from_secs(30), || is_there() || process.has_ended()) && !process.has_ended() {
                return Ok(Server { port, _process: process });
            }
        }
        Err(format!("postgres does not start: {}", end_of(&self.directory.join(log))).into())
    }

    /// The data is thrown away: nothing has to survive a crash.
    fn run(&self, data: &str, log: &str, port: u16, arguments: &[&str]) -> Result<Process, Problem> {
        let log = std::fs::File::create(self.directory.join(log))?;
        let mut command = self.owner.command(&self.program, self.directory);
        command.arg("-D").arg(self.directory.join(data)).arg(format!("--port={port}"));
        command.args(["--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--max_connections=200"]);
        command.args(["--fsync=off", "--synchronous_commit=off", "--full_page_writes=off", "--shared_buffers=32MB"]);
        command.args(["--deadlock_timeout=200ms", "--client_connection_check_interval=200ms", "--wal_keep_size=1GB"]);
        command.args(arguments).stdout(Stdio::null()).stderr(log);
        // "Fast": it ends its sessions.
        Ok(Process::start(command, Some("INT"))?)
    }

    fn run_to_end(&self, program: &Path, arguments: &[&str]) -> Result<(), Problem> {
        let mut command = self.owner.command(program, self.directory);
        let output = command.args(arguments).stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{} fails: {}", program.display(), String::from_utf8_lossy(&output.stderr)).into())
    }
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
