//! Clocks of processes that are wrong, or jump: only the server's counts.

use conformance::Finds;
use std::time::Duration;

use cache_core::store::{Found, Placing, Put, Wanted, Writer};
use cache_core::{Life, Timeout, Timestamp, Worth};
use conformance::simulation::World;
use conformance::{Subject, Time, codec, key, shared, tag};

const YEAR: Duration = Duration::from_secs(365 * 86_400);

fn subject() -> Subject {
    World::new(Time::by_hand()).subject()
}

/// The clock of a process that is a year behind, or ahead.
fn wrong(subject: &Subject) -> [Timestamp; 2] {
    let now = subject.now();
    [Timestamp::from_nanos(now.as_nanos().saturating_sub(YEAR.as_nanos() as u64)), now.after(YEAR)]
}

fn put(subject: &Subject, id: u64, units: u32, now: Timestamp) {
    let life = Life::starting(now, Timeout::after(subject.units(units)));
    let put = Put { key: key(id), value: shared(b"x"), life, tokens: vec![], weight: 1, codec: Some(codec()) };
    subject.store().put(vec![put], None, now).unwrap();
}

fn find(subject: &Subject, id: u64, now: Timestamp) -> Option<Found> {
    subject.store().find_one(&Wanted { key: key(id), tags: &Vec::new, codec: Some(codec()) }, now).unwrap()
}

#[test]
fn an_expired_entry_is_not_served_whatever_time_a_reader_thinks_it_is() {
    let subject = subject();
    put(&subject, 1, 10, subject.now());
    subject.pass(10);
    for now in wrong(&subject) {
        assert!(find(&subject, 1, now).is_none());
    }
}

#[test]
fn an_entry_of_a_writer_with_a_wrong_clock_ends_by_the_servers() {
    for at in 0..2 {
        let subject = subject();
        put(&subject, 1, 10, wrong(&subject)[at]);
        subject.pass(10);
        assert!(find(&subject, 1, subject.now()).is_none());
        assert!(find(&subject, 1, wrong(&subject)[at]).is_none());
    }
}

#[test]
fn a_clock_that_is_ahead_costs_an_early_miss() {
    let subject = subject();
    put(&subject, 1, 10, subject.now());
    let worth = find(&subject, 1, wrong(&subject)[1]).map(|found| found.worth);
    assert_eq!(worth, Some(Worth::Expired));
    assert!(subject.serves(1), "for that process only");
}

#[test]
fn a_life_without_end_has_none_for_any_clock() {
    let subject = subject();
    let never = Life::starting(subject.now(), Timeout::NEVER);
    let put = Put { key: key(1), value: shared(b"x"), life: never, tokens: vec![], weight: 1, codec: Some(codec()) };
    subject.store().put(vec![put], None, wrong(&subject)[1]).unwrap();
    for now in wrong(&subject) {
        assert_eq!(find(&subject, 1, now).map(|found| found.worth), Some(Worth::Fresh));
    }
}

#[test]
fn intents_end_by_the_servers_clock() {
    for at in 0..2 {
        let subject = subject();
        let now = wrong(&subject)[at];
        let token = subject.under(tag(1));
        subject.store().place(&Placing::new(Writer::fresh(), &[tag(1)], subject.units(10)), now).unwrap();
        subject.pass(9);
        assert_eq!(subject.store().seed(&[tag(1)], &[], wrong(&subject)[at]).unwrap().seeds[0].token, token.1);
        subject.pass(1);
        assert_ne!(subject.store().seed(&[tag(1)], &[], wrong(&subject)[at]).unwrap().seeds[0].token, token.1);
    }
}

#[test]
fn a_life_that_is_over_before_it_begins_removes_what_was_there() {
    let subject = subject();
    subject.put(1, vec![]);
    let life = Life::starting(subject.now(), Timeout::after(subject.units(1)));
    let put = Put { key: key(1), value: shared(b"x"), life, tokens: vec![], weight: 1, codec: Some(codec()) };
    subject.store().put(vec![put], None, subject.now().after(subject.units(1))).unwrap();
    assert!(subject.find(1).is_none());
}
