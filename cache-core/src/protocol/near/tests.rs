//! Tests which tokens are kept, and for how long they are trusted.

use super::*;
use crate::name::key::KeyBytes;
use crate::name::tag::Database;

const TRUST: Duration = Duration::from_nanos(10);

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn tag(id: i32) -> Fingerprint {
    Database::named("shop").table("products").row(KeyBytes::of(&id)).fingerprint()
}

/// A tag of which the store tells.
fn row(id: i32) -> (Fingerprint, TagKind) {
    (tag(id), TagKind::Row)
}

/// A tag that is polled.
fn writers() -> Fingerprint {
    Database::named("shop").table("products").whole(TagKind::Writers).fingerprint()
}

fn seed(bits: u64, is_intended: bool) -> Seed {
    Seed { token: Token::from_bits(bits), is_intended }
}

fn tracked() -> NearTags {
    let mut near = NearTags::new(TRUST);
    let epoch = near.connect();
    near.tracking(epoch, at(100));
    near
}

fn knowing(bits: u64) -> NearTags {
    let mut near = tracked();
    let question = near.ask([row(1)]).unwrap();
    near.answer(&question, &[(tag(1), seed(bits, false))]);
    near
}

fn known(near: &NearTags) -> Option<u64> {
    near.token(tag(1), at(105)).map(Token::bits)
}

#[test]
fn a_token_enters_when_nothing_was_heard_since_it_was_asked_for() {
    assert_eq!(known(&knowing(1)), Some(1));
}

#[test]
fn a_message_drops_the_token_and_spoils_the_questions_under_way() {
    let mut near = knowing(1);
    near.changed(tag(1));
    assert_eq!(known(&near), None);
    let question = near.ask([row(1)]).unwrap();
    near.changed(tag(1));
    near.answer(&question, &[(tag(1), seed(1, false))]);
    assert_eq!(known(&near), None);
}

#[test]
fn a_later_question_does_not_mend_an_earlier_one() {
    let mut near = tracked();
    let early = near.ask([row(1)]).unwrap();
    near.changed(tag(1));
    let late = near.ask([row(1)]).unwrap();
    near.answer(&early, &[(tag(1), seed(1, false))]);
    assert_eq!(known(&near), None);
    near.answer(&late, &[(tag(1), seed(2, false))]);
    assert_eq!(known(&near), Some(2));
}

#[test]
fn an_answer_that_is_not_what_is_known_ends_both() {
    for (answer, kept) in [(seed(2, false), Some(2)), (seed(1, false), None), (seed(2, true), None)] {
        let mut near = knowing(2);
        let question = near.ask([row(1)]).unwrap();
        near.answer(&question, &[(tag(1), answer)]);
        assert_eq!(known(&near), kept);
    }
}

#[test]
fn a_tag_under_an_intent_is_not_kept() {
    let mut near = tracked();
    let question = near.ask([row(1)]).unwrap();
    near.answer(&question, &[(tag(1), seed(1, true))]);
    assert_eq!(known(&near), None);
}

#[test]
fn nothing_is_asked_for_before_tracking_is_confirmed() {
    let mut near = NearTags::new(TRUST);
    assert_eq!(near.ask([row(1)]), None);
    let old = near.connect();
    assert_eq!(near.ask([row(1)]), None);
    near.connect();
    near.tracking(old, at(100));
    assert_eq!(near.ask([row(1)]), None, "confirmed for a link that is gone");
}

#[test]
fn a_reconnect_ends_what_was_kept_and_what_was_asked_for() {
    let mut near = knowing(1);
    let fill = near.epoch();
    let question = near.ask([row(2)]).unwrap();
    let epoch = near.connect();
    assert!(!near.is_current(epoch), "not tracked yet");
    near.tracking(epoch, at(100));
    near.ask([row(2)]).unwrap();
    near.answer(&question, &[(tag(2), seed(1, false))]);
    assert_eq!((known(&near), near.token(tag(2), at(105))), (None, None));
    assert!(near.is_current(epoch) && !near.is_current(fill));
}

#[test]
fn an_entry_is_admitted_under_tokens_that_are_all_known() {
    let (mut near, token) = (knowing(1), Token::from_bits(1));
    assert!(near.admits([(tag(1), token)]) && near.admits([]));
    assert!(!near.admits([(tag(1), Token::from_bits(2))]), "of an earlier state");
    assert!(!near.admits([(tag(1), token), (tag(2), token)]), "one that nobody asked for");
    near.ask([row(2)]).unwrap();
    assert!(!near.admits([(tag(1), token), (tag(2), token)]), "one that was not answered yet");
    near.connect();
    assert!(!near.admits([(tag(1), token)]) && !near.admits([]));
}

#[test]
fn trust_is_counted_from_the_sending_of_the_heartbeat() {
    let mut near = knowing(1);
    let token = |near: &NearTags, nanos| near.token(tag(1), at(nanos)).is_some();
    assert!(token(&near, 109) && !token(&near, 110));
    near.heartbeat(near.epoch(), at(105), &[]);
    near.heartbeat(near.epoch(), at(101), &[]);
    assert!(token(&near, 114) && !token(&near, 115));
    let old = near.epoch();
    near.connect();
    near.heartbeat(old, at(200), &[]);
    assert!(!near.is_trusted(at(201)));
}

#[test]
fn what_was_asked_for_before_everything_was_forgotten_does_not_enter() {
    let mut near = tracked();
    let question = near.ask([row(1)]).unwrap();
    near.forget();
    near.ask([row(1)]).unwrap();
    near.answer(&question, &[(tag(1), seed(1, false))]);
    assert_eq!(known(&near), None);
    assert!(near.is_trusted(at(105)), "the link goes on");
}

#[test]
fn making_room_forgets_placeholders_too() {
    let mut near = tracked();
    let question = near.ask([row(1), row(2)]).unwrap();
    near.retain(|kept| kept == tag(2));
    near.answer(&question, &[(tag(1), seed(1, false)), (tag(2), seed(2, false))]);
    assert_eq!((known(&near), near.token(tag(2), at(105))), (None, Some(Token::from_bits(2))));
}

/// Knows the token of a polled tag, and has sent a heartbeat that asks for it.
fn polling(bits: u64) -> NearTags {
    let mut near = tracked();
    let question = near.ask([row(1), (writers(), TagKind::Writers)]).unwrap();
    near.answer(&question, &[(tag(1), seed(1, false)), (writers(), seed(bits, false))]);
    assert!(near.polled().eq([writers()]), "of the others the store tells");
    near
}

fn beat(near: &mut NearTags, polled: &[(Fingerprint, Option<u64>)]) -> Vec<Fingerprint> {
    let polled: Vec<_> = polled.iter().map(|(tag, bits)| (*tag, bits.map(Token::from_bits))).collect();
    near.heartbeat(near.epoch(), at(101), &polled)
}

#[test]
fn a_polled_token_stays_if_the_heartbeat_confirms_it() {
    let other = tag(7);
    for (polled, stays) in [
        (vec![(other, Some(3)), (writers(), Some(2))], true),
        (vec![(writers(), Some(3))], false),
        (vec![(writers(), None)], false),
        (vec![(other, Some(2))], false),
        (vec![], false),
    ] {
        let mut near = polling(2);
        let forgotten = if stays { vec![] } else { vec![writers()] };
        assert_eq!(beat(&mut near, &polled), forgotten, "{polled:?}");
        assert_eq!((near.known(writers()).is_some(), near.polled().count()), (stays, usize::from(stays)), "{polled:?}");
        assert_eq!(known(&near), Some(1), "the store tells of its changes");
    }
}

#[test]
fn a_polled_token_that_was_under_way_when_the_heartbeat_was_sent_goes_with_its_answer() {
    let answers = |near: &mut NearTags, question: &TokenRequest| {
        near.answer(question, &[(writers(), seed(2, false))]);
        near.known(writers()).map(Token::bits)
    };
    let mut near = tracked();
    let question = near.ask([(writers(), TagKind::Writers)]).unwrap();
    assert_eq!(near.polled().count(), 0, "not known yet");
    assert_eq!(answers(&mut near, &question), Some(2), "after the heartbeat was sent");
    assert_eq!(beat(&mut near, &[]), [writers()]);
    let question = near.ask([(writers(), TagKind::Writers)]).unwrap();
    assert_eq!(beat(&mut near, &[(writers(), Some(2))]), [writers()], "still not answered");
    assert_eq!(answers(&mut near, &question), None, "it may be from before the heartbeat");
}

#[test]
fn a_polled_token_that_was_forgotten_meanwhile_stays_if_the_heartbeat_confirms_it() {
    let mut near = polling(2);
    near.changed(writers());
    let question = near.ask([(writers(), TagKind::Writers)]).unwrap();
    near.answer(&question, &[(writers(), seed(2, false))]);
    assert_eq!(beat(&mut near, &[(writers(), Some(2))]), []);
}

#[test]
fn a_polled_token_is_kept_under_intents() {
    let mut near = tracked();
    for is_intended in [true, false, true] {
        let question = near.ask([(writers(), TagKind::Writers)]).unwrap();
        near.answer(&question, &[(writers(), seed(2, is_intended))]);
        assert_eq!(near.known(writers()).map(Token::bits), Some(2));
    }
    let question = near.ask([(writers(), TagKind::Writers)]).unwrap();
    near.answer(&question, &[(writers(), seed(3, true))]);
    assert_eq!(near.known(writers()), None, "another one");
}

#[test]
fn a_heartbeat_of_another_link_confirms_nothing_and_ends_nothing() {
    let mut near = polling(2);
    let old = near.epoch();
    let epoch = near.connect();
    assert_eq!(near.polled().count(), 0);
    near.tracking(epoch, at(100));
    let question = near.ask([(writers(), TagKind::Writers)]).unwrap();
    near.answer(&question, &[(writers(), seed(3, false))]);
    assert_eq!(near.heartbeat(old, at(109), &[(writers(), Some(Token::from_bits(2)))]), []);
    assert_eq!((near.known(writers()).map(Token::bits), near.is_trusted(at(110))), (Some(3), false));
}

#[test]
fn what_is_forgotten_is_not_polled() {
    let mut near = polling(2);
    near.retain(|tag| tag != writers());
    assert_eq!((near.polled().count(), near.len()), (0, 1));
    let mut near = polling(2);
    near.forget();
    assert_eq!((near.polled().count(), near.len()), (0, 0));
}
