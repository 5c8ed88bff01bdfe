//! What the ledger takes for stale, and what it excuses.

use core::time::Duration;

use super::{Bounds, Death, Fault, Floor, Ledger, Moment};
use crate::message::Release;
use crate::question::{Key, Question, State, Table};

const SHARED: Key = Key::new(Table::Items, 1);
const OWNED: Key = Key::new(Table::Items, 100);
const BOUNDS: Bounds = Bounds {
    told: Duration::ZERO,
    intended: Duration::from_secs(5),
    expired: Duration::from_secs(30),
    held: Duration::from_secs(3),
};
const PENDING: Release = Release::Pending { is_intended: true };

fn ledger() -> Ledger {
    let mut ledger = Ledger::new(BOUNDS);
    ledger.share(SHARED, 7);
    ledger.own(OWNED);
    ledger
}

fn at(seconds: u64) -> Moment {
    Duration::from_secs(seconds)
}

/// What is wrong with a read by process `life` that begins at `second` and gives `seen`.
fn faults(ledger: &mut Ledger, question: &Question, life: u32, second: u64, seen: &[(Key, u64)]) -> Vec<Fault> {
    let reading = ledger.read(question.clone(), life, at(second));
    ledger.judge(&reading, seen, false).faults
}

fn write(ledger: &mut Ledger, version: u64, release: Release, second: u64) {
    let writing = ledger.write(&[], 1, at(second));
    ledger.acknowledge(&writing, &[(SHARED, version)], release, at(second));
}

#[test]
fn an_acknowledged_write_is_the_floor_of_reads_that_begin_after_it() {
    let mut ledger = ledger();
    let question = Question::Detail(SHARED);
    let before = ledger.read(question.clone(), 2, at(1));
    write(&mut ledger, 2, Release::Acknowledged, 2);
    assert_eq!(ledger.judge(&before, &[(SHARED, 1)], false).faults, []);
    let old = Fault::Old { key: SHARED, seen: 1, floor: Floor { least: 2, excused: 0 } };
    assert_eq!(faults(&mut ledger, &question, 2, 3, &[(SHARED, 1)]), [old]);
    assert_eq!(faults(&mut ledger, &question, 2, 3, &[(SHARED, 9)]), []);
}

#[test]
fn a_pending_write_binds_others_when_its_bound_is_over_and_its_own_process_at_once() {
    let mut ledger = ledger();
    let question = Question::Group(Table::Items, 7);
    write(&mut ledger, 2, PENDING, 10);
    assert_eq!(faults(&mut ledger, &question, 1, 11, &[(SHARED, 1)]).len(), 1);
    assert_eq!(faults(&mut ledger, &question, 2, 14, &[(SHARED, 1)]), []);
    assert_eq!(faults(&mut ledger, &question, 2, 15, &[(SHARED, 1)]).len(), 1);
}

#[test]
fn where_there_is_memory_an_acknowledged_write_binds_its_own_process_at_once_and_others_when_they_are_told() {
    let mut ledger = Ledger::new(Bounds { told: at(2), ..BOUNDS });
    ledger.share(SHARED, 7);
    let question = Question::Detail(SHARED);
    write(&mut ledger, 2, Release::Acknowledged, 10);
    assert_eq!(faults(&mut ledger, &question, 1, 11, &[(SHARED, 1)]).len(), 1);
    assert_eq!(faults(&mut ledger, &question, 2, 11, &[(SHARED, 1)]), []);
    assert_eq!(faults(&mut ledger, &question, 2, 12, &[(SHARED, 1)]).len(), 1);
}

#[test]
fn how_far_memory_is_behind_is_measured() {
    let mut ledger = Ledger::new(Bounds { told: at(9), ..BOUNDS });
    ledger.share(SHARED, 7);
    write(&mut ledger, 2, Release::Acknowledged, 10);
    write(&mut ledger, 3, Release::Acknowledged, 11);
    write(&mut ledger, 4, PENDING, 11);
    let lag = |life, seen, ledger: &mut Ledger| {
        let reading = ledger.read(Question::Detail(SHARED), life, at(14));
        ledger.judge(&reading, &[(SHARED, seen)], false).lag
    };
    assert_eq!(lag(2, 1, &mut ledger), Some(at(4)));
    assert_eq!(lag(2, 2, &mut ledger), Some(at(3)));
    assert_eq!(lag(2, 3, &mut ledger), None, "what is pending is no matter of memory");
    assert_eq!(lag(1, 1, &mut ledger), None, "its own writes excuse nothing");
}

#[test]
fn what_is_held_for_longer_than_it_was_to_be_is_on_its_way_for_as_much_longer() {
    for (let_go_at, is_excused) in [(13, false), (15, true)] {
        let mut ledger = ledger();
        ledger.hold(at(10));
        write(&mut ledger, 2, PENDING, 10);
        ledger.let_go(at(10), at(let_go_at));
        let question = Question::Detail(SHARED);
        assert_eq!(faults(&mut ledger, &question, 2, 16, &[(SHARED, 1)]).is_empty(), is_excused);
        assert_eq!(faults(&mut ledger, &question, 2, 17, &[(SHARED, 1)]).len(), 1);
    }
}

#[test]
fn intents_that_the_store_lost_end_nothing() {
    let mut ledger = ledger();
    let question = Question::All(Table::Items);
    write(&mut ledger, 2, PENDING, 10);
    ledger.lose(at(11));
    assert_eq!(faults(&mut ledger, &question, 2, 39, &[(SHARED, 1)]), []);
    assert_eq!(faults(&mut ledger, &question, 2, 40, &[(SHARED, 1)]).len(), 1);
}

#[test]
fn a_hit_of_the_writing_process_shows_that_its_release_got_through() {
    let mut ledger = ledger();
    let question = Question::Detail(SHARED);
    write(&mut ledger, 2, PENDING, 10);
    for (life, is_over) in [(2, false), (1, true)] {
        let reading = ledger.read(question.clone(), life, at(11));
        ledger.judge(&reading, &[(SHARED, 2)], true);
        assert_eq!(!faults(&mut ledger, &question, 3, 11, &[(SHARED, 1)]).is_empty(), is_over);
    }
}

#[test]
fn how_long_something_old_was_served_is_measured() {
    let mut ledger = ledger();
    write(&mut ledger, 2, PENDING, 10);
    write(&mut ledger, 3, PENDING, 11);
    let reading = ledger.read(Question::Detail(SHARED), 2, at(14));
    assert_eq!(ledger.judge(&reading, &[(SHARED, 1)], true).staleness, Some(at(4)));
    assert_eq!(ledger.judge(&reading, &[(SHARED, 2)], true).staleness, Some(at(3)));
    assert_eq!(ledger.judge(&reading, &[(SHARED, 3)], true).staleness, None);
}

#[test]
fn an_absent_row_is_right_if_it_may_have_been_absent_since_the_floor() {
    let mut ledger = ledger();
    let (here, elsewhere) = (State::Present { group: 7, code: 0 }, State::Present { group: 8, code: 1 });
    let (detail, group) = (Question::Detail(OWNED), Question::Group(Table::Items, 7));
    assert_eq!(faults(&mut ledger, &detail, 2, 0, &[]), []);

    let insert = ledger.write(&[(OWNED, here)], 1, at(1));
    assert_eq!(faults(&mut ledger, &detail, 2, 2, &[(OWNED, 1)]), [], "committed, and not acknowledged yet");
    ledger.acknowledge(&insert, &[], Release::Acknowledged, at(2));
    assert_eq!(
        faults(&mut ledger, &detail, 2, 3, &[]),
        [Fault::Missing { key: OWNED, floor: Floor { least: 1, excused: 0 } }]
    );

    let shift = ledger.write(&[(OWNED, elsewhere)], 1, at(4));
    assert_eq!(faults(&mut ledger, &group, 2, 5, &[(SHARED, 1)]), []);
    assert_eq!(faults(&mut ledger, &detail, 2, 5, &[]).len(), 1);
    assert_eq!(faults(&mut ledger, &Question::Code(100, 0), 2, 5, &[]), []);
    ledger.acknowledge(&shift, &[], Release::Acknowledged, at(6));
    assert_eq!(faults(&mut ledger, &group, 2, 7, &[(SHARED, 1), (OWNED, 1)]).len(), 1);
    assert_eq!(faults(&mut ledger, &group, 2, 7, &[(SHARED, 1)]), []);
    assert_eq!(faults(&mut ledger, &Question::Code(100, 1), 2, 7, &[]).len(), 1);
}

#[test]
fn a_later_write_does_not_bind_what_was_there_before_a_pending_one() {
    let mut ledger = ledger();
    let (here, detail) = (State::Present { group: 7, code: 0 }, Question::Detail(OWNED));
    let releases = [Release::Acknowledged, Release::Acknowledged, PENDING, Release::Acknowledged];
    for (release, state) in releases.into_iter().zip([here, here, State::Absent, here]) {
        let writing = ledger.write(&[(OWNED, state)], 1, at(1));
        ledger.acknowledge(&writing, &[], release, at(1));
    }
    for (second, life, is_excused) in [(2, 2, true), (2, 1, false), (6, 2, false)] {
        assert_eq!(faults(&mut ledger, &detail, life, second, &[(OWNED, 2)]).is_empty(), is_excused, "{second} {life}");
    }
    assert_eq!(faults(&mut ledger, &detail, 2, 2, &[(OWNED, 4)]), []);
}

#[test]
fn only_what_is_older_than_the_pending_write_is_excused() {
    let mut ledger = ledger();
    let (here, detail) = (State::Present { group: 7, code: 0 }, Question::Detail(OWNED));
    for release in [Release::Acknowledged, PENDING, Release::Acknowledged, Release::Acknowledged] {
        let writing = ledger.write(&[(OWNED, here)], 1, at(1));
        ledger.acknowledge(&writing, &[], release, at(1));
    }
    for (seen, is_excused) in [(1, true), (2, false), (3, false), (4, true)] {
        assert_eq!(faults(&mut ledger, &detail, 2, 2, &[(OWNED, seen)]).is_empty(), is_excused, "{seen}");
    }
}

#[test]
fn what_a_killed_worker_has_written_binds_when_its_bound_is_over() {
    let mut ledger = ledger();
    let detail = Question::Detail(OWNED);
    let insert = ledger.write(&[(OWNED, State::Present { group: 7, code: 0 })], 1, at(1));
    ledger.acknowledge(&insert, &[], Release::Acknowledged, at(1));
    ledger.write(&[(OWNED, State::Absent)], 1, at(2));
    let death = Death { life: 1, since: at(2), is_quiet: true };
    assert_eq!(ledger.inherit(&[(OWNED, None)], &death, at(3)), (1, true));
    assert_eq!(ledger.inherit(&[(OWNED, None)], &death, at(3)), (0, true), "it is known by now");
    assert_eq!(faults(&mut ledger, &detail, 2, 7, &[(OWNED, 1)]), []);
    assert_eq!(faults(&mut ledger, &detail, 2, 8, &[(OWNED, 1)]).len(), 1);
    assert_eq!(faults(&mut ledger, &detail, 2, 8, &[]), []);
}

#[test]
fn a_killed_worker_whose_releases_were_pending_is_not_known_to_have_placed_intents() {
    let mut ledger = ledger();
    write(&mut ledger, 2, PENDING, 5);
    for (since, is_quiet, is_intended) in [(4, true, false), (6, true, true), (6, false, false)] {
        let death = Death { life: 1, since: at(since), is_quiet };
        assert_eq!(ledger.inherit(&[], &death, at(9)), (0, is_intended));
    }
}

#[test]
fn what_was_rolled_back_is_never_seen() {
    let mut ledger = ledger();
    let insert = ledger.write(&[(OWNED, State::Present { group: 7, code: 0 })], 1, at(1));
    ledger.roll_back(&insert);
    let uncommitted = Fault::Uncommitted { key: OWNED, seen: 1 };
    assert_eq!(faults(&mut ledger, &Question::Detail(OWNED), 2, 2, &[(OWNED, 1)]), [uncommitted]);
    let delete = ledger.write(&[(OWNED, State::Absent)], 1, at(3));
    ledger.roll_back(&delete);
    assert_eq!(faults(&mut ledger, &Question::Detail(OWNED), 2, 4, &[]), []);
}

#[test]
fn a_page_that_is_not_there_says_nothing_of_its_notes() {
    let mut ledger = ledger();
    let note = Key::new(Table::Notes, 100);
    let insert = ledger.write(&[(note, State::Present { group: 100, code: 0 })], 1, at(1));
    ledger.acknowledge(&insert, &[], Release::Acknowledged, at(2));
    assert_eq!(faults(&mut ledger, &Question::Page(100), 2, 3, &[]), []);
    assert_eq!(faults(&mut ledger, &Question::Page(1), 2, 3, &[(SHARED, 1)]), []);
    let insert = ledger.write(&[(note, State::Present { group: 1, code: 0 })], 1, at(4));
    ledger.acknowledge(&insert, &[], Release::Acknowledged, at(5));
    assert_eq!(faults(&mut ledger, &Question::Page(1), 2, 6, &[(SHARED, 1)]).len(), 1);
}

#[test]
fn rows_of_a_standby_may_be_old_and_were_committed_once() {
    let mut ledger = ledger();
    let question = Question::Detail(OWNED);
    let present = [(OWNED, State::Present { group: 7, code: 0 })];
    let first = ledger.write(&present, 1, at(1));
    ledger.acknowledge(&first, &[], Release::Acknowledged, at(1));
    let undone = ledger.write(&present, 1, at(2));
    ledger.roll_back(&undone);
    let second = ledger.write(&present, 1, at(3));
    ledger.acknowledge(&second, &[], Release::Acknowledged, at(3));
    let mut left = |seen: u64| {
        let reading = ledger.read(question.clone(), 2, at(4));
        ledger.judge(&reading.of_standby(), &[(OWNED, seen)], false).faults
    };
    assert_eq!(left(first.versions[0].1), []);
    let seen = undone.versions[0].1;
    assert_eq!(left(seen), [Fault::Uncommitted { key: OWNED, seen }]);
}
