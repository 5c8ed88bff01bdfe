//! Loads the rows that are missing at once, and stores each.

use std::sync::Arc;

use cache_core::protocol::settle::Former;
use cache_core::store::{Lease, Seed};
use cache_core::{Approach, Bypass, KeyBytes, Kind, LeaseWait, Right, Settlement, Tag, Token, Unkept, is_collecting};
use diesel::result::QueryResult;

use crate::backend::line::Line;
use crate::read::builder::options::UseOfCache;
use crate::read::drive::ask::may_store;
use crate::read::drive::batch::look::Missing;
use crate::read::drive::batch::{KeyBatch, LoadMany};
use crate::read::drive::calls::{call, nap, retry};
use crate::read::drive::consult::{Consulted, confirm, consult, has_changed};
use crate::read::drive::gate::turns;
use crate::read::page::base::row_tags;
use crate::read::report;
use crate::read::shape::TableNames;
use crate::read::task::row::{keep_row, row_codec};
use crate::read::task::{Site, collected};
use crate::read::terminal::entry::CachedRows;
use crate::track::OwnText;

/// The tokens of tags; `None`: nothing is to be stored.
type Seeds = Option<Vec<(Tag, Seed)>>;

impl<P: LoadMany<C>, C: Line> KeyBatch<P, C> {
    /// What the database, or another process, gives for the keys that are `missing`, in their order. What was asked for is
    /// stored.
    pub(super) async fn load(
        &self,
        site: &Site<'static>,
        missing: &[Missing],
        conn: &mut C::Conn,
    ) -> QueryResult<CachedRows<P>> {
        let places: Vec<usize> = missing.iter().map(|missing| missing.place).collect();
        let of_missing = |rows: CachedRows<P>| places.iter().map(|place| rows[*place].clone()).collect();
        if let Err(reason) = may_store::<C>(conn, site.identity).await {
            report::bypassed(&site.reader, &self.head, reason);
            return self.ask(&places, self.text(), conn).await.map(of_missing);
        }
        let (named, seeds) = match self.confirmed(site, &places, conn).await? {
            Ok(seeded) => seeded,
            Err(reason) => {
                report::bypassed(&site.reader, &self.head, reason);
                return self.ask(&places, OwnText::Unfollowed, conn).await.map(of_missing);
            }
        };
        // A refresh asks for what the database says now: nobody else's answer will do.
        let is_refresh = self.head.options.use_of_cache == UseOfCache::Refresh || site.is_shadow();
        let approach = match seeds.as_deref().filter(|_| !is_refresh) {
            Some(seeds) => Some(self.approach(site, &places, seeds).await),
            None => None,
        };
        let right = match approach {
            Some(Approach::Answered(found)) => return Ok(found),
            Some(Approach::Query(mut right)) => {
                right.stand_on(seeds.as_deref().unwrap_or_default());
                Some(right)
            }
            _ => None,
        };
        let mut seeds = if is_confirmed::<C>(conn, site, &seeds).await { seeds } else { None };
        if is_collecting() {
            seeds = noted::<C>(site, seeds).await;
        }
        site.reader.counters.load();
        let before = turns::<C>(conn);
        let asked = self.ask(&places, OwnText::Followed, conn).await;
        // As of one row: others may have written in a transaction of theirs.
        let is_alone = before.is_some() && turns::<C>(conn) == before;
        if !is_alone {
            collected::refuse(Unkept::Changed);
        }
        let loaded = asked.inspect_err(|_| site.reader.counters.load_failure())?;
        let seeds = seeds.filter(|_| is_alone && right.as_ref().is_none_or(Right::may_store));
        let verdict = |missing: &Missing| self.verdict(site, &named, *missing, &loaded[missing.place]);
        let (verdicts, reader) = (missing.iter().map(verdict).collect(), site.reader);
        let settle = move || {
            reader.settle(seeds.as_deref(), verdicts);
            drop(right);
        };
        call::<C, _>(site, settle).await;
        Ok(of_missing(loaded))
    }

    /// As `seeded`, by what the database declares at present.
    pub(super) async fn confirmed(
        &self,
        site: &Site<'static>,
        missing: &[usize],
        conn: &mut C::Conn,
    ) -> QueryResult<Result<(TableNames, Seeds), Bypass>> {
        if consult::<C>(conn, site).await == Consulted::WithoutTokens {
            let named = self.named()?.and_then(|named| named.resolve(site.identity));
            return Ok(named.map(|named| (named, None)));
        }
        let seeded = self.seeded(site, missing).await?;
        let is_news = match &seeded {
            Ok((_, seeds)) => !is_confirmed::<C>(conn, site, seeds).await,
            Err(_) => matches!(self.named(), Ok(Ok(_))) && has_changed::<C>(conn, site).await,
        };
        if is_news { self.seeded(site, missing).await } else { Ok(seeded) }
    }

    /// The tables whose writes count for what is at `missing`, and the tokens of its tags, if the store gives any.
    pub(super) async fn seeded(
        &self,
        site: &Site<'static>,
        missing: &[usize],
    ) -> QueryResult<Result<(TableNames, Seeds), Bypass>> {
        let named = match self.named()?.and_then(|named| named.resolve(site.identity)) {
            Ok(named) => named,
            Err(reason) => return Ok(Err(reason)),
        };
        let tags = self.tags(site, &named, missing);
        let (declared, reader) = (site.subject(&named).declared(&tags), site.reader);
        let seeds = call::<C, _>(site, move || reader.seed_declared(&tags, &declared)).await;
        Ok(Ok((named, seeds)))
    }

    /// Every tag that what is at `places` may depend on.
    pub(super) fn tags(&self, site: &Site<'_>, named: &[String], places: &[usize]) -> Vec<Tag> {
        let subject = site.subject(named);
        let mut tags: Vec<Tag> = places.iter().flat_map(|place| row_tags::<P>(&subject, self.bytes(*place))).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// Takes the right to load what is missing, or waits for another process that loads just that.
    pub(super) async fn approach(
        &self,
        site: &Site<'static>,
        missing: &[usize],
        seeds: &[(Tag, Seed)],
    ) -> Approach<CachedRows<P>> {
        let keys: Vec<KeyBytes> = missing.iter().map(|place| self.ids[*place]).collect();
        let tokens: Vec<Token> = seeds.iter().map(|(_, seed)| seed.token).collect();
        let name = Lease::of(&site.key(KeyBytes::of(&keys), Kind::Detail), &tokens);
        let reader = site.reader;
        let lease = match call::<C, _>(site, move || reader.contend(name)).await {
            Ok(right) => return Approach::Query(right),
            Err(lease) => lease,
        };
        let wait = LeaseWait::begin(&reader, lease, reader.lease_wait());
        while nap::<C>(&wait, site).await {
            if let Some(found) = self.look_up_missing(site, missing).await {
                return Approach::Answered(found);
            }
            if let Some(right) = retry::<C>(wait, site).await {
                let found = if right.wants_a_look() { self.look_up_missing(site, missing).await } else { None };
                return found.map_or(Approach::Query(right), Approach::Answered);
            }
        }
        Approach::Query(LeaseWait::give_up(&reader))
    }

    pub(super) fn verdict(
        &self,
        site: &Site<'_>,
        named: &[String],
        missing: Missing,
        row: &Option<Arc<P>>,
    ) -> Settlement {
        let Missing { place, cause } = missing;
        let former = Former::of(cause);
        let (bytes, subject) = (self.bytes(place), site.subject(named));
        let tags = || if row.is_some() { subject.found_row(bytes) } else { row_tags::<P>(&subject, bytes) };
        let keep = keep_row(&self.head, row.as_ref(), &self.keys[place]).with_life(site);
        let keep = keep.is_stored.then(|| (keep.loaded(row_codec::<P>()), tags()));
        Settlement { key: site.key(self.ids[place], Kind::Detail), former, keep }
    }
}

/// What is loaded under `seeds` is told to the computation that is under way.
async fn noted<C: Line>(site: &Site<'static>, seeds: Seeds) -> Seeds {
    let owned = *site;
    let note = move || {
        collected::note(&owned, seeds.as_deref());
        seeds
    };
    call::<C, _>(site, note).await
}

async fn is_confirmed<C: Line>(conn: &mut C::Conn, site: &Site<'static>, seeds: &Seeds) -> bool {
    match seeds {
        Some(seeds) => confirm::<C>(conn, site.identity, seeds).await,
        None => true,
    }
}
