//! The order in which tags are released, and where it stops.

use cache_core::Tag;
use cache_core::store::{Outcome, Placing, Release, Seed, Store, Writer};
use conformance::simulation::{Fault, Operation, World};
use conformance::{Subject, Time, tag};

/// A writer with intents on tags 1 to 4, of which it knows at the end that the odd ones changed.
fn scene() -> (World, Subject, Writer, Vec<Release>) {
    let world = World::new(Time::by_hand());
    let subject = world.subject();
    let writer = Writer::fresh();
    subject.store().place(&Placing::new(writer, &tags(), subject.units(10)), subject.now()).unwrap();
    let outcomes = [Outcome::Changed, Outcome::Unchanged, Outcome::Unknown(subject.units(10)), Outcome::Unchanged];
    let releases = tags().into_iter().zip(outcomes).map(|(tag, outcome)| Release { tag, outcome }).collect();
    (world, subject, writer, releases)
}

fn tags() -> [Tag; 4] {
    [1, 2, 3, 4].map(tag)
}

fn seeds(store: &dyn Store, subject: &Subject) -> Vec<Seed> {
    store.seed(&tags(), &[], subject.now()).unwrap().seeds
}

#[test]
fn what_changed_is_acknowledged_before_any_other_intent_goes() {
    let (world, subject, writer, releases) = scene();
    let before = seeds(subject.store(), &subject);
    let peer = subject.peer(None);
    let (sent, received) = std::sync::mpsc::channel();
    world.link().after(Operation::Release, move || sent.send(seeds(peer.store(), &peer)).unwrap());
    subject.store().release(writer, &releases, &[], subject.now()).unwrap();
    let between = received.recv().unwrap();
    assert!(between[0].token != before[0].token && between[2].token != before[2].token);
    assert!(between[1] == before[1] && between[3] == before[3], "and their intents stand: {between:?}");
    let after = seeds(subject.store(), &subject);
    assert_eq!(after.iter().map(|seed| seed.is_intended).collect::<Vec<_>>(), [false, false, true, false]);
    assert!(after[1].token == before[1].token && after[3].token == before[3].token);
}

#[test]
fn a_release_that_fails_leaves_the_other_intents() {
    for fault in [Fault::Hangs, Fault::Late, Fault::Refused, Fault::ReplyLost, Fault::Torn(1)] {
        let (world, subject, writer, releases) = scene();
        let before = seeds(subject.store(), &subject);
        world.link().plan(Operation::Release, fault);
        assert!(subject.store().release(writer, &releases, &[], subject.now()).is_err());
        let after = seeds(subject.store(), &subject);
        assert!(after[1] == before[1] && after[3] == before[3], "{fault:?}");
    }
}

#[test]
fn a_release_that_is_torn_changed_the_first_tags_only() {
    let (world, subject, writer, mut releases) = scene();
    releases.iter_mut().for_each(|release| release.outcome = Outcome::Changed);
    for done in 0..=4 {
        let before = seeds(subject.store(), &subject);
        world.link().plan(Operation::Release, Fault::Torn(done));
        assert!(subject.store().release(writer, &releases, &[], subject.now()).is_err());
        let after = seeds(subject.store(), &subject);
        let changed: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before.token != after.token).collect();
        assert_eq!(changed, (0..4).map(|at| at < done).collect::<Vec<_>>());
    }
}

#[test]
fn one_kind_of_release_makes_one_round_trip() {
    let (world, subject, writer, releases) = scene();
    let count = |releases: &[Release]| {
        let before = world.link().round_trips();
        subject.store().release(writer, releases, &[], subject.now()).unwrap();
        world.link().round_trips() - before
    };
    assert_eq!(count(&releases[..1]), 1);
    assert_eq!(count(&releases[1..2]), 1);
    assert_eq!(count(&releases), 2);
    assert_eq!(count(&[]), 0);
}
