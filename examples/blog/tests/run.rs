//! Tests that the program succeeds and sends the promised number of statements.

use std::process::Command;

/// At most 26 SELECTs where plain Diesel takes 111, as a ratio: how many that takes is up to how it is written.
const MOST: [usize; 2] = [26, 111];

#[test]
fn the_collection_costs_a_fourth_of_the_selects_and_a_hit_asks_for_no_connection() {
    let output = Command::new(env!("CARGO_BIN_EXE_blog")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    let together = shown.lines().find_map(|line| line.strip_prefix("together")).unwrap();
    let counts: Vec<usize> = together.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [cached, plain] = [counts[0], counts[2]];
    assert!(cached <= MOST[0] && cached * MOST[1] <= plain * MOST[0], "{together}");
    assert!(shown.contains("while no connection is to be had: 0 statements, 0 pings."), "{shown}");
    assert_eq!(shown.lines().filter(|line| line.ends_with(char::is_numeric)).count(), 32 + 1);
}
