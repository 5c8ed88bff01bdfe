//! Looks entries up, also for tasks: what many of them want at the same time takes one call of the store.

use core::iter;
use core::result::Result;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

use crate::cache::Cache;
use crate::cache::look_ups::{Asked, Glimpse, Glimpsed, Sight};
use crate::clock::Timestamp;
use crate::observe::operation::Operation;
use crate::runtime::desk::Answer;
use crate::runtime::desk::answer::pair;
use crate::runtime::guard::CallFailure;
use crate::store::{LookUp, SharedStore, Store, Wanted, Wish, same_length};

/// Looks entries up in the store.
pub(crate) fn look_at(
    store: &dyn Store,
    wanted: &[Wanted<'_>],
    (sight, now): (Sight, Timestamp),
) -> crate::error::Result<Vec<LookUp>> {
    let pipelining = store.shared().and_then(SharedStore::pipelining).filter(|_| sight == Sight::ToLoad);
    let looked = match pipelining {
        Some(store) => store.look_to_load(wanted, now),
        None => store.look(wanted, now),
    };
    same_length(looked?, wanted.len())
}

impl Cache {
    /// Looks entries up in one round trip, or in none if all of them can be served from this process: one glimpse of each, in
    /// order.
    pub(crate) fn look_for_all(&self, wanted: &[Wanted<'_>], sight: Sight) -> Result<Vec<Glimpse>, CallFailure> {
        self.unbar()?;
        let (store, now) = (self.store(), self.now());
        let alive: Vec<_> = wanted.iter().map(|wanted| store.find(&wanted.key, now)).collect();
        let left: Vec<Wanted<'_>> =
            wanted.iter().zip(&alive).filter(|(_, alive)| alive.is_none()).map(|(wanted, _)| *wanted).collect();
        let looked = if left.is_empty() {
            Vec::new()
        } else {
            store.call(Operation::Get, |store| look_at(store, &left, (sight, now)))?
        };
        let mut looked = looked.into_iter();
        let glimpse = |alive| match alive {
            Some((value, life)) => Glimpse::Alive(value, life),
            None => Glimpse::Looked(looked.next().unwrap_or(LookUp::unseen(None))),
        };
        Ok(alive.into_iter().map(glimpse).collect())
    }

    /// Has an entry looked up on a thread of the cache, with whatever others want by then.
    ///
    /// What has waited for longer than a call of the store may take finds that the store is avoided.
    pub(crate) fn gather(&self, wish: Wish, sight: Sight) -> Answer<Glimpsed> {
        let (promise, answer) = pair();
        if self.0.look_ups.of(sight).add(Asked { wish, since: Instant::now(), promise }) {
            let cache = self.clone();
            self.post(move || {
                iter::from_fn(|| cache.0.look_ups.of(sight).next()).for_each(|asked| cache.answer(asked, sight));
            });
        }
        answer
    }

    /// Looks up what is still awaited.
    fn answer(&self, asked: Vec<Asked>, sight: Sight) {
        let awaited = asked.into_iter().filter(|asked| asked.promise.is_awaited());
        let (late, in_time): (Vec<_>, Vec<_>) = awaited.partition(|asked| self.is_late(asked.since));
        for (asked, is_late) in [(in_time, false), (late, true)] {
            if !asked.is_empty() {
                self.in_line(is_late, || self.answer_together(asked, sight));
            }
        }
    }

    /// A panic goes on in one of the tasks. To the others it is a call that failed.
    fn answer_together(&self, asked: Vec<Asked>, sight: Sight) {
        let look = || Wish::with_all(asked.iter().map(|asked| &asked.wish), |wanted| self.look_for_all(wanted, sight));
        let looked = catch_unwind(AssertUnwindSafe(look));
        let mut promises = asked.into_iter().map(|asked| asked.promise);
        let failed = match looked {
            Ok(Ok(glimpses)) => {
                return promises.zip(glimpses).for_each(|(promise, glimpse)| promise.keep_by(|| Ok(glimpse)));
            }
            Ok(Err(failure)) => Arc::new(failure),
            Err(panic) => {
                if let Some(first) = promises.next() {
                    first.keep_by(|| resume_unwind(panic));
                }
                return promises.for_each(|promise| promise.keep_by(|| Err(Arc::new(CallFailure::Avoided))));
            }
        };
        promises.for_each(|promise| promise.keep_by(|| Err(Arc::clone(&failed))));
    }
}
