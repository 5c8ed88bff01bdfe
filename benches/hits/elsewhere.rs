//! The same rows in other caches: what a team would write by hand, and what it would take from a registry.

use core::convert::Infallible;
use core::hash::Hash;
use core::time::Duration;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use amalgam::{BlockingCache, Cache, EntryOptions, source};
use cached::macros::{cached, concurrent_cached};
use diesel::SqliteConnection;

use crate::shop::{Product, Shop, plain_by_slug};

/// How long rows live: as long as they do by default in ours.
pub const LIFE: Duration = Duration::from_secs(60);

/// Cache-aside in a map behind a lock.
pub struct Locked<K>(Mutex<HashMap<K, (Arc<Product>, Instant)>>);

impl<K: Eq + Hash> Locked<K> {
    pub fn new() -> Self {
        Self(Mutex::default())
    }

    pub fn get<Q>(&self, key: &Q, load: impl FnOnce() -> (K, Arc<Product>)) -> Arc<Product>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let now = Instant::now();
        if let Some((row, _)) = self.0.lock().unwrap().get(key).filter(|(_, deadline)| now < *deadline) {
            return Arc::clone(row);
        }
        let (key, row) = load();
        self.0.lock().unwrap().insert(key, (Arc::clone(&row), now + LIFE));
        row
    }
}

/// Cache-aside in the map that our memory store is made of.
pub struct Quick<K>(quick_cache::sync::Cache<K, (Arc<Product>, Instant)>);

impl<K: Eq + Hash + Clone> Quick<K> {
    pub fn new() -> Self {
        Self(quick_cache::sync::Cache::new(10_000))
    }

    pub fn get<Q>(&self, key: &Q, load: impl FnOnce() -> (K, Arc<Product>)) -> Arc<Product>
    where
        Q: Eq + Hash + ?Sized,
        K: Borrow<Q>,
    {
        let now = Instant::now();
        if let Some((row, _)) = self.0.get(key).filter(|(_, deadline)| now < *deadline) {
            return row;
        }
        let (key, row) = load();
        self.0.insert(key, (Arc::clone(&row), now + LIFE));
        row
    }
}

pub fn moka<K: Eq + Hash + Send + Sync + 'static>() -> moka::sync::Cache<K, Arc<Product>> {
    moka::sync::Cache::builder().max_capacity(10_000).time_to_live(LIFE).build()
}

pub fn amalgam() -> BlockingCache<Arc<Product>> {
    let options = EntryOptions::default().with_duration(60 * LIFE);
    BlockingCache::from_builder(Cache::builder().default_options(options)).unwrap()
}

/// Its loads cannot borrow a connection: a row that is not there has to be set.
pub fn amalgam_get(cache: &BlockingCache<Arc<Product>>, key: &str) -> Arc<Product> {
    let absent = |_| -> Result<Arc<Product>, Infallible> { panic!("nobody has set it") };
    cache.get_or_set(key, source::factory(absent)).execute().unwrap()
}

#[cached(ttl = 60, key = "i32", convert = "{ id }")]
pub fn by_macro(conn: &mut SqliteConnection, id: i32) -> Arc<Product> {
    conn.plain(id)
}

#[concurrent_cached(ttl = 60, key = "i32", convert = "{ id }")]
pub fn by_sharded_macro(conn: &mut SqliteConnection, id: i32) -> Arc<Product> {
    conn.plain(id)
}

#[cached(ttl = 60, key = "String", convert = "{ slug.to_owned() }")]
pub fn slug_by_macro(conn: &mut SqliteConnection, slug: &str) -> Arc<Product> {
    plain_by_slug(conn, slug)
}
