//! What is stored, how long it is served, and under which tokens.

use std::sync::Arc;
use std::time::Duration;

use cache_core::store::Stored;
use cache_core::{Tag, TagKind, Timeout, Value, Worth};

use crate::Subject;
use crate::subject::{Blob, bytes_of, key, shared, tag};

pub fn b1_a_missing_key_is_absent_and_differs_from_a_remembered_absence(subject: &Subject) {
    let timeout = Timeout::after(subject.units(100));
    let absent = Value::Absent(Arc::new(Blob(b"the key".to_vec())));
    subject.put_value(1, absent, vec![], timeout);
    subject.put_value(2, shared(b""), vec![], timeout);
    assert!(subject.find(3).is_none());
    let Some(Value::Absent(key)) = subject.find(1).map(|found| found.value) else {
        panic!("an absence comes back as one");
    };
    assert_eq!(key.downcast_ref(), Some(&Blob(b"the key".to_vec())));
    assert_eq!(subject.find(2).and_then(|found| bytes_of(&found.value)), Some(vec![]));
}

pub fn b6_a_change_of_the_root_ends_every_entry_under_it(subject: &Subject) {
    for id in 1..=5 {
        let tokens = vec![subject.under(Tag::root()), subject.under(tag(id))];
        subject.put(id, tokens);
    }
    let other = vec![subject.under(tag(9))];
    subject.put(9, other);
    subject.change(Tag::root());
    assert!((1..=5).all(|id| subject.worth(id) == Some(Worth::Changed(TagKind::Root))));
    assert!(subject.serves(9), "it does not depend on the root");
}

pub fn b6_room_is_given_back_and_tags_stay(subject: &Subject) {
    let token = subject.under(tag(1));
    for id in 1..=5 {
        subject.put(id, vec![token]);
    }
    subject.store().reclaim().unwrap();
    assert!((1..=5).all(|id| subject.find(id).is_none()));
    assert_eq!(subject.store().usage().entries, 0);
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    assert!(subject.serves(1));
}

pub fn b10_a_timeout_of_zero_leaves_nothing_to_serve(subject: &Subject) {
    subject.put(1, vec![]);
    subject.put_value(1, shared(b"new"), vec![], Timeout::after(Duration::ZERO));
    assert!(!subject.serves(1));
}

pub fn b11_a_life_without_end_has_none(subject: &Subject) {
    subject.put_value(1, shared(b"x"), vec![], Timeout::NEVER);
    assert!(subject.serves(1));
    if subject.time().is_by_hand() {
        subject.time().pass(YEAR * 50);
        assert!(subject.serves(1));
    }
}

pub fn b11_fractions_and_months_are_honoured(subject: &Subject) {
    subject.put_value(1, shared(b"x"), vec![], Timeout::after(subject.units(3) / 2));
    subject.put_value(2, shared(b"x"), vec![], Timeout::after(YEAR));
    subject.pass(1);
    assert!(subject.serves(1));
    subject.pass(1);
    assert!(!subject.serves(1) && subject.serves(2));
    if subject.time().is_by_hand() {
        subject.time().pass(YEAR - subject.units(3));
        assert!(subject.serves(2));
        subject.pass(1);
        assert!(!subject.serves(2));
    }
}

pub fn b12_an_expired_entry_is_not_served_and_can_be_stored_again(subject: &Subject) {
    subject.put_value(1, shared(b"x"), vec![], Timeout::after(subject.units(10)));
    subject.pass(9);
    assert!(subject.serves(1));
    subject.pass(1);
    assert!(!subject.serves(1));
    subject.put(1, vec![]);
    assert!(subject.serves(1));
}

pub fn b14_values_of_any_bytes_come_back_equal(subject: &Subject) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let large = vec![7; 100 * 1024];
    let values: [&[u8]; 6] = [b"", b"\0", "größe 💡".as_bytes(), b"\r\n$-1\r\n", &every_byte, &large];
    for (id, value) in (1..).zip(values) {
        assert_eq!(subject.put_value(id, shared(value), vec![], Timeout::after(subject.units(100))), Stored::Kept);
    }
    for (id, value) in (1..).zip(values) {
        let found = subject.find(id).and_then(|found| bytes_of(&found.value));
        assert_eq!(found.as_deref(), Some(value), "{} bytes", value.len());
    }
}

pub fn b20_what_was_loaded_before_a_change_is_never_served(subject: &Subject) {
    let token = subject.under(tag(1));
    subject.change(tag(1));
    subject.put(1, vec![token]);
    assert!(!subject.serves(1));
    let present = subject.under(tag(1));
    assert_ne!(present, token);
    subject.put(1, vec![present]);
    assert!(subject.serves(1));
}

pub fn an_entry_is_served_while_its_tokens_are_the_present_ones(subject: &Subject) {
    let token = subject.under(tag(1));
    assert_eq!(subject.put(1, vec![token]), Stored::Kept);
    assert_eq!(subject.worth(1), Some(Worth::Fresh));
    assert_eq!(subject.worth(2), None);
    subject.change(tag(2));
    assert_eq!(subject.worth(1), Some(Worth::Fresh));
    subject.change(tag(1));
    assert_eq!(subject.worth(1), Some(Worth::Changed(TagKind::Row)));
}

pub fn an_entry_is_replaced_by_the_one_stored_later(subject: &Subject) {
    for value in [&b"old"[..], b"new"] {
        subject.put_value(1, shared(value), vec![], Timeout::after(subject.units(100)));
    }
    assert_eq!(subject.find(1).and_then(|found| bytes_of(&found.value)), Some(b"new".to_vec()));
}

pub fn an_entry_depends_on_each_of_its_tags(subject: &Subject) {
    for changed in 1..=3 {
        let tokens = (1..=3).map(|id| subject.under(tag(id))).collect();
        subject.put(1, tokens);
        assert!(subject.serves(1));
        subject.change(tag(changed));
        assert_eq!(subject.worth(1), Some(Worth::Changed(TagKind::Row)), "tag {changed}");
    }
}

pub fn an_entry_depends_on_tags_that_its_reader_did_not_name(subject: &Subject) {
    let namings: [fn() -> Vec<Tag>; 4] =
        [Vec::new, || vec![tag(1)], || vec![tag(2), tag(1)], || vec![tag(3), tag(9), tag(1), tag(2), tag(1)]];
    for names in namings {
        let tokens = (1..=3).map(|id| subject.under(tag(id))).collect();
        subject.put(1, tokens);
        let worth = || subject.find_knowing(1, &names).map(|found| found.worth);
        assert_eq!(worth(), Some(Worth::Fresh));
        subject.change(tag(3));
        assert_eq!(worth(), Some(Worth::Changed(TagKind::Row)), "named were {:?}", names());
    }
}

const YEAR: Duration = Duration::from_secs(365 * 86_400);

pub fn an_entry_that_is_removed_is_gone_and_the_others_are_not(subject: &Subject) {
    let token = subject.under(tag(1));
    for id in 1..=4 {
        subject.put(id, vec![token]);
    }
    subject.store().remove(&[key(1), key(3), key(3), key(9)], subject.now()).unwrap();
    assert_eq!([1, 2, 3, 4].map(|id| subject.serves(id)), [false, true, false, true]);
    assert!(subject.find(1).is_none());
    subject.put(1, vec![token]);
    assert!(subject.serves(1));
    assert_eq!(subject.under(tag(1)), token, "no tag has changed");
}
