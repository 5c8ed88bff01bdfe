//! Holds the look-ups of tasks that are to be made together, and what comes of them.

use core::result::Result;
use std::sync::Arc;
use std::time::Instant;

use crate::entry::{Life, Value};
use crate::runtime::desk::answer::Promise;
use crate::runtime::gathering::Gathering;
use crate::runtime::guard::CallFailure;
use crate::store::{LookUp, Wish};

/// What is looked for an entry, or for the right to load it as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// The entry.
    Only,
    /// The entry; what is not found is loaded by whoever looks.
    ToLoad,
}

/// What was seen of an entry.
#[derive(Debug)]
pub(crate) enum Glimpse {
    /// This process alone could tell that it is to be served.
    Alive(Value, Life),
    /// The store was asked.
    Looked(LookUp),
}

/// What a call gave for one of those who asked for it together.
pub(crate) type Glimpsed = Result<Glimpse, Arc<CallFailure>>;

/// What tasks want to be looked up.
#[derive(Debug)]
pub(super) struct LookUps {
    /// Rows, which are mostly small.
    to_load: Gathering<Asked>,
    /// Lists and all else: a call may bring much for each.
    only: Gathering<Asked>,
}

impl Default for LookUps {
    fn default() -> Self {
        Self { to_load: Gathering::new(128), only: Gathering::new(16) }
    }
}

impl LookUps {
    pub(super) const fn of(&self, sight: Sight) -> &Gathering<Asked> {
        match sight {
            Sight::Only => &self.only,
            Sight::ToLoad => &self.to_load,
        }
    }
}

/// What one task wants.
pub(super) struct Asked {
    pub(super) wish: Wish,
    pub(super) since: Instant,
    pub(super) promise: Promise<Glimpsed>,
}
