//! Asserts that the model's key is the primary key of its table.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::{column, located};
use crate::model::Model;

pub(crate) fn primary_key(model: &Model<'_>) -> TokenStream {
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
