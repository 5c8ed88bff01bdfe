//! What was declared about tables: which look-ups their models have, and which other tables reach them.

use core::any::TypeId;
use std::collections::{BTreeSet, HashMap};

use crate::tag::TagKind;

/// What one model says about its table.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The table's SQL name: unqualified, in lower case.
    pub table: String,
    /// The columns of the primary key, in order, and its Rust type.
    pub key: (String, TypeId),
    /// The unique look-ups and scopes.
    pub lookups: Vec<LookupDeclaration>,
    /// The tables whose changes reach this one by themselves.
    pub dependencies: Vec<Dependency>,
}

/// One unique look-up or scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LookupDeclaration {
    /// The SQL names of the columns.
    pub columns: &'static [&'static str],
    /// Whether a value can belong to one row only.
    pub is_unique: bool,
    /// The Rust type of the value.
    pub value: TypeId,
}

/// A table whose changes reach another one by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dependency {
    /// Rows vanish or change when rows of the named table are deleted or their keys change.
    CascadedBy(String),
    /// Any write to the named table may change what is read.
    DependsOn(String),
}

impl Dependency {
    fn edge(&self) -> (&str, TagKind) {
        match self {
            Self::CascadedBy(table) => (table, TagKind::Gone),
            Self::DependsOn(table) => (table, TagKind::Any),
        }
    }
}

/// All declarations of the program.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    tables: HashMap<String, Table>,
}

#[derive(Clone, Debug, Default)]
struct Table {
    keys: BTreeSet<(String, TypeId)>,
    lookups: Vec<LookupDeclaration>,
    dependencies: Vec<Dependency>,
}

impl Tables {
    /// Gathers declarations; those of one table add up.
    pub fn new(declarations: impl IntoIterator<Item = Declaration>) -> Self {
        let mut tables = Self::default();
        for declaration in declarations {
            let table = tables.tables.entry(declaration.table).or_default();
            table.keys.insert(declaration.key);
            table.lookups.extend(declaration.lookups);
            table.dependencies.extend(declaration.dependencies);
        }
        tables
    }

    /// Whether all models of `table` name its rows by the same columns and type, so that one row has one tag.
    #[must_use]
    pub fn has_one_key(&self, table: &str) -> bool {
        self.tables.get(table).is_none_or(|table| table.keys.len() <= 1)
    }

    /// Whether a model of `table` has a unique look-up.
    #[must_use]
    pub fn has_unique(&self, table: &str) -> bool {
        self.lookups(table).any(|lookup| lookup.is_unique)
    }

    /// Whether rows of another table go with the keys of `table`.
    #[must_use]
    pub fn has_cascades(&self, table: &str) -> bool {
        let is_on_table =
            |dependency: &Dependency| matches!(dependency, Dependency::CascadedBy(parent) if parent == table);
        self.tables.values().any(|other| other.dependencies.iter().any(is_on_table))
    }

    /// Whether `known` covers every scope that a model of `table` has.
    #[must_use]
    pub fn knows_all_scopes(&self, table: &str, known: &[LookupDeclaration]) -> bool {
        self.lookups(table).filter(|lookup| !lookup.is_unique).all(|lookup| known.contains(lookup))
    }

    /// The tags of other tables that a read of `table` depends on, directly and through what those declare in turn.
    #[must_use]
    pub fn reached_by(&self, table: &str) -> Vec<(&str, TagKind)> {
        let mut reached: Vec<(&str, TagKind)> = Vec::new();
        let mut waiting = vec![table];
        let mut seen = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            let Some((name, declared)) = self.tables.get_key_value(next) else { continue };
            if !seen.insert(name.as_str()) {
                continue;
            }
            for edge in declared.dependencies.iter().map(Dependency::edge) {
                if !reached.contains(&edge) {
                    reached.push(edge);
                }
                waiting.push(edge.0);
            }
        }
        reached
    }

    fn lookups(&self, table: &str) -> impl Iterator<Item = &LookupDeclaration> {
        self.tables.get(table).into_iter().flat_map(|table| &table.lookups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declaration(table: &str, dependencies: &[Dependency]) -> Declaration {
        let dependencies = dependencies.to_vec();
        Declaration { table: table.into(), key: ("id".into(), TypeId::of::<i32>()), lookups: vec![], dependencies }
    }

    #[test]
    fn dependencies_are_followed_through_other_tables_and_circles() {
        let tables = Tables::new([
            declaration("items", &[Dependency::CascadedBy("items".into()), Dependency::CascadedBy("orders".into())]),
            declaration("orders", &[Dependency::CascadedBy("customers".into()), Dependency::DependsOn("votes".into())]),
            declaration("customers", &[Dependency::DependsOn("items".into())]),
        ]);
        let mut reached = tables.reached_by("items");
        reached.sort_unstable();
        assert_eq!(
            reached,
            [
                ("customers", TagKind::Gone),
                ("items", TagKind::Any),
                ("items", TagKind::Gone),
                ("orders", TagKind::Gone),
                ("votes", TagKind::Any),
            ]
        );
        assert!(tables.reached_by("votes").is_empty());
    }

    #[test]
    fn keys_of_other_columns_are_other_keys() {
        let mut other = declaration("items", &[]);
        assert!(Tables::new([declaration("items", &[]), other.clone()]).has_one_key("items"));
        other.key.0 = "ext".into();
        assert!(!Tables::new([declaration("items", &[]), other]).has_one_key("items"));
    }

    #[test]
    fn models_of_one_table_add_up() {
        let mut other = declaration("items", &[]);
        other.key = ("id".into(), TypeId::of::<String>());
        let scope = LookupDeclaration { columns: &["shelf"], is_unique: false, value: TypeId::of::<i32>() };
        other.lookups.push(scope.clone());
        let tables = Tables::new([declaration("items", &[]), other]);
        assert!(!tables.has_one_key("items"));
        assert!(tables.has_one_key("unknown"));
        assert!(!tables.has_unique("items"));
        assert!(!tables.knows_all_scopes("items", &[]));
        assert!(tables.knows_all_scopes("items", &[scope]));
    }
}
