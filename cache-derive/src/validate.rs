//! The rules that no option can judge alone: what can be cached, and which look-ups make sense.

use std::collections::BTreeSet;

use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Field, Fields, GenericParam, Ident, Token};

use crate::diagnostics::Diagnostics;
use crate::model::{Field as Column, Key, Lookup};
use crate::options::Options;
use crate::relevance;
use crate::timeout::{Jitter, detail_millis, list_millis, millis};
use crate::view::View;

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

/// Keeps timeouts from contradicting each other.
pub(crate) fn timeouts(options: &Options, diagnostics: &mut Diagnostics) {
    for option in &options.limits {
        let mistake = match option.to_string().as_str() {
            "jitter" => is_all_jitter(options),
            "negative_timeout" => is_longest_absent(options),
            name => relevance::mistake(options, name),
        };
        if let Some(message) = mistake {
            diagnostics.error(option.span(), message);
        }
    }
    options.views.iter().for_each(|view| view_timeouts(options, view, diagnostics));
}

fn view_timeouts(options: &Options, view: &View, diagnostics: &mut Diagnostics) {
    relevance::check_view(options, view, diagnostics);
    let is_own = view.negative_timeout.is_some() || view.list_timeout.is_some();
    let list = list_millis(view.list_timeout.or(options.list_timeout));
    if is_own && millis(view.negative_timeout.or(options.negative_timeout), 0) > list {
        diagnostics.error(view.name.span(), LONGEST_ABSENT);
    }
}

fn is_longest_absent(options: &Options) -> Option<String> {
    let list = list_millis(options.list_timeout);
    (millis(options.negative_timeout, 0) > list).then(|| LONGEST_ABSENT.to_owned())
}

const LONGEST_ABSENT: &str =
    "`negative_timeout` is longer than `list_timeout`: a row would be in the lists and still count as absent";

fn is_all_jitter(options: &Options) -> Option<String> {
    let Some(Jitter::Millis(jitter)) = options.jitter else { return None };
    let timeouts = [
        ("detail_timeout", detail_millis(options.detail_timeout)),
        ("list_timeout", list_millis(options.list_timeout)),
        ("negative_timeout", millis(options.negative_timeout, u64::MAX)),
    ];
    let shorter = timeouts.into_iter().find(|(_, timeout)| *timeout / 2 < jitter);
    shorter.map(|(name, _)| {
        format!("`jitter` is more than half of `{name}`, write a shorter one or hundredths such as \"10%\"")
    })
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

/// The columns that a row keeps for life: those that are named, and the primary key.
pub(crate) fn fixed(key: &Key<'_>, named: Vec<Column<'_>>, diagnostics: &mut Diagnostics) -> BTreeSet<String> {
    let mut fixed: BTreeSet<String> = key.fields.iter().map(Column::column_name).collect();
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
    named: Vec<Column<'a>>,
    diagnostics: &mut Diagnostics,
) -> Vec<Column<'a>> {
    let mut kept: Vec<Column<'a>> = Vec::new();
    let compared: BTreeSet<String> =
        lookups.iter().flat_map(|lookup| &lookup.fields).chain(&key.fields).map(Column::column_name).collect();
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
    let columns: BTreeSet<String> = key.fields.iter().map(Column::column_name).collect();
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
