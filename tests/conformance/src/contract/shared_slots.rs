//! What is set by hand in a store that several processes share.

use std::thread;

use cache_core::store::{Content, Exchanged};
use cache_core::{Flaw, Tag, Timeout, Worth};

use super::slots::{exchange, open, peek, put, remove, slot_key, value};
use crate::{Holding, Subject};

pub fn processes_see_the_same_slots(subject: &Subject) {
    let peer = subject.peer(None);
    let vacant = open(subject, 1).mark;
    assert_eq!(open(&peer, 1).mark, vacant);
    assert_eq!(exchange(&peer, 1, vacant, b"theirs"), Exchanged::Done);
    assert_eq!(exchange(subject, 1, vacant, b"late"), Exchanged::Changed);
    assert_eq!(value(subject, 1), Some(b"theirs".to_vec()));
    assert_eq!(remove(subject, 1, peek(subject, 1).unwrap().mark), Exchanged::Done);
    assert!(peek(&peer, 1).is_none());
}

pub fn b13_prefixes_share_no_slot(subject: &Subject) {
    let other = subject.peer(Some("other"));
    put(subject, 1, b"ours", Timeout::NEVER, vec![]);
    assert!(peek(&other, 1).is_none());
    put(&other, 1, b"theirs", Timeout::NEVER, vec![]);
    subject.store().reclaim().unwrap();
    assert_eq!((value(subject, 1), value(&other, 1)), (None, Some(b"theirs".to_vec())));
}

pub fn b8_of_processes_that_change_what_they_saw_at_once_one_does(subject: &Subject) {
    for round in 0..10 {
        let mark = open(subject, round).mark;
        let peers = [subject.peer(None), subject.peer(None), subject.peer(None)];
        let done: usize = thread::scope(|scope| {
            let tries = peers.each_ref().map(|peer| scope.spawn(move || exchange(peer, round, mark, b"x")));
            tries.into_iter().map(|each| usize::from(each.join().unwrap() == Exchanged::Done)).sum()
        });
        assert_eq!(done, 1);
    }
}

pub fn b14_a_value_too_large_is_declined_and_ends_what_was_there(subject: &Subject) {
    put(subject, 1, b"old", Timeout::NEVER, vec![]);
    let mark = peek(subject, 1).unwrap().mark;
    assert_eq!(exchange(subject, 1, mark, &vec![7; 2 * 1024 * 1024]), Exchanged::Declined);
    assert!(peek(subject, 1).is_none());
    let vacant = open(subject, 1).mark;
    assert_eq!(exchange(subject, 1, mark, &vec![7; 2 * 1024 * 1024]), Exchanged::Changed);
    assert_eq!(peek(subject, 1).map(|slot| slot.mark), Some(vacant));
}

pub fn b19_a_slot_that_cannot_be_read_is_spent_and_can_be_exchanged(subject: &Subject) {
    for bytes in [&b"foreign"[..], b"x", &[0; 500]] {
        put(subject, 1, b"value", Timeout::NEVER, vec![]);
        subject.hand().overwrite(&slot_key(1), bytes.to_vec());
        let slot = peek(subject, 1).unwrap();
        assert!(matches!(slot.content, Content::Spent(Worth::Unreadable(Flaw::Format))));
        assert_eq!(open(subject, 1).mark, slot.mark);
        assert_eq!(exchange(subject, 1, slot.mark, b"new"), Exchanged::Done);
        assert_eq!(value(subject, 1), Some(b"new".to_vec()));
    }
}

pub fn a_slot_that_lies_under_another_key_is_spent(subject: &Subject) {
    put(subject, 1, b"one", Timeout::NEVER, vec![]);
    put(subject, 2, b"two", Timeout::NEVER, vec![]);
    let bytes = subject.hand().bytes(&slot_key(1)).unwrap();
    subject.hand().overwrite(&slot_key(2), bytes);
    assert!(matches!(peek(subject, 2).unwrap().content, Content::Spent(Worth::Unreadable(Flaw::Key))));
}

pub fn another_incarnation_ends_what_was_set_by_hand(subject: &Subject) {
    for holding in [Holding::Everything, Holding::Nothing] {
        let root = subject.under(Tag::root());
        put(subject, 1, b"x", Timeout::NEVER, vec![root]);
        assert!(value(subject, 1).is_some());
        let vacant = open(subject, 2).mark;
        subject.hand().live_again(holding);
        assert!(value(subject, 1).is_none());
        let late = vec![root];
        let with = super::slots::replacement(subject, b"late", late);
        super::slots::swap(subject, 2, vacant, Some(with));
        assert!(value(subject, 2).is_none(), "it was begun in the life before");
    }
}

pub fn a_batch_of_slots_makes_one_round_trip(subject: &Subject) {
    let keys: Vec<_> = (1..=20).map(slot_key).collect();
    let trips = |work: &dyn Fn()| {
        let before = subject.hand().round_trips();
        work();
        subject.hand().round_trips() - before
    };
    let (store, tags, now) = (subject.store(), [Tag::root()], subject.now());
    // The first call makes a connection, and tells the server what it is to do.
    open(subject, 21);
    assert_eq!(trips(&|| assert!(store.slots().unwrap().open(&[], &tags, now).unwrap().slots.is_empty())), 0);
    assert_eq!(trips(&|| assert!(store.slots().unwrap().peek(&[], &tags, now).unwrap().slots.is_empty())), 0);
    assert_eq!(trips(&|| assert!(store.slots().unwrap().exchange(vec![], now).unwrap().is_empty())), 0);
    assert_eq!(trips(&|| assert_eq!(store.slots().unwrap().open(&keys, &tags, now).unwrap().slots.len(), 20)), 1);
    assert_eq!(trips(&|| assert_eq!(store.slots().unwrap().peek(&keys, &tags, now).unwrap().slots.len(), 20)), 1);
}
