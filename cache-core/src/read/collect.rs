//! Collects what the reads of a computation depend on: a scope for threads, which tasks enter each time they are polled.

use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};
use std::sync::{Arc, Weak};

use crate::cache::{Cache, registry};
use crate::clock::Timestamp;
use crate::name::key::Kind;
use crate::name::tables::TableDeclaration;
use crate::name::tag::{Database, Tag, Token};
use crate::planted::{Mistake, is_planted, is_planted_in_turn};
use crate::protocol::collect::{Collected, Needs, Unkept};
use crate::protocol::sharding::structures_in;
use crate::read::Reader;
use crate::runtime::context::{self, Counted, Entered, Stray};
use crate::runtime::flight::{FlightId, led_here};
use crate::store::Seed;
use crate::sync::Mutex;

/// Whether a computation is under way on this thread or task: what is read is to be told to it.
#[inline]
#[must_use]
pub fn is_collecting() -> bool {
    context::is_there()
}

/// The computation that is under way on this thread or task.
#[derive(Clone, Debug)]
pub struct Collecting(Arc<Scope>);

/// A computation that may be over.
#[derive(Clone, Debug)]
pub struct WeakCollecting(Weak<Scope>);

impl WeakCollecting {
    /// The computation, if it is not over.
    #[must_use]
    pub fn upgrade(&self) -> Option<Collecting> {
        self.0.upgrade().map(Collecting)
    }
}

/// One computation, and those that it is a part of.
#[derive(Debug)]
struct Scope {
    cache: Cache,
    collected: Mutex<Collected>,
    /// The loads that cannot end before it: its own, and those that its thread is in the middle of.
    loads: Vec<FlightId>,
    /// Work that was carried elsewhere and is not over.
    carried: AtomicUsize,
    outer: Option<Collecting>,
    _counted: Counted,
    /// What is read outside of every computation, where that has to be work of this one.
    stray: Stray,
}

impl Collecting {
    /// The computation of this thread or task, if one is under way.
    #[must_use]
    pub fn current() -> Option<Self> {
        if !context::is_there() {
            return None;
        }
        context::current()?.downcast().ok().map(Self)
    }

    /// The one that this is a part of.
    pub(crate) fn outer(&self) -> Option<&Self> {
        self.0.outer.as_ref()
    }

    /// A computation for `cache`, within the one that is under way, for those who wait for the load `own`. What ends it by
    /// hand ends nothing in another cache: values that are computed for one from it are not stored.
    pub(crate) fn begin(cache: &Cache, own: Option<FlightId>) -> Self {
        let outer = Self::current();
        let others = outer.iter().flat_map(Self::all).filter(|scope| scope.0.cache.address() != cache.address());
        others.for_each(|scope| scope.refuse_own(Unkept::NotFollowed));
        let (collected, carried) = (Mutex::new(Collected::default()), AtomicUsize::new(0));
        let (cache, loads) = (cache.clone(), led_here().into_iter().chain(own).collect());
        let stray = Stray::watched(cache.policy().computes_alone);
        Self(Arc::new(Scope { cache, collected, loads, carried, outer, _counted: Counted::new(), stray }))
    }

    /// The cache that the value is computed for.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.0.cache
    }

    /// The same, for somebody who keeps it from ending no longer.
    #[must_use]
    pub fn downgrade(&self) -> WeakCollecting {
        WeakCollecting(Arc::downgrade(&self.0))
    }

    /// Does `work` as a part of the computation.
    pub fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.entered();
        work()
    }

    /// This thread works for the computation.
    fn entered(&self) -> Entered {
        let scope: Arc<Scope> = Arc::clone(&self.0);
        Entered::into(Some(scope))
    }

    /// Who asks for the tokens.
    fn reader(&self) -> Reader<'_> {
        let cache = &self.0.cache;
        Reader { cache, manager: Cache::COMPUTED, kind: Kind::Computed, counters: &cache.0.computed }
    }

    /// This computation and those that it is a part of.
    fn all(&self) -> impl Iterator<Item = &Self> {
        core::iter::successors(Some(self), |inner| inner.0.outer.as_ref())
    }

    /// The value of none of them is stored.
    pub fn refuse(&self, reason: Unkept) {
        self.all().for_each(|scope| scope.0.collected.lock().refuse(reason));
    }

    /// Something that was read ends at `moment` without a write, and so do they all.
    pub fn end_by(&self, moment: Timestamp) {
        self.all().for_each(|scope| scope.0.collected.lock().end_by(moment));
    }

    /// When the first of what was read ends without a write.
    pub(crate) fn ends_at(&self) -> Option<Timestamp> {
        self.0.collected.lock().ends_at()
    }

    /// A read is about to be made that may depend on `tags`, and goes by what is `declared`. Their tokens are taken now;
    /// those of `known`, which were taken before in the cache, need not be.
    pub fn expect(
        &self,
        tags: &[Tag],
        declared: &[TableDeclaration],
        known: Option<(&Cache, &[(Tag, Seed)])>,
    ) -> Expected {
        let tokens = |scope: &Self| {
            let known = known.filter(|(cache, _)| cache.address() == scope.0.cache.address()).map(|(_, seeds)| seeds);
            (scope.clone(), scope.tokens(tags, declared, known))
        };
        let depth = if is_planted(Mistake::Inner) { 1 } else { usize::MAX };
        Expected { scopes: self.all().take(depth).map(tokens).collect() }
    }

    fn tokens(
        &self,
        tags: &[Tag],
        declared: &[TableDeclaration],
        known: Option<&[(Tag, Seed)]>,
    ) -> Option<Vec<(Tag, Token)>> {
        if let Some(known) = known {
            return Some(known.iter().map(|(tag, seed)| (*tag, seed.token)).collect());
        }
        let tags = self.0.cache.sharding().read(tags.to_vec());
        let collected = self.0.collected.lock();
        let held: Vec<(Tag, Option<Token>)> = tags.iter().map(|tag| (*tag, collected.token_of(tag))).collect();
        drop(collected);
        let new: Vec<Tag> = held.iter().filter(|(_, token)| token.is_none()).map(|(tag, _)| *tag).collect();
        let seeds = if new.is_empty() { Vec::new() } else { self.reader().seed_declared(&new, declared)? };
        let held = held.into_iter().filter_map(|(tag, token)| Some((tag, token?)));
        Some(held.chain(seeds.into_iter().map(|(tag, seed)| (tag, seed.token))).collect())
    }

    /// An entry of `cache` was found valid under `tokens` that is a computed value itself, and ends at a moment. A computation
    /// for another cache cannot depend on it.
    pub(crate) fn hand_on(&self, cache: &Cache, tokens: &[(Tag, Token)], ends_at: Option<Timestamp>) {
        ends_at.into_iter().for_each(|moment| self.end_by(moment));
        for scope in self.all() {
            let mut collected = scope.0.collected.lock();
            if scope.0.cache.address() == cache.address() {
                tokens.iter().for_each(|(tag, token)| collected.note(*tag, *token));
            } else {
                collected.refuse(Unkept::NotFollowed);
            }
        }
    }

    /// What the value is stored under.
    pub(crate) fn verdict(&self, own: usize, needs: Needs) -> Result<Vec<(Tag, Token)>, Unkept> {
        let verdict = self.0.collected.lock().verdict(own, needs);
        match verdict {
            Ok(_) | Err(Unkept::Changed) => self.flaw_outside(needs).map_or(verdict, Err),
            flawed => flawed,
        }
    }

    /// Why the value is not stored, whatever its reads say.
    fn flaw_outside(&self, needs: Needs) -> Option<Unkept> {
        let is_over = self.0.carried.load(Ordering::SeqCst) == 0 && !self.0.stray.was_seen();
        let is_told = || registry::every().iter().any(|cache| cache.address() == self.0.cache.address());
        match needs {
            _ if !is_over => Some(Unkept::Left),
            Needs::Reads if !is_told() => Some(Unkept::NotInstalled),
            _ => None,
        }
    }

    /// The tokens that `tags` held before the first reads that depend on them; `None`: not all of them were taken.
    pub(crate) fn tokens_of(&self, tags: &[Tag]) -> Option<Tokens> {
        let collected = self.0.collected.lock();
        tags.iter().map(|tag| Some((*tag, collected.token_of(tag)?))).collect()
    }

    /// The value of this computation alone is not stored.
    pub(crate) fn refuse_own(&self, reason: Unkept) {
        self.0.collected.lock().refuse(reason);
    }

    /// The tokens of the value's own tags.
    pub(crate) fn note_own(&self, seeds: &[(Tag, Seed)]) {
        let mut collected = self.0.collected.lock();
        seeds.iter().for_each(|(tag, seed)| collected.note(*tag, seed.token));
    }
}

/// The loads that this thread or task is in the middle of: they end after it has gone on.
pub(crate) fn amid() -> Vec<FlightId> {
    let (mut loads, scope) = (led_here(), Collecting::current());
    scope.iter().flat_map(Collecting::all).for_each(|scope| loads.extend(&scope.0.loads));
    loads
}

type Tokens = Vec<(Tag, Token)>;

/// What a read may depend on that is being made, with the tokens from before it.
///
/// If it is dropped without more, the read counts as depending on all of it.
#[derive(Debug)]
#[must_use = "what it says counts once it is dropped"]
pub struct Expected {
    scopes: Vec<(Collecting, Option<Tokens>)>,
}

impl Expected {
    /// The tokens in `cache`, which is read, of what changes with the structure of `database`, if they were taken.
    #[must_use]
    pub fn structures_in(&self, cache: &Cache, database: &Database) -> Vec<[Token; 2]> {
        let of_cache = self.scopes.iter().find(|(scope, _)| scope.0.cache.address() == cache.address());
        let tokens = of_cache.and_then(|(_, tokens)| tokens.as_ref());
        tokens.map(|tokens| structures_in(database, tokens)).unwrap_or_default()
    }

    /// For each cache for which anything is computed, the tokens of what changes with the structure of `database`.
    #[must_use]
    pub fn structures(&self, database: &Database) -> Vec<Vec<[Token; 2]>> {
        let of_scope = |tokens: &Option<Tokens>| tokens.as_ref().map(|tokens| structures_in(database, tokens));
        self.scopes.iter().map(|(_, tokens)| of_scope(tokens).unwrap_or_default()).collect()
    }

    /// The read depends on those of the tags that `is_kept` says.
    pub fn keep(mut self, is_kept: impl Fn(&Tag) -> bool) {
        for (_, tokens) in &mut self.scopes {
            tokens.iter_mut().for_each(|tokens| tokens.retain(|(tag, _)| is_kept(tag)));
        }
    }

    /// The read was not made, or says itself what it depends on.
    pub fn forget(mut self) {
        self.scopes.clear();
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        for (scope, tokens) in self.scopes.drain(..) {
            let mut collected = scope.0.collected.lock();
            match tokens {
                Some(tokens) => tokens.into_iter().for_each(|(tag, token)| collected.note(tag, token)),
                None => collected.refuse(Unkept::StoreFailed),
            }
        }
    }
}

/// Work that was carried elsewhere.
#[derive(Debug)]
struct Carried(Option<Collecting>);

impl Carried {
    fn current() -> Self {
        let scope = Collecting::current();
        let all = scope.iter().flat_map(Collecting::all);
        all.for_each(|scope| _ = scope.0.carried.fetch_add(1, Ordering::SeqCst));
        Self(scope)
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        let all = self.0.iter().flat_map(Collecting::all);
        all.for_each(|scope| _ = scope.0.carried.fetch_sub(1, Ordering::SeqCst));
    }
}

/// `work`, to be done on another thread as a part of the computation that is under way on this one: what it reads there
/// counts for the computed value. Without a computation it is `work` and no more.
///
/// It has to be over when the value is there, or the value is not stored.
///
/// # Examples
///
/// ```
/// use std::thread;
///
/// let work = cache_core::carry(|| 6 * 7);
/// assert_eq!(thread::spawn(work).join().unwrap(), 42);
/// ```
pub fn carry<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let carried = Carried::current();
    move || {
        let _entered = carried.0.as_ref().map(Collecting::entered);
        let result = work();
        drop(carried);
        result
    }
}

/// The same for a task: `future`, to be spawned as a part of the computation that is under way here.
pub fn carry_task<F: Future>(future: F) -> CarriedTask<F> {
    CarriedTask { future: Box::pin(future), carried: Some(Carried::current()) }
}

/// A task that works for a computation wherever it is polled.
#[derive(Debug)]
#[must_use = "nothing is done until it is awaited"]
pub struct CarriedTask<F> {
    future: Pin<Box<F>>,
    carried: Option<Carried>,
}

impl<F: Future> Future for CarriedTask<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let entered = self.carried.as_ref().and_then(|carried| carried.0.as_ref()).map(Collecting::entered);
        let polled = self.future.as_mut().poll(context);
        drop(entered);
        if polled.is_ready() {
            self.carried = None;
        }
        polled
    }
}

/// The future of a computation, which is entered each time it is polled.
pub(crate) struct InScope<F> {
    pub(crate) scope: Collecting,
    pub(crate) future: Pin<Box<F>>,
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = (!is_planted_in_turn(Mistake::Tasks)).then(|| self.scope.entered());
        self.future.as_mut().poll(context)
    }
}
