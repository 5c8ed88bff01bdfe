//! Random histories: every step of every process may come between any two of another one, and any of them fail.

use crate::history::{History, Losses};

/// `CONFORMANCE_HISTORIES=n` runs more.
fn histories() -> u64 {
    std::env::var("CONFORMANCE_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

#[test]
fn c17_no_history_gives_what_an_acknowledged_write_has_ended() {
    for seed in 0..histories() {
        History::new(seed, Losses::Any).run();
    }
}

#[test]
fn f14_without_losses_no_history_gives_what_a_write_has_ended_beyond_its_intent() {
    for seed in 0..histories() {
        History::new(seed, Losses::None).run();
    }
}

#[test]
fn no_history_of_programs_that_declare_other_things_gives_what_an_acknowledged_write_has_ended() {
    for seed in 0..histories() {
        History::of_builds(seed, Losses::Any).run();
    }
}

#[test]
fn without_losses_no_history_of_such_programs_gives_what_a_write_has_ended_beyond_its_intent() {
    for seed in 0..histories() {
        History::of_builds(seed, Losses::None).run();
    }
}

#[test]
fn without_losses_but_of_notes_no_history_of_such_programs_gives_what_a_write_has_ended_beyond_its_intent() {
    for seed in 0..histories() {
        History::of_builds(seed, Losses::Notes).run();
    }
}

#[test]
fn histories_are_answered_from_the_cache_too() {
    for history in [History::new, History::of_builds] {
        let hits: u64 = (0..20).map(|seed| history(seed, Losses::Any).run()).sum();
        assert!(hits > 100, "{hits}");
    }
}
