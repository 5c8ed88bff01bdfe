//! The locks, waits and threads of cache-core's `sync`, by shuttle.

use core::time::Duration;

use shuttle::sync;
pub use shuttle::sync::MutexGuard;
pub use shuttle::thread;

#[derive(Debug, Default)]
pub struct Mutex<T>(sync::Mutex<T>);

impl<T> Mutex<T> {
    pub const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().expect("a panic ends the test")
    }
}

#[derive(Debug, Default)]
pub struct Monitor<T> {
    state: Mutex<T>,
    changed: sync::Condvar,
}

impl<T> Monitor<T> {
    pub const fn new(state: T) -> Self {
        Self { state: Mutex::new(state), changed: sync::Condvar::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.state.lock()
    }

    pub fn wake_all(&self) {
        self.changed.notify_all();
    }

    pub fn wake_one(&self) {
        self.changed.notify_one();
    }

    /// Waits until somebody wakes, however long that is.
    pub fn wait_while<'a>(
        &self,
        mut state: MutexGuard<'a, T>,
        longest: Duration,
        mut is_waiting: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        while !longest.is_zero() && is_waiting(&mut state) {
            state = self.changed.wait(state).expect("a panic ends the test");
        }
        state
    }
}
