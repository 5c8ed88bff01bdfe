//! Lets a process stand still.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// Lets the process of this number stand still, or go on. A process is told to stop, and its threads do so one by one: this
/// returns when all have.
///
/// # Panics
///
/// If the signal cannot be sent, or threads run on for twenty seconds.
pub(crate) fn pause(process: u32, is_paused: bool) {
    let signal = if is_paused { "-STOP" } else { "-CONT" };
    assert!(Command::new("kill").args([signal, &process.to_string()]).status().is_ok_and(|status| status.success()));
    let until = Instant::now() + Duration::from_secs(20);
    while is_paused && runs(process) {
        assert!(Instant::now() < until, "process {process} does not stand still");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether a thread of the process runs. Nobody knows where there is no `/proc`.
fn runs(process: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return false };
    threads.flatten().any(|thread| {
        let said = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The name of the thread may have anything in it, the state stands behind.
        said.rsplit_once(") ").is_some_and(|(_, behind)| !behind.starts_with('T'))
    })
}
