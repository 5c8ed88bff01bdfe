//! Who may load for all processes.

use cache_core::Token;
use cache_core::store::{Lease, Writer};

use crate::Subject;
use crate::subject::key;

pub fn a_lease_has_one_holder(subject: &Subject) {
    let peer = subject.peer(None);
    let (one, other) = (Writer::fresh(), Writer::fresh());
    assert!(take(subject, lease(1), one));
    assert!(!take(subject, lease(1), other));
    assert!(!take(&peer, lease(1), other));
    assert!(take(&peer, lease(2), other));
}

pub fn a_lease_ends_by_itself(subject: &Subject) {
    assert!(take(subject, lease(1), Writer::fresh()));
    subject.pass(9);
    assert!(!take(subject, lease(1), Writer::fresh()));
    subject.pass(1);
    assert!(take(subject, lease(1), Writer::fresh()));
}

pub fn a_lease_is_ended_by_its_holder_only(subject: &Subject) {
    let (one, other) = (Writer::fresh(), Writer::fresh());
    assert!(take(subject, lease(1), one));
    subject.store().shared().unwrap().give_up(lease(1), other, &[]).unwrap();
    assert!(!take(subject, lease(1), other));
    subject.store().shared().unwrap().give_up(lease(1), one, &[]).unwrap();
    assert!(take(subject, lease(1), other));
    subject.store().shared().unwrap().give_up(lease(1), one, &[]).unwrap();
    assert!(!take(subject, lease(1), one), "it was over, and is somebody else's by now");
    subject.store().shared().unwrap().give_up(lease(9), one, &[]).unwrap();
}

pub fn a_load_under_other_tokens_is_another_lease(subject: &Subject) {
    let tokens = [Token::from_bits(1), Token::from_bits(2)];
    assert!(take(subject, Lease::of(&key(1), &tokens), Writer::fresh()));
    assert!(take(subject, Lease::of(&key(1), &tokens[..1]), Writer::fresh()));
    assert!(take(subject, Lease::of(&key(2), &tokens), Writer::fresh()));
    assert!(!take(subject, Lease::of(&key(1), &tokens), Writer::fresh()));
}

fn lease(id: u64) -> Lease {
    Lease::of(&key(id), &[Token::from_bits(id)])
}

fn take(subject: &Subject, lease: Lease, holder: Writer) -> bool {
    subject.store().shared().unwrap().lease(lease, holder, subject.units(10)).unwrap()
}
