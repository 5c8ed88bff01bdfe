//! Shows the numbers of the shop: over time, and by manager, function, page and place.

use axum::extract::State;
use cache_diesel::caches;

use crate::charts::{Chart, Line};
use crate::html::panel::milliseconds;
use crate::html::{Html, html, layout};
use crate::monitor::Second;
use crate::site::Shop;

pub(crate) async fn page(State(shop): State<Shop>) -> Html {
    let main = html!(
        r#"<div class="line spread"><h1>Statistics</h1><button class="quiet" id="pause" aria-pressed="false" hidden>Pause</button></div>
<div id="live">{}</div>"#,
        numbers(&shop)
    );
    layout::page("Statistics", "/statistics", &main)
}

/// What the page asks for each second.
pub(crate) async fn live(State(shop): State<Shop>) -> Html {
    numbers(&shop)
}

fn numbers(shop: &Shop) -> Html {
    html!(
        "<div class=\"charts\">{}</div>{}{}{}",
        charts(&shop.monitor.seconds()),
        reads(shop),
        functions(),
        places(shop)
    )
}

fn charts(seconds: &[Second]) -> Html {
    let line = |name, kind, number: fn(&Second) -> Option<f64>| Line {
        name,
        kind,
        points: seconds.iter().map(number).collect(),
    };
    let whole = |number: f64| format!("{number:.0}");
    let charts = [
        Chart {
            title: "Hit ratio",
            lines: vec![line("hits", "one", Second::hit_ratio)],
            most: Some(1.0),
            write: |ratio| format!("{:.1} %", ratio * 100.0),
        },
        Chart {
            title: "Latency",
            lines: vec![
                line("p50", "one", |second| (second.requests > 0).then_some(second.p50.as_secs_f64() * 1000.0)),
                line("p99", "two", |second| (second.requests > 0).then_some(second.p99.as_secs_f64() * 1000.0)),
            ],
            most: None,
            write: |number| format!("{number:.2} ms"),
        },
        Chart {
            title: "Invalidations a second",
            lines: vec![line("tables", "two", |second| Some(second.invalidations as f64))],
            most: None,
            write: whole,
        },
        Chart {
            title: "A second",
            lines: vec![
                line("requests", "one", |second| Some(second.requests as f64)),
                line("statements", "two", |second| Some(second.statements as f64)),
            ],
            most: None,
            write: whole,
        },
    ];
    charts.iter().map(Chart::draw).collect()
}

fn ratio(hits: u64, all: u64) -> String {
    if all == 0 { "–".to_owned() } else { format!("{:.1} %", hits as f64 * 100.0 / all as f64) }
}

/// A table that can be pushed aside on small screens.
fn table(title: &str, heads: &[&str], rows: &Html) -> Html {
    let heads: Html = heads
        .iter()
        .map(|head| {
            let kind = if matches!(*head, "Kind" | "Signature") { "left" } else { "" };
            html!("<th scope=\"col\" class=\"{}\">{}</th>", kind, head)
        })
        .collect();
    html!(
        r#"<div class="wide" role="region" aria-label="{}" tabindex="0"><table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"#,
        title,
        title,
        heads,
        rows
    )
}

fn reads(shop: &Shop) -> Html {
    let statistics = shop.cache.statistics();
    let rows: Html = statistics
        .reads
        .iter()
        .map(|((manager, kind), counts)| {
            html!(
                "<tr><th scope=\"row\">{}</th><td class=\"left\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                manager,
                format!("{kind:?}").to_lowercase(),
                counts.hit_count,
                counts.miss_count,
                counts.bypass_count,
                counts.store_count,
                ratio(counts.hit_count, counts.hit_count + counts.miss_count + counts.bypass_count)
            )
        })
        .collect();
    let ended: Html = statistics
        .invalidation_counts
        .iter()
        .map(|(table, count)| html!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", table, count))
        .collect();
    let usage = shop.cache.usage();
    html!(
        "{}{}<p class=\"dim after\">{} entries, {} bytes.</p>",
        table(
            "Managers, functions and pages",
            &["Name", "Kind", "Hits", "Misses", "Bypasses", "Stored", "Ratio"],
            &rows
        ),
        table("Invalidations", &["Table", "Count"], &ended),
        usage.entries,
        usage.weight
    )
}

fn functions() -> Option<Html> {
    let functions = caches::functions();
    let rows: Html = functions
        .iter()
        .map(|function| {
            html!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"left\">{}</td></tr>",
                function.label,
                function.counts.hit_count,
                function.counts.load_count,
                function.signature
            )
        })
        .collect();
    (!functions.is_empty()).then(|| table("Functions", &["Label", "Hits", "Computed", "Signature"], &rows))
}

fn places(shop: &Shop) -> Html {
    let rows: Html = shop
        .monitor
        .places()
        .iter()
        .map(|(name, place)| {
            let mean = place.took / u32::try_from(place.requests).unwrap_or(u32::MAX).max(1);
            html!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
                name,
                place.requests,
                ratio(place.hits, place.requests),
                milliseconds(mean)
            )
        })
        .collect();
    table("Places", &["Address", "Requests", "Page hits", "Mean"], &rows)
}
