//! Writes by which query the rows of a model are read: its table, or its base query.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::model::Model;
use crate::parse::base_query::{BaseQuery, Function};
use crate::tokens::located;

/// What the trait of a model says of the types of its query.
pub(super) fn types(model: &Model<'_>) -> TokenStream {
    let table = &model.table;
    let columns = columns(model, &quote!(#table::table), false);
    let Some((base, span)) = written(model) else {
        return quote!(type Source = #table::table; type Columns = #columns;);
    };
    let ty = base_type(model, base);
    quote_spanned! {span=>
        type Source = #ty;
        type Columns = #columns;
    }
}

/// The method that makes the query.
pub(super) fn source(model: &Model<'_>) -> TokenStream {
    let table = &model.table;
    let Some((base, span)) = written(model) else {
        return quote! {
            fn source() -> Self::Source {
                #table::table
            }
        };
    };
    let value = match base {
        BaseQuery::Diesel(_) => {
            let private = model.private_at(span);
            quote_spanned!(span=> <Self as #private::OwnQuery>::own_query())
        }
        BaseQuery::Function(function) => {
            let path = &function.path;
            quote_spanned!(span=> #path())
        }
    };
    quote_spanned! {span=>
        const HAS_BASE_QUERY: ::core::primitive::bool = true;

        fn source() -> Self::Source {
            #value
        }
    }
}

/// Which columns the conditions on `source` may use.
pub(super) fn columns(model: &Model<'_>, source: &TokenStream, is_joined: bool) -> TokenStream {
    let private = model.private();
    match (&model.base_query, is_joined) {
        (Some(_), _) => quote!(#private::Anywhere),
        (None, true) => quote!(#private::OnJoined<#source>),
        (None, false) => quote!(#private::On<#source>),
    }
}

/// What the tables of a view are joined to: its type, and the expression that makes it.
pub(super) fn root(model: &Model<'_>) -> (TokenStream, TokenStream) {
    if model.base_query.is_none() {
        let table = &model.table;
        return (quote!(#table::table), quote!(#table::table));
    }
    let (private, root) = (model.private(), model.ident);
    let root = quote!(<#root as #private::CachedModel>);
    (quote!(#root::Source), quote!(#root::source()))
}

/// Asserts that the base query has the rows of the table.
pub(super) fn assertion(model: &Model<'_>) -> TokenStream {
    let Some((base, span)) = written(model) else { return TokenStream::new() };
    let (table, ident) = (&model.table, model.ident);
    let private = model.private_at(span);
    let has_query = matches!(base, BaseQuery::Diesel(_)).then(|| {
        quote_spanned! {span=>
            const _: ::core::option::Option<#private::Queried<#ident>> = ::core::option::Option::None;
        }
    });
    quote_spanned! {span=>
        #has_query
        const _: fn() = || {
            fn is_base_query<Table, Query: #private::BaseQueryOf<Table>>() {}
            is_base_query::<#table::table, <#ident as #private::CachedModel>::Source>();
        };
    }
}

fn base_type(model: &Model<'_>, base: &BaseQuery) -> TokenStream {
    match base {
        BaseQuery::Diesel(span) => {
            let span = located(*span);
            let private = model.private_at(span);
            quote_spanned!(span=> <Self as #private::OwnQuery>::Query)
        }
        BaseQuery::Function(function) => match &**function {
            Function { path, ty: None } => quote!(#path),
            Function { ty: Some(ty), .. } => quote!(#ty),
        },
    }
}

/// The base query and where it was typed.
fn written<'a>(model: &'a Model<'_>) -> Option<(&'a BaseQuery, Span)> {
    let base = model.base_query.as_ref()?;
    let span = match base {
        BaseQuery::Diesel(span) => *span,
        BaseQuery::Function(function) => function.path.span(),
    };
    Some((base, located(span)))
}
