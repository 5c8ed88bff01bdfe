//! Writes what a view generates: the struct, its traits, its manager.

mod page;
mod relation;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned as _;

use crate::expand::condition::{self, ByKey, Condition};
use crate::expand::{base, definition, manager};
use crate::model::Model;
use crate::parse::view::View;
use crate::parse::view::join::Join;
use crate::tokens::located;

use page::Page;

/// Everything of one view.
pub(crate) fn view(model: &Model<'_>, view: &View) -> TokenStream {
    let relations = view.prefetches.iter().map(|prefetch| relation::relation(model, view, prefetch));
    let whole = Page { model, view, ident: view.name.clone(), prefetches: view.prefetches.iter().collect() };
    let row =
        (!view.is_whole_in_lists()).then(|| Page { model, view, ident: listed(view), prefetches: Vec::new() }.expand());
    let page = whole.expand();
    let joins = joins(model, view);
    let cached_view = cached_view(model, view);
    let manager = manager::view_manager(model, &view.name);
    quote! {
        #(#joins)*
        #(#relations)*
        #page
        #row
        #cached_view
        #manager
    }
}

/// What lists hold.
fn listed(view: &View) -> Ident {
    if view.is_whole_in_lists() { view.name.clone() } else { format_ident!("{}Row", view.name) }
}

/// Says that each joined table can be joined, before all that follows from it. What a base query joins is in its type only.
fn joins(model: &Model<'_>, view: &View) -> Vec<TokenStream> {
    let root = model.ident;
    let joins = view.joins.iter().filter(|_| model.base_query.is_none());
    joins
        .map(|Join { model: related, .. }| {
            // Spanned by the model that was typed: a missing `joinable!` is reported there.
            let span = located(related.span());
            let private = model.private_at(span);
            quote_spanned! {span=>
                const _: ::core::option::Option<#private::Joins<#root, #related>> = ::core::option::Option::None;
            }
        })
        .collect()
}

/// The base query or table with the joined tables: their type, and the expression that joins them.
fn source(model: &Model<'_>, view: &View) -> (TokenStream, TokenStream) {
    view.joins.iter().fold(base::root(model), |(ty, value), join| {
        let Join { model: related, is_optional, .. } = join;
        // Spanned by the model that was typed: a missing `joinable!` is reported there.
        let span = located(related.span());
        let private = model.private_at(span);
        let (alias, method) =
            if *is_optional { (quote!(LeftJoin), quote!(left_join)) } else { (quote!(InnerJoin), quote!(inner_join)) };
        (
            quote_spanned!(span=> #private::diesel::dsl::#alias<#ty, <#related as #private::CachedModel>::Table>),
            quote_spanned! {span=>
                #private::diesel::QueryDsl::#method(#value, <#related as #private::CachedModel>::table())
            },
        )
    })
}

fn cached_view(model: &Model<'_>, view: &View) -> TokenStream {
    let private = model.private();
    let (name, root, listed) = (&view.name, model.ident, listed(view));
    let (source_type, source) = source(model, view);
    let ByKey { pattern, condition: Condition { expression: by_key, ty: by_key_type } } = condition::by_key(model);
    let columns = base::columns(model, &quote!(Self::Source), !view.joins.is_empty());
    let definition = definition::of_view(model, view, &page::shape(view));
    let related = page::models(view);
    let markers = view.prefetches.iter().map(|prefetch| view.marker(prefetch));
    quote! {
        #[automatically_derived]
        impl #private::CachedView for #name {
            type Source = #source_type;
            type Columns = #columns;
            type ByKey = #by_key_type;
            type Listed = #listed;

            const DEFINITION: #private::Definition = #definition;

            fn source() -> Self::Source {
                #source
            }

            fn by_key(__key: <#root as #private::CachedModel>::Id) -> Self::ByKey {
                let #pattern = __key;
                #by_key
            }

            fn related() -> ::std::vec::Vec<#private::Definition> {
                ::std::vec![#(<#related as #private::CachedModel>::DEFINITION),*]
            }

            fn queries() -> ::std::vec::Vec<&'static ::core::primitive::str> {
                ::std::vec![
                    ::core::any::type_name::<Self::Source>(),
                    #(::core::any::type_name::<<#markers as #private::Relation>::Query>(),)*
                ]
            }
        }
    }
}
