//! A collation that another process changes: what this one was told before does not hold.

use cache_diesel::__private::{Mistake, with_planted};
use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::postgres_server::PostgresServer;
use crate::program::{Program, cache, install, prefix};

diesel::table! {
    lettered (name) { name -> Text, note -> Text, }
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable, serde::Serialize, serde::Deserialize)]
#[diesel(table_name = lettered, primary_key(name))]
struct Lettered {
    name: String,
    note: String,
}

const SCHEMA: &[&str] = &[
    "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    "CREATE TABLE lettered (name TEXT PRIMARY KEY, note TEXT NOT NULL)",
    "INSERT INTO lettered VALUES ('ann', 'old'), ('ben', 'old')",
];

/// Reads before and after another process has the names compared without regard to case, and writes by other letters.
fn read_around_a_change() {
    let (prefix, server) = (prefix(), PostgresServer::start());
    server.execute("postgres", &["CREATE DATABASE shop"]);
    server.execute("shop", SCHEMA);
    let url = server.url("shop");
    install();
    caches::configure([(prefix.as_str(), cache(&prefix))]).unwrap();
    let manager = Lettered::cached_in(&prefix);
    let read = |conn: &mut PgConnection| {
        let cached = ["ann", "ben"].map(|name| manager.get(name).first(conn).unwrap().note.clone());
        let plain = ["ann", "ben"].map(|name| lettered::table.find(name).first::<Lettered>(conn).unwrap().note);
        assert_eq!(cached, plain);
        ["ann", "ben"].map(|name| manager.get(name).entry(conn).unwrap().is_hit())
    };
    let update = |name: &'static str, note: &'static str| {
        diesel::update(lettered::table.find(name)).set(lettered::note.eq(note))
    };
    let [mut conn, mut writer] = [(); 2].map(|()| PgConnection::establish(&url).unwrap());
    read(&mut conn);
    read(&mut conn);
    assert_eq!(update("ann", "new").execute(&mut writer), Ok(1));
    assert!(manager.get("ben").entry(&mut conn).unwrap().is_hit(), "names are compared byte by byte");

    let change = "ALTER TABLE lettered ALTER name TYPE TEXT COLLATE nocase";
    Program::at(&prefix, &url).first(change).without_reads().run();
    // Plans whose columns have changed are refused.
    let [mut conn, mut writer] = [(); 2].map(|()| PgConnection::establish(&url).unwrap());
    read(&mut conn);
    read(&mut conn);
    assert_eq!(update("ANN", "other letters").execute(&mut writer), Ok(1));
    read(&mut conn);
    assert_eq!(manager.write(update("BEN", "other letters")).execute(&mut writer), Ok(1));
    read(&mut conn);
}

#[test]
fn a_collation_that_another_process_changes_is_asked_for_anew() {
    read_around_a_change();
}

#[test]
fn what_was_believed_before_another_process_changed_it_is_found_where_it_is_planted() {
    let read = || with_planted(Mistake::Structures, read_around_a_change);
    assert!(std::panic::catch_unwind(read).is_err());
}
