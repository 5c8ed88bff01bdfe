//! Drives a read of several rows by their keys: one look-up, one load for all misses.

mod ask;
mod load;
mod look;
mod shadow;

use core::marker::PhantomData;
use std::collections::HashMap;

use cache_core::{CacheKey, Claim, KeyBytes, Kind, Life, Miss, Value};
use diesel::connection::LoadConnection;
use diesel::dsl::Filter;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use self::look::{BatchRows, Missing};
use crate::audit::auditor;
use crate::backend::CacheBackend;
use crate::backend::line::{Line, Reply, at_once};
use crate::model::CachedModel;
use crate::read::drive::gate::gate_for;
use crate::read::drive::miss::Auditor;
use crate::read::drive::refresh::{Refresh, Refresher, begin};
use crate::read::drive::span::in_span;
use crate::read::page::load::LoadModel;
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadOne, LoadPages, Page, all_of, keyed, page_id};
use crate::read::task::query::{Later, Reread};
use crate::read::task::row::RowTask;
use crate::read::task::{Head, Site, site_of, site_without_connection};
use crate::read::terminal::entry::CachedRows;
use crate::read::terminal::take::TakeConnection;

/// A page that the connection `C` can load by its key, and with others by theirs.
pub trait LoadMany<C: Line>: CachedView<Source: FilterDsl<Self::ByKey>> + LoadOne<C, KeyedSource<Self>> {
    /// Asks the database for all of `keys`.
    fn ask_many<'a>(keys: Vec<KeyOf<Self>>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<Self>>>
    where
        C: 'a;
}

/// The condition on several keys.
type ByIds<P> = <<P as Page>::Root as CachedModel>::ByIds;

impl<C, P> LoadMany<C> for P
where
    C: Line,
    P: CachedView<Source: FilterDsl<ByIds<P>> + FilterDsl<P::ByKey>> + LoadPages<C>,
    Filter<P::Source, ByIds<P>>: LoadModel<'static, C, P::Joined>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
{
    fn ask_many<'a>(keys: Vec<KeyOf<P>>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<P>>>
    where
        C: 'a,
    {
        let query = FilterDsl::filter(P::source(), P::Root::by_ids(keys));
        all_of::<C, P, _>(query.selected(), conn)
    }
}

/// The name of the entry for `key`.
fn entry_id<C: Line, P: LoadMany<C>>(key: &KeyOf<P>) -> QueryResult<KeyBytes> {
    page_id::<C, P, _>(KeyBytes::of(key), || keyed::<P>(key.clone()))
}

/// Distinct keys on their way.
pub(crate) struct KeyBatch<P: Page, C> {
    head: Head,
    keys: Vec<KeyOf<P>>,
    /// What their entries are called.
    ids: Vec<KeyBytes>,
    connection: PhantomData<fn(&C)>,
}

/// Where each key that was asked for is among the distinct ones.
pub(crate) struct Places(Vec<usize>);

impl Places {
    pub(crate) fn spread<T: Clone>(&self, rows: Vec<T>) -> Vec<T> {
        // Distinct keys keep their order.
        if rows.len() == self.0.len() {
            return rows;
        }
        self.0.iter().map(|place| rows[*place].clone()).collect()
    }
}

impl<P: Page, C> Clone for FollowUpMany<P, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Page, C> Copy for FollowUpMany<P, C> {}

/// Rows that were found without a connection; with them, the places of those that their reader is to compare.
type FoundRows<P> = (CachedRows<P>, Option<(Site<'static>, Vec<usize>)>);

/// The places of the keys that a reader has to refresh itself, with the right to.
type OwnRefreshes = (Vec<usize>, Vec<Claim>);

/// Offers the entry at a place to be compared.
type OfferAt<P, C> = fn(&KeyBatch<P, C>, &Site<'static>, usize);

/// What a reader of several keys leaves to others.
pub(crate) struct FollowUpMany<P: Page, C> {
    /// Sees to it that the stale keys at these places are refreshed; gives those that this reader has to refresh itself.
    pub(crate) refresh: fn(&KeyBatch<P, C>, &Site<'static>, &[usize]) -> OwnRefreshes,
    /// Who compares the entry at a place with the database.
    pub(crate) audit: Auditor<OfferAt<P, C>>,
}

impl<P: LoadMany<C>, C: LoadConnection<Backend: CacheBackend> + 'static> KeyBatch<P, C> {
    /// One result for each of `keys`, in their order.
    pub(crate) fn read(head: Head, keys: Vec<KeyOf<P>>, conn: &mut C) -> QueryResult<CachedRows<P>> {
        let Some((batch, places)) = Self::of(head, keys)? else { return Ok(Vec::new()) };
        Ok(places.spread(at_once(batch.read_all(conn, Self::FOLLOW_UP))?))
    }

    pub(crate) const FOLLOW_UP: FollowUpMany<P, C> =
        FollowUpMany { refresh: Self::refresh, audit: Auditor::Another(Self::audit) };

    fn audit(&self, site: &Site<'static>, place: usize) {
        // On another thread, at another moment, a base query may be another one.
        auditor::offer::<C>(site, || (!P::HAS_BASE_QUERY).then(|| Box::new(self.row_at(place)) as Later<C>));
    }

    fn refresh(&self, site: &Site<'static>, stale: &[usize]) -> (Vec<usize>, Vec<Claim>) {
        let later = |claims: &[Claim]| -> Option<Refresh<C>> {
            // On another thread, at another moment, a base query may be another one.
            if P::HAS_BASE_QUERY {
                return None;
            }
            let places = self.places(site, stale, claims);
            let (keys, ids) = places.into_iter().map(|place| (self.keys[place].clone(), self.ids[place])).unzip();
            Some(Box::new(Self { head: self.head, keys, ids, connection: PhantomData }))
        };
        self.refreshed_by(site, stale, begin(site, self.stale_keys(site, stale), later))
    }
}

impl<P: LoadMany<C>, C: Line> KeyBatch<P, C> {
    /// Bound variables and conditions that a statement may have on every database.
    const MOST_KEYS: usize = 500;

    /// The distinct ones of `keys`, and where each goes; `None`: there is none.
    pub(crate) fn of(head: Head, keys: Vec<KeyOf<P>>) -> QueryResult<Option<(Self, Places)>> {
        if keys.is_empty() {
            return Ok(None);
        }
        let mut distinct: Vec<KeyOf<P>> = Vec::with_capacity(keys.len());
        let mut place_of: HashMap<KeyOf<P>, usize> = HashMap::with_capacity(keys.len());
        let mut place = |key| {
            *place_of.entry(key).or_insert_with_key(|key| {
                distinct.push(key.clone());
                distinct.len() - 1
            })
        };
        let places = Places(keys.into_iter().map(&mut place).collect());
        let ids = distinct.iter().map(entry_id::<C, P>).collect::<QueryResult<_>>()?;
        Ok(Some((Self { head, keys: distinct, ids, connection: PhantomData }, places)))
    }

    /// One result for each of `keys`, in their order. A connection is taken only if one of the rows is missing.
    pub(crate) async fn read_with<Take, Kind>(
        head: Head,
        keys: Vec<KeyOf<P>>,
        take: Take,
        follow_up: FollowUpMany<P, C>,
    ) -> Result<CachedRows<P>, Take::Error>
    where
        Take: TakeConnection<Kind, Line = C>,
    {
        let Some((batch, places)) = Self::of(head, keys)? else { return Ok(Vec::new()) };
        let rows = match batch.look_up_without_connection(follow_up).await {
            Some((rows, None)) => rows,
            Some((rows, Some((site, drawn)))) => {
                // They are served in any case.
                let conn = take.take().await.ok();
                match conn {
                    Some(mut conn) => batch.compare_drawn(&site, drawn, &mut conn).await,
                    None => drawn.iter().for_each(|_| auditor::skip(&site)),
                }
                rows
            }
            None => {
                let mut conn = take.take().await?;
                batch.read_all(&mut conn, follow_up).await?
            }
        };
        Ok(places.spread(rows))
    }

    /// What is cached, if that is all; else nothing is counted: the caller will come again with a connection.
    async fn look_up_without_connection(&self, follow_up: FollowUpMany<P, C>) -> Option<FoundRows<P>> {
        let site = site_without_connection(&self.head)?;
        let looked = self.look_up(&site).await;
        if !looked.missing.is_empty() {
            return None;
        }
        let (own, claims) = (follow_up.refresh)(self, &site, &looked.stale);
        // They are found stale once more, with a connection to refresh them.
        claims.into_iter().for_each(Claim::done);
        own.is_empty().then(|| {
            looked.count(&site, &self.ids);
            let drawn = self.offer_drawn(&site, &looked, follow_up);
            looked.stale.iter().for_each(|place| site.reader.stale_hit(|| self.ids[*place]));
            (looked.rows, (!drawn.is_empty()).then_some((site, drawn)))
        })
    }

    pub(crate) async fn read_all(
        &self,
        conn: &mut C::Conn,
        follow_up: FollowUpMany<P, C>,
    ) -> QueryResult<CachedRows<P>> {
        let Some(site) = site_of(&self.head, gate_for::<C>(conn, &self.head.options).await) else {
            let all: Vec<usize> = (0..self.keys.len()).collect();
            return self.ask(&all, self.text(), conn).await;
        };
        if site.is_shadow() {
            return self.shadow(&site, conn).await;
        }
        let looked = self.look_up(&site).await;
        looked.count(&site, &self.ids);
        let drawn = self.offer_drawn(&site, &looked, follow_up);
        if !drawn.is_empty() {
            self.compare_drawn(&site, drawn, conn).await;
        }
        let BatchRows { mut rows, mut missing, stale } = looked;
        let (own, claims) = (follow_up.refresh)(self, &site, &stale);
        stale.iter().filter(|place| !own.contains(place)).for_each(|place| site.reader.stale_hit(|| self.ids[*place]));
        let can_do_without = missing.is_empty();
        missing.extend(own.iter().copied().map(Missing::stale));
        if missing.is_empty() {
            return Ok(rows);
        }
        let about = (self.ids[missing[0].place], missing[0].cause);
        let loaded = match in_span(&site, about, self.load(&site, &missing, conn)).await {
            // What is stale may be served until its hard deadline: a database that fails is no reason not to.
            Err(_) if can_do_without => {
                own.iter().for_each(|place| site.reader.stale_hit(|| self.ids[*place]));
                return Ok(rows);
            }
            loaded => loaded?,
        };
        own.iter().for_each(|place| site.reader.miss(Miss::Stale, || self.ids[*place]));
        claims.into_iter().for_each(Claim::done);
        missing.into_iter().zip(loaded).for_each(|(missing, row)| rows[missing.place] = row);
        Ok(rows)
    }

    pub(crate) fn stale_keys(&self, site: &Site<'static>, stale: &[usize]) -> Vec<CacheKey> {
        stale.iter().map(|place| site.key(self.ids[*place], Kind::Detail)).collect()
    }

    /// Which of the `stale` keys are claimed.
    fn places(&self, site: &Site<'static>, stale: &[usize], claims: &[Claim]) -> Vec<usize> {
        let key = |place: usize| site.key(self.ids[place], Kind::Detail);
        let is_claimed = |place: &usize| claims.iter().any(|claim| *claim.key() == key(*place));
        stale.iter().copied().filter(is_claimed).collect()
    }

    pub(crate) fn refreshed_by(
        &self,
        site: &Site<'static>,
        stale: &[usize],
        refresher: Refresher,
    ) -> (Vec<usize>, Vec<Claim>) {
        match refresher {
            Refresher::Another => (Vec::new(), Vec::new()),
            Refresher::Reader(claims) => (self.places(site, stale, &claims), claims),
        }
    }

    /// The read of the row at `place` alone.
    fn row_at(&self, place: usize) -> RowTask<C, P, KeyOf<P>> {
        let asked = self.keys[place].clone();
        let (row, id) = (self.bytes(place), self.ids[place]);
        RowTask { head: self.head, row, id, asked, connection: PhantomData }
    }

    fn bytes(&self, place: usize) -> KeyBytes {
        KeyBytes::of(&self.keys[place])
    }
}

impl<P: LoadMany<C>, C: LoadConnection<Backend: CacheBackend> + 'static> Reread<C> for KeyBatch<P, C> {
    fn reread(self: Box<Self>, site: &Site<'static>, claims: Vec<Claim>, conn: &mut C) -> QueryResult<()> {
        let all: Vec<usize> = (0..self.keys.len()).collect();
        let now = site.reader.now();
        let is_fresh = |found: &Result<(Value, Life), Miss>| found.as_ref().is_ok_and(|(_, life)| !life.is_stale(now));
        // Somebody may have been faster, between the look and the claim.
        let found = at_once(self.found(site, &all));
        let is_stale = |place: &usize| !is_fresh(&found[*place]);
        let stale: Vec<Missing> = all.into_iter().filter(is_stale).map(Missing::stale).collect();
        if !stale.is_empty() {
            at_once(self.load(site, &stale, conn))?;
        }
        claims.into_iter().for_each(Claim::done);
        Ok(())
    }
}
