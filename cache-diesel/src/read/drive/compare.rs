//! Compares an entry with what the database says, between two looks.

use std::time::Instant;

use cache_core::protocol::compare::{self, Comparison, Confirmation, Parts, Sight};
use cache_core::{AuditCounts, CacheKey, Life, is_collecting};
use diesel::result::QueryResult;

use crate::audit::finding;
use crate::backend::line::Line;
use crate::read::drive::ask::may_store;
use crate::read::drive::calls::look_up;
use crate::read::drive::gate::gate;
use crate::read::drive::miss::{Entry, past_the_cache};
use crate::read::task::query::Query;
use crate::read::task::{Site, Task};
use crate::read::terminal::entry::CachedEntry;
use crate::read::terminal::explain::explain;

/// What comes of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The entry was compared, as this.
    As(Comparison),
    /// No bytes can be made of what it holds.
    Incomparable,
    /// Nothing is stored that would be served.
    NotStored,
}

/// Compares the entry of `task` with what the database says.
pub(crate) async fn compare<C: Line, T: Query<C>>(
    task: &mut T,
    site: &Site<'static>,
    conn: &mut C::Conn,
) -> QueryResult<Compared> {
    let Ok((value, life)) = look_up::<C, T>(task, site).await else { return Ok(Compared::NotStored) };
    let Some(before) = sight(task, &value, &life) else { return Ok(Compared::Incomparable) };
    let fresh = past_the_cache::<C, T>(task, conn).await?.value;
    let fresh = task.parts(&fresh);
    Ok(between_looks::<C, T>(task, site, (before, fresh)).await)
}

/// Compares a hit that was drawn, before its reader goes on with it.
pub(crate) async fn compare_drawn<C: Line, T: Query<C>>(task: &mut T, site: &Site<'static>, conn: &mut C::Conn) {
    let key = site.key(task.id(), task.head().kind);
    let compared = match may_compare::<C>(site, conn).await {
        true => compare::<C, T>(task, site, conn).await.unwrap_or(Compared::Incomparable),
        false => Compared::Incomparable,
    };
    if judge(site, key, compared) {
        let explained = explain::<C, T>(task, conn).await.ok();
        finding::report(site, key, explained);
    }
}

/// Whether the database on `conn` is the one that `site` is about, and says what is there now.
async fn may_compare<C: Line>(site: &Site<'static>, conn: &mut C::Conn) -> bool {
    // A computation is told of what is looked at, and a transaction may see what was there when it began.
    let is_there = !is_collecting() && gate::<C>(conn).await == Ok(site.identity);
    is_there && may_store::<C>(conn, site.identity).await.is_ok()
}

/// Compares what was loaded with what was seen before; looks once more where they differ.
async fn between_looks<C: Line, T: Task>(
    task: &mut T,
    site: &Site<'static>,
    (before, fresh): (Sight, Option<Parts>),
) -> Compared {
    let Some(fresh) = fresh else { return Compared::Incomparable };
    if before.parts == fresh {
        return Compared::As(Comparison::Same);
    }
    let after = look_up::<C, T>(task, site).await.ok();
    let after = after.and_then(|(value, life)| sight(task, &value, &life));
    Compared::As(compare::compare(&before, &fresh, after.as_ref()))
}

/// Asks the database for what would have been a hit, and compares the two.
pub(crate) async fn shadow<C: Line, T: Query<C>>(
    task: &mut T,
    site: &Site<'static>,
    entry: CachedEntry<T::Value>,
    conn: &mut C::Conn,
) -> Entry<T> {
    // A replica may be behind, and a computation is told of what is looked at.
    let is_compared = !is_collecting() && may_store::<C>(conn, site.identity).await.is_ok();
    let began = Instant::now();
    let fresh = past_the_cache::<C, T>(task, conn).await?;
    let took = began.elapsed();
    count(site, |counts| {
        counts.shadow_hit_count += 1;
        counts.shadow_time += took;
    });
    let before = entry.life().and_then(|life| sight(task, &entry.value, life));
    let parts = task.parts(&fresh.value);
    let compared = match before.filter(|_| is_compared) {
        Some(before) => between_looks::<C, T>(task, site, (before, parts)).await,
        None => Compared::Incomparable,
    };
    let key = site.key(task.id(), task.head().kind);
    if judge(site, key, compared) {
        let explained = explain::<C, T>(task, conn).await.ok();
        finding::report(site, key, explained);
    }
    Ok(fresh)
}

/// Counts a comparison that each read of an entry makes; says whether the entry is stale.
pub(crate) fn judge(site: &Site<'_>, key: CacheKey, compared: Compared) -> bool {
    let Compared::As(comparison) = compared else {
        count(site, |counts| counts.skipped_count += 1);
        return false;
    };
    let confirmed = site.reader.cache.judge_compared(key, comparison);
    count(site, |counts| {
        counts.compared_count += 1;
        counts.reordered_count += u64::from(comparison == Comparison::Reordered);
        counts.raced_count += u64::from(comparison == Comparison::Raced || confirmed == Some(Confirmation::Raced));
        counts.unsteady_count += u64::from(confirmed == Some(Confirmation::Unsteady));
    });
    confirmed == Some(Confirmation::Stale)
}

/// Counts what comparisons gave.
pub(crate) fn count(site: &Site<'_>, change: impl FnOnce(&mut AuditCounts)) {
    site.reader.cache.count_audit(site.reader.manager, site.reader.kind, change);
}

/// What a look has found, as it is compared.
fn sight<T: Task>(task: &T, value: &T::Value, life: &Life) -> Option<Sight> {
    Some(Sight { created_at: life.created_at, parts: task.parts(value)? })
}
