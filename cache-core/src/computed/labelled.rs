//! Holds what the computations of one label have in common, so that none of them works it out.

use core::fmt::{self, Debug, Display};
use std::borrow::Cow;
use std::sync::Arc;

use crate::cache::Cache;
use crate::error::Result;
use crate::name::key::{Fingerprint, Kind};
use crate::name::tag::ManagerTags;
use crate::observe::statistics::Counters;

/// A function, or a layer of pages, whose values are kept under one label.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Labelled {
    pub(super) cache: Cache,
    pub(super) label: &'static str,
    pub(super) counters: Arc<Counters>,
    pub(super) space: Fingerprint,
}

impl Cache {
    /// What is kept under `label`.
    #[doc(hidden)]
    #[must_use]
    pub fn labelled(&self, label: &'static str) -> Labelled {
        let counters = self.counters(label, Kind::Computed);
        Labelled { cache: self.clone(), label, counters, space: self.1.computed(label) }
    }
}

impl Labelled {
    /// Ends everything that is kept.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store refused.
    pub fn invalidate_all(&self) -> Result<()> {
        self.cache.clear_tags(self.label, &[ManagerTags::of(self.space).lists()])
    }
}

/// How messages and events call a value. A text is made of it when one of them does.
#[doc(hidden)]
#[derive(Clone)]
pub enum Name<'a> {
    Said(Cow<'a, str>),
    Shown(&'a (dyn Display + Sync)),
}

impl Name<'_> {
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Said(text) => Cow::Borrowed(text),
            Self::Shown(name) => Cow::Owned(name.to_string()),
        }
    }

    pub(super) fn into_owned(self) -> Name<'static> {
        Name::Said(match self {
            Self::Said(text) => Cow::Owned(text.into_owned()),
            Self::Shown(name) => Cow::Owned(name.to_string()),
        })
    }
}

impl From<String> for Name<'_> {
    fn from(name: String) -> Self {
        Self::Said(Cow::Owned(name))
    }
}

impl<'a, T: Display + Sync> From<&'a T> for Name<'a> {
    fn from(name: &'a T) -> Self {
        Self::Shown(name)
    }
}

impl Debug for Name<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.text(), formatter)
    }
}
