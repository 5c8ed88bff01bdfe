//! What models declare, as a check asks for it.

use std::collections::BTreeSet;

use cache_core::TagKind;
use cache_core::tables::Tables;

use crate::model::declaration::{ModelOfTable, columns_of_key};

/// What models declare.
pub(super) struct Models<'a> {
    pub(super) models: &'a [ModelOfTable],
    pub(super) tables: &'a Tables,
    /// What models say to be compared byte by byte: the model's path, its table, the column.
    pub(super) stated: &'a [(String, String, &'static str)],
    /// Columns that models look rows up by, and that compare bytes by their declared types: the table, the column.
    pub(super) by_type: &'a [(String, String)],
}

impl Models<'_> {
    /// The columns of the table's key, if it has a model.
    pub(super) fn key_of(&self, table: &str) -> Vec<String> {
        let Some(model) = self.of(table).next() else { return Vec::new() };
        columns_of_key(&model.declaration.key.0)
    }

    /// The columns by which rows of the table are looked up, besides its key.
    pub(super) fn looked_up(&self, table: &str) -> BTreeSet<String> {
        let lookups = self.of(table).flat_map(|model| &model.declaration.lookups);
        lookups.flat_map(|lookup| lookup.columns).map(|column| (*column).to_owned()).collect()
    }

    pub(super) fn of<'m>(&'m self, table: &'m str) -> impl Iterator<Item = &'m ModelOfTable> {
        self.models.iter().filter(move |model| model.declaration.table == table)
    }

    pub(super) fn has(&self, table: &str) -> bool {
        self.of(table).next().is_some()
    }

    /// How an option names the table: by its model, if it has one.
    pub(super) fn option_name<'m>(&'m self, table: &'m str) -> &'m str {
        let mut names = self.of(table).map(|model| model.name);
        match (names.next(), names.next()) {
            (Some(name), None) => name,
            _ => table,
        }
    }

    /// Whether reads of `table` depend on `kind` of `other`.
    pub(super) fn covers(&self, table: &str, other: &str, kind: TagKind) -> bool {
        let reached = self.tables.reached_by(table).iter();
        reached.into_iter().any(|(name, tag)| name == other && (*tag == kind || *tag == TagKind::Any))
    }
}
