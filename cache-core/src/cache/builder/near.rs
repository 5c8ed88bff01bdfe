//! Sets up near memory, and refuses settings that contradict it.

use core::time::Duration;

use super::CacheBuilder;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::setting::policy::NearPolicy;
use crate::store::Store;

use std::sync::Arc;

#[cfg(feature = "redis")]
use crate::store::RedisStore;
#[cfg(any(feature = "redis", feature = "sqlite-store"))]
use crate::store::{Link, RemoteStore};
#[cfg(feature = "sqlite-store")]
use crate::store::{SqliteAddress, SqliteLink};

impl CacheBuilder {
    /// Keeps up to `capacity` bytes of what the server holds in the memory of this process too. A read that finds its
    /// entry there asks nobody.
    ///
    /// Goes with [`redis`](Self::redis), [`sqlite`](Self::sqlite), and a [`store`](Self::store) over tables of a database
    /// or a link that tells of changes. [`build`](Self::build) connects then, and fails if the store does not tell of
    /// changes; a server that is not there is no error, and nothing is served from memory until it is.
    ///
    /// # Consistency
    ///
    /// A write of this process is seen by its reads at once. A write of another process is seen after
    /// [`max_staleness`](Self::max_staleness) at most: mostly within a millisecond if a server tells of it, and within a
    /// quarter of that time if a file or a table is asked for it.
    pub fn near(mut self, capacity: u64) -> Self {
        self.near = Some(capacity);
        self
    }

    /// Sets for how long after another process's write a read from [`near`](Self::near) memory may be without it; one
    /// second if not set, ten milliseconds at least, and `intent_life` at most.
    ///
    /// The server is asked four times in so long whether it is still there. When it has not answered for so long, nothing
    /// is served from memory.
    pub fn max_staleness(mut self, max_staleness: Duration) -> Self {
        self.max_staleness = Some(max_staleness);
        self
    }

    #[cfg(feature = "redis")]
    pub(super) fn redis_store(&self, url: &str, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Store>> {
        let (store, of_url) = RedisStore::with_near(url)?;
        self.in_front_of(store, (of_url.capacity, of_url.max_staleness), clock)
    }

    #[cfg(feature = "sqlite-store")]
    pub(super) fn sqlite_store(&self, url: &str, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Store>> {
        let address = SqliteAddress::read(url)?;
        let of_url = (address.near, address.max_staleness);
        self.in_front_of(RemoteStore::new(SqliteLink::at(address, None)?), of_url, clock)
    }

    /// The store, with memory in front of it if that is asked for, here or in the URL.
    #[cfg(any(feature = "redis", feature = "sqlite-store"))]
    fn in_front_of<L: Link>(
        &self,
        store: RemoteStore<L>,
        (capacity, max_staleness): (Option<u64>, Option<Duration>),
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<dyn Store>> {
        let near = once("near", capacity, self.near)?;
        let max_staleness = once("max_staleness", max_staleness, self.max_staleness)?;
        match self.near_policy(near, max_staleness)? {
            Some(policy) => Ok(Arc::new(store.near(policy, Arc::clone(clock))?)),
            None => Ok(Arc::new(store)),
        }
    }

    /// Has a store keep memory that was made beforehand, if that is asked for.
    pub(super) fn in_front_of_given(&self, store: &dyn Store, clock: &Arc<dyn Clock>) -> Result<()> {
        let Some(policy) = self.near_policy(self.near, self.max_staleness)? else { return Ok(()) };
        store.shared().map_or_else(|| refuse(self.near, None), |shared| shared.keep_near(policy, Arc::clone(clock)))
    }

    fn near_policy(&self, near: Option<u64>, max_staleness: Option<Duration>) -> Result<Option<NearPolicy>> {
        let Some(capacity) = near else {
            refuse(None, max_staleness)?;
            return Ok(None);
        };
        let policy = NearPolicy::with_capacity(capacity);
        let policy = policy.max_staleness(max_staleness.unwrap_or(NearPolicy::MAX_STALENESS));
        // A writer that never comes back is bounded by its intents: nobody may be further behind.
        if policy.max_staleness > self.policy.intent_life {
            return Err(Error::configuration("`max_staleness` has to be at most as long as `intent_life`"));
        }
        Ok(Some(policy))
    }
}

/// Refuses settings of memory in front of a server, where there is none.
pub(super) fn refuse(near: Option<u64>, max_staleness: Option<Duration>) -> Result<()> {
    if near.is_some() {
        return Err(Error::configuration(
            "`near` needs a store that tells of changes: `redis`, `sqlite`, or tables of a database",
        ));
    }
    if max_staleness.is_some() {
        return Err(Error::configuration("`max_staleness` needs `near`"));
    }
    Ok(())
}

#[cfg(any(feature = "redis", feature = "sqlite-store"))]
fn once<T>(name: &str, of_url: Option<T>, of_builder: Option<T>) -> Result<Option<T>> {
    if of_url.is_some() && of_builder.is_some() {
        return Err(Error::configuration(format!("`{name}` is set twice, in the URL and beside it")));
    }
    Ok(of_url.or(of_builder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::store::MemoryStore;

    #[test]
    fn memory_in_front_of_memory_is_refused_by_name() {
        let second = Duration::from_secs(1);
        let given = || Cache::builder().store(MemoryStore::with_capacity(1 << 20).unwrap());
        let cases = [
            (Cache::builder().near(1 << 20), "`near` needs a store"),
            (Cache::builder().none().near(1 << 20).max_staleness(second), "`near` needs a store"),
            (given().near(1 << 20), "`near` needs a store"),
            (Cache::builder().max_staleness(second), "`max_staleness` needs `near`"),
        ];
        for (builder, expected) in cases {
            let error = builder.build().expect_err(expected);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn settings_of_near_memory_that_cannot_be_are_refused_by_name() {
        let near = |query: &str| Cache::builder().redis(format!("redis://shop:secret@127.0.0.1:1{query}"));
        let millis = Duration::from_millis;
        let cases = [
            (near("").near(1), "`near` needs a capacity of at least 64 KiB"),
            (near("").max_staleness(millis(500)), "`max_staleness` needs `near`"),
            (near("?max_staleness=500ms"), "`max_staleness` needs `near`"),
            (near("?near=64mb").near(1 << 20), "`near` is set twice"),
            (near("?near=64mb&near=1mb"), "`near` twice"),
            (near("?near=64"), "at least 64 KiB"),
            (near("?near=64mb&max_staleness=5"), "`max_staleness`"),
            (near("?near=64mb&max_staleness=0ms"), "at least 10 milliseconds"),
            (near("?near=64mb&max_staleness=11s"), "at most as long as `intent_life`"),
            (near("?near=lots"), "`near`"),
            (near("?near=1mb&prefx=shop"), "unknown parameter `prefx`"),
        ];
        for (builder, expected) in cases {
            let error = builder.build().expect_err(expected);
            assert!(error.to_string().contains(expected), "{error}");
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_server_that_is_not_there_is_no_error_and_nothing_is_served_from_memory() {
        let cache = Cache::from_url("redis://127.0.0.1:1?near=64mb&prefix=shop&max_staleness=500ms").unwrap();
        let counts = cache.statistics().near.expect("it was asked for");
        assert!(!counts.is_trusted && counts.link_count == 0);
        assert_eq!(counts.max_staleness, Duration::from_millis(500));
    }
}
