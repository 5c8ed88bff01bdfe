//! Carries a computation through the store: what is the same whether it is awaited or not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use crate::cache::Cache;
use crate::cache::mode::Mode;
use crate::clock::Timestamp;
use crate::computed::computation::Computation;
use crate::computed::entry::{CachedEntry, Origin};
use crate::computed::form::{Form, Kept};
use crate::entry::{Life, Value};
use crate::name::key::CacheKey;
use crate::name::tag::{Tag, Token};
use crate::observe::event::Event;
use crate::observe::report;
use crate::planted::{Mistake, is_planted};
use crate::protocol::collect::{Needs, Unkept, may_lag};
use crate::protocol::miss::Miss;
use crate::protocol::settle::Former;
use crate::protocol::wait::Wait;
use crate::read::collect::Collecting;
use crate::read::fill::{Fill, Sought, Start};
use crate::read::settle::{Conclusion, Loaded, Settlement};
use crate::read::{Missed, Reader};
use crate::runtime::refresh::Claim;
use crate::setting::policy::{Lifetime, Timeout};
use crate::store::{Seed, Wanted};
use crate::sync::Mutex;

/// How a computation goes on once the cache was looked at.
pub(super) enum Looked<T> {
    /// It is answered.
    Found(CachedEntry<T>),
    /// It is answered, and this caller has to refresh it.
    Stale(CachedEntry<T>, Claim),
    /// It has to be computed.
    Missed(Missed),
    /// It has to be computed, and nothing is stored.
    Off,
}

/// What comes of the refresh of a stale value.
pub(super) enum Refresh<T> {
    /// Another process is at it.
    Another,
    /// It is to be computed.
    Begun(Load),
    /// Somebody has been faster.
    Done(CachedEntry<T>),
}

/// A computation that is about to be made.
pub(super) struct Load {
    pub(super) fill: Option<Box<Fill>>,
    pub(super) cause: Miss,
    pub(super) scope: Collecting,
    began: Instant,
    began_at: Timestamp,
}

/// What is stored of a value that was computed, and the tokens that it is stored under.
#[derive(Default)]
struct Keeps {
    entries: Vec<(CacheKey, Loaded, Vec<Tag>)>,
    seeds: Vec<(Tag, Seed)>,
}

impl Keeps {
    fn add(&mut self, key: CacheKey, loaded: Loaded, tokens: Vec<(Tag, Token)>) {
        self.entries.push((key, loaded, tokens.iter().map(|(tag, _)| *tag).collect()));
        self.seeds.extend(tokens.into_iter().map(|(tag, token)| (tag, Seed { token, is_intended: false })));
    }

    /// The same, in front of the others: those who wait are given it.
    fn add_first(&mut self, key: CacheKey, loaded: Loaded, tokens: Vec<(Tag, Token)>) {
        self.add(key, loaded, tokens);
        self.entries.rotate_right(1);
    }
}

impl Computation<'_> {
    /// Looks in the cache, and counts.
    pub(super) fn look<T: Clone + Send + Sync + 'static>(&self, form: Form<T>) -> Looked<T> {
        let reader = self.reader();
        if self.of.cache.mode() == Mode::Off {
            return Looked::Off;
        }
        if self.is_refreshed || self.of.cache.is_shadow() {
            reader.miss(Miss::Refresh, || self.id());
            return Looked::Missed(Miss::Refresh.into());
        }
        if let Some(entry) = self.at_hand(form) {
            return Looked::Found(entry);
        }
        match self.find(form) {
            Ok(entry) if !entry.is_stale() => {
                reader.hit(|| self.id());
                Looked::Found(entry)
            }
            Ok(entry) => match self.claim(form) {
                Some(claim) => Looked::Stale(entry, claim),
                None => {
                    reader.stale_hit(|| self.id());
                    Looked::Found(entry)
                }
            },
            Err(missed) => {
                reader.miss(missed.cause, || self.id());
                Looked::Missed(missed)
            }
        }
    }

    /// What this process has in its memory, fresh and current, without a call to any store. Counted as the hit that it is.
    pub(super) fn at_hand<T: Clone + Send + Sync + 'static>(&self, form: Form<T>) -> Option<CachedEntry<T>> {
        if self.is_past_cache() {
            return None;
        }
        let (value, life) = self.reader().find(&self.key(form))?;
        let entry = self.serve(value, life).filter(|entry: &CachedEntry<T>| !entry.is_stale())?;
        self.reader().hit(|| self.id());
        Some(entry)
    }

    /// Whether what is kept is of no use to this call.
    fn is_past_cache(&self) -> bool {
        self.is_refreshed || self.of.cache.is_shadow() || self.of.cache.mode() == Mode::Off
    }

    fn claim<T>(&self, form: Form<T>) -> Option<Claim> {
        (self.of.cache.mode() == Mode::Normal).then(|| self.of.cache.claim_refresh(self.key(form))).flatten()
    }

    /// What is cached. Nothing is counted.
    pub(super) fn find<T: Clone + Send + Sync + 'static>(&self, form: Form<T>) -> Result<CachedEntry<T>, Missed> {
        let (value, life) = match self.find_under(self.key(form), form) {
            Ok(found) => found,
            Err(missed) => return self.find_lagging(form).ok_or(missed),
        };
        self.serve(value, life).ok_or_else(|| Miss::Foreign.into())
    }

    /// The value from before a write that it may lag behind. No computation that it is a part of is current.
    fn find_lagging<T: Clone + Send + Sync + 'static>(&self, form: Form<T>) -> Option<CachedEntry<T>> {
        self.lag?;
        let (value, life) = self.find_under(self.lagging_key(form), form).ok()?;
        let kept = Kept::<T>::of(value)?;
        if let Some(outer) = Collecting::current() {
            outer.refuse(Unkept::Changed);
            kept.ends_at.into_iter().for_each(|moment| outer.end_by(moment));
        }
        let entry = CachedEntry::new(kept.value.clone(), Origin::Hit, Some(life));
        Some(if kept.tokens.is_empty() { entry } else { entry.under(kept.state) })
    }

    fn find_under<T: Clone + Send + Sync + 'static>(
        &self,
        key: CacheKey,
        form: Form<T>,
    ) -> Result<(Value, Life), Missed> {
        let reader = self.reader();
        match reader.find(&key) {
            Some(found) => Ok(found),
            None => reader.look_up(&Wanted { key, tags: &|| self.own(), codec: form.codec }),
        }
    }

    /// What was found, which counts for the computation that this one is a part of.
    pub(super) fn serve<T: Clone + Send + Sync + 'static>(&self, value: Value, life: Life) -> Option<CachedEntry<T>> {
        let kept = Kept::<T>::of(value)?;
        if let Some(outer) = Collecting::current().filter(|_| !is_planted(Mistake::Nested)) {
            outer.hand_on(&self.of.cache, &kept.tokens, kept.ends_at.filter(|_| !is_planted(Mistake::Ends)));
        }
        let is_stale = life.may_be_stale() && life.is_stale(self.of.cache.now());
        let origin = if is_stale { Origin::Stale } else { Origin::Hit };
        Some(CachedEntry::new(kept.value.clone(), origin, Some(life)).under(kept.state))
    }

    /// After a miss: who computes?
    pub(super) fn start<T>(&self, missed: &Missed, form: Form<T>) -> Start {
        let own = self.own();
        let seen = if missed.cause.may_pass() { &*missed.seen } else { &[] };
        self.reader().start(&Sought { seen, ..Sought::new(self.key(form), &own, &[]) })
    }

    /// Looks once more, now that nobody else computes the same; waits for another process as `wait` says.
    pub(super) fn approach<T: Clone + Send + Sync + 'static>(
        &self,
        mut fill: Box<Fill>,
        cause: Miss,
        (form, wait): (Form<T>, Wait),
    ) -> Result<CachedEntry<T>, Box<Fill>> {
        if !cause.may_pass() {
            return Err(fill);
        }
        let reader = self.reader();
        let accept = |value: Value, life: Life| self.serve::<T>(value.clone(), life).map(|entry| (entry, value, life));
        match fill.approach(&reader, wait, form.codec, accept) {
            Some((entry, value, life)) => {
                fill.hand_on(value, life);
                Ok(entry.from(Origin::Miss))
            }
            None => Err(fill),
        }
    }

    /// The refresh of a stale value by whoever claims it.
    pub(super) fn begin_refresh<T: Clone + Send + Sync + 'static>(&self, form: Form<T>) -> Refresh<T> {
        let Start::Lead(mut fill) = self.start(&Miss::Stale.into(), form) else { return Refresh::Another };
        if !fill.is_first(&self.reader()) {
            return Refresh::Another;
        }
        // Somebody may have been faster, between the look and the claim.
        match self.find(form) {
            Ok(entry) if !entry.is_stale() => Refresh::Done(entry),
            _ => Refresh::Begun(self.begin(Some(fill), Miss::Stale)),
        }
    }

    /// The computation begins.
    pub(super) fn begin(&self, fill: Option<Box<Fill>>, cause: Miss) -> Load {
        let (reader, began_at) = (self.reader(), self.of.cache.now());
        let scope = Collecting::begin(&self.of.cache, fill.as_ref().map(|fill| fill.flight()));
        let own = match &fill {
            Some(fill) => Some(fill.seeds().to_vec()),
            None => reader.seed(&self.own()),
        };
        match own {
            Some(seeds) => scope.note_own(&seeds),
            None => scope.refuse_own(Unkept::StoreFailed),
        }
        Load { fill, cause, scope, began: Instant::now(), began_at }
    }

    /// Stores what was computed, and hands it to those who wait.
    pub(super) fn conclude<T: Clone + Send + Sync + 'static>(
        &self,
        load: Load,
        value: T,
        form: Form<T>,
    ) -> CachedEntry<T> {
        let (reader, scope) = (self.reader(), &load.scope);
        let size = form.measure(&value).map_err(|_| Unkept::Unsayable);
        let verdict = size.and_then(|_| scope.verdict(self.own().len(), self.needs));
        if let Err(reason) = &verdict {
            self.tell_unkept(&reader, *reason);
        }
        let (weight, is_nothing) = size.unwrap_or_default();
        let (lifetime, ends_at) = self.life_of(is_nothing, scope);
        let lag =
            self.lag.filter(|lag| may_lag(*lag, reader.now().since(load.began_at), verdict.as_ref().err().copied()));
        let lagging = lag.zip(scope.tokens_of(&self.own()));
        let codec = form.codec;
        let loaded =
            |kept, lifetime, begins_at| Loaded { value: Value::Shared(kept), weight, codec, lifetime, begins_at };
        let mut keeps = Keeps::default();
        // It is in the same state for as long as it lags.
        if let Some((lag, own)) = lagging {
            let tokens = verdict.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
            let kept = Arc::new(Kept::new(value.clone(), tokens, ends_at));
            let lifetime = Lifetime::from(Timeout::after(lag).shorter(lifetime.timeout));
            keeps.add(self.lagging_key(form), loaded(kept, lifetime, Some(load.began_at)), own);
        }
        let state = verdict.ok().map(|tokens| {
            let kept = Arc::new(Kept::new(value.clone(), tokens.clone(), ends_at));
            let state = kept.state;
            keeps.add_first(self.key(form), loaded(kept, lifetime, None), tokens);
            state
        });
        let Load { fill, cause, began, .. } = load;
        let Some(life) = settle(&reader, self.key(form), (fill, cause), keeps) else {
            return CachedEntry::new(value, Origin::Miss, None);
        };
        let (manager, key, took) = (self.of.label, &*self.name.text(), began.elapsed());
        self.of.cache.tell(&Event::Computed { manager, key, weight, took });
        let entry = CachedEntry::new(value, Origin::Miss, Some(life));
        state.map_or(entry.clone(), |state| entry.under(state))
    }

    /// How long a value lives, and when it ends without a write: with the first of what was read for it that does, and if it
    /// depends on nothing, by its age. `is_nothing`: it is `None`.
    fn life_of(&self, is_nothing: bool, scope: &Collecting) -> (Lifetime, Option<Timestamp>) {
        let now = self.of.cache.now();
        let mut lifetime = self.negative.filter(|_| is_nothing).map_or(self.lifetime, Lifetime::from);
        let mut ends_at = scope.ends_at();
        if let Some(moment) = ends_at {
            lifetime.timeout = lifetime.timeout.shorter(Timeout::after(moment.since(now)));
        }
        if self.needs == Needs::Nothing && lifetime.timeout != Timeout::NEVER {
            let moment = lifetime.timeout.deadline(now);
            ends_at = Some(moment);
            scope.outer().into_iter().for_each(|outer| outer.end_by(moment));
        }
        (lifetime, ends_at)
    }

    fn tell_unkept(&self, reader: &Reader<'_>, reason: Unkept) {
        let (manager, key) = (self.of.label, &*self.name.text());
        reader.cache.tell(&Event::Unkept { manager, key, reason });
        if reason != Unkept::Changed && reason != Unkept::StoreFailed {
            say_once(manager, key, reason);
        }
    }
}

/// Stores what is kept, if anything is; otherwise what is there under its `own` key ends.
fn settle(
    reader: &Reader<'_>,
    own: CacheKey,
    (fill, cause): (Option<Box<Fill>>, Miss),
    Keeps { entries, seeds }: Keeps,
) -> Option<Life> {
    let shared = entries.first().map(|(_, loaded, _)| (loaded.value.clone(), loaded.lifetime));
    let former = Former::of(cause);
    let mut verdicts: Vec<Settlement> =
        entries.into_iter().map(|(key, loaded, tags)| Settlement { key, former, keep: Some((loaded, tags)) }).collect();
    if verdicts.iter().all(|verdict| verdict.key != own) {
        verdicts.push(Settlement { key: own, former, keep: None });
    }
    match (fill, shared) {
        (Some(fill), Some(shared)) => Some(fill.conclude(reader, Conclusion { shared, late: seeds, verdicts })),
        (_, None) => {
            reader.settle(None, verdicts);
            None
        }
        (None, Some((_, lifetime))) => {
            reader.settle(Some(&seeds), verdicts);
            Some(Life::starting(reader.now(), lifetime))
        }
    }
}

/// What keeps a value out of the cache every time is said once for each function, and each key.
fn say_once(manager: &str, key: &str, reason: Unkept) {
    /// Keys may be made of what outsiders say.
    const MOST: usize = 64;
    static SAID: Mutex<BTreeSet<(String, Unkept)>> = Mutex::new(BTreeSet::new());
    let name = if manager == Cache::COMPUTED { key } else { manager };
    let mut said = SAID.lock();
    let is_news = said.len() < MOST && said.insert((name.to_owned(), reason));
    // No lock is held while the program's logger runs.
    drop(said);
    if is_news {
        report::warn(format_args!("the computed value `{name}` is not kept: {reason}"));
    }
}
