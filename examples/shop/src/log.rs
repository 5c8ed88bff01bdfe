//! Prints a line for each request, in the manner of uWSGI.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::body::HttpBody;
use axum::http::Method;
use axum::response::Response;
use cache_web::PageOutcome;

use crate::html::panel::milliseconds;
use crate::trail::Steps;

/// What there is to say of a request.
pub(crate) struct Line<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) steps: &'a Steps,
    pub(crate) outcome: Option<PageOutcome>,
    pub(crate) took: Duration,
    pub(crate) answer: &'a Response,
}

pub(crate) fn print(line: &Line<'_>) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    let steps = line.steps;
    let page = line.outcome.map_or_else(|| "-".to_owned(), |outcome| outcome.to_string());
    println!(
        "[pid: {}|req: {number}] [{}] {} {} => generated {} bytes in {} (HTTP/1.1 {}) page {page} | cache hit {}, miss {}, \
         add {}, invalidate {} | {} statements in {}",
        process::id(),
        httpdate::fmt_http_date(SystemTime::now()),
        line.method,
        line.path,
        line.answer.body().size_hint().exact().unwrap_or_default(),
        milliseconds(line.took),
        line.answer.status().as_u16(),
        steps.hit_count(),
        steps.miss_count(),
        steps.added_count(),
        steps.ended.len(),
        steps.statements.len(),
        milliseconds(steps.statement_time()),
    );
}
