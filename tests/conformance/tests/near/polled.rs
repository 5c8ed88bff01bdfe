//! Tests what becomes of entries beside whose table processes keep intents.

use std::time::{Duration, Instant};

use cache_core::store::{Outcome, Placing, Release, Store, Writer};
use cache_core::{Database, Tag, TagKind, Worth};
use conformance::tag;

use crate::kit::{Process, STALENESS, within};

fn writers() -> Tag {
    Database::named("shop").table("products").whole(TagKind::Writers)
}

#[test]
fn intents_that_come_and_go_beside_a_table_leave_its_entries_in_memory() {
    let process = Process::new();
    // What is told of these is not told of the intents.
    let mut told = process.counts().told_count + process.keep_under(1, &[tag(1), writers()]);
    let now = process.subject.now();
    // A heartbeat that was on its way when the tag became known does not confirm it.
    let mut unconfirmed = 0;
    for number in 0..50 {
        let writer = Writer::from_bits(number % 3);
        process.other.place(&Placing::new(writer, &[writers()], Duration::from_secs(20)), now).unwrap();
        if !process.recalls(1) {
            unconfirmed += 1;
            told += process.keep_under(1, &[tag(1), writers()]);
        }
        if number % 5 == 4 {
            let release = Release { tag: writers(), outcome: Outcome::Unchanged };
            process.other.release(writer, &[release], &[], now).unwrap();
        }
    }
    assert!(unconfirmed <= 1, "{unconfirmed} times");
    std::thread::sleep(Duration::from_millis(200));
    assert!(process.counts().told_count <= told, "nothing is pushed");
    process.keep_under(2, &[tag(2), writers()]);
}

#[test]
fn entries_end_with_the_intent_of_a_process_that_never_comes_back() {
    let life = Duration::from_secs(4);
    let process = Process::of_short_trust();
    process.await_trust();
    process.other.place(&Placing::new(Writer::fresh(), &[writers()], life), process.subject.now()).unwrap();
    let placed = Instant::now();
    process.keep_under(1, &[tag(1), writers()]);
    assert!(placed.elapsed() < life, "too slow to tell anything");
    within(life + STALENESS * 2, || !process.recalls(1));
    let found = process.subject.find_knowing(1, &|| vec![tag(1), writers()]).unwrap();
    assert_eq!(found.worth, Worth::Changed(TagKind::Writers));
    // A late heartbeat suspends trust, and ends nothing.
    assert!(placed.elapsed() <= life + STALENESS * 2, "{:?}", placed.elapsed());
}

#[test]
fn entries_stay_while_another_process_renews_its_intent() {
    let process = Process::of_short_trust();
    process.await_trust();
    // On a machine that held this thread up for long the intent has ended, and tells nothing.
    assert!((1..10).any(|id| stays_while_renewed(&process, id)), "too slow to tell anything");
}

/// Whether the intent was renewed in time; if so, the entry has to be there for longer than one intent lives.
fn stays_while_renewed(process: &Process, id: u64) -> bool {
    let (life, writer) = (Duration::from_secs(2), Writer::fresh());
    let renew = || process.other.place(&Placing::new(writer, &[writers()], life), process.subject.now()).unwrap();
    let (mut renewed, mut longest) = (Instant::now(), Duration::ZERO);
    renew();
    process.keep_under(id, &[tag(id), writers()]);
    let began = Instant::now();
    while began.elapsed() < life * 2 {
        longest = longest.max(renewed.elapsed());
        renewed = Instant::now();
        renew();
        std::thread::sleep(Duration::from_millis(100));
    }
    if longest > life / 2 {
        return false;
    }
    // A late heartbeat suspends trust for a moment. An entry that was dropped does not come back.
    within(Duration::from_secs(5), || process.recalls(id));
    true
}
