//! Counts what writes and clears have ended: which tables, by what, and how much of them.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;

use crate::observe::event::Cause;
use crate::protocol::write::{ChangeSet, Width};
use crate::sync::Mutex;

/// The live numbers of one cache.
#[derive(Debug, Default)]
pub(crate) struct WrittenLedger {
    tables: Mutex<BTreeMap<String, TableCounts>>,
    clears: Mutex<BTreeMap<String, u64>>,
    databases: AtomicU64,
}

/// The numbers of one table, by width and cause.
#[derive(Debug, Default)]
struct TableCounts([[u64; CAUSES.len()]; WIDTHS.len()]);

const CAUSES: [Cause; 3] = [Cause::Commit, Cause::Rollback, Cause::Statement];
const WIDTHS: [Width; 2] = [Width::Rows, Width::Table];

impl WrittenLedger {
    /// Counts a write that was ended by `cause`.
    pub(crate) fn count(&self, changes: &ChangeSet, cause: Cause) {
        if changes.is_wide() {
            self.databases.fetch_add(1, Ordering::Relaxed);
        }
        let mut tables = self.tables.lock();
        for (table, width) in changes.widths() {
            match tables.get_mut(table) {
                Some(counts) => counts.0[width as usize][cause as usize] += 1,
                None => tables.entry(table.to_owned()).or_default().0[width as usize][cause as usize] = 1,
            }
        }
    }

    /// Counts a clear by hand; no manager: of the whole cache.
    pub(crate) fn count_clear(&self, manager: Option<&str>) {
        let mut clears = self.clears.lock();
        let manager = manager.unwrap_or_default();
        match clears.get_mut(manager) {
            Some(count) => *count += 1,
            None => drop(clears.insert(manager.to_owned(), 1)),
        }
    }

    pub(crate) fn by_table(&self) -> BTreeMap<String, u64> {
        let tables = self.tables.lock();
        tables.iter().map(|(table, counts)| (table.clone(), counts.0.as_flattened().iter().sum())).collect()
    }

    pub(crate) fn by_cause(&self) -> BTreeMap<(String, Cause, Width), u64> {
        let mut invalidations = BTreeMap::new();
        for (table, counts) in &*self.tables.lock() {
            let names = WIDTHS.into_iter().flat_map(|width| CAUSES.map(|cause| (cause, width)));
            let counted = names.zip(counts.0.as_flattened()).filter(|(_, count)| **count > 0);
            invalidations.extend(counted.map(|((cause, width), count)| ((table.clone(), cause, width), *count)));
        }
        invalidations
    }

    pub(crate) fn clears(&self) -> BTreeMap<String, u64> {
        self.clears.lock().clone()
    }

    pub(crate) fn databases(&self) -> u64 {
        self.databases.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::key::KeyBytes;
    use crate::name::tables::Tables;
    use crate::protocol::write::Change;

    #[test]
    fn each_cause_and_each_width_counts_where_it_is_read() {
        assert!(CAUSES.iter().enumerate().all(|(place, cause)| *cause as usize == place));
        assert!(WIDTHS.iter().enumerate().all(|(place, width)| *width as usize == place));
    }

    #[test]
    fn writes_are_told_apart_by_cause_and_width() {
        let ledger = WrittenLedger::default();
        let changes = |change: &Change| {
            let mut changes = ChangeSet::new();
            changes.add("products", change, &Tables::default());
            changes
        };
        let rows = changes(&Change::Delete(Some(KeyBytes::of(&1))));
        let all = changes(&Change::Change);
        assert_eq!(changes(&Change::Insert).widths().collect::<Vec<_>>(), [("products", Width::Rows)]);
        ledger.count(&rows, Cause::Statement);
        ledger.count(&rows, Cause::Commit);
        ledger.count(&rows, Cause::Commit);
        ledger.count(&all, Cause::Commit);
        let count = |cause, width| ledger.by_cause().get(&("products".to_owned(), cause, width)).copied();
        assert_eq!(count(Cause::Statement, Width::Rows), Some(1));
        assert_eq!(count(Cause::Commit, Width::Rows), Some(2));
        assert_eq!(count(Cause::Commit, Width::Table), Some(1));
        assert_eq!(count(Cause::Rollback, Width::Table), None);
        assert_eq!(ledger.by_table()["products"], 4);
    }
}
