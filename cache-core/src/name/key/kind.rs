//! The kinds of reads that entries serve.

use core::fmt;

/// What kind of read an entry serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A value that is computed from what was read.
    Computed,
    /// A number of rows.
    Count,
    /// One row by its key.
    Detail,
    /// Whether there are rows.
    Exists,
    /// The first row of a list.
    First,
    /// The result of a query.
    List,
    /// All rows that share a value.
    Scope,
    /// One row by a unique value.
    Unique,
    /// A value that is set by hand.
    Value,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 9] = [
        Self::Computed,
        Self::Count,
        Self::Detail,
        Self::Exists,
        Self::First,
        Self::List,
        Self::Scope,
        Self::Unique,
        Self::Value,
    ];
}

impl Kind {
    /// Whether it is a read of one row, by its key or a unique value.
    #[must_use]
    pub const fn is_of_row(self) -> bool {
        matches!(self, Self::Detail | Self::Unique)
    }

    /// A number that is the same in every build.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Count => 1,
            Self::Detail => 2,
            Self::Exists => 3,
            Self::First => 4,
            Self::List => 5,
            Self::Scope => 6,
            Self::Unique => 7,
            Self::Value => 8,
            Self::Computed => 9,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Computed => "computed",
            Self::Count => "count",
            Self::Detail => "detail",
            Self::Exists => "exists",
            Self::First => "first",
            Self::List => "list",
            Self::Scope => "scope",
            Self::Unique => "unique",
            Self::Value => "value",
        })
    }
}
