//! Reads `view(Name, ..)`: a second cached shape of a model, with rows that belong to its own.

pub(crate) mod join;
pub(crate) mod prefetch;

use proc_macro2::{Span, TokenStream};
use quote::format_ident;
use syn::parse::ParseStream;
use syn::{Error, Ident, LitBool, LitStr, Path, Result, Token, parenthesized};

use crate::diagnostics::Diagnostics;
use crate::names::camel_case;
use crate::parse::option::{Argument, Table, option};
use crate::parse::timeouts::Timeouts;
use crate::parse::{recover, value};

use join::Join;
use prefetch::Prefetch;

/// Everything that one `view(..)` says.
pub(crate) struct View {
    pub(crate) derives: Vec<Path>,
    /// Whether lists hold what is prefetched, and where that was told.
    pub(crate) for_list: Option<(Ident, bool)>,
    /// Whether something in it is recorded as a mistake, and left out.
    pub(crate) is_broken: bool,
    pub(crate) joins: Vec<Join>,
    pub(crate) key: Option<LitStr>,
    pub(crate) name: Ident,
    pub(crate) prefetches: Vec<Prefetch>,
    pub(crate) timeouts: Timeouts,
}

const OPTIONS: Table<View> = Table {
    owner: " of a view",
    options: &[
        option("derive", "derive(Debug, ..)", |view, it| it.list(&mut view.derives, value::path)),
        option("detail_relevance_timeout", "detail_relevance_timeout = \"10 seconds\"", timeout),
        option("detail_timeout", "detail_timeout = \"1 minute\"", timeout),
        option("key", "key = \"name\"", |view, it| it.once(&mut view.key, value::key)),
        option("list_relevance_timeout", "list_relevance_timeout = \"1 minute\"", timeout),
        option("list_timeout", "list_timeout = \"1 day\"", timeout),
        option("negative_timeout", "negative_timeout = \"10 seconds\"", timeout),
        option("prefetch_for_list", "prefetch_for_list = false", |view, it| {
            let is_prefetched = value::after_equals(it.input)?.parse::<LitBool>()?.value;
            it.set(&mut view.for_list, (it.name.clone(), is_prefetched))
        }),
        option("prefetch_related", "prefetch_related(field: Model, ..)", |view, it| {
            relations(it, prefetch::read).map(|prefetches| view.prefetches.extend(prefetches))
        }),
        option("relevance_timeout", "relevance_timeout = \"10 seconds\"", timeout),
        option("select_related", "select_related(field: Model, ..)", |view, it| {
            relations(it, |input, _| join::read(input)).map(|joins| view.joins.extend(joins))
        }),
    ],
};

fn timeout(view: &mut View, it: &mut Argument<'_, '_>) -> Result<()> {
    view.timeouts.read(it)
}

/// Reads `(relation, ..)`; a broken one is recorded and left out.
fn relations<T>(
    argument: &mut Argument<'_, '_>,
    relation: fn(ParseStream<'_>, &mut Diagnostics) -> Result<T>,
) -> Result<Vec<T>> {
    let content;
    parenthesized!(content in argument.input);
    Ok(recover::separated(&content, argument.diagnostics, relation))
}

/// Reads `(Name, option, ..)`.
pub(crate) fn read(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<View> {
    let content;
    parenthesized!(content in input);
    let mut view = name(&content).map(View::named).inspect_err(|_| {
        // What is left unread would be a second mistake.
        let _: Result<TokenStream> = content.parse();
    })?;
    let count = diagnostics.count();
    recover::separated(&content, diagnostics, |input, diagnostics| OPTIONS.read(&mut view, input, diagnostics));
    view.is_broken = diagnostics.count() > count;
    Ok(view)
}

/// Reads `Name,`.
fn name(input: ParseStream<'_>) -> Result<Ident> {
    let name = input.parse::<Ident>().map_err(|error| {
        Error::new(error.span(), "expected the name of the struct to generate, as in `view(ProductPage, ..)`")
    })?;
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(name)
}

impl View {
    fn named(name: Ident) -> Self {
        Self {
            derives: Vec::new(),
            for_list: None,
            is_broken: false,
            joins: Vec::new(),
            key: None,
            name,
            prefetches: Vec::new(),
            timeouts: Timeouts::default(),
        }
    }

    /// Whether lists have what is prefetched too.
    pub(crate) fn is_whole_in_lists(&self) -> bool {
        self.prefetches.is_empty() || self.for_list.as_ref().is_none_or(|(_, is_prefetched)| *is_prefetched)
    }

    /// The type that stands for a prefetched field in generated code.
    pub(crate) fn marker(&self, prefetch: &Prefetch) -> Ident {
        let field = camel_case(&prefetch.name.to_string().replace("r#", ""));
        format_ident!("__Cached{}{field}", self.name, span = Span::call_site())
    }

    /// The joined row that prefetched ones belong to, with its place.
    pub(crate) fn parent(&self, prefetch: &Prefetch) -> Option<(usize, &Join)> {
        let of = prefetch.of.as_ref()?;
        self.joins.iter().enumerate().find(|(_, join)| join.name == *of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_in_alphabetical_order_and_named_by_their_usage() {
        OPTIONS.assert_is_in_order();
    }
}
