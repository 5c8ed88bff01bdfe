//! Holds the contract of stores that compare tokens with the release of a write.

use crate::clock::Timestamp;
use crate::error::Result;
use crate::name::tag::{Tag, Token};
use crate::protocol::intent::{Release, Writer};
use crate::protocol::notes::Notes;
use crate::store::same_length;

/// A store that tells, of tags which a release changes, whether each held a certain token until then.
pub trait ComparingStore {
    /// Does as [`release`](super::Store::release) does. The step that changes a tag also compares its token: nobody comes
    /// between the two.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; some of the tags may be changed.
    fn release_comparing(&self, releasing: &Releasing<'_>, now: Timestamp) -> Result<Released>;
}

/// A release that compares tokens.
#[derive(Clone, Copy, Debug)]
pub struct Releasing<'a> {
    /// Who writes.
    pub writer: Writer,
    /// How each intent ends.
    pub releases: &'a [Release],
    /// Tags out of those that change, each with the token that it is asked about.
    pub held: &'a [(Tag, Token)],
    /// The tables whose notes are read, each named by its `any`.
    pub tables: &'a [Tag],
}

/// What a release has found.
#[derive(Clone, Debug, Default)]
pub struct Released {
    /// The present token of each tag that held the one which was asked about; `None`: it held another one, or none.
    pub replaced: Vec<Option<Token>>,
    /// The notes beside each table.
    pub notes: Vec<Option<Notes>>,
}

impl Releasing<'_> {
    /// The token that `tag` is asked about.
    #[must_use]
    pub fn held(&self, tag: &Tag) -> Option<Token> {
        self.held.iter().find(|(asked, _)| asked == tag).map(|(_, token)| *token)
    }

    /// The answers in the order of the questions, out of those that were `given` for some tags.
    #[must_use]
    pub fn in_order(&self, given: &[(Tag, Token)]) -> Vec<Option<Token>> {
        let of = |tag: &Tag| given.iter().find(|(answered, _)| answered == tag).map(|(_, token)| *token);
        self.held.iter().map(|(tag, _)| of(tag)).collect()
    }
}

impl Released {
    /// What was asked of so many tokens and tables.
    pub(crate) fn of_length(self, held: usize, tables: usize) -> Result<Self> {
        Ok(Self { replaced: same_length(self.replaced, held)?, notes: same_length(self.notes, tables)? })
    }
}
