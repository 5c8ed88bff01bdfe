//! Writes what was done for a request, into the page that it is answered with.

use std::time::Duration;

use cache_web::PageOutcome;

use crate::html::{Html, html};
use crate::trail::Steps;

/// What became of a request.
pub(crate) struct Done<'a> {
    pub(crate) steps: &'a Steps,
    pub(crate) outcome: Option<PageOutcome>,
    pub(crate) took: Duration,
    /// Where it was, to come back to.
    pub(crate) path: &'a str,
}

pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

/// The panel of a request.
pub(crate) fn panel(done: &Done<'_>) -> Html {
    let steps = done.steps;
    let page_hit = usize::from(matches!(done.outcome, Some(PageOutcome::Hit | PageOutcome::Stale)));
    let page_miss = usize::from(done.outcome == Some(PageOutcome::Rendered));
    let tile = |name: &str, value: usize| html!("<div><dt>{}</dt><dd>{}</dd></div>", name, value);
    let tiles: Html = [
        tile("Hit", steps.hit_count() + page_hit),
        tile("Missed", steps.miss_count() + page_miss),
        tile("Added", steps.added_count() + page_miss),
        tile("Ended", steps.ended.len()),
    ]
    .into_iter()
    .collect();
    let page = done
        .outcome
        .map(|outcome| html!("<li><span>This page</span><i class=\"long\">{}</i></li>", outcome.to_string()));
    let reads: Html = steps
        .reads
        .iter()
        .map(|read| html!("<li><span>{}</span><i>{}</i></li>", read.what, read.origin.to_string()))
        .collect();
    let ended: Html =
        steps.ended.iter().map(|tables| html!("<li><span>What shows {}</span><i>ended</i></li>", tables)).collect();
    let did: Html = page.into_iter().chain([reads, ended]).collect();
    let statements: Html = steps
        .statements
        .iter()
        .map(|statement| html!("<li><code>{}</code><i>{}</i></li>", statement.text, milliseconds(statement.took)))
        .collect();
    html!(
        r#"<aside class="panel" aria-labelledby="panel-name">
<h2 id="panel-name">This request</h2>
<dl class="tiles">{}</dl>
<p class="dim">Answered in {}, {} of it in the database.</p>
{}<h3>{} {}</h3>{}
<form method="post" action="/panel"><input type="hidden" name="shown" value="no"><input type="hidden" name="back" value="{}"><button class="quiet">Hide this</button></form>
<p class="dim">Hidden, pages are given as they are kept, with their ETag.</p>
</aside>"#,
        tiles,
        milliseconds(done.took),
        milliseconds(steps.statement_time()),
        (!did.0.is_empty()).then(|| html!("<h3>Read and written</h3><ul class=\"steps\">{}</ul>", did)),
        steps.statements.len(),
        if steps.statements.len() == 1 { "statement" } else { "statements" },
        (!statements.0.is_empty()).then(|| html!("<ol class=\"steps\">{}</ol>", statements)),
        done.path
    )
}

/// What stands there if the panel is hidden.
pub(crate) fn hidden() -> Html {
    html!(
        r#"<aside class="panel"><form method="post" action="/panel"><input type="hidden" name="shown" value="yes"><input type="hidden" name="back" value="/"><button class="quiet">Show what each request did</button></form></aside>"#
    )
}
