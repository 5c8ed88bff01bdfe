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
    process.keep_under(1, &[tag(1), writers()]);
    let (told, now) = (process.counts().told_count, process.subject.now());
    for number in 0..50 {
        let writer = Writer::from_bits(number % 3);
        process.other.place(&Placing::new(writer, &[writers()], Duration::from_secs(20)), now).unwrap();
        assert!(process.recalls(1), "{number}");
        if number % 5 == 4 {
            let release = Release { tag: writers(), outcome: Outcome::Unchanged };
            process.other.release(writer, &[release], &[], now).unwrap();
        }
    }
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(process.counts().told_count, told, "nothing is pushed");
    process.keep_under(2, &[tag(2), writers()]);
}

#[test]
fn entries_end_with_the_intent_of_a_process_that_never_comes_back() {
    let life = Duration::from_millis(1500);
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
    let life = Duration::from_secs(2);
    let process = Process::of_short_trust();
    process.await_trust();
    let writer = Writer::fresh();
    let renew = || process.other.place(&Placing::new(writer, &[writers()], life), process.subject.now()).unwrap();
    renew();
    process.keep_under(1, &[tag(1), writers()]);
    let began = Instant::now();
    while began.elapsed() < life * 2 {
        renew();
        std::thread::sleep(Duration::from_millis(100));
    }
    // A late heartbeat suspends trust for a moment. An entry that was dropped does not come back.
    within(Duration::from_secs(5), || process.recalls(1));
}
