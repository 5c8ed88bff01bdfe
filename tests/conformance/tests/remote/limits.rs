//! What is not covered: these tests say where the promise ends, and fail when it reaches further.

use cache_core::store::Writer;
use conformance::simulation::World;
use conformance::{Subject, Time, tag};

fn serves_after_the_deadline(lose: impl FnOnce(&Subject)) -> bool {
    let subject = World::new(Time::by_hand()).subject();
    lose(&subject);
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.pass(20);
    subject.serves(1)
}

#[test]
fn an_intent_beside_no_token_is_missed_when_it_is_lost() {
    assert!(!serves_after_the_deadline(|subject| {
        subject.place(Writer::fresh(), tag(1), 10);
        subject.hand().lose_intents(&tag(1));
    }));
}

#[test]
fn lost_intents_that_nobody_notices_before_the_first_of_them_ends_are_forgotten() {
    assert!(serves_after_the_deadline(|subject| {
        assert!(!subject.seed(tag(1)).is_intended);
        subject.place(Writer::fresh(), tag(1), 1);
        subject.place(Writer::fresh(), tag(1), 10);
        subject.hand().lose_intents(&tag(1));
        subject.pass(1);
    }));
}

#[test]
fn an_intent_beside_no_token_that_is_lost_with_what_counts_it_is_forgotten() {
    assert!(serves_after_the_deadline(|subject| {
        subject.place(Writer::fresh(), tag(1), 10);
        subject.hand().lose_intents(&tag(1));
        subject.hand().lose_token(&tag(1));
    }));
}

#[test]
fn a_token_and_its_intents_that_are_lost_together_are_forgotten() {
    assert!(serves_after_the_deadline(|subject| {
        assert!(!subject.seed(tag(1)).is_intended);
        subject.place(Writer::fresh(), tag(1), 10);
        subject.hand().lose_intents(&tag(1));
        subject.hand().lose_token(&tag(1));
    }));
}
