//! What lies on a server that several processes share, and what reading it takes.

use crate::Finds;
use std::sync::Arc;

use cache_core::store::{Outcome, Put, Stored, Wanted, Writer};
use cache_core::{Codec, Encode, Error, ErrorKind, Flaw, Life, Result, Tag, Timeout, Value, Worth};

use crate::Subject;
use crate::subject::{Blob, bytes_of, codec, key, shared, tag};

pub fn b13_prefixes_share_nothing(subject: &Subject) {
    let other = subject.peer(Some("another"));
    let tokens = [subject, &other].map(|subject| subject.under(tag(1)));
    assert_ne!(tokens[0], tokens[1]);
    subject.put(1, vec![tokens[0]]);
    assert!(other.find(1).is_none());
    other.put(1, vec![tokens[1]]);
    other.change(tag(1));
    other.change(Tag::root());
    assert!(subject.serves(1));
    other.store().reclaim().unwrap();
    assert!(subject.serves(1));
    subject.store().reclaim().unwrap();
    assert!(subject.find(1).is_none());
}

pub fn b14_an_entry_too_large_is_declined_and_ends_what_was_there(subject: &Subject) {
    subject.put(1, vec![]);
    let large = shared(&vec![0; 2 * 1024 * 1024]);
    assert_eq!(subject.put_value(1, large, vec![], Timeout::NEVER), Stored::Declined);
    assert!(subject.find(1).is_none());
}

/// A value that cannot be said in bytes.
struct Unsayable;

impl Encode for Unsayable {
    fn encode(&self, _bytes: &mut Vec<u8>) -> Result<()> {
        Err(Error::new(ErrorKind::Codec, "on purpose"))
    }

    fn decode(_bytes: &mut &[u8]) -> Result<Self> {
        Ok(Self)
    }
}

pub fn an_entry_that_does_not_encode_is_refused_and_ends_what_was_there(subject: &Subject) {
    for id in 1..=2 {
        subject.put(id, vec![]);
    }
    let life = Life::starting(subject.now(), Timeout::after(subject.units(100)));
    let put = |id, value, codec| Put { key: key(id), value, life, tokens: vec![], weight: 1, codec: Some(codec) };
    let refused = put(1, Value::Shared(Arc::new(Unsayable)), Codec::of::<Unsayable, Blob>());
    let puts = vec![refused, put(2, shared(b"new"), codec())];
    assert_eq!(subject.store().put(puts, None, subject.now()).unwrap_err().kind(), ErrorKind::Codec);
    assert!(subject.find(1).is_none());
    assert_eq!(subject.find(2).and_then(|found| bytes_of(&found.value)), Some(b"new".to_vec()));
}

pub fn an_entry_that_is_removed_is_gone_for_every_process_and_leaves_no_tag(subject: &Subject) {
    let other = subject.peer(None);
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    assert!(other.serves(1));
    let tags = subject.store().usage().tags;
    subject.store().remove(&[key(1)], subject.now()).unwrap();
    assert!(other.find(1).is_none() && subject.hand().bytes(&key(1)).is_none());
    assert_eq!(subject.store().usage().tags, tags);
}

pub fn b19_bytes_that_cannot_be_read_are_a_miss_and_removed(subject: &Subject) {
    subject.put(1, vec![]);
    let good = subject.hand().bytes(&key(1)).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let cases = [
        (vec![], Flaw::Format),
        (b"foreign".to_vec(), Flaw::Format),
        (good[..good.len() - 1].to_vec(), Flaw::Bytes),
        (flipped, Flaw::Bytes),
    ];
    for (bytes, flaw) in cases {
        subject.hand().overwrite(&key(1), bytes);
        assert_eq!(subject.worth(1), Some(Worth::Unreadable(flaw)));
        assert_eq!(subject.hand().bytes(&key(1)), None);
        assert!(subject.find(1).is_none());
        subject.put(1, vec![]);
        assert!(subject.serves(1));
    }
}

pub fn b19_an_entry_that_lies_under_another_key_is_not_served(subject: &Subject) {
    subject.put(1, vec![]);
    let bytes = subject.hand().bytes(&key(1)).unwrap();
    subject.hand().overwrite(&key(2), bytes);
    assert_eq!(subject.worth(2), Some(Worth::Unreadable(Flaw::Key)));
    assert!(subject.serves(1));
}

pub fn b22_a_dropped_connection_is_made_again(subject: &Subject) {
    let token = subject.under(Tag::root());
    subject.put(1, vec![token]);
    subject.hand().disconnect();
    assert!(subject.serves(1), "and the server is in the same incarnation");
    subject.hand().disconnect();
    assert_eq!(subject.under(Tag::root()), token);
    subject.hand().disconnect();
    subject.change(Tag::root());
    assert!(!subject.serves(1));
}

pub fn an_entry_without_a_codec_is_neither_stored_nor_looked_for(subject: &Subject) {
    let (now, life) = (subject.now(), Life::starting(subject.now(), Timeout::NEVER));
    let put = Put { key: key(1), value: shared(b"x"), life, tokens: vec![], weight: 1, codec: None };
    assert_eq!(subject.store().put(vec![put], None, now).unwrap(), [Stored::Declined]);
    assert!(subject.find(1).is_none());
    subject.put(2, vec![]);
    let before = subject.hand().round_trips();
    let wanted = Wanted { key: key(2), tags: &Vec::new, codec: None };
    assert!(subject.store().find_one(&wanted, now).unwrap().is_none());
    assert_eq!(subject.hand().round_trips(), before);
    let mixed = [wanted, Wanted { codec: Some(codec()), ..wanted }];
    let found = subject.store().find_many(&mixed, now).unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
}

pub fn empty_batches_make_no_round_trip(subject: &Subject) {
    let before = subject.hand().round_trips();
    super::batches::b5_empty_batches_succeed(subject);
    assert_eq!(subject.hand().round_trips(), before);
}

pub fn one_read_looks_up_entries_and_the_tags_that_are_named(subject: &Subject) {
    let tokens: Vec<_> = (1..=3).map(|id| subject.under(tag(id))).collect();
    for id in 1..=3 {
        subject.put(id, tokens.clone());
    }
    let round_trips = |tags: &dyn Fn() -> Vec<Tag>| {
        let before = subject.hand().round_trips();
        let wanted = [1, 2, 3, 4].map(|id| Wanted { key: key(id), tags: &tags, codec: Some(codec()) });
        let found = subject.store().find_many(&wanted, subject.now()).unwrap();
        assert_eq!(found.iter().flatten().filter(|found| found.worth == Worth::Fresh).count(), 3);
        subject.hand().round_trips() - before
    };
    assert_eq!(round_trips(&|| vec![tag(1), tag(2), tag(3), tag(4)]), 1);
    assert_eq!(round_trips(&|| vec![tag(1)]), 2);
    assert_eq!(round_trips(&Vec::new), 2);
}

pub fn processes_see_the_same_entries_tags_and_intents(subject: &Subject) {
    let peer = subject.peer(None);
    let token = subject.under(tag(1));
    assert_eq!(peer.under(tag(1)), token);
    subject.put(1, vec![token]);
    assert_eq!(peer.find(1).and_then(|found| bytes_of(&found.value)), Some(b"value".to_vec()));
    let writer = Writer::fresh();
    peer.place(writer, tag(1), 10);
    assert!(subject.seed(tag(1)).is_intended);
    peer.release(writer, tag(1), Outcome::Changed);
    assert!(!subject.serves(1));
}
