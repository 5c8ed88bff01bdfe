//! Opens the journal of a cache, and reads in it.

use crate::cache::Cache;
use crate::observe::journal::{Asked, JournalNote, JournalSettings};

impl Cache {
    /// From now on keeps the last invalidations and misses in a journal, as told; `None`: keeps none, and forgets those that it
    /// has. It is off unless it is asked for here or by [`CacheBuilder::journal`](crate::CacheBuilder::journal).
    ///
    /// A miss and an invalidation then cost a note under a lock. A hit pays nothing in either case.
    ///
    /// # Examples
    ///
    /// ```
    /// use cache_core::{Cache, JournalSettings, Noted};
    ///
    /// let cache = Cache::memory();
    /// cache.set_journal(Some(JournalSettings::last(1_000)));
    /// cache.clear()?;
    /// assert_eq!(cache.journal()[0].noted, Noted::Cleared { manager: None });
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn set_journal(&self, settings: Option<JournalSettings>) {
        self.store().listeners.set_journal(settings, &self.store().clock);
    }

    /// What this process has done to the cache, the latest first: empty while no journal is kept.
    #[must_use]
    pub fn journal(&self) -> Vec<JournalNote> {
        self.store().listeners.journal.read(None)
    }

    /// What concerns one entry, the latest first.
    #[doc(hidden)]
    #[must_use]
    pub fn journal_of(&self, asked: &Asked<'_>) -> Vec<JournalNote> {
        self.store().listeners.journal.read(Some(asked))
    }
}
