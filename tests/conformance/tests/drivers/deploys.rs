//! Programs that declare other things of one table, side by side: whatever the one knows nothing of, its writes end.

use std::collections::BTreeSet;

use cache_core::tables::LookupDeclaration;
use cache_core::{Miss, TagKind, WriteEnd};
use conformance::simulation::{Fault, Operation};

use crate::build::{shelf, unique_value};
use crate::city::{City, INTENT_LIFE};
use crate::process::{Process, Question};

type Work = fn(&Process);

/// What the writer declares, what the reader declares and asks, and what is written.
type Case = (Vec<LookupDeclaration>, Vec<LookupDeclaration>, Question, Work);

/// Each of these writes leaves the entry of the other program standing by its own declarations alone.
fn cases() -> Vec<Case> {
    let (save, by_key): (Work, Work) = (|process| process.update(1, 11), |process| process.update_by_key(1, 11));
    let add: Work = |process| process.add(9, 11);
    vec![
        (vec![], vec![shelf(false)], Question::Shelf(1), save),
        (vec![], vec![shelf(false)], Question::Shelf(1), add),
        (vec![shelf(true)], vec![shelf(false)], Question::Shelf(0), save),
        (vec![], vec![unique_value()], Question::Value(11), save),
        (vec![], vec![unique_value()], Question::Value(11), by_key),
        (vec![shelf(true)], vec![shelf(false), unique_value()], Question::Value(11), save),
    ]
}

/// What the server has noted of each table.
fn notes(city: &City) -> BTreeSet<String> {
    city.server.names().into_iter().filter(|name| name.starts_with("city:n:")).collect()
}

fn fills(process: &Process, question: Question) {
    let seen = process.read(question);
    assert_eq!(process.look_up(question).as_ref(), Ok(&seen), "it is cached");
}

#[track_caller]
fn agrees(process: &Process, question: Question) {
    assert_eq!(process.read(question), question.answer(&process.database.rows()), "{question:?}");
}

#[test]
fn a_write_ends_what_only_another_program_knows_of() {
    for (own, others, question, write) in cases() {
        let city = City::new();
        let (writer, reader) = (city.declaring(&own), city.declaring(&others));
        for _ in 0..2 {
            fills(&reader, question);
            let before = reader.look_up(question);
            write(&writer);
            assert!(matches!(reader.look_up(question), Err(Miss::Changed(_))), "{question:?}: {before:?}");
            agrees(&reader, question);
            city.database.set(1, 10);
        }
    }
}

#[test]
fn a_write_ends_what_another_program_notes_at_any_moment_of_it() {
    let operations = [Operation::Connect, Operation::Place, Operation::Release, Operation::Remark];
    for (own, others, question, write) in cases() {
        for (operation, is_before) in
            operations.into_iter().flat_map(|operation| [(operation, true), (operation, false)])
        {
            for knows in [false, true] {
                let city = City::new();
                let (writer, reader) = (city.declaring(&own), city.declaring(&others));
                if knows {
                    fills(&reader, question);
                }
                let between = reader.clone();
                let read = move || drop(between.read(question));
                if is_before {
                    writer.link.before(operation, read)
                } else {
                    writer.link.after(operation, read)
                }
                write(&writer);
                agrees(&reader, question);
                agrees(&reader, question);
                write(&writer);
                agrees(&reader, question);
            }
        }
    }
}

#[test]
fn a_write_at_any_moment_of_another_programs_first_read_leaves_nothing_old_behind() {
    let operations = [Operation::Read, Operation::Seed, Operation::Remark, Operation::Lease, Operation::Put];
    for (own, others, question, write) in cases() {
        for (operation, is_before) in
            operations.into_iter().flat_map(|operation| [(operation, true), (operation, false)])
        {
            for (at, knows) in [(0, false), (1, false), (2, false), (3, false), (0, true)] {
                let city = City::new();
                let (writer, reader) = (city.declaring(&own), city.declaring(&others));
                if knows {
                    fills(&reader, question);
                    write(&writer);
                    city.database.set(1, 10);
                    city.process().update(1, 10);
                }
                // So many of them go by before.
                (0..at).for_each(|_| reader.link.before(operation, || {}));
                let between = writer.clone();
                let hook = move || write(&between);
                if is_before {
                    reader.link.before(operation, hook)
                } else {
                    reader.link.after(operation, hook)
                }
                reader.read(question);
                agrees(&reader, question);
                agrees(&reader, question);
            }
        }
    }
}

#[test]
fn what_a_dead_writer_did_not_tell_another_program_ends_with_its_intents() {
    let question = Question::Shelf(1);
    for (fills_before, is_noted) in [(true, false), (false, false), (false, true)] {
        let city = City::new();
        let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
        if is_noted {
            fills(&writer, Question::Row(2));
        }
        if fills_before {
            fills(&reader, question);
        }
        let write = writer.place(1);
        let seen_meanwhile = reader.read(question);
        city.database.set(1, 11);
        writer.link.part(true);
        drop(write);
        city.clock.advance(INTENT_LIFE);
        assert_ne!(reader.look_up(question).ok(), Some(seen_meanwhile));
        agrees(&reader, question);
        fills(&reader, question);
    }
}

#[test]
fn a_dead_writer_is_bounded_in_each_of_its_caches() {
    let question = Question::Shelf(1);
    let cities = [City::new(), City::new()];
    let readers = cities.each_ref().map(|city| city.declaring(&[shelf(false)]));
    readers.iter().for_each(|reader| fills(reader, question));
    let [one, other] = cities.each_ref().map(City::process);
    let write = one.place_in_both(&other, 1);
    for (city, writer) in cities.iter().zip([&one, &other]) {
        city.database.set(1, 11);
        writer.link.part(true);
    }
    drop(write);
    for (city, reader) in cities.iter().zip(&readers) {
        city.clock.advance(INTENT_LIFE);
        agrees(reader, question);
    }
}

#[test]
fn a_write_to_two_caches_ends_more_in_that_one_only_where_others_declare_something_else() {
    for (foreign, is_found_late) in [(0, false), (1, false), (0, true), (1, true)] {
        let cities = [City::new(), City::new()];
        let [one, other] = cities.each_ref().map(City::process);
        let reader = cities[foreign].declaring(&[shelf(false)]);
        for process in [&one, &other] {
            [1, 2].into_iter().for_each(|row| fills(process, Question::Row(row)));
        }
        if !is_found_late {
            fills(&reader, Question::Shelf(1));
        }
        let write = one.place_in_both(&other, 1);
        reader.read(Question::Shelf(1));
        cities.iter().for_each(|city| city.database.set(1, 11));
        one.release_in_both(&other, write);
        for (at, process) in [&one, &other].into_iter().enumerate() {
            assert_eq!(process.look_up(Question::Row(2)).is_ok(), at != foreign, "{at}: {foreign}, {is_found_late}");
            [1, 2].into_iter().for_each(|row| agrees(process, Question::Row(row)));
        }
        agrees(&reader, Question::Shelf(1));
    }
}

#[test]
fn what_is_noted_during_a_write_is_stored_and_ends_with_a_writer_that_never_comes_back() {
    let question = Question::Shelf(1);
    for may_end in [true, false] {
        let city = City::new();
        let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
        fills(&writer, Question::Row(2));
        let write = writer.place(1);
        fills(&reader, question);
        city.database.set(1, 11);
        if may_end {
            writer.release(write, WriteEnd::Over);
            assert!(matches!(reader.look_up(question), Err(Miss::Changed(_))));
        } else {
            writer.link.part(true);
            drop(write);
            city.clock.advance(INTENT_LIFE);
            assert_eq!(reader.look_up(question), Err(Miss::Changed(TagKind::Writers)));
        }
        agrees(&reader, question);
    }
}

#[test]
fn what_is_noted_under_an_intent_of_an_earlier_version_is_not_stored_until_that_has_ended() {
    let question = Question::Shelf(1);
    let city = City::new();
    let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
    fills(&writer, Question::Row(2));
    let write = writer.place_beside_each(1);
    reader.read(question);
    assert_eq!(reader.look_up(question), Err(Miss::Absent));
    assert_eq!(city.declaring(&[shelf(false)]).look_up(question), Err(Miss::Absent));
    writer.release_each(write);
    fills(&reader, question);
}

#[test]
fn a_writer_of_an_earlier_version_that_never_comes_back_ends_what_it_was_about_to_change() {
    let city = City::new();
    let (writer, reader) = (city.process(), city.process());
    fills(&reader, Question::Row(1));
    let write = writer.place_beside_each(1);
    city.database.set(1, 11);
    drop(write);
    city.clock.advance(INTENT_LIFE);
    assert_eq!(reader.look_up(Question::Row(1)), Err(Miss::Changed(TagKind::Row)));
    agrees(&reader, Question::Row(1));
}

#[test]
fn a_write_that_lasts_longer_than_its_intents_ends_what_was_noted_meanwhile_though_it_never_comes_back() {
    let question = Question::Shelf(1);
    let city = City::new();
    let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
    fills(&writer, Question::Row(2));
    let write = writer.place(1);
    reader.read(question);
    city.clock.advance(INTENT_LIFE / 2);
    // The background places the intents anew.
    let renewals = || writer.cache.statistics().store.intent_renewal_count;
    while renewals() == 0 {
        std::thread::yield_now();
    }
    city.clock.advance(INTENT_LIFE * 3 / 4);
    reader.read(question);
    city.database.set(1, 11);
    writer.link.part(true);
    drop(write);
    city.clock.advance(INTENT_LIFE);
    agrees(&reader, question);
}

#[test]
fn a_note_goes_with_the_entries_that_it_was_for() {
    let city = City::new();
    let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
    fills(&reader, Question::Shelf(1));
    writer.update(1, 11);
    fills(&writer, Question::Row(2));
    writer.update(1, 12);
    assert!(writer.look_up(Question::Row(2)).is_ok(), "nobody else has entries: only the row changes");
    fills(&reader, Question::Shelf(1));
    writer.update(1, 13);
    assert!(writer.look_up(Question::Row(2)).is_err());
    agrees(&reader, Question::Shelf(1));
}

#[test]
fn programs_of_one_build_pay_no_round_trip_and_end_no_more() {
    let city = City::new();
    let [one, other] = [(); 2].map(|()| city.declaring(&[shelf(true)]));
    fills(&one, Question::Row(1));
    fills(&one, Question::Row(2));
    fills(&other, Question::Shelf(0));
    other.update(1, 11);
    let before = other.link.round_trips();
    other.update(1, 12);
    assert_eq!(other.link.round_trips() - before, 2, "intents are placed, and released");
    assert!(one.look_up(Question::Row(2)).is_ok() && one.look_up(Question::Shelf(0)).is_ok());
    one.read(Question::Row(2));
    let before = one.link.round_trips();
    assert_eq!(one.look_up(Question::Row(2)).map(drop), Ok(()));
    assert_eq!(one.link.round_trips() - before, 1, "a hit");
}

#[test]
fn notes_that_are_lost_take_entries_with_them_and_come_back() {
    for first_is_a_write in [true, false] {
        let city = City::new();
        let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
        fills(&reader, Question::Shelf(1));
        notes(&city).iter().for_each(|name| city.lose(name));
        if !first_is_a_write {
            fills(&writer, Question::Row(2));
        }
        writer.update(1, 11);
        agrees(&reader, Question::Shelf(1));
        fills(&reader, Question::Shelf(1));
        writer.update(1, 12);
        agrees(&reader, Question::Shelf(1));
        assert_eq!(notes(&city).len(), 1);
    }
}

#[test]
fn a_release_that_fails_ends_what_other_programs_know_of_too() {
    let question = Question::Shelf(1);
    for fault in [Fault::Refused, Fault::ReplyLost, Fault::Torn(1)] {
        let city = City::new();
        let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
        fills(&reader, question);
        // Not even its intents get through.
        writer.link.plan(Operation::Place, Fault::Refused);
        writer.link.plan(Operation::Release, fault);
        writer.update(1, 11);
        while writer.dirty_count() > 0 {
            writer.read(Question::Row(2));
        }
        agrees(&reader, question);
    }
}

#[test]
fn a_write_whose_end_is_not_known_ends_what_other_programs_know_of() {
    let question = Question::Shelf(1);
    let city = City::new();
    let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
    fills(&reader, question);
    let write = writer.place(1);
    writer.release(write, WriteEnd::Unknown);
    assert_eq!(reader.look_up(question), Err(Miss::Changed(TagKind::Spread)));
    reader.read(question);
    city.database.set(1, 11);
    city.clock.advance(INTENT_LIFE);
    agrees(&reader, question);
}
