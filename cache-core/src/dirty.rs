//! Tags whose change has not got through to the store: nothing is read before it has.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;
use crate::error::Result;
use crate::store::{Outcome, Release, Store, Writer};
use crate::tag::Tag;

/// The dirty tags of one cache. While there are any, the store is not looked at; every read tries to get
/// them through first.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    tags: Mutex<Vec<Tag>>,
    is_any: AtomicBool,
}

impl Dirty {
    /// More tags than these become the root: everything counts as changed.
    const MOST: usize = 1024;

    /// Notes tags whose release the store did not acknowledge.
    pub(crate) fn add(&self, tags: &[Tag]) {
        let mut dirty = self.lock();
        for tag in tags {
            if !dirty.contains(tag) {
                dirty.push(*tag);
            }
        }
        if dirty.len() > Self::MOST {
            *dirty = vec![Tag::root()];
        }
        self.is_any.store(!dirty.is_empty(), Ordering::SeqCst);
    }

    /// Gets the dirty tags through to `store`.
    ///
    /// # Errors
    ///
    /// If the store still refuses: then nothing that it holds may be served.
    #[inline]
    pub(crate) fn drain(&self, store: &dyn Store, now: Timestamp) -> Result<()> {
        if self.is_any.load(Ordering::SeqCst) { self.drain_all(store, now) } else { Ok(()) }
    }

    #[cold]
    fn drain_all(&self, store: &dyn Store, now: Timestamp) -> Result<()> {
        let mut dirty = self.lock();
        let releases: Vec<Release> = dirty.iter().map(|tag| Release { tag: *tag, outcome: Outcome::Changed }).collect();
        store.release(Writer::fresh(), &releases, now)?;
        dirty.clear();
        self.is_any.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// A panic under the lock leaves no half-made state.
    fn lock(&self) -> MutexGuard<'_, Vec<Tag>> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyBytes;
    use crate::store::{FailingStore, MemoryStore};
    use crate::tag::Database;

    fn tag(id: u32) -> Tag {
        Database::named("shop").table("products").row(KeyBytes::of(&id))
    }

    #[test]
    fn dirty_tags_are_kept_until_the_store_takes_them() {
        let store = FailingStore::new(MemoryStore::with_capacity(1 << 20).unwrap());
        let now = Timestamp::from_nanos(1);
        let before = store.seed(&[tag(1)], now).unwrap();
        let dirty = Dirty::default();
        dirty.add(&[tag(1)]);
        store.fail_writes(true);
        assert!(dirty.drain(&store, now).is_err());
        store.fail_writes(false);
        assert!(dirty.drain(&store, now).is_ok());
        assert_ne!(store.seed(&[tag(1)], now).unwrap(), before);
    }

    #[test]
    fn too_many_dirty_tags_become_the_root() {
        let dirty = Dirty::default();
        (0..2_000).for_each(|id| dirty.add(&[tag(id)]));
        assert_eq!(dirty.lock().first(), Some(&Tag::root()));
        assert!(dirty.lock().len() < 1_024);
    }
}
