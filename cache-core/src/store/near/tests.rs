//! Tests that every decision is carried out, whatever comes in between.

use super::*;
use crate::clock::wall_now;
use crate::name::key::{KeyBytes, Kind};
use crate::name::tag::{Database, Token};
use crate::setting::policy::Timeout;

const TRUST: Duration = Duration::from_secs(3600);

fn at(second: u64) -> Timestamp {
    Timestamp::from_nanos(second * 1_000_000_000)
}

fn tag(id: i32) -> Fingerprint {
    Database::named("shop").table("products").row(KeyBytes::of(&id)).fingerprint()
}

fn key(id: i32) -> CacheKey {
    let part = Fingerprint::of(&[b"test"]);
    CacheKey { space: part, manager: part, kind: Kind::Detail, id: KeyBytes::of(&id) }
}

fn under(id: i32, bits: u64) -> Under {
    (tag(id), TagKind::Row, Token::from_bits(bits))
}

fn seed(id: i32, bits: u64) -> (Fingerprint, Seed) {
    (tag(id), Seed { token: Token::from_bits(bits), is_intended: false })
}

fn value() -> Value {
    Value::Shared(Arc::new(7_i32))
}

fn life(created: u64) -> Life {
    Life::starting(at(created), Timeout::from_secs(60))
}

fn this_life() -> Option<Incarnation> {
    Incarnation::called("this")
}

fn tracked() -> NearMemory {
    let memory = NearMemory::new(1 << 20, TRUST);
    memory.disconnected();
    memory.tracked(this_life(), at(0), wall_now());
    memory
}

fn know(memory: &NearMemory, id: i32, bits: u64) {
    let question = memory.ask([(tag(id), TagKind::Row)]).expect("tracked");
    memory.answer(&question, &[seed(id, bits)], this_life());
}

/// A memory with an entry that depends on one tag.
fn holding() -> NearMemory {
    let memory = tracked();
    know(&memory, 1, 1);
    memory.put(key(1), &value(), life(1), (&[under(1, 1)], 4));
    assert!(serves(&memory));
    memory
}

fn serves(memory: &NearMemory) -> bool {
    memory.find(&key(1), at(2)).is_some()
}

#[test]
fn a_changed_tag_ends_its_entries_and_its_token_does_not_bring_them_back() {
    let memory = holding();
    memory.changed([tag(1)]);
    assert!(!serves(&memory));
    know(&memory, 1, 1);
    assert!(!serves(&memory));
}

#[test]
fn a_lost_link_ends_everything_at_once_and_answers_from_before_do_not_enter() {
    let memory = holding();
    let question = memory.ask([(tag(2), TagKind::Row)]).expect("tracked");
    memory.disconnected();
    assert!(!serves(&memory) && memory.ask([(tag(1), TagKind::Row)]).is_none());
    memory.tracked(this_life(), at(1), wall_now());
    memory.answer(&question, &[seed(2, 1)], this_life());
    memory.put(key(1), &value(), life(1), (&[under(2, 1)], 4));
    assert!(!serves(&memory));
}

#[test]
fn a_load_from_before_a_lost_link_is_kept_if_its_tokens_are_known_to_be_the_present_ones() {
    let memory = holding();
    memory.disconnected();
    memory.tracked(this_life(), at(1), wall_now());
    memory.put(key(1), &value(), life(1), (&[under(1, 1)], 4));
    assert!(!serves(&memory), "nobody asked");
    know(&memory, 1, 1);
    memory.put(key(1), &value(), life(1), (&[under(1, 1)], 4));
    assert!(serves(&memory));
}

#[test]
fn what_another_life_of_the_server_answers_is_not_kept() {
    for from in [Incarnation::called("other"), Incarnation::called("")] {
        let memory = tracked();
        let question = memory.ask([(tag(1), TagKind::Row)]).expect("tracked");
        memory.answer(&question, &[seed(1, 1)], from);
        memory.put(key(1), &value(), life(1), (&[under(1, 1)], 4));
        assert!(!serves(&memory));
    }
}

#[test]
fn an_answer_that_is_not_what_is_known_ends_the_entries_of_the_tag() {
    let memory = holding();
    know(&memory, 1, 2);
    assert!(!serves(&memory));
}

#[test]
fn a_server_that_has_forgotten_everything_goes_on_telling() {
    let memory = holding();
    memory.forget();
    assert!(!serves(&memory));
    know(&memory, 1, 2);
    memory.put(key(1), &value(), life(1), (&[under(1, 2)], 4));
    assert!(serves(&memory));
}

#[test]
fn what_is_put_under_other_tokens_takes_the_place_of_what_was_there() {
    let memory = holding();
    memory.put(key(1), &value(), life(1), (&[under(1, 2)], 4));
    assert!(!serves(&memory));
}

#[test]
fn what_is_found_on_the_server_does_not_replace_what_is_younger() {
    let memory = holding();
    let created = |memory: &NearMemory| memory.find(&key(1), at(2)).expect("an entry").1.created_at;
    memory.put_found(key(1), &value(), life(0), (&[under(1, 1)], 4));
    assert_eq!(created(&memory), at(1));
    memory.put_found(key(1), &value(), life(2), (&[under(1, 1)], 4));
    assert_eq!(created(&memory), at(2));
}

#[test]
fn trust_ends_and_comes_back_with_the_next_heartbeat() {
    let memory = holding();
    let find = |second| memory.find(&key(1), at(second)).is_some();
    memory.put(key(1), &value(), Life::starting(at(1), Timeout::NEVER), (&[under(1, 1)], 4));
    assert!(find(3_599) && !find(3_600));
    memory.heard((at(10), wall_now()), &[]);
    assert!(find(3_609) && !find(3_610));
}

#[test]
fn tags_that_nothing_depends_on_are_forgotten_in_time() {
    let memory = holding();
    for id in 2..10_000 {
        know(&memory, id, 1);
    }
    assert!(memory.counts(at(2)).tag_count <= 2_048);
    assert!(serves(&memory), "what an entry depends on is not");
}

/// What was found on the server under the key of `id`, made of `bytes`.
fn look(memory: &NearMemory, id: i32) -> TokenRequest {
    memory.ask([(tag(id), TagKind::Row), as_tag(key(id).fingerprint())]).expect("tracked")
}

fn keep_found(memory: &NearMemory, question: &TokenRequest, bytes: &[u8]) {
    let name = key(1).fingerprint();
    memory.answer(question, &[seed(1, 1), copy(name, bytes)], this_life());
    memory.put_found(key(1), &value(), life(1), (&[under(1, 1), under_copy(name, bytes)], 4));
}

/// How bytes begin tells one entry from another.
const BYTES: &[u8] = b"one entry and its value";
const OTHERS: &[u8] = b"another entry";

#[test]
fn a_copy_ends_when_its_entry_is_removed_and_its_tag_goes_on() {
    let memory = tracked();
    keep_found(&memory, &look(&memory, 1), BYTES);
    assert!(serves(&memory));
    memory.changed([key(1).fingerprint()]);
    assert!(!serves(&memory));
    memory.put(key(2), &value(), life(1), (&[under(1, 1)], 4));
    assert!(memory.find(&key(2), at(2)).is_some());
}

#[test]
fn what_was_looked_up_before_a_removal_is_not_kept() {
    let memory = tracked();
    let question = look(&memory, 1);
    memory.changed([key(1).fingerprint()]);
    keep_found(&memory, &question, BYTES);
    assert!(!serves(&memory));
    // Somebody has looked since, and found what was stored by then.
    let early = look(&memory, 1);
    memory.changed([key(1).fingerprint()]);
    let late = look(&memory, 1);
    memory.answer(&late, &[copy(key(1).fingerprint(), OTHERS)], this_life());
    keep_found(&memory, &early, BYTES);
    assert!(!serves(&memory));
}

#[test]
fn what_was_put_before_a_removal_is_not_kept() {
    use crate::store::link::Packed;
    use crate::store::names::Names;
    use crate::store::{Put, Stored};
    for is_removed in [false, true] {
        let memory = tracked();
        know(&memory, 1, 1);
        let tokens = vec![(Database::named("shop").table("products").row(KeyBytes::of(&1)), Token::from_bits(1))];
        let put = [Put { key: key(1), value: value(), life: life(1), tokens, weight: 4, codec: None }];
        let copies = Copies::before(&memory, &put);
        if is_removed {
            memory.changed([key(1).fingerprint()]);
        }
        let name = Names::starting_with("shop").unwrap().entry(&key(1));
        copies.keep(&[Stored::Kept], &[Packed { name, bytes: BYTES.to_vec(), life: None, under: vec![] }]);
        assert_eq!(serves(&memory), !is_removed);
    }
}
