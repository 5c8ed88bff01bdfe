//! Answers Prometheus: the statistics of the caches, read when they are scraped.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::Failed;

/// The form of the page that Prometheus has asked for since 2014.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Installs the recorder of the program; gives the place that is scraped. No layer of the shop stands before it.
pub(crate) fn router() -> Result<Router, Failed> {
    let recorder = PrometheusBuilder::new().install_recorder()?;
    cache_diesel::metrics::describe();
    Ok(Router::new().route("/metrics", get(move || core::future::ready(page(&recorder)))))
}

fn page(recorder: &PrometheusHandle) -> impl IntoResponse + use<> {
    cache_diesel::metrics::record();
    ([(CONTENT_TYPE, TEXT)], recorder.render())
}
