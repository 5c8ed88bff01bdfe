//! What writers place beside tags, and what becomes of it.

use cache_core::TagKind;
use cache_core::Worth;
use cache_core::store::{Outcome, Seed, Writer};

use crate::Subject;
use crate::subject::tag;

pub fn an_intent_stands_until_it_is_released(subject: &Subject) {
    let writer = Writer::fresh();
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.place(writer, tag(1), 10);
    subject.pass(1);
    assert!(subject.seed(tag(1)).is_intended);
    assert!(subject.serves(1));
    subject.release(writer, tag(1), Outcome::Unchanged);
    assert_eq!(subject.seed(tag(1)), Seed { token: token.1, is_intended: false });
    subject.pass(20);
    assert!(subject.serves(1));
}

pub fn a_writer_that_never_comes_back_leaves_nothing_beyond_its_deadline(subject: &Subject) {
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.place(Writer::fresh(), tag(1), 10);
    subject.pass(9);
    assert!(subject.serves(1));
    subject.pass(1);
    assert_eq!(subject.worth(1), Some(Worth::Changed(TagKind::Row)));
    assert_ne!(subject.under(tag(1)), token);
}

pub fn the_earliest_of_several_intents_kills_the_token_and_the_others_stand(subject: &Subject) {
    subject.place(Writer::fresh(), tag(1), 10);
    subject.place(Writer::fresh(), tag(1), 20);
    subject.pass(1);
    let first = subject.seed(tag(1));
    subject.pass(10);
    let second = subject.seed(tag(1));
    assert!(first.is_intended && second.is_intended && first.token != second.token);
    subject.pass(10);
    let third = subject.seed(tag(1));
    assert!(!third.is_intended && second.token != third.token);
}

pub fn a_second_intent_of_one_writer_replaces_the_first(subject: &Subject) {
    let writer = Writer::fresh();
    let token = subject.seed(tag(1)).token;
    subject.place(writer, tag(1), 10);
    subject.pass(6);
    subject.place(writer, tag(1), 10);
    subject.pass(6);
    assert_eq!(subject.seed(tag(1)), Seed { token, is_intended: true });
    subject.release(writer, tag(1), Outcome::Unchanged);
    assert_eq!(subject.seed(tag(1)), Seed { token, is_intended: false });
}

pub fn a_writer_ends_its_own_intent_only(subject: &Subject) {
    let (one, other) = (Writer::fresh(), Writer::fresh());
    subject.place(one, tag(1), 10);
    subject.place(other, tag(1), 10);
    subject.release(one, tag(1), Outcome::Changed);
    let seed = subject.seed(tag(1));
    assert!(seed.is_intended);
    subject.release(Writer::fresh(), tag(1), Outcome::Unchanged);
    assert_eq!(subject.seed(tag(1)), seed);
    subject.pass(10);
    assert_ne!(subject.seed(tag(1)).token, seed.token, "the other writer never came back");
}

pub fn a_writer_that_does_not_know_changes_the_tag_now_and_at_the_deadline(subject: &Subject) {
    let writer = Writer::fresh();
    let before = subject.seed(tag(1)).token;
    subject.place(writer, tag(1), 10);
    subject.pass(4);
    subject.release(writer, tag(1), Outcome::Unknown(subject.units(10)));
    let now = subject.seed(tag(1));
    assert!(now.is_intended && now.token != before);
    subject.pass(9);
    assert_eq!(subject.seed(tag(1)).token, now.token);
    subject.pass(1);
    let later = subject.seed(tag(1));
    assert!(!later.is_intended && later.token != now.token);
}

pub fn nothing_is_kept_under_a_tag_that_is_open(subject: &Subject) {
    let writer = Writer::fresh();
    let before = subject.under(tag(1));
    subject.put(1, vec![before]);
    subject.place(writer, tag(1), 10);
    subject.release(writer, tag(1), Outcome::Open(subject.units(10)));
    assert!(!subject.serves(1));
    let during = subject.seed(tag(1));
    assert!(during.is_intended);
    subject.put(1, vec![(tag(1), during.token)]);
    assert!(!subject.serves(1));
    subject.release(writer, tag(1), Outcome::Changed);
    assert!(!subject.serves(1));
    let after = subject.under(tag(1));
    subject.put(1, vec![after]);
    assert!(subject.serves(1));
}

pub fn a_tag_that_nobody_closes_is_closed_when_its_time_is_over(subject: &Subject) {
    subject.release(Writer::fresh(), tag(1), Outcome::Open(subject.units(10)));
    subject.pass(9);
    let during = subject.seed(tag(1));
    assert!(during.is_intended);
    subject.pass(1);
    let after = subject.seed(tag(1));
    assert!(!after.is_intended && after.token != during.token);
    assert_eq!(subject.seed(tag(1)), after);
}

pub fn a_release_that_comes_late_changes_a_tag_that_was_seeded_meanwhile(subject: &Subject) {
    let writer = Writer::fresh();
    subject.place(writer, tag(1), 10);
    subject.pass(19);
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.release(writer, tag(1), Outcome::Changed);
    assert_eq!(subject.worth(1), Some(Worth::Changed(TagKind::Row)));
}

pub fn a_tag_that_nobody_knows_is_released_without_a_trace(subject: &Subject) {
    for outcome in [Outcome::Changed, Outcome::Unchanged] {
        let writer = Writer::fresh();
        subject.place(writer, tag(1), 10);
        subject.release(writer, tag(1), outcome);
        subject.release(Writer::fresh(), tag(2), outcome);
    }
    for id in [1, 2] {
        let token = subject.under(tag(id));
        subject.put(id, vec![token]);
        assert!(!subject.seed(tag(id)).is_intended);
    }
    subject.pass(20);
    assert!(subject.serves(1) && subject.serves(2));
}

pub fn b12_an_intent_that_has_ended_stands_beside_nothing(subject: &Subject) {
    subject.place(Writer::fresh(), tag(1), 1);
    subject.pass(1);
    let seed = subject.seed(tag(1));
    assert!(!seed.is_intended);
    subject.pass(20);
    assert_eq!(subject.seed(tag(1)), seed);
}
