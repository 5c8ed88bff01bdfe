//! What a moment of the world is made of.

use cache_core::intent::TagState;
use cache_core::protocol::candidate::Ground;
use cache_core::protocol::fill::SeededTag;
use cache_core::{Tag, Timestamp, Token};

use crate::through::Left;

/// No time passes.
pub(super) const NOW: Timestamp = Timestamp::from_nanos(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(super) tags: Vec<TagState>,
    pub(super) entry: Option<Entry>,
    pub(super) fill: Option<Fill>,
    /// The first one stores its row.
    pub(super) writers: Vec<Writer>,
    /// What the row may be stored under.
    pub(super) ground: Ground,
    /// The writers whose work has taken effect, in order.
    pub(super) commits: Vec<u8>,
    pub(super) left: Left,
    /// The next token.
    pub(super) next: u64,
    pub(super) broken: Option<Broken>,
}

impl core::hash::Hash for State {
    fn hash<H: core::hash::Hasher>(&self, hasher: &mut H) {
        let ground: Vec<(Tag, u64)> = self.ground.seeds().iter().map(|(tag, seed)| (*tag, seed.token.bits())).collect();
        (&self.tags, &self.entry, &self.fill, &self.writers, ground).hash(hasher);
        (&self.commits, self.left, self.next, self.broken).hash(hasher);
    }
}

impl State {
    pub(super) fn token(&self, tag: usize) -> Option<Token> {
        self.tags[tag].token(NOW)
    }

    pub(super) fn fresh(&mut self) -> Token {
        self.next += 1;
        Token::from_bits(self.next)
    }
}

/// An entry, with the number of commits that it shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(super) tokens: Vec<(Tag, Token)>,
    pub(super) commits: u8,
    /// The writer that has stored it.
    pub(super) author: Option<u8>,
}

/// A reader's load on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Fill {
    pub(super) tokens: Vec<(Tag, Token)>,
    pub(super) commits: Option<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Writer {
    pub(super) stage: Stage,
    pub(super) is_acknowledged: bool,
    /// What was looked at so far.
    pub(super) seen: Vec<SeededTag>,
    /// The number of commits that the row shows.
    pub(super) commits: u8,
    /// The token that each release gives: of what was sent, some may arrive late.
    pub(super) sent: Vec<Token>,
    /// The releases that have found the token of the row's ground, with both tokens.
    pub(super) replaced: Vec<(Tag, Token, Token)>,
    /// The next step of a release that nobody waits for any more.
    pub(super) late: Option<u8>,
}

impl core::hash::Hash for Writer {
    fn hash<H: core::hash::Hasher>(&self, hasher: &mut H) {
        let seen: Vec<(Tag, u64)> = self.seen.iter().map(|(tag, seed)| (*tag, seed.token.bits())).collect();
        (self.stage, self.is_acknowledged, seen, self.commits, &self.sent, &self.replaced, self.late).hash(hasher);
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Tokens are looked at, or the statement is next.
    #[default]
    Waiting,
    /// The statement has run, and has given the row back.
    Open,
    /// The next tag.
    Releasing(u8),
    /// Everything is released: the row may be stored, after a look where one is needed.
    Storing,
    Over,
}

/// What was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    Coherence,
    Committed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Commit(u8),
    Evict(usize),
    Fill,
    LateStep(u8),
    LoseRelease(u8),
    RollBack,
    Step(u8),
}
