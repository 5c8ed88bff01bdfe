//! What MariaDB does by itself is compared with what models declare.

use cache_diesel::Trap;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::checked::chinook::silent_on_chinook;
use crate::checked::schemas::{Engine, every_trap_is_found};
use crate::checked::{by_cause, silent_for_all, table};

fn found(schema: &str) -> crate::checked::Found {
    let database = tests::servers::mysql::fresh_database();
    let mut conn = MysqlConnection::establish(database.url()).unwrap();
    conn.batch_execute(schema).unwrap();
    crate::checked::found(&cache_diesel::check(&mut conn).unwrap())
}

#[test]
fn traps_of_all_databases_are_found() {
    every_trap_is_found(Engine::Mariadb, found);
}

fn with(more: &str) -> String {
    table("check_logs", "") + &table("check_said_sums", "") + &table("check_slugs", "") + more
}

#[test]
fn nothing_is_found_where_nothing_has_to_be_declared() {
    silent_for_all(found);
    silent_on_chinook(found, "`");
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
fn a_view_is_found() {
    let view =
        "CREATE VIEW check_sums AS SELECT l.id, l.up_id, s.slug FROM check_logs l JOIN check_slugs s ON s.id = l.id";
    assert_eq!(
        by_cause(found(&with(view))),
        [["check_sums", "check_sums", "depends_on(CheckSlug)"], ["check_sums", "check_sums", "depends_on(check_logs)"]]
    );
}

#[test]
fn a_unique_value_that_is_compared_otherwise_than_its_type_says_is_found() {
    let of = |column: &str| format!("CREATE TABLE check_codes (id INT PRIMARY KEY, code {column} NOT NULL UNIQUE)");
    let report = |column: &str| by_cause(found(&of(column)));
    let remedy = "give the column a type that compares bytes, or declare it as `Text` in `table!`";
    assert_eq!(report("VARCHAR(40) COLLATE utf8mb4_general_ci"), [["check_codes", "code", remedy]]);
    assert_eq!(report("VARBINARY(40)").len() + report("VARCHAR(40) COLLATE utf8mb4_nopad_bin").len(), 0);
}

#[test]
fn what_a_user_may_not_see_is_found() {
    let mut database = tests::servers::mysql::fresh_database();
    let url = database.create_user();
    let (user, name) = (user_of(&url), url.rsplit('/').next().unwrap().to_owned());
    let mut owner = MysqlConnection::establish(database.url()).unwrap();
    let cascade = table("check_roots", "") + &table("check_twigs", "check_roots (id) ON DELETE CASCADE");
    let view = "CREATE VIEW check_sums AS SELECT id, up_id, slug FROM check_logs";
    owner.batch_execute(&format!("{cascade} {}", with(view))).unwrap();
    let mut seen = |privileges: &str| {
        let grant = format!("REVOKE ALL ON {name}.* FROM {user}; GRANT {privileges} ON {name}.* TO {user}");
        owner.batch_execute(&grant).unwrap();
        let report = cache_diesel::check(&mut MysqlConnection::establish(&url).unwrap()).unwrap();
        by_cause(crate::checked::found(&report))
    };
    let is_unseen = |found: &[[String; 3]], cause: &str| found.iter().any(|finding| finding[1] == cause);
    let plain = seen("SELECT, INSERT, UPDATE, DELETE");
    assert!(is_unseen(&plain, "TRIGGER") && is_unseen(&plain, "SHOW VIEW"), "{plain:?}");
    let all = seen("ALL");
    assert!(!is_unseen(&all, "TRIGGER") && !is_unseen(&all, "SHOW VIEW"), "{all:?}");
    let cascades = |found: &[[String; 3]]| found.iter().filter(|finding| finding[0] == "check_twigs").count();
    assert_eq!((cascades(&plain), cascades(&all)), (1, 1), "{plain:?}");
}

/// The account that a URL names.
fn user_of(url: &str) -> String {
    let user = url.split("://").nth(1).unwrap().split([':', '@']).next().unwrap();
    format!("'{user}'@'%'")
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
