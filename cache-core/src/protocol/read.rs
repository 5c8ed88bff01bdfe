//! Decides what a cached read depends on: the left half of the tag table.

use crate::name::key::{Fingerprint, KeyBytes};
use crate::name::tables::{TableDeclaration, Tables};
use crate::name::tag::{Database, ManagerTags, TableTags, Tag, TagKind};
use crate::protocol::sharding::Sharding;

/// What is read: by which manager, of which table of which database, by a query that names which tables.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The database that is asked.
    pub database: Database,
    /// What its contents are kept under.
    pub space: Fingerprint,
    /// The manager that asks.
    pub manager: ManagerTags,
    /// The manager's own table.
    pub table: &'a str,
    /// Every table that the query names, as often as it does.
    pub named: &'a [String],
    /// What was declared.
    pub tables: &'a Tables,
    /// Where the cache keeps its tables.
    pub sharding: Sharding,
}

impl Subject<'_> {
    /// To be raised whenever a read depends on other tags than before: it is a part of the names of entries, so that
    /// programs of two versions of this library leave each other's entries alone.
    pub const RULES: u8 = 2;

    /// A row that was found under `key`.
    #[must_use]
    pub fn found_row(&self, key: KeyBytes) -> Vec<Tag> {
        self.found_row_of(self.own(), key)
    }

    fn found_row_of(&self, own: TableTags, key: KeyBytes) -> Vec<Tag> {
        self.with_others(self.beginning([self.manager.details(), own.whole(TagKind::Rows), own.row(key)]))
    }

    /// A row that is about to be inserted under a key which nobody knows yet: the tags of a row that was found but for the
    /// row's own, and the two that tell whether anything was written or cleared since.
    #[must_use]
    pub fn row_to_come(&self) -> Vec<Tag> {
        let own = self.own();
        let mut tags = self.with_others(self.beginning([self.manager.details(), own.whole(TagKind::Rows)]));
        tags.extend([own.whole(TagKind::Cleared), own.whole(TagKind::Any)]);
        without_repetition(tags)
    }

    /// A row that is known not to exist.
    #[must_use]
    pub fn absent_row(&self, key: KeyBytes) -> Vec<Tag> {
        let own = self.own();
        let mut tags = self.found_row_of(own, key);
        tags.push(own.whole(TagKind::Born));
        tags
    }

    /// A row that fails a condition, or is not joined to anything, or does not exist.
    ///
    /// Where the database may take other letters for equal, the row may be there under a key that is spelled otherwise,
    /// with a tag of its own: then every write of the table counts.
    #[must_use]
    pub fn excluded_row(&self, key: KeyBytes, is_key_exact: bool) -> Vec<Tag> {
        let mut tags = self.absent_row(key);
        if !is_key_exact {
            tags.push(self.own().whole(TagKind::Any));
        }
        without_repetition(tags)
    }

    /// A unique value, before it is known whether a row has it: the tags of the row but for the row's own,
    /// `born`, and the two that tell whether anything was written or cleared since.
    #[must_use]
    pub fn unique(&self) -> Vec<Tag> {
        let own = self.own();
        let mut tags = self.absent_unique();
        tags.extend([own.whole(TagKind::Rows), own.whole(TagKind::Any), own.whole(TagKind::Cleared)]);
        without_repetition(tags)
    }

    /// A unique value that is known to belong to no row. Where the query names other tables, these may have kept a row
    /// with that value out of it, and nothing tells which: every write of the table counts then.
    #[must_use]
    pub fn absent_unique(&self) -> Vec<Tag> {
        let own = self.own();
        let mut tags = self.beginning([self.manager.details(), own.whole(TagKind::Born)]);
        if self.named.iter().any(|name| name != self.table) {
            tags.push(own.whole(TagKind::Any));
        }
        self.with_others(tags)
    }

    /// A unique value that no row has which the base query of a model lets through: any write of the table may let one
    /// through, whatever it sets.
    #[must_use]
    pub fn hidden_unique(&self) -> Vec<Tag> {
        let mut tags = self.absent_unique();
        tags.push(self.own().whole(TagKind::Any));
        without_repetition(tags)
    }

    /// The way from a unique value to a row that has it in another spelling: which spellings are equal is part of the
    /// database's structure.
    #[must_use]
    pub fn spelling(&self) -> Vec<Tag> {
        self.structure().into()
    }

    /// A list, or a number of rows, or whether there are any.
    #[must_use]
    pub fn list(&self, suffix: Option<&str>) -> Vec<Tag> {
        let mut tags = self.beginning([self.manager.lists()]);
        tags.extend(suffix.map(|suffix| self.manager.suffix(suffix)));
        self.name_all(&mut tags);
        self.with_base(tags)
    }

    /// The rows that share a value. Where the database may take other values for equal, `scope` is
    /// `None`: every write of the table counts.
    #[must_use]
    pub fn scope(&self, scope: Option<Tag>) -> Vec<Tag> {
        let mut tags = self.beginning([self.manager.lists()]);
        match scope {
            Some(scope) => tags.extend([self.own().whole(TagKind::Spread), scope]),
            None => tags.push(self.own().whole(TagKind::Any)),
        }
        self.with_others(tags)
    }

    /// What is declared of those tables of which `tags` name a part: a write changes them as its own program declares.
    /// Of other tables `any` is enough, which every write changes.
    #[must_use]
    pub fn declared(&self, tags: &[Tag]) -> Vec<TableDeclaration> {
        let named = self.named.iter().map(String::as_str).chain([self.table]);
        let reached = named.flat_map(|name| self.tables.reached_by(name)).filter(|(_, kind)| *kind != TagKind::Any);
        let mut declared: Vec<TableDeclaration> = Vec::new();
        for name in reached.map(|(name, _)| name.as_str()).chain([self.table]) {
            let table = self.database.table(name);
            let is_new = declared.iter().all(|known| known.table != table);
            if is_new && tags.iter().any(|tag| table.has_part(tag)) {
                declared.push(TableDeclaration { table, fingerprint: self.tables.fingerprint(name) });
            }
        }
        declared
    }

    /// Tags, with room for those that most reads depend on besides.
    fn beginning<const COUNT: usize>(&self, tags: [Tag; COUNT]) -> Vec<Tag> {
        const OTHERS: usize = 6;
        let mut beginning = Vec::with_capacity(COUNT + OTHERS + self.named.len());
        beginning.extend(tags);
        beginning
    }

    /// The tags with which what the database declares changes.
    #[must_use]
    pub fn structure(&self) -> [Tag; 2] {
        self.sharding.structure_beside(&self.database, &self.own().whole(TagKind::Any))
    }

    fn own(&self) -> TableTags {
        self.database.table(self.table)
    }

    /// Of the other tables that a query names every write counts, and of its own too if it is named twice.
    ///
    /// Named once, the table gives its rows to the query by that one mention alone, and the condition on the key, or on
    /// the scope's columns, holds for each of them, whatever is joined before or after. So the answer is a function of
    /// these rows and of the other tables. A left join gives no row of this table but those; that it finds nothing,
    /// that an inner join finds nothing, or that a condition fails, changes with a write of these rows, which their own
    /// tags tell of, or with a write of another table, whose `any` is among the tags. A second mention gives rows that
    /// the condition does not hold for: a subquery, a join of the table with itself, a further statement of the read.
    fn with_others(&self, mut tags: Vec<Tag>) -> Vec<Tag> {
        let is_own = |name: &&String| name.as_str() == self.table;
        let is_named_once = self.named.iter().filter(is_own).count() == 1;
        let others = self.named.iter().filter(|name| !(is_named_once && is_own(name)));
        tags.extend(others.map(|name| self.database.table(name).whole(TagKind::Any)));
        self.with_base(tags)
    }

    /// What a plain statement reads: no manager clears it by hand.
    #[must_use]
    pub fn plain(&self) -> Vec<Tag> {
        let mut tags = self.beginning([]);
        self.name_all(&mut tags);
        self.with_base(tags)
    }

    fn name_all(&self, tags: &mut Vec<Tag>) {
        tags.extend(self.named.iter().map(|name| self.database.table(name).whole(TagKind::Any)));
    }

    /// The tags of what is declared, of the whole cache and database, and of those who write the tables: a process that
    /// dies before its release ends everything that depends on a table which it wrote.
    fn with_base(&self, mut tags: Vec<Tag>) -> Vec<Tag> {
        let own = tags.len();
        tags.extend([Tag::root(), self.database.tag()]);
        for name in self.named.iter().map(String::as_str).chain([self.table]) {
            let reached = self.tables.reached_by(name);
            tags.extend(reached.iter().map(|(table, kind)| self.database.table(table).whole(*kind)));
        }
        let others = tags.len();
        for at in 0..others {
            tags.extend(tags[at].writers());
        }
        tags[own..].rotate_left(others - own);
        self.sharding.read(without_repetition(tags))
    }
}

fn without_repetition(mut tags: Vec<Tag>) -> Vec<Tag> {
    let mut count = 0;
    for at in 0..tags.len() {
        if !tags[..count].contains(&tags[at]) {
            if count < at {
                tags.swap(count, at);
            }
            count += 1;
        }
    }
    tags.truncate(count);
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::tables::{Declaration, Dependency, NamedType};
    use TagKind::{
        Any, Born, Cleared, Database as Whole, Details, Gone, Lists, Root, Row, Rows, Scope, Spread, Suffix, Writers,
    };

    const SPACE: Fingerprint = Fingerprint::from_bytes([7; 16]);

    fn kinds(tags: &[Tag]) -> Vec<TagKind> {
        let mut kinds: Vec<TagKind> = tags.iter().map(Tag::kind).collect();
        kinds.sort_unstable();
        kinds
    }

    fn subject_of<'a>(
        (database, manager): (Database, ManagerTags),
        table: &'a str,
        named: &'a [String],
        tables: &'a Tables,
    ) -> Subject<'a> {
        Subject { database, space: SPACE, manager, table, named, tables, sharding: Sharding::Whole }
    }

    fn sorted<const N: usize>(mut kinds: [TagKind; N]) -> [TagKind; N] {
        kinds.sort_unstable();
        kinds
    }

    #[test]
    fn each_read_depends_on_the_tags_of_the_table() {
        let tables = Tables::default();
        let manager = ManagerTags::of(Fingerprint::of(&[b"product"]));
        let named = ["products".to_string()];
        let database = Database::named("shop");
        let subject = subject_of((database, manager), "products", &named, &tables);
        let key = KeyBytes::of(&1);
        let scope = database.table("products").scope(&["shelf"], KeyBytes::of(&7));
        assert_eq!(kinds(&subject.found_row(key)), sorted([Root, Whole, Writers, Details, Rows, Row]));
        assert_eq!(kinds(&subject.row_to_come()), sorted([Root, Whole, Writers, Details, Rows, Any, Cleared]));
        assert_eq!(kinds(&subject.absent_row(key)), sorted([Root, Whole, Writers, Details, Rows, Row, Born]));
        assert_eq!(kinds(&subject.excluded_row(key, true)), kinds(&subject.absent_row(key)));
        assert_eq!(
            kinds(&subject.excluded_row(key, false)),
            sorted([Root, Whole, Writers, Details, Rows, Row, Born, Any])
        );
        assert_eq!(kinds(&subject.absent_unique()), sorted([Root, Whole, Writers, Details, Born]));
        assert_eq!(kinds(&subject.hidden_unique()), sorted([Root, Whole, Writers, Details, Born, Any]));
        assert_eq!(kinds(&subject.unique()), sorted([Root, Whole, Writers, Details, Born, Rows, Any, Cleared]));
        assert_eq!(kinds(&subject.list(None)), sorted([Root, Whole, Writers, Lists, Any]));
        assert_eq!(kinds(&subject.list(Some("active"))), sorted([Root, Whole, Writers, Lists, Suffix, Any]));
        assert_eq!(kinds(&subject.scope(Some(scope))), sorted([Root, Whole, Writers, Lists, Spread, Scope]));
        assert_eq!(kinds(&subject.scope(None)), sorted([Root, Whole, Writers, Lists, Any]));
    }

    #[test]
    fn r13_every_table_that_the_query_names_counts() {
        let tables = Tables::default();
        let manager = ManagerTags::of(Fingerprint::of(&[b"product"]));
        let database = Database::named("shop");
        let named = ["products".to_string(), "reviews".to_string()];
        let subject = subject_of((database, manager), "products", &named, &tables);
        let reviews = database.table("reviews").whole(Any);
        for tags in [subject.list(None), subject.found_row(KeyBytes::EMPTY), subject.scope(None), subject.unique()] {
            assert!(tags.contains(&reviews));
        }
        let own = database.table("products").whole(Any);
        assert!(!subject.found_row(KeyBytes::EMPTY).contains(&own), "the row's own tags tell of its table");
        assert!(subject.absent_unique().contains(&own), "a row that a join kept out may be let in by any change of it");
        let twice = ["products".to_string(), "products".to_string()];
        let subject = Subject { named: &twice, ..subject };
        assert!(subject.found_row(KeyBytes::EMPTY).contains(&own));
        let unnamed = ["reviews".to_string()];
        let subject = Subject { named: &unnamed, ..subject };
        assert!(subject.found_row(KeyBytes::EMPTY).contains(&reviews));
    }

    #[test]
    fn declared_tables_reach_every_read() {
        let declaration = Declaration {
            table: "reviews".into(),
            key: ("id".into(), NamedType::of::<i32>()),
            lookups: vec![],
            dependencies: vec![Dependency::CascadedBy("products".into())],
        };
        let tables = Tables::new([declaration]);
        let manager = ManagerTags::of(Fingerprint::of(&[b"review"]));
        let database = Database::named("shop");
        let named = ["reviews".to_string()];
        let subject = subject_of((database, manager), "reviews", &named, &tables);
        assert!(subject.found_row(KeyBytes::EMPTY).contains(&database.table("products").whole(Gone)));
        assert!(subject.list(None).contains(&database.table("products").whole(Gone)));
    }

    #[test]
    fn every_read_depends_on_the_writers_of_each_table_that_it_depends_on() {
        let declaration = Declaration {
            table: "reviews".into(),
            key: ("id".into(), NamedType::of::<i32>()),
            lookups: vec![],
            dependencies: vec![Dependency::CascadedBy("products".into())],
        };
        let tables = Tables::new([declaration]);
        let manager = ManagerTags::of(Fingerprint::of(&[b"review"]));
        let database = Database::named("shop");
        let named = ["reviews".to_string(), "votes".to_string()];
        let subject = subject_of((database, manager), "reviews", &named, &tables);
        let key = KeyBytes::of(&1);
        let reads = [
            subject.found_row(key),
            subject.absent_row(key),
            subject.excluded_row(key, false),
            subject.unique(),
            subject.absent_unique(),
            subject.hidden_unique(),
            subject.list(Some("active")),
            subject.scope(None),
            subject.scope(Some(database.table("reviews").scope(&["stars"], key))),
        ];
        for tags in reads {
            let owned: Vec<Tag> = tags.iter().filter_map(Tag::writers).collect();
            assert!(owned.iter().all(|writers| tags.contains(writers)), "{tags:?}");
            for name in ["reviews", "votes", "products"] {
                assert!(tags.contains(&database.table(name).whole(Writers)), "{name}: {tags:?}");
            }
        }
    }

    #[test]
    fn what_is_declared_counts_of_tables_of_which_parts_are_read() {
        let dependencies = ["products", "shops"].map(|name| Dependency::CascadedBy(name.into())).to_vec();
        let votes = Dependency::DependsOn("votes".into());
        let declaration = Declaration {
            table: "reviews".into(),
            key: ("id".into(), NamedType::of::<i32>()),
            lookups: vec![],
            dependencies: [dependencies, vec![votes]].concat(),
        };
        let tables = Tables::new([declaration]);
        let manager = ManagerTags::of(Fingerprint::of(&[b"review"]));
        let database = Database::named("shop");
        let named = ["reviews".to_string(), "tags".to_string()];
        let subject = subject_of((database, manager), "reviews", &named, &tables);
        let names = |tags: &[Tag]| -> Vec<&str> {
            let declared = subject.declared(tags);
            let names = ["products", "reviews", "shops", "tags", "votes"].into_iter();
            names.filter(|name| declared.iter().any(|one| one.table == database.table(name))).collect()
        };
        assert_eq!(names(&subject.found_row(KeyBytes::EMPTY)), ["products", "reviews", "shops"]);
        assert_eq!(names(&subject.list(None)), ["products", "shops"]);
        assert!(names(&subject.spelling()).is_empty());
        let tables = Tables::default();
        let subject = Subject { tables: &tables, ..subject };
        assert!(subject.declared(&subject.list(None)).is_empty());
        let expected =
            [TableDeclaration { table: database.table("reviews"), fingerprint: tables.fingerprint("reviews") }];
        assert_eq!(subject.declared(&subject.scope(Some(database.table("reviews").row(KeyBytes::EMPTY)))), expected);
    }
}
