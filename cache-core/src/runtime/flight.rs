//! Shares one load among concurrent misses of one key, if they read the same tokens.

mod following;
mod line;

#[cfg(test)]
mod tests;

use core::hash::{Hash, Hasher};
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::Waker;
use core::time::Duration;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use quick_cache::DefaultHashBuilder;

use crate::entry::{Life, Value};
use crate::name::key::CacheKey;
use crate::name::tag::Token;
use crate::sync::{Monitor, Mutex};

pub use following::Following;
pub(crate) use line::{Circle, led_here};

/// The loads that are under way. A load that began under other tokens is another one: somebody
/// may have written between.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    running: Mutex<HashMap<FlightKey, Arc<Flight>, DefaultHashBuilder>>,
}

/// What is loaded, and under which tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FlightKey {
    key: CacheKey,
    tokens: Vec<Token>,
}

// Loads of one entry under other tokens at the same time are rare.
impl Hash for FlightKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

#[derive(Debug)]
struct Flight {
    state: Monitor<FlightState>,
    id: FlightId,
}

/// What a load is called among all of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlightId(u64);

impl FlightId {
    fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Debug)]
enum FlightState {
    Failed,
    Landed(Value, Life),
    /// The tasks that wait for it, each by a number of its own.
    Running(BTreeMap<u64, Waker>),
}

/// Who loads.
#[derive(Debug)]
pub(crate) enum Seat {
    Follower(Follower),
    Leader(Leader),
}

/// Waits for somebody else's load.
#[derive(Debug)]
pub struct Follower(Arc<Flight>);

/// Loads for everybody who waits; if dropped before it lands, they learn at once.
#[derive(Debug)]
pub(crate) struct Leader {
    flights: Arc<Flights>,
    key: FlightKey,
    flight: Arc<Flight>,
}

/// What a follower gets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Waited {
    /// The load failed, or took too long: the follower has to query by itself.
    InVain,
    /// What was loaded.
    Landed(Value, Life),
}

impl Flights {
    pub(crate) fn board(self: &Arc<Self>, key: CacheKey, tokens: Vec<Token>) -> Seat {
        let key = FlightKey { key, tokens };
        match self.running.lock().entry(key.clone()) {
            Entry::Occupied(running) => Seat::Follower(Follower(Arc::clone(running.get()))),
            Entry::Vacant(free) => {
                let flight = Arc::new(Flight { state: Monitor::new(FlightState::running()), id: FlightId::fresh() });
                free.insert(Arc::clone(&flight));
                Seat::Leader(Leader { flights: Arc::clone(self), key, flight })
            }
        }
    }
}

impl Follower {
    /// Waits until the load ends, `budget` at most.
    #[must_use]
    pub fn wait(self, budget: Duration) -> Waited {
        let state = self.0.state.wait_while(self.0.state.lock(), budget, |state| state.is_running());
        state.brought()
    }
}

impl Flight {
    fn is_running(&self) -> bool {
        self.state.lock().is_running()
    }
}

impl FlightState {
    const fn running() -> Self {
        Self::Running(BTreeMap::new())
    }

    const fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// What somebody gets who waits no longer.
    fn brought(&self) -> Waited {
        match self {
            Self::Landed(value, life) => Waited::Landed(value.clone(), *life),
            Self::Failed | Self::Running(_) => Waited::InVain,
        }
    }
}

impl Leader {
    pub(crate) fn land(self, value: Value, life: Life) {
        self.end(FlightState::Landed(value, life));
    }

    fn end(&self, end: FlightState) {
        let mut state = self.flight.state.lock();
        let FlightState::Running(tasks) = &mut *state else { return };
        let tasks = core::mem::take(tasks);
        *state = end;
        drop(state);
        self.flight.state.wake_all();
        tasks.into_values().for_each(Waker::wake);
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.end(FlightState::Failed);
        self.flights.running.lock().remove(&self.key);
    }
}
