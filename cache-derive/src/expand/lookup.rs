//! Writes the type that stands for one `unique(..)` or `scope(..)`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::condition::{self, Condition};
use super::{column, is_exact, located, value, value_type};
use crate::model::{Lookup, Model};

pub(crate) fn lookup(model: &Model<'_>, lookup: &Lookup<'_>) -> TokenStream {
    let private = model.private();
    let (ident, vis) = (model.ident, model.vis);
    let marker = lookup.marker(ident);
    let fields = &lookup.fields;
    let value_type = value_type(fields);
    let (filter_type, filter) = filter(model, lookup);
    let value = value(&quote!(__model), fields);
    let columns = fields.iter().map(|field| column(model, field));
    let is_unique = lookup.is_unique;
    // What a field holds need not be what its column does: then no value of a row names the rows that share it.
    let is_projected = fields.iter().any(|field| !field.projection.is_empty());
    let is_exact = if is_projected { quote!(false) } else { is_exact(model, fields) };
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

            const COLUMNS: &'static [&'static str] =
                &[#(<#columns as #private::diesel::Column>::NAME),*];
            const IS_UNIQUE: bool = #is_unique;

            #filter

            fn value(__model: &Self::Model) -> Self::Value {
                #value
            }

            fn is_exact() -> bool {
                #is_exact
            }
        }
    }
}

/// The filter's type and the method that makes it.
fn filter(model: &Model<'_>, lookup: &Lookup<'_>) -> (TokenStream, TokenStream) {
    let (variables, pattern) = condition::bindings(&lookup.fields);
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
