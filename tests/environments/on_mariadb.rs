//! Servers of MariaDB: two behind one URL, one that takes no writes.

use cache_diesel::prelude::*;
use cache_diesel::{Bypass, Kind};
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;

use crate::mariadb_server::MariadbServer;
use crate::program::{Note, Program, Reads, cache, install, notes, prefix, schema};

#[test]
fn a_server_of_mariadb_is_itself_in_every_process_and_no_other_one_at_its_address() {
    let (prefix, staging) = (prefix(), MariadbServer::start());
    staging.execute("shop", &schema("staging"));
    let (port, program) = (staging.port(), Program::at(&prefix, &staging.url("shop")));
    assert_eq!([(); 2].map(|()| program.run()), [("staging".into(), false), ("staging".into(), true)]);
    program.clone().first("UPDATE notes SET title = 'new'").without_reads().run();
    assert_eq!([(); 2].map(|()| program.run()), [("new".into(), false), ("new".into(), true)]);
    drop(staging);
    let production = MariadbServer::start_at(port);
    production.execute("shop", &schema("production"));
    assert_eq!([(); 2].map(|()| program.run()), [("production".into(), false), ("production".into(), true)]);
}

#[test]
fn what_a_server_that_takes_no_writes_says_is_not_stored_until_it_takes_them() {
    let server = MariadbServer::start();
    server.execute("shop", &schema("old"));
    let name = prefix();
    install();
    caches::configure([(name.as_str(), cache(&name))]).unwrap();
    server.execute("mysql", "SET GLOBAL read_only = 1");
    let mut conn = MysqlConnection::establish(&server.url("shop")).unwrap();
    let title = |conn: &mut MysqlConnection| {
        let entry = Note::cached_in(&name).get(1).entry(conn).unwrap();
        (entry.value.title.clone(), entry.is_hit())
    };
    assert_eq!([(); 2].map(|()| title(&mut conn)), [("old".into(), false), ("old".into(), false)]);
    let bypasses = caches::get(&name).unwrap().statistics().bypasses;
    assert_eq!(bypasses[&("note".to_owned(), Kind::Detail)][&Bypass::Replica], 2);
    server.execute("mysql", "SET GLOBAL read_only = 0");
    assert_eq!([(); 2].map(|()| title(&mut conn)), [("old".into(), false), ("old".into(), true)]);
    diesel::update(notes::table.find(1)).set(notes::title.eq("new")).execute(&mut conn).unwrap();
    assert_eq!(title(&mut conn), ("new".into(), false));
}

#[test]
fn a_name_that_the_program_gives_joins_two_servers() {
    let (primary, copy) = (MariadbServer::start(), MariadbServer::start());
    primary.execute("shop", &schema("old"));
    copy.execute("shop", &schema("late"));
    let name = prefix();
    install();
    caches::configure([(name.as_str(), cache(&name))]).unwrap();
    let open = |server: &MariadbServer| {
        let mut conn = MysqlConnection::establish(&server.url("shop")).unwrap();
        cache_diesel::identify(&mut conn, &name).unwrap();
        conn
    };
    let (mut writer, mut reader) = (open(&primary), open(&copy));
    cache_diesel::replica(&mut reader).unwrap();
    let title = |conn: &mut MysqlConnection| {
        let entry = Note::cached_in(&name).get(1).entry(conn).unwrap();
        (entry.value.title.clone(), entry.is_hit())
    };
    assert_eq!(title(&mut reader), ("late".into(), false));
    assert_eq!(title(&mut writer), ("old".into(), false));
    assert_eq!(title(&mut reader), ("old".into(), true));
    diesel::update(notes::table.find(1)).set(notes::title.eq("new")).execute(&mut writer).unwrap();
    assert_eq!(title(&mut reader), ("late".into(), false));
    assert_eq!(title(&mut writer), ("new".into(), false));
    let mut unnamed = MysqlConnection::establish(&copy.url("shop")).unwrap();
    cache_diesel::replica(&mut unnamed).unwrap();
    assert_eq!(unnamed.note(), ("late".into(), false));
}
