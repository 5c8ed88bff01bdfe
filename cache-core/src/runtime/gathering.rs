//! Gathers what is asked for while calls are on their way, so that the next call answers many.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::VecDeque;
use std::process;

use crate::sync::{Mutex, MutexGuard};

/// What waits for a call, and how many carriers make calls for it.
pub(crate) struct Gathering<T> {
    most_together: usize,
    /// The process whose carriers are counted in `state`: a fork takes the number along, and no carriers.
    process: AtomicU32,
    state: Mutex<Gathered<T>>,
}

struct Gathered<T> {
    waiting: VecDeque<T>,
    carriers: usize,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), carriers: 0 }
    }
}

/// Whether another carrier is needed where so many are under way and so much waits, of which one takes `most_together` along.
///
/// A few go for whatever there is, so that few who ask wait for nobody else's call. More of them only make the calls smaller,
/// unless more waits than those who are under way take along when they come back.
const fn wants_another(waiting: usize, carriers: usize, most_together: usize) -> bool {
    const ALWAYS: usize = 2;
    const MOST: usize = 8;
    match carriers {
        0..ALWAYS => waiting > 0,
        ALWAYS..MOST => waiting > carriers * most_together,
        _ => false,
    }
}

impl<T> Gathering<T> {
    /// Nothing waits; a call is for `most_together` at most.
    pub(crate) fn new(most_together: usize) -> Self {
        Self { most_together, process: AtomicU32::default(), state: Mutex::default() }
    }

    /// Adds `one` to what waits. Says whether a carrier is to be sent: each time it does, somebody has to take
    /// [`next`](Self::next) until nothing is left.
    #[must_use]
    pub(crate) fn add(&self, one: T) -> bool {
        let mut state = self.current();
        state.waiting.push_back(one);
        let is_sent = wants_another(state.waiting.len(), state.carriers, self.most_together);
        state.carriers += usize::from(is_sent);
        is_sent
    }

    /// What a carrier takes along, in the order in which it came; `None`: nothing is left, and the carrier goes home.
    pub(crate) fn next(&self) -> Option<Vec<T>> {
        let mut state = self.current();
        if state.waiting.is_empty() {
            state.carriers = state.carriers.saturating_sub(1);
            return None;
        }
        let count = state.waiting.len().min(self.most_together);
        Some(state.waiting.drain(..count).collect())
    }

    /// The state in this process: after a fork nobody is under way, and nobody waits for anything.
    fn current(&self) -> MutexGuard<'_, Gathered<T>> {
        let process = process::id();
        let mut state = self.state.lock();
        if self.process.swap(process, Ordering::SeqCst) == process {
            return state;
        }
        let former = core::mem::take(&mut *state);
        drop(state);
        // What is dropped with it may come back here.
        drop(former);
        self.state.lock()
    }
}

impl<T> fmt::Debug for Gathering<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gathering").field("waiting", &self.state.lock().waiting.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_carriers_go_for_whatever_there_is_and_more_for_much() {
        let sent = |waiting| (0..20).filter(|carriers| wants_another(waiting, *carriers, 10)).count();
        assert_eq!([0, 1, 20, 21, 31, 70, 71, 1_000].map(sent), [0, 2, 2, 3, 4, 7, 8, 8]);
    }

    #[test]
    fn what_comes_while_carriers_are_under_way_is_taken_together_and_in_order() {
        let gathering = Gathering::new(3);
        let sent = [0, 1, 2, 3, 4, 5, 6, 7].map(|one| gathering.add(one));
        assert_eq!(sent, [true, true, false, false, false, false, true, false]);
        let taken: Vec<Vec<i32>> = core::iter::from_fn(|| gathering.next()).collect();
        assert_eq!(taken, [vec![0, 1, 2], vec![3, 4, 5], vec![6, 7]]);
        assert_eq!(gathering.next(), None);
        // Two of three have gone home.
        assert_eq!([8, 9].map(|one| gathering.add(one)), [true, false]);
    }

    #[test]
    fn after_a_fork_a_carrier_is_sent_again() {
        let gathering = Gathering::new(3);
        assert_eq!([0, 1, 2].map(|one| gathering.add(one)), [true, true, false]);
        gathering.process.store(0, Ordering::SeqCst);
        assert!(gathering.add(5));
        assert_eq!(gathering.next(), Some(vec![5]));
    }
}
