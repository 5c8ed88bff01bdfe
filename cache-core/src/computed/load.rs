//! Carries a computation through the store: what is the same whether it is awaited or not.

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use crate::cache::Cache;
use crate::cache::mode::Mode;
use crate::computed::computation::Computation;
use crate::computed::entry::{CachedEntry, Origin};
use crate::computed::form::{Form, Kept};
use crate::entry::{Life, Value};
use crate::name::tag::{Tag, Token};
use crate::observe::event::Event;
use crate::observe::report;
use crate::protocol::collect::Unkept;
use crate::protocol::miss::Miss;
use crate::protocol::settle::Former;
use crate::read::collect::Collecting;
use crate::read::fill::{Fill, Sought, Start};
use crate::read::settle::{Conclusion, Loaded, Settlement};
use crate::read::{Missed, Reader};
use crate::runtime::refresh::Claim;
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

/// A computation that is about to be made.
pub(super) struct Load {
    pub(super) fill: Option<Box<Fill>>,
    pub(super) cause: Miss,
    pub(super) scope: Collecting,
    began: Instant,
}

impl Computation<'_> {
    /// Looks in the cache, and counts.
    pub(super) fn look<T: Clone + Send + Sync + 'static>(&self, form: Form<T>) -> Looked<T> {
        let reader = self.reader();
        if self.cache.mode() == Mode::Off {
            return Looked::Off;
        }
        if self.is_refreshed {
            reader.miss(Miss::Refresh, || self.key().id);
            return Looked::Missed(Miss::Refresh.into());
        }
        match self.find(form) {
            Ok(entry) if !entry.is_stale() => {
                reader.hit(|| self.key().id);
                Looked::Found(entry)
            }
            Ok(entry) => match self.claim() {
                Some(claim) => Looked::Stale(entry, claim),
                None => {
                    reader.stale_hit(|| self.key().id);
                    Looked::Found(entry)
                }
            },
            Err(missed) => {
                reader.miss(missed.cause, || self.key().id);
                Looked::Missed(missed)
            }
        }
    }

    fn claim(&self) -> Option<Claim> {
        (self.cache.mode() == Mode::Normal).then(|| self.cache.claim_refresh(self.key())).flatten()
    }

    /// What is cached. Nothing is counted.
    pub(super) fn find<T: Clone + Send + Sync + 'static>(&self, form: Form<T>) -> Result<CachedEntry<T>, Missed> {
        let (reader, key, own) = (self.reader(), self.key(), self.own());
        let found = match reader.find(&key) {
            Some(found) => found,
            None => reader.look_up(&Wanted { key, tags: &|| own.to_vec(), codec: form.codec })?,
        };
        self.serve(found.0, found.1).ok_or_else(|| Miss::Foreign.into())
    }

    /// What was found, which counts for the computation that this one is a part of.
    pub(super) fn serve<T: Clone + Send + Sync + 'static>(&self, value: Value, life: Life) -> Option<CachedEntry<T>> {
        let kept = Kept::<T>::of(value)?;
        if let Some(outer) = Collecting::current() {
            outer.hand_on(&self.cache, &kept.tokens);
        }
        let origin = if life.is_stale(self.cache.now()) { Origin::Stale } else { Origin::Hit };
        Some(CachedEntry::new(kept.value.clone(), origin, Some(life)).under(kept.state))
    }

    /// After a miss: who computes?
    pub(super) fn start(&self, missed: &Missed) -> Start {
        let own = self.own();
        let seen = if missed.cause.may_pass() { &*missed.seen } else { &[] };
        self.reader().start(&Sought { seen, ..Sought::new(self.key(), &own, &[]) })
    }

    /// Looks once more, now that nobody else computes the same; waits for another process for `budget` at most.
    pub(super) fn approach<T: Clone + Send + Sync + 'static>(
        &self,
        mut fill: Box<Fill>,
        cause: Miss,
        (form, budget): (Form<T>, Duration),
    ) -> Result<CachedEntry<T>, Box<Fill>> {
        if !cause.may_pass() {
            return Err(fill);
        }
        let reader = self.reader();
        let accept = |value: Value, life: Life| self.serve::<T>(value.clone(), life).map(|entry| (entry, value, life));
        match fill.approach(&reader, budget, form.codec, accept) {
            Some((entry, value, life)) => {
                fill.hand_on(value, life);
                Ok(entry.from(Origin::Miss))
            }
            None => Err(fill),
        }
    }

    /// The refresh of a stale value by whoever claims it; `None`: another process is at it.
    pub(super) fn begin_refresh(&self) -> Option<Load> {
        let Start::Lead(mut fill) = self.start(&Miss::Stale.into()) else { return None };
        fill.is_first(&self.reader()).then(|| self.begin(Some(fill), Miss::Stale))
    }

    /// The computation begins.
    pub(super) fn begin(&self, fill: Option<Box<Fill>>, cause: Miss) -> Load {
        let (reader, scope) = (self.reader(), Collecting::begin(&self.cache));
        let own = match &fill {
            Some(fill) => Some(fill.seeds().to_vec()),
            None => reader.seed(&self.own()),
        };
        match own {
            Some(seeds) => scope.note_own(&seeds),
            None => scope.refuse_own(Unkept::StoreFailed),
        }
        Load { fill, cause, scope, began: Instant::now() }
    }

    /// Stores what was computed, and hands it to those who wait.
    pub(super) fn conclude<T: Clone + Send + Sync + 'static>(
        &self,
        load: Load,
        value: T,
        form: Form<T>,
    ) -> CachedEntry<T> {
        let Load { fill, cause, scope, began } = load;
        let reader = self.reader();
        let measured = form.measure(&value).map_err(|_| Unkept::Unsayable);
        let kept = measured.and_then(|measured| Ok((measured, scope.verdict(self.own().len(), self.needs)?)));
        let (loaded, tokens, state) = match kept {
            Err(reason) => {
                self.tell_unkept(&reader, reason);
                (None, Vec::new(), None)
            }
            Ok(((weight, is_nothing), tokens)) => {
                let lifetime = match self.negative.filter(|_| is_nothing) {
                    Some(negative) => negative.into(),
                    None => self.lifetime,
                };
                let kept = Arc::new(Kept::new(value.clone(), tokens.clone()));
                let state = Some(kept.state);
                (Some(Loaded { value: Value::Shared(kept), weight, codec: form.codec, lifetime }), tokens, state)
            }
        };
        let weight = loaded.as_ref().map(|loaded| loaded.weight);
        let life = self.settle(&reader, (fill, cause), loaded, tokens);
        if let Some((weight, _)) = weight.zip(life) {
            let (manager, key, took) = (&*self.manager, &*self.name, began.elapsed());
            self.cache.tell(&Event::Computed { manager, key, weight, took });
        }
        let entry = CachedEntry::new(value, Origin::Miss, life);
        match state {
            Some(state) => entry.under(state),
            None => entry,
        }
    }

    fn settle(
        &self,
        reader: &Reader<'_>,
        (fill, cause): (Option<Box<Fill>>, Miss),
        loaded: Option<Loaded>,
        tokens: Vec<(Tag, Token)>,
    ) -> Option<Life> {
        let shared = loaded.as_ref().map(|loaded| (loaded.value.clone(), loaded.lifetime));
        let seeds = tokens.iter().map(|(tag, token)| (*tag, Seed { token: *token, is_intended: false })).collect();
        let tags = tokens.into_iter().map(|(tag, _)| tag).collect();
        let keep = loaded.map(|loaded| (loaded, tags));
        let verdicts = vec![Settlement { key: self.key(), former: Former::of(cause), keep }];
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

    fn tell_unkept(&self, reader: &Reader<'_>, reason: Unkept) {
        let (manager, key) = (&*self.manager, &*self.name);
        reader.cache.tell(&Event::Unkept { manager, key, reason });
        if reason != Unkept::Changed && reason != Unkept::StoreFailed {
            say_once(manager, key, reason);
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
