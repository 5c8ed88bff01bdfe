//! Two programs on one server at the same time, each over connections of its own, of which one reads by what the other
//! does not declare.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cache_core::protocol::read::Subject;
use cache_core::protocol::sharding::Sharding;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::store::{RedisStore, Wanted};
use cache_core::tables::{Declaration, LookupDeclaration, NamedType, TableDeclaration, Tables};
use cache_core::{
    Cache, CacheKey, Cause, Database, Fingerprint, Invalidation, KeyBytes, Kind, Loaded, ManagerTags, Reader, Sought,
    Start, Tag, Timeout, Value, WriteEnd,
};
use conformance::redis_server::RedisServer;
use conformance::{bytes_of, codec, shared};

const TABLE: &str = "products";
const COLUMNS: &[&str] = &["shelf"];
/// Even rows are on the one shelf, odd ones on the other.
const ROWS: u64 = 4;
const WRITES: u64 = 300;

#[test]
fn a_program_sees_what_another_one_writes_that_does_not_know_by_what_it_reads() {
    let server = RedisServer::start();
    let city = City::default();
    let old = Program::new(&city, &server, vec![]);
    let new = Program::new(&city, &server, vec![shelf()]);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers = [0, 1].map(|at| {
            let (new, is_over) = (&new, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    new.check(at)
                }
            })
        });
        let writers = [&old, &new].map(|program| {
            scope.spawn(|| {
                for turn in 0..WRITES {
                    program.save(turn % ROWS);
                    thread::sleep(Duration::from_millis(2));
                }
            })
        });
        let ends = writers.map(thread::ScopedJoinHandle::join);
        is_over.store(true, Ordering::SeqCst);
        assert!(ends.into_iter().chain(readers.map(thread::ScopedJoinHandle::join)).all(|end| end.is_ok()));
    });
    assert!(new.cache.statistics().total().hit_count > WRITES, "{:?}", new.cache.statistics().total());
}

/// What the database holds, and what each read has to give at least: a version for each row.
#[derive(Default)]
struct City {
    rows: Mutex<BTreeMap<u64, u64>>,
    floor: Mutex<BTreeMap<u64, u64>>,
}

struct Program<'a> {
    city: &'a City,
    cache: Cache,
    tables: Tables,
    lookups: Vec<LookupDeclaration>,
}

impl<'a> Program<'a> {
    fn new(city: &'a City, server: &RedisServer, lookups: Vec<LookupDeclaration>) -> Self {
        let store = RedisStore::from_url(&server.url("shop")).unwrap();
        let cache = Cache::builder().store(store).operation_timeout(Duration::from_secs(2)).build().unwrap();
        let key = ("id".to_owned(), NamedType::of::<u64>());
        let declaration = Declaration { table: TABLE.into(), key, lookups: lookups.clone(), dependencies: vec![] };
        Self { city, cache, tables: Tables::new([declaration]), lookups }
    }

    /// Gives `row` its next version.
    fn save(&self, row: u64) {
        let scopes = self.lookups.iter().map(|_| scope_of(row % 2)).collect();
        let keeps_scopes = self.tables.keeps_scopes(TABLE, &self.lookups);
        let change = Change::Saved { row: Some(KeyBytes::of(&row)), scopes: keeps_scopes.then_some(scopes) };
        let mut changes = ChangeSet::new();
        changes.add(TABLE, &change, &self.tables);
        let (mut invalidation, caches) = (Invalidation::of(database()), [self.cache.clone()]);
        invalidation.place(&changes, &caches);
        let version = {
            let mut rows = self.city.rows.lock().unwrap();
            let version = rows.entry(row).or_default();
            *version += 1;
            *version
        };
        invalidation.release(&changes, WriteEnd::Over, Cause::Statement, &caches);
        if self.cache.statistics().invalidation_failure_count > 0 {
            // A machine that stands still: what was not acknowledged counts for nobody.
            return;
        }
        let mut floor = self.city.floor.lock().unwrap();
        let least = floor.entry(row).or_default();
        *least = version.max(*least);
    }

    /// Reads a shelf, and compares.
    fn check(&self, shelf: u64) {
        let least = self.city.floor.lock().unwrap().clone();
        let seen = self.read(shelf);
        for (row, least) in least.into_iter().filter(|(row, _)| row % 2 == shelf) {
            assert!(seen.get(&row) >= Some(&least), "row {row} is {:?}, not {least}", seen.get(&row));
        }
    }

    fn read(&self, shelf: u64) -> BTreeMap<u64, u64> {
        let counters = self.cache.counters("product", Kind::Scope);
        let reader = Reader { cache: &self.cache, manager: "product", kind: Kind::Scope, counters: &counters };
        let (key, tags, declared) = self.question(shelf);
        let seen = match reader.look_up(&Wanted { key, tags: &|| tags.clone(), codec: Some(codec()) }) {
            Ok((value, _)) => {
                reader.hit(|| key.id);
                return unpacked(&value);
            }
            Err(missed) => missed.seen,
        };
        let sought = Sought { seen: &seen, ..Sought::new(key, &tags, &declared) };
        let Start::Lead(mut fill) = reader.start(&sought) else { return self.rows_of(shelf) };
        if let Some(rows) =
            fill.approach(&reader, reader.lease_wait(), Some(codec()), |value, _| Some(unpacked(&value)))
        {
            reader.hit(|| key.id);
            return rows;
        }
        let (rows, lifetime) = (self.rows_of(shelf), Timeout::from_secs(3_600).into());
        if fill.may_store() {
            fill.store(
                &reader,
                Loaded { value: packed(&rows), weight: 16, codec: Some(codec()), lifetime, begins_at: None },
                tags,
            );
        }
        rows
    }

    fn question(&self, shelf: u64) -> (CacheKey, Vec<Tag>, Vec<TableDeclaration>) {
        let (part, named) = (Fingerprint::of(&[b"city"]), [TABLE.to_owned()]);
        let (database, manager) = (database(), ManagerTags::of(part));
        let subject = Subject {
            database,
            space: part,
            manager,
            table: TABLE,
            named: &named,
            tables: &self.tables,
            sharding: Sharding::Whole,
        };
        let key = CacheKey { space: part, manager: part, kind: Kind::Scope, id: KeyBytes::of(&shelf) };
        let tags = subject.scope(Some(scope_of(shelf)));
        let declared = subject.declared(&tags);
        (key, tags, declared)
    }

    fn rows_of(&self, shelf: u64) -> BTreeMap<u64, u64> {
        let rows = self.city.rows.lock().unwrap();
        rows.iter().filter(|(row, _)| *row % 2 == shelf).map(|(row, version)| (*row, *version)).collect()
    }
}

fn database() -> Database {
    Database::named("city")
}

fn scope_of(shelf: u64) -> Tag {
    database().table(TABLE).scope(COLUMNS, KeyBytes::of(&shelf))
}

fn shelf() -> LookupDeclaration {
    let value = NamedType::of::<u64>();
    LookupDeclaration { columns: COLUMNS, is_exact: true, is_fixed: false, is_unique: false, normalizer: None, value }
}

fn packed(rows: &BTreeMap<u64, u64>) -> Value {
    let bytes: Vec<u8> =
        rows.iter().flat_map(|(row, version)| [row, version]).flat_map(|one| one.to_le_bytes()).collect();
    shared(&bytes)
}

fn unpacked(value: &Value) -> BTreeMap<u64, u64> {
    let numbers: Vec<u64> =
        bytes_of(value).unwrap().chunks(8).map(|part| u64::from_le_bytes(part.try_into().unwrap())).collect();
    numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}
