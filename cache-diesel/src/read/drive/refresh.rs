//! Refreshes after a stale hit, in the background if there is a pool, otherwise by the reader.

use std::sync::Arc;

use cache_core::{CacheKey, Claim, Miss, Mode};
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::backend::line::{Line, Reply, at_once};
use crate::read::drive::ask::may_store;
use crate::read::drive::calls::{conclude, is_first, look_up};
use crate::read::drive::compare::{Compared, compare};
use crate::read::drive::consult::turn;
use crate::read::drive::gate::gate;
use crate::read::drive::miss::ask;
use crate::read::drive::span::in_span;
use crate::read::task::Site;
use crate::read::task::load::Turn;
use crate::read::task::query::{Copied, Later, Query, Repeated, Reread};
use crate::read::terminal::entry::{CachedEntry, Origin};
use crate::read::terminal::explain::{Explanation, explain};
use crate::setup::refresh::{ConnectionSource, Purpose, sources};

impl<C: Line, T: Query<C> + Copied + Send> Repeated<C> for T {
    fn key(&self, site: &Site<'static>) -> CacheKey {
        site.key(self.id(), self.head().kind)
    }

    fn compare<'a>(&self, site: &Site<'static>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Compared>>
    where
        C: 'a,
        Self: 'a,
    {
        let (mut task, site) = (self.copied(), *site);
        Box::pin(async move { compare::<C, T>(&mut task, &site, conn).await })
    }

    fn explain<'a>(&self, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Explanation>>
    where
        C: 'a,
        Self: 'a,
    {
        let mut task = self.copied();
        Box::pin(async move { explain::<C, T>(&mut task, conn).await })
    }

    fn refresh<'a>(&self, site: &Site<'static>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<()>>
    where
        C: 'a,
        Self: 'a,
    {
        let (mut task, site) = (self.copied(), *site);
        Box::pin(async move { refresh::<C, T>(&mut task, &site, conn).await.map(drop) })
    }
}

/// A read that is made once more to refresh its entry.
pub(crate) struct OneMore<C>(pub(crate) Later<C>);

impl<C: LoadConnection<Backend: CacheBackend>> Reread<C> for OneMore<C> {
    fn reread(self: Box<Self>, site: &Site<'static>, claims: Vec<Claim>, conn: &mut C) -> QueryResult<()> {
        at_once(self.0.refresh(site, conn))?;
        claims.into_iter().for_each(Claim::done);
        Ok(())
    }
}

/// A refresh on another thread.
pub(crate) type Refresh<C> = Box<dyn Reread<C> + Send>;

/// Who refreshes.
pub(crate) enum Refresher {
    /// Somebody else does, or nobody need: the reader takes what is there.
    Another,
    /// The reader itself has to.
    Reader(Vec<Claim>),
}

/// Sees to it that somebody refreshes the stale entries of `keys`; `later` makes the read for another thread, given the
/// entries that nobody else is at.
pub(crate) fn begin<C: LoadConnection<Backend: CacheBackend> + 'static>(
    site: &Site<'static>,
    keys: impl IntoIterator<Item = CacheKey>,
    later: impl FnOnce(&[Claim]) -> Option<Refresh<C>>,
) -> Refresher {
    let claims = match claim(site, keys) {
        Refresher::Reader(claims) => claims,
        Refresher::Another => return Refresher::Another,
    };
    let cache = site.reader.cache;
    let sources = sources::<C>(Purpose::Refresh, site.identity);
    if sources.is_empty() {
        return Refresher::Reader(claims);
    }
    let Some(later) = later(&claims) else { return Refresher::Reader(claims) };
    let errand = Errand { site: *site, sources, work: Some((later, claims)) };
    // What finds no room is tried again a moment later.
    _ = cache.refresh_later(Box::new(move || errand.run()));
    Refresher::Another
}

/// Claims the refresh of the stale entries of `keys` for the reader, as far as nobody else is at it.
pub(crate) fn claim(site: &Site<'static>, keys: impl IntoIterator<Item = CacheKey>) -> Refresher {
    let cache = site.reader.cache;
    if cache.mode() != Mode::Normal {
        return Refresher::Another;
    }
    let claims: Vec<Claim> = keys.into_iter().filter_map(|key| cache.claim_refresh(key)).collect();
    if claims.is_empty() { Refresher::Another } else { Refresher::Reader(claims) }
}

/// A refresh on its way to a connection.
struct Errand<C> {
    site: Site<'static>,
    sources: Vec<Arc<ConnectionSource<C>>>,
    work: Option<(Refresh<C>, Vec<Claim>)>,
}

impl<C: LoadConnection<Backend: CacheBackend>> Errand<C> {
    fn run(mut self) {
        let mut is_hopeless = true;
        for source in core::mem::take(&mut self.sources) {
            let is_taken = source.with(&mut |conn| self.arrive(&source, conn));
            // Where no connection was to be had, there may be one next time.
            is_hopeless &= is_taken && !source.may_be(self.site.identity);
            if self.work.is_none() {
                return;
            }
        }
        // None of the pools is of this database: from now on its readers refresh themselves.
        if let Some((_, claims)) = self.work.filter(|_| is_hopeless) {
            claims.into_iter().for_each(Claim::done);
        }
    }

    fn arrive(&mut self, source: &ConnectionSource<C>, conn: &mut C) {
        // One that is in a transaction, or sees things its own way, tells nothing of the others.
        let Ok(identity) = at_once(gate::<C>(conn)) else { return };
        source.note(identity);
        // A replica may be behind: another source may lead to its primary.
        if identity != self.site.identity || at_once(may_store::<C>(conn, identity)).is_err() {
            return;
        }
        if let Some((later, claims)) = self.work.take() {
            // Whatever went wrong, the claims that are not done say so.
            _ = later.reread(&self.site, claims, conn);
        }
    }
}

/// Refreshes a stale entry, and gives what it is then; `None`: somebody else is at it, or nothing may be stored.
pub(crate) async fn refresh<C: Line, T: Query<C>>(
    task: &mut T,
    site: &Site<'static>,
    conn: &mut C::Conn,
) -> QueryResult<Option<CachedEntry<T::Value>>> {
    let turn = turn::<C, T>(task, *site, Miss::Stale.into(), conn).await?;
    let Some(Turn::Query(mut load)) = turn else { return Ok(None) };
    if !is_first::<C>(&mut load).await {
        return Ok(None);
    }
    // Somebody may have been faster, between the look and the claim.
    let looked = look_up::<C, T>(task, site).await.ok();
    if let Some(found) = looked.filter(|(_, life)| !life.is_stale(site.reader.now())) {
        return Ok(Some(load.hand_on(task, found, Origin::Hit)));
    }
    let about = (task.id(), Miss::Stale);
    let refreshed = async {
        let answer = ask::<C, T>(task, &mut load, conn).await;
        conclude::<C, T>(load, task, answer).await.map(Some)
    };
    in_span(site, about, refreshed).await
}

/// The stale `entry`, or what it is once the reader that `claims` it has refreshed it.
pub(crate) async fn refresh_here<C: Line, T: Query<C>>(
    task: &mut T,
    site: &Site<'static>,
    (entry, claims): (CachedEntry<T::Value>, Vec<Claim>),
    conn: &mut C::Conn,
) -> CachedEntry<T::Value> {
    let refreshed = refresh::<C, T>(task, site, conn).await;
    if refreshed.is_ok() {
        claims.into_iter().for_each(Claim::done);
    }
    match refreshed {
        Ok(Some(fresh)) => {
            if fresh.is_hit() {
                site.reader.hit(|| task.id())
            } else {
                site.reader.miss(Miss::Stale, || task.id())
            }
            fresh
        }
        // What is there may be served until its hard deadline: a database that fails is no reason not to.
        Ok(None) | Err(_) => {
            site.reader.stale_hit(|| task.id());
            entry
        }
    }
}
