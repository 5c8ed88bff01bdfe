//! How much of the processors processes have taken, as the kernel counts it.

use std::fs;

/// The kernel counts in hundredths of a second.
const TICK_MICROS: f64 = 10_000.0;

/// What all processes that run the program `name` have taken so far, in microseconds.
pub fn taken_by(name: &str) -> f64 {
    let processes = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| stat(&entry.path().join("stat")));
    processes.filter(|(program, _)| program == name).map(|(_, ticks)| ticks * TICK_MICROS).sum()
}

/// What this process has taken so far.
pub fn own() -> f64 {
    stat("/proc/self/stat".as_ref()).unwrap().1 * TICK_MICROS
}

/// The program that a process runs, and its ticks, with those of its children that have ended: a server has one for each
/// connection.
fn stat(path: &std::path::Path) -> Option<(String, f64)> {
    let text = fs::read_to_string(path).ok()?;
    let (start, end) = (text.find('(')?, text.rfind(')')?);
    let fields: Vec<&str> = text[end + 2..].split(' ').collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Some((text[start + 1..end].to_owned(), ticks))
}
