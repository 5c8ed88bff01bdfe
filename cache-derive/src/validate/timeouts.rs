//! Checks the rules between timeouts.

use proc_macro2::Span;

use crate::diagnostics::Diagnostics;
use crate::parse::options::Options;
use crate::parse::timeout::{Jitter, Length, Timeout, detail_millis, list_millis, millis};
use crate::parse::timeouts::Timeouts;

/// Timeouts that were typed, and those that count where none was.
struct Typed<'a> {
    own: &'a Timeouts,
    inherited: &'a Timeouts,
    /// Where a mistake is reported that an inherited timeout is part of.
    span: Span,
}

/// Keeps timeouts from contradicting each other: those of the model, and those of its views.
pub(crate) fn timeouts(options: &Options, diagnostics: &mut Diagnostics) {
    let own = &options.timeouts;
    let model = Typed { own, inherited: &Timeouts::default(), span: Span::call_site() };
    negative(&model, diagnostics);
    relevance(&model, diagnostics);
    jitter(own, diagnostics);
    for view in &options.views {
        let view = Typed { own: &view.timeouts, inherited: own, span: view.name.span() };
        negative(&view, diagnostics);
        relevance(&view, diagnostics);
    }
}

fn negative(typed: &Typed<'_>, diagnostics: &mut Diagnostics) {
    let Typed { own, inherited, span } = typed;
    let is_own = own.negative.is_some() || own.list.is_some();
    let list = list_millis(known(&own.list).or(known(&inherited.list)));
    // What a function gives has an end.
    let negative = known(&own.negative).or(known(&inherited.negative)).filter(|timeout| *timeout != Timeout::Never);
    if is_own && millis(negative, 0) > list {
        let message =
            "`negative_timeout` is longer than `list_timeout`: a row would be in the lists and still count as absent";
        diagnostics.error(own.span("negative_timeout").unwrap_or(*span), message);
    }
}

fn known(length: &Option<Length>) -> Option<Timeout> {
    length.as_ref().map(Length::known)
}

/// Reports entries that would be gone before they are stale.
fn relevance(typed: &Typed<'_>, diagnostics: &mut Diagnostics) {
    let Typed { own, inherited, span } = typed;
    let (own_detail, own_list) = (own.detail_relevance(), own.list_relevance());
    if [own.detail.as_ref(), own.list.as_ref(), own_detail, own_list].iter().all(Option::is_none) {
        return;
    }
    let detail_life = detail_millis(known(&own.detail).or(known(&inherited.detail)));
    let list_life = list_millis(known(&own.list).or(known(&inherited.list)));
    let cases = [
        ("detail", own_detail, own_detail.or(inherited.detail_relevance()), detail_life),
        ("list", own_list, own_list.or(inherited.list_relevance()), list_life),
    ];
    for (kind, own_relevance, relevance, life) in cases {
        let Some(Timeout::Millis(relevance)) = relevance.map(Length::known) else { continue };
        if relevance <= life {
            continue;
        }
        let specific = format!("{kind}_relevance_timeout");
        let at =
            |option: &str| own.span(option).filter(|_| own_relevance.is_some()).map(|span| (span, option.to_owned()));
        let (span, name) = at(&specific).or_else(|| at("relevance_timeout")).unwrap_or((*span, specific));
        let message = format!(
            "`{name}` is longer than `{kind}_timeout`: entries would be gone before they are stale, write a shorter one"
        );
        diagnostics.error(span, message);
    }
}

fn jitter(own: &Timeouts, diagnostics: &mut Diagnostics) {
    let (Some(Jitter::Millis(jitter)), Some(span)) = (own.jitter, own.span("jitter")) else { return };
    let timeouts = [
        ("detail_timeout", detail_millis(known(&own.detail))),
        ("list_timeout", list_millis(known(&own.list))),
        ("negative_timeout", millis(known(&own.negative), u64::MAX)),
    ];
    if let Some((name, _)) = timeouts.into_iter().find(|(_, timeout)| *timeout / 2 < jitter) {
        let message =
            format!("`jitter` is more than half of `{name}`, write a shorter one or hundredths such as \"10%\"");
        diagnostics.error(span, message);
    }
}
