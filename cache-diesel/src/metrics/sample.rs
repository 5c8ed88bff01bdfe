//! Names what is measured, and reads it from statistics. Pure.

use core::fmt::Debug;

use cache_core::store::{Operation, Usage};
use cache_core::{Counts, Kind, Statistics};

/// What is measured.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) of_type: MetricType,
    /// `bytes`, `seconds`, or what is counted.
    pub(super) unit: &'static str,
    /// The labels besides `cache`.
    pub(super) labels: &'static [&'static str],
    pub(super) means: &'static str,
}

/// Whether a number only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetricType {
    Counter,
    Gauge,
}

/// A number of one cache; of a gauge in seconds, milliseconds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) metric: &'static Metric,
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: u64,
}

/// Declares the metrics: a constant for each, and all of them.
macro_rules! metrics {
    ($($constant:ident: $type:ident $name:literal in $unit:literal by $labels:expr => $means:literal;)*) => {
        $(
            pub(super) static $constant: Metric =
                Metric { name: $name, of_type: MetricType::$type, unit: $unit, labels: &$labels, means: $means };
        )*
        pub(super) static METRICS: &[&Metric] = &[$(&$constant),*];
    };
}

metrics! {
    AUDIT_COMPARISONS: Counter "cache_audit_comparisons_total" in "comparisons" by ["manager", "kind"] =>
        "entries that the auditor or shadow mode compared with the database";
    AUDIT_OUTCOMES: Counter "cache_audit_outcomes_total" in "entries" by ["manager", "kind", "outcome"] =>
        "entries that were not found equal to the database, and those that were not compared";
    BREAKER: Counter "cache_breaker_changes_total" in "changes" by ["state"] =>
        "times the breaker of a store went to a state";
    BREAKER_OPEN: Gauge "cache_breaker_open" in "boolean" by [] => "1 while the store is left alone, as it failed too often";
    CLEARS: Counter "cache_clears_total" in "clears" by ["manager"] =>
        "times entries were cleared by hand; without a manager: the whole cache";
    DATABASES: Counter "cache_database_invalidations_total" in "invalidations" by [] =>
        "times a whole database was invalidated";
    DIRTY: Gauge "cache_dirty_tags" in "tags" by [] => "tags whose release the store has not acknowledged";
    DISTRUSTED: Gauge "cache_distrusted_managers" in "managers" by [] =>
        "managers whose reads bypass the cache, as one of their entries was stale";
    ENTRIES: Gauge "cache_entries" in "entries" by [] => "entries in the memory of the process";
    ENTRY_BYTES: Gauge "cache_entries_bytes" in "bytes" by [] => "bytes of the entries in the memory of the process";
    FLIGHT_WAITS: Counter "cache_flight_waits_total" in "waits" by [] =>
        "reads that waited for another read of this process, which loaded the same";
    HOOK_PANICS: Counter "cache_hook_panics_total" in "panics" by [] => "panics of after_save and after_delete";
    INVALIDATIONS: Counter "cache_invalidations_total" in "invalidations" by ["table", "cause", "width"] =>
        "times a table was invalidated, by what ended the write, and whether it named its rows";
    INVALIDATION_FAILURES: Counter "cache_invalidation_failures_total" in "failures" by [] =>
        "invalidations that the store did not take at once";
    LEASE_WAITS: Counter "cache_lease_waits_total" in "waits" by ["outcome"] => "reads that waited for another process's load";
    LOADS: Counter "cache_loads_total" in "queries" by ["manager", "kind", "outcome"] =>
        "queries on behalf of misses and refreshes";
    NEAR_ENTRIES: Gauge "cache_near_entries" in "entries" by [] => "entries in near memory";
    NEAR_BYTES: Gauge "cache_near_entries_bytes" in "bytes" by [] => "bytes of the entries in near memory";
    NEAR_HITS: Counter "cache_near_hits_total" in "reads" by ["within_eighths"] =>
        "reads that near memory answered, by how long before the server was heard of, in eighths of max_staleness";
    NEAR_LINKS: Counter "cache_near_links_total" in "links" by [] => "times the server began to push changes";
    NEAR_STALENESS: Gauge "cache_near_max_staleness_seconds" in "seconds" by [] =>
        "how far behind the server a read of near memory may be";
    NEAR_TRUSTED: Gauge "cache_near_trusted" in "boolean" by [] => "1 while near memory is served";
    OVERSIZED: Counter "cache_oversized_lists_total" in "lists" by ["manager", "kind"] =>
        "lists with more rows than max_rows, which were not stored";
    READS: Counter "cache_reads_total" in "reads" by ["manager", "kind", "outcome", "reason"] =>
        "reads by their outcome, and why they missed or bypassed";
    REFRESH_FAILURES: Counter "cache_refresh_failures_total" in "refreshes" by [] =>
        "refreshes of stale entries that did not succeed";
    RELEASES: Counter "cache_releases_total" in "releases" by ["state"] =>
        "releases that the store did not acknowledge at once, and times that all of them got through";
    SHADOW_READS: Counter "cache_shadow_reads_total" in "reads" by ["manager", "kind", "outcome"] =>
        "reads in shadow mode, by what they would have been";
    STORE_CALLS_AVOIDED: Counter "cache_store_calls_avoided_total" in "calls" by ["operation"] =>
        "calls that were left out, as the breaker was open or too many readers were inside";
    STORE_CALLS_FAILED: Counter "cache_store_calls_failed_total" in "calls" by ["operation"] => "calls that the store failed";
    STORED: Counter "cache_stored_entries_total" in "entries" by ["manager", "kind"] => "entries that were stored";
    TAGS: Gauge "cache_tags" in "tags" by [] => "tags in the memory of the process";
    UNACKNOWLEDGED: Counter "cache_unacknowledged_puts_total" in "entries" by [] =>
        "entries that were sent, and that the store refused or did not answer";
    UNREADABLE: Counter "cache_unreadable_entries_total" in "entries" by [] => "entries whose bytes could not be read";
    WRITE_THROUGH: Counter "cache_write_through_rows_total" in "rows" by ["manager"] =>
        "rows that were to be stored with their writes";
    UNSTORED: Counter "cache_write_through_unstored_total" in "rows" by ["manager", "reason"] =>
        "rows that were not stored with their writes, and why";
}

/// Everything that is measured of the cache called `cache`.
pub(super) fn samples_of(cache: &str, statistics: &Statistics, usage: Usage) -> Vec<Sample> {
    let mut samples = Samples::of(cache);
    for ((manager, kind), counts) in &statistics.reads {
        samples.add_counts(manager, *kind, counts);
    }
    for ((manager, kind), reasons) in &statistics.misses {
        for (reason, count) in reasons {
            samples.add_read(manager, *kind, "miss", reason_label(reason), *count);
        }
    }
    for ((manager, kind), reasons) in &statistics.bypasses {
        for (reason, count) in reasons {
            samples.add_read(manager, *kind, "bypass", reason_label(reason), *count);
        }
    }
    for ((manager, _), reasons) in &statistics.unstored {
        for (reason, count) in reasons {
            samples.add(&UNSTORED, &[manager, &reason_label(reason)], *count);
        }
    }
    for ((table, cause, width), count) in &statistics.invalidations {
        samples.add(&INVALIDATIONS, &[table, &reason_label(cause), &reason_label(width)], *count);
    }
    for (manager, count) in &statistics.clear_counts {
        samples.add(&CLEARS, &[manager], *count);
    }
    samples.add_store(statistics);
    samples.add(&DATABASES, &[], statistics.database_invalidation_count);
    samples.add(&FLIGHT_WAITS, &[], statistics.flight_wait_count);
    samples.add(&HOOK_PANICS, &[], statistics.hook_panic_count);
    samples.add(&INVALIDATION_FAILURES, &[], statistics.invalidation_failure_count);
    samples.add(&REFRESH_FAILURES, &[], statistics.refresh_failure_count);
    samples.add(&ENTRIES, &[], usage.entries as u64);
    samples.add(&ENTRY_BYTES, &[], usage.weight);
    samples.add(&TAGS, &[], usage.tags as u64);
    samples.add_near(statistics);
    samples.all
}

/// The samples of one cache so far.
pub(super) struct Samples<'a> {
    cache: &'a str,
    pub(super) all: Vec<Sample>,
}

impl<'a> Samples<'a> {
    pub(super) fn of(cache: &'a str) -> Self {
        Self { cache, all: Vec::new() }
    }

    pub(super) fn add(&mut self, metric: &'static Metric, values: &[&str], value: u64) {
        let cache = [("cache", self.cache.to_owned())];
        let others = metric.labels.iter().zip(values).map(|(label, value)| (*label, (*value).to_owned()));
        self.all.push(Sample { metric, labels: cache.into_iter().chain(others).collect(), value });
    }

    fn add_read(&mut self, manager: &str, kind: Kind, outcome: &str, reason: String, count: u64) {
        self.add(&READS, &[manager, &kind.to_string(), outcome, &reason], count);
    }

    fn add_counts(&mut self, manager: &str, kind: Kind, counts: &Counts) {
        let hits = counts.hit_count.saturating_sub(counts.stale_hit_count);
        self.add_read(manager, kind, "hit", String::new(), hits);
        self.add_read(manager, kind, "stale_hit", String::new(), counts.stale_hit_count);
        let kind = kind.to_string();
        let loaded = counts.load_count.saturating_sub(counts.load_failure_count);
        self.add(&LOADS, &[manager, &kind, "loaded"], loaded);
        self.add(&LOADS, &[manager, &kind, "failed"], counts.load_failure_count);
        self.add(&OVERSIZED, &[manager, &kind], counts.oversized_count);
        self.add(&STORED, &[manager, &kind], counts.store_count);
        if counts.write_through_count > 0 {
            self.add(&WRITE_THROUGH, &[manager], counts.write_through_count);
        }
    }

    fn add_store(&mut self, statistics: &Statistics) {
        let store = &statistics.store;
        for operation in Operation::ALL {
            let label = reason_label(&operation);
            for (metric, counts) in
                [(&STORE_CALLS_AVOIDED, &store.avoided_counts), (&STORE_CALLS_FAILED, &store.failure_counts)]
            {
                if let Some(count) = counts.get(&operation) {
                    self.add(metric, &[&label], *count);
                }
            }
        }
        self.add(&BREAKER, &["closed"], store.breaker_closed_count);
        self.add(&BREAKER, &["half_open"], store.breaker_half_open_count);
        self.add(&BREAKER, &["open"], store.breaker_open_count);
        self.add(&BREAKER_OPEN, &[], store.is_breaker_open.into());
        self.add(&DIRTY, &[], store.dirty_tag_count);
        self.add(&LEASE_WAITS, &["loaded"], store.lease_wait_count.saturating_sub(store.lease_timeout_count));
        self.add(&LEASE_WAITS, &["timed_out"], store.lease_timeout_count);
        self.add(&RELEASES, &["delivered"], store.release_delivered_count);
        self.add(&RELEASES, &["pending"], store.release_pending_count);
        self.add(&UNACKNOWLEDGED, &[], store.put_unacknowledged_count);
        self.add(&UNREADABLE, &[], store.unreadable_count);
    }

    fn add_near(&mut self, statistics: &Statistics) {
        let Some(near) = &statistics.near else { return };
        self.add(&NEAR_ENTRIES, &[], near.entry_count);
        self.add(&NEAR_BYTES, &[], near.weight);
        for (age, count) in (1..).zip(near.hit_age_counts) {
            self.add(&NEAR_HITS, &[&u8::to_string(&age)], count);
        }
        self.add(&NEAR_LINKS, &[], near.link_count);
        let millis = u64::try_from(near.max_staleness.as_millis()).unwrap_or(u64::MAX);
        self.add(&NEAR_STALENESS, &[], millis);
        self.add(&NEAR_TRUSTED, &[], near.is_trusted.into());
    }
}

/// The name of a variant as a label: `changed_gone` of `Changed(Gone)`.
fn reason_label(reason: &impl Debug) -> String {
    let mut label = String::new();
    for letter in format!("{reason:?}").chars() {
        match letter {
            'A'..='Z' => {
                if !label.is_empty() && !label.ends_with('_') {
                    label.push('_');
                }
                label.push(letter.to_ascii_lowercase());
            }
            'a'..='z' => label.push(letter),
            _ => {}
        }
    }
    label
}
