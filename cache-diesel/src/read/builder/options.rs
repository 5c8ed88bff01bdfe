//! Holds the options of a single call.

use core::panic::Location;

use cache_core::Timeout;

/// The options of one read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) timeout: Option<Timeout>,
    pub(crate) use_of_cache: UseOfCache,
    pub(crate) assume_deterministic: bool,
    /// Whether it may be answered from the cache in a transaction that has written nothing.
    pub(crate) is_cached_in_transaction: bool,
    /// Where the read was asked for, for reports.
    pub(crate) location: &'static Location<'static>,
}

/// What a read does with the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UseOfCache {
    Bypass,
    Full,
    Refresh,
}

impl Options {
    #[track_caller]
    pub(crate) fn new() -> Self {
        Self {
            timeout: None,
            use_of_cache: UseOfCache::Full,
            assume_deterministic: false,
            is_cached_in_transaction: false,
            location: Location::caller(),
        }
    }
}

/// The methods that every read has; `$options` leads to its [`Options`].
macro_rules! options_methods {
    ($($options:ident).+) => {
        /// Lets what is stored live for `timeout` instead of the manager's own; zero stores nothing. With
        /// [`refresh`](Self::refresh), zero removes what is cached.
        #[must_use = "nothing is read until a method with a connection is called"]
        pub fn timeout(mut self, timeout: impl Into<cache_core::Timeout>) -> Self {
            self.$($options).+.timeout = Some(timeout.into());
            self
        }

        /// Asks the database, and stores the answer in place of what is cached. An answer that may not be stored removes what
        /// is cached.
        ///
        /// # Consistency
        ///
        /// Who asks the same afterwards is given this answer, or a later one. Other processes with memory in front of the
        /// store are told of it as they are of writes.
        #[must_use = "nothing is read until a method with a connection is called"]
        pub fn refresh(mut self) -> Self {
            self.$($options).+.use_of_cache = crate::read::builder::options::UseOfCache::Refresh;
            self
        }

        /// Asks the database and leaves the cache alone.
        #[must_use = "nothing is read until a method with a connection is called"]
        pub fn bypass(mut self) -> Self {
            self.$($options).+.use_of_cache = crate::read::builder::options::UseOfCache::Bypass;
            self
        }

        /// Vouches that the functions that the query calls give the same result each time.
        #[must_use = "nothing is read until a method with a connection is called"]
        pub fn assume_deterministic(mut self) -> Self {
            self.$($options).+.assume_deterministic = true;
            self
        }

        /// Answers from the cache in a transaction too, as long as the transaction has written nothing. What is not cached is
        /// asked of the database, and not stored.
        ///
        /// # Consistency
        ///
        /// What is served was committed, and is no older than any write that returned before the read began. It may be newer
        /// than what the transaction itself sees, where that has a snapshot: under `REPEATABLE READ` and `SERIALIZABLE` two
        /// reads of one transaction need not fit together, and nothing is locked. A transaction that has written, has run what
        /// is not understood, or has changed its session, is answered by the database alone.
        #[must_use = "nothing is read until a method with a connection is called"]
        pub fn cached_in_transaction(mut self) -> Self {
            self.$($options).+.is_cached_in_transaction = true;
            self
        }
    };
}
pub(crate) use options_methods;
