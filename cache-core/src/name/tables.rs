//! Holds the declarations of tables: the look-ups of their models, and the tables that reach them.

use std::collections::{BTreeSet, HashMap};

use crate::name::key::Fingerprint;
use crate::name::tag::{Database, Tag, TagKind};

mod declared;

pub use declared::{NamedType, TableDeclaration};

/// What one model says about its table.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The table's SQL name: unqualified, in lower case.
    pub table: String,
    /// The columns of the primary key, in order, and its Rust type.
    pub key: (String, NamedType),
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
    /// Whether equal values are equal byte by byte, perhaps after the normaliser: else a scope has no tag of its own.
    pub is_exact: bool,
    /// Whether a row keeps its value for life.
    pub is_fixed: bool,
    /// Whether a value can belong to one row only.
    pub is_unique: bool,
    /// What brings the value to its normal form, as the type of the function.
    pub normalizer: Option<NamedType>,
    /// The Rust type of the value.
    pub value: NamedType,
}

impl LookupDeclaration {
    /// Whether equal values of both have one tag.
    fn has_tags_of(&self, other: &Self) -> bool {
        Self { is_fixed: other.is_fixed, ..self.clone() } == *other
    }
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
    /// What each table is told by, once everything is gathered.
    fingerprints: HashMap<String, Fingerprint>,
    /// What reaches each table that anything reaches.
    reached: HashMap<String, Vec<(String, TagKind)>>,
}

#[derive(Clone, Debug, Default)]
struct Table {
    keys: BTreeSet<(String, NamedType)>,
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
        tables.fingerprints = tables.gather_fingerprints();
        tables.reached = tables.gather_reached();
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

    /// Whether a model of `table` has a scope.
    #[must_use]
    pub fn has_scope(&self, table: &str) -> bool {
        self.lookups(table).any(|lookup| !lookup.is_unique)
    }

    /// Whether a save may give a row of `table` another value of a unique look-up.
    #[must_use]
    pub fn has_changing_unique(&self, table: &str) -> bool {
        self.lookups(table).any(|lookup| lookup.is_unique && !lookup.is_fixed)
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
        let is_known = |scope: &LookupDeclaration| known.iter().any(|known| known.has_tags_of(scope));
        self.lookups(table).filter(|lookup| !lookup.is_unique).all(is_known)
    }

    /// Whether a save leaves every row of `table` in its scopes, all of which `known` covers.
    #[must_use]
    pub fn keeps_scopes(&self, table: &str, known: &[LookupDeclaration]) -> bool {
        let is_left = |lookup: &LookupDeclaration| !lookup.is_unique && lookup.is_exact && !lookup.is_fixed;
        self.knows_all_scopes(table, known) && !self.lookups(table).any(is_left)
    }

    /// The tags of other tables that a read of `table` depends on, directly and through what those declare in turn.
    #[must_use]
    pub fn reached_by(&self, table: &str) -> &[(String, TagKind)] {
        // Most programs declare nothing of the kind, and each look-up on a server asks.
        if self.reached.is_empty() { &[] } else { self.reached.get(table).map_or(&[], Vec::as_slice) }
    }

    /// What is declared of those tables of `database` of which `tags` name a part, whatever query they are of.
    #[must_use]
    pub fn declared(&self, database: Database, tags: &[Tag]) -> Vec<TableDeclaration> {
        let declared = |name: &String| {
            let table = database.table(name);
            let is_named = tags.iter().any(|tag| table.has_part(tag));
            is_named.then(|| TableDeclaration { table, fingerprint: self.fingerprint(name) })
        };
        self.tables.keys().filter_map(declared).collect()
    }

    fn gather_reached(&self) -> HashMap<String, Vec<(String, TagKind)>> {
        let reached = self.tables.keys().map(|table| (table.clone(), self.gather_reached_by(table)));
        reached.filter(|(_, reached)| !reached.is_empty()).collect()
    }

    fn gather_reached_by(&self, table: &str) -> Vec<(String, TagKind)> {
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
        reached.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect()
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
        Declaration { table: table.into(), key: ("id".into(), NamedType::of::<i32>()), lookups: vec![], dependencies }
    }

    fn shelf() -> LookupDeclaration {
        LookupDeclaration {
            columns: &["shelf"],
            is_exact: true,
            is_fixed: false,
            is_unique: false,
            normalizer: None,
            value: NamedType::of::<i32>(),
        }
    }

    fn with_lookups(lookups: &[LookupDeclaration]) -> Declaration {
        Declaration { lookups: lookups.to_vec(), ..declaration("items", &[]) }
    }

    #[test]
    fn dependencies_are_followed_through_other_tables_and_circles() {
        let tables = Tables::new([
            declaration("items", &[Dependency::CascadedBy("items".into()), Dependency::CascadedBy("orders".into())]),
            declaration("orders", &[Dependency::CascadedBy("customers".into()), Dependency::DependsOn("votes".into())]),
            declaration("customers", &[Dependency::DependsOn("items".into())]),
        ]);
        let reached = tables.reached_by("items").iter();
        let mut reached: Vec<(&str, TagKind)> = reached.map(|(name, kind)| (name.as_str(), *kind)).collect();
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
        other.key = ("id".into(), NamedType::of::<String>());
        let scope = shelf();
        other.lookups.push(scope.clone());
        let tables = Tables::new([declaration("items", &[]), other]);
        assert!(!tables.has_one_key("items"));
        assert!(tables.has_one_key("unknown"));
        assert!(!tables.has_unique("items"));
        assert!(!tables.knows_all_scopes("items", &[]));
        assert!(tables.knows_all_scopes("items", &[scope]));
    }

    fn fixed() -> LookupDeclaration {
        LookupDeclaration { is_fixed: true, ..shelf() }
    }

    #[test]
    fn only_fixed_scopes_are_kept_by_saves() {
        let inexact = || LookupDeclaration { columns: &["title"], is_exact: false, ..shelf() };
        let unique = || LookupDeclaration { columns: &["slug"], is_unique: true, ..shelf() };
        let keeps = |models: &[Vec<LookupDeclaration>], known: &[LookupDeclaration]| {
            Tables::new(models.iter().map(|lookups| with_lookups(lookups))).keeps_scopes("items", known)
        };
        assert!(keeps(&[vec![fixed()]], &[fixed()]));
        assert!(keeps(&[vec![fixed(), inexact()]], &[fixed(), inexact()]));
        assert!(keeps(&[vec![fixed(), unique()]], &[fixed(), unique()]));
        assert!(!keeps(&[vec![shelf()]], &[shelf()]));
        assert!(!keeps(&[vec![fixed()]], &[]));
        // Of two models that say different things, neither is believed.
        assert!(!keeps(&[vec![fixed()], vec![shelf()]], &[fixed()]));
        assert!(!keeps(&[vec![fixed()], vec![shelf()]], &[shelf()]));
    }

    #[test]
    fn one_unique_look_up_that_may_change_is_enough() {
        let unique = || LookupDeclaration { is_unique: true, ..shelf() };
        let fixed = || LookupDeclaration { is_unique: true, ..fixed() };
        assert!(!Tables::new([with_lookups(&[fixed()]), with_lookups(&[shelf()])]).has_changing_unique("items"));
        assert!(Tables::new([with_lookups(&[fixed()]), with_lookups(&[unique()])]).has_changing_unique("items"));
    }

    #[test]
    fn scopes_of_other_normal_forms_are_other_scopes() {
        let tables = Tables::new([with_lookups(&[shelf()])]);
        let normalized = LookupDeclaration { normalizer: Some(NamedType::of::<u8>()), ..shelf() };
        assert!(!tables.knows_all_scopes("items", &[normalized]));
        assert!(!tables.knows_all_scopes("items", &[LookupDeclaration { is_exact: false, ..shelf() }]));
    }
}
