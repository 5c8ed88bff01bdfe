//! Readers and writers of different processes, at each point at which they can come between one another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cache_core::{Miss, WriteEnd};
use conformance::simulation::{Fault, Operation, SimulatedLink};

use crate::city::{City, Database, INTENT_LIFE};
use crate::process::{Process, Question};

pub const QUESTIONS: [Question; 3] = [Question::Row(1), Question::Row(9), Question::All];

pub type Work = fn(&Process);

pub const WRITES: [Work; 3] =
    [|process| process.update(1, 11), |process| process.insert(9, 90), |process| process.delete(1)];

/// Every process reads everything twice, and gets what the database holds.
#[track_caller]
pub fn agree(city: &City, processes: &[&Process]) {
    let rows = city.database.rows();
    for process in processes {
        for question in QUESTIONS {
            for time in ["first", "second"] {
                assert_eq!(process.read(question), question.answer(&rows), "{question:?} for the {time} time");
            }
        }
    }
}

pub type Point = fn(&SimulatedLink, Box<dyn FnOnce() + Send>, Operation);

pub const POINTS: [Point; 2] = [|link, work, at| link.before(at, work), |link, work, at| link.after(at, work)];

#[test]
fn c1_c2_a_write_anywhere_within_a_read_leaves_nothing_old_behind() {
    let operations =
        [Operation::Read, Operation::Seed, Operation::Lease, Operation::Put, Operation::EndLease, Operation::Connect];
    for (question, write) in QUESTIONS.into_iter().flat_map(|question| WRITES.map(|write| (question, write))) {
        for (operation, point) in operations.into_iter().flat_map(|operation| POINTS.map(|point| (operation, point))) {
            let city = City::new();
            let [reader, writer] = city.processes();
            let before = question.answer(&city.database.rows());
            let other = writer.clone();
            point(&reader.link, Box::new(move || write(&other)), operation);
            let seen = reader.read(question);
            assert!(seen == before || seen == question.answer(&city.database.rows()), "{operation:?}: {seen:?}");
            agree(&city, &[&reader, &writer, &city.process()]);
        }
    }
}

#[test]
fn c1_c2_a_write_after_the_query_and_before_the_entry_is_stored_keeps_it_from_being_served() {
    for (question, write) in QUESTIONS.into_iter().flat_map(|question| WRITES.map(|write| (question, write))) {
        let city = City::new();
        let [reader, writer] = city.processes();
        reader.read_while(question, || write(&writer));
        agree(&city, &[&writer, &reader]);
    }
}

#[test]
fn c4_c17_a_read_anywhere_within_a_write_leaves_nothing_old_behind() {
    for (question, write) in QUESTIONS.into_iter().flat_map(|question| WRITES.map(|write| (question, write))) {
        for (operation, point) in
            [Operation::Place, Operation::Release].into_iter().flat_map(|at| POINTS.map(|point| (at, point)))
        {
            let city = City::new();
            let [reader, writer] = city.processes();
            let other = reader.clone();
            point(&writer.link, Box::new(move || drop(other.read(question))), operation);
            write(&writer);
            agree(&city, &[&reader, &writer]);
        }
    }
}

#[test]
fn c4_what_is_filled_between_intent_and_statement_is_served_until_the_write_returns_only() {
    let city = City::new();
    let [reader, writer] = city.processes();
    let write = writer.place(1);
    reader.read(Question::Row(1));
    assert!(reader.look_up(Question::Row(1)).is_ok(), "nothing has changed so far");
    city.database.set(1, 11);
    writer.release(write, WriteEnd::Over);
    agree(&city, &[&reader, &writer]);
}

#[test]
fn c5_who_got_no_tokens_stores_nothing() {
    for fault in Fault::ALLOWED {
        let city = City::new();
        let reader = city.process();
        reader.link.plan(Operation::Seed, fault);
        assert_eq!(reader.read(Question::Row(1)), Question::Row(1).answer(&city.database.rows()));
        assert_eq!(reader.look_up(Question::Row(1)), Err(Miss::Absent));
    }
}

#[test]
fn c6_fills_are_not_served_beyond_a_second_writer_who_is_still_at_it() {
    let city = City::new();
    let [reader, first, second] = city.processes();
    let (one, two) = (first.place(1), second.place(1));
    city.database.set(1, 11);
    first.release(one, WriteEnd::Over);
    reader.read(Question::Row(1));
    city.database.set(1, 12);
    second.release(two, WriteEnd::Over);
    agree(&city, &[&reader, &first, &second]);

    let _lost = second.place(1);
    reader.read(Question::Row(1));
    city.database.set(1, 13);
    city.clock.advance(INTENT_LIFE);
    agree(&city, &[&reader, &first, &second]);
}

#[test]
fn c8_a_fill_from_before_a_write_is_not_served_though_the_server_lost_everything_in_between() {
    let everything_lost: [fn(&City); 2] =
        [|city| city.server.restart_empty(), |city| city.server.names().iter().for_each(|name| city.lose(name))];
    for (question, lose) in QUESTIONS.into_iter().flat_map(|question| everything_lost.map(|lose| (question, lose))) {
        let city = City::new();
        let [reader, writer] = city.processes();
        let fill = reader.begin_fill(question).unwrap();
        let write = writer.place(1);
        lose(&city);
        city.database.set(1, 11);
        writer.release(write, WriteEnd::Over);
        reader.end_fill(question, fill);
        agree(&city, &[&reader, &writer]);
    }
}

#[test]
fn c10_processes_that_miss_together_ask_the_database_once() {
    let city = City::new();
    let [first, second, third] = city.processes();
    let waiting = [second, third].map(|process| {
        let (started, starts) = mpsc::channel();
        process.link.after(Operation::Lease, move || started.send(()).unwrap());
        (process, starts)
    });
    let mut readers = Vec::new();
    first.read_while(Question::All, || {
        for (process, starts) in &waiting {
            let reader = process.clone();
            readers.push(thread::spawn(move || reader.read(Question::All)));
            starts.recv().unwrap();
        }
    });
    let rows = city.database.rows();
    assert!(readers.into_iter().all(|reader| reader.join().unwrap() == rows));
    let loads = |process: &Process| process.cache.statistics().total().store_count;
    assert_eq!((loads(&first), waiting.map(|(process, _)| loads(&process))), (1, [0, 0]));
}

#[test]
fn c11_who_waits_for_a_process_that_died_takes_its_place() {
    let city = City::new();
    let [dead, reader] = city.leasing();
    let dies = thread::spawn({
        let dead = dead.clone();
        move || {
            let died = dead.clone();
            dead.read_while(Question::Row(1), || {
                died.link.part(true);
                panic!("it dies");
            })
        }
    });
    assert!(dies.join().is_err());
    let clock = city.clock.clone();
    reader.link.after(Operation::Lease, move || clock.advance(Duration::from_secs(60)));
    assert_eq!(reader.read(Question::Row(1)), Question::Row(1).answer(&city.database.rows()));
    assert_eq!(reader.cache.statistics().total().store_count, 1);
}

#[test]
fn c12_an_invalidation_while_a_process_waits_leaves_nothing_old_behind() {
    let city = City::new();
    let [first, second, writer] = city.leasing();
    let (started, starts) = mpsc::channel();
    second.link.after(Operation::Lease, move || started.send(()).unwrap());
    let mut waits = None;
    first.read_while(Question::Row(1), || {
        let reader = second.clone();
        waits = Some(thread::spawn(move || reader.read(Question::Row(1))));
        starts.recv().unwrap();
        writer.update(1, 11);
        assert_eq!(writer.read(Question::Row(1)), Question::Row(1).answer(&city.database.rows()));
    });
    waits.unwrap().join().unwrap();
    agree(&city, &[&first, &second, &writer]);
}

#[test]
fn c13_who_waits_learns_soon_that_a_load_was_given_up() {
    let city = City::new();
    let [first, second] = city.leasing();
    let (started, starts) = mpsc::channel();
    second.link.after(Operation::Lease, move || started.send(()).unwrap());
    let reader = second.clone();
    let mut waits = None;
    let began = Instant::now();
    let gives_up = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        first.read_while(Question::Row(1), || {
            waits = Some(thread::spawn(move || reader.read(Question::Row(1))));
            starts.recv().unwrap();
            panic!("the query fails");
        })
    }));
    assert!(gives_up.is_err());
    waits.unwrap().join().unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(second.cache.statistics().total().store_count, 1);
}

#[test]
fn c16_c17_values_never_go_back_while_processes_write_and_read_all_the_time() {
    let city = City::new();
    let is_over = AtomicBool::new(false);
    let [writer, first, second] = city.processes();
    thread::scope(|scope| {
        scope.spawn(|| {
            for value in 11.. {
                writer.update(1, value);
                assert_eq!(value_of_row_1(&writer), value, "the writer sees what it wrote");
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        let readers = [&first, &second].map(|process| scope.spawn(|| never_goes_back(process, &city.database)));
        let results = readers.map(|reader| reader.join());
        is_over.store(true, Ordering::SeqCst);
        results.into_iter().for_each(|result| result.unwrap());
    });
    agree(&city, &[&writer, &first, &second]);
}

fn never_goes_back(process: &Process, database: &Database) {
    let mut last = 0;
    for _ in 0..2_000 {
        let seen = value_of_row_1(process);
        assert!(seen >= last && seen <= database.rows()[&1], "{seen} after {last}");
        last = seen;
    }
}

fn value_of_row_1(process: &Process) -> u64 {
    process.read(Question::Row(1))[&1]
}

#[test]
fn the_first_readers_of_all_stand_on_what_the_first_of_them_has_noted() {
    let operations = [Operation::Read, Operation::Seed, Operation::Remark, Operation::Connect];
    for (question, operation, point) in QUESTIONS
        .into_iter()
        .flat_map(|question| operations.map(|operation| (question, operation)))
        .flat_map(|(question, operation)| POINTS.map(|point| (question, operation, point)))
    {
        let city = City::new();
        let reader = city.declaring(&[]);
        let other = Process { build: reader.build.clone(), ..city.process() };
        let loaded = question.answer(&city.database.rows());
        let (database, whole) = (city.database.clone(), other.clone());
        let work = move || {
            whole.read(question);
            // Whoever asks the database from now on is told.
            database.set(1, 99);
            database.set(9, 99);
        };
        point(&reader.link, Box::new(work), operation);
        assert_eq!(reader.read(question), loaded, "{question:?}: {operation:?}");
        assert_eq!(other.read(question), loaded, "{question:?}: {operation:?}");
    }
}
