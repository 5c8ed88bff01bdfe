//! Tags whose change has not got through to the store: nothing is read before it has.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::cache::{Cache, Inner};
use crate::event::Event;
use crate::guard::{Entrance, Trouble};
use crate::protocol::dirty::{Failed, Pending};
use crate::statistics::StoreCounter;
use crate::store::{Operation, Writer};

/// The dirty tags of one cache. While there are any, the store is not looked at: reads bypass, and one at a time
/// tries to get the tags through.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    state: Mutex<State>,
    /// Held by whoever talks to the store. Nobody waits for it to read.
    drainer: Mutex<()>,
    /// Whether readers have to look closer: there are dirty tags, or the cache is shut down.
    is_barred: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
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
        self.lock().pending.len()
    }

    fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = work(&mut state);
        self.is_barred.store(state.is_shut_down || !state.pending.is_empty(), Ordering::SeqCst);
        result
    }

    /// No call of the store is made under this lock. A panic under it leaves no half-made state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    /// Notes what the store did not acknowledge. Whoever reads afterwards bypasses, until it has got through.
    pub(crate) fn note_failed_release(&self, failed: &Failed<'_>) {
        if failed.tags.is_empty() {
            return;
        }
        self.0.dirty.change(|state| {
            state.pending.add(failed, self.now());
            // Under the lock: whoever gets it through at once says so afterwards.
            self.0.ledger.store.note_dirty(state.pending.len());
        });
        self.0.ledger.store.count(StoreCounter::ReleasePending);
        self.tell(&Event::ReleasePending { tables: failed.tables });
        // A store in this process that fails is a test's: its readers do without a thread.
        if self.0.watch.is_some() {
            self.0.background.wake(&self.0);
        }
    }
}

impl Inner {
    /// Whether the store may be looked at. If dirty tags are in the way, they are got through first, unless somebody
    /// else is at it.
    ///
    /// # Errors
    ///
    /// Why nothing that the store holds may be served.
    #[inline]
    pub(crate) fn unbar(&self) -> Result<(), Trouble> {
        if self.is_barred() { self.unbar_now() } else { Ok(()) }
    }

    /// Whether readers have to look closer before they look at the store.
    #[inline]
    pub(crate) fn is_barred(&self) -> bool {
        self.dirty.is_barred.load(Ordering::SeqCst)
    }

    #[cold]
    fn unbar_now(&self) -> Result<(), Trouble> {
        if self.dirty.lock().is_shut_down {
            return Err(Trouble::Avoided);
        }
        match self.dirty.drainer.try_lock() {
            Ok(_drainer) => self.deliver(Entrance::Guarded),
            Err(TryLockError::Poisoned(_drainer)) => self.deliver(Entrance::Guarded),
            Err(TryLockError::WouldBlock) => Err(Trouble::Pending),
        }
    }

    /// Gets the dirty tags through, after whoever is at it.
    pub(crate) fn drain(&self, entrance: Entrance) -> Result<(), Trouble> {
        let _drainer = self.dirty.drainer.lock().unwrap_or_else(PoisonError::into_inner);
        self.deliver(entrance)
    }

    fn deliver(&self, entrance: Entrance) -> Result<(), Trouble> {
        let now = self.now();
        let batch = self.dirty.lock().pending.batch(now, self.policy.intent_life);
        if self.dirty.count() == 0 {
            return Ok(());
        }
        self.call_by(entrance, Operation::Release, |store| store.release(Writer::fresh(), &batch.releases, &[], now))?;
        let delivered = self.dirty.change(|state| {
            let delivered = state.pending.deliver(&batch);
            self.ledger.store.note_dirty(state.pending.len());
            delivered
        });
        let Some(tables) = delivered else { return Err(Trouble::Pending) };
        self.ledger.store.count(StoreCounter::ReleaseDelivered);
        let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
        self.listeners.tell(&Event::ReleaseDelivered { tables: &tables });
        Ok(())
    }
}
