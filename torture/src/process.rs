//! Starts, pauses and ends a process: by its number, never by a name.

use core::time::Duration;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// A process that ends with this value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// What ends it in good order; `None`: it is killed.
    end_signal: Option<&'static str>,
}

impl Process {
    /// Starts it in a group of its own: an interrupt at the terminal reaches the run only, which ends it in order.
    pub(crate) fn start(mut command: Command, end_signal: Option<&'static str>) -> io::Result<Self> {
        let child = command.stdin(Stdio::null()).process_group(0).spawn()?;
        Ok(Self { child, end_signal })
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets it stand still, or go on.
    pub(crate) fn pause(&self, is_paused: bool) {
        signal(self.id(), if is_paused { "STOP" } else { "CONT" });
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(name) = self.end_signal.filter(|_| !self.has_ended()) {
            signal(self.id(), "CONT");
            signal(self.id(), name);
            wait_until(Duration::from_secs(10), || self.has_ended());
        }
        self.kill();
    }
}

/// Waits for a condition.
pub(crate) fn wait_until(longest: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + longest;
    while !is_so() {
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

fn signal(id: u32, name: &str) {
    // A process that is gone needs no signal.
    let _ = Command::new("kill").args(["-s", name, &id.to_string()]).stderr(Stdio::null()).status();
}

/// Where a program is that may be outside of the search path.
pub(crate) fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/usr/local/sbin", "/usr/libexec"].map(PathBuf::from));
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr"] {
        folders.extend(versions_of_postgres(Path::new(parent)));
    }
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|program| program.is_file()))
}

/// The folders of the programs of each version, the newest first.
fn versions_of_postgres(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = parent.read_dir() else { return Vec::new() };
    let is_postgres = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        parent.ends_with("postgresql") || name.starts_with("postgresql") || name.starts_with("pgsql-")
    };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_postgres).collect();
    let version = |path: &PathBuf| {
        let digits: String = path.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
        digits.parse::<u64>().unwrap_or(0)
    };
    folders.sort_by_key(|path| core::cmp::Reverse(version(path)));
    folders.into_iter().map(|path| path.join("bin")).collect()
}
