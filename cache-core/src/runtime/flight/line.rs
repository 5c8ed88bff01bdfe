//! Finds those who wait for each other, over threads and tasks, before one of them waits in vain.

use core::cell::RefCell;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::{Flight, FlightId, Follower, Leader, Waited};
use crate::protocol::circle::is_circle;
use crate::sync::Mutex;

/// The load that somebody wants to wait for waits for him.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circle;

/// Somebody who waits, for a load of whatever cache of this process, in the middle of loads that cannot end before. He is
/// behind that one for as long as this lives.
#[derive(Debug)]
#[must_use = "nobody is in line any more once it is dropped"]
pub(crate) struct InLine(Option<u64>);

#[derive(Debug)]
struct Waiting {
    amid: Vec<FlightId>,
    behind: Arc<Flight>,
}

static WAITING: LazyLock<Mutex<BTreeMap<u64, Waiting>>> = LazyLock::new(Mutex::default);

impl InLine {
    /// Who is in the middle of nothing can be waited for by nobody.
    fn behind(flight: &Arc<Flight>, amid: Vec<FlightId>) -> Result<Self, Circle> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        if amid.is_empty() {
            return Ok(Self(None));
        }
        let mut waiting = WAITING.lock();
        // Who has not noticed yet that a load is over does not wait for it any more.
        let holds_up = |load: FlightId| {
            let held_up = waiting.values().filter(move |one| one.amid.contains(&load) && one.behind.is_running());
            held_up.map(|one| one.behind.id)
        };
        if flight.is_running() && is_circle(&amid, flight.id, holds_up) {
            return Err(Circle);
        }
        let own = NEXT.fetch_add(1, Ordering::Relaxed);
        waiting.insert(own, Waiting { amid, behind: Arc::clone(flight) });
        Ok(Self(Some(own)))
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        let own = self.0.and_then(|own| WAITING.lock().remove(&own));
        // It may be the last one to know of the load: not while the others are locked.
        drop(own);
    }
}

impl Follower {
    /// Waits as [`wait`](Self::wait) does, in the middle of the loads `amid`.
    pub(crate) fn wait_amid(self, amid: Vec<FlightId>, budget: Duration) -> Result<Waited, Circle> {
        let _in_line = self.stand_in_line(amid)?;
        Ok(self.wait(budget))
    }

    /// The same for who waits by himself.
    pub(crate) fn stand_in_line(&self, amid: Vec<FlightId>) -> Result<InLine, Circle> {
        InLine::behind(&self.0, amid)
    }
}

thread_local! {
    static LED: RefCell<Vec<FlightId>> = const { RefCell::new(Vec::new()) };
}

/// A thread is in the middle of a load for as long as this lives.
#[derive(Debug)]
pub(crate) struct Led(());

impl Leader {
    pub(crate) fn id(&self) -> FlightId {
        self.flight.id
    }

    /// This thread loads, and does nothing else before it has.
    pub(crate) fn lead_here(&self) -> Led {
        _ = LED.try_with(|led| led.borrow_mut().push(self.id()));
        Led(())
    }
}

impl Drop for Led {
    fn drop(&mut self) {
        // Loads of one thread lie one in the other.
        _ = LED.try_with(|led| led.borrow_mut().pop());
    }
}

/// What this thread is in the middle of.
pub(crate) fn led_here() -> Vec<FlightId> {
    LED.try_with(|led| led.borrow().clone()).unwrap_or_default()
}
