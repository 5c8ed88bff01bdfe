//! Sets the limits of a cache: timeouts of calls, waits, and the behaviour while the store fails.

use core::time::Duration;

use super::CacheBuilder;
use crate::setting::policy::{BreakerPolicy, Timeout, Writes};

impl CacheBuilder {
    /// Sets after how many failures in a row the store is left alone; five if not set.
    ///
    /// Concerns stores outside of this process only, as do all settings below but
    /// [`flight_wait`](Self::flight_wait) and [`intent_life`](Self::intent_life).
    pub fn breaker_failures(mut self, failures: u32) -> Self {
        self.policy.breaker.failures = failures;
        self
    }

    /// Sets for how long a store that failed is left alone: `first`, then twice as long each time that it fails again,
    /// up to `longest`. From 200 milliseconds to 30 seconds if not set.
    pub fn breaker_pause(mut self, first: Duration, longest: Duration) -> Self {
        self.policy.breaker = BreakerPolicy { first_pause: first, longest_pause: longest, ..self.policy.breaker };
        self
    }

    /// Says that nothing in this process reads or writes while a value is [computed](crate::Cache::compute), but the
    /// computation itself. What reads elsewhere is then work that left it and was not [carried](crate::carry): the value is
    /// not kept, and a message says so ([`Unkept::Left`](crate::Unkept::Left)). For tests, and for programs with one thread of
    /// work; other programs would keep fewer values.
    pub fn computes_alone(mut self) -> Self {
        self.policy.computes_alone = true;
        self
    }

    /// Sets how long a reader waits for another one's load of the same key before it queries by itself;
    /// five seconds if not set.
    pub fn flight_wait(mut self, wait: Duration) -> Self {
        self.policy.flight_wait = wait;
        self
    }

    /// Sets how long a writer's intent stands if the writer never comes back; ten seconds if not set.
    pub fn intent_life(mut self, life: Duration) -> Self {
        self.policy.intent_life = life;
        self
    }

    /// Sets how long a process keeps the right to load one entry for all processes; five seconds if not set. A load
    /// that takes longer is not lost: others may load the same.
    pub fn lease_life(mut self, life: Duration) -> Self {
        self.policy.lease_life = life;
        self
    }

    /// Sets how long rows, and the pages of views, live, of all managers that say nothing of it themselves; one minute if not
    /// set. Zero stores none of them. Concerns all stores, as does [`list_timeout`](Self::list_timeout).
    pub fn detail_timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.policy.timeouts.detail = Some(timeout.into());
        self
    }

    /// The same for lists, scopes and counts; one day if not set.
    pub fn list_timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.policy.timeouts.list = Some(timeout.into());
        self
    }

    /// Sets how many reads may be inside the store at once; 64 if not set. One more goes to the database.
    pub fn most_readers(mut self, count: usize) -> Self {
        self.policy.most_readers = count;
        self
    }

    /// Sets how long one call of the store may take; 250 milliseconds if not set. The store is told. An answer that
    /// comes later is taken, and counts as a failure of the store.
    pub fn operation_timeout(mut self, timeout: Duration) -> Self {
        self.policy.operation_timeout = timeout;
        self
    }

    /// Sets from when on entries are stale, of all managers that say nothing of it themselves: a stale entry is served at
    /// once, and refreshed in the background. Without it none ever is.
    ///
    /// It has to be shorter than the timeouts of the managers: where it is longer, it says so once, and that manager's
    /// entries are never stale. Concerns all stores.
    pub fn relevance_timeout(self, timeout: impl Into<Timeout>) -> Self {
        let timeout = timeout.into();
        self.detail_relevance_timeout(timeout).list_relevance_timeout(timeout)
    }

    /// The same for rows, and the pages of views.
    pub fn detail_relevance_timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.policy.relevance.detail = Some(timeout.into());
        self
    }

    /// The same for lists, scopes and counts.
    pub fn list_relevance_timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.policy.relevance.list = Some(timeout.into());
        self
    }

    /// Sets how long a value that is set by hand lives if nothing else is said; five minutes if not set. Concerns all
    /// stores.
    pub fn value_timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.policy.value_timeout = timeout.into();
        self
    }

    /// Sets what a manager's own write does if the store does not take its intents; [`Writes::Open`] if not set.
    ///
    /// # Consistency
    ///
    /// [`Writes::Strict`] makes `insert`, `save`, `delete` and `write` of every manager fail before their statement:
    /// a write concerns every configured cache. The error is Diesel's `QueryBuilderError` around the cache's.
    /// Plain writes go on, whatever is set. In a transaction the store is asked before each statement, and the intents
    /// stand until its end; a store that fails between the last statement and the COMMIT cannot stop that.
    pub fn writes(mut self, writes: Writes) -> Self {
        self.policy.writes = writes;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::store::elsewhere::Elsewhere;

    #[test]
    fn limits_that_cannot_be_are_refused_by_name() {
        let elsewhere = || Cache::builder().store(Elsewhere);
        let second = Duration::from_secs(1);
        let cases = [
            (elsewhere().intent_life(Duration::ZERO), "`intent_life`"),
            (elsewhere().lease_life(Duration::ZERO), "`lease_life`"),
            (elsewhere().operation_timeout(Duration::ZERO), "`operation_timeout`"),
            (elsewhere().operation_timeout(second).intent_life(second * 3), "a quarter of `intent_life`"),
            (elsewhere().breaker_failures(0), "`breaker_failures`"),
            (elsewhere().breaker_pause(Duration::ZERO, second), "`breaker_pause`"),
            (elsewhere().breaker_pause(second, Duration::ZERO), "`breaker_pause`"),
            (elsewhere().most_readers(0), "`most_readers`"),
            (Cache::builder().database(" "), "`database`"),
            (Cache::builder().relevance_timeout(Duration::ZERO), "`detail_relevance_timeout`"),
            (Cache::builder().list_relevance_timeout(Duration::ZERO), "`list_relevance_timeout`"),
            (Cache::builder().list_timeout(second).relevance_timeout(second * 2), "at most as long as `list_timeout`"),
            (Cache::builder().detail_timeout(second).relevance_timeout(second * 2), "as long as `detail_timeout`"),
        ];
        for (builder, expected) in cases {
            let error = builder.build().expect_err(expected);
            assert!(error.to_string().contains(expected), "{error}");
        }
        Cache::builder().intent_life(Duration::from_millis(1)).build().unwrap();
    }
}
