//! Drives a read of several rows by their keys: one look-up, one load for all misses.

use core::cell::LazyCell;
use core::marker::PhantomData;
use std::collections::HashMap;
use std::sync::Arc;

use cache_core::protocol::settle::Former;
use cache_core::store::{Lease, Seed, Wanted};
use cache_core::{
    Approach, Bypass, Claim, KeyBytes, Kind, Life, Miss, Right, Settlement, Tag, Token, Value, is_collecting,
};
use diesel::RunQueryDsl;
use diesel::connection::LoadConnection;
use diesel::dsl::Filter;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::{Error, QueryResult};

use crate::backend::CacheBackend;
use crate::model::CachedModel;
use crate::read::builder::options::UseOfCache;
use crate::read::drive::ask::may_store;
use crate::read::drive::consult::{Consulted, confirm, consult, has_changed};
use crate::read::drive::gate::gate_for;
use crate::read::drive::refresh::{Refresher, begin};
use crate::read::page::base::row_tags;
use crate::read::page::load::LoadModel;
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadOne, LoadPages, Page, keyed, page_id};
use crate::read::report;
use crate::read::shape::{QueryTables, TableNames};
use crate::read::task::query::{Later, Reread};
use crate::read::task::row::{accept_row, keep_row, row_codec};
use crate::read::task::{Head, Site, collected, site_of, site_without_connection};
use crate::read::terminal::entry::CachedRows;
use crate::track::{OwnText, asking};

/// A page that the connection `C` can load by its key, and with others by theirs.
pub trait LoadMany<C>: CachedView<Source: FilterDsl<Self::ByKey>> + LoadOne<C, KeyedSource<Self>> {
    /// Asks the database for all of `keys`.
    fn ask_many(keys: Vec<KeyOf<Self>>, conn: &mut C) -> QueryResult<Vec<Self>>;
}

/// The condition on several keys.
type ByIds<P> = <<P as Page>::Root as CachedModel>::ByIds;

impl<C, P> LoadMany<C> for P
where
    C: LoadConnection<Backend: CacheBackend>,
    P: CachedView<Source: FilterDsl<ByIds<P>> + FilterDsl<P::ByKey>> + LoadPages<C>,
    Filter<P::Source, ByIds<P>>: LoadModel<'static, C, P::Joined>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
{
    fn ask_many(keys: Vec<KeyOf<P>>, conn: &mut C) -> QueryResult<Vec<P>> {
        let query = FilterDsl::filter(P::source(), P::Root::by_ids(keys));
        let joined = RunQueryDsl::load::<P::Joined>(query.selected(), conn)?;
        P::assemble(joined, conn)
    }
}

/// The name of the entry for `key`.
fn entry_id<C, P: LoadMany<C>>(key: &KeyOf<P>) -> QueryResult<KeyBytes> {
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
struct BatchRows<P> {
    rows: CachedRows<P>,
    missing: Vec<Missing>,
    stale: Vec<usize>,
}

impl<P> BatchRows<P> {
    /// Counts what was found and what was not; stale ones are counted by what becomes of them.
    fn count(&self, site: &Site<'_>) {
        let hit_count = self.rows.len() - self.missing.len() - self.stale.len();
        (0..hit_count).for_each(|_| site.reader.hit());
        self.missing.iter().for_each(|missing| site.reader.miss(missing.cause));
    }
}

/// Where each key that was asked for is among the distinct ones.
struct Places(Vec<usize>);

impl Places {
    fn spread<T: Clone>(&self, rows: Vec<T>) -> Vec<T> {
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

/// The tokens of tags; `None`: nothing is to be stored.
type Seeds = Option<Vec<(Tag, Seed)>>;

fn is_confirmed<C>(conn: &mut C, site: &Site<'_>, seeds: &Seeds) -> bool
where
    C: LoadConnection<Backend: CacheBackend>,
{
    seeds.as_ref().is_none_or(|seeds| confirm(conn, site.identity, seeds))
}

impl<P: LoadMany<C>, C: LoadConnection<Backend: CacheBackend> + 'static> KeyBatch<P, C> {
    /// Bound variables and conditions that a statement may have on every database.
    const MOST_KEYS: usize = 500;

    /// One result for each of `keys`, in their order.
    pub(crate) fn read(head: Head, keys: Vec<KeyOf<P>>, conn: &mut C) -> QueryResult<CachedRows<P>> {
        let Some((batch, places)) = Self::of(head, keys)? else { return Ok(Vec::new()) };
        Ok(places.spread(batch.read_all(conn)?))
    }

    /// The same, and takes a connection only if one of the rows is missing.
    pub(crate) fn read_with<E: From<Error>>(
        head: Head,
        keys: Vec<KeyOf<P>>,
        take: impl FnOnce() -> Result<C, E>,
    ) -> Result<CachedRows<P>, E> {
        let Some((batch, places)) = Self::of(head, keys)? else { return Ok(Vec::new()) };
        let rows = match batch.look_up_without_connection() {
            Some(rows) => rows,
            None => batch.read_all(&mut take()?)?,
        };
        Ok(places.spread(rows))
    }

    /// The distinct ones of `keys`, and where each goes; `None`: there is none.
    fn of(head: Head, keys: Vec<KeyOf<P>>) -> QueryResult<Option<(Self, Places)>> {
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

    /// What is cached, if that is all; else nothing is counted: the caller will come again with a connection.
    fn look_up_without_connection(&self) -> Option<CachedRows<P>> {
        let site = site_without_connection(&self.head)?;
        let looked = self.look_up(&site);
        if !looked.missing.is_empty() {
            return None;
        }
        let (own, claims) = self.follow_up(&site, &looked.stale);
        // They are found stale once more, with a connection to refresh them.
        claims.into_iter().for_each(Claim::done);
        own.is_empty().then(|| {
            looked.count(&site);
            looked.stale.iter().for_each(|_| site.reader.stale_hit());
            looked.rows
        })
    }

    fn read_all(&self, conn: &mut C) -> QueryResult<CachedRows<P>> {
        let Some(site) = site_of(&self.head, gate_for(conn, &self.head.options)) else {
            let all: Vec<usize> = (0..self.keys.len()).collect();
            return self.ask(&all, self.text(), conn);
        };
        let looked = self.look_up(&site);
        looked.count(&site);
        let BatchRows { mut rows, mut missing, stale } = looked;
        let (own, claims) = self.follow_up(&site, &stale);
        stale.iter().filter(|place| !own.contains(place)).for_each(|_| site.reader.stale_hit());
        let can_do_without = missing.is_empty();
        missing.extend(own.iter().copied().map(Missing::stale));
        if missing.is_empty() {
            return Ok(rows);
        }
        let loaded = match self.load(&site, &missing, conn) {
            // What is stale may be served until its hard deadline: a database that fails is no reason not to.
            Err(_) if can_do_without => {
                own.iter().for_each(|_| site.reader.stale_hit());
                return Ok(rows);
            }
            loaded => loaded?,
        };
        own.iter().for_each(|_| site.reader.miss(Miss::Stale));
        claims.into_iter().for_each(Claim::done);
        missing.into_iter().zip(loaded).for_each(|(missing, row)| rows[missing.place] = row);
        Ok(rows)
    }

    /// What the database, or another process, gives for the keys that are `missing`, in their order. What was asked for is
    /// stored.
    fn load(&self, site: &Site<'_>, missing: &[Missing], conn: &mut C) -> QueryResult<CachedRows<P>> {
        let places: Vec<usize> = missing.iter().map(|missing| missing.place).collect();
        let of_missing = |rows: CachedRows<P>| places.iter().map(|place| rows[*place].clone()).collect();
        if let Err(reason) = may_store(conn, site.identity) {
            report::bypassed(&site.reader, &self.head, reason);
            return self.ask(&places, self.text(), conn).map(of_missing);
        }
        let (named, seeds) = match self.confirmed(site, &places, conn)? {
            Ok(seeded) => seeded,
            Err(reason) => {
                report::bypassed(&site.reader, &self.head, reason);
                return self.ask(&places, OwnText::Unfollowed, conn).map(of_missing);
            }
        };
        // A refresh asks for what the database says now: nobody else's answer will do.
        let is_refresh = self.head.options.use_of_cache == UseOfCache::Refresh;
        let approach = seeds.as_deref().filter(|_| !is_refresh).map(|seeds| self.approach(site, &places, seeds));
        let right = match approach {
            Some(Approach::Answered(found)) => return Ok(found),
            Some(Approach::Query(mut right)) => {
                right.stand_on(seeds.as_deref().unwrap_or_default());
                Some(right)
            }
            _ => None,
        };
        let seeds = seeds.filter(|seeds| confirm(conn, site.identity, seeds));
        collected::note(site, seeds.as_deref());
        site.reader.counters.load();
        let loaded = self.ask(&places, OwnText::Followed, conn).inspect_err(|_| site.reader.counters.load_failure())?;
        let seeds = seeds.as_deref().filter(|_| right.as_ref().is_none_or(Right::may_store));
        let verdict = |missing: &Missing| self.verdict(site, &named, *missing, &loaded[missing.place]);
        site.reader.settle(seeds, missing.iter().map(verdict).collect());
        Ok(of_missing(loaded))
    }

    /// What is known of the text of the query where nobody has looked at what it names.
    fn text(&self) -> OwnText {
        // A computation is told of it as of any plain statement.
        let is_followed = !is_collecting() && matches!(self.named(), Ok(Ok(named)) if named.is_mere_read());
        if is_followed { OwnText::Followed } else { OwnText::Unfollowed }
    }

    /// As `seeded`, by what the database declares at present.
    fn confirmed(
        &self,
        site: &Site<'_>,
        missing: &[usize],
        conn: &mut C,
    ) -> QueryResult<Result<(TableNames, Seeds), Bypass>> {
        if consult(conn, site) == Consulted::WithoutTokens {
            let named = self.named()?.and_then(|named| named.resolve(site.identity));
            return Ok(named.map(|named| (named, None)));
        }
        let seeded = self.seeded(site, missing)?;
        let is_news = match &seeded {
            Ok((_, seeds)) => !is_confirmed(conn, site, seeds),
            Err(_) => matches!(self.named(), Ok(Ok(_))) && has_changed(conn, site),
        };
        if is_news { self.seeded(site, missing) } else { Ok(seeded) }
    }

    /// The tables whose writes count for what is at `missing`, and the tokens of its tags, if the store gives any.
    fn seeded(&self, site: &Site<'_>, missing: &[usize]) -> QueryResult<Result<(TableNames, Seeds), Bypass>> {
        Ok(self.named()?.and_then(|named| named.resolve(site.identity)).map(|named| {
            let tags = self.tags(site, &named, missing);
            let seeds = site.reader.seed_declared(&tags, &site.subject(&named).declared(&tags));
            (named, seeds)
        }))
    }

    /// Sees to it that the stale keys at `stale` are refreshed; gives those that this reader has to refresh itself.
    fn follow_up(&self, site: &Site<'static>, stale: &[usize]) -> (Vec<usize>, Vec<Claim>) {
        let key = |place: usize| site.key(self.ids[place], Kind::Detail);
        let places = |claims: &[Claim]| -> Vec<usize> {
            let is_claimed = |place: &usize| claims.iter().any(|claim| *claim.key() == key(*place));
            stale.iter().copied().filter(is_claimed).collect()
        };
        let later = |claims: &[Claim]| -> Option<Later<C>> {
            // On another thread, at another moment, a base query may be another one.
            if P::HAS_BASE_QUERY {
                return None;
            }
            let (keys, ids) =
                places(claims).into_iter().map(|place| (self.keys[place].clone(), self.ids[place])).unzip();
            Some(Box::new(Self { head: self.head, keys, ids, connection: PhantomData }))
        };
        match begin(site, stale.iter().copied().map(key), later) {
            Refresher::Another => (Vec::new(), Vec::new()),
            Refresher::Reader(claims) => (places(&claims), claims),
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
    fn approach(&self, site: &Site<'_>, missing: &[usize], seeds: &[(Tag, Seed)]) -> Approach<CachedRows<P>> {
        let keys: Vec<KeyBytes> = missing.iter().map(|place| self.ids[*place]).collect();
        let tokens: Vec<Token> = seeds.iter().map(|(_, seed)| seed.token).collect();
        let name = Lease::of(&site.key(KeyBytes::of(&keys), Kind::Detail), &tokens);
        site.reader.take_lease(name, site.reader.lease_wait(), || self.look_up_missing(site, missing))
    }

    /// What is at `places`, if every one of them is cached by now.
    fn look_up_missing(&self, site: &Site<'_>, places: &[usize]) -> Option<CachedRows<P>> {
        let found = self.found(site, places).into_iter().zip(places);
        found.map(|(found, place)| accept_row::<P, _>(found.ok()?.0, &self.keys[*place])).collect()
    }

    /// What is cached, and what is not. Nothing is counted.
    fn look_up(&self, site: &Site<'_>) -> BatchRows<P> {
        let mut looked = BatchRows { rows: vec![None; self.keys.len()], missing: Vec::new(), stale: Vec::new() };
        let is_left = |place: &usize| !self.take_found(site, *place, &mut looked.rows);
        let left: Vec<usize> = (0..self.keys.len()).filter(is_left).collect();
        if !left.is_empty() {
            self.look_up_left(site, &left, &mut looked);
        }
        looked
    }

    /// Finds out what is at `places`, of which nothing is at hand.
    fn look_up_left(&self, site: &Site<'_>, places: &[usize], looked: &mut BatchRows<P>) {
        let now = site.reader.now();
        for (found, place) in self.found(site, places).into_iter().zip(places.iter().copied()) {
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

    fn found(&self, site: &Site<'_>, places: &[usize]) -> Vec<Result<(Value, Life), Miss>> {
        if self.head.options.use_of_cache == UseOfCache::Refresh {
            return places.iter().map(|_| Err(Miss::Refresh)).collect();
        }
        // Worked out once for all keys, and only for a store that asks.
        let named = LazyCell::new(|| self.named().ok()?.ok()?.resolve(site.identity).ok());
        let tags_at = |place: usize| {
            let named = &named;
            move || named.as_ref().map_or_else(Vec::new, |named| row_tags::<P>(&site.subject(named), self.bytes(place)))
        };
        let tags: Vec<_> = places.iter().copied().map(tags_at).collect();
        let key = |place: usize| site.key(self.ids[place], Kind::Detail);
        let codec = row_codec::<P>();
        let wanted: Vec<Wanted<'_>> =
            places.iter().zip(&tags).map(|(place, tags)| Wanted { key: key(*place), tags, codec }).collect();
        if is_collecting() {
            let look_up = |wanted| collected::look_up(site, wanted).map_err(|missed| missed.cause);
            return wanted.iter().map(look_up).collect();
        }
        site.reader.look_up_many(&wanted)
    }

    /// The tables that the query for a key names, or why it is not cached: they are the same for every key.
    fn named(&self) -> QueryResult<Result<QueryTables, Bypass>> {
        P::named(keyed::<P>(self.keys[0].clone()), self.head.options.assume_deterministic)
    }

    /// Asks the database for the keys at `places`; the answer has a place for every key.
    fn ask(&self, places: &[usize], text: OwnText, conn: &mut C) -> QueryResult<CachedRows<P>> {
        let mut rows: CachedRows<P> = vec![None; self.keys.len()];
        for chunk in places.chunks(Self::MOST_KEYS) {
            self.ask_at_once(chunk, text, &mut rows, conn)?;
            let unanswered: Vec<usize> = chunk.iter().copied().filter(|place| rows[*place].is_none()).collect();
            // Where the database takes other letters for equal, its row does not tell which key it answers.
            if P::Root::key_comparison().is_exact(None, &self.head.state.table)
                || unanswered.is_empty()
                || self.ask_at_once(&unanswered, text, &mut rows, conn)? == 0
            {
                continue;
            }
            for place in unanswered {
                rows[place] = asking(conn, text, |conn| P::ask(keyed::<P>(self.keys[place].clone()), conn))?;
            }
        }
        Ok(rows)
    }

    /// One load for the keys at `places`; gives the number of rows that it found.
    fn ask_at_once(
        &self,
        places: &[usize],
        text: OwnText,
        rows: &mut CachedRows<P>,
        conn: &mut C,
    ) -> QueryResult<usize> {
        let place_of: HashMap<&KeyOf<P>, usize> = places.iter().map(|place| (&self.keys[*place], *place)).collect();
        let keys = places.iter().map(|place| self.keys[*place].clone()).collect();
        let found = asking(conn, text, |conn| P::ask_many(keys, conn))?;
        let count = found.len();
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
        let found = self.found(site, &all);
        let is_stale = |place: &usize| !is_fresh(&found[*place]);
        let stale: Vec<Missing> = all.into_iter().filter(is_stale).map(Missing::stale).collect();
        if !stale.is_empty() {
            self.load(site, &stale, conn)?;
        }
        claims.into_iter().for_each(Claim::done);
        Ok(())
    }
}
