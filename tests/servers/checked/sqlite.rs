//! What SQLite does by itself is compared with what models declare.

use cache_diesel::Trap;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::checked::chinook::silent_on_chinook;
use crate::checked::schemas::{Engine, every_trap_is_found};
use crate::checked::{CheckBin, by_cause, check_bins, silent_for_all, table};

fn found(schema: &str) -> crate::checked::Found {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    conn.batch_execute(schema).unwrap();
    crate::checked::found(&cache_diesel::check(&mut conn).unwrap())
}

#[test]
fn traps_of_all_databases_are_found() {
    every_trap_is_found(Engine::Sqlite, found);
}

#[test]
fn nothing_is_found_where_nothing_has_to_be_declared() {
    silent_for_all(found);
    silent_on_chinook(found, "\"");
}

fn with_trigger(trigger: &str) -> String {
    table("check_logs", "")
        + &table("check_sums", "")
        + &table("check_said_sums", "")
        + &table("check_slugs", "")
        + trigger
}

fn sum() -> [[String; 3]; 1] {
    [["check_sums", "logged", "depends_on(check_logs)"].map(str::to_owned)]
}

#[test]
fn a_trigger_that_writes_another_table_is_found() {
    for body in [
        "UPDATE check_sums SET slug = 'New'",
        "INSERT OR REPLACE INTO check_sums VALUES (1, 2, 'New')",
        "DELETE FROM \"check_sums\" WHERE id = NEW.id",
        "REPLACE INTO [Check_Sums] VALUES (1, 2, 'New')",
    ] {
        let schema = with_trigger(&format!("CREATE TRIGGER logged AFTER INSERT ON check_logs BEGIN {body}; END;"));
        assert_eq!(by_cause(found(&schema)), sum(), "{body}");
    }
    let said = "CREATE TRIGGER logged AFTER INSERT ON check_logs BEGIN DELETE FROM check_said_sums; END;";
    assert_eq!(found(&with_trigger(said)), []);
}

#[test]
fn a_trigger_that_writes_other_rows_of_its_table_is_found() {
    let trigger = |condition: &str| {
        with_trigger(&format!(
            "CREATE TRIGGER logged AFTER UPDATE OF up_id ON check_sums BEGIN UPDATE check_sums SET slug = 'New' {condition}; END;"
        ))
    };
    assert_eq!(by_cause(found(&trigger("WHERE up_id = NEW.id"))), [["check_sums", "logged", "depends_on(CheckSum)"]]);
    assert_eq!(found(&trigger("WHERE id = NEW.id")), [], "the row that fired it");
    assert_eq!(found(&trigger("WHERE rowid = OLD.rowid")), []);
}

#[test]
fn a_scope_that_a_trigger_sets_after_an_insert_is_found() {
    let trigger = |column: &str| {
        let body = format!("UPDATE check_bins SET {column} = 7 WHERE id = NEW.id");
        table("check_bins", "") + &format!("CREATE TRIGGER binned AFTER INSERT ON check_bins BEGIN {body}; END;")
    };
    assert_eq!(by_cause(found(&trigger("up_id"))), [["check_bins", "up_id", "depends_on(CheckBin)"]]);
    assert_eq!(found(&trigger("slug")), []);
}

/// The library asks for triggers by itself, before it stores the first list.
#[test]
fn a_row_that_a_trigger_moves_after_its_insert_is_in_the_list_of_its_new_scope() {
    cache_diesel::install(cache_diesel::Cache::memory()).unwrap();
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    let trigger = "CREATE TRIGGER binned AFTER INSERT ON check_bins BEGIN UPDATE check_bins SET up_id = 7 WHERE id = NEW.id; END;";
    conn.batch_execute(&(table("check_bins", "") + trigger)).unwrap();
    let bins = CheckBin::cached();
    let lengths =
        |conn: &mut SqliteConnection| [3, 7].map(|bin| bins.all_by_up_id(Some(bin)).load(conn).unwrap().len());
    assert_eq!(lengths(&mut conn), [0, 0]);
    let new = (check_bins::id.eq(1), check_bins::up_id.eq(3), check_bins::slug.eq("a"));
    assert_eq!(bins.insert(new).get_result(&mut conn).unwrap().up_id, Some(3), "the trigger comes after that");
    assert_eq!(lengths(&mut conn), [0, 1]);
}

#[test]
fn a_unique_value_that_is_compared_otherwise_than_its_type_says_is_found() {
    let of = |column: &str| format!("CREATE TABLE check_codes (id INTEGER PRIMARY KEY, code {column} NOT NULL UNIQUE)");
    let report = |column: &str| by_cause(found(&of(column)));
    let remedy = "give the column a type that compares bytes, or declare it as `Text` in `table!`";
    assert_eq!(report("TEXT COLLATE NOCASE"), [["check_codes", "code", remedy]]);
    assert_eq!(report("TEXT").len() + report("BLOB").len(), 0);
}

#[test]
fn a_virtual_table_whose_rows_are_kept_elsewhere_is_found() {
    let found = found("CREATE VIRTUAL TABLE check_sums USING dbstat");
    assert_eq!((found.len(), found[0].1), (1, Trap::Elsewhere));
}

#[test]
fn views_and_indexes_of_text_are_followed() {
    assert_eq!(found("CREATE VIRTUAL TABLE check_sums USING fts5(slug)"), []);
    assert_eq!(found("CREATE VIEW check_sums AS SELECT 1 AS id, 2 AS up_id, 'a' AS slug"), [], "a view is followed");
}
