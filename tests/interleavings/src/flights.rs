//! Loads that threads and tasks wait for.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;

use cache_core::{CacheKey, Fingerprint, KeyBytes, Kind, Life, Timeout, Timestamp, Value};
use shuttle::future::block_on;
use shuttle::thread;

use crate::runtime::desk::Desk;
use crate::runtime::flight::{Flights, Following, Seat, Waited};

/// Longer than any test.
const EVER: Duration = Duration::MAX;

/// How somebody waits for the load of another one.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Task,
    /// A task that is polled once, and dropped.
    TaskThatIsDropped,
    Thread,
}

/// What somebody came by who wanted a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    Loaded,
    /// He waits no longer.
    Nothing,
    Waited(bool),
}

/// Each of `ways` wants the same value at the same time. Whoever leads loads it, and his load `lands`, or fails.
///
/// # Panics
///
/// If somebody waits for ever, is given what was not loaded, or leaves a load behind.
pub fn wanted_at_once(ways: &[Way], lands: bool) {
    let flights: Arc<Flights> = Arc::default();
    let threads: Vec<_> = ways
        .iter()
        .map(|way| {
            let (flights, way) = (Arc::clone(&flights), *way);
            thread::spawn(move || want(&flights, way, lands))
        })
        .collect();
    let got: Vec<Got> = threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
    assert!(got.contains(&Got::Loaded), "nobody has loaded it: {got:?}");
    assert!(!got.contains(&Got::Waited(!lands)), "a load that lands brings its value, and no other does: {got:?}");
    assert!(matches!(board(&flights), Seat::Leader(_)), "a load that is over is still boarded");
}

fn want(flights: &Arc<Flights>, way: Way, lands: bool) -> Got {
    let follower = match board(flights) {
        Seat::Follower(follower) => follower,
        Seat::Leader(leader) => {
            thread::yield_now();
            if lands {
                let (value, life) = value();
                leader.land(value, life);
            }
            return Got::Loaded;
        }
    };
    let desk = Desk::new();
    let waited = match way {
        Way::Thread => follower.wait(EVER),
        Way::Task => block_on(Following::new(follower, desk.nap(EVER))),
        Way::TaskThatIsDropped => {
            let mut following = Following::new(follower, desk.nap(EVER));
            match Pin::new(&mut following).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(waited) => waited,
                Poll::Pending => return Got::Nothing,
            }
        }
    };
    Got::Waited(matches!(waited, Waited::Landed(..)))
}

fn board(flights: &Arc<Flights>) -> Seat {
    let name = Fingerprint::of(&[b"a"]);
    flights.board(CacheKey { space: name, manager: name, kind: Kind::Detail, id: KeyBytes::of(&1) }, Vec::new())
}

fn value() -> (Value, Life) {
    (Value::Shared(Arc::new(7)), Life::starting(Timestamp::from_nanos(1), Timeout::NEVER))
}
