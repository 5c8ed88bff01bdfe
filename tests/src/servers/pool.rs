//! Keeps databases that tests gave back for the tests that come after, as long as any test of the process has one.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The databases of one server that this process made.
#[derive(Debug)]
pub(super) struct Pool(Mutex<State>);

#[derive(Debug)]
struct State {
    /// How many databases tests have at present.
    lent: usize,
    /// The names of those that are empty, and that no test knows.
    spare: Vec<String>,
}

impl Pool {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(State { lent: 0, spare: Vec::new() }))
    }

    /// Lends a database that was given back. If there is none, the caller makes one.
    pub(super) fn lend(&self) -> Option<String> {
        let mut state = self.state();
        state.lent += 1;
        state.spare.pop()
    }

    /// Takes back what was lent: under its new name if it can be lent again. Returns the databases to be dropped: the
    /// process may end with its last test, and leaves none.
    pub(super) fn take_back(&self, name: Option<String>) -> Vec<String> {
        let mut state = self.state();
        state.lent -= 1;
        state.spare.extend(name);
        if state.lent == 0 { std::mem::take(&mut state.spare) } else { Vec::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Pool;

    #[test]
    fn a_database_is_lent_again_while_another_is_in_use() {
        let pool = Pool::new();
        assert_eq!((pool.lend(), pool.lend()), (None, None));
        assert_eq!(pool.take_back(Some("one".into())), Vec::<String>::new());
        assert_eq!(pool.lend(), Some("one".into()));
    }

    #[test]
    fn none_is_kept_once_the_last_is_given_back() {
        let pool = Pool::new();
        assert_eq!((pool.lend(), pool.lend()), (None, None));
        pool.take_back(Some("one".into()));
        assert_eq!(pool.take_back(Some("two".into())), ["one", "two"]);
        assert_eq!(pool.lend(), None);
    }

    #[test]
    fn one_that_cannot_be_lent_again_is_not_kept() {
        let pool = Pool::new();
        assert_eq!((pool.lend(), pool.lend()), (None, None));
        pool.take_back(None);
        assert_eq!(pool.lend(), None);
    }
}
