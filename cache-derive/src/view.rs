//! Reads `view(Name, ..)`: a second cached shape of a model, with rows that belong to its own.

mod prefetch;
mod read;
mod validate;

pub(crate) use prefetch::Prefetch;
pub(crate) use read::read;
pub(crate) use validate::views;

use syn::{Ident, LitStr, Path, Type};

use crate::relevance::Relevance;
use crate::timeout::Timeout;

/// Everything that one `view(..)` says.
pub(crate) struct View {
    pub(crate) derives: Vec<Path>,
    pub(crate) detail_timeout: Option<Timeout>,
    /// Whether lists hold what is prefetched, and where that was told.
    pub(crate) for_list: Option<(Ident, bool)>,
    /// Whether something in it is recorded as a mistake, and left out.
    pub(crate) is_broken: bool,
    pub(crate) joins: Vec<Join>,
    pub(crate) key: Option<LitStr>,
    pub(crate) list_timeout: Option<Timeout>,
    pub(crate) name: Ident,
    pub(crate) negative_timeout: Option<Timeout>,
    pub(crate) prefetches: Vec<Prefetch>,
    pub(crate) relevance: Relevance,
    /// Where that was typed, by the name of the option.
    pub(crate) relevance_names: Vec<Ident>,
}

/// One row that is joined.
pub(crate) struct Join {
    pub(crate) is_optional: bool,
    pub(crate) model: Type,
    pub(crate) name: Ident,
}

impl View {
    fn named(name: Ident) -> Self {
        Self {
            derives: Vec::new(),
            detail_timeout: None,
            for_list: None,
            is_broken: false,
            joins: Vec::new(),
            key: None,
            list_timeout: None,
            name,
            negative_timeout: None,
            prefetches: Vec::new(),
            relevance: Relevance::default(),
            relevance_names: Vec::new(),
        }
    }

    /// Whether lists have what is prefetched too.
    pub(crate) fn is_whole_in_lists(&self) -> bool {
        self.prefetches.is_empty() || self.for_list.as_ref().is_none_or(|(_, is_prefetched)| *is_prefetched)
    }
}
