//! Hands the statistics of every cache to the recorder of the crate `metrics`, when they are asked for.
//!
//! A hit counts in the cache's own statistics only. Call [`record`] when numbers are scraped, or every few seconds; it reads
//! the statistics of each cache that is configured and sets the metrics to them. The repository's `docs/operations.md` lists
//! every metric, with alerts, and `docs/grafana/cache-diesel.json` is a dashboard.
//!
//! # Examples
//!
//! ```
//! use cache_diesel::prelude::*;
//!
//! cache_diesel::install(Cache::memory())?;
//! // Once, after the program has set its recorder.
//! cache_diesel::metrics::describe();
//! // Whenever the page of numbers is asked for.
//! cache_diesel::metrics::record();
//! # Ok::<(), cache_diesel::Error>(())
//! ```

use ::metrics::{Label, Unit};
use cache_core::registry;

use crate::metrics::sample::{METRICS, MetricType, Sample, samples_of};

mod audited;
mod sample;
#[cfg(test)]
mod tests;

/// Tells the recorder the type, the unit and the meaning of every metric. Some exporters show them.
pub fn describe() {
    for metric in METRICS {
        let unit = match metric.unit {
            "bytes" => Unit::Bytes,
            "seconds" => Unit::Seconds,
            _ => Unit::Count,
        };
        match metric.of_type {
            MetricType::Counter => ::metrics::describe_counter!(metric.name, unit, metric.means),
            MetricType::Gauge => ::metrics::describe_gauge!(metric.name, unit, metric.means),
        }
    }
}

/// Sets every metric to what the statistics of the caches say at present.
pub fn record() {
    for (name, cache) in registry::named() {
        let Ok(cache) = cache else { continue };
        samples_of(&name, &cache.statistics(), cache.usage()).into_iter().for_each(set);
        audited::samples_of(&name, &cache.audit_counts(), cache.distrusted().len()).into_iter().for_each(set);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; nobody has 2^52 tags")]
fn set(sample: Sample) {
    let Sample { metric, labels, value } = sample;
    let labels: Vec<Label> = labels.into_iter().map(|(key, value)| Label::new(key, value)).collect();
    match metric.of_type {
        MetricType::Counter => ::metrics::counter!(metric.name, labels).absolute(value),
        MetricType::Gauge if metric.unit == "seconds" => {
            ::metrics::gauge!(metric.name, labels).set(value as f64 / 1_000.0);
        }
        MetricType::Gauge => ::metrics::gauge!(metric.name, labels).set(value as f64),
    }
}
