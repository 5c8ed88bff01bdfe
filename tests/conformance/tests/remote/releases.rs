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
fn what_changed_is_changed_before_any_other_intent_goes() {
    for done in 0..=4 {
        let (world, subject, writer, releases) = scene();
        let before = seeds(subject.store(), &subject);
        world.link().plan(Operation::Release, Fault::Torn(done));
        assert!(subject.store().release(writer, &releases, &[], subject.now()).is_err());
        let after = seeds(subject.store(), &subject);
        let is_changed = |at: usize| after[at].token != before[at].token;
        assert_eq!([0, 2, 1, 3].map(is_changed), [done > 0, done > 1, false, false], "{done}");
        let stands = |at: usize| after[at].is_intended;
        assert_eq!([0, 2, 1, 3].map(stands), [done < 1, true, done < 3, done < 4], "{done}");
    }
}

#[test]
fn a_release_leaves_one_intent_if_its_end_is_not_known_and_no_other() {
    let (_world, subject, writer, releases) = scene();
    let before = seeds(subject.store(), &subject);
    subject.store().release(writer, &releases, &[], subject.now()).unwrap();
    let after = seeds(subject.store(), &subject);
    assert_eq!(after.iter().map(|seed| seed.is_intended).collect::<Vec<_>>(), [false, false, true, false]);
    assert!(after[0].token != before[0].token && after[2].token != before[2].token);
    assert!(after[1].token == before[1].token && after[3].token == before[3].token);
}

#[test]
fn a_release_that_did_not_arrive_leaves_the_intents() {
    for fault in [Fault::Hangs, Fault::Late, Fault::Refused] {
        let (world, subject, writer, releases) = scene();
        let before = seeds(subject.store(), &subject);
        world.link().plan(Operation::Release, fault);
        assert!(subject.store().release(writer, &releases, &[], subject.now()).is_err());
        assert_eq!(seeds(subject.store(), &subject), before, "{fault:?}");
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
fn a_release_makes_one_round_trip() {
    let (world, subject, writer, releases) = scene();
    let count = |releases: &[Release]| {
        let before = world.link().round_trips();
        subject.store().release(writer, releases, &[], subject.now()).unwrap();
        world.link().round_trips() - before
    };
    assert_eq!(count(&releases[..1]), 1);
    assert_eq!(count(&releases[1..2]), 1);
    assert_eq!(count(&releases), 1);
    assert_eq!(count(&[]), 0);
}
