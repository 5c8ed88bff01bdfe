//! A server that restarts, goes back, loses keys or holds what nobody wrote.

use std::time::Duration;

use cache_core::{ManualClock, WriteEnd};

use crate::city::{City, INTENT_LIFE};
use crate::process::Question;
use crate::races::{QUESTIONS, agree};

#[test]
fn a_server_that_comes_back_empty_or_with_an_old_snapshot_serves_nothing_old() {
    for is_empty in [true, false] {
        let city = City::new();
        let [writer, reader] = city.processes();
        agree(&city, &[&writer, &reader]);
        let snapshot = city.server.snapshot();
        writer.update(1, 11);
        writer.insert(9, 90);
        agree(&city, &[&writer, &reader]);
        if is_empty {
            city.server.restart_empty()
        } else {
            city.server.restore(&snapshot)
        }
        agree(&city, &[&reader, &writer, &city.process()]);
    }
}

#[test]
fn a_replica_that_missed_the_last_operations_serves_nothing_old() {
    for lost in 0..12 {
        let city = City::new();
        let [writer, reader] = city.processes();
        agree(&city, &[&writer, &reader]);
        writer.update(1, 11);
        reader.read(Question::Row(1));
        city.server.fail_over(lost);
        agree(&city, &[&reader, &writer]);
    }
}

#[test]
fn any_key_may_be_lost_at_any_time() {
    let names_of_a_server_in_use = {
        let city = City::new();
        let [writer, reader] = city.processes();
        let _standing = writer.place(1);
        agree(&city, &[&writer, &reader]);
        city.server.names()
    };
    assert!(names_of_a_server_in_use.len() > 8);
    for name in &names_of_a_server_in_use {
        let city = City::new();
        let [writer, reader, dead] = city.processes();
        let standing = writer.place(1);
        agree(&city, &[&writer, &reader]);
        city.lose(name);
        agree(&city, &[&writer, &reader]);
        city.database.set(1, 11);
        writer.release(standing, WriteEnd::Over);
        agree(&city, &[&writer, &reader]);
        let _lost = dead.place(1);
        city.database.set(1, 12);
        city.lose(name);
        reader.read(Question::Row(1));
        reader.read(Question::All);
        city.clock.advance(INTENT_LIFE);
        agree(&city, &[&writer, &reader]);
    }
}

#[test]
fn b19_foreign_bytes_under_any_key_are_no_answer_and_no_error() {
    for bytes in [&b""[..], b"foreign", &[0xff; 300]] {
        let names = {
            let city = City::new();
            agree(&city, &[&city.process()]);
            city.server.names()
        };
        for name in &names {
            let city = City::new();
            let [writer, reader] = city.processes();
            agree(&city, &[&reader]);
            city.server.overwrite(name, bytes.to_vec());
            agree(&city, &[&reader]);
            writer.update(1, 11);
            agree(&city, &[&reader, &writer]);
        }
    }
}

#[test]
fn b19_unreadable_entries_are_counted() {
    let city = City::new();
    let reader = city.process();
    agree(&city, &[&reader]);
    for name in city.server.names() {
        city.server.overwrite(&name, b"foreign".to_vec());
    }
    agree(&city, &[&reader]);
    assert!(reader.cache.statistics().store.unreadable_count > 0);
}

#[test]
fn processes_whose_clocks_are_wrong_or_jump_serve_nothing_old() {
    let city = City::new();
    city.clock.advance(Duration::from_secs(1_000_000));
    let wrong = ManualClock::new();
    let behind = city.process_with(|builder| builder.clock(wrong.clone()));
    let right = city.process();
    for days in [0, 1, 20, 400] {
        wrong.advance(Duration::from_secs(86_400 * days));
        agree(&city, &[&behind, &right]);
        right.update(1, 100 + days);
        agree(&city, &[&behind, &right]);
        behind.update(2, 200 + days);
        agree(&city, &[&behind, &right]);
        for question in QUESTIONS {
            let fill = behind.begin_fill(question);
            right.update(1, 300 + days);
            fill.into_iter().for_each(|fill| behind.end_fill(question, fill));
            agree(&city, &[&right, &behind]);
        }
    }
}
