//! Reads a struct into a model, and records every mistake on the way.

use std::collections::BTreeSet;
use std::mem;

use syn::{DeriveInput, parse_quote};

use crate::columns::Columns;
use crate::diagnostics::Diagnostics;
use crate::model::{Field, Lookup, Model};
use crate::names::inferred_table;
use crate::parse::base_query::BaseQuery;
use crate::parse::diesel::StructAttrs;
use crate::parse::options::Options;
use crate::validate;

/// Reads everything; `None` if what is left would not be a model.
pub(crate) fn model<'a>(input: &'a DeriveInput, diagnostics: &mut Diagnostics) -> Option<Model<'a>> {
    let mut options = Options::read(&input.attrs, diagnostics);
    let attrs = StructAttrs::read(&input.attrs, diagnostics);
    let fields = validate::named_fields(input, diagnostics)?;
    let fields: Vec<_> = fields.iter().map(|field| Field::read(field, diagnostics)).collect();
    validate::timeouts(&options, diagnostics);
    validate::storage(options.memory_only.as_ref(), &fields, diagnostics);
    let columns = Columns {
        fields,
        krate: options.krate.take().unwrap_or_else(|| parse_quote!(::cache_diesel)),
        model: &input.ident,
        table: attrs.table.unwrap_or_else(|| inferred_table(&input.ident)),
    };
    let key = match &options.primary_key {
        Some(typed) => columns.own_key(typed, diagnostics),
        None => columns.key(attrs.primary_key.as_ref(), diagnostics),
    };
    let fixed = columns.listed("fixed", &options.fixed, diagnostics);
    let exact = columns.listed("exact", &options.exact, diagnostics);
    let expires_at = columns.listed("expires_at", options.expires_at.as_slice(), diagnostics).pop();
    let lookups = columns.lookups(mem::take(&mut options.lookups), diagnostics);
    let key = key?;
    let fixed = validate::fixed(&key, fixed, diagnostics);
    let mut lookups = validate::lookups(&key, lookups, diagnostics);
    let exact = validate::exact(&key, &lookups, exact, diagnostics);
    lookups.iter_mut().for_each(|lookup| mark(lookup, &fixed, &exact));
    let base_query = options.base_query.take().or(attrs.base_query.map(BaseQuery::Diesel));
    validate::write_through(options.write_through.as_ref(), base_query.as_ref(), diagnostics);
    Some(Model {
        base_query,
        exact,
        expires_at,
        fields: columns.fields,
        ident: &input.ident,
        key,
        krate: columns.krate,
        lookups,
        table: columns.table,
        views: validate::views(&input.ident, mem::take(&mut options.views), diagnostics),
        options,
        vis: &input.vis,
    })
}

/// Notes whether a look-up has only columns that a row keeps for life, and whether one is said to be compared byte by
/// byte.
fn mark(lookup: &mut Lookup<'_>, fixed: &BTreeSet<String>, exact: &[Field<'_>]) {
    let columns = lookup.column_names();
    lookup.is_fixed = columns.iter().all(|column| fixed.contains(column));
    lookup.is_exact = exact.iter().any(|field| columns.contains(&field.column_name()));
}
