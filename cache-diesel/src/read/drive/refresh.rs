//! Refreshes after a stale hit, in the background if there is a pool, otherwise by the reader.

use std::sync::Arc;

use cache_core::{CacheKey, Claim, Miss, Mode};
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::read::drive::ask::may_store;
use crate::read::drive::blocking::ask;
use crate::read::drive::consult::turn;
use crate::read::drive::gate::gate;
use crate::read::task::query::{Later, Query, Reread};
use crate::read::task::{Site, Turn};
use crate::read::terminal::entry::CachedEntry;
use crate::setup::refresh::{ConnectionSource, sources};

impl<C: LoadConnection<Backend: CacheBackend>, T: Query<C>> Reread<C> for T {
    fn reread(mut self: Box<Self>, site: &Site<'static>, claims: Vec<Claim>, conn: &mut C) -> QueryResult<()> {
        refresh(&mut *self, site, conn)?;
        claims.into_iter().for_each(Claim::done);
        Ok(())
    }
}

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
    later: impl FnOnce(&[Claim]) -> Option<Later<C>>,
) -> Refresher {
    let cache = site.reader.cache;
    if cache.mode() != Mode::Normal {
        return Refresher::Another;
    }
    let claims: Vec<Claim> = keys.into_iter().filter_map(|key| cache.claim_refresh(key)).collect();
    if claims.is_empty() {
        return Refresher::Another;
    }
    let sources = sources::<C>(site.identity);
    if sources.is_empty() {
        return Refresher::Reader(claims);
    }
    let Some(later) = later(&claims) else { return Refresher::Reader(claims) };
    let errand = Errand { site: *site, sources, work: Some((later, claims)) };
    // What finds no room is tried again a moment later.
    _ = cache.refresh_later(Box::new(move || errand.run()));
    Refresher::Another
}

/// A refresh on its way to a connection.
struct Errand<C> {
    site: Site<'static>,
    sources: Vec<Arc<ConnectionSource<C>>>,
    work: Option<(Later<C>, Vec<Claim>)>,
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
        let Ok(identity) = gate(conn) else { return };
        source.note(identity);
        // A replica may be behind: another source may lead to its primary.
        if identity != self.site.identity || may_store(conn, identity).is_err() {
            return;
        }
        if let Some((later, claims)) = self.work.take() {
            // Whatever went wrong, the claims that are not done say so.
            _ = later.reread(&self.site, claims, conn);
        }
    }
}

/// Refreshes a stale entry, and gives what it is then; `None`: somebody else is at it, or nothing may be stored.
pub(crate) fn refresh<C, T>(
    task: &mut T,
    site: &Site<'static>,
    conn: &mut C,
) -> QueryResult<Option<CachedEntry<T::Value>>>
where
    C: LoadConnection<Backend: CacheBackend>,
    T: Query<C>,
{
    let Some(Turn::Query(mut load)) = turn(task, *site, &Miss::Stale.into(), conn)? else { return Ok(None) };
    if !load.is_first() {
        return Ok(None);
    }
    // Somebody may have been faster, between the look and the claim.
    if let Some((value, life)) = task.look_up(site).ok().filter(|(_, life)| !life.is_stale(site.reader.now())) {
        return Ok(Some(load.hand_on(task, (value, life))));
    }
    let answer = ask(task, &mut load, conn);
    load.conclude(task, answer).map(Some)
}

/// The stale `entry`, or what it is once the reader that `claims` it has refreshed it.
pub(crate) fn refresh_here<C, T>(
    task: &mut T,
    site: &Site<'static>,
    (entry, claims): (CachedEntry<T::Value>, Vec<Claim>),
    conn: &mut C,
) -> CachedEntry<T::Value>
where
    C: LoadConnection<Backend: CacheBackend>,
    T: Query<C>,
{
    let refreshed = refresh(task, site, conn);
    if refreshed.is_ok() {
        claims.into_iter().for_each(Claim::done);
    }
    match refreshed {
        Ok(Some(fresh)) => {
            if fresh.is_hit() {
                site.reader.hit()
            } else {
                site.reader.miss(Miss::Stale)
            }
            fresh
        }
        // What is there may be served until its hard deadline: a database that fails is no reason not to.
        Ok(None) | Err(_) => {
            site.reader.stale_hit();
            entry
        }
    }
}
