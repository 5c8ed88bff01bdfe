//! Reads the metrics of the auditor and of shadow mode from their counts. Pure.

use std::collections::BTreeMap;

use cache_core::{AuditCounts, Kind};

use crate::metrics::sample::{AUDIT_COMPARISONS, AUDIT_OUTCOMES, DISTRUSTED, SHADOW_READS, Sample, Samples};

/// What comparisons of the cache called `cache` gave, and how many of its managers are distrusted.
pub(super) fn samples_of(
    cache: &str,
    counts: &BTreeMap<(String, Kind), AuditCounts>,
    distrusted: usize,
) -> Vec<Sample> {
    let mut samples = Samples::of(cache);
    samples.add(&DISTRUSTED, &[], distrusted as u64);
    for ((manager, kind), counts) in counts {
        add_counts(&mut samples, manager, &kind.to_string(), counts);
    }
    samples.all
}

fn add_counts(samples: &mut Samples<'_>, manager: &str, kind: &str, counts: &AuditCounts) {
    samples.add(&AUDIT_COMPARISONS, &[manager, kind], counts.compared_count);
    for (outcome, count) in [
        ("overtaken", counts.raced_count),
        ("reordered", counts.reordered_count),
        ("skipped", counts.skipped_count),
        ("stale", counts.stale_count),
        ("unsteady", counts.unsteady_count),
    ] {
        samples.add(&AUDIT_OUTCOMES, &[manager, kind, outcome], count);
    }
    for (outcome, count) in [("hit", counts.shadow_hit_count), ("miss", counts.shadow_miss_count)] {
        samples.add(&SHADOW_READS, &[manager, kind, outcome], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The samples as text: name, labels after the cache's, value.
    fn told(counts: AuditCounts, distrusted: usize) -> Vec<String> {
        let counts = BTreeMap::from([(("product".to_owned(), Kind::Detail), counts)]);
        let line = |sample: &Sample| {
            let labels: Vec<&str> = sample.labels.iter().skip(1).map(|(_, value)| value.as_str()).collect();
            format!("{} {} {}", sample.metric.name, labels.join(","), sample.value)
        };
        samples_of("a", &counts, distrusted).iter().map(line).collect()
    }

    #[test]
    fn each_number_of_the_auditor_has_a_metric() {
        let mut counts = AuditCounts::default();
        counts.compared_count = 9;
        counts.raced_count = 1;
        counts.reordered_count = 2;
        counts.skipped_count = 3;
        counts.stale_count = 4;
        counts.unsteady_count = 5;
        counts.shadow_hit_count = 6;
        counts.shadow_miss_count = 7;
        let expected = [
            "cache_distrusted_managers  1",
            "cache_audit_comparisons_total product,detail 9",
            "cache_audit_outcomes_total product,detail,overtaken 1",
            "cache_audit_outcomes_total product,detail,reordered 2",
            "cache_audit_outcomes_total product,detail,skipped 3",
            "cache_audit_outcomes_total product,detail,stale 4",
            "cache_audit_outcomes_total product,detail,unsteady 5",
            "cache_shadow_reads_total product,detail,hit 6",
            "cache_shadow_reads_total product,detail,miss 7",
        ];
        assert_eq!(told(counts, 1), expected);
    }
}
