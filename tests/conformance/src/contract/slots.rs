//! What is set by hand: seen, and changed by nobody else in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cache_core::store::{Body, Content, Exchange, Exchanged, Expiry, Mark, Replacement, Slot};
use cache_core::{CacheKey, Kind, Life, Tag, TagKind, Timeout, Token, Worth};

use crate::Subject;
use crate::subject::{key, shared, tag};

pub fn b1_a_slot_is_not_there_until_it_is_opened_and_vacant_then(subject: &Subject) {
    assert!(peek(subject, 1).is_none());
    let opened = open(subject, 1);
    assert!(matches!(opened.content, Content::Vacant));
    assert_eq!(peek(subject, 1).map(|slot| slot.mark), Some(opened.mark));
    assert_eq!(open(subject, 1).mark, opened.mark, "it is opened once");
    assert!(peek(subject, 2).is_none());
}

pub fn b5_empty_batches_of_slots_succeed(subject: &Subject) {
    let (store, now) = (subject.store(), subject.now());
    assert!(store.slots().unwrap().peek(&[], &[Tag::root()], now).unwrap().slots.is_empty());
    assert!(store.slots().unwrap().open(&[], &[Tag::root()], now).unwrap().slots.is_empty());
    assert!(store.slots().unwrap().exchange(vec![], now).unwrap().is_empty());
}

pub fn b20_a_slot_is_changed_if_it_is_what_was_seen(subject: &Subject) {
    let vacant = open(subject, 1).mark;
    assert_eq!(exchange(subject, 1, vacant, b"one"), Exchanged::Done);
    assert_eq!(exchange(subject, 1, vacant, b"late"), Exchanged::Changed);
    let one = peek(subject, 1).unwrap().mark;
    assert_eq!(exchange(subject, 1, one, b"one"), Exchanged::Done);
    assert_eq!(exchange(subject, 1, one, b"late"), Exchanged::Changed, "the same value is another writing");
    assert_eq!(value(subject, 1), Some(b"one".to_vec()));
}

pub fn b20_a_slot_that_is_gone_is_not_changed(subject: &Subject) {
    let vacant = open(subject, 1).mark;
    assert_eq!(remove(subject, 1, vacant), Exchanged::Done);
    assert!(peek(subject, 1).is_none());
    assert_eq!(exchange(subject, 1, vacant, b"late"), Exchanged::Changed);
    assert_ne!(open(subject, 1).mark, vacant, "what was written does not come back");
    assert_eq!(exchange(subject, 1, vacant, b"late"), Exchanged::Changed);
    assert_eq!(remove(subject, 1, vacant), Exchanged::Changed);
    assert!(value(subject, 1).is_none());
}

pub fn b12_a_value_that_has_expired_is_not_served_and_can_be_exchanged(subject: &Subject) {
    put(subject, 1, b"old", Timeout::after(subject.units(10)), vec![]);
    subject.pass(9);
    assert_eq!(value(subject, 1), Some(b"old".to_vec()));
    subject.pass(1);
    assert!(value(subject, 1).is_none());
    put(subject, 1, b"new", Timeout::after(subject.units(10)), vec![]);
    assert_eq!(value(subject, 1), Some(b"new".to_vec()));
}

pub fn b7_a_replacement_can_keep_the_end_of_what_it_replaces(subject: &Subject) {
    put(subject, 1, b"one", Timeout::after(subject.units(10)), vec![]);
    subject.pass(5);
    let Some(Slot { mark, content: Content::Value(_, life) }) = peek(subject, 1) else { panic!("it is there") };
    let replacement = Replacement { expiry: Expiry::Kept, life, ..replacement(subject, b"two", vec![]) };
    assert_eq!(swap(subject, 1, mark, Some(replacement)), Exchanged::Done);
    subject.pass(4);
    assert_eq!(value(subject, 1), Some(b"two".to_vec()));
    subject.pass(1);
    assert!(value(subject, 1).is_none());
}

pub fn b9_b11_a_replacement_has_a_life_of_its_own_or_none_that_ends(subject: &Subject) {
    put(subject, 1, b"x", Timeout::after(subject.units(1)), vec![]);
    put(subject, 1, b"x", Timeout::NEVER, vec![]);
    put(subject, 2, b"x", Timeout::NEVER, vec![]);
    put(subject, 2, b"x", Timeout::after(subject.units(3) / 2), vec![]);
    subject.pass(1);
    assert!(value(subject, 1).is_some() && value(subject, 2).is_some());
    subject.pass(1);
    assert!(value(subject, 1).is_some() && value(subject, 2).is_none());
    if subject.time().is_by_hand() {
        subject.time().pass(Duration::from_secs(50 * 365 * 86_400));
        assert!(value(subject, 1).is_some());
    }
}

pub fn b10_a_replacement_without_a_life_leaves_nothing(subject: &Subject) {
    put(subject, 1, b"x", Timeout::after(subject.units(10)), vec![]);
    put(subject, 1, b"y", Timeout::after(Duration::ZERO), vec![]);
    assert!(value(subject, 1).is_none());
}

pub fn b6_a_change_of_the_root_ends_what_was_set_under_it(subject: &Subject) {
    let (first, second) = (subject.under(Tag::root()), subject.under(tag(1)));
    put(subject, 1, b"x", Timeout::NEVER, vec![first]);
    assert_eq!(value(subject, 1), Some(b"x".to_vec()));
    subject.change(Tag::root());
    let Some(Slot { mark, content }) = peek(subject, 1) else { panic!("it is there") };
    assert!(matches!(content, Content::Spent(Worth::Changed(TagKind::Root))));
    let late = swap(subject, 1, mark, Some(replacement(subject, b"late", vec![first])));
    assert!(late == Exchanged::Changed || value(subject, 1).is_none(), "what was seen before is not served");
    let present = subject.under(Tag::root());
    put(subject, 1, b"new", Timeout::NEVER, vec![present]);
    assert_eq!(value(subject, 1), Some(b"new".to_vec()));
    assert_eq!(subject.under(tag(1)), second);
}

pub fn b6_room_of_slots_is_given_back(subject: &Subject) {
    let vacant = open(subject, 1).mark;
    put(subject, 2, b"x", Timeout::NEVER, vec![]);
    subject.store().reclaim().unwrap();
    assert!(peek(subject, 1).is_none() && peek(subject, 2).is_none());
    assert_eq!(exchange(subject, 1, vacant, b"late"), Exchanged::Changed);
}

pub fn b14_what_is_set_by_hand_comes_back_equal(subject: &Subject) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let large = vec![7; 100 * 1024];
    for (id, bytes) in (1..).zip([b"".as_slice(), b"\0", b"\r\n$-1\r\n", &every_byte, &large]) {
        put(subject, id, bytes, Timeout::NEVER, vec![]);
        assert_eq!(value(subject, id).as_deref(), Some(bytes));
    }
}

pub fn a_value_that_is_shared_comes_back_equal(subject: &Subject) {
    let mark = open(subject, 1).mark;
    let body = Body::Shared(Arc::new(7_u8), |value, bytes| {
        bytes.push(*value.downcast_ref::<u8>().unwrap());
        Ok(())
    });
    let with = Replacement { body, ..replacement(subject, b"", vec![]) };
    assert_eq!(swap(subject, 1, mark, Some(with)), Exchanged::Done);
    assert_eq!(value(subject, 1), Some(vec![7]));
}

pub fn a_batch_of_slots_is_seen_and_changed_one_by_one(subject: &Subject) {
    put(subject, 1, b"one", Timeout::NEVER, vec![]);
    let keys = [2, 1, 3].map(slot_key);
    let seen = subject.store().slots().unwrap().peek(&keys, &[], subject.now()).unwrap().slots;
    assert_eq!(seen.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    let opened = subject.store().slots().unwrap().open(&keys, &[], subject.now()).unwrap().slots;
    assert!(opened.iter().all(Option::is_some) && matches!(opened[1], Some(Slot { content: Content::Value(..), .. })));
    put(subject, 3, b"meanwhile", Timeout::NEVER, vec![]);
    let exchanges = keys.iter().zip(opened).map(|(key, slot)| Exchange {
        key: *key,
        mark: slot.unwrap().mark,
        with: Some(replacement(subject, b"new", vec![])),
    });
    let exchanged = subject.store().slots().unwrap().exchange(exchanges.collect(), subject.now()).unwrap();
    assert_eq!(exchanged, [Exchanged::Done, Exchanged::Done, Exchanged::Changed]);
    let values = [1, 2, 3].map(|id| value(subject, id).unwrap());
    assert_eq!(values, [b"new".to_vec(), b"new".to_vec(), b"meanwhile".to_vec()]);
}

pub fn the_tokens_of_the_tags_are_read_with_the_slots(subject: &Subject) {
    let tags = [tag(1), tag(2)];
    let (_, token) = subject.under(tag(2));
    let (keys, now) = ([slot_key(1)], subject.now());
    assert_eq!(subject.store().slots().unwrap().peek(&keys, &tags, now).unwrap().tokens, [None, Some(token)]);
    assert_eq!(subject.store().slots().unwrap().open(&keys, &tags, now).unwrap().tokens, [None, Some(token)]);
}

pub fn entries_and_slots_leave_each_other_alone(subject: &Subject) {
    subject.put(1, vec![]);
    put(subject, 1, b"by hand", Timeout::NEVER, vec![]);
    assert!(subject.serves(1));
    assert_eq!(value(subject, 1), Some(b"by hand".to_vec()));
    subject.put_value(1, shared(b"x"), vec![], Timeout::after(Duration::ZERO));
    assert_eq!(value(subject, 1), Some(b"by hand".to_vec()));
}

pub fn b8_of_those_who_change_what_they_saw_at_once_one_does(subject: &Subject) {
    for round in 0..20 {
        let mark = open(subject, round).mark;
        let done = AtomicUsize::new(0);
        thread::scope(|scope| {
            for writer in 0..8_u8 {
                let done = &done;
                scope.spawn(move || {
                    if exchange(subject, round, mark, &[writer]) == Exchanged::Done {
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(done.load(Ordering::SeqCst), 1);
        assert!(value(subject, round).is_some());
    }
}

/// The key of a slot.
pub(super) fn slot_key(id: u64) -> CacheKey {
    let CacheKey { space, manager, id, .. } = key(id);
    // A value depends on the tag of the whole cache alone, and lies beside it.
    CacheKey { space, manager: manager.in_shard(Tag::root().shard()), kind: Kind::Value, id }
}

pub(super) fn peek(subject: &Subject, id: u64) -> Option<Slot> {
    let slots = subject.store().slots().unwrap();
    let peeked = slots.peek(&[slot_key(id)], &[Tag::root()], subject.now()).unwrap().slots.remove(0);
    if let Some(found) = slots.find_slot(&slot_key(id), subject.now()) {
        assert_eq!(peeked.as_ref().map(|slot| slot.mark), Some(found.mark));
    }
    peeked
}

pub(super) fn open(subject: &Subject, id: u64) -> Slot {
    subject
        .store()
        .slots()
        .unwrap()
        .open(&[slot_key(id)], &[Tag::root()], subject.now())
        .unwrap()
        .slots
        .remove(0)
        .unwrap()
}

pub(super) fn value(subject: &Subject, id: u64) -> Option<Vec<u8>> {
    let Content::Value(body, _) = peek(subject, id)?.content else { return None };
    let mut bytes = Vec::new();
    body.say(&mut bytes).unwrap();
    Some(bytes)
}

pub(super) fn put(subject: &Subject, id: u64, bytes: &[u8], timeout: Timeout, tokens: Vec<(Tag, Token)>) {
    let mark = open(subject, id).mark;
    let life = Life::starting(subject.now(), timeout);
    swap(subject, id, mark, Some(Replacement { life, ..replacement(subject, bytes, tokens) }));
}

pub(super) fn exchange(subject: &Subject, id: u64, mark: Mark, bytes: &[u8]) -> Exchanged {
    swap(subject, id, mark, Some(replacement(subject, bytes, vec![])))
}

pub(super) fn remove(subject: &Subject, id: u64, mark: Mark) -> Exchanged {
    swap(subject, id, mark, None)
}

pub(super) fn swap(subject: &Subject, id: u64, mark: Mark, with: Option<Replacement>) -> Exchanged {
    let exchange = Exchange { key: slot_key(id), mark, with };
    subject.store().slots().unwrap().exchange(vec![exchange], subject.now()).unwrap()[0]
}

pub(super) fn replacement(subject: &Subject, bytes: &[u8], tokens: Vec<(Tag, Token)>) -> Replacement {
    Replacement {
        body: Body::Bytes(bytes.into()),
        life: Life::starting(subject.now(), Timeout::after(subject.units(100))),
        expiry: Expiry::OfLife,
        tokens,
        weight: bytes.len(),
    }
}
