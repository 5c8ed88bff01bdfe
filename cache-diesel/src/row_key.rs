//! How is one row of a table called, where a statement names it by a bound whole number?

use std::collections::HashMap;
use std::sync::LazyLock;

use cache_core::KeyBytes;
use cache_core::protocol::write::Change;
use cache_core::tables::NamedType;

use crate::declaration::{each, tables};
use crate::scan::{self, Dialect, OneRow};

/// The primary key of a table, where it is one column of whole numbers and the same for all models of the table.
#[derive(Debug)]
pub(crate) struct RowKey {
    table: String,
    column: String,
    name: Name,
    /// The columns of all unique look-ups of the table.
    uniques: Vec<&'static str>,
}

/// Names the row with a key; nothing if the key's type cannot hold the number.
type Name = fn(i64) -> Option<KeyBytes>;

impl RowKey {
    /// The key of `table`, if its rows can be told by it.
    pub(crate) fn of(table: &str) -> Option<&'static Self> {
        static KEYS: LazyLock<HashMap<String, RowKey>> = LazyLock::new(keys);
        KEYS.get(table)
    }

    /// The table.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// What `sql`, one statement of the table, does to the row that it names by its last bind.
    pub(crate) fn one_row(&self, sql: &str, dialect: Dialect) -> Option<OneRow> {
        scan::one_row(sql, dialect, &self.column, &self.uniques)
    }

    /// What doing that to the row with the key `number` changes.
    pub(crate) fn change(&self, row: OneRow, number: i64) -> Option<Change> {
        let key = (self.name)(number)?;
        Some(match row {
            OneRow::Delete => Change::Delete(Some(key)),
            OneRow::Update { sets_unique } => Change::Update { row: key, sets_unique },
        })
    }
}

fn keys() -> HashMap<String, RowKey> {
    let mut keys: HashMap<String, RowKey> = HashMap::new();
    for (declared, is_key_exact) in each().filter(|(declared, _)| tables().has_one_key(&declared.table)) {
        let (printed, key_type) = &declared.key;
        let (Some(column), Some(name)) = (scan::key_column(printed), name_of(*key_type)) else { continue };
        let uniques = declared.lookups.iter().filter(|lookup| lookup.is_unique).flat_map(|lookup| lookup.columns);
        if is_key_exact {
            let table = declared.table.clone();
            let key = keys.entry(declared.table).or_insert(RowKey { table, column, name, uniques: Vec::new() });
            key.uniques.extend(uniques);
        }
    }
    keys
}

/// An `i32` and an `i64` are different names: the row is called as the models call it.
fn name_of(key_type: NamedType) -> Option<Name> {
    let names: [(NamedType, Name); 3] = [
        (NamedType::of::<i16>(), |number| i16::try_from(number).ok().map(|key| KeyBytes::of(&key))),
        (NamedType::of::<i32>(), |number| i32::try_from(number).ok().map(|key| KeyBytes::of(&key))),
        (NamedType::of::<i64>(), |number| Some(KeyBytes::of(&number))),
    ];
    names.into_iter().find(|(known, _)| *known == key_type).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_called_as_the_type_of_its_key_says() {
        let name = |key_type, number| name_of(key_type).and_then(|name| name(number));
        assert_eq!(name(NamedType::of::<i16>(), 7), Some(KeyBytes::of(&7_i16)));
        assert_eq!(name(NamedType::of::<i32>(), -7), Some(KeyBytes::of(&-7_i32)));
        assert_eq!(name(NamedType::of::<i64>(), 7), Some(KeyBytes::of(&7_i64)));
        assert_eq!(name(NamedType::of::<i16>(), 1 << 15), None);
        assert_eq!(name(NamedType::of::<i32>(), 1 << 31), None);
        assert_eq!(name(NamedType::of::<String>(), 7), None);
        assert_eq!(name(NamedType::of::<(i32, i32)>(), 7), None);
        assert_eq!(name(NamedType::of::<Option<i32>>(), 7), None);
    }
}
