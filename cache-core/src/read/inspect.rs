//! Reports what a cache holds of one entry at present.

use crate::entry::{Life, Worth};
use crate::name::tag::{Tag, Token};
use crate::observe::operation::Operation;
use crate::protocol::miss::Miss;
use crate::read::Reader;
use crate::store::{Store, Wanted, same_length};

/// What a cache holds of one entry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspected {
    /// How long the entry lives, and what it is worth; `None`: there is none.
    pub found: Option<(Life, Worth)>,
    /// The present token of each tag; `None`: it has none, or the store does not tell.
    pub tokens: Vec<Option<Token>>,
}

impl Reader<'_> {
    /// Looks at an entry and at `tags`, seeds nothing, and counts neither a hit nor a miss.
    ///
    /// The two are not looked at in one moment: a write may come between.
    ///
    /// # Errors
    ///
    /// Returns what the trouble with the store would be to a read.
    pub fn inspect(&self, wanted: &Wanted<'_>, tags: &[Tag]) -> Result<Inspected, Miss> {
        let now = self.now();
        let wanted = core::slice::from_ref(wanted);
        let look = |store: &dyn Store| Ok(same_length(store.look(wanted, now)?, 1)?.pop());
        let keys = [wanted[0].key];
        let peek = |store: &dyn Store| match store.slots() {
            Some(slots) => same_length(slots.peek(&keys, tags, now)?.tokens, tags.len()),
            None => Ok(vec![None; tags.len()]),
        };
        let looked = self.cache.read(Operation::Get, look);
        let seen = looked.and_then(|looked| Ok((looked, self.cache.store().call(Operation::Get, peek)?)));
        let (looked, tokens) = seen.map_err(|trouble| trouble.miss())?;
        let found = looked.and_then(|looked| looked.found).map(|found| (found.life, found.worth));
        Ok(Inspected { found, tokens })
    }
}
