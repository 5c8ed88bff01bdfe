//! Lists the tags of reads, by the functions that the caches call.

use cache_core::protocol::fill::second_look;
use cache_core::protocol::read::Subject;
use cache_core::protocol::sharding::Sharding;
use cache_core::tables::{Declaration, LookupDeclaration, NamedType, Tables};
use cache_core::{Database, Fingerprint, KeyBytes, ManagerTags, Tag};

use crate::names::read_by_slug;
use crate::scenario::Scenario;
use crate::shop::{Read, Row};

pub(crate) fn seeds(subject: &Subject<'_>, read: Read) -> Vec<Tag> {
    match read {
        Read::Slug(_) => subject.unique(),
        _ => absent(subject, read),
    }
}

/// What the answer depends on if it is not one row that was found.
pub(crate) fn absent(subject: &Subject<'_>, read: Read) -> Vec<Tag> {
    match read {
        Read::Every => subject.list(None),
        Read::Row(row) => subject.absent_row(row.key()),
        Read::Scope => subject.scope(Some(scope())),
        Read::Slug(_) => subject.absent_unique(),
    }
}

pub(crate) fn late(subject: &Subject<'_>, row: Row) -> [Tag; 3] {
    second_look(subject.database.table(subject.table), row.key())
}

pub(crate) fn database() -> Database {
    Database::named("shop")
}

pub(crate) fn scope() -> Tag {
    database().table("products").scope(&["shelf"], KeyBytes::of(&7))
}

pub(crate) fn subject<'a>(named: &'a [String], tables: &'a Tables) -> Subject<'a> {
    let manager = ManagerTags::of(Fingerprint::of(&[b"product"]));
    let space = Fingerprint::of(&[b"shop"]);
    Subject { database: database(), space, manager, table: "products", named, tables, sharding: Sharding::Whole }
}

/// The table has a unique column where somebody reads by it, and a scope where somebody reads that.
pub(crate) fn tables(scenario: &Scenario) -> Tables {
    let lookup = |column: &'static [&'static str], is_unique| LookupDeclaration {
        columns: column,
        is_exact: true,
        is_fixed: false,
        is_unique,
        normalizer: None,
        value: NamedType::of::<String>(),
    };
    let slug = read_by_slug(scenario).then(|| lookup(&["slug"], true));
    let shelf = scenario.reads.iter().any(|read| matches!(read, Read::Scope)).then(|| lookup(&["shelf"], false));
    let key = ("id".to_owned(), NamedType::of::<i32>());
    let lookups = slug.into_iter().chain(shelf).collect();
    Tables::new([Declaration { table: "products".into(), key, lookups, dependencies: vec![] }])
}
