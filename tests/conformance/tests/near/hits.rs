//! What is served from memory, and what it costs.

use conformance::Finds;
use std::sync::Arc;
use std::time::Duration;

use cache_core::policy::NearPolicy;
use cache_core::store::{Placing, Put, Wanted};
use cache_core::{Life, Tag, Timeout, Value};
use conformance::{bytes_of, codec, key, shared, tag};

use crate::kit::{Process, policy};

fn wanted(id: u64) -> Wanted<'static> {
    Wanted { key: key(id), tags: &Vec::new, codec: Some(codec()) }
}

#[test]
fn a_hit_asks_nobody_and_is_the_value_itself() {
    let process = Process::new();
    process.keep(1);
    let before = process.subject.hand().round_trips();
    let store = process.subject.store();
    let find = || store.find(&key(1), process.subject.now()).unwrap().0;
    let (Value::Shared(first), Value::Shared(second)) = (find(), find()) else { panic!("a value") };
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(process.subject.hand().round_trips(), before);
}

#[test]
fn what_this_process_loaded_is_kept_as_it_is() {
    let process = Process::new();
    process.keep(1);
    let subject = &process.subject;
    let (value, now) = (shared(b"loaded"), subject.now());
    let life = Life::starting(now, Timeout::from_secs(600));
    let tokens = vec![subject.under(tag(1))];
    let put = Put { key: key(1), value: value.clone(), life, tokens, weight: 6, codec: Some(codec()) };
    subject.store().put(vec![put], None, now).unwrap();
    let (found, _) = subject.store().find(&key(1), now).expect("its tag was known");
    let (Value::Shared(put), Value::Shared(found)) = (value, found) else { panic!("a value") };
    assert!(Arc::ptr_eq(&put, &found));
}

#[test]
fn many_that_are_not_in_memory_are_asked_for_in_one_round_trip() {
    let process = Process::new();
    (1..=6).for_each(|id| process.keep(id));
    // The other three are known to the server only.
    process
        .subject
        .store()
        .place(
            &Placing::new(cache_core::store::Writer::fresh(), &[tag(2), tag(4), tag(6)], Duration::from_secs(9)),
            process.subject.now(),
        )
        .unwrap();
    let before = process.subject.hand().round_trips();
    let ids = [1, 2, 3, 4, 5, 6, 7];
    let tags = ids.map(|id| move || vec![tag(id)]);
    let wanted: Vec<_> = ids.iter().zip(&tags).map(|(id, tags)| Wanted { tags, ..wanted(*id) }).collect();
    let found = process.subject.store().find_many(&wanted, process.subject.now()).unwrap();
    assert_eq!(found.iter().filter(|found| found.is_some()).count(), 6);
    assert!(found[6].is_none());
    assert_eq!(process.subject.hand().round_trips(), before + 1);
}

#[test]
fn memory_is_bounded_over_entries_and_tags_together() {
    let process = Process::with(NearPolicy::with_capacity(64 * 1024));
    let subject = &process.subject;
    process.await_trust();
    for id in 0..3_000 {
        let tokens = vec![subject.under(tag(id))];
        subject.put_value(id, shared(&[7; 64]), tokens, Timeout::from_secs(600));
        drop(subject.find_knowing(id, &|| vec![tag(id)]));
    }
    let counts = process.counts();
    assert!(counts.weight <= 64 * 1024 && counts.entry_count < 250, "{counts:?}");
    assert!(counts.tag_count <= 2_048, "{counts:?}");
}

#[test]
fn an_entry_that_is_over_is_not_served_from_memory() {
    let process = Process::with(policy().max_staleness(Duration::from_secs(5)));
    let subject = &process.subject;
    process.keep(1);
    let tokens = vec![subject.under(tag(1))];
    subject.put_value(1, shared(b"short"), tokens, Timeout::from_millis(400));
    let (found, _) = subject.store().find(&key(1), subject.now()).unwrap();
    assert_eq!(bytes_of(&found).unwrap(), b"short");
    std::thread::sleep(Duration::from_millis(450));
    assert!(!process.recalls(1));
}

#[test]
fn giving_room_back_empties_memory() {
    let process = Process::new();
    process.keep_under(1, &[Tag::root(), tag(1)]);
    process.subject.store().reclaim().unwrap();
    assert!(!process.recalls(1));
    assert_eq!(process.counts().entry_count, 0);
}

#[test]
fn hits_are_counted_by_their_age() {
    let process = Process::new();
    process.keep(1);
    let before = process.counts().hit_count;
    (0..100).for_each(|_| assert!(process.recalls(1)));
    let counts = process.counts();
    assert_eq!(counts.hit_count - before, 100);
    assert_eq!(counts.hit_age_counts.iter().sum::<u64>(), counts.hit_count);
}
