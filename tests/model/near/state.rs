//! What a moment of a process with a near cache is made of.

use cache_core::intent::{Seed, TagState};
use cache_core::protocol::near::{Epoch, NearTags, TokenRequest};
use cache_core::{Timestamp, Token};

/// Everything: one entry near, and its tags in the store: one of which the store tells, and perhaps that of those who
/// write the table, which is polled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) now: u8,
    pub(crate) keys: Vec<TagState>,
    /// The next token that no tag held.
    pub(crate) fresh: u8,
    pub(crate) near: NearTags,
    pub(crate) entry: Option<Entry>,
    pub(crate) fill: Option<Fill>,
    pub(crate) link: Link,
    /// The process with the near cache first, then another one.
    pub(crate) writers: [Writer; 2],
    /// The writers whose work has taken effect, in order.
    pub(crate) commits: Vec<u8>,
    pub(crate) left: Left,
    pub(crate) broken: Option<Promise>,
}

/// How often each thing may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) connects: u8,
    pub(crate) crashes: u8,
    pub(crate) evictions: u8,
    pub(crate) fills: u8,
    pub(crate) half_open: u8,
    pub(crate) heartbeats: u8,
    /// Who writes: 0 is the process with the near cache, 1 another one.
    pub(crate) writers: &'static [u8],
}

impl Left {
    /// What every defect can be found with.
    pub(crate) const fn few(writers: &'static [u8]) -> Self {
        Self { connects: 2, crashes: 1, evictions: 0, fills: 1, half_open: 0, heartbeats: 1, writers }
    }

    /// One of each, and a few connections and loads.
    pub(crate) const fn usual(writers: &'static [u8]) -> Self {
        Self { connects: 2, crashes: 1, evictions: 0, fills: 2, half_open: 1, heartbeats: 1, writers }
    }

    /// One connection, and the token of the tag may be lost.
    pub(crate) const fn forgetful(writers: &'static [u8]) -> Self {
        Self { connects: 1, crashes: 1, evictions: 1, fills: 2, half_open: 0, heartbeats: 1, writers }
    }
}

/// The connection on which the store tells of changes: both ways keep their order, and take any time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    pub(crate) epoch: Epoch,
    pub(crate) is_tracked: bool,
    /// It carries nothing any more, and neither side has noticed.
    pub(crate) is_half_open: bool,
    pub(crate) to_store: Vec<Message>,
    pub(crate) from_store: Vec<Message>,
}

/// Questions have their sending time with them, and so have the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Message {
    Changed,
    Heartbeat(Timestamp, Poll),
    Track(Timestamp),
}

/// What a heartbeat asks for, and what the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Poll {
    Nothing,
    Asked,
    Answered(Option<Token>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) epoch: Epoch,
    pub(crate) seeds: Vec<Seed>,
    pub(crate) commits: u8,
}

/// A read that was not answered near: asks for the token, gets it, queries, keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fill {
    pub(crate) question: Option<TokenRequest>,
    pub(crate) seeds: Option<Vec<Seed>>,
    pub(crate) is_answered: bool,
    pub(crate) commits: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Writer {
    pub(crate) stage: Stage,
    /// When it returned, or when its intent ends if it never does.
    pub(crate) since: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Waiting,
    Placed,
    Committed,
    Changed,
    Released,
    Returned,
    Crashed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Promise {
    /// A near hit is further behind than it may be.
    Bound,
    /// The process did not see its own write.
    OwnWrite,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Advance,
    Answer,
    Ask,
    Connect,
    Crash(u8),
    Deliver,
    Evict,
    FallHalfOpen,
    Keep,
    Query,
    Seed,
    SendHeartbeat,
    Serve,
    Write(u8),
}
