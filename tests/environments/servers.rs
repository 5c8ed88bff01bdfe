//! Servers of PostgreSQL: two behind one URL, one behind two, one that may not be asked who it is.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::pooler::Pooler;
use crate::postgres_server::PostgresServer;
use crate::program::{Note, Program, cache, install, notes, prefix, schema};

/// A server with a database that has a note called `title`.
fn environment(server: PostgresServer, title: &str) -> PostgresServer {
    server.execute("postgres", &["CREATE DATABASE shop"]);
    server.execute("shop", &[&schema(title)]);
    server
}

#[test]
fn one_url_that_leads_to_two_servers_is_two_databases() {
    let prefix = prefix();
    let staging = environment(PostgresServer::start(), "staging");
    let (port, program) = (staging.port(), Program::at(&prefix, &staging.url("shop")));
    assert_eq!([(); 2].map(|()| program.run()), [("staging".into(), false), ("staging".into(), true)]);
    drop(staging);
    let _production = environment(PostgresServer::start_at(port), "production");
    assert_eq!([(); 2].map(|()| program.run()), [("production".into(), false), ("production".into(), true)]);
}

#[test]
fn a_database_that_was_dropped_and_made_again_has_none_of_its_entries() {
    let (prefix, server) = (prefix(), environment(PostgresServer::start(), "old"));
    let program = Program::at(&prefix, &server.url("shop"));
    assert_eq!([(); 2].map(|()| program.run()), [("old".into(), false), ("old".into(), true)]);
    server.execute("postgres", &["DROP DATABASE shop", "CREATE DATABASE shop"]);
    server.execute("shop", &[&schema("new")]);
    assert_eq!(program.run(), ("new".into(), false));
}

#[test]
fn a_pooler_that_renames_a_database_leads_to_the_same_entries_and_tags() {
    let (prefix, server) = (prefix(), environment(PostgresServer::start(), "old"));
    let pooler = Pooler::start(server.port(), "shop_ro", "shop");
    let (direct, renamed) =
        (Program::at(&prefix, &server.url("shop")), Program::at(&prefix, &pooler.url("shop_ro")));
    assert_eq!(direct.run(), ("old".into(), false));
    assert_eq!(renamed.run(), ("old".into(), true));

    // In one process: what a manager asked once counts for plain writes on every connection by that URL.
    install();
    caches::configure([(prefix.as_str(), cache(&prefix))]).unwrap();
    let note = |conn: &mut PgConnection| {
        let entry = Note::cached_in(&prefix).get(1).entry(conn).unwrap();
        (entry.value.title.clone(), entry.is_hit())
    };
    let [mut before, mut first] = [(); 2].map(|()| PgConnection::establish(&pooler.url("shop_ro")).unwrap());
    assert_eq!(note(&mut first), ("old".into(), true));
    let mut later = PgConnection::establish(&pooler.url("shop_ro")).unwrap();
    for (conn, title) in [(&mut before, "new"), (&mut first, "newer"), (&mut later, "newest")] {
        diesel::update(notes::table).set(notes::title.eq(title)).execute(conn).unwrap();
        assert_eq!(direct.run(), (title.to_owned(), false));
    }
    assert_eq!(note(&mut before), ("newest".into(), true));

    // By a URL that no manager was given, `track` asks.
    let elsewhere = format!("{}&connect_timeout=7", pooler.url("shop_ro"));
    let mut writer = PgConnection::establish(&elsewhere).unwrap();
    cache_diesel::track(&mut writer).unwrap();
    writer.batch_execute("UPDATE notes SET title = 'tracked'").unwrap();
    assert_eq!(direct.run(), ("tracked".into(), false));
}

#[test]
fn a_role_that_may_not_ask_which_server_it_is_shares_entries_until_that_is_started_anew() {
    let (prefix, server) = (prefix(), environment(PostgresServer::start(), "one"));
    server.execute(
        "shop",
        &[
            "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
            "CREATE ROLE ann LOGIN",
            "GRANT ALL ON notes TO ann",
        ],
    );
    let program = Program::at(&prefix, &server.url("shop").replace("postgres@", "ann@"));
    assert_eq!([(); 2].map(|()| program.run()), [("one".into(), false), ("one".into(), true)]);
    program.clone().first("UPDATE notes SET title = 'new'").without_reads().run();
    assert_eq!([(); 2].map(|()| program.run()), [("new".into(), false), ("new".into(), true)]);
}
