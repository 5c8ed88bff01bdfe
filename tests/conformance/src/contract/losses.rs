//! What a server may lose without anybody being served what was there before.

use cache_core::store::{Outcome, Writer};
use cache_core::{Tag, TagKind, Worth};

use crate::Subject;
use crate::subject::{Holding, tag};

pub fn g5_a_lost_token_is_a_miss_and_comes_back_under_the_intents_that_stand(subject: &Subject) {
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.place(Writer::fresh(), tag(1), 10);
    subject.hand().lose_token(&tag(1));
    assert_eq!(subject.worth(1), Some(Worth::Changed(TagKind::Row)));
    let again = subject.seed(tag(1));
    assert!(again.is_intended && again.token != token.1);
    subject.put(1, vec![(tag(1), again.token)]);
    subject.pass(9);
    assert!(subject.serves(1));
    subject.pass(1);
    assert!(!subject.serves(1));
}

pub fn lost_intents_are_noticed_and_block_the_tag_until_the_last_has_ended(subject: &Subject) {
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.place(Writer::fresh(), tag(1), 10);
    let second = Writer::fresh();
    subject.place(second, tag(1), 20);
    subject.hand().lose_intents(&tag(1));
    let blocked = subject.seed(tag(1));
    assert!(blocked.is_intended && blocked.token != token.1);
    subject.put(2, vec![(tag(1), blocked.token)]);
    assert!(!subject.serves(1) && !subject.serves(2));
    subject.release(second, tag(1), Outcome::Changed);
    subject.pass(19);
    let still = subject.under(tag(1));
    subject.put(2, vec![still]);
    assert!(!subject.serves(2), "a release does not lift it");
    subject.pass(1);
    let free = subject.under(tag(1));
    subject.put(2, vec![free]);
    assert!(subject.serves(2));
}

pub fn a_tag_that_lost_both_comes_back_with_another_token(subject: &Subject) {
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.place(Writer::fresh(), tag(1), 10);
    subject.hand().lose_token(&tag(1));
    subject.hand().lose_intents(&tag(1));
    assert_ne!(subject.under(tag(1)), token);
    assert!(!subject.serves(1));
}

pub fn another_incarnation_ends_what_was_stored_before_it(subject: &Subject) {
    let peer = subject.peer(None);
    let tokens = vec![subject.under(Tag::root()), subject.under(tag(1))];
    subject.put(1, tokens.clone());
    assert!(peer.serves(1));
    subject.hand().live_again(Holding::Everything);
    assert!(!peer.serves(1), "whoever comes first");
    assert!(!subject.serves(1));
    subject.put(1, tokens);
    assert!(!subject.serves(1), "what was on its way belongs to the life before");
    let tokens = vec![subject.under(Tag::root()), subject.under(tag(1))];
    subject.put(1, tokens);
    assert!(subject.serves(1) && peer.serves(1));
}

pub fn another_incarnation_with_nothing_left_serves_nothing(subject: &Subject) {
    let tokens = vec![subject.under(Tag::root())];
    subject.put(1, tokens.clone());
    subject.hand().live_again(Holding::Nothing);
    assert!(subject.find(1).is_none());
    subject.put(1, tokens);
    assert!(!subject.serves(1));
}

pub fn one_change_of_the_incarnation_changes_the_root_once(subject: &Subject) {
    let before = subject.under(Tag::root());
    subject.hand().live_again(Holding::Everything);
    let after = subject.under(Tag::root());
    assert_ne!(after, before);
    assert_eq!(subject.peer(None).under(Tag::root()), after);
    subject.hand().disconnect();
    assert_eq!(subject.under(Tag::root()), after);
}
