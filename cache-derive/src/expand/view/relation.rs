//! Writes the type that stands for one prefetched field: which rows belong to a row.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::expand::order;
use crate::model::Model;
use crate::parse::view::View;
use crate::parse::view::prefetch::Prefetch;
use crate::tokens::located;

pub(super) fn relation(model: &Model<'_>, view: &View, prefetch: &Prefetch) -> TokenStream {
    let marker = view.marker(prefetch);
    let vis = model.vis;
    let child = prefetch.link.as_ref().unwrap_or(&prefetch.model);
    // Spanned by the model with the foreign key, as typed: what it lacks is reported there.
    let span = located(child.span());
    let private = model.private_at(span);
    let parent = parent(model, view, prefetch);
    let child_of = quote_spanned!(span=> <#child as #private::ChildOf<#parent>>);
    let (query_type, query) = query(model, prefetch, &child_of);
    let Loaded { ty, row, item_type, item } = loaded(prefetch);
    let rows = &prefetch.model;
    quote_spanned! {span=>
        #[doc(hidden)]
        #vis struct #marker(::core::marker::PhantomData<#private::Belongs<#child, #parent>>);

        #[automatically_derived]
        impl #private::Relation for #marker {
            type Key = #child_of::ForeignKey;
            type Loaded = #ty;
            type Item = #item_type;
            type Query = #query_type;

            const HAS_BASE_QUERY: ::core::primitive::bool = <#rows as #private::CachedModel>::HAS_BASE_QUERY;

            fn query(__keys: ::std::vec::Vec<Self::Key>) -> Self::Query {
                #query
            }

            fn key(__loaded: &Self::Loaded) -> ::core::option::Option<&Self::Key> {
                #child_of::foreign_key(#row)
            }

            fn item(__loaded: Self::Loaded) -> Self::Item {
                #item
            }
        }
    }
}

/// The model whose rows they belong to.
fn parent(model: &Model<'_>, view: &View, prefetch: &Prefetch) -> TokenStream {
    match view.parent(prefetch) {
        Some((_, join)) => join.model.to_token_stream(),
        None => model.ident.to_token_stream(),
    }
}

/// The query for many keys: its type, and the expression that makes it.
fn query(model: &Model<'_>, prefetch: &Prefetch, child_of: &TokenStream) -> (TokenStream, TokenStream) {
    let span = located(prefetch.model.span());
    let private = model.private_at(span);
    let row = &prefetch.model;
    let rows = quote_spanned!(span=> <#row as #private::CachedModel>);
    let (source_type, source) = match &prefetch.link {
        None => (quote!(#rows::Source), quote!(#rows::source())),
        Some(link) => (
            quote_spanned! {span=>
                #private::diesel::dsl::InnerJoin<#rows::Source, <#link as #private::CachedModel>::Table>
            },
            quote_spanned! {span=>
                #private::diesel::QueryDsl::inner_join(#rows::source(), <#link as #private::CachedModel>::table())
            },
        ),
    };
    let ty = quote_spanned! {span=>
        #private::diesel::dsl::Filter<
            #source_type,
            #private::diesel::dsl::EqAny<#child_of::Column, ::std::vec::Vec<#child_of::ForeignKey>>
        >
    };
    let value = quote_spanned! {span=>
        #private::diesel::QueryDsl::filter(
            #source,
            #private::diesel::ExpressionMethods::eq_any(#child_of::column(), __keys),
        )
    };
    ordered(model, prefetch, (ty, value))
}

fn ordered(model: &Model<'_>, prefetch: &Prefetch, query: (TokenStream, TokenStream)) -> (TokenStream, TokenStream) {
    if prefetch.order.is_empty() {
        return query;
    }
    let private = model.private_at(located(prefetch.model.span()));
    let (ty, value) = query;
    let order = prefetch.order.iter().map(|by| {
        let column = by.column.to_token_stream();
        order::expression(&private, by, &column)
    });
    let (types, values): (Vec<_>, Vec<_>) = order.unzip();
    (
        quote!(#private::diesel::dsl::Order<#ty, (#(#types,)*)>),
        quote!(#private::diesel::QueryDsl::order(#value, (#(#values,)*))),
    )
}

/// What a statement gives, and what is kept of it.
struct Loaded {
    ty: TokenStream,
    /// The row with the foreign key.
    row: TokenStream,
    item_type: TokenStream,
    item: TokenStream,
}

fn loaded(prefetch: &Prefetch) -> Loaded {
    let model = &prefetch.model;
    let Some(link) = &prefetch.link else {
        let ty = model.to_token_stream();
        return Loaded { ty: ty.clone(), row: quote!(__loaded), item_type: ty, item: quote!(__loaded) };
    };
    let (item_type, item) = if prefetch.keeps_link {
        (quote!((#model, #link)), quote!((__loaded.1, __loaded.0)))
    } else {
        (quote!(#model), quote!(__loaded.1))
    };
    Loaded { ty: quote!((#link, #model)), row: quote!(&__loaded.0), item_type, item }
}
