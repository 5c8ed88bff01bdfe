//! Reads the options of a view, one at a time.

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::token::Paren;
use syn::{Error, Ident, LitBool, Path, Result, Token, Type, parenthesized, parse_quote};

use crate::attr;
use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::expand::option_inner;
use crate::options::set;
use crate::recover;
use crate::relevance::is_relevance;
use crate::view::{Join, View, prefetch};

/// Every option in alphabetical order, with how it is written.
const OPTIONS: [(&str, &str); 11] = [
    ("derive", "derive(Debug, ..)"),
    ("detail_relevance_timeout", "detail_relevance_timeout = \"10 seconds\""),
    ("detail_timeout", "detail_timeout = \"1 minute\""),
    ("key", "key = \"name\""),
    ("list_relevance_timeout", "list_relevance_timeout = \"1 minute\""),
    ("list_timeout", "list_timeout = \"1 day\""),
    ("negative_timeout", "negative_timeout = \"10 seconds\""),
    ("prefetch_for_list", "prefetch_for_list = false"),
    ("prefetch_related", "prefetch_related(field: Model, ..)"),
    ("relevance_timeout", "relevance_timeout = \"10 seconds\""),
    ("select_related", "select_related(field: Model, ..)"),
];

/// Reads `(Name, option, ..)`.
pub(crate) fn read(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<View> {
    let content;
    parenthesized!(content in input);
    let mut view = name(&content).map(View::named).inspect_err(|_| {
        // What is left unread would be a second mistake.
        let _: Result<TokenStream> = content.parse();
    })?;
    let count = diagnostics.count();
    recover::separated(&content, diagnostics, |input, diagnostics| option(&mut view, input, diagnostics));
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

fn option(view: &mut View, input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> Result<()> {
    let names = || OPTIONS.map(|(name, _)| name).join(", ");
    let name = input
        .call(Ident::parse_any)
        .map_err(|error| Error::new(error.span(), format!("expected one of: {}", names())))?;
    let text = name.to_string();
    let Some((_, usage)) = OPTIONS.iter().find(|(option, _)| *option == text) else {
        let hint = did_you_mean(&text, OPTIONS.iter().map(|(name, _)| *name));
        let message = format!("unknown option `{text}` of a view, expected one of: {}{hint}", names());
        return Err(Error::new(name.span(), message));
    };
    if input.peek(Paren) != usage.ends_with(')') || !(input.peek(Paren) || input.peek(Token![=])) {
        return Err(Error::new(name.span(), format!("expected `{usage}`")));
    }
    match text.as_str() {
        "derive" => view.derives.extend(recover::list(input, diagnostics, attr::path)?),
        "detail_timeout" => set(&mut view.detail_timeout, attr::timeout(input)?, &name, diagnostics),
        "key" => set(&mut view.key, attr::key(input)?, &name, diagnostics),
        "list_timeout" => set(&mut view.list_timeout, attr::timeout(input)?, &name, diagnostics),
        "negative_timeout" => set(&mut view.negative_timeout, attr::negative_timeout(input)?, &name, diagnostics),
        "prefetch_for_list" => {
            let is_prefetched = attr::after_equals(input)?.parse::<LitBool>()?.value;
            set(&mut view.for_list, (name.clone(), is_prefetched), &name, diagnostics);
        }
        name_of if is_relevance(name_of) => {
            view.relevance.set(&name, attr::timeout(input)?, diagnostics);
            view.relevance_names.push(name.clone());
        }
        "prefetch_related" => view.prefetches.extend(each(input, diagnostics, prefetch::read)?),
        _ => view.joins.extend(each(input, diagnostics, join)?),
    }
    Ok(())
}

/// Reads `(relation, ..)`; a broken one is recorded and left out.
fn each<T>(
    input: ParseStream<'_>,
    diagnostics: &mut Diagnostics,
    mut relation: impl FnMut(ParseStream<'_>, &mut Diagnostics) -> Result<T>,
) -> Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    Ok(recover::separated(&content, diagnostics, &mut relation))
}

/// Reads `field: Model` or `field: Option<Model>`.
fn join(input: ParseStream<'_>, _: &mut Diagnostics) -> Result<Join> {
    let (name, ty) = field(input, "category: Category")?;
    let inner = option_inner(&ty);
    let is_optional = inner.is_some();
    let model = inner.map_or_else(|| parse_quote!(#ty), |inner| parse_quote!(#inner));
    is_model(&model, "a joined field is one row: write `Model`, or `Option<Model>` for a left join")?;
    Ok(Join { is_optional, model, name })
}

/// Reads `field: Type`.
pub(super) fn field(input: ParseStream<'_>, example: &str) -> Result<(Ident, Type)> {
    let expected =
        |error: Error| Error::new(error.span(), format!("expected a field and its model, as in `{example}`"));
    let name = input.parse::<Ident>().map_err(expected)?;
    input.parse::<Token![:]>().map_err(expected)?;
    let ty = input.parse::<Type>().map_err(expected)?;
    Ok((name, ty))
}

/// A model is named by its path; generic types hold rows and are none.
pub(super) fn is_model(ty: &Type, message: &str) -> Result<()> {
    let is_plain = |path: &Path| path.segments.iter().all(|segment| segment.arguments.is_none());
    match ty {
        Type::Path(path) if path.qself.is_none() && is_plain(&path.path) => Ok(()),
        other => Err(Error::new_spanned(other, message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_in_alphabetical_order_and_named_by_their_usage() {
        assert!(OPTIONS.is_sorted_by_key(|(name, _)| *name));
        assert!(OPTIONS.iter().all(|(name, usage)| usage.starts_with(name)));
    }
}
