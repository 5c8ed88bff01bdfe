//! What a writer leaves behind for programs that declare something else, when it could renew only some of its intents.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use conformance::simulation::{Fault, Operation};

use crate::build::shelf;
use crate::city::{City, INTENT_LIFE};
use crate::process::{Process, Question};

const SHELF: Question = Question::Shelf(1);

fn fills(process: &Process, question: Question) {
    let seen = process.read(question);
    assert_eq!(process.look_up(question).as_ref(), Ok(&seen), "it is cached");
}

fn wait_for_renewals(process: &Process, count: u64) {
    while process.cache.statistics().store.intent_renewal_count < count {
        std::thread::yield_now();
    }
    std::thread::sleep(Duration::from_millis(200));
}

/// After its next placing, of which the receiver is told, nothing of the writer gets through.
fn cut_off_after_a_placing(writer: &Process) -> Receiver<()> {
    let link = writer.link.clone();
    let (tell, told) = channel();
    writer.link.after(Operation::Place, move || {
        link.misbehave(0, 1, &[Fault::Refused]);
        _ = tell.send(());
    });
    told
}

/// What the writer began with `write` is committed before the intents that were renewed at half their life end, and it dies.
/// Nobody reads what was there before once these have ended.
#[track_caller]
fn is_bounded<Write>(city: &City, reader: &Process, write: Write, question: Question) {
    city.clock.advance(INTENT_LIFE / 2);
    reader.read(question);
    reader.read(question);
    city.clock.advance(INTENT_LIFE / 5);
    city.database.set(1, 11);
    drop(write);
    city.clock.advance(INTENT_LIFE * 3);
    assert_eq!(reader.read(question), question.answer(&reader.database.rows()), "{question:?}");
}

#[test]
fn a_writer_is_bounded_that_is_cut_off_after_it_has_renewed_its_intents() {
    let city = City::new();
    let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
    fills(&writer, Question::Row(2));
    let write = writer.place(1);
    reader.read(SHELF);
    _ = cut_off_after_a_placing(&writer);
    city.clock.advance(INTENT_LIFE / 2);
    wait_for_renewals(&writer, 1);
    is_bounded(&city, &reader, write, SHELF);
}

#[test]
fn a_writer_is_bounded_that_does_not_learn_that_its_intents_were_renewed() {
    let city = City::new();
    let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
    fills(&writer, Question::Row(2));
    let write = writer.place(1);
    reader.read(SHELF);
    writer.link.plan(Operation::Place, Fault::ReplyLost);
    let is_cut_off = cut_off_after_a_placing(&writer);
    city.clock.advance(INTENT_LIFE / 2);
    is_cut_off.recv_timeout(Duration::from_secs(30)).expect("its intents are renewed");
    std::thread::sleep(Duration::from_millis(200));
    is_bounded(&city, &reader, write, SHELF);
}

#[test]
fn a_claim_exempts_a_writer_for_no_longer_than_its_wide_intents_stand() {
    let city = City::new();
    let (writer, reader) = (city.process(), city.declaring(&[shelf(false)]));
    fills(&reader, SHELF);
    let write = writer.place(1);
    _ = cut_off_after_a_placing(&writer);
    city.clock.advance(INTENT_LIFE / 2);
    wait_for_renewals(&writer, 1);
    is_bounded(&city, &reader, write, SHELF);
}

#[test]
fn without_other_programs_the_same_writer_is_bounded_for_its_row() {
    let city = City::new();
    let (writer, reader) = (city.process(), city.process());
    fills(&reader, Question::Row(1));
    let write = writer.place(1);
    _ = cut_off_after_a_placing(&writer);
    city.clock.advance(INTENT_LIFE / 2);
    wait_for_renewals(&writer, 1);
    is_bounded(&city, &reader, write, Question::Row(1));
}

#[test]
fn intents_that_were_renewed_for_whole_tables_end_with_the_write() {
    let city = City::new();
    let (writer, reader) = (city.process(), city.process());
    fills(&reader, Question::Row(2));
    let write = writer.place(1);
    city.clock.advance(INTENT_LIFE / 2);
    wait_for_renewals(&writer, 1);
    writer.end(write);
    city.clock.advance(INTENT_LIFE * 3);
    assert!(reader.look_up(Question::Row(2)).is_ok(), "only row 1 was written");
}
