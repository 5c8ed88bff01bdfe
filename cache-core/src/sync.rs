//! Holds locks that a panic does not poison, and waits that end.
//!
//! They are for states that a panic leaves whole: each change under a lock is done in one step, or may be done in part.
//! What waits and wakes takes its threads from here as well, so that a test can put others in their place.

use core::time::Duration;
use std::sync::{self, Condvar, PoisonError, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::Instant;

pub use std::sync::MutexGuard;
pub use std::thread;

/// A lock of one holder at a time.
#[derive(Debug, Default)]
pub struct Mutex<T>(sync::Mutex<T>);

impl<T> Mutex<T> {
    /// A lock around `value`.
    pub const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the lock, unless somebody else holds it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// A lock of many readers, or one writer.
#[derive(Debug, Default)]
pub struct RwLock<T>(sync::RwLock<T>);

impl<T> RwLock<T> {
    /// A lock around `value`.
    pub const fn new(value: T) -> Self {
        Self(sync::RwLock::new(value))
    }

    /// Waits for the lock, to read.
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the lock, to write.
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A state, and threads that wait for it to change.
#[derive(Debug, Default)]
pub struct Monitor<T> {
    state: Mutex<T>,
    changed: Condvar,
}

impl<T> Monitor<T> {
    /// Some platforms cannot wait for centuries at once.
    const LONGEST_NAP: Duration = Duration::from_secs(3_600);

    /// A state that nobody waits for yet.
    pub const fn new(state: T) -> Self {
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits for the lock of the state.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.state.lock()
    }

    /// Wakes every thread that waits.
    pub fn wake_all(&self) {
        self.changed.notify_all();
    }

    /// Wakes one of the threads that wait.
    pub fn wake_one(&self) {
        self.changed.notify_one();
    }

    /// Waits while `is_waiting`, for `longest` at most.
    pub fn wait_while<'a>(
        &self,
        mut state: MutexGuard<'a, T>,
        longest: Duration,
        mut is_waiting: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        let until = Instant::now().checked_add(longest);
        while is_waiting(&mut state) {
            let left = until.map_or(longest, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            let nap = self.changed.wait_timeout(state, left.min(Self::LONGEST_NAP));
            state = nap.unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }
}
