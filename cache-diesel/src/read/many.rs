//! Several rows by their keys: one look in the store, one statement for all that it lacks.

use core::cell::LazyCell;
use core::marker::PhantomData;
use std::collections::HashMap;
use std::sync::Arc;

use cache_core::store::{Lease, Seed, Wanted};
use cache_core::{Approach, CacheKey, KeyBytes, Kind, Life, Loaded, Miss, Right, Tag, Token, Value};
use diesel::RunQueryDsl;
use diesel::connection::LoadConnection;
use diesel::dsl::{Filter, Find};
use diesel::query_dsl::methods::{FilterDsl, FindDsl};
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::keys::IntoKey;
use crate::manager::{Manager, ManagerState};
use crate::model::CachedModel;
use crate::read::entry::{CachedRow, CachedRows};
use crate::read::gate::gate;
use crate::read::load::LoadModel;
use crate::read::options::{Options, UseOfCache, options_methods};
use crate::read::row_task::{accept_row, first_of, keep_row, row_codec};
use crate::read::task::{Head, Site, site_of};
use crate::read::terminal::{BlockingRead, terminal};
use crate::report;
use crate::shape::{Shape, shape_of};
use crate::track::asking;

impl<M: CachedModel> Manager<M> {
    /// The rows with these primary keys, one result for each key, in the order of the keys.
    ///
    /// What is not cached is asked for in one statement, or in one for every 500 keys. Keys that the database may
    /// compare otherwise than byte by byte, such as text, are asked for once more if no row has them.
    #[track_caller]
    pub fn get_many<K: IntoKey<M::Id>>(self, ids: impl IntoIterator<Item = K>) -> ManyRead<M> {
        let keys = ids.into_iter().map(IntoKey::into_key).collect();
        ManyRead { state: self.state, keys, options: Options::new(), model: PhantomData }
    }
}

/// Several rows by their primary keys, to be read by [`load`](Self::load).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct ManyRead<M: CachedModel> {
    state: &'static ManagerState,
    keys: Vec<M::Id>,
    options: Options,
    model: PhantomData<fn() -> M>,
}

impl<M: CachedModel> ManyRead<M> {
    options_methods!(options);

    terminal! {
        /// Reads the rows: for each key its row, or `None`.
        ///
        /// A key that is asked for twice is looked for once. No key at all touches neither store nor database.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        load, M, Self, |read| read
    }
}

impl<'query, C, M> BlockingRead<'query, C> for ManyRead<M>
where
    C: LoadConnection<Backend: CacheBackend>,
    M: CachedModel,
    M::Table: FilterDsl<M::ByIds>,
    Filter<M::Table, M::ByIds>: LoadModel<'query, C, M>,
    Find<M::Table, M::Id>: LoadModel<'query, C, M>,
{
    type Output = QueryResult<CachedRows<M>>;

    fn run(self, conn: &mut C) -> Self::Output {
        let Self { state, keys, options, .. } = self;
        let mut distinct: Vec<M::Id> = Vec::new();
        let mut place_of: HashMap<M::Id, usize> = HashMap::new();
        let places: Vec<usize> = keys
            .into_iter()
            .map(|key| {
                *place_of.entry(key).or_insert_with_key(|key| {
                    distinct.push(key.clone());
                    distinct.len() - 1
                })
            })
            .collect();
        if distinct.is_empty() {
            return Ok(Vec::new());
        }
        let many = Many { head: Head { state, kind: Kind::Detail, options }, keys: distinct };
        let rows = many.read(conn)?;
        Ok(places.into_iter().map(|place| rows[place].clone()).collect())
    }
}

/// Distinct keys on their way.
struct Many<M: CachedModel> {
    head: Head,
    keys: Vec<M::Id>,
}

type Rows<M> = Vec<Option<CachedRow<M>>>;

impl<M: CachedModel> Many<M> {
    /// Bound variables and conditions that a statement may have on every database.
    const MOST_KEYS: usize = 500;

    fn read<'query, C>(&self, conn: &mut C) -> QueryResult<Rows<M>>
    where
        C: LoadConnection<Backend: CacheBackend>,
        M::Table: FilterDsl<M::ByIds>,
        Filter<M::Table, M::ByIds>: LoadModel<'query, C, M>,
        Find<M::Table, M::Id>: LoadModel<'query, C, M>,
    {
        let all: Vec<usize> = (0..self.keys.len()).collect();
        let Some(site) = site_of(&self.head, gate(conn)) else { return self.ask(&all, conn) };
        let (mut rows, missing) = self.look_up::<C>(&site);
        if missing.is_empty() {
            return Ok(rows);
        }
        let shape = self.shape::<C>()?;
        let named = match shape.named(self.head.options.assume_deterministic) {
            Ok(named) => named,
            Err(reason) => {
                report::bypassed(&site.reader, &self.head, reason);
                return self.ask(&all, conn);
            }
        };
        let subject = site.subject(named);
        let mut tags: Vec<Tag> = missing.iter().flat_map(|place| subject.absent_row(self.bytes(*place))).collect();
        tags.sort_unstable();
        tags.dedup();
        let seeds = site.reader.seed(&tags);
        // A refresh asks for what the database says now: nobody else's answer will do.
        let is_refresh = self.head.options.use_of_cache == UseOfCache::Refresh;
        let approach = seeds.as_deref().filter(|_| !is_refresh).map(|seeds| self.approach::<C>(&site, &missing, seeds));
        let right = match approach {
            Some(Approach::Answered(found)) => {
                missing.into_iter().zip(found).for_each(|(place, row)| rows[place] = row);
                return Ok(rows);
            }
            Some(Approach::Query(right)) => Some(right),
            _ => None,
        };
        site.reader.counters.load();
        let loaded = self.ask(&missing, conn).inspect_err(|_| site.reader.counters.load_failure())?;
        if let Some(seeds) = seeds.filter(|_| right.as_ref().is_none_or(Right::may_store)) {
            let entries = missing.iter().filter_map(|place| self.entry(&site, named, *place, &loaded[*place]));
            site.reader.store_many(&seeds, entries.collect());
        }
        for place in missing {
            rows[place].clone_from(&loaded[place]);
        }
        Ok(rows)
    }

    /// Takes the right to load what is missing, or waits for another process that loads just that.
    fn approach<'query, C>(&self, site: &Site<'_>, missing: &[usize], seeds: &[(Tag, Seed)]) -> Approach<Rows<M>>
    where
        C: LoadConnection<Backend: CacheBackend>,
        Find<M::Table, M::Id>: LoadModel<'query, C, M>,
    {
        let keys: Vec<KeyBytes> = missing.iter().map(|place| self.bytes(*place)).collect();
        let tokens: Vec<Token> = seeds.iter().map(|(_, seed)| seed.token).collect();
        let name = Lease::of(&site.key(KeyBytes::of(&keys), Kind::Detail), &tokens);
        site.reader.take_lease(name, site.reader.lease_wait(), || self.look_again::<C>(site, missing))
    }

    /// The rows at `places`, if every one of them is cached by now.
    fn look_again<'query, C>(&self, site: &Site<'_>, places: &[usize]) -> Option<Rows<M>>
    where
        C: LoadConnection<Backend: CacheBackend>,
        Find<M::Table, M::Id>: LoadModel<'query, C, M>,
    {
        let found = self.found::<C>(site, places).into_iter().zip(places);
        found.map(|(found, place)| accept_row(found.ok()?.0, Some(&self.keys[*place]))).collect()
    }

    /// What is cached, and the places of what is not.
    fn look_up<'query, C>(&self, site: &Site<'_>) -> (Rows<M>, Vec<usize>)
    where
        C: LoadConnection<Backend: CacheBackend>,
        Find<M::Table, M::Id>: LoadModel<'query, C, M>,
    {
        let mut rows: Rows<M> = vec![None; self.keys.len()];
        let mut missing = Vec::new();
        let all: Vec<usize> = (0..self.keys.len()).collect();
        for (place, found) in self.found::<C>(site, &all).into_iter().enumerate() {
            let accepted = found.and_then(|(value, _)| accept_row(value, Some(&self.keys[place])).ok_or(Miss::Foreign));
            match accepted {
                Ok(row) => {
                    site.reader.hit();
                    rows[place] = row;
                }
                Err(cause) => {
                    site.reader.miss(cause);
                    missing.push(place);
                }
            }
        }
        (rows, missing)
    }

    fn found<'query, C>(&self, site: &Site<'_>, places: &[usize]) -> Vec<Result<(Value, Life), Miss>>
    where
        C: LoadConnection<Backend: CacheBackend>,
        Find<M::Table, M::Id>: LoadModel<'query, C, M>,
    {
        if self.head.options.use_of_cache == UseOfCache::Refresh {
            return places.iter().map(|_| Err(Miss::Refresh)).collect();
        }
        // Worked out once for all keys, and only for a store that asks.
        let named = LazyCell::new(|| self.named::<C>());
        let tags_at = |place: usize| {
            let named = &named;
            move || named.as_ref().map_or_else(Vec::new, |named| site.subject(named).absent_row(self.bytes(place)))
        };
        let tags: Vec<_> = places.iter().copied().map(tags_at).collect();
        let key = |place: usize| site.key(self.bytes(place), Kind::Detail);
        let codec = row_codec::<M>();
        let wanted: Vec<Wanted<'_>> =
            places.iter().zip(&tags).map(|(place, tags)| Wanted { key: key(*place), tags, codec }).collect();
        site.reader.look_up_many(&wanted)
    }

    /// The tables that the query of a row names, if it may be cached.
    fn named<'query, C>(&self) -> Option<Vec<String>>
    where
        C: LoadConnection<Backend: CacheBackend>,
        Find<M::Table, M::Id>: LoadModel<'query, C, M>,
    {
        let shape = self.shape::<C>().ok()?;
        shape.named(self.head.options.assume_deterministic).ok().map(<[String]>::to_vec)
    }

    fn shape<'query, C>(&self) -> QueryResult<Arc<Shape>>
    where
        C: LoadConnection<Backend: CacheBackend>,
        Find<M::Table, M::Id>: LoadModel<'query, C, M>,
    {
        shape_of::<C::Backend, _>(&FindDsl::find(M::table(), self.keys[0].clone()).selected())
    }

    /// Asks the database for the keys at `places`; the answer has a place for every key.
    fn ask<'query, C>(&self, places: &[usize], conn: &mut C) -> QueryResult<Rows<M>>
    where
        C: LoadConnection,
        M::Table: FilterDsl<M::ByIds>,
        Filter<M::Table, M::ByIds>: LoadModel<'query, C, M>,
        Find<M::Table, M::Id>: LoadModel<'query, C, M>,
    {
        let mut rows: Rows<M> = vec![None; self.keys.len()];
        for chunk in places.chunks(Self::MOST_KEYS) {
            self.ask_at_once(chunk, &mut rows, conn)?;
            let unanswered: Vec<usize> = chunk.iter().copied().filter(|place| rows[*place].is_none()).collect();
            // Where the database takes other letters for equal, its row does not tell which key it answers.
            if M::is_key_exact() || unanswered.is_empty() || self.ask_at_once(&unanswered, &mut rows, conn)? == 0 {
                continue;
            }
            for place in unanswered {
                let query = FindDsl::find(M::table(), self.keys[place].clone()).selected();
                rows[place] = asking(conn, |conn| first_of(Some(query), conn))?;
            }
        }
        Ok(rows)
    }

    /// One statement for the keys at `places`; gives the number of rows that it found.
    fn ask_at_once<'query, C>(&self, places: &[usize], rows: &mut Rows<M>, conn: &mut C) -> QueryResult<usize>
    where
        C: LoadConnection,
        M::Table: FilterDsl<M::ByIds>,
        Filter<M::Table, M::ByIds>: LoadModel<'query, C, M>,
    {
        let place_of: HashMap<&M::Id, usize> = places.iter().map(|place| (&self.keys[*place], *place)).collect();
        let query =
            FilterDsl::filter(M::table(), M::by_ids(places.iter().map(|place| self.keys[*place].clone()).collect()));
        let found = asking(conn, |conn| RunQueryDsl::load::<M>(query.selected(), conn))?;
        let count = found.len();
        for row in found {
            if let Some(place) = place_of.get(&row.id()) {
                rows[*place] = Some(Arc::new(row));
            }
        }
        Ok(count)
    }

    fn entry(
        &self,
        site: &Site<'_>,
        named: &[String],
        place: usize,
        row: &Option<CachedRow<M>>,
    ) -> Option<(CacheKey, Loaded, Vec<Tag>)> {
        let bytes = self.bytes(place);
        let subject = site.subject(named);
        let tags = if row.is_some() { subject.found_row(bytes) } else { subject.absent_row(bytes) };
        let keep = keep_row(&self.head, row.as_ref(), &self.keys[place]);
        keep.is_stored.then(|| (site.key(bytes, Kind::Detail), keep.loaded(row_codec::<M>()), tags))
    }

    fn bytes(&self, place: usize) -> KeyBytes {
        KeyBytes::of(&self.keys[place])
    }
}
