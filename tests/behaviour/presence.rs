//! Keeps the tests whose writes end the entries of every cache of the process away from the others.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

static HOUSE: Mutex<House> = Mutex::new(House { shops: 0, is_swept: false });
static CHANGED: Condvar = Condvar::new();

struct House {
    shops: usize,
    is_swept: bool,
}

thread_local! {
    /// Whether the test of this thread has the house for itself.
    static IS_ALONE: Cell<bool> = const { Cell::new(false) };
}

/// A shop that is open.
pub struct Present(());

impl Present {
    /// Waits for a test that has the house for itself, unless it is this one.
    pub fn enter() -> Self {
        let mut house = house();
        while house.is_swept && !IS_ALONE.get() {
            house = CHANGED.wait(house).unwrap_or_else(PoisonError::into_inner);
        }
        house.shops += 1;
        Self(())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        house().shops -= 1;
        CHANGED.notify_all();
    }
}

/// A test that has the house for itself: no other shop is open as long as this lives.
#[must_use]
pub struct Alone(());

impl Alone {
    /// Waits until no shop is open; to be called before the test opens one.
    #[allow(dead_code, reason = "not every program of tests has such tests")]
    pub fn wait() -> Self {
        let mut house = house();
        while house.shops > 0 || house.is_swept {
            house = CHANGED.wait(house).unwrap_or_else(PoisonError::into_inner);
        }
        house.is_swept = true;
        IS_ALONE.set(true);
        Self(())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        house().is_swept = false;
        IS_ALONE.set(false);
        CHANGED.notify_all();
    }
}

fn house() -> MutexGuard<'static, House> {
    HOUSE.lock().unwrap_or_else(PoisonError::into_inner)
}
