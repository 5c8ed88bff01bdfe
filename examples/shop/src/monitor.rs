//! Counts requests, and keeps what happened in each of the last seconds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cache_web::PageOutcome;

use crate::site::Shop;
use crate::statements;

/// How many seconds are kept.
pub(crate) const SECONDS: usize = 120;

/// One second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Second {
    pub(crate) requests: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) invalidations: u64,
    pub(crate) statements: u64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Second {
    /// Of the reads, those that were hits; `None`: there was none.
    pub(crate) fn hit_ratio(&self) -> Option<f64> {
        let reads = self.hits + self.misses;
        (reads > 0).then(|| self.hits as f64 / reads as f64)
    }
}

/// The numbers of one place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    pub(crate) requests: u64,
    pub(crate) hits: u64,
    pub(crate) took: Duration,
}

/// What is counted of requests.
#[derive(Debug, Default)]
pub(crate) struct Monitor(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    seconds: VecDeque<Second>,
    /// Of the second that is not over.
    times: Vec<Duration>,
    places: BTreeMap<String, Place>,
    /// The sums at the end of the last second.
    last: Second,
}

impl Monitor {
    pub(crate) fn note(&self, path: &str, outcome: Option<PageOutcome>, took: Duration) {
        let mut counted = self.lock();
        counted.times.push(took);
        let place = counted.places.entry(pattern(path)).or_default();
        place.requests += 1;
        place.hits += u64::from(matches!(outcome, Some(PageOutcome::Hit | PageOutcome::Stale)));
        place.took += took;
    }

    pub(crate) fn seconds(&self) -> Vec<Second> {
        self.lock().seconds.iter().copied().collect()
    }

    pub(crate) fn places(&self) -> Vec<(String, Place)> {
        self.lock().places.iter().map(|(name, place)| (name.clone(), *place)).collect()
    }

    /// A second is over; `sums` of what is counted elsewhere.
    fn end(&self, sums: Second) {
        let mut counted = self.lock();
        let mut times = std::mem::take(&mut counted.times);
        times.sort_unstable();
        let last = std::mem::replace(&mut counted.last, sums);
        counted.seconds.push_back(Second {
            requests: times.len() as u64,
            hits: sums.hits.saturating_sub(last.hits),
            misses: sums.misses.saturating_sub(last.misses),
            invalidations: sums.invalidations.saturating_sub(last.invalidations),
            statements: sums.statements.saturating_sub(last.statements),
            p50: quantile(&times, 0.5),
            p99: quantile(&times, 0.99),
        });
        if counted.seconds.len() > SECONDS {
            counted.seconds.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time below which this part of the sorted ones is.
pub(crate) fn quantile(sorted: &[Duration], part: f64) -> Duration {
    let place = (sorted.len() as f64 * part) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Ends a second each second.
pub(crate) async fn watch(shop: Shop) {
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    clock.tick().await;
    // What was done to set the shop up counts for no second.
    shop.monitor.lock().last = sums(&shop);
    loop {
        clock.tick().await;
        shop.monitor.end(sums(&shop));
    }
}

/// All reads, statements and invalidations since the beginning.
pub(crate) fn sums(shop: &Shop) -> Second {
    let statistics = shop.cache.statistics();
    let reads = statistics.reads.values();
    let (hits, misses) = reads.fold((0, 0), |(hits, misses), counts| {
        (hits + counts.hit_count, misses + counts.miss_count + counts.bypass_count)
    });
    let invalidations = statistics.invalidation_counts.values().sum();
    Second { hits, misses, invalidations, statements: statements::count(), ..Second::default() }
}

/// The place of an address: `/products/7` is one of `/products/{id}`. Whatever else is asked for is one place.
fn pattern(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let name = |part: &str| if part.parse::<i64>().is_ok() { "{id}".to_owned() } else { part.to_owned() };
    let known = ["", "api", "assets", "panel", "products", "statistics"];
    let mut parts = path.split('/').skip(1);
    let first = parts.next().unwrap_or_default();
    if !known.contains(&first) {
        return "elsewhere".to_owned();
    }
    let rest: Vec<String> = parts.take(3).map(name).collect();
    let is_known =
        |part: &String| ["{id}", "delete", "edit", "live", "new", "products", "shop.css", "shop.js"].contains(&&**part);
    if !rest.iter().all(is_known) {
        return "elsewhere".to_owned();
    }
    std::iter::once(first.to_owned()).chain(rest).fold(String::new(), |path, part| path + "/" + &part)
}
