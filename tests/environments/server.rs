//! Servers that belong to one test: their programs, their folders, and who runs them.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server on a port of 127.0.0.1, with a directory of its own. It ends with this value.
pub struct Server {
    pub port: u16,
    pub directory: TempDir,
    process: Child,
    /// The signal that ends it though clients are connected.
    stop: &'static str,
}

impl Server {
    /// Starts `command` in `directory`, and waits until it `answers`.
    pub fn start(mut command: Command, port: u16, directory: TempDir, stop: &'static str, answers: impl Fn() -> bool) -> Self {
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let process = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let server = Self { port, directory, process, stop };
        let until = Instant::now() + Duration::from_secs(60);
        while !answers() {
            let log = || std::fs::read_to_string(server.directory.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "it does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.process.id().to_string();
        let _ = Command::new("kill").args([self.stop, &id]).status();
        let _ = self.process.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder that whoever runs the server owns: they refuse to be run by root.
pub fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    if let Some((user, group)) = nobody(directory.path()) {
        chown(directory.path(), Some(user), Some(group)).unwrap();
    }
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    directory
}

/// Writes a file that whoever runs the server in `directory` owns, and nobody else reads.
#[cfg(feature = "postgres")]
pub fn write_for(directory: &TempDir, path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let owner = std::fs::metadata(directory.path()).unwrap();
    chown(path, Some(owner.uid()), Some(owner.gid())).unwrap();
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

pub fn command(program: &str, directory: &Path) -> Command {
    let mut command = Command::new(find(program));
    command.current_dir(directory).env("TMPDIR", directory).stdin(Stdio::null());
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
    let of_root = PathBuf::from("/usr/sbin");
    let mut all = folders.chain(std::env::split_paths(&path)).chain([of_root]).map(|folder| folder.join(program));
    all.find(|path| path.is_file()).unwrap_or_else(|| panic!("`{program}` is not installed"))
}

pub fn finish(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
