//! A program that reads rows through a cache on a server, by the ways of a manager.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cache_core::protocol::read::Subject;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::store::{RedisStore, Wanted};
use cache_core::tables::{Declaration, NamedType, Tables};
use cache_core::{
    Cache, CacheKey, Cause, Database, Fingerprint, Invalidation, KeyBytes, Kind, Loaded, Loaders, ManagerTags, Reader,
    Sought, Start, Tag, Timeout, Value, WriteEnd,
};
use conformance::redis_server::RedisServer;
use conformance::{codec, shared};

const TABLE: &str = "products";

/// One process.
pub(crate) struct Program {
    pub(crate) cache: Cache,
    tables: Tables,
    /// How often the database was asked.
    pub(crate) queries: AtomicUsize,
    pub(crate) loaders: Loaders,
}

impl Program {
    pub(crate) fn new(server: &RedisServer, prefix: &str) -> Self {
        let store = RedisStore::from_url(&server.url(prefix)).unwrap();
        // A machine that does much else may be slow.
        let patience = Duration::from_secs(10);
        let builder = Cache::builder().store(store).operation_timeout(patience).intent_life(patience * 4);
        let key = ("id".to_owned(), NamedType::of::<u64>());
        let declaration = Declaration { table: TABLE.into(), key, lookups: vec![], dependencies: vec![] };
        let cache = builder.flight_wait(patience * 4).lease_life(patience * 4).build().unwrap();
        let (tables, loaders) = (Tables::new([declaration]), Loaders::OneProcess);
        Self { cache, tables, queries: AtomicUsize::new(0), loaders }
    }

    /// Reads `row`, which the database has if `query` gives it, and stores it for so long; a row that is not there is not
    /// remembered.
    pub(crate) fn read(&self, row: u64, timeout: Timeout, query: impl FnOnce() -> Option<Value>) -> Option<Value> {
        let counters = self.cache.counters("product", Kind::Detail);
        let reader = Reader { cache: &self.cache, manager: "product", kind: Kind::Detail, counters: &counters };
        let (named, manager) = ([TABLE.to_owned()], ManagerTags::of(Fingerprint::of(&[b"product"])));
        let subject = Subject {
            database: database(),
            space: Fingerprint::of(&[b"city"]),
            manager,
            table: TABLE,
            named: &named,
            tables: &self.tables,
            sharding: self.cache.sharding(),
        };
        let tags = subject.found_row(KeyBytes::of(&row));
        let dependencies = || tags.clone();
        let wanted = Wanted { key: key_of(row), tags: &dependencies, codec: Some(codec()) };
        let missed = match reader.look_up(&wanted) {
            Ok((value, _)) => return Some(value),
            Err(missed) => missed,
        };
        let declared = subject.declared(&tags);
        let (seen, loaders) = (&*missed.seen, self.loaders);
        let sought = Sought { seen, loaders, ..Sought::new(key_of(row), &tags, &declared) };
        let mut fill = match reader.start(&sought) {
            Start::Lead(fill) => fill,
            Start::Follow(follower) => match follower.wait(reader.flight_wait()) {
                cache_core::Waited::Landed(value, _) => return Some(value),
                _ => return self.ask(query),
            },
            _ => return self.ask(query),
        };
        let found = fill.approach(&reader, reader.lease_wait(), Some(codec()), |value, life| Some((value, life)));
        if let Some((value, life)) = found {
            fill.hand_on(value.clone(), life);
            return Some(value);
        }
        let value = self.ask(query);
        match &value {
            Some(value) if fill.may_store() => {
                let loaded = Loaded {
                    value: value.clone(),
                    weight: 16,
                    codec: Some(codec()),
                    lifetime: timeout.into(),
                    begins_at: None,
                };
                fill.store(&reader, loaded, tags);
            }
            _ => drop(fill),
        }
        value
    }

    fn ask(&self, query: impl FnOnce() -> Option<Value>) -> Option<Value> {
        self.queries.fetch_add(1, Ordering::SeqCst);
        query()
    }

    /// Deletes `row`, whether it is there or not.
    pub(crate) fn delete(&self, row: u64) {
        let mut changes = ChangeSet::new();
        changes.add(TABLE, &Change::Delete(Some(KeyBytes::of(&row))), &self.tables);
        let (mut invalidation, caches) = (Invalidation::of(database()), [self.cache.clone()]);
        invalidation.place(&changes, &caches);
        invalidation.release(&changes, WriteEnd::Over, Cause::Statement, &caches);
    }
}

/// What a row that is there is.
pub(crate) fn there() -> Option<Value> {
    Some(shared(b"row"))
}

pub(crate) fn row_tag(row: u64) -> Tag {
    database().table(TABLE).row(KeyBytes::of(&row))
}

fn database() -> Database {
    Database::named("shop")
}

fn key_of(row: u64) -> CacheKey {
    let part = Fingerprint::of(&[b"shop"]);
    CacheKey { space: part, manager: part, kind: Kind::Detail, id: KeyBytes::of(&row) }
}
