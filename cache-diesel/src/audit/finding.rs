//! Keeps and reports what was found stale.

use std::collections::VecDeque;
use std::time::SystemTime;

use cache_core::report::warn;
use cache_core::sync::Mutex;
use cache_core::{CacheKey, Kind};

use crate::read::task::Site;
use crate::read::terminal::explain::Explanation;

/// An entry that was served though it is not what the database says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditFinding {
    /// The name of the cache.
    pub cache: String,
    /// The manager's name.
    pub manager: String,
    /// The kind of read.
    pub kind: Kind,
    /// What was read: the row's key, the unique value, or a digest of the query.
    pub key: String,
    /// When it was found.
    pub found_at: SystemTime,
    /// What the entry was and what it depended on, when it was found.
    pub explanation: Option<Explanation>,
}

static FINDINGS: Mutex<VecDeque<AuditFinding>> = Mutex::new(VecDeque::new());

/// So many findings are kept: the latest.
const MOST_FINDINGS: usize = 100;

/// What was found of late, the latest last.
pub(crate) fn all() -> Vec<AuditFinding> {
    FINDINGS.lock().iter().cloned().collect()
}

/// The entry of `key` is stale: counts it, keeps it, tells the listeners and the program's logger.
pub(crate) fn report(site: &Site<'_>, key: CacheKey, explanation: Option<Explanation>) {
    let (cache, manager) = (site.reader.cache, site.reader.manager);
    let on_stale = site.state.definition.on_stale.unwrap_or_else(|| cache.on_stale());
    let is_barred = cache.note_stale(manager, (key.kind, key.id), on_stale);
    let explained = explanation.as_ref().map(|explanation| format!("\n{explanation}")).unwrap_or_default();
    let consequence = if is_barred { "; its reads bypass the cache from now on" } else { "" };
    warn(format_args!(
        "the cached {} `{}` of `{manager}` is not what the database says, and nothing has changed that it depends on: \
         some write was not seen{consequence}{explained}",
        key.kind, key.id
    ));
    let finding = AuditFinding {
        cache: site.state.cache_name().to_owned(),
        manager: manager.to_owned(),
        kind: key.kind,
        key: key.id.to_string(),
        found_at: SystemTime::now(),
        explanation,
    };
    let mut findings = FINDINGS.lock();
    if findings.len() >= MOST_FINDINGS {
        findings.pop_front();
    }
    findings.push_back(finding);
}
