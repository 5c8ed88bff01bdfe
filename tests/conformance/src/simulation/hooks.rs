//! Points at which a test can hold an operation, or do something in between.

use core::fmt;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::Operation;

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    After,
    Before,
}

type Hook = Box<dyn FnOnce() + Send>;

/// Hooks, each of which runs once.
#[derive(Default)]
pub(super) struct Hooks(Mutex<VecDeque<(Moment, Operation, Hook)>>);

impl Hooks {
    pub(super) fn add(&self, moment: Moment, operation: Operation, hook: Hook) {
        self.lock().push_back((moment, operation, hook));
    }

    pub(super) fn forget(&self) {
        let left = core::mem::take(&mut *self.lock());
        // They may hold the link itself, and are not dropped under the lock.
        drop(left);
    }

    /// Runs the next hook for this point. No lock is held meanwhile: it may use the same link.
    pub(super) fn run(&self, moment: Moment, operation: Operation) {
        let hook = {
            let mut hooks = self.lock();
            let at = hooks.iter().position(|(when, of, _)| (*when, *of) == (moment, operation));
            at.and_then(|at| hooks.remove(at))
        };
        if let Some((_, _, hook)) = hook {
            hook();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(Moment, Operation, Hook)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hooks")
    }
}
