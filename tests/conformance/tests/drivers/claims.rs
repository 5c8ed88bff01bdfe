//! Notes go with the entries that they were for, and with no others: whatever arrives late, or comes between two steps of
//! whoever changes the wide tags.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_core::WriteEnd;
use conformance::Dice;
use conformance::simulation::{Fault, Operation};

use crate::build::{Build, shelf, unique_value};
use crate::city::{City, INTENT_LIFE};
use crate::process::{Process, Question};

/// A city, a process that declares nothing, and one that reads by shelves and has noted that.
fn with_a_reader_of_shelves() -> (City, Process, Process) {
    let city = City::new();
    let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
    let seen = reader.read(SHELF);
    assert_eq!(reader.look_up(SHELF), Ok(seen), "it is cached");
    (city, writer, reader)
}

/// So long a step of the background may take that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

const SHELF: Question = Question::Shelf(1);

/// A city where value 20 is that of row 2, a process that declares nothing, and one that reads by values and calls rows
/// otherwise.
fn with_a_reader_of_values() -> (City, Process, Process) {
    let city = City::new();
    city.database.set(2, 20);
    let writer = city.process();
    writer.read(Question::Row(1));
    let reader = Process { build: Build::with_another_key(&[unique_value()]), ..city.process() };
    (city, writer, reader)
}

const VALUE: Question = Question::Value(20);

#[track_caller]
fn agrees(process: &Process, question: Question) {
    assert_eq!(process.read(question), question.answer(&process.database.rows()), "{question:?}");
}

#[test]
fn a_note_that_is_made_between_a_claim_and_the_drop_stays() {
    for operation in [Operation::Remark, Operation::Release] {
        let (_city, writer, reader) = with_a_reader_of_shelves();
        let write = writer.place(1);
        writer.database.set(1, 11);
        let between = reader.clone();
        writer.link.after(operation, move || drop(between.read(SHELF)));
        writer.release(write, WriteEnd::Over);
        agrees(&reader, SHELF);
        writer.update(1, 12);
        agrees(&reader, SHELF);
    }
}

#[test]
fn a_claim_that_arrives_late_drops_no_note_of_later_entries() {
    let (city, writer, reader) = with_a_reader_of_shelves();
    writer.link.plan(Operation::Remark, Fault::Late);
    let (between, server, link) = (reader.clone(), city.server.clone(), writer.link.clone());
    // After the release that finds the note, and after the one that changes the wide tags.
    writer.link.after(Operation::Release, move || {
        link.after(Operation::Release, move || {
            between.read(SHELF);
            assert!(server.deliver_any(&mut Dice::new(0)), "the claim");
        });
    });
    writer.update(1, 11);
    assert!(reader.look_up(SHELF).is_ok());
    writer.update(1, 12);
    agrees(&reader, SHELF);
}

#[test]
fn a_note_made_while_an_intent_is_placed_anew_is_found_by_the_release() {
    let (city, writer, reader) = with_a_reader_of_shelves();
    writer.update(1, 12);
    let write = writer.place(1);
    let (between, (is_made, made)) = (reader.clone(), channel());
    writer.link.before(Operation::Place, move || is_made.send(between.read(SHELF)).unwrap());
    city.clock.advance(INTENT_LIFE / 2);
    // The background is about to place it.
    made.recv_timeout(PATIENCE).unwrap();
    city.database.set(1, 11);
    writer.release(write, WriteEnd::Over);
    agrees(&reader, SHELF);
    writer.update(1, 12);
    agrees(&reader, SHELF);
}

#[test]
fn a_row_that_was_found_by_a_value_while_tags_were_widened_ends_with_them() {
    let (_city, writer, reader) = with_a_reader_of_values();
    let write = writer.place(1);
    reader.read(VALUE);
    let begun = Arc::new(Mutex::new(None));
    let (between, slot) = (reader.clone(), Arc::clone(&begun));
    // It notes once more, and the writer does not claim that before the row's tokens are read.
    writer.link.after(Operation::Release, move || *slot.lock().unwrap() = between.begin_fill(VALUE));
    writer.release(write, WriteEnd::Over);
    reader.end_fill(VALUE, begun.lock().unwrap().take().unwrap());
    writer.update(2, 21);
    agrees(&reader, Question::Row(2));
}

#[test]
fn a_row_that_was_found_by_a_value_while_lost_notes_were_made_good_ends_with_them() {
    let (city, writer, reader) = with_a_reader_of_values();
    let begun = reader.begin_fill(VALUE).unwrap();
    let notes = city.server.names().into_iter().find(|name| name.starts_with("city:n:")).unwrap();
    city.lose(&notes);
    writer.read(Question::Row(2));
    reader.end_fill(VALUE, begun);
    writer.update(2, 21);
    agrees(&reader, Question::Row(2));
}

#[test]
fn a_row_that_was_found_by_a_value_is_stored_if_nobody_came_between() {
    let (_city, writer, reader) = with_a_reader_of_values();
    for value in [20, 21] {
        reader.read(Question::Value(value));
        assert!(reader.look_up(Question::Row(2)).is_ok());
        writer.update(2, value + 1);
        agrees(&reader, Question::Row(2));
        assert!(reader.look_up(Question::Row(2)).is_ok());
    }
}
