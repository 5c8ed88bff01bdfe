//! Remembers the notes that this process has found beside tables, so that later fills need not ask for them.

use std::collections::HashMap;

use quick_cache::DefaultHashBuilder;

use crate::clock::Timestamp;
use crate::name::tables::TableDeclaration;
use crate::name::tag::TableTags;
use crate::protocol::fill::SeededTag;
use crate::protocol::notes::FoundNote;
use crate::sync::Mutex;

/// The notes that this process has found beside tables, of which later fills need not ask.
#[derive(Debug, Default)]
pub(crate) struct FoundNotes(Mutex<HashMap<TableTags, FoundNote, DefaultHashBuilder>>);

impl FoundNotes {
    /// Tables are few. Where there are more, all are asked for once more.
    const MOST: usize = 1024;

    /// A fill that had `read` these tokens before may go by what is `declared` of each table.
    pub(crate) fn keep(&self, read: &[SeededTag], declared: &[TableDeclaration], now: Timestamp) {
        let mut found = self.0.lock();
        if found.len() >= Self::MOST {
            found.clear();
        }
        for declared in declared {
            let Some(note) = FoundNote::after(read, declared, now) else { continue };
            let note = match found.get(&declared.table) {
                Some(before) => note.and(before),
                None => note,
            };
            found.insert(declared.table, note);
        }
    }

    /// Whether the note of what is `declared` of each table is known to stand under the tokens that were `seen`.
    pub(crate) fn stand(&self, declared: &[TableDeclaration], seen: &[SeededTag], now: Timestamp) -> bool {
        let found = self.0.lock();
        let stands = |declared: &TableDeclaration| {
            found.get(&declared.table).is_some_and(|note| note.stands(declared, seen, now))
        };
        declared.iter().all(stands)
    }
}
