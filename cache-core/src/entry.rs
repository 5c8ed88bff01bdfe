//! Decides what a stored entry is worth now: a hit, fresh or stale, or a miss and why.

pub(crate) mod codec;
pub(crate) mod format;
pub mod serial;

use core::any::Any;
use core::fmt;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::name::tag::{TagKind, Token};
use crate::setting::policy::Lifetime;

/// What an entry holds.
#[derive(Clone)]
#[non_exhaustive]
pub enum Value {
    /// Known not to exist; holds the key that was asked for.
    Absent(Arc<dyn Any + Send + Sync>),
    /// A value of this process.
    Shared(Arc<dyn Any + Send + Sync>),
    /// Not read: it is not to be served.
    Unread,
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent(_) => "Absent",
            Self::Shared(_) => "Shared",
            Self::Unread => "Unread",
        })
    }
}

/// When an entry began and when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Life {
    /// When the fill that made it stored it.
    pub created_at: Timestamp,
    /// From then on it is stale: it is served while it is refreshed.
    pub soft_deadline: Timestamp,
    /// From then on it is never served.
    pub hard_deadline: Timestamp,
}

impl Life {
    /// A life that begins `now`.
    #[must_use]
    pub fn starting(now: Timestamp, lifetime: impl Into<Lifetime>) -> Self {
        let Lifetime { relevance, timeout } = lifetime.into();
        let hard_deadline = timeout.deadline(now);
        Self { created_at: now, soft_deadline: relevance.deadline(now).min(hard_deadline), hard_deadline }
    }

    /// Whether it is stale before it is over. Most entries never are, and nobody need ask what time it is.
    #[inline]
    #[must_use]
    pub fn may_be_stale(&self) -> bool {
        self.soft_deadline < self.hard_deadline
    }

    /// Whether it is past its soft deadline, though not past the hard one.
    #[inline]
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now >= self.soft_deadline && now < self.hard_deadline
    }
}

/// What an entry is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Worth {
    /// Its token for a tag of this kind is not the present one.
    Changed(TagKind),
    /// Past its hard deadline.
    Expired,
    /// To be served.
    Fresh,
    /// Past its soft deadline: to be served while it is refreshed.
    Stale,
    /// Its bytes are not what this program stores there.
    Unreadable(Flaw),
}

impl Worth {
    /// Whether the entry may be served: nothing that it depends on has changed, and it has not expired.
    #[inline]
    #[must_use]
    pub const fn is_served(self) -> bool {
        matches!(self, Self::Fresh | Self::Stale)
    }
}

/// Why the bytes of an entry cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Flaw {
    /// They do not decode.
    Bytes,
    /// They are not of the format that is written here.
    Format,
    /// They were stored under another key.
    Key,
    /// They were written for a model of another shape.
    Schema,
}

/// Judges an entry by its `life` and by its dependencies: what each tag is, the token that the entry
/// was filled under, and the token that the tag holds at present (`None`: unknown, which never matches).
#[must_use]
pub fn judge<I>(life: &Life, dependencies: I, now: Timestamp) -> Worth
where
    I: IntoIterator<Item = (TagKind, Token, Option<Token>)>,
{
    if now >= life.hard_deadline {
        return Worth::Expired;
    }
    let changed = dependencies.into_iter().find(|(_, filled, present)| *present != Some(*filled));
    match changed {
        Some((kind, _, _)) => Worth::Changed(kind),
        None if now >= life.soft_deadline => Worth::Stale,
        None => Worth::Fresh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::policy::Timeout;
    use core::time::Duration;

    #[test]
    fn an_entry_is_judged_by_age_and_tokens() {
        let now = Timestamp::from_nanos(1_000);
        let life = Life::starting(now, Timeout::after(Duration::from_nanos(10)));
        let forever = Life::starting(now, Timeout::NEVER);
        let nanos = |nanos| Timeout::after(Duration::from_nanos(nanos));
        let ageing = Life::starting(now, Lifetime::new(nanos(10), nanos(4)));
        assert_eq!(Life::starting(now, Lifetime::new(nanos(10), nanos(11))), life, "never stale after its end");
        let (old, new) = (Token::fresh(), Token::fresh());
        let same = (TagKind::Rows, old, Some(old));
        let cases = [
            (life, vec![], 1_009, Worth::Fresh),
            (life, vec![], 1_010, Worth::Expired),
            (forever, vec![], u64::MAX - 1, Worth::Fresh),
            (life, vec![same], 1_001, Worth::Fresh),
            (life, vec![same, (TagKind::Row, old, Some(new))], 1_001, Worth::Changed(TagKind::Row)),
            (life, vec![same, (TagKind::Any, old, None)], 1_001, Worth::Changed(TagKind::Any)),
            (life, vec![(TagKind::Any, old, None)], 1_010, Worth::Expired),
            (ageing, vec![same], 1_003, Worth::Fresh),
            (ageing, vec![same], 1_004, Worth::Stale),
            (ageing, vec![same], 1_009, Worth::Stale),
            (ageing, vec![same], 1_010, Worth::Expired),
            (ageing, vec![same, (TagKind::Row, old, Some(new))], 1_004, Worth::Changed(TagKind::Row)),
            (ageing, vec![same, (TagKind::Row, old, None)], 1_009, Worth::Changed(TagKind::Row)),
        ];
        for (life, dependencies, at, worth) in cases {
            assert_eq!(judge(&life, dependencies, Timestamp::from_nanos(at)), worth);
        }
    }
}
