//! Loads that stand on the tokens of their look, and go by notes that their process has found before.

use cache_core::{Loaders, Miss};
use conformance::simulation::Operation;

use crate::build::{Build, shelf, unique_value};
use crate::city::City;
use crate::process::{Process, Question};

/// Rows of value 11: there is none at first, and a save of another program does not end the entry that says so.
const ASKED: Question = Question::Value(11);

/// Another program, and one that asks for values.
fn programs(city: &City) -> (Process, Process) {
    (city.process(), city.declaring(&[unique_value()]))
}

#[track_caller]
fn agrees(process: &Process, question: Question) {
    for time in ["first", "second"] {
        assert_eq!(process.read(question), question.answer(&process.database.rows()), "{question:?}, the {time} time");
    }
}

fn lose_entries(city: &City) {
    city.server.names().iter().filter(|name| name.starts_with("city:e")).for_each(|name| city.lose(name));
}

#[test]
fn a_row_that_is_missed_once_more_costs_one_round_trip_beside_its_query() {
    let round_trips = |loaders| {
        let city = City::new();
        let process = Process { loaders, ..city.process() };
        process.read(Question::Row(1));
        process.update(1, 11);
        let before = process.link.round_trips();
        process.read_while(Question::Row(1), || {
            assert_eq!(process.link.round_trips() - before, if loaders == Loaders::EachProcess { 1 } else { 4 });
        });
        assert!(process.look_up(Question::Row(1)).is_ok(), "it is stored");
        process.link.round_trips() - before
    };
    // With the one that stores, and the look-up above.
    assert_eq!(round_trips(Loaders::EachProcess), 3);
    // This link begins a load in three, and ends a lease by itself.
    assert_eq!(round_trips(Loaders::OneProcess), 7);
}

#[test]
fn who_has_seen_an_intent_asks_for_the_token_again() {
    let city = City::new();
    let [reader, writer] = city.processes();
    let load = || {
        lose_entries(&city);
        let before = reader.link.round_trips();
        reader.read(Question::Row(1));
        reader.link.round_trips() - before
    };
    load();
    let write = writer.place(1);
    assert_eq!(load(), 2, "the intent stands beside the table");
    writer.end(write);
    let write = writer.place_beside_each(1);
    assert!(load() > 2, "a program of an earlier version");
    writer.release_each(write);
    assert_eq!(load(), 2, "nobody writes");
}

#[test]
fn what_another_program_has_dropped_is_noted_again() {
    let (city, other_keys) = (City::new(), Build::with_another_key(&[unique_value()]));
    let by_another_key = Process { build: other_keys, ..city.process() };
    let (writer, by_value) = programs(&city);
    for (reader, question) in [(&by_value, ASKED), (&by_another_key, Question::Row(1))] {
        reader.read(question);
        for value in [12, 13, 11, 12, 11] {
            // The first one drops the note; a fill that goes by it all the same is not ended by the next.
            writer.update(1, value);
            agrees(reader, question);
        }
    }
}

#[test]
fn another_program_that_writes_at_any_moment_of_a_later_load_leaves_nothing_old_behind() {
    let operations = [Operation::Read, Operation::Put, Operation::Seed, Operation::Remark];
    let builds = [Build::declaring(&[unique_value(), shelf(true)]), Build::with_another_key(&[unique_value()])];
    for (operation, is_before) in operations.into_iter().flat_map(|operation| [(operation, true), (operation, false)]) {
        for (build, question) in
            builds.iter().flat_map(|build| [ASKED, Question::Row(1)].map(|question| (build, question)))
        {
            let city = City::new();
            let reader = Process { build: build.clone(), ..city.process() };
            let writer = city.process();
            reader.read(question);
            lose_entries(&city);
            let between = writer.clone();
            let hook = move || [12, 11].into_iter().for_each(|value| between.update(1, value));
            if is_before {
                reader.link.before(operation, hook)
            } else {
                reader.link.after(operation, hook)
            }
            reader.read(question);
            for value in [11, 13, 11] {
                agrees(&reader, question);
                writer.update(1, value);
            }
            agrees(&reader, question);
        }
    }
}

#[test]
fn a_server_that_goes_back_to_before_a_note_is_noted_at_again() {
    let city = City::new();
    let (writer, reader) = programs(&city);
    writer.read(Question::Row(2));
    // All tokens are there by then, and the note is not.
    let (server, snapshot) = (city.server.clone(), std::sync::Arc::new(std::sync::Mutex::new(None)));
    let taken = snapshot.clone();
    reader.link.before(Operation::Remark, move || *taken.lock().unwrap() = Some(server.snapshot()));
    reader.read(ASKED);
    let snapshot = snapshot.lock().unwrap().take().expect("the reader has noted");
    city.server.restore(&snapshot);
    agrees(&reader, ASKED);
    writer.update(1, 11);
    agrees(&reader, ASKED);
}

#[test]
fn notes_that_were_lost_are_made_anew_whoever_finds_out() {
    for finds_out_by_a_write in [true, false] {
        let city = City::new();
        let (writer, reader) = programs(&city);
        reader.read(ASKED);
        city.server.names().iter().filter(|name| name.starts_with("city:n:")).for_each(|name| city.lose(name));
        if finds_out_by_a_write {
            writer.update(1, 12);
        } else {
            writer.read(Question::Row(2));
        }
        agrees(&reader, ASKED);
        writer.update(1, 11);
        agrees(&reader, ASKED);
    }
}

#[test]
fn a_note_is_asked_for_again_now_and_then() {
    let city = City::new();
    let (_, reader) = programs(&city);
    let load = || {
        lose_entries(&city);
        let before = reader.link.round_trips();
        reader.read(Question::Row(1));
        reader.link.round_trips() - before
    };
    load();
    assert_eq!(load(), 2, "the look and the put");
    city.clock.advance(cache_core::protocol::notes::FoundNote::LIFE);
    assert!(load() > 2);
    assert_eq!(load(), 2);
    assert_eq!(reader.look_up(Question::Row(9)), Err(Miss::Absent));
}
