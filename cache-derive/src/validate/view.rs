//! Checks the rules between the options of a view, and between views.

use std::collections::BTreeSet;

use quote::ToTokens as _;
use syn::Ident;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::names::snake_case;
use crate::parse::view::View;
use crate::tokens::compact;

/// Keeps the views, and of each the relations, that make sense.
pub(crate) fn views(model: &Ident, views: Vec<View>, diagnostics: &mut Diagnostics) -> Vec<View> {
    let root = snake_case(model);
    let mut names = BTreeSet::from([model.unraw().to_string()]);
    let mut kept = Vec::new();
    for mut view in views {
        if !names.insert(view.name.unraw().to_string()) {
            let message = format!("the name `{}` is taken, a view is a struct of its own", view.name);
            diagnostics.error(view.name.span(), message);
            continue;
        }
        if view.joins.is_empty() && view.prefetches.is_empty() && !view.is_broken {
            let message = "a view needs `select_related(..)` or `prefetch_related(..)`";
            diagnostics.error(view.name.span(), message);
        }
        fields(&root, &mut view, diagnostics);
        tables(model, &mut view, diagnostics);
        parents(&mut view, diagnostics);
        for_list(&view, diagnostics);
        kept.push(view);
    }
    kept
}

/// Every field has a name of its own; the row's is the model's.
fn fields(root: &Ident, view: &mut View, diagnostics: &mut Diagnostics) {
    let mut names = BTreeSet::from([root.unraw().to_string()]);
    let mut is_new = |name: &Ident| {
        let text = name.unraw().to_string();
        if names.insert(text.clone()) {
            return true;
        }
        let message = if root.unraw() == text {
            format!("the field `{text}` holds the row itself, name this one otherwise")
        } else {
            format!("the field `{text}` is given twice, name one of them otherwise")
        };
        diagnostics.error(name.span(), message);
        false
    };
    view.joins.retain(|join| is_new(&join.name));
    view.prefetches.retain(|prefetch| is_new(&prefetch.name));
}

/// A table is joined once, as far as names tell: Diesel selects no model of an alias.
fn tables(root: &Ident, view: &mut View, diagnostics: &mut Diagnostics) {
    let mut models = BTreeSet::new();
    view.joins.retain(|join| {
        let model = compact(&join.model.to_token_stream());
        let message = if root.unraw() == model.as_str() {
            format!("`{model}` cannot be joined to itself, Diesel has no `Selectable` for an alias: read the other row with `get`")
        } else if !models.insert(model.clone()) {
            format!(
                "`{model}` cannot be joined twice, Diesel has no `Selectable` for an alias: keep one, and read the other row with `get`"
            )
        } else {
            return true;
        };
        diagnostics.error(join.model.span(), message);
        false
    });
}

/// What `of` names is joined.
fn parents(view: &mut View, diagnostics: &mut Diagnostics) {
    let joined: Vec<String> = view.joins.iter().map(|join| join.name.unraw().to_string()).collect();
    view.prefetches.retain(|prefetch| {
        let Some(of) = &prefetch.of else { return true };
        let name = of.unraw().to_string();
        if joined.contains(&name) {
            return true;
        }
        let message = if joined.is_empty() {
            format!("`of {name}` needs a joined row: add `select_related({name}: ..)`")
        } else {
            let hint = did_you_mean(&name, joined.iter().map(String::as_str));
            format!("no joined field `{name}`, expected one of: {}{hint}", joined.join(", "))
        };
        diagnostics.error(of.span(), message);
        false
    });
}

fn for_list(view: &View, diagnostics: &mut Diagnostics) {
    if let (Some((option, _)), true) = (&view.for_list, view.prefetches.is_empty()) {
        let message = "`prefetch_for_list` is about `prefetch_related(..)`, and there is none: leave it out";
        diagnostics.error(option.span(), message);
    }
}
