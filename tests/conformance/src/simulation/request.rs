//! What goes over the wire.

use core::time::Duration;

use cache_core::Token;
use cache_core::intent::{Outcome, Seed, Writer};
use cache_core::protocol::notes::{Notes, Remark};
use cache_core::store::{Name, Packed, ReadReply, Released, Swap, TableName, TagName};

use super::Operation;

/// What a process asks the server for. Tokens are chosen by who sends it.
#[derive(Clone, Debug)]
pub(super) enum Request {
    EndLease(Name, Writer, Vec<(TagName, Token)>),
    Lease(Name, Writer, Duration),
    Open(Vec<Packed>, Vec<TagName>),
    Place((Writer, Duration), Vec<TagName>, Vec<Name>),
    Put(Vec<Packed>),
    Read(Vec<Name>, Vec<TagName>),
    Reclaim(String),
    Release(Writer, Vec<(TagName, Outcome, Token)>, Vec<Name>),
    Replace(Writer, Vec<(TagName, Outcome, Option<Token>, Token)>, Vec<Name>),
    /// Notes that are made anew come with the wide tags of the table.
    Remark(TableName, Remark, Vec<(TagName, Token)>),
    Remove(Vec<Name>),
    Seed(Vec<(TagName, Token)>, Vec<Name>),
    Swap(Vec<Swap>),
}

/// What the server answers.
#[derive(Clone, Debug)]
pub(super) enum Response {
    Done,
    Noted(Vec<Seed>, Vec<Option<Notes>>),
    Read(ReadReply),
    Replaced(Released),
    Swapped(Vec<bool>),
    Taken(bool),
}

impl Request {
    pub(super) const fn operation(&self) -> Operation {
        match self {
            Self::EndLease(..) => Operation::EndLease,
            Self::Lease(..) => Operation::Lease,
            Self::Open(..) => Operation::Open,
            Self::Place(..) => Operation::Place,
            Self::Put(_) => Operation::Put,
            Self::Read(..) => Operation::Read,
            Self::Reclaim(_) => Operation::Reclaim,
            Self::Release(..) | Self::Replace(..) => Operation::Release,
            Self::Remark(..) => Operation::Remark,
            Self::Remove(_) => Operation::Remove,
            Self::Seed(..) => Operation::Seed,
            Self::Swap(_) => Operation::Swap,
        }
    }

    /// Leaves the first `count` of its parts.
    pub(super) fn tear(&mut self, count: usize) {
        match self {
            Self::Open(slots, _) => slots.truncate(count),
            Self::Place(_, tags, _) => tags.truncate(count),
            Self::Put(entries) => entries.truncate(count),
            Self::Release(_, releases, _) => releases.truncate(count),
            Self::Replace(_, releases, _) => releases.truncate(count),
            Self::Remove(names) => names.truncate(count),
            Self::Seed(tags, _) => tags.truncate(count),
            Self::Swap(swaps) => swaps.truncate(count),
            Self::EndLease(..) | Self::Lease(..) | Self::Read(..) | Self::Reclaim(_) | Self::Remark(..) => {}
        }
    }
}
