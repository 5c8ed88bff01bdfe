//! Writes `impl CachedModel`.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use super::{base, comparison, condition, is_equal, located, order, parts, storage, type_span, value, value_type};
use crate::model::{Field, Model};
use crate::options::Dependency;
use crate::relevance::Relevance;
use crate::timeout::{Jitter, Timeout};

pub(crate) fn cached_model(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    let (ident, table) = (model.ident, &model.table);
    let id_type = value_type(&model.key.fields);
    let error = error(model);
    let definition = definition(model);
    let (by_ids_type, by_ids) = by_ids(model);
    let condition::ByKey { pattern, condition: condition::Condition { expression: by_key, ty: by_key_type } } =
        condition::by_key(model);
    let (source_types, source) = (base::types(model), base::source(model));
    let order = order::order_type(model);
    let key = key_methods(model);
    let ends_at = ends_at(model);
    let heap_size = heap_size(model);
    let relations = relations(model);
    let codecs = storage::codecs(model);
    let hooks = hooks(model);
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
    let hooks = [(quote!(AFTER_DELETE), &model.after_delete), (quote!(AFTER_SAVE), &model.after_save)];
    let hooks = hooks.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?))).map(|(name, path)| {
        let span = located(path.span());
        let private = model.private();
        quote_spanned! {span=>
            const #name: ::core::option::Option<fn(&#private::Saved<Self>)> = ::core::option::Option::Some(#path);
        }
    });
    quote!(#(#hooks)*)
}

fn error(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    match &model.error {
        Some(error) => error.to_token_stream(),
        None => quote!(#private::diesel::result::Error),
    }
}

fn definition(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    let name = model.ident.unraw().to_string();
    let shape: Vec<String> = model.fields.iter().map(Field::shape).collect();
    let shape = shape.join(",");
    let key = model.name.as_ref().map(|key| quote!(.key(#key)));
    let cache = model.cache.as_ref().map(|cache| quote!(.cache(#cache)));
    let version = model.key_version.map(|version| quote!(.key_version(#version)));
    let is_key_saved = model.key.is_own.then(|| quote!(.key_is_saved()));
    let timeouts = timeouts(&private, [model.list_timeout, model.detail_timeout, model.negative_timeout]);
    let relevance = relevance(&private, model.relevance);
    let limits = limits(model);
    quote!(#private::Definition::new(#name, ::core::module_path!(), #shape) #key #cache #version #is_key_saved #timeouts #relevance #limits)
}

/// Sets how much lives differ, and how long lists may be.
fn limits(model: &Model<'_>) -> TokenStream {
    let jitter = model.jitter.map(|jitter| match jitter {
        Jitter::Millis(millis) => quote!(.jitter_millis(#millis)),
        Jitter::Percent(percent) => quote!(.jitter_percent(#percent)),
    });
    let rows = model.max_rows.map(|rows| quote!(.max_rows(#rows)));
    quote!(#jitter #rows)
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

/// Sets from when on lists and rows are stale.
pub(super) fn relevance(private: &TokenStream, relevance: Relevance) -> TokenStream {
    let list = relevance.list().map(|timeout| timeout_value(private, timeout));
    let list = list.map(|timeout| quote!(.list_relevance_timeout(#timeout)));
    let detail = relevance.detail().map(|timeout| timeout_value(private, timeout));
    let detail = detail.map(|timeout| quote!(.detail_relevance_timeout(#timeout)));
    quote!(#list #detail)
}

/// Sets the timeouts of lists, of rows, of absent rows.
pub(super) fn timeouts(private: &TokenStream, [list, detail, negative]: [Option<Timeout>; 3]) -> TokenStream {
    let timeouts = [
        list.map(|timeout| (quote!(list_timeout), timeout)),
        detail.map(|timeout| (quote!(detail_timeout), timeout)),
        negative.map(|timeout| (quote!(negative_timeout), timeout)),
    ];
    let timeouts = timeouts.into_iter().flatten().map(|(method, timeout)| {
        let timeout = timeout_value(private, timeout);
        quote!(.#method(#timeout))
    });
    quote!(#(#timeouts)*)
}

fn timeout_value(private: &TokenStream, timeout: Timeout) -> TokenStream {
    match timeout {
        Timeout::Millis(millis) => quote!(#private::Timeout::from_millis(#millis)),
        Timeout::Never => quote!(#private::Timeout::NEVER),
    }
}

/// The condition on several keys: its type and its body.
fn by_ids(model: &Model<'_>) -> (TokenStream, TokenStream) {
    let private = model.private();
    let fields = &model.key.fields;
    if let [field] = &fields[..] {
        let (column, ty) = (super::column(model, field), &field.ty);
        let span = type_span(field);
        let private = model.private_at(span);
        return (
            quote_spanned!(span=> #private::diesel::dsl::EqAny<#column, ::std::vec::Vec<#ty>>),
            quote_spanned!(span=> #private::diesel::ExpressionMethods::eq_any(#column, __ids)),
        );
    }
    let (variables, pattern) = condition::bindings(fields);
    let equal = fields.iter().zip(&variables).map(|(field, value)| condition::equal(model, field, value));
    let condition::Condition { expression, ty } = condition::all(model, equal);
    (
        quote!(#private::AnyOf<#ty>),
        quote! {
            #private::AnyOf::new(::core::iter::Iterator::map(
                ::core::iter::IntoIterator::into_iter(__ids),
                |#pattern| #expression,
            ))
        },
    )
}

fn key_methods(model: &Model<'_>) -> TokenStream {
    let fields = &model.key.fields;
    let id = value(&quote!(self), fields);
    let private = model.private();
    let comparison = comparison(model, fields);
    let is_equal = is_equal(&quote!(self), &quote!(__id), fields);
    let parts = parts(&quote!(self), fields);
    let columns = fields.iter().map(|field| {
        let (column, ty) = (super::column(model, field), &field.ty);
        quote! {
            #private::KeyPart::of::<#ty>(
                #column,
                (&&KeyType::<#ty>::NEW).parsed(),
                (&&KeyType::<#ty>::NEW).wrapped(),
            )
        }
    });
    quote! {
        fn id(&self) -> Self::Id {
            #id
        }

        fn has_id(&self, __id: &Self::Id) -> ::core::primitive::bool {
            #is_equal
        }

        fn is_named(
            &self,
            __names: impl ::core::ops::FnOnce(&[&dyn ::core::any::Any]) -> ::core::primitive::bool,
        ) -> ::core::primitive::bool {
            __names(&#parts)
        }

        fn key_comparison() -> #private::Comparison {
            #comparison
        }

        fn key_parts() -> ::std::vec::Vec<#private::KeyPart> {
            use #private::printed::{KeyType, NotParsed as _, NotWrapped as _, Parse as _, Wrap as _};
            ::std::vec![#(#columns),*]
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
    let dependencies = model.dependencies.iter().map(|dependency| relation(&private, dependency));
    let stated = (!model.exact.is_empty()).then(|| {
        let columns = model.exact.iter().map(|field| super::column(model, field));
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
