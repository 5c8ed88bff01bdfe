//! Writes the code of a valid model; nothing in here can fail.
//!
//! Variables and parameters begin with `__`: many a module imports `products::dsl::*`, and a variable cannot have the
//! name of an imported column.

mod base;
mod condition;
mod definition;
mod fields;
mod key;
mod lookup;
mod manager;
mod model;
mod order;
mod storage;
mod view;

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::Model;

/// Everything that `#[derive(Cached)]` generates.
pub(crate) fn cached(model: &Model<'_>) -> TokenStream {
    let primary_key = key::assertion(model);
    let base_query = base::assertion(model);
    let cached_model = model::cached_model(model);
    let lookups = model.lookups.iter().map(|lookup| lookup::lookup(model, lookup));
    let order = order::order(model);
    let storage = storage::storage(model);
    let manager = manager::manager(model);
    let views = model.views.iter().map(|view| view::view(model, view));
    let declaration = declaration(model);
    quote! {
        #primary_key
        #base_query
        #cached_model
        #(#lookups)*
        #order
        #storage
        #manager
        #(#views)*
        #declaration
    }
}

/// Makes the model known at program start, before its first read.
fn declaration(model: &Model<'_>) -> TokenStream {
    let private = model.private();
    let ident = model.ident;
    quote! {
        #private::inventory::submit! {
            #private::Declaration::of::<#ident>()
        }
    }
}
