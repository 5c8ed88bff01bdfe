//! Says what comparisons with the database gave.

use core::fmt;
use std::collections::BTreeMap;

use cache_core::{AuditCounts, Cache, Kind, registry};

use crate::audit::finding::{self, AuditFinding};

/// Says what the auditor and shadow mode have found since the program started.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
///
/// cache_diesel::install(Cache::memory())?;
/// caches::default()?.set_shadow(true);
/// // .. and a day later:
/// println!("{}", cache_diesel::audit_report());
/// # assert_eq!(cache_diesel::audit_report().to_string(), "`default` in shadow mode: nothing was compared");
/// # Ok::<(), cache_diesel::Error>(())
/// ```
#[must_use]
pub fn audit_report() -> AuditReport {
    let audited = |(name, cache): (String, cache_core::Result<Cache>)| {
        let cache = cache.ok()?;
        let (is_shadow, distrusted, counts) = (cache.is_shadow(), cache.distrusted(), cache.audit_counts());
        Some(AuditedCache { name, is_shadow, distrusted, counts })
    };
    AuditReport { caches: registry::named().into_iter().filter_map(audited).collect(), findings: finding::all() }
}

/// What was compared, and what was found. [`Display`](fmt::Display) says it in lines.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditReport {
    /// Each cache that can be built, in the order of their names.
    pub caches: Vec<AuditedCache>,
    /// Stale entries, the latest last; a hundred at most.
    pub findings: Vec<AuditFinding>,
}

/// What was compared of one cache.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditedCache {
    /// The name of the cache.
    pub name: String,
    /// Whether it is in [shadow mode](Cache::set_shadow).
    pub is_shadow: bool,
    /// Managers whose reads bypass the cache because of a finding.
    pub distrusted: Vec<String>,
    /// What comparisons gave, by manager and kind of read.
    pub counts: BTreeMap<(String, Kind), AuditCounts>,
}

impl AuditReport {
    /// Whether nothing was stale that was compared.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.caches.iter().all(|cache| cache.total().stale_count == 0)
    }
}

impl AuditedCache {
    /// The sum over managers and kinds.
    #[must_use]
    pub fn total(&self) -> AuditCounts {
        self.counts.values().copied().fold(AuditCounts::default(), AuditCounts::and)
    }
}

impl fmt::Display for AuditReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.caches.iter().map(ToString::to_string);
        let of_finding = |finding: &AuditFinding| {
            let AuditFinding { cache, manager, kind, key, .. } = finding;
            let explained = finding.explanation.as_ref().map(|explanation| format!("\n{explanation}"));
            format!("stale in `{cache}`: {kind} `{key}` of `{manager}`{}", explained.unwrap_or_default())
        };
        let lines: Vec<String> = lines.chain(self.findings.iter().map(of_finding)).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for AuditedCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`{}: ", self.name, if self.is_shadow { " in shadow mode" } else { "" })?;
        write_counts(formatter, &self.total())?;
        for ((manager, kind), counts) in &self.counts {
            write!(formatter, "\n  {manager}, {kind}: ")?;
            write_counts(formatter, counts)?;
        }
        for manager in &self.distrusted {
            write!(formatter, "\n  {manager}: its reads bypass the cache")?;
        }
        Ok(())
    }
}

fn write_counts(formatter: &mut fmt::Formatter<'_>, counts: &AuditCounts) -> fmt::Result {
    if let Some(ratio) = counts.shadow_hit_ratio() {
        let reads = counts.shadow_hit_count + counts.shadow_miss_count;
        let (percent, saved) = (ratio * 100.0, counts.shadow_time);
        write!(formatter, "{percent:.1} % of {reads} reads would be hits, and save {saved:.1?} of the database; ")?;
    }
    if counts.compared_count == 0 {
        return formatter.write_str("nothing was compared");
    }
    let AuditCounts { compared_count, stale_count, raced_count, reordered_count, unsteady_count, .. } = counts;
    write!(formatter, "{compared_count} compared, {stale_count} stale")?;
    let rest = [("overtaken", raced_count), ("reordered", reordered_count), ("unsteady", unsteady_count)];
    rest.iter().filter(|(_, count)| **count > 0).try_for_each(|(name, count)| write!(formatter, ", {count} {name}"))
}
