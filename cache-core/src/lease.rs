//! Which process loads: one at a time, while the others wait for what it stores.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::cache::Cache;
use crate::guard::Trouble;
use crate::load::{Fill, Reader};
use crate::protocol::wait::{Wait, WaitStep};
use crate::statistics::StoreCounter;
use crate::store::{Lease, Operation, Writer};
use crate::tag::Token;

/// How a load goes on that other processes may be at as well.
#[derive(Debug)]
#[non_exhaustive]
pub enum Approach<T> {
    /// Another process has stored it meanwhile.
    Answered(T),
    /// Query.
    Query(Right),
}

/// The right to load for all processes, as far as it was to be had. It ends when it is dropped.
#[derive(Debug)]
pub struct Right {
    /// Ends when it is dropped.
    held: Option<Held>,
    is_denied: bool,
    is_late: bool,
}

#[derive(Debug)]
struct Held {
    cache: Cache,
    name: Lease,
    holder: Writer,
    is_over: bool,
}

impl Right {
    /// Whether what is loaded may be stored. Not if another process is at it, however long that takes.
    #[must_use]
    pub const fn may_store(&self) -> bool {
        !self.is_denied
    }

    /// The lease that is held, and its holder.
    pub(crate) fn held(&self) -> Option<(Lease, Writer)> {
        self.held.as_ref().map(|held| (held.name, held.holder))
    }

    /// Somebody has ended the lease.
    pub(crate) fn ended(&mut self) {
        if let Some(held) = &mut self.held {
            held.is_over = true;
        }
    }

    /// What the tokens allow: a lease keeps processes from doing the same work, and nobody's answer depends on it.
    const UNLEASED: Self = Self { held: None, is_denied: false, is_late: false };
    const DENIED: Self = Self { held: None, is_denied: true, is_late: true };
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // If it cannot be ended, it ends by itself.
        let _ = self.cache.0.call(Operation::EndLease, |store| store.end_lease(self.name, self.holder));
    }
}

impl Reader<'_> {
    /// Takes the lease called `name`, or waits for what its holder stores: `look` looks for that. After `budget` the
    /// caller has to query by himself.
    pub fn take_lease<T>(&self, name: Lease, budget: Duration, mut look: impl FnMut() -> Option<T>) -> Approach<T> {
        if self.cache.0.watch.is_none() {
            return Approach::Query(Right::UNLEASED);
        }
        let holder = Writer::fresh();
        let Some(is_taken) = self.try_lease(name, holder) else { return Approach::Query(Right::UNLEASED) };
        if is_taken {
            return Approach::Query(self.right(name, holder, false));
        }
        self.cache.0.ledger.store.count(StoreCounter::LeaseWait);
        let (began, wait) = (Instant::now(), Wait::new(budget));
        while let WaitStep::Nap(nap) = wait.next(began.elapsed()) {
            thread::sleep(nap);
            if let Some(found) = look() {
                return Approach::Answered(found);
            }
            match self.try_lease(name, holder) {
                None => return Approach::Query(Right::UNLEASED),
                Some(false) => {}
                Some(true) => {
                    let right = self.right(name, holder, true);
                    // Its holder may have stored it since.
                    return look().map_or(Approach::Query(right), Approach::Answered);
                }
            }
        }
        self.cache.0.ledger.store.count(StoreCounter::LeaseTimeout);
        Approach::Query(Right::DENIED)
    }

    /// How long to wait for another process: those who wait in this one should still get the answer of the query that
    /// comes then.
    #[must_use]
    pub fn lease_wait(&self) -> Duration {
        self.flight_wait() / 2
    }

    fn right(&self, name: Lease, holder: Writer, is_late: bool) -> Right {
        let held = Held { cache: self.cache.clone(), name, holder, is_over: false };
        Right { held: Some(held), is_denied: false, is_late }
    }

    /// Whether the lease was taken; `None`: the store does not say.
    fn try_lease(&self, name: Lease, holder: Writer) -> Option<bool> {
        let life = self.cache.0.policy.lease_life;
        let leased = self.cache.0.call(Operation::Lease, |store| store.lease(name, holder, life));
        leased.inspect_err(|trouble| self.note(trouble)).ok()
    }

    /// Counts what went wrong.
    pub(crate) fn note(&self, trouble: &Trouble) {
        if let Trouble::Failed(_) = trouble {
            self.store_failed();
        }
    }
}

impl Fill {
    /// Takes the right to load for all processes without waiting for anybody; says whether this process may load.
    pub fn is_first(&mut self, reader: &Reader<'_>) -> bool {
        if reader.cache.0.watch.is_none() {
            return true;
        }
        let (name, holder) = (self.lease(), Writer::fresh());
        let is_taken = reader.try_lease(name, holder);
        if is_taken == Some(true) {
            self.give(reader.right(name, holder, false));
        }
        is_taken != Some(false)
    }

    fn lease(&self) -> Lease {
        let tokens: Vec<Token> = self.seeds().iter().map(|(_, seed)| seed.token).collect();
        Lease::of(self.key(), &tokens)
    }

    /// Looks once more, now that nobody else loads the same: `look` looks for what somebody may have stored since the
    /// reader missed. Waits for another process for `budget` at most.
    pub fn approach<T>(
        &mut self,
        reader: &Reader<'_>,
        budget: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        if reader.cache.0.watch.is_none() {
            return look();
        }
        match reader.take_lease(self.lease(), budget, &mut look) {
            Approach::Answered(found) => Some(found),
            Approach::Query(right) => {
                let is_late = right.is_late;
                self.give(right);
                if is_late { None } else { look() }
            }
        }
    }
}
