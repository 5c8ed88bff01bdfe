//! What databases do by themselves is compared with what models declare. Traps that every database has are here.

use cache_diesel::prelude::*;
use cache_diesel::{CheckReport, Trap};
use diesel::prelude::*;

mod chinook;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod schemas;
mod sqlite;

/// What is found: the table, the trap, its cause, and the option that is to be added.
type Found = Vec<(String, Trap, String, String)>;

/// Generates models of tables that some tests make, each with columns enough for any.
macro_rules! models {
    ($($table:ident $([$($option:tt)*])?: $Model:ident),* $(,)?) => {$(
        diesel::table! { $table (id) { id -> Integer, up_id -> Nullable<Integer>, slug -> Text, } }

        #[derive(Cached, Clone, Queryable, Selectable)]
        #[diesel(table_name = $table)]
        $(#[cached($($option)*)])?
        #[allow(dead_code, reason = "it is compared with the database only")]
        struct $Model {
            id: i32,
            up_id: Option<i32>,
            slug: String,
        }
    )*};
}

/// The unique value compares bytes, by its type.
macro_rules! bytes {
    ($table:ident: $Model:ident) => {
        diesel::table! { $table (id) { id -> Integer, code -> Binary, } }

        #[derive(Cached, Clone, Queryable, Selectable)]
        #[diesel(table_name = $table)]
        #[cached(unique(code))]
        #[allow(dead_code, reason = "it is compared with the database only")]
        struct $Model {
            id: i32,
            code: Vec<u8>,
        }
    };
}

bytes!(check_codes: CheckCode);

diesel::table! { check_bare (id) { id -> Integer, } }
diesel::table! { check_logs (id) { id -> Integer, } }

models! {
    check_roots: CheckRoot,
    check_twigs: CheckTwig,
    check_leaves [cascaded_by(CheckTwig)]: CheckLeaf,
    check_fruits [cascaded_by(check_bare)]: CheckFruit,
    check_slugs [unique(slug)]: CheckSlug,
    check_bins [scope(up_id)]: CheckBin,
    check_own_slugs [unique(slug), depends_on(check_own_slugs)]: CheckOwnSlug,
    check_sums: CheckSum,
    check_said_sums [depends_on(check_logs)]: CheckSaidSum,
}

fn found(report: &CheckReport) -> Found {
    assert_eq!(report.is_clean(), report.findings().is_empty());
    let finding = |finding: &cache_diesel::Finding| {
        let remedy = finding.remedy.trim_start_matches("add `#[cached(").trim_end_matches(")]`");
        (finding.table.clone(), finding.trap, finding.cause.clone(), remedy.to_owned())
    };
    report.findings().iter().map(finding).collect()
}

/// Without what it is.
fn by_cause(found: Found) -> Vec<[String; 3]> {
    found.into_iter().map(|(table, _, cause, remedy)| [table, cause, remedy]).collect()
}

/// Without causes: SQLite has no names for foreign keys.
fn by_trap(found: Found) -> Vec<(String, Trap, String)> {
    found.into_iter().map(|(table, trap, _, remedy)| (table, trap, remedy)).collect()
}

fn table(name: &str, up: &str) -> String {
    let up = if up.is_empty() { String::new() } else { format!(", FOREIGN KEY (up_id) REFERENCES {up}") };
    format!("CREATE TABLE {name} (id INT PRIMARY KEY, up_id INT, slug VARCHAR(40) NOT NULL{up});")
}

/// What no database has a finding for; `found`: what is found in one schema.
fn silent_for_all(found: fn(&str) -> Found) {
    for action in ["", "ON DELETE RESTRICT", "ON UPDATE NO ACTION"] {
        let schema = table("check_roots", "") + &table("check_twigs", &format!("check_roots (id) {action}"));
        assert_eq!(found(&schema), [], "{action}");
    }
    let declared = table("check_twigs", "") + &table("check_leaves", "check_twigs (id) ON DELETE CASCADE");
    assert_eq!(found(&declared), []);
    assert_eq!(found(&table("check_slugs", "")), []);
    let bare = table("check_roots", "") + &table("check_bare", "check_roots (id) ON DELETE SET NULL");
    let rows_stay = bare + &table("check_fruits", "check_bare (id) ON DELETE CASCADE");
    assert_eq!(found(&rows_stay), []);
    assert_eq!(found(&schemas::generated("check_own_slugs")), [], "it depends on its own table");
    assert_eq!(found(&schemas::generated("check_roots")), [], "nobody looks it up");
}
