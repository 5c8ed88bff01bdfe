//! Refreshes, where somebody writes to the database and tells nobody: what a refresh has seen is what everybody sees who
//! asks the same from then on, whether it was stored or not.

use std::collections::BTreeMap;
use std::time::Duration;

use cache_core::protocol::settle::Former;
use conformance::Dice;
use conformance::simulation::{Fault, Operation};

use crate::city::{City, Rows};
use crate::process::{Keeping, Process, Question};

const QUESTIONS: [Question; 4] = [Question::Row(1), Question::Row(2), Question::All, Question::Row(3)];
const KEEPINGS: [Keeping; 2] = [Keeping::Dropped, Keeping::Stored];

#[test]
fn what_a_refresh_has_seen_is_seen_by_every_process() {
    for question in QUESTIONS {
        for former in [Former::Disregarded, Former::Stale] {
            for keeping in KEEPINGS {
                let city = City::new();
                let [one, other]: [Process; 2] = city.processes();
                let before = one.read(question);
                assert_eq!(other.read(question), before);
                (1..=3).for_each(|row| city.database.set(row, 20));
                assert_eq!(other.read(question), before, "nobody was told");
                let now = one.refresh(question, former, keeping);
                assert_ne!(now, before);
                let case = format!("{question:?} {former:?} {keeping:?}");
                assert_eq!([&one, &other].map(|process| process.read(question)), [now.clone(), now], "{case}");
            }
        }
    }
}

#[test]
fn a_miss_that_is_not_stored_costs_no_round_trip_for_what_was_not_there() {
    let city = City::new();
    let process = city.process();
    let cost = |former| {
        let before = process.link.round_trips();
        process.refresh(Question::Row(9), former, Keeping::Dropped);
        process.link.round_trips() - before
    };
    cost(Former::Unserved);
    assert_eq!(cost(Former::Stale), cost(Former::Unserved) + 1, "one to remove it");
}

#[test]
fn a_removal_that_fails_is_counted_and_the_answer_is_given() {
    let city = City::new();
    let process = city.process();
    process.read(Question::Row(1));
    city.database.set(1, 20);
    process.link.plan(Operation::Remove, Fault::Refused);
    let now = process.refresh(Question::Row(1), Former::Stale, Keeping::Dropped);
    assert_eq!(now, BTreeMap::from([(1, 20)]));
    assert_eq!(process.cache.statistics().total().store_failure_count, 1);
}

/// Tracked writes, unseen ones, refreshes that are stored or not, and entries that expire or are lost: no fill begins
/// before a refresh and ends after it, as what such a fill stores could be older.
#[test]
fn random_histories_of_unseen_writes_and_refreshes() {
    for seed in 0..200 {
        let (city, mut dice) = (City::new(), Dice::new(seed));
        let processes: [Process; 3] = city.processes();
        let mut seen: BTreeMap<usize, Rows> = BTreeMap::new();
        for step in 0..200_u64 {
            let process = &processes[dice.index(3)];
            let asked = dice.index(QUESTIONS.len());
            let question = QUESTIONS[asked];
            let row = 1 + dice.below(3);
            match dice.below(8) {
                0 => city.database.set(row, 100 + step),
                1 => {
                    process.update(row, 100 + step);
                    // Whoever depends on the row sees it now.
                    for (asked, rows) in &mut seen {
                        if QUESTIONS[*asked].asks_for(row, 0) {
                            rows.insert(row, 100 + step);
                        }
                    }
                }
                2 => {
                    let formers = [Former::Disregarded, Former::Stale];
                    let (former, keeping) = (formers[dice.index(2)], KEEPINGS[dice.index(2)]);
                    seen.insert(asked, process.refresh(question, former, keeping));
                }
                3 => drop(city.server.evict_any(&mut dice, |name| name.starts_with("city:e"))),
                4 => city.clock.advance(Duration::from_millis(dice.below(1_000_000))),
                _ => {
                    let rows = process.read(question);
                    for (row, least) in seen.get(&asked).into_iter().flatten() {
                        let given = rows.get(row);
                        assert!(given >= Some(least), "history {seed}, step {step}: {row} is {given:?}, not {least}");
                    }
                }
            }
        }
    }
}
