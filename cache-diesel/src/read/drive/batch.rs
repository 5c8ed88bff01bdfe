//! Drives a read of several rows by their keys: one look-up, one load for all misses.

mod shadow;

use core::marker::PhantomData;
use std::collections::HashMap;
use std::sync::Arc;

use cache_core::protocol::settle::Former;
use cache_core::store::{Lease, Seed};
use cache_core::{
    Approach, Bypass, CacheKey, Claim, KeyBytes, Kind, LeaseWait, Life, Manner, Miss, Right, Settlement, Tag, Token,
    Unkept, Value, is_collecting,
};
use diesel::connection::LoadConnection;
use diesel::dsl::Filter;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::audit::auditor;
use crate::backend::CacheBackend;
use crate::backend::line::{Line, Reply, at_once};
use crate::model::CachedModel;
use crate::read::builder::options::UseOfCache;
use crate::read::drive::ask::may_store;
use crate::read::drive::calls::{call, nap, retry};
use crate::read::drive::consult::{Consulted, confirm, consult, has_changed};
use crate::read::drive::gate::{gate_for, turns};
use crate::read::drive::miss::Auditor;
use crate::read::drive::refresh::{Refresh, Refresher, begin};
use crate::read::drive::span::in_span;
use crate::read::page::base::row_tags;
use crate::read::page::load::LoadModel;
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadOne, LoadPages, Page, all_of, keyed, page_id};
use crate::read::report;
use crate::read::shape::{QueryTables, TableNames};
use crate::read::task::collected::{end_with, end_with_all};
use crate::read::task::query::{Later, Reread};
use crate::read::task::row::{RowTask, accept_row, keep_row, row_codec};
use crate::read::task::{Head, Site, Wish, collected, site_of, site_without_connection};
use crate::read::terminal::entry::CachedRows;
use crate::read::terminal::take::TakeConnection;
use crate::track::{OwnStatement, OwnText};

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

/// What a look in the store gave: the keys that have no entry, and the places of those that have a stale one.
pub(crate) struct BatchRows<P> {
    rows: CachedRows<P>,
    missing: Vec<Missing>,
    stale: Vec<usize>,
}

impl<P> BatchRows<P> {
    /// Counts what was found and what was not; stale ones are counted by what becomes of them.
    fn count(&self, site: &Site<'_>, ids: &[KeyBytes]) {
        let (mut missing, mut stale) = (self.missing.iter().peekable(), self.stale.iter().peekable());
        for (place, id) in ids.iter().enumerate() {
            match (missing.next_if(|missing| missing.place == place), stale.next_if_eq(&&place)) {
                (Some(missing), _) => site.reader.miss(missing.cause, || *id),
                (None, Some(_)) => {}
                (None, None) => site.reader.hit(|| *id),
            }
        }
    }
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

/// A key that the database is asked for, and what was known of its entry before.
#[derive(Clone, Copy)]
struct Missing {
    place: usize,
    cause: Miss,
}

impl Missing {
    const fn stale(place: usize) -> Self {
        Self { place, cause: Miss::Stale }
    }
}

impl<P: Page, C> Clone for FollowUpMany<P, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Page, C> Copy for FollowUpMany<P, C> {}

/// The tokens of tags; `None`: nothing is to be stored.
type Seeds = Option<Vec<(Tag, Seed)>>;

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

    /// What the database, or another process, gives for the keys that are `missing`, in their order. What was asked for is
    /// stored.
    async fn load(&self, site: &Site<'static>, missing: &[Missing], conn: &mut C::Conn) -> QueryResult<CachedRows<P>> {
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

    /// What is known of the text of the query where nobody has looked at what it names.
    fn text(&self) -> OwnText {
        // A computation is told of it as of any plain statement.
        let is_followed = !is_collecting() && matches!(self.named(), Ok(Ok(named)) if named.is_mere_read());
        if is_followed { OwnText::Followed } else { OwnText::Unfollowed }
    }

    /// As `seeded`, by what the database declares at present.
    async fn confirmed(
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
    async fn seeded(
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

    /// Every tag that what is at `places` may depend on.
    fn tags(&self, site: &Site<'_>, named: &[String], places: &[usize]) -> Vec<Tag> {
        let subject = site.subject(named);
        let mut tags: Vec<Tag> = places.iter().flat_map(|place| row_tags::<P>(&subject, self.bytes(*place))).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// Takes the right to load what is missing, or waits for another process that loads just that.
    async fn approach(
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

    /// What is at `places`, if every one of them is cached by now.
    async fn look_up_missing(&self, site: &Site<'static>, places: &[usize]) -> Option<CachedRows<P>> {
        let found = self.found(site, places).await.into_iter().zip(places);
        found.map(|(found, place)| accept_row::<P, _>(found.ok()?.0, &self.keys[*place])).collect()
    }

    /// What is cached, and what is not. Nothing is counted.
    async fn look_up(&self, site: &Site<'static>) -> BatchRows<P> {
        let mut looked = BatchRows { rows: vec![None; self.keys.len()], missing: Vec::new(), stale: Vec::new() };
        let is_left = |place: &usize| !self.take_found(site, *place, &mut looked.rows);
        let left: Vec<usize> = (0..self.keys.len()).filter(is_left).collect();
        if !left.is_empty() {
            self.look_up_left(site, &left, &mut looked).await;
        }
        looked
    }

    /// Finds out what is at `places`, of which nothing is at hand.
    async fn look_up_left(&self, site: &Site<'static>, places: &[usize], looked: &mut BatchRows<P>) {
        let now = site.reader.now();
        let all_found = self.found(site, places).await;
        for (found, place) in all_found.into_iter().zip(places.iter().copied()) {
            let accepted = found.and_then(|(value, life)| {
                Ok((accept_row::<P, _>(value, &self.keys[place]).ok_or(Miss::Foreign)?, life))
            });
            match accepted {
                Ok((row, life)) => {
                    if life.is_stale(now) {
                        looked.stale.push(place);
                    }
                    looked.rows[place] = row;
                }
                Err(cause) => looked.missing.push(Missing { place, cause }),
            }
        }
    }

    /// Whether what is at `place` is at hand, in memory and not stale: then it is among `rows`.
    fn take_found(&self, site: &Site<'_>, place: usize, rows: &mut CachedRows<P>) -> bool {
        if self.head.options.use_of_cache == UseOfCache::Refresh || is_collecting() {
            return false;
        }
        let found = site.reader.find(&site.key(self.ids[place], Kind::Detail));
        let Some(row) = found.and_then(|(value, _)| accept_row::<P, _>(value, &self.keys[place])) else { return false };
        rows[place] = row;
        true
    }

    async fn found(&self, site: &Site<'static>, places: &[usize]) -> Vec<Result<(Value, Life), Miss>> {
        if self.head.options.use_of_cache == UseOfCache::Refresh {
            return places.iter().map(|_| Err(Miss::Refresh)).collect();
        }
        let (wishes, owned) = (self.wishes(site, places), *site);
        call::<C, _>(site, move || Wish::with_all(&wishes, |wanted| owned.look_up_many(wanted))).await
    }

    fn wishes(&self, site: &Site<'static>, places: &[usize]) -> Vec<Wish> {
        // In memory entries have their tags with them.
        let asks_for_tags = is_collecting() || !site.reader.cache.is_called_at_once(Manner::Awaited);
        let named = asks_for_tags.then(|| self.named().ok()?.ok()?.resolve(site.identity).ok()).flatten();
        let tags = |place: usize| {
            named.as_ref().map_or_else(Vec::new, |named| row_tags::<P>(&site.subject(named), self.bytes(place)))
        };
        let wish = |place: usize| Wish {
            key: site.key(self.ids[place], Kind::Detail),
            tags: tags(place),
            codec: row_codec::<P>(),
        };
        places.iter().map(|place| wish(*place)).collect()
    }

    /// The tables that the query for a key names, or why it is not cached: they are the same for every key.
    fn named(&self) -> QueryResult<Result<QueryTables, Bypass>> {
        P::named(keyed::<P>(self.keys[0].clone()), self.head.options.assume_deterministic)
    }

    /// Asks the database for the keys at `places`; the answer has a place for every key.
    async fn ask(&self, places: &[usize], text: OwnText, conn: &mut C::Conn) -> QueryResult<CachedRows<P>> {
        let mut rows: CachedRows<P> = vec![None; self.keys.len()];
        for chunk in places.chunks(Self::MOST_KEYS) {
            self.ask_at_once(chunk, text, &mut rows, conn).await?;
            let unanswered: Vec<usize> = chunk.iter().copied().filter(|place| rows[*place].is_none()).collect();
            // Where the database takes other letters for equal, its row does not tell which key it answers.
            if P::Root::key_comparison().is_exact(None, &self.head.state.table)
                || unanswered.is_empty()
                || self.ask_at_once(&unanswered, text, &mut rows, conn).await? == 0
            {
                continue;
            }
            for place in unanswered {
                let mut own = OwnStatement::<C>::ask(conn, text);
                let row = P::ask(keyed::<P>(self.keys[place].clone()), own.conn()).await;
                rows[place] = own.answered(row)?.inspect(|row| end_with(&**row));
            }
        }
        Ok(rows)
    }

    /// One load for the keys at `places`; gives the number of rows that it found.
    async fn ask_at_once(
        &self,
        places: &[usize],
        text: OwnText,
        rows: &mut CachedRows<P>,
        conn: &mut C::Conn,
    ) -> QueryResult<usize> {
        let mut own = OwnStatement::<C>::ask(conn, text);
        let keys = places.iter().map(|place| self.keys[*place].clone()).collect();
        let found = P::ask_many(keys, own.conn()).await;
        let found = own.answered(found)?;
        let place_of: HashMap<&KeyOf<P>, usize> = places.iter().map(|place| (&self.keys[*place], *place)).collect();
        let count = found.len();
        end_with_all(&found);
        for row in found {
            if let Some(place) = place_of.get(&row.root().id()) {
                rows[*place] = Some(Arc::new(row));
            }
        }
        Ok(count)
    }

    fn verdict(&self, site: &Site<'_>, named: &[String], missing: Missing, row: &Option<Arc<P>>) -> Settlement {
        let Missing { place, cause } = missing;
        let former = Former::of(cause);
        let (bytes, subject) = (self.bytes(place), site.subject(named));
        let tags = || if row.is_some() { subject.found_row(bytes) } else { row_tags::<P>(&subject, bytes) };
        let keep = keep_row(&self.head, row.as_ref(), &self.keys[place]).with_life(site);
        let keep = keep.is_stored.then(|| (keep.loaded(row_codec::<P>()), tags()));
        Settlement { key: site.key(self.ids[place], Kind::Detail), former, keep }
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
