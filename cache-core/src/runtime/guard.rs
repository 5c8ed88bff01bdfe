//! Guards every call of a cache's store: the breaker, the bound on readers, the counters.

use core::any::Any;
use core::sync::atomic::{AtomicBool, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use log::Level;

use crate::clock::{Clock, Moment, Timestamp};
use crate::entry::{Life, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::name::key::CacheKey;
use crate::name::tag::Token;
use crate::observe::event::Event;
use crate::observe::listeners::Listeners;
use crate::observe::operation::Operation;
use crate::observe::report;
use crate::observe::statistics::{Ledger, StoreCounter};
use crate::protocol::breaker::{Admission, Breaker, BreakerState, CallResult};
use crate::protocol::miss::Miss;
use crate::runtime::found_notes::FoundNotes;
use crate::runtime::queue::{Calling, ReaderCount, ReaderPlace};
use crate::setting::policy::Policy;
use crate::store::{SharedStore, Store, Usage};
use crate::sync::Mutex;

/// Why a call gave nothing.
#[derive(Debug)]
pub(crate) enum CallFailure {
    /// The store was not called.
    Avoided,
    /// The store failed; that is counted and told already.
    Failed(Error),
    /// Something that was written has to get through to the store first.
    Pending,
}

impl CallFailure {
    /// The miss of a read that was given nothing.
    pub(crate) fn miss(&self) -> Miss {
        match self {
            Self::Avoided => Miss::StoreAvoided,
            Self::Failed(_) => Miss::StoreFailed,
            Self::Pending => Miss::ReleasePending,
        }
    }

    /// The error of a call about the cache itself.
    pub(crate) fn into_error(self, doing: &str) -> Error {
        match self {
            Self::Avoided => Error::new(ErrorKind::Store, doing).with_source("the store failed too often of late"),
            Self::Failed(error) => error,
            Self::Pending => Error::new(ErrorKind::Store, doing).with_source("earlier changes have not got through"),
        }
    }
}

/// Which calls are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// All: it is the last chance.
    Forced,
    /// Those that the breaker admits.
    Guarded,
}

/// A store whose calls are counted and told, and left out while it is known to fail.
#[derive(Debug)]
pub(crate) struct GuardedStore {
    store: Arc<dyn Store>,
    watch: Option<StoreWatch>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
    pub(crate) ledger: Ledger,
    pub(crate) listeners: Listeners,
    pub(crate) found_notes: FoundNotes,
}

/// Watches a store outside of this process. A store inside of it is not watched: it answers at once and never fails.
#[derive(Debug)]
struct StoreWatch {
    breaker: Mutex<Breaker>,
    /// Nothing failed of late: the breaker need not be asked.
    is_calm: AtomicBool,
    readers: ReaderCount,
}

impl StoreWatch {
    fn over(store: &dyn SharedStore, policy: &Policy) -> Self {
        store.set_operation_timeout(policy.operation_timeout);
        let breaker = Mutex::new(Breaker::new(policy.breaker));
        Self { breaker, is_calm: AtomicBool::new(true), readers: ReaderCount::default() }
    }
}

impl GuardedStore {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, policy: Policy) -> Self {
        let watch = store.shared().map(|shared| StoreWatch::over(shared, &policy));
        let (ledger, listeners, found_notes) = Default::default();
        Self { store, watch, clock, policy, ledger, listeners, found_notes }
    }

    #[inline]
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether the store is left alone at present, or one caller finds out whether it is back.
    pub(crate) fn is_breaker_open(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.breaker.lock().state() != BreakerState::Closed)
    }

    /// The present moment by both clocks.
    pub(crate) fn moment(&self) -> Moment {
        Moment::now(&*self.clock)
    }

    /// How many incarnations of the store this process has met so far, as far as it knows.
    pub(crate) fn incarnations_met(&self) -> u64 {
        self.shared().map_or(0, SharedStore::incarnations_met)
    }

    /// Whether everything that is kept is kept in this process.
    #[inline]
    pub(crate) fn is_local(&self) -> bool {
        self.watch.is_none()
    }

    /// What the store can do that several processes share, for what takes no call.
    pub(crate) fn shared(&self) -> Option<&dyn SharedStore> {
        self.store.shared()
    }

    /// Whether programs of several builds may use the store.
    pub(crate) fn keeps_notes(&self) -> bool {
        self.shared().is_some_and(|shared| shared.notes().is_some())
    }

    /// A place among the readers for calls of tasks, which wait for a thread before; `None`: the store is in this process.
    pub(crate) fn reader_place(&self) -> Option<ReaderPlace> {
        Some(self.watch.as_ref()?.readers.take())
    }

    /// How much the store holds at present.
    pub(crate) fn usage(&self) -> Usage {
        self.store.usage()
    }

    /// An entry that this process alone can tell to be served at the moment `at`: nobody else is called.
    #[inline]
    pub(crate) fn find(&self, key: &CacheKey, at: Timestamp) -> Option<(Value, Life)> {
        self.store.find(key, at)
    }

    /// Calls the store, unless it is left alone at present. What goes wrong is counted and told.
    #[inline]
    pub(crate) fn call<T>(
        &self,
        operation: Operation,
        work: impl FnOnce(&dyn Store) -> Result<T>,
    ) -> core::result::Result<T, CallFailure> {
        self.call_by(Entrance::Guarded, operation, work)
    }

    /// The same, for what only a store can do that several processes share.
    pub(crate) fn call_shared<T>(
        &self,
        operation: Operation,
        work: impl FnOnce(&dyn SharedStore) -> Result<T>,
    ) -> core::result::Result<T, CallFailure> {
        let unshared = || Error::new(ErrorKind::Store, "asking a store for what only a shared one does");
        self.call(operation, |store| work(store.shared().ok_or_else(unshared)?))
    }

    /// The same as [`call`](Self::call), and by `entrance`.
    #[inline]
    pub(crate) fn call_by<T>(
        &self,
        entrance: Entrance,
        operation: Operation,
        work: impl FnOnce(&dyn Store) -> Result<T>,
    ) -> core::result::Result<T, CallFailure> {
        let result = match &self.watch {
            None => work(&*self.store),
            Some(watch) => match Visit::begin(self, watch, entrance, operation) {
                Some(visit) => visit.run(work),
                None => {
                    self.ledger.store.count_avoided(operation);
                    return Err(CallFailure::Avoided);
                }
            },
        };
        result.map_err(|error| self.failed(operation, error))
    }

    #[cold]
    fn failed(&self, operation: Operation, error: Error) -> CallFailure {
        self.ledger.store.count_failure(operation);
        self.listeners.tell(&Event::StoreFailed { operation, error: &error });
        CallFailure::Failed(error)
    }

    /// Changes the breaker, and tells if it is another one then.
    fn change<T>(&self, watch: &StoreWatch, work: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breaker = watch.breaker.lock();
        let before = breaker.state();
        let result = work(&mut breaker);
        let state = breaker.state();
        watch.is_calm.store(breaker.is_calm(), Ordering::SeqCst);
        drop(breaker);
        if state != before {
            self.ledger.store.count(match state {
                BreakerState::Closed => StoreCounter::BreakerClosed,
                BreakerState::HalfOpen => StoreCounter::BreakerHalfOpen,
                BreakerState::Open => StoreCounter::BreakerOpen,
            });
            self.listeners.tell(&Event::BreakerChanged { state });
            report_change(before, state);
        }
        result
    }
}

/// One call on its way. A call that panics is one that failed: what the store does not acknowledge has to be noted in
/// this cache, and told to the others, whatever became of the store.
struct Visit<'a> {
    store: &'a GuardedStore,
    watch: &'a StoreWatch,
    admission: Admission,
    verdict: CallResult,
    is_reader: bool,
}

impl<'a> Visit<'a> {
    fn begin(store: &'a GuardedStore, watch: &'a StoreWatch, entrance: Entrance, operation: Operation) -> Option<Self> {
        let calling = Calling::present();
        if calling == Calling::Never {
            return None;
        }
        let is_reader = operation.is_for_reads() && calling == Calling::Freely;
        let before = if is_reader { watch.readers.enter() } else { 0 };
        let mut visit = Self { store, watch, admission: Admission::Refused, verdict: CallResult::Bad, is_reader };
        if before >= store.policy.most_readers {
            return None;
        }
        visit.admission = match entrance {
            Entrance::Forced => Admission::Probe,
            Entrance::Guarded if watch.is_calm.load(Ordering::SeqCst) => Admission::Admitted,
            Entrance::Guarded => store.change(watch, |breaker| breaker.admit(store.now())),
        };
        (visit.admission != Admission::Refused).then_some(visit)
    }

    fn run<T>(mut self, work: impl FnOnce(&dyn Store) -> Result<T>) -> Result<T> {
        let began = self.store.now();
        let result =
            catch_unwind(AssertUnwindSafe(|| work(&*self.store.store))).unwrap_or_else(|panic| Err(panicked(&*panic)));
        let is_in_time = self.store.now().since(began) <= self.store.policy.operation_timeout;
        self.verdict = match &result {
            Ok(_) if is_in_time => CallResult::Good,
            Err(error) if is_in_time && error.kind() == ErrorKind::Codec => CallResult::Untold,
            _ => CallResult::Bad,
        };
        result
    }
}

/// Reports the end of each outage, and its beginning.
fn report_change(before: BreakerState, state: BreakerState) {
    match (before, state) {
        (BreakerState::Closed, BreakerState::Open) => report::warn(format_args!(
            "the store of a cache fails and is left alone; reads go to the database until it answers"
        )),
        (_, BreakerState::Closed) => report::tell(Level::Info, format_args!("the store of a cache answers again")),
        _ => {}
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorKind::Store, "calling a store that panicked")
        .with_source(message.unwrap_or("no message").to_owned())
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if self.is_reader {
            self.watch.readers.leave();
        }
        let is_news = self.verdict == CallResult::Bad || !self.watch.is_calm.load(Ordering::SeqCst);
        if self.admission != Admission::Refused && is_news {
            let (store, spread) = (self.store, Token::fresh().bits());
            let (admission, verdict) = (self.admission, self.verdict);
            store.change(self.watch, |breaker| breaker.conclude(admission, verdict, store.now(), spread));
        }
    }
}
