//! Stores that each do one thing wrong.

use cache_core::protocol::notes::Notes;
use cache_core::store::{
    ComparingStore, Lease, LookUp, MemoryStore, Outcome, Placing, Put, Release, Seeded, SharedStore, SlotStore, Store,
    Stored, Usage, Wanted, Writer,
};
use cache_core::{CacheKey, Life, Result, Tag, TagKind, Timestamp, Value, Worth};
use cache_diesel::MIB;

use crate::database::Conn;
use crate::harness::{new_product, products};
use crate::line::prelude::*;
use crate::transactions::retitle;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Tags of this kind get no new token.
    Forgets(TagKind),
    /// Of the tags of a release only the first gets a new token.
    ForgetsAllButOne,
    /// No tag gets a new token.
    ForgetsReleases,
    /// An entry depends on the first of its tags alone.
    LosesTags,
    /// Everything that is found is served.
    NeverCompares,
    /// A release gives new tokens to every tag but the last one.
    StopsShort,
}

impl Defect {
    pub const ALL: [Self; 9] = [
        Self::Forgets(TagKind::Any),
        Self::Forgets(TagKind::Born),
        Self::Forgets(TagKind::Row),
        Self::Forgets(TagKind::Rows),
        Self::ForgetsAllButOne,
        Self::ForgetsReleases,
        Self::LosesTags,
        Self::NeverCompares,
        Self::StopsShort,
    ];

    /// A write that needs what is done wrong.
    pub fn write(self, conn: &mut Conn) {
        match self {
            Self::Forgets(TagKind::Rows) => {
                diesel::update(products::table).set(products::title.eq("New")).execute(conn).unwrap();
            }
            Self::Forgets(TagKind::Born) => {
                diesel::insert_into(products::table).values(new_product(9, 7, "new")).execute(conn).unwrap();
            }
            _ => drop(retitle(conn, 1, "New")),
        }
    }
}

/// Keeps entries in memory, and does one thing wrong.
#[derive(Debug)]
pub struct WrongStore {
    store: MemoryStore,
    defect: Defect,
}

impl WrongStore {
    pub fn new(defect: Defect) -> Self {
        Self { store: MemoryStore::with_capacity(16 * MIB).unwrap(), defect }
    }
}

impl Store for WrongStore {
    fn find(&self, _key: &CacheKey, _at: Timestamp) -> Option<(Value, Life)> {
        None
    }

    fn look(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>> {
        let mut looked = self.store.look(wanted, now)?;
        if self.defect == Defect::NeverCompares {
            looked.iter_mut().flat_map(|looked| &mut looked.found).for_each(|found| found.worth = Worth::Fresh);
        }
        Ok(looked)
    }

    fn seed(&self, tags: &[Tag], tables: &[Tag], now: Timestamp) -> Result<Seeded> {
        self.store.seed(tags, tables, now)
    }

    fn put(&self, mut entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>> {
        if self.defect == Defect::LosesTags {
            entries.iter_mut().for_each(|put| put.tokens.truncate(1));
        }
        self.store.put(entries, lease, now)
    }

    fn remove(&self, keys: &[CacheKey], now: Timestamp) -> Result<()> {
        self.store.remove(keys, now)
    }

    fn place(&self, placing: &Placing<'_>, now: Timestamp) -> Result<Vec<Option<Notes>>> {
        self.store.place(placing, now)
    }

    fn release(
        &self,
        writer: Writer,
        releases: &[Release],
        tables: &[Tag],
        now: Timestamp,
    ) -> Result<Vec<Option<Notes>>> {
        let last = releases.len().saturating_sub(1);
        let is_forgotten = |at: usize, release: &Release| match self.defect {
            Defect::Forgets(kind) => release.tag.kind() == kind,
            Defect::ForgetsAllButOne => at > 0,
            Defect::ForgetsReleases => true,
            Defect::StopsShort => at == last,
            Defect::LosesTags | Defect::NeverCompares => false,
        };
        let released: Vec<Release> = releases
            .iter()
            .enumerate()
            .map(|(at, release)| match is_forgotten(at, release) {
                true => Release { outcome: Outcome::Unchanged, ..*release },
                false => *release,
            })
            .collect();
        self.store.release(writer, &released, tables, now)
    }

    fn comparer(&self) -> Option<&dyn ComparingStore> {
        None
    }

    fn reclaim(&self) -> Result<()> {
        self.store.reclaim()
    }

    fn usage(&self) -> Usage {
        self.store.usage()
    }

    fn shared(&self) -> Option<&dyn SharedStore> {
        None
    }

    fn slots(&self) -> Option<&dyn SlotStore> {
        self.store.slots()
    }
}
