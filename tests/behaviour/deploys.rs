//! Two builds of one program on one store and one database: each has entries of its own, and sees what the other writes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache_core::intent::TagState;
use cache_core::protocol::notes::{Note, Notes, Remark};
use cache_core::store::{
    Beginning, Begun, ComparingStore, Lease, LookUp, MemoryStore, NoteStore, Outcome, PipeliningStore, Placing, Put,
    Release, Seeded, Sharding, SharedStore, SlotStore, Started, Starting, Store, Stored, Usage, Wanted, Writer,
};
use cache_core::{CacheKey, Fingerprint, Life, NearCounts, Result, TableTags, Tag, TagKind, Timestamp, Token, Value};
use cache_diesel::MIB;
use cache_diesel::prelude::*;
use conformance::in_steps;
use diesel::connection::SimpleConnection;

use crate::database::Conn;
use crate::harness::Shop;
use crate::line::prelude::*;

diesel::table! {
    wares (id) {
        id -> Integer,
        shelf -> Integer,
        title -> Text,
        cents -> Nullable<BigInt>,
    }
}

const WARES: &str =
    "CREATE TABLE wares (id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, title VARCHAR(255) NOT NULL, cents BIGINT);
     INSERT INTO wares VALUES (1, 7, 'lamp', 100), (2, 7, 'torch', NULL), (3, 8, 'table', 300);";

/// What was deployed before. Both builds call the model the same.
mod former {
    use super::*;

    #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = wares)]
    #[cached(key = "ware", scope(shelf))]
    pub struct Ware {
        pub id: i32,
        pub shelf: i32,
        pub title: String,
    }
}

/// What is deployed now: with one field more, and in another order.
mod present {
    use super::*;

    #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = wares)]
    #[cached(key = "ware", scope(shelf))]
    pub struct Ware {
        pub id: i32,
        pub cents: Option<i64>,
        pub title: String,
        pub shelf: i32,
    }
}

/// What either build reads: the title of row 1, and how many rows are on shelf 7 and in all.
type Answer = (String, usize, usize, i64);

fn by_former(shop: &Shop, conn: &mut Conn) -> Answer {
    let wares = former::Ware::cached_in(&shop.name);
    let title = wares.get(1).first(conn).unwrap().title.clone();
    let shelf = wares.all_by_shelf(7).load(conn).unwrap().len();
    (title, shelf, wares.every().load(conn).unwrap().len(), wares.every().count(conn).unwrap())
}

fn by_present(shop: &Shop, conn: &mut Conn) -> Answer {
    let wares = present::Ware::cached_in(&shop.name);
    let title = wares.get(1).first(conn).unwrap().title.clone();
    let shelf = wares.all_by_shelf(7).load(conn).unwrap().len();
    (title, shelf, wares.every().load(conn).unwrap().len(), wares.every().count(conn).unwrap())
}

#[test]
fn builds_with_other_fields_share_no_entries() {
    let shop = Shop::with_tables(WARES);
    let mut conn = shop.conn();
    for expected in [4, 0] {
        assert_eq!(shop.counted(|| by_former(&shop, &mut conn)), (expected, ("lamp".to_owned(), 2, 3, 3)));
        assert_eq!(shop.counted(|| by_present(&shop, &mut conn)), (expected, ("lamp".to_owned(), 2, 3, 3)));
    }
    let present = present::Ware::cached_in(&shop.name).get(1).first(&mut conn).unwrap();
    assert_eq!((present.cents, present.shelf), (Some(100), 7));
}

#[test]
fn each_build_sees_what_the_other_writes() {
    let shop = Shop::with_tables(WARES);
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let (old, new) = (former::Ware::cached_in(&shop.name), present::Ware::cached_in(&shop.name));
    let mut both_read = |expected: Answer| {
        assert_eq!(by_former(&shop, &mut conn), expected);
        assert_eq!(by_present(&shop, &mut conn), expected);
    };
    both_read(("lamp".to_owned(), 2, 3, 3));
    old.save(&former::Ware { id: 1, shelf: 7, title: "light".to_owned() }).execute(&mut writer).unwrap();
    both_read(("light".to_owned(), 2, 3, 3));
    let stool = present::Ware { id: 4, cents: None, title: "stool".to_owned(), shelf: 7 };
    new.insert(&stool).execute(&mut writer).unwrap();
    both_read(("light".to_owned(), 3, 4, 4));
    old.delete(2).execute(&mut writer).unwrap();
    both_read(("light".to_owned(), 2, 3, 3));
    new.write(diesel::update(wares::table).set(wares::title.eq("thing"))).execute(&mut writer).unwrap();
    both_read(("thing".to_owned(), 2, 3, 3));
}

/// A store beside each table of which another program has noted something, if it has. It tells what was changed.
#[derive(Clone, Debug)]
struct Noted(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    entries: MemoryStore,
    has_others: AtomicBool,
    own: Mutex<Notes>,
    changed: Mutex<BTreeSet<TagKind>>,
}

impl Noted {
    fn new() -> Self {
        let (entries, has_others) = (MemoryStore::with_capacity(16 * MIB).unwrap(), AtomicBool::new(false));
        Self(Arc::new(Inner { entries, has_others, own: Mutex::default(), changed: Mutex::default() }))
    }

    fn notes(&self, tables: usize) -> Vec<Option<Notes>> {
        let others = self.0.has_others.load(Ordering::SeqCst).then(|| (Fingerprint::of(&[b"others"]), Note::Ripe));
        let notes: Notes = self.0.own.lock().unwrap().iter().chain(others).collect();
        vec![Some(notes); tables]
    }

    /// What `work` changes.
    fn changed(&self, work: impl FnOnce()) -> BTreeSet<TagKind> {
        self.0.changed.lock().unwrap().clear();
        work();
        self.0.changed.lock().unwrap().clone()
    }
}

impl Store for Noted {
    fn find(&self, _key: &CacheKey, _at: Timestamp) -> Option<(Value, Life)> {
        None
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        self.0.entries.look(wanted, now)
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        let seeded = self.0.entries.seed(tags, &[], now)?;
        Ok(Seeded { notes: self.notes(tables.len()), ..seeded })
    }

    fn put(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        self.0.entries.put(entries, lease, now)
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.0.entries.remove(keys, now)
    }

    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.0.entries.place(placing, now)?;
        Ok(self.notes(placing.tables.len()))
    }

    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        let changed = releases.iter().filter(|release| release.outcome != Outcome::Unchanged);
        self.0.changed.lock().unwrap().extend(changed.map(|release| release.tag.kind()));
        self.0.entries.release(writer, releases, &[], now)?;
        Ok(self.notes(tables.len()))
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        None
    }

    fn reclaim(&self) -> Result<()> {
        self.0.entries.reclaim()
    }

    fn usage(&self) -> Usage {
        self.0.entries.usage()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        Some(self)
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        None
    }
}

impl SharedStore for Noted {
    fn set_operation_timeout(&self, _timeout: Duration) {}

    fn keeps_bytes_only(&self) -> bool {
        false
    }

    fn sharding(&self) -> Sharding {
        Sharding::Whole
    }

    fn lease(&self, _name: Lease, _holder: Writer, _life: Duration) -> Result<bool> {
        Ok(true)
    }

    fn start(&self, starting: &Starting<'_>, now: Timestamp) -> Result<Started> {
        in_steps::start(self, starting, now)
    }

    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun> {
        in_steps::begin(self, beginning, now)
    }

    fn give_up(&self, _name: Lease, _holder: Writer, _unused: &[(Tag, Token)]) -> Result<()> {
        Ok(())
    }

    fn pipelining(&self) -> Option<&dyn PipeliningStore> {
        None
    }

    fn notes(&self) -> Option<&dyn NoteStore> {
        Some(self)
    }

    fn near_counts(&self, _now: Timestamp) -> Option<NearCounts> {
        None
    }

    fn incarnations_met(&self) -> u64 {
        1
    }

    fn shut_down(&self) {}
}

impl NoteStore for Noted {
    fn remark(&self, _table: &Tag, remark: Remark, now: Timestamp) -> Result<bool> {
        let mut own = self.0.own.lock().unwrap();
        let (notes, may_store) = Notes::after(Some(core::mem::take(&mut *own)), remark, &TagState::default(), now);
        *own = notes.unwrap_or_default();
        Ok(may_store)
    }

    fn restore(&self, _table: &TableTags, _own: Fingerprint, _now: Timestamp) -> Result<bool> {
        panic!("notes are never lost here")
    }
}

#[test]
fn a_build_notes_what_it_declares_before_it_stores() {
    let store = Noted::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let mut conn = shop.conn();
    conn.batch_execute(WARES).unwrap();
    let wares = present::Ware::cached_in(&shop.name);
    wares.every().load(&mut conn).unwrap();
    assert_eq!(store.notes(1), [Some(Notes::default())], "every write changes what a list depends on");
    for _ in 0..2 {
        wares.get(1).first(&mut conn).unwrap();
        assert_eq!(store.notes(1)[0].as_ref().unwrap().iter().count(), 1);
    }
}

#[test]
fn every_way_to_write_reaches_builds_that_declare_something_else() {
    type Write = fn(&Shop, &mut Conn);
    let writes: [Write; 4] = [
        |_, conn| {
            diesel::update(wares::table.find(1)).set(wares::title.eq("light")).execute(conn).unwrap();
        },
        |_, conn| {
            let update = |conn: &mut Conn| diesel::update(wares::table.find(1)).set(wares::cents.eq(7)).execute(conn);
            conn.transaction(update).unwrap();
        },
        |shop, conn| {
            let row = present::Ware { id: 1, cents: None, title: "lamp".to_owned(), shelf: 7 };
            present::Ware::cached_in(&shop.name).save(&row).execute(conn).unwrap();
        },
        |shop, conn| {
            let (row, wares) =
                (former::Ware { id: 4, shelf: 7, title: "stool".to_owned() }, former::Ware::cached_in(&shop.name));
            wares.insert(&row).execute(conn).unwrap();
            wares.delete(4).execute(conn).unwrap();
        },
    ];
    let store = Noted::new();
    let shop = Shop::with(Cache::builder().store(store.clone()));
    let mut conn = shop.conn();
    conn.batch_execute(WARES).unwrap();
    let wide = BTreeSet::from([TagKind::Any, TagKind::Born, TagKind::Gone, TagKind::Rows, TagKind::Spread]);
    for has_others in [false, true] {
        store.0.has_others.store(has_others, Ordering::SeqCst);
        for (at, write) in writes.iter().enumerate() {
            let changed = store.changed(|| write(&shop, &mut conn));
            assert_eq!(changed.is_superset(&wide), has_others, "{at}: {changed:?}");
        }
    }
}
