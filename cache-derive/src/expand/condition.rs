//! Writes conditions on columns, and the types they have.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;

use crate::expand::fields::{bindings, column, type_span};
use crate::model::{Field, Model};
use crate::tokens::option_inner;

/// A boolean expression of Diesel and its type.
pub(crate) struct Condition {
    pub(crate) expression: TokenStream,
    pub(crate) ty: TokenStream,
}

/// `column = value`.
pub(crate) fn equal(model: &Model<'_>, field: &Field<'_>, value: &Ident) -> Condition {
    let span = type_span(field);
    let private = model.private_at(span);
    let column = column(model, field);
    let ty = &field.ty;
    Condition {
        expression: quote_spanned!(span=> #private::diesel::ExpressionMethods::eq(#column, #value)),
        ty: quote_spanned!(span=> #private::diesel::dsl::Eq<#column, #ty>),
    }
}

/// `column = value`, or `column IS NULL` where the value is `None`.
pub(crate) fn equal_or_null(model: &Model<'_>, field: &Field<'_>, value: &Ident) -> Condition {
    let Some(inner) = option_inner(&field.ty) else {
        return equal(model, field, value);
    };
    let span = type_span(field);
    let private = model.private_at(span);
    let column = column(model, field);
    Condition {
        expression: quote_spanned!(span=> #private::EqOrNull::new(#column, #value)),
        ty: quote_spanned!(span=> #private::EqOrNull<#column, #inner>),
    }
}

/// The condition on the primary key, and the pattern that takes a key apart.
pub(crate) struct ByKey {
    pub(crate) condition: Condition,
    pub(crate) pattern: TokenStream,
}

/// `key = value`, column by column.
pub(crate) fn by_key(model: &Model<'_>) -> ByKey {
    let (variables, pattern) = bindings(&model.key.fields);
    let equal = model.key.fields.iter().zip(&variables).map(|(field, value)| equal(model, field, value));
    ByKey { condition: all(model, equal), pattern }
}

/// Joins conditions with `AND`.
pub(crate) fn all(model: &Model<'_>, conditions: impl IntoIterator<Item = Condition>) -> Condition {
    let private = model.private();
    conditions
        .into_iter()
        .reduce(|left, right| {
            let (left_type, right_type) = (left.ty, right.ty);
            let (left, right) = (left.expression, right.expression);
            Condition {
                expression: quote!(#private::diesel::BoolExpressionMethods::and(#left, #right)),
                ty: quote!(#private::diesel::dsl::And<#left_type, #right_type>),
            }
        })
        .expect("a key and a look-up have at least one column")
}
