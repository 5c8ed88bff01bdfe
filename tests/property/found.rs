//! Shows that each planted defect is found, and that the documentation lists them all.

use crate::check;
use crate::planted::{self, Defect};
use crate::search::{self, Seeds};
use crate::world;

/// How many programs each defect is looked for in.
const MOST_PROGRAMS: u32 = 5_000;

const DOCUMENTED: &str = include_str!("../../docs/planted-defects.md");

/// Prints the rows of the documentation's table: a change of what programs are made of changes the seeds.
#[test]
fn planted_defects_are_found() {
    let mut missed = Vec::new();
    for defect in planted::all() {
        match search::first_failure(Seeds::below(MOST_PROGRAMS), Some(defect)) {
            Some(failure) => {
                println!("| {defect} | {} | {} |", failure.seed, failure.program.steps.len());
                assert!(check::run(&failure.program, None).is_none(), "it fails without the defect:\n{failure}");
            }
            None => missed.push(defect),
        }
    }
    world::drop_idle();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn the_documentation_lists_every_planted_defect_with_a_seed_that_finds_it() {
    let documented: Vec<(&str, u32)> = DOCUMENTED.lines().filter_map(row).collect();
    let named: Vec<&str> = documented.iter().map(|(name, _)| *name).collect();
    let planted: Vec<Defect> = planted::all().collect();
    assert_eq!(named, planted.iter().map(Defect::to_string).collect::<Vec<_>>());

    let missed: Vec<_> = documented
        .iter()
        .zip(planted)
        .filter(|((_, seed), defect)| search::lowest_failing(Seeds::only(*seed), Some(*defect)).is_none())
        .map(|(row, _)| row)
        .collect();
    world::drop_idle();
    assert!(missed.is_empty(), "these seeds do not find their defects: {missed:?}");
}

/// `| name | what it breaks | seed | steps |`
fn row(line: &str) -> Option<(&str, u32)> {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let ["", name, _, seed, _, ""] = cells.as_slice() else { return None };
    Some((name, seed.parse().ok()?))
}
