//! What a moment of the world is made of.

use cache_core::Token;
use cache_core::intent::{TagState, TagValue};

use crate::open::Left;

/// The token that the tag has, by the only name that is needed: another one never comes back.
const PRESENT: Token = Token::from_bits(1);

/// The token that an operation gives.
pub(super) const FRESH: Token = Token::from_bits(2);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(super) now: u8,
    pub(super) tag: TagState,
    /// The number of commits that the entry shows.
    pub(super) entry: Option<u8>,
    pub(super) fill: Option<Fill>,
    pub(super) writers: Vec<Writer>,
    /// The writers whose work has taken effect, in order.
    pub(super) commits: Vec<u8>,
    pub(super) left: Left,
    pub(super) broken: Option<Broken>,
}

impl State {
    /// The tag's token, whether its time is over or not.
    fn held(&mut self) -> Option<&mut Token> {
        match &mut self.tag.held {
            Some(TagValue::Token { token, .. }) => Some(token),
            _ => None,
        }
    }

    /// After an operation that may have given the tag [`FRESH`]: what was stored or begun under another one is dead.
    pub(super) fn make_canonical(&mut self) {
        let is_kept = match self.held() {
            Some(token) if *token == FRESH => {
                *token = PRESENT;
                false
            }
            held => held.is_some(),
        };
        if !is_kept {
            self.entry = None;
            if let Some(fill) = &mut self.fill {
                fill.is_alive = false;
            }
        }
    }
}

/// A reader's load on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fill {
    /// The tag has the token under which it began.
    pub(super) is_alive: bool,
    /// The number of commits that it has seen, once it has asked.
    pub(super) commits: Option<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Writer {
    pub(super) stage: Stage,
    pub(super) is_acknowledged: bool,
    /// It has committed while its intent stood, as far as it knows.
    pub(super) is_in_time: bool,
    /// When its intent ends.
    pub(super) deadline: u8,
    /// Its intent was lost.
    pub(super) is_lost: bool,
    /// And so was all that is known of it.
    pub(super) is_forgotten: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    #[default]
    Waiting,
    /// The statement was sent.
    Sent,
    /// Its answer has begun, and nobody tells its end.
    Answered,
    /// A statement that began after the answer is over, or the writer is gone.
    Over,
}

/// What was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Broken {
    Bound,
    Coherence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Advance,
    Answer(u8),
    Commit(u8),
    Crash(u8),
    EvictIntents,
    EvictTag,
    Fill,
    PlaceAgain(u8),
    Release(u8),
    Start(u8),
}
