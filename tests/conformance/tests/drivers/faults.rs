//! Operations that fail, hang, happen late or in part: what reads and writes get meanwhile, and what is served later.

use std::time::{Duration, Instant};

use cache_core::protocol::breaker::BreakerState;
use cache_core::{Clock, ErrorKind, Event, ManualClock, Miss, WriteEnd, Writes};
use conformance::simulation::{Fault, Operation};

use crate::city::{City, INTENT_LIFE};
use crate::process::{Process, Question};
use crate::races::{QUESTIONS, agree};

const OF_READS: [Operation; 5] =
    [Operation::Read, Operation::Seed, Operation::Lease, Operation::Put, Operation::EndLease];

/// Waits until the process has told the server everything; its own thread sees to that.
fn settles(city: &City, process: &Process) {
    let until = Instant::now() + Duration::from_secs(20);
    while process.dirty_count() > 0 {
        assert!(Instant::now() < until, "the server is not told");
        // Past any pause of the breaker.
        city.clock.advance(Duration::from_secs(1));
        drop(process.look_up(Question::All));
        std::thread::yield_now();
    }
}

#[test]
fn f1_f2_f3_whatever_goes_wrong_with_a_read_its_answer_is_right() {
    for (operation, fault) in OF_READS.into_iter().flat_map(|operation| Fault::ALLOWED.map(|fault| (operation, fault)))
    {
        let city = City::new();
        let [first, second] = city.processes();
        for question in QUESTIONS {
            first.link.plan(operation, fault);
            assert_eq!(first.read(question), question.answer(&city.database.rows()), "{operation:?} {fault:?}");
            second.update(1, 11);
            city.server.deliver_all();
            agree(&city, &[&first, &second]);
        }
    }
}

#[test]
fn f6_f7_a_write_whose_release_goes_wrong_is_seen_at_once_by_its_process_and_by_others_when_it_got_through() {
    for fault in Fault::ALLOWED {
        let city = City::new();
        let [writer, other] = city.processes();
        agree(&city, &[&writer, &other]);
        writer.link.plan(Operation::Release, fault);
        writer.update(1, 11);
        let expected = Question::Row(1).answer(&city.database.rows());
        assert_eq!(writer.read(Question::Row(1)), expected, "{fault:?}");
        settles(&city, &writer);
        agree(&city, &[&writer, &other]);
        city.server.deliver_all();
        agree(&city, &[&writer, &other]);
    }
}

#[test]
fn f6_f14_a_writer_that_dies_or_is_cut_off_after_its_commit_is_believed_when_its_intent_ends() {
    let endings: [fn(&Process, crate::process::Write); 2] =
        [|_, write| drop(write), |process, write| process.release(write, WriteEnd::Over)];
    for (question, end) in QUESTIONS.into_iter().flat_map(|question| endings.map(|end| (question, end))) {
        let city = City::new();
        let [writer, reader] = city.processes();
        reader.read(question);
        let write = writer.place(1);
        city.database.set(1, 11);
        writer.link.part(true);
        end(&writer, write);
        reader.read(question);
        city.clock.advance(INTENT_LIFE);
        agree(&city, &[&reader, &city.process()]);
    }
}

#[test]
fn f7_a_writer_that_reached_the_server_at_no_time_is_believed_when_it_is_back() {
    let city = City::new();
    let [writer, reader] = city.processes();
    agree(&city, &[&writer, &reader]);
    writer.link.part(true);
    writer.update(1, 11);
    assert_eq!(writer.read(Question::Row(1)), Question::Row(1).answer(&city.database.rows()));
    assert!(writer.dirty_count() > 0);
    writer.link.part(false);
    settles(&city, &writer);
    agree(&city, &[&writer, &reader]);
}

#[test]
fn f7_what_commits_after_its_writer_gave_up_is_seen_when_the_intent_ends() {
    for fault in [None, Some(Fault::Late), Some(Fault::Hangs), Some(Fault::ReplyLost)] {
        let city = City::new();
        let [writer, reader] = city.processes();
        let write = writer.place(1);
        if let Some(fault) = fault {
            writer.link.plan(Operation::Release, fault);
        }
        writer.release(write, WriteEnd::Unknown);
        settles(&city, &writer);
        reader.read(Question::Row(1));
        city.database.set(1, 11);
        city.server.deliver_all();
        city.clock.advance(INTENT_LIFE);
        agree(&city, &[&reader, &writer]);
    }
}

#[test]
fn f4_a_process_that_is_cut_off_calls_the_server_a_few_times_and_comes_back_by_itself() {
    let city = City::new();
    let process = city.process();
    let states = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = states.clone();
    process.cache.listen("breaker", move |event| {
        if let Event::BreakerChanged { state } = event {
            seen.lock().unwrap().push(*state);
        }
    });
    process.link.part(true);
    let before = process.link.round_trips();
    for _ in 0..100 {
        assert_eq!(process.read(Question::Row(1)), Question::Row(1).answer(&city.database.rows()));
    }
    assert!(process.link.round_trips() - before < 20);
    assert_eq!(process.look_up(Question::Row(1)), Err(Miss::StoreAvoided));
    process.link.part(false);
    city.clock.advance(Duration::from_secs(60));
    agree(&city, &[&process]);
    let states = states.lock().unwrap();
    assert_eq!((states.first(), states.last()), (Some(&BreakerState::Open), Some(&BreakerState::Closed)));
    assert!(process.look_up(Question::Row(1)).is_ok());
}

#[test]
fn f13_a_process_that_ends_in_order_tells_the_server_before() {
    let city = City::new();
    let [writer, reader] = city.processes();
    agree(&city, &[&writer, &reader]);
    writer.link.plan(Operation::Release, Fault::Refused);
    writer.update(1, 11);
    writer.cache.shutdown(Duration::from_secs(20)).unwrap();
    agree(&city, &[&reader]);
}

#[test]
fn strict_writes_are_refused_while_the_server_takes_no_intents() {
    let city = City::new();
    let process = city.process_with(|builder| builder.writes(Writes::Strict));
    process.link.plan(Operation::Place, Fault::Hangs);
    assert_eq!(process.ensure(1).unwrap_err().kind(), ErrorKind::Store);
    let write = process.ensure(1).unwrap();
    city.database.set(1, 11);
    process.release(write, WriteEnd::Over);
    agree(&city, &[&process]);
}

/// The value of row 1 as a process reads it.
fn value(process: &Process) -> Option<u64> {
    process.read(Question::Row(1)).get(&1).copied()
}

/// An outage that only the writer sees. Intents were taken before it, or were not. Calls that fail take their time.
fn cut_off(takes_intents: bool) -> (City, Process, Process) {
    let city = City::new();
    let [writer, reader] = city.processes();
    agree(&city, &[&writer, &reader]);
    writer.link.part(!takes_intents);
    let write = writer.place(1);
    writer.link.part(true);
    city.database.set(1, 11);
    writer.release(write, WriteEnd::Over);
    (city, writer, reader)
}

#[test]
fn f6_an_outage_that_only_the_writer_sees_hides_a_write_from_others_until_its_intents_end() {
    for lives in [true, false] {
        let ends = ManualClock::new().now().after(INTENT_LIFE);
        let (city, writer, reader) = cut_off(true);
        let _writer = lives.then_some(writer);
        let is_hidden = value(&reader) == Some(10);
        assert!(is_hidden || city.clock.now() >= ends, "the page on consistency says so");
        city.clock.advance(INTENT_LIFE);
        assert_eq!(value(&reader), Some(11));
    }
}

#[test]
fn f6_an_outage_in_which_no_intents_were_taken_hides_a_write_until_its_writer_is_back() {
    for outage in [Duration::from_millis(100), Duration::from_secs(60), Duration::from_secs(3_000)] {
        let (city, writer, reader) = cut_off(false);
        assert_eq!(value(&writer), Some(11), "its own reads bypass");
        for _ in 0..10 {
            city.clock.advance(outage / 10);
            assert_eq!(value(&writer), Some(11));
        }
        assert_eq!(value(&reader), Some(10), "the page on consistency says so");
        writer.link.part(false);
        // The longest pause of the breaker; the pauses of the cache's thread are those of a real clock.
        city.clock.advance(Duration::from_secs(30).min(outage * 2));
        assert_eq!(value(&writer), Some(11));
        assert_eq!((writer.dirty_count(), value(&reader)), (0, Some(11)), "{outage:?}");
    }
}

#[test]
fn f6_a_writer_that_dies_in_an_outage_in_which_no_intents_were_taken_hides_its_write_to_the_timeout() {
    let (city, writer, reader) = cut_off(false);
    drop(writer);
    city.clock.advance(Duration::from_secs(3_500));
    assert_eq!(value(&reader), Some(10), "the page on consistency says so");
    city.clock.advance(Duration::from_secs(100));
    assert_eq!(value(&reader), Some(11));
}

#[test]
fn f6_a_strict_write_is_refused_in_an_outage_that_only_its_writer_sees() {
    let city = City::new();
    let [reader] = city.processes();
    let writer = city.process_with(|builder| builder.writes(Writes::Strict));
    agree(&city, &[&writer, &reader]);
    writer.link.part(true);
    assert!(writer.ensure(1).is_err());
    assert_eq!((value(&reader), value(&writer)), (Some(10), Some(10)));
}
