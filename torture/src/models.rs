//! Declares the models of the tables, and how they are cached.

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::grade::Grade;
use crate::message::Version;
use crate::question::{Key, Table};
use crate::schema::{items, notes, shelves};

/// How long an entry of every kind lives, in seconds; as in the attributes below.
pub(crate) const ENTRY_LIFE: u64 = 20;

/// What is on a shelf.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = shelves)]
#[cached(key = "shelf", detail_timeout = 20, list_timeout = 20, negative_timeout = 20, write_through)]
pub(crate) struct Shelf {
    pub(crate) id: i32,
    pub(crate) version: i64,
}

/// A thing on a shelf.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = items)]
#[cached(
    key = "item",
    detail_timeout = 20,
    list_timeout = 20,
    negative_timeout = 20,
    unique(code),
    scope(shelf_id),
    write_through,
    view(ItemPage, derive(Debug), select_related(shelf: Shelf), prefetch_related(notes: Note)),
)]
pub(crate) struct Item {
    pub(crate) id: i32,
    pub(crate) shelf_id: i32,
    pub(crate) code: String,
    pub(crate) version: i64,
    pub(crate) grade: Grade,
}

/// What somebody wrote about an item.
#[derive(AsChangeset, Associations, Cached, Clone, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = notes, belongs_to(Item))]
#[cached(key = "note", detail_timeout = 20, list_timeout = 20, negative_timeout = 20, scope(item_id))]
pub(crate) struct Note {
    pub(crate) id: i32,
    pub(crate) item_id: i32,
    pub(crate) version: i64,
}

/// A row with a version.
pub(crate) trait Versioned {
    /// Which row in which version.
    fn seen(&self) -> Version;
}

macro_rules! versioned {
    ($($model:ty: $table:ident,)*) => { $(
        impl Versioned for $model {
            fn seen(&self) -> Version {
                (Key::new(Table::$table, self.id), number(self.version))
            }
        }
    )* };
}

versioned! {
    Item: Items,
    Note: Notes,
    Shelf: Shelves,
}

impl ItemPage {
    /// The versions of all that is on the page.
    pub(crate) fn versions(&self) -> Vec<Version> {
        let own = [self.item.seen(), self.shelf.seen()];
        own.into_iter().chain(self.notes.iter().map(Versioned::seen)).collect()
    }
}

/// A version as the ledger has it: those of the database are never negative.
pub(crate) fn number(version: i64) -> u64 {
    u64::try_from(version).unwrap_or(0)
}
