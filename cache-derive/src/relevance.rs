//! From when on are entries stale, and do they live that long?

use syn::Ident;

use crate::diagnostics::Diagnostics;
use crate::options::{Options, set};
use crate::timeout::{Timeout, detail_millis, list_millis};
use crate::view::View;

/// From when on entries are stale, as it was typed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Relevance {
    both: Option<Timeout>,
    detail: Option<Timeout>,
    list: Option<Timeout>,
}

/// Whether `name` is one of the three options.
pub(crate) fn is_relevance(name: &str) -> bool {
    matches!(name, "detail_relevance_timeout" | "list_relevance_timeout" | "relevance_timeout")
}

impl Relevance {
    /// Keeps what the option `name` says.
    pub(crate) fn set(&mut self, name: &Ident, timeout: Timeout, diagnostics: &mut Diagnostics) {
        let slot = match name.to_string().as_str() {
            "detail_relevance_timeout" => &mut self.detail,
            "list_relevance_timeout" => &mut self.list,
            _ => &mut self.both,
        };
        set(slot, timeout, name, diagnostics);
    }

    /// What counts for rows.
    pub(crate) fn detail(self) -> Option<Timeout> {
        self.detail.or(self.both)
    }

    /// What counts for lists.
    pub(crate) fn list(self) -> Option<Timeout> {
        self.list.or(self.both)
    }

    /// What the option `name` contradicts: entries that live for `detail` and `list` milliseconds.
    fn contradicts(self, name: &str, [detail, list]: [u64; 2]) -> Option<&'static str> {
        let is_longer = |own: Option<Timeout>, life: u64| matches!(own, Some(Timeout::Millis(own)) if own > life);
        let is_typed =
            |slot: Option<Timeout>, of: &str| if slot.is_some() { name == of } else { name == "relevance_timeout" };
        if is_typed(self.detail, "detail_relevance_timeout") && is_longer(self.detail(), detail) {
            return Some("detail_timeout");
        }
        (is_typed(self.list, "list_relevance_timeout") && is_longer(self.list(), list)).then_some("list_timeout")
    }
}

/// What is wrong with the option `name`, which is one of the three.
pub(crate) fn mistake(options: &Options, name: &str) -> Option<String> {
    let lives = [detail_millis(options.detail_timeout), list_millis(options.list_timeout)];
    options.relevance.contradicts(name, lives).map(|timeout| message(name, timeout))
}

/// Reports a view whose entries would be gone before they are stale, by what it says itself and by what its model does.
pub(crate) fn check_view(options: &Options, view: &View, diagnostics: &mut Diagnostics) {
    let detail_life = detail_millis(view.detail_timeout.or(options.detail_timeout));
    let list_life = list_millis(view.list_timeout.or(options.list_timeout));
    let is_own = view.detail_timeout.is_some() || view.list_timeout.is_some() || !view.relevance_names.is_empty();
    if !is_own {
        return;
    }
    let cases = [
        ("detail", view.relevance.detail(), options.relevance.detail(), detail_life),
        ("list", view.relevance.list(), options.relevance.list(), list_life),
    ];
    for (kind, own, inherited, life) in cases {
        let Some(Timeout::Millis(relevance)) = own.or(inherited) else { continue };
        if relevance <= life {
            continue;
        }
        let specific = format!("{kind}_relevance_timeout");
        let typed = view.relevance_names.iter().find(|name| **name == specific);
        let typed = typed.or_else(|| view.relevance_names.iter().find(|name| *name == "relevance_timeout"));
        let (span, name) = match typed.filter(|_| own.is_some()) {
            Some(name) => (name.span(), name.to_string()),
            None => (view.name.span(), specific),
        };
        diagnostics.error(span, message(&name, &format!("{kind}_timeout")));
    }
}

fn message(relevance: &str, timeout: &str) -> String {
    format!(
        "`{relevance}` is longer than `{timeout}`: entries would be gone before they are stale, write a shorter one"
    )
}
