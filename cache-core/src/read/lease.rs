//! Takes the lease of a load, so that one process loads while the others wait for its entry.

use std::thread;
use std::time::Instant;

use crate::cache::Cache;
use crate::name::tag::{Tag, Token};
use crate::observe::operation::Operation;
use crate::observe::statistics::StoreCounter;
use crate::protocol::wait::{Wait, WaitStep};
use crate::read::Reader;
use crate::runtime::queue::Calling;
use crate::store::{Lease, Seed, SharedStore, Writer};

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
    held: Option<HeldLease>,
    is_denied: bool,
}

#[derive(Debug)]
struct HeldLease {
    cache: Cache,
    name: Lease,
    holder: Writer,
    is_over: bool,
    /// It was taken for a task: it may be dropped by a thread that must not block.
    is_awaited: bool,
    /// What is let go with it, if nobody has stored anything under these tokens.
    unused: Vec<(Tag, Token)>,
}

impl Right {
    /// Whether what is loaded may be stored. Not if another process is at it, however long that takes.
    #[must_use]
    pub const fn may_store(&self) -> bool {
        !self.is_denied
    }

    /// Whether the entry is to be looked for once more: the holder of a lease before this one may have stored it.
    #[must_use]
    pub const fn wants_a_look(&self) -> bool {
        self.held.is_some()
    }

    /// The lease that is held, and its holder.
    pub(crate) fn held(&self) -> Option<(Lease, Writer)> {
        self.held.as_ref().map(|held| (held.name, held.holder))
    }

    /// What is loaded will be stored under the tokens of `seeds`, or nothing is.
    pub fn stand_on(&mut self, seeds: &[(Tag, Seed)]) {
        if let Some(held) = &mut self.held {
            let narrow = seeds.iter().filter(|(tag, _)| tag.is_narrow());
            held.unused = narrow.map(|(tag, seed)| (*tag, seed.token)).collect();
        }
    }

    /// Somebody has ended the lease.
    pub(crate) fn ended(&mut self) {
        if let Some(held) = &mut self.held {
            held.is_over = true;
        }
    }

    /// The same, and nothing is stored.
    pub(crate) const fn denied(mut self) -> Self {
        self.is_denied = true;
        self
    }

    /// What the tokens allow: a lease keeps processes from doing the same work, and nobody's answer depends on it.
    pub(crate) const UNLEASED: Self = Self { held: None, is_denied: false };
    pub(crate) const DENIED: Self = Self { held: None, is_denied: true };
}

/// Waits for the lease of another process, step by step. Whoever drives it naps, looks for the entry, then
/// [tries again](Self::retry).
#[derive(Clone, Copy, Debug)]
pub struct LeaseWait {
    lease: (Lease, Writer),
    began: Instant,
    wait: Wait,
}

impl LeaseWait {
    /// Begins to wait.
    #[must_use]
    pub fn begin(reader: &Reader<'_>, lease: (Lease, Writer), wait: Wait) -> Self {
        reader.cache.store().ledger.store.count(StoreCounter::LeaseWait);
        Self { lease, began: Instant::now(), wait }
    }

    /// What is to be done next.
    #[must_use]
    pub fn next(&self) -> WaitStep {
        self.wait.next(self.began.elapsed())
    }

    /// The right to load, as far as it is to be had by now; `None`: another process still has it.
    #[must_use]
    pub fn retry(&self, reader: &Reader<'_>) -> Option<Right> {
        reader.try_right(self.lease)
    }

    /// What is left after the last nap: to query, and to store nothing.
    #[must_use]
    pub fn give_up(reader: &Reader<'_>) -> Right {
        reader.cache.store().ledger.store.count(StoreCounter::LeaseTimeout);
        Right::DENIED
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let (cache, name, holder) = (self.cache.clone(), self.name, self.holder);
        let unused = core::mem::take(&mut self.unused);
        // If it cannot be ended, it ends by itself.
        let end = move || {
            let give_up = |store: &dyn SharedStore| store.give_up(name, holder, &unused);
            let _ = cache.store().call_shared(Operation::EndLease, give_up);
        };
        if self.is_awaited && Calling::present() != Calling::InPlace { self.cache.post(end) } else { end() }
    }
}

impl Reader<'_> {
    /// Takes the lease called `name`, or waits for what its holder stores: `look` looks for that. After the `wait` the
    /// caller has to query by himself.
    pub fn take_lease<T>(&self, name: Lease, wait: Wait, look: impl FnMut() -> Option<T>) -> Approach<T> {
        match self.contend(name) {
            Ok(right) => Approach::Query(right),
            Err(lease) => self.wait_for_lease(lease, wait, look),
        }
    }

    /// Takes the lease called `name` without waiting for anybody.
    ///
    /// # Errors
    ///
    /// Returns the lease if another process has it, and who wants it here.
    pub fn contend(&self, name: Lease) -> Result<Right, (Lease, Writer)> {
        let lease = (name, Writer::fresh());
        if self.cache.is_local() { Ok(Right::UNLEASED) } else { self.try_right(lease).ok_or(lease) }
    }

    /// The right to load, as far as it is to be had; `None`: another process has it.
    pub(crate) fn try_right(&self, (name, holder): (Lease, Writer)) -> Option<Right> {
        match self.try_lease(name, holder) {
            None => Some(Right::UNLEASED),
            Some(true) => Some(self.right(name, holder)),
            Some(false) => None,
        }
    }

    /// Waits for what the lease's holder stores, or for the lease.
    pub(crate) fn wait_for_lease<T>(
        &self,
        lease: (Lease, Writer),
        wait: Wait,
        mut look: impl FnMut() -> Option<T>,
    ) -> Approach<T> {
        let wait = LeaseWait::begin(self, lease, wait);
        while let WaitStep::Nap(nap) = wait.next() {
            thread::sleep(nap);
            if let Some(found) = look() {
                return Approach::Answered(found);
            }
            if let Some(right) = wait.retry(self) {
                let found = right.wants_a_look().then(&mut look).flatten();
                return found.map_or(Approach::Query(right), Approach::Answered);
            }
        }
        Approach::Query(LeaseWait::give_up(self))
    }

    /// How long to wait for another process: those who wait in this one should still get the answer of the query that
    /// comes then.
    #[must_use]
    pub fn lease_wait(&self) -> Wait {
        Wait::new(self.flight_wait() / 2)
    }

    pub(crate) fn right(&self, name: Lease, holder: Writer) -> Right {
        let (cache, is_awaited) = (self.cache.clone(), Calling::present() != Calling::Freely);
        let held = HeldLease { cache, name, holder, is_over: false, is_awaited, unused: Vec::new() };
        Right { held: Some(held), is_denied: false }
    }

    /// Whether the lease was taken; `None`: the store does not say.
    pub(crate) fn try_lease(&self, name: Lease, holder: Writer) -> Option<bool> {
        let life = self.cache.policy().lease_life;
        let leased = self.cache.store().call_shared(Operation::Lease, |store| store.lease(name, holder, life));
        leased.inspect_err(|trouble| self.note(trouble)).ok()
    }
}
