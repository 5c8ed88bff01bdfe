//! Calls with many parts, and with none.

use crate::Finds;
use cache_core::store::{Outcome, Placing, Put, Release, Releasing, Stored, Wanted, Writer};
use cache_core::{Life, Tag, Timeout, Worth};

use crate::Subject;
use crate::subject::{bytes_of, codec, key, shared, tag};

pub fn b4_many_are_looked_up_in_order_with_duplicates_and_absent_ones(subject: &Subject) {
    for id in [1, 3, 4] {
        subject.put_value(id, shared(&[id as u8]), vec![], Timeout::after(subject.units(100)));
    }
    subject.put_value(5, shared(b"short"), vec![], Timeout::after(subject.units(1)));
    subject.pass(1);
    let wanted = [3, 2, 1, 3, 5, 4].map(|id| Wanted { key: key(id), tags: &Vec::new, codec: Some(codec()) });
    let found = subject.store().find_many(&wanted, subject.now()).unwrap();
    let served = found.into_iter().map(|found| found.filter(|found| found.worth == Worth::Fresh));
    let values: Vec<_> = served.map(|found| found.and_then(|found| bytes_of(&found.value))).collect();
    assert_eq!(values, [Some(vec![3]), None, Some(vec![1]), Some(vec![3]), None, Some(vec![4])]);
}

pub fn b5_empty_batches_succeed(subject: &Subject) {
    let (store, now, writer) = (subject.store(), subject.now(), Writer::fresh());
    assert!(store.find_many(&[], now).unwrap().is_empty());
    assert!(store.seed(&[], &[], now).unwrap().seeds.is_empty());
    assert!(store.put(vec![], None, now).unwrap().is_empty());
    store.remove(&[], now).unwrap();
    store.place(&Placing::new(writer, &[], subject.units(10)), now).unwrap();
    store.release(writer, &[], &[], now).unwrap();
}

pub fn a_batch_of_entries_is_stored_with_one_answer_for_each(subject: &Subject) {
    let now = subject.now();
    let life = Life::starting(now, Timeout::after(subject.units(100)));
    let put = |id| Put { key: key(id), value: shared(b"x"), life, tokens: vec![], weight: 1, codec: Some(codec()) };
    let stored = subject.store().put((1..=20).map(put).collect(), None, now).unwrap();
    assert_eq!(stored, [Stored::Kept; 20]);
    assert!((1..=20).all(|id| subject.serves(id)));
}

pub fn a_batch_of_seeds_is_answered_in_order_with_duplicates(subject: &Subject) {
    let second = subject.seed(tag(2));
    let tags = [tag(1), tag(2), tag(3), tag(1)];
    let seeds = subject.store().seed(&tags, &[], subject.now()).unwrap().seeds;
    assert_eq!(seeds.len(), 4);
    assert_eq!(seeds[1], second);
    assert_eq!(seeds[0], seeds[3]);
    assert!(seeds[0] != seeds[1] && seeds[1] != seeds[2] && seeds[0] != seeds[2]);
    assert_eq!(subject.store().seed(&tags, &[], subject.now()).unwrap().seeds, seeds);
}

pub fn a_batch_of_releases_ends_each_as_told(subject: &Subject) {
    let writer = Writer::fresh();
    let tags = [tag(1), tag(2), tag(3)];
    let before = subject.store().seed(&tags, &[], subject.now()).unwrap().seeds;
    subject.store().place(&Placing::new(writer, &tags, subject.units(10)), subject.now()).unwrap();
    let outcomes = [Outcome::Unchanged, Outcome::Changed, Outcome::Unknown(subject.units(10))];
    let releases: Vec<Release> =
        tags.into_iter().zip(outcomes).map(|(tag, outcome)| Release { tag, outcome }).collect();
    subject.store().release(writer, &releases, &[], subject.now()).unwrap();
    let after = subject.store().seed(&tags, &[], subject.now()).unwrap().seeds;
    assert_eq!(after[0].token, before[0].token);
    assert!(after[1].token != before[1].token && after[2].token != before[2].token);
    assert_eq!(after.iter().map(|seed| seed.is_intended).collect::<Vec<_>>(), [false, false, true]);
}

pub fn a_release_tells_which_tags_held_a_token_until_then(subject: &Subject) {
    let Some(store) = subject.store().comparer() else { return };
    let (writer, tags) = (Writer::fresh(), [1, 2, 3, 4, 5].map(tag));
    let before = [1, 2, 3, 4].map(|id| subject.seed(tag(id)).token);
    subject.put(1, vec![(tag(1), before[0])]);
    // The second one was changed meanwhile, the third one is not changed at all, and of the fifth nobody knows.
    subject.change(tag(2));
    subject.place(Writer::fresh(), tag(4), 10);
    let release = |tag: Tag| {
        let outcome = if tag == tags[2] { Outcome::Unchanged } else { Outcome::Changed };
        Release { tag, outcome }
    };
    let releases = tags.map(release);
    let held = [(tags[3], before[3]), (tags[0], before[0]), (tags[1], before[1]), (tags[4], before[0])];
    let releasing = Releasing { writer, releases: &releases, held: &held, tables: &[] };
    let replaced = store.release_comparing(&releasing, subject.now()).unwrap().replaced;
    assert!(!subject.serves(1));
    let present = tags.map(|tag| subject.seed(tag));
    assert_eq!(replaced, [Some(present[3].token), Some(present[0].token), None, None]);
    assert!(present[0].token != before[0] && present[3].is_intended);
    assert_eq!(present[2].token, before[2]);
}
