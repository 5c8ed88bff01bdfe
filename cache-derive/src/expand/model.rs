//! Writes `impl CachedModel`.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::expand::condition::{self, ByKey, Condition};
use crate::expand::fields::{column, value_type};
use crate::expand::{base, definition, key, order, storage};
use crate::model::Model;
use crate::parse::options::Dependency;
use crate::tokens::located;

pub(crate) fn cached_model(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    let (ident, table) = (model.ident, &model.table);
    let id_type = value_type(&model.key.fields);
    let error = error(model);
    let definition = definition::of_model(model);
    let (by_ids_type, by_ids) = key::by_ids(model);
    let ByKey { pattern, condition: Condition { expression: by_key, ty: by_key_type } } = condition::by_key(model);
    let (source_types, source) = (base::types(model), base::source(model));
    let order = order::order_type(model);
    let key = key::methods(model);
    let ends_at = ends_at(model);
    let heap_size = heap_size(model);
    let relations = relations(model);
    let codecs = storage::codecs(model);
    let hooks = hooks(model);
    let write_through = write_through(model);
    // Spanned by the struct's name, so that a missing derive of Diesel is reported there.
    let span = located(ident.span());
    quote_spanned! {span=>
        #[automatically_derived]
        impl #private::CachedModel for #ident {
            type Table = #table::table;
            #source_types
            type Id = #id_type;
            type Error = #error;
            type Order = #order;
            type ByKey = #by_key_type;
            type ByIds = #by_ids_type;

            const DEFINITION: #private::Definition = #definition;
            #codecs
            #hooks
            #write_through

            fn table() -> Self::Table {
                #table::table
            }

            #source

            fn by_key(__key: Self::Id) -> Self::ByKey {
                let #pattern = __key;
                #by_key
            }

            fn by_ids(__ids: ::std::vec::Vec<Self::Id>) -> Self::ByIds {
                #by_ids
            }

            #key
            #ends_at
            #heap_size
            #relations
        }
    }
}

/// What is called after writes; an unfit function is reported at its path.
fn hooks(model: &Model<'_>) -> TokenStream {
    let hooks = [(quote!(AFTER_DELETE), &model.options.after_delete), (quote!(AFTER_SAVE), &model.options.after_save)];
    let private = model.private();
    let hooks: Vec<TokenStream> = hooks
        .into_iter()
        .filter(|(_, paths)| !paths.is_empty())
        .map(|(name, paths)| {
            let paths = paths.iter().map(|path| quote_spanned!(located(path.span())=> #path));
            quote! {
                const #name: &'static [fn(&#private::Saved<Self>)] = &[#(#paths),*];
            }
        })
        .collect();
    if hooks.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #(#hooks)*

        fn copied_for_hooks(&self) -> ::core::option::Option<Self> {
            use #private::copy::{Copied as _, NotCopied as _, ToCopy};
            (&ToCopy(self)).copied()
        }
    }
}

/// How a row is copied that a write gives back; a model that cannot be is reported at the option.
fn write_through(model: &Model<'_>) -> TokenStream {
    let Some(option) = &model.options.write_through else { return TokenStream::new() };
    let private = model.private();
    quote_spanned! {located(option.span())=>
        const WRITE_THROUGH: ::core::option::Option<fn(&Self) -> Self> =
            ::core::option::Option::Some(<Self as #private::StoredRow>::copied);
    }
}

fn error(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    match &model.options.error {
        Some(error) => error.to_token_stream(),
        None => quote!(#private::diesel::result::Error),
    }
}

/// When a row ends; an unfit type is reported at the column's name.
fn ends_at(model: &Model<'_>) -> TokenStream {
    let Some(field) = &model.expires_at else { return TokenStream::new() };
    let private = model.private();
    let span = located(field.ty.span());
    let (place, ty) = (field.place(&quote!(self)), &field.ty);
    let moment = quote_spanned!(span=> <#ty as #private::Moment>::timestamp(&#place));
    quote! {
        fn ends_at(&self) -> ::core::option::Option<#private::Timestamp> {
            #moment
        }
    }
}

/// Adds up what the fields own; `&&Weigh` finds the more special of the two traits first.
fn heap_size(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    let sizes = model.fields.iter().map(|field| {
        let ident = field.ident;
        quote!((&&Weigh(&self.#ident)).heap_size())
    });
    quote! {
        fn heap_size(&self) -> ::core::primitive::usize {
            use #private::weigh::{Heap as _, NoHeap as _, Weigh};
            0_usize #(.saturating_add(#sizes))*
        }
    }
}

fn relations(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    let markers = model.lookups.iter().map(|lookup| lookup.marker(model.ident));
    let dependencies = model.options.dependencies.iter().map(|dependency| relation(&private, dependency));
    let stated = (!model.exact.is_empty()).then(|| {
        let columns = model.exact.iter().map(|field| column(model, field));
        quote! {
            fn stated() -> ::std::vec::Vec<#private::Stated> {
                ::std::vec![#(#private::Stated::of(#columns)),*]
            }
        }
    });
    quote! {
        #stated

        fn lookups() -> ::std::vec::Vec<#private::LookupDefinition> {
            ::std::vec![#(#private::LookupDefinition::of::<#markers>()),*]
        }

        fn dependencies() -> ::std::vec::Vec<#private::Dependency> {
            ::std::vec![#(#dependencies),*]
        }
    }
}

fn relation(private: &TokenStream, dependency: &Dependency) -> TokenStream {
    let path = &dependency.path;
    match (dependency.is_cascade, dependency.is_model()) {
        (true, true) => quote!(#private::Dependency::cascaded_by_model::<#path>()),
        (true, false) => quote!(#private::Dependency::cascaded_by_table(#path::table)),
        (false, true) => quote!(#private::Dependency::depends_on_model::<#path>()),
        (false, false) => quote!(#private::Dependency::depends_on_table(#path::table)),
    }
}
