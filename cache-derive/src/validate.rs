//! Checks the rules that no option can judge alone.

mod columns;
mod timeouts;
mod view;

pub(crate) use columns::{exact, fixed, lookups};
pub(crate) use timeouts::timeouts;
pub(crate) use view::views;

use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Field, Fields, GenericParam, Ident, Token};

use crate::diagnostics::Diagnostics;
use crate::model::Field as Column;
use crate::parse::base_query::BaseQuery;

/// The fields, if this is a struct that owns its values and names them.
pub(crate) fn named_fields<'a>(
    input: &'a DeriveInput,
    diagnostics: &mut Diagnostics,
) -> Option<&'a Punctuated<Field, Token![,]>> {
    let is_owned = owns_its_values(input, diagnostics);
    let (span, kind) = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return is_owned.then_some(&fields.named),
            Fields::Unnamed(fields) => (fields.span(), "a tuple struct"),
            Fields::Unit => (input.ident.span(), "a unit struct"),
        },
        Data::Enum(data) => (data.enum_token.span, "an enum"),
        Data::Union(data) => (data.union_token.span, "a union"),
    };
    let message = format!(
        "`Cached` needs a struct with named fields, not {kind}: a cached value is one row, each field one column"
    );
    diagnostics.error(span, message);
    None
}

fn owns_its_values(input: &DeriveInput, diagnostics: &mut Diagnostics) -> bool {
    for param in &input.generics.params {
        let (kind, reason) = match param {
            GenericParam::Lifetime(_) => ("borrow", "a cached value is owned and outlives the read"),
            _ => ("be generic", "a cached value is owned and has one type"),
        };
        diagnostics.error(param.span(), format!("a cached model cannot {kind}: {reason}"));
    }
    input.generics.params.is_empty()
}

/// Keeps a field from saying how it is stored where nothing is.
pub(crate) fn storage(memory_only: Option<&Ident>, fields: &[Column<'_>], diagnostics: &mut Diagnostics) {
    let Some(memory_only) = memory_only else { return };
    for field in fields.iter().filter(|field| field.with.is_some()) {
        let message = format!(
            "`memory_only` stores nothing outside of the process, and the field `{}` says how with `with`: keep one of \
             them",
            field.ident.unraw()
        );
        diagnostics.error(memory_only.span(), message);
    }
}

/// Keeps a model from storing rows that its own query may leave out.
pub(crate) fn write_through(
    write_through: Option<&Ident>,
    base_query: Option<&BaseQuery>,
    diagnostics: &mut Diagnostics,
) {
    if let (Some(write_through), Some(_)) = (write_through, base_query) {
        let message = "`write_through` stores the row that a write gives back, and nobody knows whether the base query \
                       lets it through: keep one of them";
        diagnostics.error(write_through.span(), message);
    }
}
