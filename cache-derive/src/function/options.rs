//! Reads the options of `#[cached_fn(..)]`.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser as _};
use syn::{Ident, LitStr, Path, Result};

use crate::diagnostics::Diagnostics;
use crate::parse::option::{Table, option};
use crate::parse::recover;
use crate::parse::timeout::Timeout;
use crate::parse::value;

/// Everything that `#[cached_fn(..)]` says.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) cache: Option<LitStr>,
    pub(crate) depends_on_nothing: Option<Ident>,
    pub(crate) key: Option<Path>,
    pub(crate) krate: Option<Path>,
    pub(crate) label: Option<LitStr>,
    pub(crate) negative_timeout: Option<Span>,
    pub(crate) relevance_timeout: Option<Span>,
    pub(crate) timeout: Option<Span>,
    pub(crate) wait: Option<Span>,
}

/// A length of time: as it was typed, or a function that gives it.
pub(crate) enum Span {
    Said(Timeout),
    Asked(Path),
}

pub(crate) const OPTIONS: Table<Options> = Table {
    owner: " of `cached_fn`",
    options: &[
        option("cache", "cache = \"sessions\"", |all, it| it.once(&mut all.cache, value::cache)),
        option("crate", "crate = path", |all, it| it.once(&mut all.krate, value::path)),
        option("depends_on_nothing", "depends_on_nothing", |all, it| {
            it.set(&mut all.depends_on_nothing, it.name.clone())
        }),
        option("key", "key = path", |all, it| it.once(&mut all.key, value::function)),
        option("label", "label = \"name\"", |all, it| it.once(&mut all.label, value::label)),
        option("negative_timeout", "negative_timeout = \"1 minute\"", |all, it| {
            it.once(&mut all.negative_timeout, Span::read)
        }),
        option("relevance_timeout", "relevance_timeout = \"10 minutes\"", |all, it| {
            it.once(&mut all.relevance_timeout, Span::read)
        }),
        option("timeout", "timeout = \"1 hour\"", |all, it| it.once(&mut all.timeout, Span::read)),
        option("wait", "wait = \"2 seconds\"", |all, it| it.once(&mut all.wait, Span::read)),
    ],
};

impl Span {
    fn read(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(syn::Lit) {
            return value::timeout(input).map(Self::Said);
        }
        value::function(input).map(Self::Asked)
    }
}

impl Options {
    pub(crate) fn read(arguments: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut options = Self::default();
        let read = |input: ParseStream<'_>| {
            recover::separated(input, diagnostics, |input, diagnostics| OPTIONS.read(&mut options, input, diagnostics));
            Ok(())
        };
        let read = read.parse2(arguments);
        diagnostics.take(read);
        options
    }
}
