//! Fewer programs than on SQLite: statements take longer. Over awaited connections there are fewer still.

use crate::line;
use crate::planted::Defect;
use crate::search::{self, Seeds};
use crate::world;

const PROGRAMS: u32 = 300 / line::SHARE;

#[test]
fn every_cached_read_gives_what_the_server_has() {
    let failure = search::first_failure(Seeds::from_environment(PROGRAMS), None);
    world::drop_idle();
    if let Some(failure) = failure {
        panic!("{failure}");
    }
}

#[test]
fn every_computed_value_is_what_computing_it_anew_gives() {
    let failure = search::first_failure(Seeds::of_computing(60 / line::SHARE), None);
    world::drop_idle();
    if let Some(failure) = failure {
        panic!("{failure}");
    }
}

/// Else the programs above might bypass the cache, and nobody would know.
#[test]
fn defects_are_found_on_servers_too() {
    const FIRST: u32 = 200;
    let defects = [Defect::DatabasesCollide, Defect::NeverCompares, Defect::ReleasesEarly, Defect::ReleasesLate];
    let missed: Vec<Defect> = defects
        .into_iter()
        .filter(|defect| search::lowest_failing(Seeds::below(FIRST), Some(*defect)).is_none())
        .collect();
    world::drop_idle();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
