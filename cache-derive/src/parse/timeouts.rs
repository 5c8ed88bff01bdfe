//! Keeps the timeouts of a model or a view as they were typed.

use proc_macro2::Span;
use syn::{Ident, Result};

use crate::parse::option::Argument;
use crate::parse::timeout::{self, Jitter, Length};

/// How long entries live, and from when on they are stale.
#[derive(Default)]
pub(crate) struct Timeouts {
    pub(crate) detail: Option<Length>,
    detail_relevance: Option<Length>,
    /// By how much lives are shorter; a view has that of its model.
    pub(crate) jitter: Option<Jitter>,
    pub(crate) list: Option<Length>,
    list_relevance: Option<Length>,
    pub(crate) negative: Option<Length>,
    relevance: Option<Length>,
    /// The options, where they were typed.
    typed: Vec<Ident>,
}

impl Timeouts {
    /// Reads the option that the argument names.
    pub(crate) fn read(&mut self, argument: &mut Argument<'_, '_>) -> Result<()> {
        self.typed.push(argument.name.clone());
        match argument.name.to_string().as_str() {
            "detail_relevance_timeout" => argument.once(&mut self.detail_relevance, Length::read),
            "detail_timeout" => argument.once(&mut self.detail, Length::read),
            "jitter" => argument.once(&mut self.jitter, timeout::read_jitter),
            "list_relevance_timeout" => argument.once(&mut self.list_relevance, Length::read),
            "list_timeout" => argument.once(&mut self.list, Length::read),
            "negative_timeout" => {
                argument.once(&mut self.negative, |input| Length::read_or(input, timeout::read_negative))
            }
            _ => argument.once(&mut self.relevance, Length::read),
        }
    }

    /// From when on rows are stale.
    pub(crate) fn detail_relevance(&self) -> Option<&Length> {
        self.detail_relevance.as_ref().or(self.relevance.as_ref())
    }

    /// From when on lists are stale.
    pub(crate) fn list_relevance(&self) -> Option<&Length> {
        self.list_relevance.as_ref().or(self.relevance.as_ref())
    }

    /// Where the option was typed.
    pub(crate) fn span(&self, option: &str) -> Option<Span> {
        self.typed.iter().find(|name| *name == option).map(Ident::span)
    }
}
