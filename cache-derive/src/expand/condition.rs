//! Writes conditions on columns, and the types they have.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{GenericArgument, Ident, PathArguments, Type};

use super::{column, type_span};
use crate::model::{Field, Model};

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

/// One variable for each field, and the pattern that binds them to a value.
pub(crate) fn bindings(fields: &[Field<'_>]) -> (Vec<Ident>, TokenStream) {
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

/// The `T` of a type that is written `Option<T>`.
pub(crate) fn option_inner(mut ty: &Type) -> Option<&Type> {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => break,
        };
    }
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) if last.ident == "Option" => Some(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn options_are_told_by_their_name() {
        let table: [(Type, Option<&str>); 5] = [
            (parse_quote!(Option<i32>), Some("i32")),
            (parse_quote!(::core::option::Option<String>), Some("String")),
            (parse_quote!((Option<i32>)), Some("i32")),
            (parse_quote!(Vec<i32>), None),
            (parse_quote!(Option), None),
        ];
        for (ty, expected) in table {
            let inner = option_inner(&ty).map(|inner| inner.to_token_stream().to_string());
            assert_eq!(inner.as_deref(), expected);
        }
    }
}
