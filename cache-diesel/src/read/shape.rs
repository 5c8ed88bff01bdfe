//! Names a query and finds its tables, once for each query type.

use core::any::TypeId;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, PoisonError, RwLock};

use cache_core::{Bypass, Fingerprint, KeyBytes, KeyDigest};
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::result::QueryResult;

use crate::backend::{CacheBackend, sql_text};
pub(crate) use crate::catalogue::named::{QueryTables, TableNames};
use crate::identity::digest::DigestHasher;
use crate::scan::{self, SelectText};

/// What is the same for all queries of one SQL text.
#[derive(Debug)]
pub(crate) struct Shape {
    sql: Fingerprint,
    looked: Option<SelectText>,
    is_counted_whole: bool,
}

impl Shape {
    /// What the query names, or why it cannot be cached.
    pub(crate) fn named(&self, assume_deterministic: bool) -> Result<QueryTables, Bypass> {
        let looked = self.looked.as_ref().ok_or(Bypass::NotFollowed)?;
        if !looked.is_deterministic && !assume_deterministic {
            return Err(Bypass::NotDeterministic);
        }
        Ok(QueryTables::of(looked, assume_deterministic))
    }

    /// Whether nothing but its conditions keeps rows out of a count.
    pub(crate) fn is_counted_whole(&self) -> bool {
        self.is_counted_whole
    }

    /// The name of the query with the values that are bound to it, under `suffix`.
    pub(crate) fn key_of<DB, Query>(&self, query: &Query, suffix: Option<&str>) -> QueryResult<KeyBytes>
    where
        DB: CacheBackend,
        Query: QueryFragment<DB>,
    {
        // No suffix and an empty one are two names.
        let has_suffix = [u8::from(suffix.is_some())];
        let mut digest =
            KeyDigest::starting_with(&[self.sql.as_bytes(), &has_suffix, suffix.unwrap_or_default().as_bytes()]);
        DB::write_binds(query, &mut digest)?;
        Ok(digest.finish())
    }
}

/// The shape of `query`.
///
/// Diesel promises that queries of one query id have one SQL text, and keeps its prepared statements
/// by it; the text is printed and scanned once for each.
pub(crate) fn shape_of<DB, Query>(query: &Query) -> QueryResult<Arc<Shape>>
where
    DB: CacheBackend,
    Query: QueryFragment<DB> + QueryId,
{
    let is_static = QueryFragment::<DB>::is_safe_to_cache_prepared(query, &DB::default())?;
    match Query::query_id().filter(|_| is_static) {
        Some(query_id) => remembered::<DB>(query_id, || scanned::<DB, Query>(query)),
        None => scanned::<DB, Query>(query).map(Arc::new),
    }
}

/// The shape of the one query that goes with the type `Marker`, made by `query`, where all that differs between two of
/// them is how many values are bound.
pub(crate) fn shape_named_by<Marker, DB, Query>(query: impl FnOnce() -> Query) -> QueryResult<Arc<Shape>>
where
    Marker: 'static,
    DB: CacheBackend,
    Query: QueryFragment<DB>,
{
    remembered::<DB>(TypeId::of::<Marker>(), || scanned::<DB, Query>(&query()))
}

/// The shape that is known by `name`, which `scan` makes if it is not known yet.
fn remembered<DB: 'static>(name: TypeId, scan: impl FnOnce() -> QueryResult<Shape>) -> QueryResult<Arc<Shape>> {
    type Shapes = HashMap<(TypeId, TypeId), Arc<Shape>, BuildHasherDefault<DigestHasher>>;
    static SHAPES: RwLock<Option<Shapes>> = RwLock::new(None);

    let key = (name, TypeId::of::<DB>());
    let known = SHAPES.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(shape) = known.as_ref().and_then(|shapes| shapes.get(&key)) {
        return Ok(Arc::clone(shape));
    }
    drop(known);
    let shape = Arc::new(scan()?);
    let mut shapes = SHAPES.write().unwrap_or_else(PoisonError::into_inner);
    Ok(Arc::clone(shapes.get_or_insert_default().entry(key).or_insert(shape)))
}

fn scanned<DB, Query>(query: &Query) -> QueryResult<Shape>
where
    DB: CacheBackend,
    Query: QueryFragment<DB>,
{
    let sql = sql_text::<DB, Query>(query)?;
    Ok(Shape {
        sql: Fingerprint::of(&[sql.as_bytes()]),
        looked: scan::read(&sql, DB::DIALECT),
        is_counted_whole: scan::is_counted_whole(&sql, DB::DIALECT),
    })
}
