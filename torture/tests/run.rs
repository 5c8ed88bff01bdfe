//! Tests that a short run finds no stale row, and finds some without the protocol.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

/// One run at a time: each is many processes.
static RUN: Mutex<()> = Mutex::new(());

fn torture(arguments: &[&str]) -> (Output, String) {
    let _run = RUN.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Command::new(env!("CARGO_BIN_EXE_torture")).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{text}{}", String::from_utf8_lossy(&output.stderr));
    (output, text)
}

/// The number behind a name in the report.
fn number(report: &str, name: &str) -> u64 {
    let line = report.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn no_stale_row_is_read_while_everything_is_broken() {
    let (output, report) = torture(&["--seconds", "25", "--standby", "--awaited"]);
    assert_eq!(number(&report, "stale reads: "), 0);
    assert!(number(&report, "rows of the standby itself that were behind: ") > 0);
    assert!(number(&report, "reads on the standby: ") > 0);
    assert!(number(&report, "faults injected: ") > 0);
    assert!(number(&report, "rows that were stored with their writes: ") > 0);
    // It fails by itself if there were too few hits to say anything.
    assert!(output.status.success());
}

#[test]
fn memory_in_front_of_redis_is_no_further_behind_than_it_may_be() {
    let (output, report) = torture(&["--seconds", "20", "--near", "--audit"]);
    assert_eq!(number(&report, "stale reads: "), 0);
    assert!(number(&report, "entries that workers compared: ") > 0, "and none of them was stale");
    assert!(number(&report, "faults injected: ") > 0);
    assert!(output.status.success());
}

#[test]
fn no_stale_row_is_read_from_a_file_that_is_locked_and_removed() {
    for near in [&["--seconds", "12", "--file"][..], &["--seconds", "12", "--file", "--near"]] {
        let (output, report) = torture(near);
        assert_eq!(number(&report, "stale reads: "), 0);
        assert!(number(&report, "faults injected: ") > 0);
        assert!(output.status.success());
    }
}

#[test]
fn no_stale_row_is_read_from_a_cluster_whose_primaries_die_and_whose_slot_is_moved() {
    let (output, report) = torture(&["--seconds", "24", "--cluster"]);
    assert_eq!(number(&report, "stale reads: "), 0);
    assert!(number(&report, "faults injected: ") > 0);
    assert!(output.status.success());
}

#[test]
fn without_the_protocol_stale_rows_are_found() {
    let (output, report) = torture(&["--seconds", "120", "--until-stale", "--without-protocol"]);
    assert!(number(&report, "stale reads: ") > 0);
    assert_eq!(output.status.code(), Some(1));
}

#[cfg(feature = "planted")]
#[test]
fn rows_that_are_stored_under_tokens_of_another_write_are_found() {
    let (output, report) = torture(&["--seconds", "120", "--until-stale", "--planted"]);
    assert!(number(&report, "stale reads: ") > 0);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_is_wrong_with_the_arguments_is_said() {
    let (output, _) = torture(&["--second", "8"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: torture --seconds N"));
    assert_eq!(output.status.code(), Some(2));
}
