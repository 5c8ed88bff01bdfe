//! A server that goes back to an older state: what it forgot must not be served again.

use cache_core::{Tag, TagKind, Token, Worth};
use conformance::simulation::{Operation, Server, World};
use conformance::{Subject, Time, key, tag};

fn world() -> (World, Subject) {
    let world = World::new(Time::by_hand());
    let subject = world.subject();
    (world, subject)
}

fn under_root(subject: &Subject, id: u64) -> Vec<(Tag, Token)> {
    vec![subject.under(Tag::root()), subject.under(tag(id))]
}

/// Everything that a server forgets is an acknowledged change of tag 1.
fn forgetting(forget: impl FnOnce(&Server, &Subject)) {
    let (world, subject) = world();
    let (reader, late_comer) = (subject.peer(None), subject.peer(None));
    let tokens = under_root(&subject, 1);
    subject.put(1, tokens.clone());
    assert!(reader.serves(1));
    forget(world.server(), &subject);
    assert!(subject.hand().bytes(&key(1)).is_some(), "the entry is there again");
    assert_eq!(reader.worth(1), Some(Worth::Changed(TagKind::Root)));
    assert!(!subject.serves(1));
    subject.put(2, tokens);
    assert!(!late_comer.serves(1) && !late_comer.serves(2));
}

#[test]
fn an_old_snapshot_does_not_bring_entries_back() {
    forgetting(|server, subject| {
        let snapshot = server.snapshot();
        subject.change(tag(1));
        server.restore(&snapshot);
    });
}

#[test]
fn an_old_snapshot_twice_does_not_bring_entries_back() {
    forgetting(|server, subject| {
        let snapshot = server.snapshot();
        subject.change(tag(1));
        server.restore(&snapshot);
        assert!(!subject.serves(1));
        server.restore(&snapshot);
    });
}

#[test]
fn a_failover_that_loses_the_last_writes_does_not_bring_entries_back() {
    forgetting(|server, subject| {
        subject.change(tag(1));
        server.fail_over(1);
    });
}

#[test]
fn a_failover_that_loses_the_change_of_the_root_too_does_not_bring_entries_back() {
    forgetting(|server, subject| {
        subject.change(tag(1));
        server.fail_over(1);
        assert!(!subject.serves(1));
        // The change of the root and its record are one write: they are lost together.
        server.fail_over(1);
    });
}

#[test]
fn a_record_that_is_lost_counts_as_another_incarnation() {
    let (world, subject) = world();
    let before = subject.under(Tag::root());
    let name = world.names().incarnation();
    world.server().evict(name);
    assert_eq!(subject.under(Tag::root()), before, "this connection has compared it");
    subject.hand().disconnect();
    assert_ne!(subject.under(Tag::root()), before);
}

#[test]
fn tokens_of_two_incarnations_are_not_put_together() {
    let (world, subject) = world();
    subject.put(1, under_root(&subject, 1));
    let snapshot = world.server().snapshot();
    subject.change(tag(1));
    // The first answer has the entry and the root's token, and leaves open what tag 1 holds. Then the server goes back to
    // when tag 1 held what the entry was put under.
    let server = world.server().clone();
    world.link().after(Operation::Read, move || server.restore(&snapshot));
    let found = subject.find_knowing(1, &|| vec![Tag::root()]);
    assert_eq!(found.map(|found| found.worth), Some(Worth::Changed(TagKind::Root)));
}

#[test]
fn a_fill_that_spans_two_incarnations_is_not_served() {
    let (world, subject) = world();
    let snapshot = world.server().snapshot();
    let tokens = under_root(&subject, 1);
    world.server().restore(&snapshot);
    subject.put(1, tokens);
    assert!(!subject.serves(1));
}

#[test]
fn whatever_is_sent_first_over_a_new_connection_finds_the_root_changed() {
    let (world, subject) = world();
    subject.put(1, under_root(&subject, 1));
    let reader = subject.peer(None);
    assert!(reader.serves(1));
    let snapshot = world.server().snapshot();
    subject.change(tag(1));
    world.server().restore(&snapshot);
    // A writer comes first, and does not look at the root.
    subject.change(tag(7));
    assert_eq!(reader.worth(1), Some(Worth::Changed(TagKind::Root)));
}
