//! Which tokens tags hold.

use std::collections::HashSet;

use crate::Subject;
use crate::subject::tag;

pub fn b2_a_token_is_added_only_where_there_is_none(subject: &Subject) {
    let first = subject.seed(tag(1));
    let both = subject.store().seed(&[tag(2), tag(1)], &[], subject.now()).unwrap().seeds;
    assert_eq!(both[1], first);
    assert_ne!(both[0].token, first.token);
}

pub fn a_tag_keeps_its_token_until_it_is_changed(subject: &Subject) {
    let first = subject.under(tag(1));
    subject.put(1, vec![first]);
    subject.pass(1);
    assert_eq!(subject.under(tag(1)), first);
    subject.change(tag(1));
    assert_ne!(subject.under(tag(1)), first);
}

pub fn no_two_tokens_are_the_same(subject: &Subject) {
    let mut seen = HashSet::new();
    for _ in 0..20 {
        for id in 1..=5 {
            assert!(seen.insert(subject.seed(tag(id)).token));
            subject.change(tag(id));
        }
    }
}

pub fn changes_at_the_same_time_are_never_lost(subject: &Subject) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    let id = round % 7;
                    let token = subject.under(tag(id));
                    subject.change(tag(id));
                    // Another thread may have stored since, but not under this token.
                    subject.put(id, vec![token]);
                    assert_ne!(subject.under(tag(id)), token);
                }
            });
        }
    });
}

const ROUNDS: u64 = 300;
