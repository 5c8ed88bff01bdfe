//! Keeps the timeouts of a model or a view as they were typed.

use proc_macro2::Span;
use syn::{Ident, Result};

use crate::parse::option::Argument;
use crate::parse::timeout::{self, Jitter, Timeout};
use crate::parse::value;

/// How long entries live, and from when on they are stale.
#[derive(Default)]
pub(crate) struct Timeouts {
    pub(crate) detail: Option<Timeout>,
    detail_relevance: Option<Timeout>,
    /// By how much lives are shorter; a view has that of its model.
    pub(crate) jitter: Option<Jitter>,
    pub(crate) list: Option<Timeout>,
    list_relevance: Option<Timeout>,
    pub(crate) negative: Option<Timeout>,
    relevance: Option<Timeout>,
    /// The options, where they were typed.
    typed: Vec<Ident>,
}

impl Timeouts {
    /// Reads the option that the argument names.
    pub(crate) fn read(&mut self, argument: &mut Argument<'_, '_>) -> Result<()> {
        self.typed.push(argument.name.clone());
        match argument.name.to_string().as_str() {
            "detail_relevance_timeout" => argument.once(&mut self.detail_relevance, value::timeout),
            "detail_timeout" => argument.once(&mut self.detail, value::timeout),
            "jitter" => argument.once(&mut self.jitter, timeout::read_jitter),
            "list_relevance_timeout" => argument.once(&mut self.list_relevance, value::timeout),
            "list_timeout" => argument.once(&mut self.list, value::timeout),
            "negative_timeout" => argument.once(&mut self.negative, value::negative_timeout),
            _ => argument.once(&mut self.relevance, value::timeout),
        }
    }

    /// From when on rows are stale.
    pub(crate) fn detail_relevance(&self) -> Option<Timeout> {
        self.detail_relevance.or(self.relevance)
    }

    /// From when on lists are stale.
    pub(crate) fn list_relevance(&self) -> Option<Timeout> {
        self.list_relevance.or(self.relevance)
    }

    /// Where the option was typed.
    pub(crate) fn span(&self, option: &str) -> Option<Span> {
        self.typed.iter().find(|name| *name == option).map(Ident::span)
    }
}
