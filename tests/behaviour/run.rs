//! Runs the suite of this target once more, with its entries elsewhere, in a process of its own.

use std::env;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::kept::VARIABLE;

/// Runs the suite with its entries at `place`, and fails with what it prints. The suite is told what `told` says: names of
/// variables, and what they are.
pub fn run_with(place: &str, told: &[(&str, &str)]) {
    run_modules(&["suite::"], place, told);
}

/// The same with these modules of the suite alone.
pub fn run_modules(modules: &[&str], place: &str, told: &[(&str, &str)]) {
    static ONE_BY_ONE: Mutex<()> = Mutex::new(());
    let _turn = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut suite = Command::new(env::current_exe().unwrap());
    let output = suite.args(modules).arg("--quiet").env(VARIABLE, place).envs(told.iter().copied()).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "entries at `{place}`:\n{said}\n{errors}");
    let is_run = said.lines().any(|line| line.starts_with("test result: ok.") && !line.contains(" 0 passed"));
    assert!(is_run, "no test ran with entries at `{place}`:\n{said}");
}
