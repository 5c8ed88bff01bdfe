//! Holds the tags of a memory store: cells to which entries point, so that a hit looks nothing up twice.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use quick_cache::DefaultHashBuilder;

use crate::clock::Timestamp;
use crate::name::tag::{Tag, TagKind, Token};
use crate::protocol::intent::{Keeping, Outcome, Seed, TagState, TagValue, Writer};
use crate::store::cells::steady::Changing;
use crate::sync::Mutex;

mod held;
mod steady;

pub(super) use held::HeldCells;

/// One tag. The token and the moment at which it dies are beside the state too, for those who only read.
///
/// Only the holder of `state` writes the two numbers. The token is written first and the deadline is
/// read first, so that nobody sees a token with the deadline of a later one.
#[derive(Debug)]
pub(super) struct Cell {
    kind: TagKind,
    token: AtomicU64,
    dies_at: AtomicU64,
    state: Mutex<TagState>,
    /// Its token was given to a fill since the last sweep.
    is_awaited: AtomicBool,
}

impl Cell {
    fn new(kind: TagKind) -> Self {
        let (token, dies_at) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { kind, token, dies_at, state: Mutex::default(), is_awaited: AtomicBool::new(false) }
    }

    pub(super) fn kind(&self) -> TagKind {
        self.kind
    }

    /// The token, unless an intent has killed it.
    pub(super) fn token(&self, now: Timestamp) -> Option<Token> {
        let (token, dies_at) = self.read();
        (now < dies_at).then_some(token)
    }

    /// When `token` dies, as far as is known by now; at the beginning of time if it is not the present one.
    #[inline]
    pub(super) fn end_of(&self, token: Token) -> Timestamp {
        let (present, dies_at) = self.read();
        if present == token { dies_at } else { Timestamp::from_nanos(0) }
    }

    #[inline]
    fn read(&self) -> (Token, Timestamp) {
        let dies_at = Timestamp::from_nanos(self.dies_at.load(Ordering::SeqCst));
        (Token::from_bits(self.token.load(Ordering::SeqCst)), dies_at)
    }

    fn seed(&self, now: Timestamp) -> Seed {
        self.is_awaited.store(true, Ordering::Relaxed);
        // A cell lives as long as an entry that holds it, and is swept later.
        self.change(|state| state.seed(Token::fresh_in_memory(), Keeping::Long, now))
    }

    fn place(&self, writer: Writer, life: Duration, now: Timestamp) {
        self.change(|state| state.place(writer, life, now));
    }

    fn release(&self, writer: Writer, outcome: Outcome, now: Timestamp) {
        self.change(|state| state.release(writer, outcome, Token::fresh_in_memory(), now));
    }

    fn replace(&self, writer: Writer, held: Token, now: Timestamp) -> Option<Token> {
        let fresh = Token::fresh_in_memory();
        self.change(|state| state.replace(writer, (held, fresh), now)).then_some(fresh)
    }

    fn has_intents(&self, now: Timestamp) -> bool {
        self.state.lock().intents.iter().any(|(_, deadline)| *deadline > now)
    }

    fn change<T>(&self, work: impl FnOnce(&mut TagState) -> T) -> T {
        let mut state = self.state.lock();
        let result = work(&mut state);
        let (token, dies_at) = match state.held {
            Some(held @ TagValue::Token { token, .. }) => (token, held.expires_at()),
            _ => (Token::from_bits(self.token.load(Ordering::SeqCst)), Timestamp::from_nanos(0)),
        };
        if self.read() != (token, dies_at) {
            let _changing = steady::is_steady(self.kind).then(Changing::begin);
            self.token.store(token.bits(), Ordering::SeqCst);
            self.dies_at.store(dies_at.as_nanos(), Ordering::SeqCst);
        }
        result
    }
}

/// All cells that anybody holds, found by their tag.
///
/// A cell that nobody holds may be swept: whoever asks for its tag later gets a new cell with a new token,
/// and no entry can match that. The first sweep after its token was given to a fill leaves it, so that other loads do not
/// keep the fill from being stored.
#[derive(Debug)]
pub(super) struct Cells {
    shards: Box<[Mutex<Shard>]>,
    hasher: DefaultHashBuilder,
}

#[derive(Debug, Default)]
struct Shard {
    cells: HashMap<Tag, Arc<Cell>, DefaultHashBuilder>,
    sweep_at: usize,
}

impl Cells {
    const SHARDS: usize = 32;
    const FIRST_SWEEP: usize = 64;

    pub(super) fn new() -> Self {
        Self { shards: (0..Self::SHARDS).map(|_| Mutex::default()).collect(), hasher: DefaultHashBuilder::default() }
    }

    /// The cell of `tag`, if anybody holds it.
    pub(super) fn find(&self, tag: &Tag) -> Option<Arc<Cell>> {
        self.shard(tag).lock().cells.get(tag).cloned()
    }

    pub(super) fn seed(&self, tag: &Tag, now: Timestamp) -> Seed {
        self.with(tag, now, |cell| cell.seed(now))
    }

    pub(super) fn place(&self, writer: Writer, tag: &Tag, life: Duration, now: Timestamp) {
        self.with(tag, now, |cell| cell.place(writer, life, now));
    }

    pub(super) fn release(&self, writer: Writer, tag: &Tag, outcome: Outcome, now: Timestamp) {
        if let Outcome::Open(_) | Outcome::Unknown(_) = outcome {
            return self.with(tag, now, |cell| cell.release(writer, outcome, now));
        }
        // Without a cell there is no entry and no fill that depends on the tag.
        if let Some(cell) = self.shard(tag).lock().cells.get(tag) {
            cell.release(writer, outcome, now);
        }
    }

    /// Releases a change; gives the present token if the tag held the token `held` until then.
    pub(super) fn replace(&self, writer: Writer, (tag, held): (&Tag, Token), now: Timestamp) -> Option<Token> {
        self.shard(tag).lock().cells.get(tag)?.replace(writer, held, now)
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().cells.len()).sum()
    }

    /// Works under the shard's lock, so that a sweep cannot part the cell from its tag meanwhile.
    fn with<T>(&self, tag: &Tag, now: Timestamp, work: impl FnOnce(&Cell) -> T) -> T {
        let mut shard = self.shard(tag).lock();
        if let Some(cell) = shard.cells.get(tag) {
            return work(cell);
        }
        shard.sweep_if_grown(now);
        let cell = Arc::new(Cell::new(tag.kind()));
        let result = work(&cell);
        shard.cells.insert(*tag, cell);
        result
    }

    fn shard(&self, tag: &Tag) -> &Mutex<Shard> {
        // The upper bits: the map inside the shard uses the lower ones.
        let hash = (self.hasher.hash_one(tag) >> 48) as usize;
        &self.shards[hash % Self::SHARDS]
    }
}

impl Shard {
    fn sweep_if_grown(&mut self, now: Timestamp) {
        if self.cells.len() < self.sweep_at.max(Cells::FIRST_SWEEP) {
            return;
        }
        self.cells.retain(|_, cell| {
            let is_awaited = cell.is_awaited.swap(false, Ordering::Relaxed);
            is_awaited || Arc::strong_count(cell) > 1 || cell.has_intents(now)
        });
        self.sweep_at = self.cells.len() * 2;
    }
}
