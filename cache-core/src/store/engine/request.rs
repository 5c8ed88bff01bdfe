//! Says what a link asks of rows, which rows that concerns, and whom it has to be told.

use core::time::Duration;

use crate::name::tag::Token;
use crate::protocol::intent::{Outcome, Seed, Writer};
use crate::protocol::notes::{Notes, Remark};
use crate::protocol::steady::renews;
use crate::store::{Name, Packed, ReadReply, Released, Swap, TableName, TagName};

/// One thing that a link asks for, as the method of [`Link`](crate::store::Link) by that name says it. Tokens are chosen
/// by the caller, once for each sending.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Request {
    /// Ends a lease, and forgets the tokens under which its holder has stored nothing.
    EndLease(Name, Writer, Vec<(TagName, Token)>),
    /// Takes a lease.
    Lease(Name, Writer, Duration),
    /// Reads slots and tokens, and opens the slots that are not there.
    Open(Vec<Packed>, Vec<TagName>),
    /// Places intents, and reads notes.
    Place((Writer, Duration), Vec<TagName>, Vec<Name>),
    /// Stores entries.
    Put(Vec<Packed>),
    /// Reads entries and tokens.
    Read(Vec<Name>, Vec<TagName>),
    /// Releases intents, and reads notes.
    Release(Writer, Vec<(TagName, Outcome, Token)>, Vec<Name>),
    /// Does the same, and says which tags held a token until then.
    Replace(Writer, Vec<(TagName, Outcome, Option<Token>, Token)>, Vec<Name>),
    /// Changes notes. Notes that are made anew come with the wide tags of the table.
    Remark(TableName, Remark, Vec<(TagName, Token)>),
    /// Removes entries.
    Remove(Vec<Name>),
    /// Seeds tags, and reads notes.
    Seed(Vec<(TagName, Token)>, Vec<Name>),
    /// Changes slots.
    Swap(Vec<Swap>),
}

/// The answer to a [`Request`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Response {
    /// It is done.
    Done,
    /// The seeds, if any were asked for, and the notes.
    Noted(Vec<Seed>, Vec<Option<Notes>>),
    /// What was read.
    Read(ReadReply),
    /// What a release that compares has found.
    Replaced(Released),
    /// Which swaps were done.
    Swapped(Vec<bool>),
    /// Whether a lease was taken, or a fill may go by the notes.
    Taken(bool),
}

impl Request {
    /// Adds the names of the rows that it looks at. Those that it only writes are not among them.
    pub(super) fn add_names(&self, names: &mut Vec<Name>) {
        match self {
            Self::EndLease(lease, _, unused) => {
                names.push(lease.clone());
                unused.iter().for_each(|(tag, _)| add_tag(names, tag));
            }
            Self::Lease(lease, ..) => names.push(lease.clone()),
            Self::Open(slots, tags) => {
                names.extend(slots.iter().map(|slot| slot.name.clone()));
                names.extend(tags.iter().map(|tag| tag.token.clone()));
            }
            Self::Place(_, tags, notes) => {
                tags.iter().for_each(|tag| add_tag(names, tag));
                names.extend_from_slice(notes);
            }
            Self::Put(entries) => {
                entries.iter().flat_map(|entry| &entry.under).for_each(|(tag, _)| add_tag(names, tag));
            }
            Self::Read(entries, tags) => {
                names.extend_from_slice(entries);
                names.extend(tags.iter().map(|tag| tag.token.clone()));
            }
            Self::Release(_, releases, notes) => {
                releases.iter().for_each(|(tag, ..)| add_tag(names, tag));
                names.extend_from_slice(notes);
            }
            Self::Replace(_, releases, notes) => {
                releases.iter().for_each(|(tag, ..)| add_tag(names, tag));
                names.extend_from_slice(notes);
            }
            Self::Remark(table, _, wide) => {
                names.push(table.notes.clone());
                add_tag(names, &table.any);
                wide.iter().for_each(|(tag, _)| add_tag(names, tag));
            }
            Self::Remove(_) => {}
            Self::Seed(tags, notes) => {
                tags.iter().for_each(|(tag, _)| add_tag(names, tag));
                names.extend_from_slice(notes);
            }
            Self::Swap(swaps) => names.extend(swaps.iter().map(|swap| swap.name.clone())),
        }
    }

    /// The tags of whose change other processes have to learn, whether or not they held a token.
    pub(super) fn changed(&self) -> Vec<&TagName> {
        match self {
            Self::Place(_, tags, _) => tags.iter().collect(),
            Self::Release(_, releases, _) => {
                releases.iter().filter(|(_, outcome, _)| is_change(*outcome)).map(|(tag, ..)| tag).collect()
            }
            Self::Replace(_, releases, _) => {
                releases.iter().filter(|(_, outcome, ..)| is_change(*outcome)).map(|(tag, ..)| tag).collect()
            }
            Self::Remark(_, _, wide) => wide.iter().map(|(tag, _)| tag).collect(),
            Self::EndLease(..)
            | Self::Lease(..)
            | Self::Open(..)
            | Self::Put(_)
            | Self::Read(..)
            | Self::Remove(_)
            | Self::Seed(..)
            | Self::Swap(_) => Vec::new(),
        }
    }

    /// Whether a store that has a [stamp](crate::protocol::steady) gives itself another one in the same step.
    #[must_use]
    pub fn renews_stamp(&self) -> bool {
        let is_renewed = |tag: &TagName, outcome| tag.is_steady && renews(outcome);
        match self {
            Self::Place(_, tags, _) => tags.iter().any(|tag| is_renewed(tag, None)),
            Self::Release(_, releases, _) => releases.iter().any(|(tag, end, _)| is_renewed(tag, Some(*end))),
            Self::Replace(_, releases, _) => releases.iter().any(|(tag, end, ..)| is_renewed(tag, Some(*end))),
            Self::Remark(_, _, wide) => wide.iter().any(|(tag, _)| is_renewed(tag, Some(Outcome::Changed))),
            Self::EndLease(..)
            | Self::Lease(..)
            | Self::Open(..)
            | Self::Put(_)
            | Self::Read(..)
            | Self::Remove(_)
            | Self::Seed(..)
            | Self::Swap(_) => false,
        }
    }

    /// Whether it must not be undone once it is acknowledged: somebody may be served what was there before.
    pub(super) const fn has_to_last(&self) -> bool {
        match self {
            Self::Place(..)
            | Self::Release(..)
            | Self::Replace(..)
            | Self::Remark(..)
            | Self::Remove(_)
            | Self::Swap(_) => true,
            Self::EndLease(..) | Self::Lease(..) | Self::Open(..) | Self::Put(_) | Self::Read(..) | Self::Seed(..) => {
                false
            }
        }
    }
}

fn add_tag(names: &mut Vec<Name>, tag: &TagName) {
    names.extend([tag.token.clone(), tag.intents()]);
}

fn is_change(outcome: Outcome) -> bool {
    outcome != Outcome::Unchanged
}
