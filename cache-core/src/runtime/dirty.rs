//! Keeps the dirty tags: the store has not acknowledged their release, and is not read until it has.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::observe::event::Event;
use crate::observe::operation::Operation;
use crate::observe::statistics::StoreCounter;
use crate::protocol::dirty::{Failed, Pending};
use crate::runtime::guard::{CallFailure, Entrance, GuardedStore};
use crate::store::Writer;
use crate::sync::Mutex;

/// The dirty tags of one cache. While there are any, the store is not looked at: reads bypass, and one at a time
/// tries to get the tags through.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// No call of the store is made under this lock.
    state: Mutex<DirtyState>,
    /// Held by whoever talks to the store. Nobody waits for it to read.
    drainer: Mutex<()>,
    /// Whether readers have to look closer: there are dirty tags, or the cache is shut down.
    is_barred: AtomicBool,
}

#[derive(Debug, Default)]
struct DirtyState {
    pending: Pending,
    is_shut_down: bool,
}

impl Dirty {
    /// From now on nothing is read through the cache.
    pub(crate) fn shut_down(&self) {
        self.change(|state| state.is_shut_down = true);
    }

    /// How many tags have not got through.
    pub(crate) fn count(&self) -> usize {
        self.state.lock().pending.len()
    }

    /// Notes what `store` did not acknowledge. Whoever reads afterwards bypasses, until it has got through.
    pub(crate) fn note(&self, failed: &Failed<'_>, store: &GuardedStore) {
        self.change(|state| {
            state.pending.add(failed, store.now());
            // Under the lock: whoever gets it through at once says so afterwards.
            store.ledger.store.note_dirty(state.pending.len());
        });
        store.ledger.store.count(StoreCounter::ReleasePending);
        store.listeners.tell(&Event::ReleasePending { tables: failed.tables });
    }

    /// Whether readers have to look closer before they look at the store.
    #[inline]
    pub(crate) fn is_barred(&self) -> bool {
        self.is_barred.load(Ordering::SeqCst)
    }

    /// Whether `store` may be looked at. If dirty tags are in the way, they are got through first, unless somebody
    /// else is at it.
    ///
    /// # Errors
    ///
    /// Why nothing that the store holds may be served.
    #[inline]
    pub(crate) fn unbar(&self, store: &GuardedStore) -> Result<(), CallFailure> {
        if self.is_barred() { self.unbar_now(store) } else { Ok(()) }
    }

    #[cold]
    fn unbar_now(&self, store: &GuardedStore) -> Result<(), CallFailure> {
        if self.state.lock().is_shut_down {
            return Err(CallFailure::Avoided);
        }
        let _drainer = self.drainer.try_lock().ok_or(CallFailure::Pending)?;
        self.deliver(store, Entrance::Guarded)
    }

    /// Gets the dirty tags through, after whoever is at it.
    pub(crate) fn drain(&self, store: &GuardedStore, entrance: Entrance) -> Result<(), CallFailure> {
        let _drainer = self.drainer.lock();
        self.deliver(store, entrance)
    }

    fn deliver(&self, store: &GuardedStore, entrance: Entrance) -> Result<(), CallFailure> {
        let now = store.now();
        let batch = self.state.lock().pending.batch(now, store.policy.intent_life);
        if self.count() == 0 {
            return Ok(());
        }
        store
            .call_by(entrance, Operation::Release, |store| store.release(Writer::fresh(), &batch.releases, &[], now))?;
        let delivered = self.change(|state| {
            let delivered = state.pending.deliver(&batch);
            store.ledger.store.note_dirty(state.pending.len());
            delivered
        });
        let Some(tables) = delivered else { return Err(CallFailure::Pending) };
        store.ledger.store.count(StoreCounter::ReleaseDelivered);
        let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
        store.listeners.tell(&Event::ReleaseDelivered { tables: &tables });
        Ok(())
    }

    fn change<T>(&self, work: impl FnOnce(&mut DirtyState) -> T) -> T {
        let mut state = self.state.lock();
        let result = work(&mut state);
        self.is_barred.store(state.is_shut_down || !state.pending.is_empty(), Ordering::SeqCst);
        result
    }
}
