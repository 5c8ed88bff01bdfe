//! Names the reasons for which a read finds nothing of use.

use core::fmt;

use crate::entry::Flaw;
use crate::name::tag::TagKind;

/// Why a read found nothing of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Miss {
    /// There was no entry.
    Absent,
    /// A tag of this kind changed since the entry was filled.
    Changed(TagKind),
    /// The entry was past its deadline.
    Expired,
    /// The entry was of another type or another row: two things of one name.
    Foreign,
    /// The call asked for a new value.
    Refresh,
    /// Something that was written has not got through to the store yet.
    ReleasePending,
    /// The entry was stale, and the read refreshed it: there is no pool to do it in the background.
    Stale,
    /// The store was not looked at: it failed too often of late, too many readers were inside, or the cache was shut
    /// down.
    StoreAvoided,
    /// The store failed.
    StoreFailed,
    /// The entry's bytes were not what this program stores there.
    Unreadable(Flaw),
}

impl fmt::Display for Miss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "there is no entry",
            Self::Changed(kind) => return write!(formatter, "the tag `{kind}` has changed since the entry was filled"),
            Self::Expired => "the entry is past its deadline",
            Self::Foreign => "the entry is of another type or another row",
            Self::Refresh => "the call asks for a new value (`refresh`)",
            Self::ReleasePending => "an invalidation of this process has not reached the store yet",
            Self::Stale => "the entry is stale, and the read refreshes it",
            Self::StoreAvoided => "the store is left alone: it failed too often of late, or the cache was shut down",
            Self::StoreFailed => "the store fails",
            Self::Unreadable(_) => "the bytes of the entry are not what this program stores",
        })
    }
}

impl Miss {
    /// Whether somebody else's fill may make it a hit: not if the store was not to be had, or was not asked.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        !matches!(self, Self::Refresh | Self::ReleasePending | Self::StoreAvoided | Self::StoreFailed)
    }
}
