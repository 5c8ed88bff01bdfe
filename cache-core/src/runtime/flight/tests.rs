//! Tests flights that tasks follow: every order in which they come, go and are told.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::mpsc;
use std::task::Wake;
use std::thread;
use std::time::Instant;

use super::*;
use crate::clock::Timestamp;
use crate::name::key::{Fingerprint, KeyBytes, Kind};
use crate::runtime::bell::Bell;
use crate::runtime::desk::Desk;

const LONG: Duration = Duration::from_secs(20);

fn poll(following: &mut Following, bell: &Arc<Bell>) -> Poll<Waited> {
    Pin::new(following).poll(&mut Context::from_waker(&Waker::from(Arc::clone(bell))))
}

fn key() -> CacheKey {
    let name = Fingerprint::of(&[b"a"]);
    CacheKey { space: name, manager: name, kind: Kind::Detail, id: KeyBytes::of(&1) }
}

fn board(flights: &Arc<Flights>) -> Seat {
    flights.board(key(), Vec::new())
}

fn lead(flights: &Arc<Flights>) -> Leader {
    match board(flights) {
        Seat::Leader(leader) => leader,
        Seat::Follower(_) => panic!("somebody else leads"),
    }
}

fn follow(flights: &Arc<Flights>) -> Follower {
    match board(flights) {
        Seat::Follower(follower) => follower,
        Seat::Leader(_) => panic!("nobody leads"),
    }
}

fn value() -> (Value, Life) {
    let life = Life { created_at: Timestamp::NEVER, soft_deadline: Timestamp::NEVER, hard_deadline: Timestamp::NEVER };
    (Value::Shared(Arc::new(7)), life)
}

fn has_landed(waited: &Waited) -> bool {
    matches!(waited, Waited::Landed(..))
}

/// What happens to a flight that two tasks follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Drop(usize),
    /// It lands, or its leader is dropped.
    End(bool),
    Poll(usize),
}

/// Every order of `steps`, and of some of them.
fn orders(steps: &[Step]) -> Vec<Vec<Step>> {
    let mut orders = vec![Vec::new()];
    for (place, first) in steps.iter().enumerate() {
        let mut left = steps.to_vec();
        left.remove(place);
        for mut order in self::orders(&left) {
            order.insert(0, *first);
            orders.push(order);
        }
    }
    orders
}

fn run(order: &[Step]) {
    let (flights, desk) = (Arc::new(Flights::default()), Desk::new());
    let mut leader = Some(lead(&flights));
    let bells = [Arc::new(Bell::default()), Arc::new(Bell::default())];
    let mut tasks = [(); 2].map(|()| Some(Following::new(follow(&flights), desk.nap(LONG))));
    let (mut waits, mut ended) = ([false; 2], None);
    for step in order {
        match *step {
            Step::Drop(task) => {
                drop(tasks[task].take());
                waits[task] = false;
            }
            Step::End(lands) => {
                let leader = leader.take().unwrap();
                let (value, life) = value();
                if lands {
                    leader.land(value, life)
                } else {
                    drop(leader)
                }
                ended = Some(lands);
                assert_eq!(bells.each_ref().map(|bell| bell.count() > 0), waits, "{order:?}");
            }
            Step::Poll(task) => {
                let Some(following) = &mut tasks[task] else { continue };
                match poll(following, &bells[task]) {
                    Poll::Pending => assert_eq!(ended, None, "{order:?}"),
                    Poll::Ready(waited) => assert_eq!(Some(has_landed(&waited)), ended, "{order:?}"),
                }
                waits[task] = ended.is_none();
            }
        }
    }
    drop((leader, tasks));
    assert!(flights.running.lock().is_empty(), "{order:?}");
}

#[test]
fn in_every_order_each_task_that_waits_is_woken_and_no_other() {
    for lands in [false, true] {
        let steps = [Step::Poll(0), Step::Poll(1), Step::Poll(0), Step::End(lands), Step::Drop(0), Step::Drop(1)];
        // A flight ends once only.
        orders(&steps).iter().for_each(|order| run(order));
    }
}

#[test]
fn threads_and_tasks_are_told_of_one_landing() {
    let (flights, desk, bell) = (Arc::new(Flights::default()), Desk::new(), Arc::new(Bell::default()));
    let leader = lead(&flights);
    let mut following = Following::new(follow(&flights), desk.nap(LONG));
    assert!(poll(&mut following, &bell).is_pending());
    let follower = follow(&flights);
    let thread = thread::spawn(move || follower.wait(LONG));
    let (value, life) = value();
    leader.land(value, life);
    assert!(has_landed(&thread.join().unwrap()));
    assert!(matches!(poll(&mut following, &bell), Poll::Ready(waited) if has_landed(&waited)));
    assert_eq!(bell.count(), 1);
}

#[test]
fn a_task_waits_no_longer_than_it_was_told() {
    let (flights, desk) = (Arc::new(Flights::default()), Desk::new());
    let _leader = lead(&flights);
    let mut following = Following::new(follow(&flights), desk.nap(Duration::from_millis(5)));
    let (told, is_told) = mpsc::channel();
    struct Teller(mpsc::Sender<()>);
    impl Wake for Teller {
        fn wake(self: Arc<Self>) {
            self.0.send(()).ok();
        }
    }
    let waker = Waker::from(Arc::new(Teller(told)));
    let until = Instant::now() + LONG;
    while Pin::new(&mut following).poll(&mut Context::from_waker(&waker)).is_pending() {
        assert!(Instant::now() < until);
        is_told.recv_timeout(LONG).unwrap();
    }
}
