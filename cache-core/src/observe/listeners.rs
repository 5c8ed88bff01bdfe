//! Tells those who listen what happens in a cache.

use core::cell::Cell;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::clock::Clock;
use crate::name::key::{KeyBytes, Kind};
use crate::name::tag::Tag;
use crate::observe::event::Event;
use crate::observe::journal::{Journal, JournalSettings};
use crate::protocol::miss::Miss;
use crate::sync::RwLock;

thread_local! {
    static IS_TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Whether a listener runs on this thread.
pub(crate) fn is_telling() -> bool {
    IS_TELLING.get()
}

type Listener = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// Whether a listener is told of hits too: there are far more of them than of anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attention {
    All,
    AllButHits,
}

#[derive(Clone)]
struct Listening {
    id: String,
    attention: Attention,
    listener: Listener,
}

/// Those who listen to one cache.
#[derive(Default)]
pub(crate) struct Listeners {
    listeners: RwLock<Vec<Listening>>,
    pub(crate) journal: Journal,
    /// Whether anybody listens, the journal included.
    is_anybody: AtomicBool,
    is_anybody_for_hits: AtomicBool,
    panics: AtomicU64,
}

impl Listeners {
    /// Adds a listener, unless there is one of this name.
    pub(crate) fn add(&self, id: &str, attention: Attention, listener: Listener) -> bool {
        let mut listeners = self.listeners.write();
        let is_new = listeners.iter().all(|listening| listening.id != id);
        if is_new {
            listeners.push(Listening { id: id.to_owned(), attention, listener });
            self.is_anybody_for_hits.fetch_or(attention == Attention::All, Ordering::Release);
            self.is_anybody.store(true, Ordering::Release);
        }
        is_new
    }

    /// From now on notes what happens as told; `None`: notes nothing.
    pub(crate) fn set_journal(&self, settings: Option<JournalSettings>, clock: &Arc<dyn Clock>) {
        let listeners = self.listeners.write();
        self.journal.set(settings, clock);
        self.is_anybody.store(settings.is_some() || !listeners.is_empty(), Ordering::Release);
    }

    /// Tells of a hit, if anybody wants to hear of them.
    #[inline]
    pub(crate) fn tell_hit(&self, manager: &str, kind: Kind, key: impl FnOnce() -> KeyBytes) {
        if self.is_anybody_for_hits.load(Ordering::Relaxed) {
            self.tell(&Event::Hit { manager, kind, key: key() });
        }
    }

    /// Tells of a miss.
    pub(crate) fn tell_miss(&self, manager: &str, kind: Kind, key: impl FnOnce() -> KeyBytes, cause: Miss) {
        if self.is_anybody.load(Ordering::Acquire) {
            self.tell(&Event::Missed { manager, kind, key: key(), cause });
        }
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.tell_change(event, &[]);
    }

    /// Tells of what has changed `tags`.
    pub(crate) fn tell_change(&self, event: &Event<'_>, tags: &[Tag]) {
        if !self.is_anybody.load(Ordering::Acquire) {
            return;
        }
        // What a listener does ends entries as well: it is noted, and told to nobody.
        self.journal.note(event, tags);
        // A listener that reads through the cache would hear of its own miss, and of the next, without end.
        if IS_TELLING.replace(true) {
            return;
        }
        // No lock is held while they run: a listener may read through the cache, or add another one.
        let listeners = self.listeners.read().clone();
        let is_hit = matches!(event, Event::Hit { .. });
        for Listening { listener, .. } in
            listeners.into_iter().filter(|listening| !is_hit || listening.attention == Attention::All)
        {
            if catch_unwind(AssertUnwindSafe(|| listener(event))).is_err() {
                self.panics.fetch_add(1, Ordering::Relaxed);
            }
        }
        IS_TELLING.set(false);
    }

    pub(crate) fn panic_count(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Listeners").finish_non_exhaustive()
    }
}
