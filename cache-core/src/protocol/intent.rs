//! Decides what becomes of a tag's token and of the intents beside it: the heart of every store.
//!
//! A store across the network keeps the two under keys of their own, and may lose either without the other. Each
//! operation here is one script there: it sees both keys, and nobody comes between.

use core::time::Duration;

use crate::clock::Timestamp;
use crate::name::tag::{Cardinality, Tag, Token};

/// Names a writer, or one of its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Writer(Token);

impl Writer {
    /// A name that nobody else has.
    #[must_use]
    pub fn fresh() -> Self {
        Self(Token::fresh())
    }

    /// The writer whose name is `bits`, as it is told to other processes.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(Token::from_bits(bits))
    }

    /// The name as a number.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0.bits()
    }
}

/// A tag's present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed {
    /// Its token.
    pub token: Token,
    /// Whether a writer's intent stands beside it.
    pub is_intended: bool,
}

/// How an intent ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The tag that it stands beside.
    pub tag: Tag,
    /// What happens to both.
    pub outcome: Outcome,
}

impl Release {
    /// Whether it changes the tag that every write to a table changes.
    pub(crate) fn changes_any(&self) -> bool {
        self.tag.is_any() && self.outcome != Outcome::Unchanged
    }
}

/// What the writer knows at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Something may have been written: a new token, and the intent goes.
    Changed,
    /// Nothing was written: the token stays, the intent goes.
    Unchanged,
    /// It is being written, and nobody will say when it is over: nothing is kept under the tag for so long from now, unless
    /// the writer releases it before.
    Open(Duration),
    /// Perhaps it is still being written: a new token, and an intent that stands for so long from now.
    Unknown(Duration),
}

/// What a store keeps of one tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TagState {
    /// The first key; `None`: the tag is unknown.
    pub held: Option<TagValue>,
    /// The second key: who stands beside the tag, and until when. It expires with the last of them.
    pub intents: Vec<(Writer, Timestamp)>,
    /// Whose intents keep the tag open, as part of the second key.
    pub open: Vec<Writer>,
}

/// The first key of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagValue {
    /// Intents were lost. Nothing is kept under the tag until the last of them has ended: any of their writers may
    /// commit meanwhile, and never come back.
    Blocked {
        /// When the key expires.
        until: Timestamp,
    },
    /// The tag has no token, and intents stand beside it: should they be lost, that is noticed.
    Counted(IntentCount),
    /// The tag has a token.
    Token {
        /// The token.
        token: Token,
        /// How long it is kept once no intent stands.
        keeping: Keeping,
        /// The intents beside it.
        standing: IntentCount,
    },
}

/// What a tag's first key says of the intents beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IntentCount {
    /// How many intents stood when the key was written last: fewer now means that some were lost.
    pub count: usize,
    /// When the first of them ends, and the key expires.
    pub earliest: Timestamp,
    /// When the last of them ends.
    pub latest: Timestamp,
}

/// How long a token is kept beside which no intent stands. Without intents it may go at any time, which costs queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Keeping {
    /// For longer than anything is stored: the number of such tags is bounded.
    Long,
    /// Nothing was stored under it yet. Whoever reads may store something until then.
    Unused {
        /// When it goes.
        until: Timestamp,
    },
    /// What is stored under it has ended by then.
    Used {
        /// When it goes.
        until: Timestamp,
    },
}

impl Keeping {
    /// How long a query may take that reads a tag of which outsiders choose the number, if what it brings is to be kept.
    pub const UNUSED: Duration = Duration::from_secs(600);

    /// How long a token is kept that a tag is given at `now`.
    #[must_use]
    pub fn begun(reach: Cardinality, now: Timestamp) -> Self {
        match reach {
            Cardinality::Narrow => Self::Unused { until: now.after(Self::UNUSED) },
            Cardinality::Wide => Self::Long,
        }
    }

    /// When the token goes, if no intent stands.
    #[must_use]
    pub const fn until(self) -> Timestamp {
        match self {
            Self::Long => Timestamp::NEVER,
            Self::Unused { until } | Self::Used { until } => until,
        }
    }

    /// The same, once something is stored under the token that lives for `life`: twice as long, so that what takes its
    /// place mostly finds the token as it is.
    #[must_use]
    pub fn under(self, life: Duration, now: Timestamp) -> Self {
        let is_enough = match self {
            Self::Long => true,
            Self::Unused { .. } => false,
            Self::Used { until } => until >= now.after(life),
        };
        if is_enough { self } else { Self::Used { until: now.after(life.saturating_mul(2)) } }
    }
}

impl IntentCount {
    /// No intent stands.
    pub const NONE: Self = Self { count: 0, earliest: Timestamp::NEVER, latest: Timestamp::NEVER };

    fn of(intents: &[(Writer, Timestamp)]) -> Self {
        let deadlines = || intents.iter().map(|(_, deadline)| *deadline);
        let (earliest, latest) = (deadlines().min(), deadlines().max());
        let or_never = |deadline: Option<Timestamp>| deadline.unwrap_or(Timestamp::NEVER);
        Self { count: intents.len(), earliest: or_never(earliest), latest: or_never(latest) }
    }
}

impl TagState {
    /// The token at `now`, if the tag has one.
    #[must_use]
    pub fn token(&self, now: Timestamp) -> Option<Token> {
        match self.held? {
            held @ TagValue::Token { token, .. } if now < held.expires_at() => Some(token),
            _ => None,
        }
    }

    /// When the last of the intents ends that stand at `now`, or did before they were lost, but for those of writers that
    /// `are_exempt`; `None`: no other one stands.
    #[must_use]
    pub fn stands_until(&self, now: Timestamp, are_exempt: impl Fn(Writer) -> bool) -> Option<Timestamp> {
        let mut present = self.clone();
        present.settle(now);
        let blocked = if let Some(TagValue::Blocked { until }) = present.held { Some(until) } else { None };
        let others = present.intents.iter().filter(|(writer, _)| !are_exempt(*writer));
        others.map(|(_, deadline)| *deadline).chain(blocked).max()
    }

    /// The tag's token: `fresh` if it had none, which is kept as `keeping` says. Under a tag that is blocked or open `fresh`
    /// is given and not kept, so that nothing that is filled under it is ever found.
    pub fn seed(&mut self, fresh: Token, keeping: Keeping, now: Timestamp) -> Seed {
        self.settle(now);
        let is_intended = !self.intents.is_empty();
        let seed = match self.held {
            Some(TagValue::Token { token, .. }) => Seed { token, is_intended },
            Some(TagValue::Blocked { .. }) => Seed { token: fresh, is_intended: true },
            None | Some(TagValue::Counted(_)) if !self.open.is_empty() => Seed { token: fresh, is_intended: true },
            None | Some(TagValue::Counted(_)) => {
                self.held = Some(TagValue::Token { token: fresh, keeping, standing: IntentCount::NONE });
                Seed { token: fresh, is_intended }
            }
        };
        self.note(now);
        seed
    }

    /// Something was stored under `token` that lives for `life`: it is kept for as long. Where the tag has another token
    /// nothing happens.
    pub fn keep(&mut self, token: Token, life: Duration, now: Timestamp) {
        self.keep_as(token, now, |keeping, _| Some(keeping.under(life, now)));
    }

    /// Whoever read `token` stores nothing under it. If nobody else has either, it goes. Where the tag has another token
    /// nothing happens.
    pub fn forget(&mut self, token: Token, now: Timestamp) {
        self.keep_as(token, now, |keeping, is_alone| match keeping {
            Keeping::Unused { .. } if is_alone => None,
            _ => Some(keeping),
        });
    }

    /// Changes how long `token` is kept, beside which intents stand or do not; `None`: no longer.
    fn keep_as(&mut self, token: Token, now: Timestamp, with: impl FnOnce(Keeping, bool) -> Option<Keeping>) {
        if !matches!(self.held, Some(TagValue::Token { token: present, .. }) if present == token) {
            return;
        }
        self.settle(now);
        if let Some(TagValue::Token { keeping, .. }) = &mut self.held {
            match with(*keeping, self.intents.is_empty()) {
                Some(changed) => *keeping = changed,
                None => self.held = None,
            }
        }
        self.note(now);
    }

    /// Places an intent of `writer` for `life`; a second one replaces the first. A tag that the writer keeps open stays so.
    pub fn place(&mut self, writer: Writer, life: Duration, now: Timestamp) {
        self.settle(now);
        self.stand(writer, life, now);
        self.note(now);
    }

    /// Ends the intent of `writer`. A tag that is not known stays so: nothing can depend on it.
    pub fn release(&mut self, writer: Writer, outcome: Outcome, fresh: Token, now: Timestamp) {
        self.settle(now);
        self.intents.retain(|(other, _)| *other != writer);
        self.open.retain(|other| *other != writer);
        if let Outcome::Open(life) | Outcome::Unknown(life) = outcome {
            self.stand(writer, life, now);
        }
        match (outcome, &mut self.held) {
            (Outcome::Changed | Outcome::Unknown(_), Some(TagValue::Token { token, .. })) => *token = fresh,
            (Outcome::Open(_), held) => {
                self.open.push(writer);
                *held = held.filter(|held| matches!(held, TagValue::Blocked { .. }));
            }
            _ => {}
        }
        self.note(now);
    }

    /// Releases a change as [`release`](Self::release) does; says whether the tag held the token `held` until then.
    pub fn replace(&mut self, writer: Writer, (held, fresh): (Token, Token), now: Timestamp) -> bool {
        let is_held = self.token(now) == Some(held);
        self.settle(now);
        let is_told = matches!(self.held, Some(TagValue::Token { .. }));
        self.release(writer, Outcome::Changed, fresh, now);
        is_held && is_told
    }

    /// Whether nothing is kept any more.
    #[must_use]
    pub fn is_empty(&self, now: Timestamp) -> bool {
        self.held.is_none_or(|held| held.expires_at() <= now) && self.intents.iter().all(|(_, end)| *end <= now)
    }

    /// Lets go what has expired, and notices what was lost.
    fn settle(&mut self, now: Timestamp) {
        self.held = self.held.filter(|held| now < held.expires_at());
        self.intents.retain(|(_, deadline)| *deadline > now);
        if !self.open.is_empty() {
            self.open.retain(|writer| self.intents.iter().any(|(standing, _)| standing == writer));
        }
        // A key that counts intents expires with the first of them: while it is there, none of them has ended.
        if let Some(TagValue::Token { standing, .. } | TagValue::Counted(standing)) = self.held
            && self.intents.len() < standing.count
        {
            self.held = Some(TagValue::Blocked { until: standing.latest });
        }
    }

    fn stand(&mut self, writer: Writer, life: Duration, now: Timestamp) {
        self.intents.retain(|(other, _)| *other != writer);
        self.intents.push((writer, now.after(life)));
    }

    /// Writes down how many intents stand, and when they end; beside the token, if there is one.
    fn note(&mut self, now: Timestamp) {
        let present = IntentCount::of(&self.intents);
        match &mut self.held {
            Some(TagValue::Blocked { .. }) => {}
            Some(TagValue::Token { standing, .. }) => *standing = present,
            None | Some(TagValue::Counted(_)) => self.held = (present.count > 0).then_some(TagValue::Counted(present)),
        }
        // Intents kept a token whose time was over.
        self.held = self.held.filter(|held| now < held.expires_at());
    }
}

impl TagValue {
    /// When the key is gone by itself: not before the intents that it counts.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        match self {
            Self::Blocked { until } => *until,
            Self::Token { keeping, standing: IntentCount::NONE, .. } => keeping.until(),
            Self::Counted(standing) | Self::Token { standing, .. } => standing.earliest,
        }
    }
}

#[cfg(test)]
mod tests;
