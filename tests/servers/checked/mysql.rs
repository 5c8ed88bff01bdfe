//! What MariaDB does by itself is compared with what models declare.

use cache_diesel::Trap;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::checked::{by_cause, table, traps_of_all};

fn found(schema: &str) -> crate::checked::Found {
    let database = tests::servers::mysql::fresh_database();
    let mut conn = MysqlConnection::establish(database.url()).unwrap();
    conn.batch_execute(schema).unwrap();
    crate::checked::found(&cache_diesel::check(&mut conn).unwrap())
}

#[test]
fn traps_of_all_databases_are_found() {
    traps_of_all(found);
}

fn with(more: &str) -> String {
    table("check_logs", "") + &table("check_said_sums", "") + &table("check_slugs", "") + more
}

#[test]
fn a_trigger_that_writes_another_table_is_found() {
    for body in [
        "UPDATE check_sums SET slug = 'New'",
        "UPDATE check_logs l JOIN check_sums s ON s.id = l.id SET s.slug = 'New'",
        "INSERT IGNORE check_sums VALUES (1, 2, 'New')",
        "BEGIN IF NEW.id > 1 THEN DELETE s FROM check_slugs s2 JOIN check_sums s ON s.id = s2.id; END IF; END",
    ] {
        let trigger = format!("CREATE TRIGGER logged AFTER INSERT ON check_logs FOR EACH ROW {body}");
        let found = by_cause(found(&with(&(table("check_sums", "") + &trigger))));
        let expected = ["check_sums", "logged", "depends_on(check_logs)"].map(str::to_owned);
        assert!(found.contains(&expected), "{body}: {found:?}");
    }
    let said = "CREATE TRIGGER logged AFTER INSERT ON check_logs FOR EACH ROW DELETE FROM check_said_sums";
    assert_eq!(found(&with(said)), []);
}

#[test]
fn a_trigger_that_calls_a_procedure_is_found() {
    let calls = "CREATE PROCEDURE note() DELETE FROM check_slugs; \
                 CREATE TRIGGER called AFTER INSERT ON check_slugs FOR EACH ROW CALL note()";
    let found = found(&with(calls));
    assert_eq!((found.len(), found[0].1, found[0].2.as_str()), (1, Trap::Unfollowed, "called"));
}

#[test]
fn a_trigger_that_computes_a_unique_value_is_found() {
    let sets = "CREATE TRIGGER slugged BEFORE UPDATE ON check_slugs FOR EACH ROW SET NEW.slug = LOWER(NEW.up_id)";
    assert_eq!(by_cause(found(&with(sets))), [["check_slugs", "slug", "depends_on(CheckSlug)"]]);
}

#[test]
fn a_view_is_found() {
    let view =
        "CREATE VIEW check_sums AS SELECT l.id, l.up_id, s.slug FROM check_logs l JOIN check_slugs s ON s.id = l.id";
    assert_eq!(
        by_cause(found(&with(view))),
        [["check_sums", "check_sums", "depends_on(CheckSlug)"], ["check_sums", "check_sums", "depends_on(check_logs)"]]
    );
}

#[test]
fn tables_without_transactions_are_found() {
    for engine in ["MyISAM", "Aria", "MEMORY"] {
        let schema =
            format!("CREATE TABLE check_sums (id INT PRIMARY KEY, up_id INT, slug VARCHAR(40)) ENGINE = {engine}");
        let found = found(&schema);
        assert_eq!(
            by_cause(found),
            [["check_sums", engine, "run `ALTER TABLE check_sums ENGINE = InnoDB`"]].map(|it| it.map(str::to_owned))
        );
    }
}
