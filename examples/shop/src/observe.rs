//! Stands before all handlers: gives each request its trail, shows and prints what was done, and counts.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cache_web::PageOutcome;

use crate::html::panel::{Done, hidden, panel};
use crate::html::{Html, layout};
use crate::log;
use crate::site::{PANEL_COOKIE, Shop};
use crate::trail::{Steps, Trail};

/// What the last writes did. The page that a browser is led to afterwards shows it.
#[derive(Debug, Default)]
pub(crate) struct Writes(Mutex<(u64, VecDeque<(u64, Steps)>)>);

impl Writes {
    fn keep(&self, steps: Steps) -> u64 {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 += 1;
        let number = kept.0;
        kept.1.push_back((number, steps));
        if kept.1.len() > 64 {
            kept.1.pop_front();
        }
        number
    }

    fn take(&self, number: u64) -> Option<Steps> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.1.iter().position(|(known, _)| *known == number)?;
        kept.1.remove(place).map(|(_, steps)| steps)
    }
}

/// What a request has said, before it is passed on.
struct Asked {
    method: Method,
    path: String,
    after: Option<u64>,
    is_panel_hidden: bool,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let uri = request.uri();
        let after = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("after="));
        Self {
            method: request.method().clone(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            after: after.and_then(|number| number.parse().ok()),
            is_panel_hidden: is_panel_hidden(request.headers()),
        }
    }
}

fn is_panel_hidden(headers: &HeaderMap) -> bool {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let own = format!("{PANEL_COOKIE}=off");
    cookies.flat_map(|value| value.split(';')).any(|cookie| cookie.trim() == own)
}

pub(crate) async fn observe(State(shop): State<Shop>, mut request: Request, next: Next) -> Response {
    let (asked, trail, began) = (Asked::of(&request), Trail::default(), Instant::now());
    request.extensions_mut().insert(trail.clone());
    if !asked.is_panel_hidden && wants_html(request.headers()) {
        // With the panel, a page is another one each time.
        request.headers_mut().remove(IF_NONE_MATCH);
    }
    let answer = next.run(request).await;
    let (steps, took) = (trail.steps(), began.elapsed());
    let outcome = answer.extensions().get::<PageOutcome>().copied();
    shop.monitor.note(&asked.path, outcome, took);
    let mut answer = name_trouble(answer);
    if answer.status() == StatusCode::SEE_OTHER && !steps.ended.is_empty() {
        let number = shop.writes.keep(steps.clone());
        lead_on(answer.headers_mut(), number);
    }
    let before = asked.after.and_then(|number| shop.writes.take(number));
    let shown = before.map_or_else(|| steps.clone(), |before| before.and(steps.clone()));
    if is_html(&answer) {
        let part = if asked.is_panel_hidden {
            hidden()
        } else {
            panel(&Done { steps: &shown, outcome, took, path: &asked.path })
        };
        answer = with_panel(answer, &part, asked.is_panel_hidden).await;
    }
    if !shop.is_quiet {
        log::print(&log::Line {
            method: &asked.method,
            path: &asked.path,
            steps: &steps,
            outcome,
            took,
            answer: &answer,
        });
    }
    answer
}

/// Refuses what another site has a browser send.
pub(crate) async fn same_site(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site").map_or("same-origin", |site| site.to_str().unwrap_or_default());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read && !matches!(site, "same-origin" | "none") {
        return (StatusCode::FORBIDDEN, "from another site").into_response();
    }
    next.run(request).await
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers.get("accept").and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn is_html(answer: &Response) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// A page in the place of an error's few words.
fn name_trouble(answer: Response) -> Response {
    let (title, text) = match answer.status() {
        StatusCode::NOT_FOUND => ("There is no such product", "It may have been deleted."),
        StatusCode::INTERNAL_SERVER_ERROR => ("Something went wrong", "The database did not answer as it should."),
        StatusCode::SERVICE_UNAVAILABLE => ("The shop is busy", "Try again in a moment."),
        _ => return answer,
    };
    if is_text(&answer) { (answer.status(), layout::trouble(title, text)).into_response() } else { answer }
}

fn is_text(answer: &Response) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/plain"))
}

/// The page that a browser is led to says what the write did.
fn lead_on(headers: &mut HeaderMap, number: u64) {
    let Some(path) = headers.get(LOCATION).and_then(|path| path.to_str().ok()) else { return };
    if let Ok(path) = HeaderValue::try_from(format!("{path}?after={number}")) {
        headers.insert(LOCATION, path);
    }
}

async fn with_panel(answer: Response, part: &Html, is_hidden: bool) -> Response {
    let (mut head, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let page = String::from_utf8_lossy(&bytes).replacen(layout::PANEL, &part.0, 1);
    head.headers.remove(CONTENT_LENGTH);
    if !is_hidden {
        head.headers.remove(ETAG);
        head.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Response::from_parts(head, Body::from(page))
}
