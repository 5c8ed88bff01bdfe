//! Draws numbers over time as SVG.

use crate::html::{Html, html};
use crate::monitor::SECONDS;

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 140.0;

/// A line of a chart; gaps where there is no number.
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    /// The name of its colour in the style.
    pub(crate) kind: &'a str,
    pub(crate) points: Vec<Option<f64>>,
}

/// What is drawn, and how its numbers are written.
pub(crate) struct Chart<'a> {
    pub(crate) title: &'a str,
    pub(crate) lines: Vec<Line<'a>>,
    /// The top; `None`: the largest number.
    pub(crate) most: Option<f64>,
    pub(crate) write: fn(f64) -> String,
}

impl Chart<'_> {
    pub(crate) fn draw(&self) -> Html {
        let numbers = self.lines.iter().flat_map(|line| &line.points).flatten().copied();
        let most = self.most.unwrap_or_else(|| numbers.fold(0.0, f64::max));
        let top = if most > 0.0 { most } else { 1.0 };
        let lines: Html = self.lines.iter().map(|line| draw_line(line, top)).collect();
        let last = |line: &Line<'_>| line.points.last().copied().flatten().map_or("–".to_owned(), self.write);
        let keys: Html = self
            .lines
            .iter()
            .map(|line| html!("<li class=\"{}\"><span>{}</span> <b>{}</b></li>", line.kind, line.name, last(line)))
            .collect();
        let told = self.lines.iter().map(|line| format!("{} {}", line.name, last(line))).collect::<Vec<_>>().join(", ");
        html!(
            r#"<figure class="chart"><figcaption><h2>{}</h2><ul class="keys">{}</ul></figcaption>
<svg viewBox="0 0 {} {}" role="img" aria-label="{}: {} now" preserveAspectRatio="none"><path class="grid" d="M0 1H600M0 70H600M0 139H600"/>{}</svg>
<p class="axis"><span>two minutes ago</span><span>top {}</span><span>now</span></p></figure>"#,
            self.title,
            keys,
            WIDTH as i64,
            HEIGHT as i64,
            self.title,
            told,
            lines,
            (self.write)(top)
        )
    }
}

fn draw_line(line: &Line<'_>, top: f64) -> Html {
    let step = WIDTH / (SECONDS - 1) as f64;
    let first = SECONDS.saturating_sub(line.points.len());
    let mut path = String::new();
    let mut is_down = false;
    for (place, point) in line.points.iter().enumerate() {
        let Some(point) = point else {
            is_down = false;
            continue;
        };
        let x = (first + place) as f64 * step;
        let y = (HEIGHT - 2.0) * (1.0 - (point / top).clamp(0.0, 1.0)) + 1.0;
        path.push_str(&format!("{}{x:.1} {y:.1}", if is_down { 'L' } else { 'M' }));
        if !is_down {
            // A point alone is seen too.
            path.push_str("h1");
        }
        is_down = true;
    }
    html!("<path class=\"curve {}\" d=\"{}\"/>", line.kind, path)
}
