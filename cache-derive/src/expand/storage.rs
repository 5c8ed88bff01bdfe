//! Writes how rows, keys and unique values are encoded.
//!
//! Fields are written in order and without their names: the struct's shape is part of every entry's name.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Path, Type};

use crate::expand::fields::{bindings, type_span};
use crate::model::{Field, Lookup, Model};
use crate::tokens::{located, option_inner};

/// What lets rows leave the process; nothing for a model that is kept in memory.
pub(crate) fn storage(model: &Model<'_>) -> Option<TokenStream> {
    if model.options.memory_only.is_some() {
        return None;
    }
    let row = row(model);
    let key = key(model);
    let lookups = model.lookups.iter().filter(|lookup| lookup.is_unique).map(|lookup| unique(model, lookup));
    Some(quote!(#row #key #(#lookups)*))
}

/// The constant of `CachedModel` that names it.
pub(crate) fn codecs(model: &Model<'_>) -> Option<TokenStream> {
    let (private, ident) = (model.private(), model.ident);
    (model.options.memory_only.is_none()).then(|| {
        quote! {
            const CODECS: ::core::option::Option<#private::ModelCodecs<#ident>> =
                ::core::option::Option::Some(#private::ModelCodecs::<#ident>::of());
        }
    })
}

/// The constant of `Lookup` that names it.
pub(crate) fn unique_codec(model: &Model<'_>, lookup: &Lookup<'_>) -> Option<TokenStream> {
    let (private, marker) = (model.private(), lookup.marker(model.ident));
    (lookup.is_unique && model.options.memory_only.is_none()).then(|| {
        quote! {
            const CODEC: ::core::option::Option<#private::Codec> =
                ::core::option::Option::Some(#private::unique_codec::<#marker>());
        }
    })
}

fn row(model: &Model<'_>) -> TokenStream {
    let (private, ident) = (model.private(), model.ident);
    let stores = model.fields.iter().map(|field| {
        let place = field.place(&quote!(self));
        store(model, field, &quote!(&#place))
    });
    let restores = model.fields.iter().map(|field| {
        let (name, value) = (field.ident, restore(model, field));
        quote!(#name: #value)
    });
    quote! {
        #[automatically_derived]
        impl #private::Encode for #ident {
            fn encode(&self, __bytes: &mut ::std::vec::Vec<::core::primitive::u8>) -> #private::Result<()> {
                #(#stores)*
                ::core::result::Result::Ok(())
            }

            fn decode(__bytes: &mut &[::core::primitive::u8]) -> #private::Result<Self> {
                ::core::result::Result::Ok(Self { #(#restores),* })
            }
        }
    }
}

fn key(model: &Model<'_>) -> TokenStream {
    let (private, ident) = (model.private(), model.ident);
    let (encode, decode) = values(model, &model.key.fields);
    quote! {
        #[automatically_derived]
        impl #private::StoredModel for #ident {
            fn encode_id(__value: &Self::Id, __bytes: &mut ::std::vec::Vec<::core::primitive::u8>) -> #private::Result<()> {
                #encode
            }

            fn decode_id(__bytes: &mut &[::core::primitive::u8]) -> #private::Result<Self::Id> {
                #decode
            }
        }
    }
}

fn unique(model: &Model<'_>, lookup: &Lookup<'_>) -> TokenStream {
    let (private, marker) = (model.private(), lookup.marker(model.ident));
    let (encode, decode) = values(model, &lookup.fields);
    quote! {
        #[automatically_derived]
        impl #private::StoredLookup for #marker {
            fn encode_value(__value: &Self::Value, __bytes: &mut ::std::vec::Vec<::core::primitive::u8>) -> #private::Result<()> {
                #encode
            }

            fn decode_value(__bytes: &mut &[::core::primitive::u8]) -> #private::Result<Self::Value> {
                #decode
            }
        }
    }
}

/// The bodies that write a field's value, or a tuple of them, and read it.
fn values(model: &Model<'_>, fields: &[Field<'_>]) -> (TokenStream, TokenStream) {
    let (variables, pattern) = bindings(fields);
    let stores = fields.iter().zip(&variables).map(|(field, value)| store(model, field, &quote!(#value)));
    let restores: Vec<TokenStream> = fields.iter().map(|field| restore(model, field)).collect();
    let value = match &restores[..] {
        [value] => quote!(#value),
        values => quote!((#(#values),*)),
    };
    let encode = quote! {
        let #pattern = __value;
        #(#stores)*
        ::core::result::Result::Ok(())
    };
    // In two steps: lints take `Ok(value?)` for a mistake of the struct's author.
    let decode = quote! {
        let __value = #value;
        ::core::result::Result::Ok(__value)
    };
    (encode, decode)
}

fn store(model: &Model<'_>, field: &Field<'_>, value: &TokenStream) -> TokenStream {
    if let Some(with) = &field.with {
        return store_with(model, field, with, value);
    }
    // Reported at the type: it is the one that serde does not know.
    let span = type_span(field);
    let private = model.private_at(span);
    match option_inner(&field.ty) {
        Some(inner) => {
            let store = method(model, inner, &quote!(store));
            quote_spanned!(span=> #private::store_nullable::<#inner>(#value, __bytes, #store)?;)
        }
        None => {
            let store = method(model, &field.ty, &quote!(store));
            quote_spanned!(span=> #store(#value, __bytes)?;)
        }
    }
}

fn restore(model: &Model<'_>, field: &Field<'_>) -> TokenStream {
    if let Some(with) = &field.with {
        return restore_with(model, field, with);
    }
    let span = type_span(field);
    let private = model.private_at(span);
    match option_inner(&field.ty) {
        Some(inner) => {
            let restore = method(model, inner, &quote!(restore));
            quote_spanned!(span=> #private::restore_nullable::<#inner>(__bytes, #restore)?)
        }
        None => {
            let restore = method(model, &field.ty, &quote!(restore));
            quote_spanned!(span=> #restore(__bytes)?)
        }
    }
}

fn method(model: &Model<'_>, ty: &Type, name: &TokenStream) -> TokenStream {
    let span = located(ty.span());
    let private = model.private_at(span);
    quote_spanned!(span=> <#ty as #private::Storable>::#name)
}

/// Writes what `module::serialize` says of the field.
fn store_with(model: &Model<'_>, field: &Field<'_>, with: &Path, value: &TokenStream) -> TokenStream {
    let private = model.private();
    let ty = &field.ty;
    // A module without the function, or with another one, is reported where it was named.
    let call = quote_spanned!(located(with.span())=> #with::serialize(self.0, __serializer));
    quote! {{
        struct __Stored<'__value>(&'__value #ty);

        impl #private::serde::Serialize for __Stored<'_> {
            fn serialize<__Serializer: #private::serde::Serializer>(
                &self,
                __serializer: __Serializer,
            ) -> ::core::result::Result<__Serializer::Ok, __Serializer::Error> {
                #call
            }
        }

        #private::serial::write(&__Stored(#value), __bytes)?;
    }}
}

/// Reads what `module::deserialize` makes of the bytes.
fn restore_with(model: &Model<'_>, field: &Field<'_>, with: &Path) -> TokenStream {
    let private = model.private();
    let ty = &field.ty;
    let call = quote_spanned!(located(with.span())=> #with::deserialize(__deserializer));
    quote! {{
        struct __Restored(#ty);

        impl<'__bytes> #private::serde::Deserialize<'__bytes> for __Restored {
            fn deserialize<__Deserializer: #private::serde::Deserializer<'__bytes>>(
                __deserializer: __Deserializer,
            ) -> ::core::result::Result<Self, __Deserializer::Error> {
                ::core::result::Result::map(#call, Self)
            }
        }

        #private::serial::read::<__Restored>(__bytes)?.0
    }}
}
