//! Checks the rules about columns: fixed ones, compared ones, sensible look-ups.

use std::collections::BTreeSet;

use syn::Ident;
use syn::ext::IdentExt as _;

use crate::diagnostics::Diagnostics;
use crate::model::{Field, Key, Lookup};

/// The columns that a row keeps for life: those that are named, and the primary key.
pub(crate) fn fixed(key: &Key<'_>, named: Vec<Field<'_>>, diagnostics: &mut Diagnostics) -> BTreeSet<String> {
    let mut fixed: BTreeSet<String> = key.fields.iter().map(Field::column_name).collect();
    for field in named {
        let column = field.column_name();
        if key.fields.iter().any(|field| field.column_name() == column) {
            let message = format!("`{column}` is of the primary key, which is fixed by itself: leave it out");
            diagnostics.error(field.column.span(), message);
        } else if !fixed.insert(column.clone()) {
            diagnostics.error(field.column.span(), format!("`fixed` names the column `{column}` twice, name it once"));
        }
    }
    fixed
}

/// The columns that are said to be compared byte by byte, where that matters.
pub(crate) fn exact<'a>(
    key: &Key<'_>,
    lookups: &[Lookup<'_>],
    named: Vec<Field<'a>>,
    diagnostics: &mut Diagnostics,
) -> Vec<Field<'a>> {
    let mut kept: Vec<Field<'a>> = Vec::new();
    let compared: BTreeSet<String> =
        lookups.iter().flat_map(|lookup| &lookup.fields).chain(&key.fields).map(Field::column_name).collect();
    for field in named {
        let column = field.column_name();
        if !compared.contains(&column) {
            let message =
                format!("`{column}` is in no key, `unique` or `scope`, so that nobody compares it: leave it out");
            diagnostics.error(field.column.span(), message);
        } else if kept.iter().any(|kept| kept.column_name() == column) {
            diagnostics.error(field.column.span(), format!("`exact` names the column `{column}` twice, name it once"));
        } else {
            kept.push(field);
        }
    }
    kept
}

/// Keeps the look-ups that make sense.
pub(crate) fn lookups<'a>(key: &Key<'_>, lookups: Vec<Lookup<'a>>, diagnostics: &mut Diagnostics) -> Vec<Lookup<'a>> {
    let mut kept: Vec<Lookup<'a>> = Vec::new();
    for lookup in lookups {
        let mistake = names_columns_once(&lookup)
            .or_else(|| is_the_key(key, &lookup))
            .or_else(|| is_declared(&kept, &lookup))
            .or_else(|| normalizes_a_column(&lookup));
        match mistake {
            Some(message) => diagnostics.error(lookup.name.span(), message),
            None => kept.push(lookup),
        }
    }
    kept
}

fn names_columns_once(lookup: &Lookup<'_>) -> Option<String> {
    let name = &lookup.name;
    let columns = lookup.column_names();
    let repeated = columns.iter().enumerate().find(|(index, column)| columns[..*index].contains(column));
    repeated.map(|(_, column)| format!("`{name}` names the column `{column}` twice, name it once"))
}

fn is_the_key(key: &Key<'_>, lookup: &Lookup<'_>) -> Option<String> {
    let columns: BTreeSet<String> = key.fields.iter().map(Field::column_name).collect();
    (lookup.is_unique && columns == column_set(lookup))
        .then(|| format!("`unique({})` is the primary key: leave it out, `get` reads by it", lookup.column_list()))
}

fn normalizes_a_column(lookup: &Lookup<'_>) -> Option<String> {
    let projected = lookup.fields.iter().find(|field| !field.projection.is_empty());
    projected.filter(|_| lookup.with.is_some()).map(|field| {
        format!(
            "`with` needs a field that holds what its column does, and `{}` is decoded or selected otherwise",
            field.ident.unraw()
        )
    })
}

fn is_declared(kept: &[Lookup<'_>], lookup: &Lookup<'_>) -> Option<String> {
    let columns = lookup.column_list();
    let of_same_kind = || kept.iter().filter(|other| other.is_unique == lookup.is_unique);
    if let Some(other) = of_same_kind().find(|other| column_set(other) == column_set(lookup)) {
        let name = &lookup.name;
        return Some(format!("`{name}({columns})` repeats `{name}({})`, keep one of them", other.column_list()));
    }
    // `unique(a, b)` and `unique(a_and_b)`.
    let placeholder = Ident::new("Model", lookup.name.span());
    of_same_kind().find(|other| other.marker(&placeholder) == lookup.marker(&placeholder)).map(|other| {
        format!(
            "`{name}({columns})` and `{name}({})` would give methods of one name, keep one of them",
            other.column_list(),
            name = lookup.name,
        )
    })
}

fn column_set(lookup: &Lookup<'_>) -> BTreeSet<String> {
    lookup.column_names().into_iter().collect()
}
