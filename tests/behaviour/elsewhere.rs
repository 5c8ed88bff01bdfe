//! The suite once more with entries elsewhere, each time in a process of its own.
//!
//! One test of it by itself: `CACHE_DIESEL_TEST_ENTRIES=simulated cargo test -p tests --test behaviour lists`.

use std::env;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::kept::VARIABLE;

/// Runs the suite with its entries at `place`, and fails with what it prints.
fn run_at(place: &str) {
    static ONE_BY_ONE: Mutex<()> = Mutex::new(());
    let _turn = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut suite = Command::new(env::current_exe().unwrap());
    let output = suite.args(["suite::", "--quiet"]).env(VARIABLE, place).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "entries at `{place}`:\n{said}\n{errors}");
    let is_run = said.lines().any(|line| line.starts_with("test result: ok.") && !line.contains(" 0 passed"));
    assert!(is_run, "no test ran with entries at `{place}`:\n{said}");
}

#[test]
fn behaviour_on_a_simulated_server() {
    run_at("simulated");
}

tests::redis_suite! {
    fn behaviour_with_entries_at_redis();

    /// One server for all shops, a prefix for each.
    #[test]
    fn behaviour_on_redis() {
        run_at("redis");
    }

    /// Who writes sees it at once.
    #[test]
    fn behaviour_with_near_memory() {
        run_at("near");
    }
}
