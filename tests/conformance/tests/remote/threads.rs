//! Schedules of two processes, forced by points at which one waits for the other; and real time.

use std::sync::mpsc::channel;
use std::time::Duration;

use cache_core::Timeout;
use cache_core::store::{Outcome, Writer};
use conformance::simulation::{Operation, World};
use conformance::{Time, shared, tag};

#[test]
fn c1_a_writer_that_comes_between_query_and_put_leaves_nothing_to_serve() {
    let world = World::new(Time::by_hand());
    let (reader, writer) = (world.subject(), world.subject().peer(None));
    let (reached, wait_reached) = channel();
    let (go, wait_go) = channel::<()>();
    world.link().before(Operation::Put, move || {
        reached.send(()).unwrap();
        wait_go.recv().unwrap();
    });
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let token = reader.under(tag(1));
            reader.put(1, vec![token]);
        });
        wait_reached.recv().unwrap();
        let name = Writer::fresh();
        writer.place(name, tag(1), 10);
        writer.release(name, tag(1), Outcome::Changed);
        go.send(()).unwrap();
    });
    assert!(!reader.serves(1) && !writer.serves(1));
}

#[test]
fn a_change_between_the_two_reads_of_one_look_up_is_seen() {
    let world = World::new(Time::by_hand());
    let (reader, writer) = (world.subject(), world.subject().peer(None));
    let token = reader.under(tag(1));
    reader.put(1, vec![token]);
    world.link().after(Operation::Read, move || writer.change(tag(1)));
    assert!(!reader.serves(1));
}

#[test]
fn a_new_connection_is_compared_before_its_first_operation() {
    let world = World::new(Time::by_hand());
    let subject = world.subject();
    let (connected, is_connected) = channel();
    world.link().before(Operation::Connect, move || connected.send(()).unwrap());
    assert!(is_connected.try_recv().is_err());
    drop(subject.find(1));
    assert!(is_connected.try_recv().is_ok());
}

#[test]
fn what_ends_by_itself_ends_in_real_time_too() {
    let subject = World::new(Time::real()).subject().unit(Duration::from_millis(5));
    let token = subject.under(tag(1));
    subject.put_value(1, shared(b"x"), vec![], Timeout::after(subject.units(1)));
    subject.put(2, vec![token]);
    subject.place(Writer::fresh(), tag(1), 1);
    subject.pass(2);
    assert!(!subject.serves(1) && !subject.serves(2));
    assert_ne!(subject.under(tag(1)), token);
}
