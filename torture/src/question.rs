//! Holds the questions of readers, and the rows that belong to their answers.

use serde::{Deserialize, Serialize};

/// A table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) enum Table {
    Items,
    Notes,
    Shelves,
}

/// A row.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Key {
    pub(crate) table: Table,
    pub(crate) id: i32,
}

impl Key {
    pub(crate) const fn new(table: Table, id: i32) -> Self {
        Self { table, id }
    }
}

/// What a row is, besides its version.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum State {
    Absent,
    /// The shelf of an item or the item of a note, and which of its codes an item has.
    Present {
        group: i32,
        code: i32,
    },
}

/// What a reader asks for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Question {
    /// All rows of a table.
    All(Table),
    /// The item with a code: whose, and which one of its codes.
    Code(i32, i32),
    /// A row by its key.
    Detail(Key),
    /// All rows of a table that share a shelf or an item.
    Group(Table, i32),
    /// Items by their keys.
    Many(Vec<i32>),
    /// An item with its shelf and its notes.
    Page(i32),
}

/// The parts of an answer's origin that a run tells apart.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Origin {
    Bypass,
    Hit,
    Miss,
    /// The read does not say.
    Untold,
}

impl Question {
    /// A name for the report.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::All(_) => "lists of a whole table",
            Self::Code(..) => "rows by a unique value",
            Self::Detail(_) => "rows by their keys",
            Self::Group(..) => "lists of a scope",
            Self::Many(_) => "several rows by their keys",
            Self::Page(_) => "views",
        }
    }

    /// Whether the answer holds the row if it is in this state. `None`: it may or may not, whatever the state.
    pub(crate) fn holds(&self, key: Key, state: State) -> Option<bool> {
        let State::Present { group, code } = state else { return Some(false) };
        match self {
            Self::All(table) => Some(key.table == *table),
            Self::Code(id, asked) => Some(key == Key::new(Table::Items, *id) && code == *asked),
            Self::Detail(asked) => Some(key == *asked),
            Self::Group(table, asked) => Some(key.table == *table && group == *asked),
            Self::Many(ids) => Some(key.table == Table::Items && ids.contains(&key.id)),
            Self::Page(id) => match key.table {
                Table::Items => Some(key.id == *id),
                Table::Notes => Some(group == *id),
                // Which one it is depends on the item.
                Table::Shelves => None,
            },
        }
    }

    /// Whether what becomes of the row can change the answer.
    pub(crate) fn is_about(&self, key: Key) -> bool {
        match self {
            Self::All(table) | Self::Group(table, _) => key.table == *table,
            Self::Code(id, _) => key == Key::new(Table::Items, *id),
            Self::Detail(asked) => key == *asked,
            Self::Many(ids) => key.table == Table::Items && ids.contains(&key.id),
            Self::Page(id) => key.table != Table::Items || key.id == *id,
        }
    }
}
