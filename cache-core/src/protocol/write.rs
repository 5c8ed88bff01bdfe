//! Decides what a write changes: the right half of the tag table.

use crate::name::key::{Fingerprint, KeyBytes};
use crate::name::tables::{TableDeclaration, Tables};
use crate::name::tag::{Database, Tag, TagKind};

/// What was written to one table, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Existing rows changed or vanished: UPDATE, DELETE, TRUNCATE.
    Change,
    /// The row with this key was deleted; `None`: a row of which the key is not known for certain.
    Delete(Option<KeyBytes>),
    /// Rows were added, and none that was there changed.
    Insert,
    /// One row was added, and came back from the database.
    Inserted {
        /// Its key; `None`: not comparable with the keys that other models of the table use.
        row: Option<KeyBytes>,
        /// Every scope of the table that it belongs to; `None`: not all of them are known.
        scopes: Option<Vec<Tag>>,
    },
    /// The row with this key was changed, in any column but the key; `None`: the key is not known for certain.
    Save(Option<KeyBytes>),
    /// One row was changed in any column but the key and those that are declared `fixed`, and came back from the
    /// database.
    Saved {
        /// Its key; `None`: not comparable with the keys that other models of the table use.
        row: Option<KeyBytes>,
        /// Every scope of the table that it belongs to; `None`: not all of them are known, or it may have left one.
        scopes: Option<Vec<Tag>>,
    },
    /// The row with this key was changed, in any column but the key.
    Update {
        /// Its key.
        row: KeyBytes,
        /// Whether a column of a unique look-up may be among those that were set.
        sets_unique: bool,
    },
    /// Rows were added, and rows that were there may have changed or vanished.
    Upsert,
}

impl Change {
    /// Whether it names the one row that it is of.
    const fn names_a_row(&self) -> bool {
        match self {
            Self::Delete(row) | Self::Save(row) | Self::Inserted { row, .. } | Self::Saved { row, .. } => row.is_some(),
            Self::Update { .. } => true,
            Self::Change | Self::Insert | Self::Upsert => false,
        }
    }
}

/// How much of a table a write may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Width {
    /// New rows, and of those that were there only the ones that it names.
    Rows,
    /// Any row.
    Table,
}

/// Everything that a statement or a transaction may have changed, gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    is_everything: bool,
    reaches_other_databases: bool,
    /// In the order of their names.
    tables: Vec<(String, TableChanges)>,
    cleared: Vec<Tag>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct TableChanges {
    /// What the changes were worked out by.
    declared: Option<Fingerprint>,
    kinds: Kinds,
    rows: Vec<KeyBytes>,
    scopes: Vec<Tag>,
}

impl ChangeSet {
    /// More exact tags than these become wide ones.
    const MOST_EXACT_TAGS: usize = 64;

    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a change of `table`.
    pub fn add(&mut self, table: &str, change: &Change, tables: &Tables) {
        let changes = self.of_table(table);
        changes.declared = Some(tables.fingerprint(table));
        let changes_unique = match change {
            Change::Saved { .. } => tables.has_changing_unique(table),
            _ => tables.has_unique(table),
        };
        // Where no scope is declared, entries of none are there but those of programs that declare something else. Where a
        // row is named, these are looked for.
        changes.add(change, changes_unique, tables.has_scope(table) || !change.names_a_row());
        // A foreign key may lead to a unique column that no model declares.
        if matches!(change, Change::Save(_) | Change::Saved { .. } | Change::Update { .. })
            && tables.has_cascades(table)
        {
            changes.add_kinds(&[TagKind::Gone]);
        }
    }

    /// Adds a change of anything in the database.
    pub fn add_everything(&mut self) {
        self.is_everything = true;
    }

    /// Adds a change that may have reached any database that the cache knows.
    pub fn add_other_databases(&mut self) {
        self.reaches_other_databases = true;
    }

    /// Adds tags that were cleared by hand.
    pub fn add_tags(&mut self, tags: &[Tag]) {
        let new: Vec<Tag> = tags.iter().filter(|tag| !self.cleared.contains(tag)).copied().collect();
        self.cleared.extend(new);
    }

    /// Adds all that `other` holds.
    pub fn merge(&mut self, other: &Self) {
        self.is_everything |= other.is_everything;
        self.reaches_other_databases |= other.reaches_other_databases;
        self.add_tags(&other.cleared);
        for (table, changes) in &other.tables {
            self.of_table(table).merge(changes);
        }
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.cleared.is_empty() && !self.is_everything && !self.reaches_other_databases
    }

    /// Whether something was changed that cannot be named.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.is_everything || self.reaches_other_databases
    }

    /// The tables that are named, in order.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|(table, _)| table.as_str())
    }

    /// The rows that are named, by their tables.
    pub fn rows(&self) -> impl Iterator<Item = (&str, KeyBytes)> {
        self.tables.iter().flat_map(|(table, changes)| changes.rows.iter().map(|row| (table.as_str(), *row)))
    }

    /// The tables that are named, in order, and how much of each may have changed.
    pub(crate) fn widths(&self) -> impl Iterator<Item = (&str, Width)> {
        let is_any = |changes: &TableChanges| changes.kinds.0 & Kinds::bit(TagKind::Rows) != 0;
        let width = move |changes| if is_any(changes) { Width::Table } else { Width::Rows };
        self.tables.iter().map(move |(table, changes)| (table.as_str(), width(changes)))
    }

    /// The tags to change in `database`, each table's `any` before its others.
    #[must_use]
    pub fn tags(&self, database: &Database) -> Vec<Tag> {
        let mut tags = Vec::new();
        if self.reaches_other_databases {
            tags.push(Tag::root());
        }
        if self.is_everything {
            tags.push(database.tag());
        }
        for (name, changes) in &self.tables {
            let table = database.table(name);
            tags.extend(changes.kinds.iter().map(|kind| table.whole(kind)));
            tags.extend(changes.rows.iter().map(|row| table.row(*row)));
            tags.extend(&changes.scopes);
        }
        tags.extend(&self.cleared);
        tags
    }

    /// What this process declares of those tables of which other programs, which declare something else, may miss a
    /// changed tag.
    #[must_use]
    pub fn declared(&self, database: &Database) -> Vec<TableDeclaration> {
        if self.is_wide() {
            return Vec::new();
        }
        let of_table = |(name, changes): &(String, TableChanges)| {
            let fingerprint = changes.declared.filter(|_| !changes.are_anybodys())?;
            Some(TableDeclaration { table: database.table(name), fingerprint })
        };
        self.tables.iter().filter_map(of_table).collect()
    }

    fn of_table(&mut self, table: &str) -> &mut TableChanges {
        let place = self.tables.binary_search_by(|(known, _)| known.as_str().cmp(table));
        let place = place.unwrap_or_else(|place| {
            self.tables.insert(place, (table.to_owned(), TableChanges::default()));
            place
        });
        &mut self.tables[place].1
    }
}

impl TableChanges {
    /// `has_scope`: lists of scopes may be there that hold a row which is named.
    fn add(&mut self, change: &Change, changes_unique: bool, has_scope: bool) {
        use TagKind::{Any, Born, Gone, Rows, Spread};
        let spread: &[TagKind] = if has_scope { &[Spread] } else { &[] };
        self.add_kinds(&[Any]);
        match change {
            Change::Change | Change::Upsert => self.add_kinds(&[Rows, Born, Gone, Spread]),
            Change::Delete(row) => {
                self.add_row(*row);
                self.add_kinds(&[Gone]);
                self.add_kinds(spread);
            }
            Change::Insert => self.add_kinds(&[Born, Spread]),
            Change::Inserted { row, scopes } => {
                self.add_kinds(&[Born]);
                self.add_row(*row);
                self.add_scopes(scopes.as_deref(), spread);
            }
            // A model with another key may have changed this one's.
            Change::Save(None) | Change::Saved { row: None, .. } => self.add_kinds(&[Rows, Born, Gone, Spread]),
            Change::Save(row) => {
                self.add_row(*row);
                self.add_kinds(spread);
                if changes_unique {
                    self.add_kinds(&[Born, Gone]);
                }
            }
            Change::Saved { row, scopes } => {
                self.add_row(*row);
                self.add_scopes(scopes.as_deref(), spread);
                if changes_unique {
                    self.add_kinds(&[Born, Gone]);
                }
            }
            Change::Update { row, sets_unique } => {
                self.add_row(Some(*row));
                self.add_kinds(spread);
                if *sets_unique {
                    self.add_kinds(&[Born, Gone]);
                }
            }
        }
    }

    /// Whether no declaration has a part in what changes: nothing that names a row or a scope does, and all lists of
    /// scopes count as changed. What was inserted, deleted or changed so is told by the other tags of the table as a
    /// whole, which do not depend on declarations.
    fn are_anybodys(&self) -> bool {
        self.rows.is_empty() && self.scopes.is_empty() && self.kinds.0 & Kinds::bit(TagKind::Spread) != 0
    }

    fn merge(&mut self, other: &Self) {
        self.declared = self.declared.or(other.declared);
        self.kinds.0 |= other.kinds.0;
        other.rows.iter().for_each(|row| self.add_row(Some(*row)));
        self.add_scopes(Some(&other.scopes), &[]);
    }

    fn add_kinds(&mut self, kinds: &[TagKind]) {
        kinds.iter().for_each(|kind| self.kinds.0 |= Kinds::bit(*kind));
    }

    fn add_row(&mut self, row: Option<KeyBytes>) {
        match row {
            Some(row) if self.rows.contains(&row) => {}
            Some(row) if self.rows.len() < ChangeSet::MOST_EXACT_TAGS => self.rows.push(row),
            _ => self.add_kinds(&[TagKind::Rows]),
        }
    }

    /// `otherwise`: what changes where they are not known.
    fn add_scopes(&mut self, scopes: Option<&[Tag]>, otherwise: &[TagKind]) {
        let Some(scopes) = scopes else { return self.add_kinds(otherwise) };
        for scope in scopes {
            if self.scopes.len() >= ChangeSet::MOST_EXACT_TAGS {
                return self.add_kinds(&[TagKind::Spread]);
            }
            if !self.scopes.contains(scope) {
                self.scopes.push(*scope);
            }
        }
    }
}

/// Whole aspects of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u16);

impl Kinds {
    /// What a write can change of a table as a whole; `any` comes first.
    const ALL: [TagKind; 5] = [TagKind::Any, TagKind::Born, TagKind::Gone, TagKind::Rows, TagKind::Spread];

    const fn bit(kind: TagKind) -> u16 {
        1 << kind as u16
    }

    fn iter(self) -> impl Iterator<Item = TagKind> {
        Self::ALL.into_iter().filter(move |kind| self.0 & Self::bit(*kind) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tables::{Declaration, Dependency, LookupDeclaration, NamedType};
    use TagKind::{Any, Born, Gone, Row, Rows, Scope, Spread};

    fn kinds_of(change: &Change, tables: &Tables) -> Vec<TagKind> {
        let mut set = ChangeSet::new();
        set.add("products", change, tables);
        let tags = set.tags(&Database::named("shop"));
        assert_eq!(tags[0].kind(), Any, "`any` comes first");
        let mut kinds: Vec<TagKind> = tags.iter().map(Tag::kind).collect();
        kinds.sort_unstable();
        kinds
    }

    /// Look-ups: by which columns, whether they are unique, whether they are fixed.
    fn with_lookups(lookups: &[(&'static [&'static str], bool, bool)]) -> Tables {
        let lookup = |(columns, is_unique, is_fixed): &(&'static [&'static str], bool, bool)| LookupDeclaration {
            columns,
            is_exact: false,
            is_fixed: *is_fixed,
            is_unique: *is_unique,
            normalizer: None,
            value: NamedType::of::<String>(),
        };
        Tables::new([Declaration {
            table: "products".into(),
            key: ("id".into(), NamedType::of::<i32>()),
            lookups: lookups.iter().map(lookup).collect(),
            dependencies: vec![],
        }])
    }

    fn sorted(kinds: &[TagKind]) -> Vec<TagKind> {
        let mut kinds = kinds.to_vec();
        kinds.sort_unstable();
        kinds
    }

    #[test]
    fn each_write_changes_the_tags_of_the_table() {
        let plain = Tables::default();
        let [unique, fixed] = [false, true].map(|is_fixed| with_lookups(&[(&["slug"], true, is_fixed)]));
        let scoped = with_lookups(&[(&["shelf"], false, false)]);
        let cascading = Tables::new([Declaration {
            table: "reviews".into(),
            key: ("id".into(), NamedType::of::<i32>()),
            lookups: vec![],
            dependencies: vec![Dependency::CascadedBy("products".into())],
        }]);
        let row = Some(KeyBytes::of(&1));
        let scope = Database::named("shop").table("products").scope(&["shelf"], KeyBytes::of(&7));
        let saved = |row, scopes| Change::Saved { row, scopes };
        let update = |sets_unique| Change::Update { row: KeyBytes::of(&1), sets_unique };
        let cases: [(Change, &Tables, &[TagKind]); 28] = [
            (Change::Insert, &plain, &[Any, Born, Spread]),
            (Change::Inserted { row, scopes: Some(vec![scope]) }, &scoped, &[Any, Born, Row, Scope]),
            (Change::Inserted { row, scopes: None }, &plain, &[Any, Born, Row]),
            (Change::Inserted { row, scopes: None }, &scoped, &[Any, Born, Row, Spread]),
            (Change::Inserted { row: None, scopes: None }, &plain, &[Any, Born, Rows, Spread]),
            (Change::Upsert, &plain, &[Any, Rows, Born, Gone, Spread]),
            (Change::Change, &plain, &[Any, Rows, Born, Gone, Spread]),
            (Change::Save(row), &plain, &[Any, Row]),
            (Change::Save(row), &scoped, &[Any, Row, Spread]),
            (Change::Save(row), &unique, &[Any, Row, Born, Gone]),
            (Change::Save(row), &fixed, &[Any, Row, Born, Gone]),
            (saved(row, None), &plain, &[Any, Row]),
            (saved(row, None), &scoped, &[Any, Row, Spread]),
            (saved(row, None), &unique, &[Any, Row, Born, Gone]),
            (saved(row, None), &fixed, &[Any, Row]),
            (saved(row, Some(vec![])), &fixed, &[Any, Row]),
            (saved(row, Some(vec![scope])), &scoped, &[Any, Row, Scope]),
            (saved(None, Some(vec![scope])), &scoped, &[Any, Rows, Born, Gone, Spread]),
            (Change::Save(None), &plain, &[Any, Rows, Born, Gone, Spread]),
            (update(false), &unique, &[Any, Row]),
            (update(false), &scoped, &[Any, Row, Spread]),
            (update(true), &unique, &[Any, Row, Born, Gone]),
            (update(true), &scoped, &[Any, Row, Spread, Born, Gone]),
            (update(false), &cascading, &[Any, Row, Gone]),
            (Change::Delete(row), &plain, &[Any, Row, Gone]),
            (Change::Delete(row), &scoped, &[Any, Row, Gone, Spread]),
            (Change::Delete(None), &plain, &[Any, Rows, Gone, Spread]),
            (Change::Delete(None), &scoped, &[Any, Rows, Gone, Spread]),
        ];
        for (change, tables, expected) in cases {
            assert_eq!(kinds_of(&change, tables), sorted(expected), "{change:?}");
        }
    }

    #[test]
    fn a_save_counts_for_tables_that_are_cascaded_by_this_one() {
        let items = Declaration {
            table: "items".into(),
            key: ("id".into(), NamedType::of::<i32>()),
            lookups: vec![],
            dependencies: vec![Dependency::CascadedBy("products".into())],
        };
        let saved = Change::Saved { row: Some(KeyBytes::of(&1)), scopes: Some(vec![]) };
        assert_eq!(kinds_of(&saved, &Tables::new([items])), sorted(&[Any, Row, Gone]));
    }

    #[test]
    fn t13_many_row_tags_become_one_wide_one() {
        let tables = Tables::default();
        let mut set = ChangeSet::new();
        for key in 0..1_000 {
            set.add("products", &Change::Save(Some(KeyBytes::of(&key))), &tables);
            set.add("products", &Change::Save(Some(KeyBytes::of(&key))), &tables);
        }
        let tags = set.tags(&Database::named("shop"));
        assert_eq!(tags.iter().filter(|tag| tag.kind() == Row).count(), 64);
        assert_eq!(tags.iter().filter(|tag| tag.kind() == Rows).count(), 1);
    }

    #[test]
    fn merging_keeps_everything() {
        let tables = Tables::default();
        let (mut one, mut other) = (ChangeSet::new(), ChangeSet::new());
        one.add("products", &Change::Save(Some(KeyBytes::of(&1))), &tables);
        other.add("products", &Change::Insert, &tables);
        other.add("tags", &Change::Change, &tables);
        other.add_everything();
        one.merge(&other);
        let kinds: Vec<TagKind> = one.tags(&Database::named("shop")).iter().map(Tag::kind).collect();
        assert_eq!(kinds, [TagKind::Database, Any, Born, Spread, Row, Any, Born, Gone, Rows, Spread]);
        assert_eq!(one.tables().collect::<Vec<_>>(), ["products", "tags"]);
    }
}
