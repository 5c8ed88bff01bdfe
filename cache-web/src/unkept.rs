//! Remembers which pages were not of a kind that is kept, so that nobody waits for one of them.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cache_core::KeyBytes;

/// Pages whose last answer was not of a kind that is kept. Whoever asks for one of them at the same time as somebody else
/// would wait for a page that he is not given.
#[derive(Debug, Default)]
pub(crate) struct Unkept(Mutex<HashSet<KeyBytes>>);

impl Unkept {
    /// Addresses are what outsiders say.
    const MOST: usize = 4096;

    pub(crate) fn has(&self, page: &KeyBytes) -> bool {
        self.lock().contains(page)
    }

    /// The answer for `page` was of a kind that is kept, or was not.
    pub(crate) fn note(&self, page: KeyBytes, is_kept: bool) {
        let mut pages = self.lock();
        if is_kept {
            pages.remove(&page);
            return;
        }
        if pages.len() >= Self::MOST {
            pages.clear();
        }
        pages.insert(page);
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<KeyBytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
