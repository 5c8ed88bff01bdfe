//! What the program of a process declares of the table, and what follows from it.

use std::sync::Arc;

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::tables::{Declaration, LookupDeclaration, NamedType, Tables};
use cache_core::{Database, KeyBytes, Tag};

pub const TABLE: &str = "products";
const SHELF: &[&str] = &["shelf"];

/// What the program of a process declares of the table.
#[derive(Clone, Debug, Default)]
pub struct Build {
    pub tables: Arc<Tables>,
    lookups: Vec<LookupDeclaration>,
    /// By how much its key of a row is above the row's number: another column's values.
    shift: u64,
}

impl Build {
    /// One that declares nothing is the default.
    pub fn declaring(lookups: &[LookupDeclaration]) -> Self {
        Self::keyed_by("id", 0, lookups)
    }

    /// One that calls rows otherwise than the others do.
    pub fn with_another_key(lookups: &[LookupDeclaration]) -> Self {
        Self::keyed_by("code", 1_000, lookups)
    }

    fn keyed_by(column: &str, shift: u64, lookups: &[LookupDeclaration]) -> Self {
        let key = (column.to_owned(), NamedType::of::<u64>());
        let declaration = Declaration { table: TABLE.into(), key, lookups: lookups.to_vec(), dependencies: vec![] };
        Self { tables: Arc::new(Tables::new([declaration])), lookups: lookups.to_vec(), shift }
    }

    /// What it calls `row`.
    pub fn row_key(&self, row: u64) -> KeyBytes {
        KeyBytes::of(&(row + self.shift))
    }

    /// Whether shelves may be asked for: whoever does declares them.
    pub fn reads_shelves(&self) -> bool {
        self.lookups.iter().any(|lookup| !lookup.is_unique)
    }

    /// Whether rows may be asked for by their value.
    pub fn reads_values(&self) -> bool {
        self.tables.has_unique(TABLE)
    }

    /// What a manager's save of `row` changes.
    pub fn save(&self, row: u64) -> Change {
        let keeps_scopes = self.tables.keeps_scopes(TABLE, &self.lookups);
        Change::Saved { row: Some(self.row_key(row)), scopes: keeps_scopes.then(|| self.scopes(row)) }
    }

    /// What a manager's insert of `row` changes.
    pub fn insert(&self, row: u64) -> Change {
        let knows_scopes = self.tables.knows_all_scopes(TABLE, &self.lookups);
        Change::Inserted { row: Some(self.row_key(row)), scopes: knows_scopes.then(|| self.scopes(row)) }
    }

    /// What a statement changes that names `row` by its key.
    pub fn update(&self, row: u64) -> Change {
        Change::Update { row: self.row_key(row), sets_unique: self.reads_values() }
    }

    fn scopes(&self, row: u64) -> Vec<Tag> {
        self.lookups.iter().filter(|lookup| !lookup.is_unique).map(|_| shelf_tag(row % 2)).collect()
    }

    pub fn changes(&self, change: &Change) -> ChangeSet {
        let mut changes = ChangeSet::new();
        changes.add(TABLE, change, &self.tables);
        changes
    }
}

/// The scope of the shelves.
pub fn shelf(is_fixed: bool) -> LookupDeclaration {
    let value = NamedType::of::<u64>();
    LookupDeclaration { columns: SHELF, is_exact: true, is_fixed, is_unique: false, normalizer: None, value }
}

/// The unique look-up of the values.
pub fn unique_value() -> LookupDeclaration {
    LookupDeclaration { columns: &["value"], is_unique: true, ..shelf(false) }
}

pub fn database() -> Database {
    Database::named("city")
}

pub fn shelf_tag(shelf: u64) -> Tag {
    database().table(TABLE).scope(SHELF, KeyBytes::of(&shelf))
}
