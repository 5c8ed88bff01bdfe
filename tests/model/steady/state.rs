//! What a moment of the world is made of.

use cache_core::intent::TagState;
use cache_core::protocol::steady::SteadyTokens;
use cache_core::{Timestamp, Token};

use crate::steady::Left;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(super) store: Store,
    /// What the store held once, and may hold again.
    pub(super) snapshot: Option<Store>,
    /// By the process that reads.
    pub(super) remembered: SteadyTokens,
    pub(super) reading: Reading,
    pub(super) writers: Vec<Writer>,
    /// The writers whose work has taken effect, in order.
    pub(super) commits: Vec<u8>,
    pub(super) now: Timestamp,
    pub(super) left: Left,
    /// The last number that was given.
    pub(super) next: u64,
    pub(super) broken: Option<Broken>,
}

impl State {
    pub(super) fn fresh(&mut self) -> Token {
        self.next += 1;
        Token::from_bits(self.next)
    }
}

/// What the store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    pub(super) wide: TagState,
    pub(super) row: TagState,
    pub(super) entry: Option<Entry>,
    /// The record of the present incarnation is there.
    pub(super) is_recorded: bool,
    /// In the record.
    pub(super) stamp: Option<Token>,
}

/// An entry: the tokens of the steady tag and the row, and the number of commits that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(super) tokens: (Token, Token),
    pub(super) shows: u8,
}

/// How far the reader has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    Nothing,
    /// Entry and row were read, and the stamp is read next, under which the steady tag holds a token as is remembered.
    Brief {
        seen: Seen,
        stamp: Token,
    },
    /// By mistake tokens and stamp are not read at one moment.
    Torn(Seen),
    /// The tokens of a load so far, those that were found.
    Fill {
        wide: Option<Token>,
        row: Option<Token>,
        shows: Option<u8>,
    },
}

/// What a look-up has seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(super) wide: Option<Token>,
    /// An intent stands beside the steady tag.
    pub(super) is_intended: bool,
    pub(super) row: Option<Token>,
    pub(super) entry: Option<Entry>,
    /// What it has to show.
    pub(super) required: Vec<(u8, Broken)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Writer {
    pub(super) stage: Stage,
    /// When its intent ends.
    pub(super) deadline: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    #[default]
    Waiting,
    Placed,
    Committed,
    Dead,
    Returned,
}

/// What was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    Bound,
    Coherence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// At another entry under the steady tag.
    Glance,
    Kill(u8),
    LoseIntents,
    LoseRecord,
    LoseToken,
    Read,
    Restart,
    Snapshot,
    Stamp,
    Wait,
    Write(u8),
}
