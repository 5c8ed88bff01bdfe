//! Operations that arrive after their caller gave up, and after later ones.

use cache_core::store::{Lease, Outcome, Placing, Release, Writer};
use cache_core::{Tag, Timeout, Token};
use conformance::simulation::{Fault, Operation, World};
use conformance::{Subject, Time, bytes_of, key, shared, tag};

fn world() -> (World, Subject) {
    let world = World::new(Time::by_hand());
    let subject = world.subject();
    (world, subject)
}

fn release_late(world: &World, subject: &Subject, writer: Writer, outcome: Outcome) {
    world.link().plan(Operation::Release, Fault::Late);
    assert!(subject.store().release(writer, &[Release { tag: tag(1), outcome }], &[], subject.now()).is_err());
}

fn entry(subject: &Subject) -> (Tag, Token) {
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    assert!(subject.serves(1));
    token
}

#[test]
fn a_place_after_its_writers_release_costs_the_entry_at_the_deadline() {
    let (world, subject) = world();
    let writer = Writer::fresh();
    world.link().plan(Operation::Place, Fault::Late);
    assert!(subject.store().place(&Placing::new(writer, &[tag(1)], subject.units(10)), subject.now()).is_err());
    subject.release(writer, tag(1), Outcome::Changed);
    entry(&subject);
    world.server().deliver_all();
    assert!(subject.seed(tag(1)).is_intended && subject.serves(1));
    subject.pass(9);
    assert!(subject.serves(1));
    subject.pass(1);
    assert!(!subject.serves(1));
    entry(&subject);
    subject.pass(50);
    assert!(subject.serves(1), "it costs once");
}

#[test]
fn a_changed_release_that_comes_after_its_retry_changes_once_more() {
    let (world, subject) = world();
    let writer = Writer::fresh();
    let first = entry(&subject);
    release_late(&world, &subject, writer, Outcome::Changed);
    subject.change(tag(1));
    let second = entry(&subject);
    world.server().deliver_all();
    assert!(!subject.serves(1), "it costs the entry");
    let third = entry(&subject);
    assert!(first != second && second != third && first != third, "and brings no token back");
}

#[test]
fn an_unchanged_release_that_comes_late_ends_the_intent_of_its_writer_only() {
    let (world, subject) = world();
    let (one, other) = (Writer::fresh(), Writer::fresh());
    let token = entry(&subject);
    subject.place(one, tag(1), 10);
    subject.place(other, tag(1), 10);
    release_late(&world, &subject, one, Outcome::Unchanged);
    world.server().deliver_all();
    assert_eq!(subject.under(tag(1)), token);
    assert!(subject.seed(tag(1)).is_intended);
    subject.pass(10);
    assert!(!subject.serves(1));
}

#[test]
fn an_unchanged_release_that_comes_late_does_not_lift_a_block() {
    let (world, subject) = world();
    let writer = Writer::fresh();
    entry(&subject);
    subject.place(writer, tag(1), 10);
    subject.place(Writer::fresh(), tag(1), 10);
    release_late(&world, &subject, writer, Outcome::Unchanged);
    subject.hand().lose_intents(&tag(1));
    world.server().deliver_all();
    assert!(!subject.serves(1));
    assert!(subject.seed(tag(1)).is_intended);
}

#[test]
fn an_unknown_release_that_comes_late_leaves_an_intent_that_ends() {
    let (world, subject) = world();
    release_late(&world, &subject, Writer::fresh(), Outcome::Unknown(subject.units(10)));
    subject.change(tag(1));
    entry(&subject);
    world.server().deliver_all();
    assert!(!subject.serves(1));
    entry(&subject);
    subject.pass(10);
    assert!(!subject.serves(1));
    entry(&subject);
    subject.pass(50);
    assert!(subject.serves(1));
}

#[test]
fn a_place_that_comes_late_makes_the_intent_of_its_writer_end_later_by_as_much() {
    let (world, subject) = world();
    let writer = Writer::fresh();
    entry(&subject);
    world.link().plan(Operation::Place, Fault::Late);
    assert!(subject.store().place(&Placing::new(writer, &[tag(1)], subject.units(10)), subject.now()).is_err());
    subject.place(writer, tag(1), 10);
    subject.pass(5);
    world.server().deliver_all();
    subject.pass(9);
    assert!(subject.serves(1), "lives count from the arrival");
    subject.pass(1);
    assert!(!subject.serves(1));
}

#[test]
fn a_seed_that_comes_late_gives_a_token_that_nobody_fills_under() {
    let (world, subject) = world();
    world.link().plan(Operation::Seed, Fault::Late);
    assert!(subject.store().seed(&[tag(1)], &[], subject.now()).is_err());
    let token = entry(&subject);
    world.server().deliver_all();
    assert_eq!(subject.under(tag(1)), token, "it is there already");
    subject.hand().lose_token(&tag(1));
    world.link().plan(Operation::Seed, Fault::Late);
    assert!(subject.store().seed(&[tag(1)], &[], subject.now()).is_err());
    world.server().deliver_all();
    assert!(!subject.serves(1) && subject.under(tag(1)) != token);
}

#[test]
fn a_put_that_comes_late_is_served_under_the_present_tokens_only() {
    let (world, subject) = world();
    let late = |value: &[u8]| {
        let token = subject.under(tag(1));
        world.link().plan(Operation::Put, Fault::Late);
        let life = cache_core::Life::starting(subject.now(), Timeout::after(subject.units(10)));
        let codec = Some(conformance::codec());
        let put =
            cache_core::store::Put { key: key(1), value: shared(value), life, tokens: vec![token], weight: 1, codec };
        assert!(subject.store().put(vec![put], None, subject.now()).is_err());
    };
    late(b"before");
    subject.change(tag(1));
    entry(&subject);
    world.server().deliver_all();
    assert!(!subject.serves(1), "it costs the newer entry, and is not served");
    late(b"right");
    world.server().deliver_all();
    assert_eq!(subject.find(1).and_then(|found| bytes_of(&found.value)), Some(b"right".to_vec()));
    late(b"old");
    subject.pass(9);
    world.server().deliver_all();
    subject.pass(1);
    assert!(!subject.serves(1), "it carries its deadline, however late it came");
}

#[test]
fn a_lease_and_its_end_that_come_late_hold_nobody_up_for_long() {
    let (world, subject) = world();
    let (one, other) = (Writer::fresh(), Writer::fresh());
    let lease = Lease::of(&key(1), &[]);
    world.link().plan(Operation::Lease, Fault::Late);
    assert!(subject.store().shared().unwrap().lease(lease, one, subject.units(10)).is_err());
    world.server().deliver_all();
    assert!(!subject.store().shared().unwrap().lease(lease, other, subject.units(10)).unwrap());
    subject.pass(10);
    assert!(subject.store().shared().unwrap().lease(lease, other, subject.units(10)).unwrap());
    world.link().plan(Operation::EndLease, Fault::Late);
    assert!(subject.store().shared().unwrap().give_up(lease, one, &[]).is_err());
    world.server().deliver_all();
    assert!(
        !subject.store().shared().unwrap().lease(lease, one, subject.units(10)).unwrap(),
        "it ends only what is its own"
    );
}

#[test]
fn what_was_on_its_way_when_the_server_began_another_life_does_not_arrive() {
    let (world, subject) = world();
    let token = entry(&subject);
    release_late(&world, &subject, Writer::fresh(), Outcome::Changed);
    assert_eq!(world.server().late_count(), 1);
    world.server().restore(&world.server().snapshot());
    world.server().deliver_all();
    assert_eq!(subject.under(tag(1)), token);
}

#[test]
fn the_same_release_sent_twice_would_bring_entries_back() {
    let (world, subject) = world();
    world.link().plan(Operation::Release, Fault::SentTwice);
    entry(&subject);
    subject.change(tag(1));
    let between = entry(&subject);
    subject.change(tag(1));
    assert!(!subject.serves(1));
    world.server().deliver_all();
    // What links must not do, and why their contract says so: the entry is from before an acknowledged change.
    assert!(subject.serves(1) && subject.under(tag(1)) == between);
}

#[test]
fn the_same_seed_sent_twice_would_bring_entries_back() {
    let (world, subject) = world();
    world.link().plan(Operation::Seed, Fault::SentTwice);
    entry(&subject);
    subject.change(tag(1));
    subject.hand().lose_token(&tag(1));
    world.server().deliver_all();
    assert!(subject.serves(1));
}
