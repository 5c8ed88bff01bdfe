//! Writes fields and columns: their types, their values, what compares them.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned as _;

use crate::model::{Field, Model};
use crate::tokens::located;

/// The place of a field's type: an unfit type is reported there.
pub(super) fn type_span(field: &Field<'_>) -> Span {
    located(field.ty.span())
}

/// The type of a column.
pub(super) fn column(model: &Model<'_>, field: &Field<'_>) -> TokenStream {
    let table = &model.table;
    let mut column = field.column.clone();
    column.set_span(located(column.span()));
    quote!(#table::columns::#column)
}

/// A field's type, or a tuple of them in order.
pub(super) fn value_type(fields: &[Field<'_>]) -> TokenStream {
    let types = fields.iter().map(|field| &field.ty);
    if let [field] = fields {
        let ty = &field.ty;
        return quote!(#ty);
    }
    quote!((#(#types),*))
}

/// The clone of a field of `owner`, or a tuple of them in order.
pub(super) fn value(owner: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
    let clones: Vec<TokenStream> = fields.iter().map(|field| clone(owner, field)).collect();
    if let [clone] = &clones[..] {
        return clone.clone();
    }
    quote!((#(#clones),*))
}

/// A reference to a field of `owner`, or to a tuple of references to them in order: hashed as their values are.
pub(super) fn references(owner: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
    let places: Vec<TokenStream> = fields.iter().map(|field| field.place(owner)).collect();
    match &places[..] {
        [place] => quote!(&#place),
        _ => quote!(&(#(&#places),*)),
    }
}

/// Whether the fields of `owner` are what is in `value`.
pub(super) fn is_equal(owner: &TokenStream, value: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
    let (variables, pattern) = bindings(fields);
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
pub(super) fn parts(owner: &TokenStream, fields: &[Field<'_>]) -> TokenStream {
    let places = fields.iter().map(|field| field.place(owner));
    quote!([#(&#places as &dyn ::core::any::Any),*])
}

fn clone(owner: &TokenStream, field: &Field<'_>) -> TokenStream {
    let place = field.place(owner);
    let span = type_span(field);
    quote_spanned!(span=> ::core::clone::Clone::clone(&#place))
}

/// How the values of all columns are compared.
pub(super) fn comparison(model: &Model<'_>, fields: &[Field<'_>]) -> TokenStream {
    let private = model.private();
    let columns = fields.iter().map(|field| column(model, field));
    quote!(#private::Comparison::Bytes #(.and(#private::Comparison::of(#columns)))*)
}

/// One variable for each field, and the pattern that binds them to a value.
pub(super) fn bindings(fields: &[Field<'_>]) -> (Vec<Ident>, TokenStream) {
    let variable = |(index, field): (usize, &Field<'_>)| {
        // rustc underlines an unfit argument and not the call.
        format_ident!("__value_{index}", span = Span::mixed_site().located_at(type_span(field)))
    };
    let variables: Vec<Ident> = fields.iter().enumerate().map(variable).collect();
    let pattern = match &variables[..] {
        [variable] => quote!(#variable),
        variables => quote!((#(#variables),*)),
    };
    (variables, pattern)
}
