//! Writes the type that stands for one `unique(..)` or `scope(..)`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned as _;

use crate::expand::condition::{self, Condition};
use crate::expand::fields::{bindings, column, comparison, is_equal, parts, references, value, value_type};
use crate::expand::storage;
use crate::model::{Field, Lookup, Model};
use crate::tokens::{located, option_inner};

pub(crate) fn lookup(model: &Model<'_>, lookup: &Lookup<'_>) -> TokenStream {
    let private = model.private();
    let (ident, vis) = (model.ident, model.vis);
    let marker = lookup.marker(ident);
    let fields = &lookup.fields;
    let value_type = value_type(fields);
    let (filter_type, filter) = filter(model, lookup);
    let (value, value_by_reference) = (value(&quote!(__model), fields), references(&quote!(__model), fields));
    let is_equal = is_equal(&quote!(__model), &quote!(__value), fields);
    let parts = parts(&quote!(__model), fields);
    // A type that is no key is reported at its field by `Value`, and not here once more.
    let key_bytes = match fields.len() {
        1 => quote!(#private::key_bytes_of::<Self>(#value_by_reference)),
        _ => quote!(#private::KeyBytes::of(#value_by_reference)),
    };
    let columns = fields.iter().map(|field| column(model, field));
    let is_exact = lookup.is_exact.then(|| {
        quote!(
            const IS_STATED: ::core::primitive::bool = true;
        )
    });
    let (is_fixed, is_unique) = (lookup.is_fixed, lookup.is_unique);
    let normalizer = lookup.with.as_ref().map(|with| normalizer(model, &lookup.fields[0], with));
    // What a field holds need not be what its column does: then no value of a row names the rows that share it.
    let is_projected = fields.iter().any(|field| !field.projection.is_empty());
    let codec = storage::unique_codec(model, lookup);
    let comparison = match (is_projected, &lookup.with) {
        (true, _) => quote!(#private::Comparison::Unknown),
        (false, Some(_)) => quote!(#private::Comparison::Bytes),
        (false, None) => comparison(model, fields),
    };
    // Spanned by the option, as several fields may be unfit.
    let span = located(lookup.name.span());
    quote_spanned! {span=>
        #[doc(hidden)]
        #vis struct #marker;

        #[automatically_derived]
        impl #private::Lookup for #marker {
            type Model = #ident;
            type Value = #value_type;
            type Filter = #filter_type;

            const COLUMNS: &'static [&'static ::core::primitive::str] =
                &[#(<#columns as #private::diesel::Column>::NAME),*];
            const IS_FIXED: ::core::primitive::bool = #is_fixed;
            const IS_UNIQUE: ::core::primitive::bool = #is_unique;
            #is_exact
            #codec

            #filter

            fn value(__model: &Self::Model) -> Self::Value {
                #value
            }

            fn has_value(__model: &Self::Model, __value: &Self::Value) -> ::core::primitive::bool {
                #is_equal
            }

            fn is_named(
                __model: &Self::Model,
                __names: impl ::core::ops::FnOnce(&[&dyn ::core::any::Any]) -> ::core::primitive::bool,
            ) -> ::core::primitive::bool {
                __names(&#parts)
            }

            fn key_bytes(__model: &Self::Model) -> #private::KeyBytes {
                #key_bytes
            }

            fn comparison() -> #private::Comparison {
                #comparison
            }

            #normalizer
        }
    }
}

/// What `with = path` says: the function is called on the value, and in an `Option` on what is in it.
fn normalizer(model: &Model<'_>, field: &Field<'_>, with: &Path) -> TokenStream {
    let private = model.private();
    // A function that gives another type is reported at its name.
    let span = located(with.span());
    let call = quote_spanned!(span=> #with(__value));
    let normal = match option_inner(&field.ty) {
        Some(inner) => quote! {
            match __value {
                ::core::option::Option::Some(__value) => {
                    let __normal: #inner = #call;
                    ::core::option::Option::Some(__normal)
                }
                ::core::option::Option::None => ::core::option::Option::None,
            }
        },
        None => call,
    };
    quote! {
        const IS_NORMALIZED: ::core::primitive::bool = true;

        fn normalized(__value: &Self::Value) -> Self::Value {
            #normal
        }

        fn normalizer() -> ::core::option::Option<#private::NamedType> {
            ::core::option::Option::Some(#private::type_of(&#with))
        }
    }
}

/// The filter's type and the method that makes it.
fn filter(model: &Model<'_>, lookup: &Lookup<'_>) -> (TokenStream, TokenStream) {
    let (variables, pattern) = bindings(&lookup.fields);
    let conditions =
        lookup.fields.iter().zip(&variables).map(|(field, value)| condition::equal_or_null(model, field, value));
    let Condition { expression, ty } = condition::all(model, conditions);
    let span = located(lookup.name.span());
    let method = quote_spanned! {span=>
        fn filter(__value: Self::Value) -> Self::Filter {
            let #pattern = __value;
            #expression
        }
    };
    (ty, method)
}
