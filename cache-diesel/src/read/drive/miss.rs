//! Drives a read that memory does not answer at once: asks the database on a miss, stores the answer.

use core::pin::pin;

use cache_core::{Bypass, Claim, Miss, Missed, Watch, is_collecting};
use diesel::result::QueryResult;

use crate::backend::line::Line;
use crate::read::builder::options::UseOfCache;
use crate::read::drive::ask::may_store;
use crate::read::drive::calls::{approach, conclude, look_up};
use crate::read::drive::compare::{compare_drawn, shadow};
use crate::read::drive::consult::{confirm_load, turn};
use crate::read::drive::gate::{gate_for, turns};
use crate::read::drive::refresh::{Refresher, refresh_here};
use crate::read::drive::span::in_span;
use crate::read::report;
use crate::read::task::load::{Load, Turn};
use crate::read::task::query::Query;
use crate::read::task::{ReadStep, Site, Task, site_of, step_after};
use crate::read::terminal::entry::{CachedEntry, Origin};
use crate::track::{OwnStatement, OwnText};

/// What a reader leaves to others.
pub(crate) struct FollowUp<T> {
    /// Sees to it that somebody refreshes what is stale.
    pub(crate) refresh: fn(&T, &Site<'static>) -> Refresher,
    /// Who compares the entry that was found with the database.
    pub(crate) audit: Auditor<fn(&T, &Site<'static>)>,
}

/// Who compares a hit that was drawn.
#[derive(Clone, Copy)]
pub(crate) enum Auditor<Offer> {
    /// Somebody to whom it is offered.
    Another(Offer),
    /// The reader itself, on its connection.
    #[cfg_attr(not(feature = "async"), expect(dead_code, reason = "readers that are awaited do it themselves"))]
    Reader,
}

impl<T> Clone for FollowUp<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for FollowUp<T> {}

pub(crate) type Entry<T> = QueryResult<CachedEntry<<T as Task>::Value>>;

/// Reads through the cache.
pub(crate) async fn run<C: Line, T: Query<C>>(mut task: T, conn: &mut C::Conn, follow_up: FollowUp<T>) -> Entry<T> {
    let options = task.head().options;
    let gate = gate_for::<C>(conn, &options).await;
    let looked = match site_of(task.head(), gate) {
        Some(site) if options.use_of_cache == UseOfCache::Refresh => {
            step_after(&site, Err(Miss::Refresh.into()), || task.id())
        }
        Some(site) => {
            let found = look_up::<C, T>(&mut task, &site).await;
            step_after(&site, found, || task.id())
        }
        None => ReadStep::Bypass,
    };
    run_looked::<C, T>(task, looked, conn, follow_up).await
}

/// The same for a read that has looked in the cache.
pub(crate) async fn run_looked<C: Line, T: Query<C>>(
    mut task: T,
    looked: ReadStep<T::Value>,
    conn: &mut C::Conn,
    follow_up: FollowUp<T>,
) -> Entry<T> {
    let (site, missed) = match looked {
        ReadStep::Bypass => return past_the_cache::<C, T>(&mut task, conn).await,
        ReadStep::Drawn(site, entry) => {
            match follow_up.audit {
                Auditor::Another(offer) => offer(&task, &site),
                Auditor::Reader => compare_drawn::<C, T>(&mut task, &site, conn).await,
            }
            return Ok(entry);
        }
        ReadStep::Hit(entry) => return Ok(entry),
        ReadStep::Shadow(site, entry) => return shadow::<C, T>(&mut task, &site, entry, conn).await,
        ReadStep::Miss(site, missed) => (site, missed),
        ReadStep::Stale(site, entry) => {
            let claims = match (follow_up.refresh)(&task, &site) {
                Refresher::Another => return Ok(served_stale(&task, &site, entry)),
                Refresher::Reader(claims) => claims,
            };
            if may_store::<C>(conn, site.identity).await.is_err() {
                claims.into_iter().for_each(Claim::done);
                return Ok(served_stale(&task, &site, entry));
            }
            return Ok(refresh_here::<C, T>(&mut task, &site, (entry, claims), conn).await);
        }
    };
    let about = (task.id(), missed.cause);
    // It stays where it is made: it has room for all that may become of a load.
    let load = pin!(load::<C, T>(&mut task, (site, missed), conn));
    in_span(&site, about, load).await
}

/// Asks the database after a miss, or waits for somebody else who does.
async fn load<C: Line, T: Query<C>>(
    task: &mut T,
    (site, missed): (Site<'static>, Missed),
    conn: &mut C::Conn,
) -> Entry<T> {
    if let Err(reason) = may_store::<C>(conn, site.identity).await {
        return unstored::<C, T>(task, &site, reason, conn).await;
    }
    let mut load = match turn::<C, T>(task, site, missed, conn).await? {
        None => return past_the_cache::<C, T>(task, conn).await,
        Some(Turn::Query(mut load)) => match approach::<C, T>(&mut load, task).await {
            Some(entry) => return Ok(entry),
            None => load,
        },
        Some(Turn::Follow(load, follower)) => {
            let waited = site.reader.cache.follow_by(C::MANNER, follower, site.reader.flight_wait()).await;
            match load.landed(task, waited) {
                Some(entry) => return Ok(entry),
                None => load,
            }
        }
    };
    let answer = ask::<C, T>(task, &mut load, conn).await;
    conclude::<C, T>(load, task, answer).await
}

/// An entry that was found without a connection; with it, where its reader is to compare it.
pub(crate) type FoundEntry<T> = (CachedEntry<<T as Task>::Value>, Option<Site<'static>>);

/// The entry that was found without a connection, if none is needed to serve it.
pub(crate) fn without_connection<T: Task>(
    task: &T,
    found: Option<(Site<'static>, CachedEntry<T::Value>)>,
    follow_up: FollowUp<T>,
) -> Option<FoundEntry<T>> {
    let (site, entry) = found?;
    if !entry.is_stale() {
        site.reader.hit(|| task.id());
        let key = || site.key(task.id(), task.head().kind);
        if site.watch == Watch::Nothing || !site.reader.cache.draws_for_audit(key) {
            return Some((entry, None));
        }
        if let Auditor::Another(offer) = follow_up.audit {
            offer(task, &site);
            return Some((entry, None));
        }
        return Some((entry, Some(site)));
    }
    match (follow_up.refresh)(task, &site) {
        Refresher::Another => Some((served_stale(task, &site, entry), None)),
        // It is found stale once more, with a connection to refresh it.
        Refresher::Reader(claims) => {
            claims.into_iter().for_each(Claim::done);
            None
        }
    }
}

fn served_stale<T: Task>(task: &T, site: &Site<'_>, entry: CachedEntry<T::Value>) -> CachedEntry<T::Value> {
    site.reader.stale_hit(|| task.id());
    entry
}

/// Asks the database for what was looked for in vain, and stores nothing.
async fn unstored<C: Line, T: Query<C>>(task: &mut T, site: &Site<'_>, reason: Bypass, conn: &mut C::Conn) -> Entry<T> {
    report::bypassed(&site.reader, task.head(), reason);
    past_the_cache::<C, T>(task, conn).await
}

pub(crate) async fn past_the_cache<C: Line, T: Query<C>>(task: &mut T, conn: &mut C::Conn) -> Entry<T> {
    // A computation is told of it as of any plain statement.
    let is_followed = !is_collecting() && matches!(task.named(), Ok(Ok(named)) if named.is_mere_read());
    let text = if is_followed { OwnText::Followed } else { OwnText::Unfollowed };
    let value = asked::<C, T>(task, text, conn).await?;
    if is_collecting() {
        // This tells it when the first of the rows ends.
        drop(task.keep(&value));
    }
    Ok(CachedEntry::new(value, Origin::Bypass, None))
}

/// Asks the database for what `task` reads, whose tables are known.
pub(crate) async fn ask<C: Line, T: Query<C>>(
    task: &mut T,
    load: &mut Load<'static>,
    conn: &mut C::Conn,
) -> QueryResult<T::Value> {
    confirm_load::<C>(load, conn).await;
    let before = turns::<C>(conn);
    let answer = asked::<C, T>(task, OwnText::Followed, conn).await;
    // Others may have begun a transaction meanwhile, and written in it what nobody else sees.
    if before.is_none() || turns::<C>(conn) != before {
        load.store_nothing();
    }
    answer
}

pub(crate) async fn asked<C: Line, T: Query<C>>(
    task: &mut T,
    text: OwnText,
    conn: &mut C::Conn,
) -> QueryResult<T::Value> {
    let mut own = OwnStatement::<C>::ask(conn, text);
    let answer = task.query(own.conn()).await;
    own.answered(answer)
}
