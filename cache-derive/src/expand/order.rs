//! Writes the order of a model's lists.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;

use crate::model::Model;
use crate::parse::order_by::OrderBy;
use crate::tokens::located;

/// The type that stands for the order, if there is one.
pub(super) fn order(model: &Model<'_>) -> TokenStream {
    if model.order_by().is_empty() {
        return TokenStream::new();
    }
    let (private, order, vis) = (model.private(), model.order(), model.vis);
    let columns = model.order_by().iter().map(|by| expression(&private, by, &column(model, by)));
    let (types, values): (Vec<_>, Vec<_>) = columns.unzip();
    quote! {
        #[doc(hidden)]
        #[derive(::core::fmt::Debug)]
        #vis struct #order;

        #[automatically_derived]
        impl<__Source> #private::DefaultOrder<__Source> for #order
        where
            __Source: #private::diesel::query_dsl::methods::OrderDsl<(#(#types,)*)>,
        {
            type Ordered = #private::diesel::dsl::Order<__Source, (#(#types,)*)>;

            fn ordered(__source: __Source) -> Self::Ordered {
                #private::diesel::query_dsl::methods::OrderDsl::order(__source, (#(#values,)*))
            }
        }
    }
}

/// The name of the order's type.
pub(super) fn order_type(model: &Model<'_>) -> TokenStream {
    if model.order_by().is_empty() {
        let private = model.private();
        return quote!(#private::Unordered);
    }
    model.order().to_token_stream()
}

/// The type of the expression that orders by `column`, and the expression.
pub(super) fn expression(private: &TokenStream, by: &OrderBy, column: &TokenStream) -> (TokenStream, TokenStream) {
    // Spanned by the column, so that one of another table is reported there.
    let span = located(by.column.span());
    let Some(direction) = &by.direction else { return (column.clone(), column.clone()) };
    let alias = if direction == "asc" { quote!(Asc) } else { quote!(Desc) };
    (
        quote_spanned!(span=> #private::diesel::dsl::#alias<#column>),
        quote_spanned!(span=> #private::diesel::ExpressionMethods::#direction(#column)),
    )
}

/// A column of the model's table, if no other path leads to it.
fn column(model: &Model<'_>, by: &OrderBy) -> TokenStream {
    let Some(name) = by.column.get_ident() else { return by.column.to_token_stream() };
    let table = &model.table;
    let mut name = name.clone();
    name.set_span(located(name.span()));
    quote!(#table::columns::#name)
}
