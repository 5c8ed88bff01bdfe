//! Shows that each planted mistake about computed values is found, by the seed that the documentation names.

use cache_diesel::__private::{Mistake, with_planted};

use crate::search::{self, Seeds};
use crate::world;

/// How many programs a mistake is looked for in whose seed does not find it any more.
const MOST_PROGRAMS: u32 = 500;

const DOCUMENTED: &str = include_str!("../../docs/planted-defects.md");

const MISTAKES: [(Mistake, &str); 9] = [
    (Mistake::Ends, "a computed value outlives what was found for it, though that ends by itself"),
    (Mistake::Findings, "a computed value does not depend on what was found in the cache for it"),
    (Mistake::Inner, "a computed value does not depend on what was read for a value within it"),
    (Mistake::LastTokens, "a computed value is stored under the last tokens that were seen for it"),
    (Mistake::Loads, "a computed value does not depend on what was loaded for it"),
    (Mistake::Nested, "a computed value that is found keeps what it depends on to itself"),
    (Mistake::Statements, "a computed value does not depend on plain statements"),
    (Mistake::Tasks, "what a task reads is lost every other time that it goes on"),
    (Mistake::Transactions, "a computed value is kept that was computed from what a transaction has not committed"),
];

/// A change of what programs are made of changes the seeds: then each is looked for, and told.
#[test]
fn mistakes_about_computed_values_are_found() {
    let mut missed = Vec::new();
    for (mistake, name) in MISTAKES {
        let find = |seeds: Seeds| with_planted(mistake, || search::first_to_fail_here(seeds.computing()));
        if seed_of(name).and_then(|seed| find(Seeds::only(seed))).is_some() {
            continue;
        }
        match find(Seeds::below(MOST_PROGRAMS)) {
            Some(seed) => println!("| {name} | {seed} |"),
            None => missed.push(name),
        }
    }
    world::drop_idle();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

/// `| name | seed |`
fn seed_of(name: &str) -> Option<u32> {
    let row = |line: &str| line.strip_prefix(&format!("| {name} | "))?.strip_suffix(" |")?.parse().ok();
    DOCUMENTED.lines().find_map(row)
}
