//! Writes what is known of a model's primary key.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::expand::condition::{self, Condition};
use crate::expand::fields::{bindings, column, comparison, is_equal, parts, type_span, value};
use crate::model::Model;
use crate::tokens::located;

/// Asserts that the model's key is the primary key of its table.
pub(super) fn assertion(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    let table = &model.table;
    let columns: Vec<TokenStream> = model.key.fields.iter().map(|field| column(model, field)).collect();
    // Spanned by what the user typed; rustc reports at the type argument.
    let span = located(model.key.span);
    let key = match &columns[..] {
        [column] => column.clone(),
        columns => quote_spanned!(span=> (#(#columns),*)),
    };
    quote_spanned! {span=>
        const _: fn() = || {
            fn is_primary_key<Table, Columns: #private::PrimaryKeyOf<Table>>() {}
            is_primary_key::<#table::table, #key>();
        };
    }
}

/// The condition on several keys: its type and its body.
pub(super) fn by_ids(model: &Model<'_>) -> (TokenStream, TokenStream) {
    let private = model.private();
    let fields = &model.key.fields;
    if let [field] = &fields[..] {
        let (column, ty) = (column(model, field), &field.ty);
        let span = type_span(field);
        let private = model.private_at(span);
        return (
            quote_spanned!(span=> #private::diesel::dsl::EqAny<#column, ::std::vec::Vec<#ty>>),
            quote_spanned!(span=> #private::diesel::ExpressionMethods::eq_any(#column, __ids)),
        );
    }
    let (variables, pattern) = bindings(fields);
    let equal = fields.iter().zip(&variables).map(|(field, value)| condition::equal(model, field, value));
    let Condition { expression, ty } = condition::all(model, equal);
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

/// The methods of the trait about keys.
pub(super) fn methods(model: &Model<'_>) -> TokenStream {
    let fields = &model.key.fields;
    let id = value(&quote!(self), fields);
    let private = model.private();
    let comparison = comparison(model, fields);
    let is_equal = is_equal(&quote!(self), &quote!(__id), fields);
    let parts = parts(&quote!(self), fields);
    let columns = fields.iter().map(|field| {
        let (column, ty) = (column(model, field), &field.ty);
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
