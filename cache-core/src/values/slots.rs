//! Reads and changes slots through the guard of the store.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::cache::Cache;
use crate::entry::{Life, Worth};
use crate::error::{Error, ErrorKind, Result};
use crate::name::key::{CacheKey, Kind};
use crate::name::tag::{Tag, Token};
use crate::observe::operation::Operation;
use crate::observe::statistics::StoreCounter;
use crate::protocol::miss::Miss;
use crate::protocol::wait::{Wait, WaitStep};
use crate::read::Reader;
use crate::runtime::guard::CallFailure;
use crate::setting::policy::Timeout;
use crate::store::{Body, Content, Exchange, Exchanged, Expiry, Mark, Replacement, Slot, Slots, same_length};
use crate::values::form::EncodedValue;

/// What a call makes of a slot that it has seen.
pub(super) enum SlotStep<T> {
    /// It stays.
    Leave(T),
    /// It becomes something else; `None`: nothing.
    Replace(Option<Replacement>, T),
}

/// A slot, and the token of the whole cache that was read with it.
pub(super) struct SlotState {
    pub(super) slot: Option<Slot>,
    pub(super) token: Token,
}

/// Whether a slot is opened that is not there.
#[derive(Clone, Copy)]
pub(super) enum Glance {
    Open,
    Peek,
}

impl SlotState {
    /// The value, if there is one to be served.
    pub(super) fn value(self) -> Option<(Body, Life)> {
        match self.slot?.content {
            Content::Value(body, life) => Some((body, life)),
            _ => None,
        }
    }

    pub(super) fn has_value(&self) -> bool {
        matches!(&self.slot, Some(Slot { content: Content::Value(..), .. }))
    }
}

/// The value in a slot, or why there is none.
pub(super) fn serve(slot: Option<Slot>) -> core::result::Result<Body, Miss> {
    match slot.ok_or(Miss::Absent)?.content {
        Content::Value(body, _) => Ok(body),
        Content::Spent(Worth::Changed(kind)) => Err(Miss::Changed(kind)),
        Content::Spent(Worth::Expired) => Err(Miss::Expired),
        Content::Spent(Worth::Unreadable(flaw)) => Err(Miss::Unreadable(flaw)),
        Content::Spent(Worth::Fresh | Worth::Stale) | Content::Vacant => Err(Miss::Absent),
    }
}

impl Cache {
    /// Who reads what was set by hand.
    pub(super) fn value_reader(&self) -> Reader<'_> {
        Reader { cache: self, manager: Self::VALUES, kind: Kind::Value, counters: &self.0.values }
    }

    pub(super) fn peek(&self, key: &CacheKey) -> core::result::Result<Option<Slot>, CallFailure> {
        let now = self.now();
        self.store().call(Operation::Get, |store| {
            let Some(slots) = store.slots() else { return Ok(None) };
            if let Some(slot) = slots.find_slot(key, now) {
                return Ok(Some(slot));
            }
            Ok(same_length(slots.peek(core::slice::from_ref(key), &[Tag::root()], now)?.slots, 1)?.pop().flatten())
        })
    }

    pub(super) fn peek_many(&self, keys: &[CacheKey]) -> core::result::Result<Vec<Option<Slot>>, CallFailure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.peek_with(keys)?.slots)
    }

    /// Looks at slots, with the token of the whole cache.
    fn peek_with(&self, keys: &[CacheKey]) -> core::result::Result<Slots, CallFailure> {
        self.store().call(Operation::Get, |store| {
            let Some(slots) = store.slots() else {
                return Ok(Slots { slots: vec![None; keys.len()], tokens: vec![None] });
            };
            let seen = slots.peek(keys, &[Tag::root()], self.now())?;
            Ok(Slots { slots: same_length(seen.slots, keys.len())?, ..seen })
        })
    }

    /// Opens slots. Without a token of the whole cache no value is served, and one is seeded.
    pub(super) fn open(&self, keys: &[CacheKey]) -> core::result::Result<(Vec<Option<Slot>>, Token), CallFailure> {
        let root = [Tag::root()];
        let vacant = || Some(Slot { mark: Mark::fresh(), content: Content::Vacant });
        let (slots, token) = self.store().call(Operation::Open, |store| {
            let Some(store) = store.slots() else { return Ok((keys.iter().map(|_| vacant()).collect(), None)) };
            let Slots { slots, tokens } = store.open(keys, &root, self.now())?;
            Ok((same_length(slots, keys.len())?, tokens.first().copied().flatten()))
        })?;
        if let Some(token) = token {
            return Ok((slots, token));
        }
        let seeds = self.store().call(Operation::Seed, |store| store.seed(&root, &[], self.now()))?.seeds;
        Ok((slots, seeds.first().map_or_else(Token::fresh, |seed| seed.token)))
    }

    pub(super) fn exchange(&self, exchanges: Vec<Exchange>) -> core::result::Result<Vec<Exchanged>, CallFailure> {
        if exchanges.is_empty() {
            return Ok(Vec::new());
        }
        let count = exchanges.len();
        self.store().call(Operation::Exchange, |store| {
            let Some(slots) = store.slots() else { return Ok(vec![Exchanged::Declined; count]) };
            same_length(slots.exchange(exchanges, self.now())?, count)
        })
    }

    pub(super) fn exchange_one(
        &self,
        key: &CacheKey,
        mark: Mark,
        with: Option<Replacement>,
    ) -> core::result::Result<Exchanged, CallFailure> {
        let exchanged = self.exchange(vec![Exchange { key: *key, mark, with }])?;
        Ok(exchanged.first().copied().unwrap_or(Exchanged::Declined))
    }

    /// Changes a slot as `decide` says, again and again until nobody has come in between. Says whether anything is kept
    /// that was to be.
    pub(super) fn change<T>(
        &self,
        key: &CacheKey,
        glance: Glance,
        mut decide: impl FnMut(SlotState) -> Result<SlotStep<T>>,
    ) -> Result<(T, bool)> {
        let mut patience = Patience::new();
        loop {
            let seen = self.glance(key, glance).map_err(|trouble| self.value_trouble(trouble, "reading a value"))?;
            let mark = seen.slot.as_ref().map(|slot| slot.mark);
            let (with, answer) = match decide(seen)? {
                SlotStep::Leave(answer) => return Ok((answer, false)),
                SlotStep::Replace(with, answer) => (with, answer),
            };
            let Some(mark) = mark else { return Ok((answer, false)) };
            let exchanged = self.exchange_one(key, mark, with);
            match exchanged.map_err(|trouble| self.value_trouble(trouble, "changing a value"))? {
                Exchanged::Done => return Ok((answer, true)),
                Exchanged::Declined => return Ok((answer, false)),
                Exchanged::Changed => patience.wait()?,
            }
        }
    }

    /// What a slot is to hold from now on.
    pub(super) fn replacement(&self, parcel: &EncodedValue, timeout: Timeout, token: Token) -> Replacement {
        Replacement {
            body: parcel.body.clone(),
            life: Life::starting(self.now(), timeout),
            expiry: Expiry::OfLife,
            tokens: vec![(Tag::root(), token)],
            weight: parcel.weight,
        }
    }

    /// Removes what cannot be read, unless somebody has written meanwhile.
    pub(super) fn drop_unreadable(&self, key: &CacheKey, mark: Mark) {
        self.store().ledger.store.count(StoreCounter::Unreadable);
        // The read is answered already; what stays is found unreadable again by the next one.
        drop(self.exchange_one(key, mark, None));
    }

    /// The error of a call about a value; it is counted.
    pub(super) fn value_trouble(&self, trouble: CallFailure, doing: &str) -> Error {
        self.value_reader().note(&trouble);
        trouble.into_error(doing)
    }

    fn glance(&self, key: &CacheKey, glance: Glance) -> core::result::Result<SlotState, CallFailure> {
        match glance {
            Glance::Open => {
                let (mut slots, token) = self.open(core::slice::from_ref(key))?;
                Ok(SlotState { slot: slots.pop().flatten(), token })
            }
            Glance::Peek => {
                let mut seen = self.peek_with(core::slice::from_ref(key))?;
                // Without the tag's token no value is to be served, and none is replaced.
                let token = seen.tokens.pop().flatten().unwrap_or_else(Token::fresh);
                Ok(SlotState { slot: seen.slots.pop().flatten(), token })
            }
        }
    }
}

/// How long somebody tries whom others keep overtaking.
struct Patience {
    began: Instant,
    wait: Wait,
    at_once: u32,
}

impl Patience {
    /// So often it is tried again without a pause.
    const AT_ONCE: u32 = 16;
    const LONGEST: Duration = Duration::from_secs(5);

    fn new() -> Self {
        Self { began: Instant::now(), wait: Wait::new(Self::LONGEST), at_once: Self::AT_ONCE }
    }

    fn wait(&mut self) -> Result<()> {
        if self.at_once > 0 {
            self.at_once -= 1;
            thread::yield_now();
            return Ok(());
        }
        match self.wait.next(self.began.elapsed()) {
            WaitStep::Nap(nap) => {
                // Those who wait should not all come back at once.
                let share = (Token::fresh().bits() % 64) as u32 + 1;
                thread::sleep(nap * share / 64);
                Ok(())
            }
            WaitStep::GiveUp => {
                Err(Error::new(ErrorKind::Store, "changing a value").with_source("others kept changing it"))
            }
        }
    }
}
