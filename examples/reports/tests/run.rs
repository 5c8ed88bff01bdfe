//! Runs the example, and compares what it prints.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

#[test]
fn the_report_ends_with_a_write_of_what_it_reads_and_with_no_other() {
    let output = Command::new(env!("CARGO_BIN_EXE_reports")).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<&str>> = printed.lines().map(|line| line.split_whitespace().rev().take(2).collect()).collect();
    let expected =
        [["miss", "994"], ["hit", "994"], ["hit", "994"], ["miss", "1194"], ["hit", "1194"], ["miss", "1194"]];
    assert_eq!(lines[..6], expected);
    assert!(printed.contains("sales: 3 computed, 3 hits"), "{printed}");
}
