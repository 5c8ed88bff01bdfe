//! Digests the declarations of a table, for processes of other builds.

use core::any::TypeId;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use super::{Dependency, LookupDeclaration, Table, Tables};
use crate::name::key::Fingerprint;
use crate::name::tag::TableTags;

/// A Rust type: within a program itself, to other programs its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedType {
    id: TypeId,
    name: &'static str,
}

impl NamedType {
    /// The type `T`.
    #[must_use]
    pub fn of<T: ?Sized + 'static>() -> Self {
        Self { id: TypeId::of::<T>(), name: core::any::type_name::<T>() }
    }

    /// Whether the compiler calls the type `name`.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name
    }
}

/// What this process declares of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableDeclaration {
    /// The table's tags.
    pub table: TableTags,
    /// What it is told by: equal where the same writes change the same tags.
    pub fingerprint: Fingerprint,
}

/// To be raised whenever a write changes other tags than before, or a tag is called otherwise: then programs of two
/// versions of this library declare different things.
const RULES: u8 = 1;

impl Tables {
    /// All that decides which tags a write to `table` changes. It is made of names and flags: the same in every process
    /// of a build, in whatever order its models were registered.
    ///
    /// What reaches `table` from others is not in it: that decides what its reads depend on, see
    /// [`dependencies`](Self::dependencies), and no write asks for it. What it reaches is.
    #[must_use]
    pub fn fingerprint(&self, table: &str) -> Fingerprint {
        static UNDECLARED: LazyLock<Fingerprint> = LazyLock::new(|| fingerprint(&Table::default(), false));
        let known = self.fingerprints.get(table).copied();
        known.unwrap_or_else(|| *UNDECLARED)
    }

    /// The same of every table that is declared or that a declaration names.
    pub(super) fn gather_fingerprints(&self) -> HashMap<String, Fingerprint> {
        let parents = self.tables.values().flat_map(|table| &table.dependencies).map(|dependency| dependency.edge().0);
        let names: BTreeSet<&str> = self.tables.keys().map(String::as_str).chain(parents).collect();
        let nothing = Table::default();
        let of_table = |name: &str| {
            let table = self.tables.get(name).unwrap_or(&nothing);
            (name.to_owned(), fingerprint(table, self.has_cascades(name)))
        };
        names.into_iter().map(of_table).collect()
    }

    /// What decides which other tables reads depend on; `None`: on none. Entries of programs that differ in it must not
    /// meet: what the one takes for complete may lack a tag that the other counts on.
    #[must_use]
    pub fn dependencies(&self) -> Option<Fingerprint> {
        let edge = |table: &str, dependency: &Dependency| {
            let (other, kind) = dependency.edge();
            Fingerprint::of(&[table.as_bytes(), other.as_bytes(), &[kind.code()]])
        };
        let of_table = |(name, table): (&String, &Table)| -> Vec<Fingerprint> {
            table.dependencies.iter().map(|dependency| edge(name, dependency)).collect()
        };
        let edges: BTreeSet<Fingerprint> = self.tables.iter().flat_map(of_table).collect();
        (!edges.is_empty()).then(|| all(b"dependencies", edges))
    }
}

fn fingerprint(table: &Table, has_cascades: bool) -> Fingerprint {
    let keys = table.keys.iter().map(|(columns, key)| Fingerprint::of(&[columns.as_bytes(), key.name.as_bytes()]));
    let parts = [
        all(b"keys", keys.collect()),
        all(b"lookups", table.lookups.iter().map(of_lookup).collect()),
        Fingerprint::of(&[&[RULES, has_cascades.into()]]),
    ];
    Fingerprint::of(&parts.each_ref().map(|part| part.as_bytes().as_slice()))
}

fn of_lookup(lookup: &LookupDeclaration) -> Fingerprint {
    let flags = [lookup.is_exact, lookup.is_fixed, lookup.is_unique, lookup.normalizer.is_some()].map(u8::from);
    let normalizer = lookup.normalizer.map_or("", |normalizer| normalizer.name);
    let mut parts = vec![flags.as_slice(), normalizer.as_bytes(), lookup.value.name.as_bytes()];
    parts.extend(lookup.columns.iter().map(|column| column.as_bytes()));
    Fingerprint::of(&parts)
}

fn all(of: &[u8], parts: BTreeSet<Fingerprint>) -> Fingerprint {
    let parts: Vec<&[u8]> = [of].into_iter().chain(parts.iter().map(|part| part.as_bytes().as_slice())).collect();
    Fingerprint::of(&parts)
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;
    use crate::name::tables::Declaration;

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

    fn items(lookups: &[LookupDeclaration]) -> Declaration {
        let key = ("id".into(), NamedType::of::<i32>());
        Declaration { table: "items".into(), key, lookups: lookups.to_vec(), dependencies: vec![] }
    }

    fn of_items(declarations: impl IntoIterator<Item = Declaration>) -> Fingerprint {
        Tables::new(declarations).fingerprint("items")
    }

    #[test]
    fn every_process_of_a_build_says_the_same_of_a_table() {
        let expected = "22af069a30278d2564e27473824a637e";
        assert_eq!(format!("{:?}", of_items([items(&[shelf()])])), expected);
        let slug = LookupDeclaration { columns: &["slug"], is_unique: true, ..shelf() };
        let one = of_items([items(&[shelf(), slug.clone()])]);
        assert_eq!(one, of_items([items(&[slug.clone(), shelf()])]), "in another order");
        assert_eq!(one, of_items([items(slice::from_ref(&slug)), items(&[shelf()])]), "by two models");
        assert_eq!(one, of_items([items(slice::from_ref(&slug)), items(&[shelf(), slug.clone()])]), "twice");
    }

    #[test]
    fn whatever_decides_what_a_write_changes_is_in_it() {
        let with = |lookup| of_items([items(&[lookup])]);
        let mut other_key = items(&[shelf()]);
        other_key.key.0 = "ext".into();
        let mut other_type = items(&[shelf()]);
        other_type.key.1 = NamedType::of::<String>();
        let mut child = items(&[]);
        child.table = "parts".into();
        child.dependencies = vec![Dependency::CascadedBy("items".into())];
        let all = [
            of_items([]),
            of_items([items(&[])]),
            of_items([items(&[]), child]),
            of_items([other_key]),
            of_items([other_type]),
            with(shelf()),
            with(LookupDeclaration { columns: &["shelf", "id"], ..shelf() }),
            with(LookupDeclaration { columns: &["id", "shelf"], ..shelf() }),
            with(LookupDeclaration { columns: &["shelf", "i", "d"], ..shelf() }),
            with(LookupDeclaration { is_exact: false, ..shelf() }),
            with(LookupDeclaration { is_fixed: true, ..shelf() }),
            with(LookupDeclaration { is_unique: true, ..shelf() }),
            with(LookupDeclaration { normalizer: Some(NamedType::of::<u8>()), ..shelf() }),
            with(LookupDeclaration { normalizer: Some(NamedType::of::<u16>()), ..shelf() }),
            with(LookupDeclaration { value: NamedType::of::<String>(), ..shelf() }),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
    }

    #[test]
    fn a_table_that_others_go_with_is_declared_though_no_model_has_it() {
        let mut child = items(&[]);
        child.dependencies = vec![Dependency::CascadedBy("orders".into())];
        let tables = Tables::new([child.clone()]);
        assert_ne!(tables.fingerprint("orders"), Tables::default().fingerprint("orders"));
        assert_eq!(tables.fingerprint("others"), Tables::default().fingerprint("orders"));
        // Every write changes `any`, whoever depends on it.
        child.dependencies = vec![Dependency::DependsOn("orders".into())];
        assert_eq!(Tables::new([child]).fingerprint("orders"), Tables::default().fingerprint("orders"));
    }

    #[test]
    fn what_reads_depend_on_is_told_apart() {
        let of = |dependencies: &[Dependency]| {
            Tables::new([Declaration { dependencies: dependencies.to_vec(), ..items(&[]) }]).dependencies()
        };
        let [cascade, votes] = [Dependency::CascadedBy("orders".into()), Dependency::DependsOn("votes".into())];
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[cascade.clone(), votes.clone()]), of(&[votes.clone(), cascade.clone(), votes.clone()]));
        let all = [of(&[]), of(&[cascade]), of(&[votes]), of(&[Dependency::DependsOn("orders".into())])];
        assert!((0..all.len()).all(|at| !all[..at].contains(&all[at])));
    }
}
