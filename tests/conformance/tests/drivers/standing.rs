//! What the writes of a process cost that keeps an intent beside the table, and what it leaves behind.

use std::time::Duration;

use cache_core::{Miss, TagKind, WriteEnd};
use conformance::simulation::{Fault, Operation};

use crate::city::{City, INTENT_LIFE};
use crate::process::{Process, Question};

const ROW: Question = Question::Row(2);

/// A city, and a process that has written often enough to keep its intent.
fn with_a_busy_writer() -> (City, Process) {
    let city = City::new();
    let writer = city.process();
    for value in 0..5 {
        writer.update(1, value);
    }
    (city, writer)
}

/// A life of which the background does not take long to wait for a quarter, and a busy machine for no half.
const SHORT: Duration = Duration::from_secs(2);

/// The same, of an intent of a short life.
fn with_a_busy_writer_of_short_intents() -> (City, Process) {
    let city = City::new();
    let writer = city.process_with(|builder| builder.intent_life(SHORT).operation_timeout(SHORT / 4));
    for value in 0..5 {
        writer.update(1, value);
    }
    (city, writer)
}

fn fills(process: &Process, question: Question) {
    let seen = process.read(question);
    assert_eq!(process.look_up(question).as_ref(), Ok(&seen), "it is cached");
}

fn round_trips(process: &Process, work: impl FnOnce()) -> u64 {
    let before = process.link.round_trips();
    work();
    process.link.round_trips() - before
}

fn wait_until(is_so: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not come");
        std::thread::yield_now();
    }
}

#[test]
fn a_write_makes_two_round_trips_now_and_then_and_one_when_they_are_frequent() {
    let city = City::new();
    let writer = city.process();
    // Notes are made first.
    fills(&writer, ROW);
    let trips: Vec<u64> = (0..6).map(|value| round_trips(&writer, || writer.update(1, value))).collect();
    assert_eq!(trips, [2, 2, 2, 1, 1, 1]);
}

#[test]
fn entries_outlive_the_intent_of_a_process_that_keeps_it_and_lives() {
    let (city, writer) = with_a_busy_writer_of_short_intents();
    let reader = city.process();
    fills(&reader, ROW);
    for value in 0..5 {
        let renewals = writer.cache.statistics().store.intent_renewal_count;
        // So often that it is kept, whatever time has passed.
        (0..3).for_each(|_| writer.update(1, value));
        city.clock.advance(SHORT / 4);
        wait_until(|| writer.cache.statistics().store.intent_renewal_count > renewals);
        assert!(reader.look_up(ROW).is_ok(), "{value}");
    }
}

#[test]
fn an_intent_that_nobody_needs_any_more_ends_and_no_entry_with_it() {
    let (city, writer) = with_a_busy_writer_of_short_intents();
    let reader = city.process();
    fills(&reader, ROW);
    let intents = || city.server.names().into_iter().filter(|name| name.starts_with("city:i:")).count();
    assert_eq!(intents(), 1);
    city.clock.advance(SHORT / 4);
    wait_until(|| writer.cache.statistics().store.intent_renewal_count == 1);
    city.clock.advance(SHORT / 4);
    wait_until(|| intents() == 0);
    city.clock.advance(SHORT * 2);
    assert!(reader.look_up(ROW).is_ok());
    assert_eq!(round_trips(&writer, || writer.update(1, 9)), 2);
}

#[test]
fn a_process_that_dies_after_its_commit_ends_what_depends_on_the_table() {
    for is_busy in [false, true] {
        let city = City::new();
        let (writer, reader) = (city.process(), city.process());
        for value in 0..if is_busy { 5 } else { 1 } {
            writer.update(1, value);
        }
        for question in [Question::Row(1), ROW, Question::All, Question::Shelf(1), Question::Row(7)] {
            fills(&reader, question);
        }
        let write = writer.place(1);
        city.database.set(1, 11);
        writer.link.part(true);
        drop(write);
        city.clock.advance(INTENT_LIFE);
        for question in [Question::Row(1), ROW, Question::All, Question::Shelf(1), Question::Row(7)] {
            assert!(matches!(reader.look_up(question), Err(Miss::Changed(_))), "{question:?}");
            assert_eq!(reader.read(question), question.answer(&city.database.rows()), "{question:?}");
        }
    }
}

#[test]
fn what_is_filled_between_a_commit_and_the_death_of_its_writer_ends_with_the_intent() {
    let (city, writer) = with_a_busy_writer();
    let reader = city.process();
    let write = writer.place(1);
    let begun = reader.begin_fill(Question::Row(1)).unwrap();
    city.database.set(1, 11);
    reader.end_fill(Question::Row(1), begun);
    writer.link.part(true);
    drop(write);
    assert!(reader.look_up(Question::Row(1)).is_ok());
    city.clock.advance(INTENT_LIFE);
    assert_eq!(reader.look_up(Question::Row(1)), Err(Miss::Changed(TagKind::Writers)));
}

#[test]
fn a_write_that_begins_when_half_of_the_life_is_over_places_an_intent() {
    let (city, writer) = with_a_busy_writer();
    // The background does not get through either, and the write learns of that.
    writer.link.misbehave(0, 1, &[Fault::Refused]);
    city.clock.advance(INTENT_LIFE / 2);
    let failures = writer.failures();
    let write = writer.place(1);
    assert!(writer.failures() > failures, "the server has to take one");
    writer.link.misbehave(0, 0, &[]);
    writer.release(write, WriteEnd::Over);
    assert_eq!(round_trips(&writer, || drop(writer.place(2))), 1);
}

#[test]
fn an_intent_that_was_placed_in_a_former_incarnation_covers_nothing() {
    let (city, writer) = with_a_busy_writer();
    city.server.restart_empty();
    // The release finds the other incarnation. What comes later knows of it.
    writer.update(1, 7);
    let reader = city.process();
    fills(&reader, ROW);
    let write = writer.place(2);
    city.database.set(2, 11);
    writer.link.part(true);
    drop(write);
    city.clock.advance(INTENT_LIFE);
    assert_eq!(reader.read(ROW), ROW.answer(&city.database.rows()));
}

#[test]
fn a_release_that_was_lost_leaves_an_intent_that_is_not_renewed() {
    for fault in [Fault::Refused, Fault::ReplyLost, Fault::Late] {
        let city = City::new();
        let (writer, reader) = (city.process(), city.process());
        fills(&reader, Question::Row(1));
        let write = writer.place(1);
        city.database.set(1, 11);
        writer.link.plan(Operation::Release, fault);
        writer.release(write, WriteEnd::Over);
        wait_until(|| writer.dirty_count() == 0);
        assert_eq!(reader.read(Question::Row(1)), Question::Row(1).answer(&city.database.rows()));
        let renewals = writer.cache.statistics().store.intent_renewal_count;
        city.clock.advance(INTENT_LIFE);
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(writer.cache.statistics().store.intent_renewal_count, renewals, "{fault:?}");
    }
}

#[test]
fn a_process_that_is_cut_off_with_something_to_release_ends_what_depends_on_the_table() {
    let (city, writer) = with_a_busy_writer();
    let reader = city.process();
    fills(&reader, Question::Row(1));
    let write = writer.place(1);
    city.database.set(1, 11);
    writer.link.part(true);
    writer.release(write, WriteEnd::Over);
    assert!(writer.dirty_count() > 0);
    // It renews nothing, ends nothing, and never comes back.
    for _ in 0..8 {
        city.clock.advance(INTENT_LIFE / 8);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(reader.look_up(Question::Row(1)), Err(Miss::Changed(TagKind::Writers)));
}

#[test]
fn a_shutdown_ends_the_intent_and_no_entry_with_it() {
    let (city, writer) = with_a_busy_writer();
    let reader = city.process();
    fills(&reader, ROW);
    writer.cache.shutdown(Duration::from_secs(20)).unwrap();
    city.clock.advance(INTENT_LIFE * 2);
    assert!(reader.look_up(ROW).is_ok());
    for value in 0..5 {
        writer.update(1, value);
    }
    city.clock.advance(INTENT_LIFE * 2);
    assert!(reader.look_up(ROW).is_ok(), "none is kept after a shutdown");
}
