//! Writes the code of a valid model; nothing in here can fail.
//!
//! Variables and parameters begin with `__`: many a module imports `products::dsl::*`, and a variable cannot have the
//! name of an imported column.

mod assertion;
mod base;
mod condition;
mod lookup;
mod manager;
mod model;
mod order;
mod storage;
mod view;

pub(crate) use condition::option_inner;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::model::{Field, Model};

/// Everything that `#[derive(Cached)]` generates.
pub(crate) fn cached(model: &Model<'_>) -> TokenStream {
    let primary_key = assertion::primary_key(model);
    let base_query = base::assertion(model);
    let cached_model = model::cached_model(model);
    let lookups = model.lookups.iter().map(|lookup| lookup::lookup(model, lookup));
    let order = order::order(model);
    let storage = storage::storage(model);
    let manager = manager::manager(model);
    let views = model.views.iter().map(|view| view::view(model, view));
    let declaration = declaration(model);
    quote! {
        #primary_key
        #base_query
        #cached_model
        #(#lookups)*
        #order
        #storage
        #manager
        #(#views)*
        #declaration
    }
}

/// Makes the model known at program start, before its first read.
fn declaration(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    let ident = model.ident;
    quote! {
        #private::inventory::submit! {
            #private::Declaration::of::<#ident>()
        }
    }
}

/// The place to report at, without making the code look hand-written to lints.
pub(crate) fn located(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The place of a field's type: an unfit type is reported there.
fn type_span(field: &Field<'_>) -> Span {
    located(field.ty.span())
}

/// The type of a column.
fn column(model: &Model<'_>, field: &Field<'_>) -> TokenStream {
    let table = &model.table;
    let mut column = field.column.clone();
    column.set_span(located(column.span()));
    quote!(#table::columns::#column)
}

/// A field's type, or a tuple of them in order.
fn value_type(fields: &[Field<'_>]) -> TokenStream {
    let types = fields.iter().map(|field| &field.ty);
    if let [field] = fields {
        let ty = &field.ty;
        return quote!(#ty);
    }
    quote!((#(#types),*))
}

/// The clone of a field of `owner`, or a tuple of them in order.
fn value(owner: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
    let clones: Vec<TokenStream> = fields.iter().map(|field| clone(owner, field)).collect();
    if let [clone] = &clones[..] {
        return clone.clone();
    }
    quote!((#(#clones),*))
}

/// A reference to a field of `owner`, or to a tuple of references to them in order: hashed as their values are.
fn references(owner: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
    let places: Vec<TokenStream> = fields.iter().map(|field| field.place(owner)).collect();
    match &places[..] {
        [place] => quote!(&#place),
        _ => quote!(&(#(&#places),*)),
    }
}

/// Whether the fields of `owner` are what is in `value`.
fn is_equal(owner: &TokenStream, value: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
    let (variables, pattern) = condition::bindings(fields);
    let is_equal = fields.iter().zip(&variables).map(|(field, value)| {
        let place = field.place(owner);
        let span = type_span(field);
        quote_spanned!(span=> ::core::cmp::PartialEq::eq(&#place, #value))
    });
    quote! {
        let #pattern = #value;
        #(#is_equal)&&*
    }
}

/// The fields of `owner`, each as what may be of any type.
fn parts(owner: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
    let places = fields.iter().map(|field| field.place(owner));
    quote!([#(&#places as &dyn ::core::any::Any),*])
}

fn clone(owner: &TokenStream, field: &Field<'_>) -> TokenStream {
    let place = field.place(owner);
    let span = type_span(field);
    quote_spanned!(span=> ::core::clone::Clone::clone(&#place))
}

/// How the values of all columns are compared.
fn comparison(model: &Model<'_>, fields: &[Field<'_>]) -> TokenStream {
    let private = model.private();
    let columns = fields.iter().map(|field| column(model, field));
    quote!(#private::Comparison::Bytes #(.and(#private::Comparison::of(#columns)))*)
}
