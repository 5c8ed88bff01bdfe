//! Reads on a standby of PostgreSQL that is behind: served, never stored, until it is promoted.

use std::time::{Duration, Instant};

use cache_diesel::prelude::*;
use cache_diesel::{Bypass, Kind};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::postgres_server::PostgresServer;
use crate::program::{Note, cache, install, notes, prefix, schema};

/// A primary with a note, its standby that is far behind, and managers in a cache of their own.
struct Pair {
    primary: PostgresServer,
    standby: PostgresServer,
    name: String,
}

impl Pair {
    fn start() -> Self {
        let primary = PostgresServer::start();
        primary.execute("postgres", &["CREATE DATABASE shop"]);
        primary.execute("shop", &[&schema("old")]);
        // It applies at once what is older than its delay; the rest of the test is younger.
        let standby = primary.standby(Duration::from_secs(3600));
        install();
        let name = prefix();
        caches::configure([(name.as_str(), cache(&name))]).unwrap();
        Self { primary, standby, name }
    }

    fn writer(&self) -> PgConnection {
        PgConnection::establish(&self.primary.url("shop")).unwrap()
    }

    fn reader(&self) -> PgConnection {
        PgConnection::establish(&self.standby.url("shop")).unwrap()
    }

    fn title(&self, conn: &mut PgConnection) -> (String, bool) {
        let entry = Note::cached_in(&self.name).get(1).entry(conn).unwrap();
        (entry.value.title.clone(), entry.is_hit())
    }

    /// Every kind of read.
    fn read_all(&self, conn: &mut PgConnection) -> Vec<String> {
        let notes = Note::cached_in(&self.name);
        let of = |rows: Vec<Note>| rows.into_iter().map(|row| row.title).collect::<Vec<_>>();
        let mut titles = of(notes.every().load(conn).unwrap().to_vec());
        titles.push(notes.get(1).first(conn).unwrap().title.clone());
        titles.push(notes.get(1).refresh().first(conn).unwrap().title.clone());
        let many = notes.get_many([1, 2]).load(conn).unwrap();
        titles.extend(many.iter().flatten().map(|row| row.title.clone()));
        titles.push(notes.every().count(conn).unwrap().to_string());
        titles
    }

    fn write(&self, title: &str) {
        diesel::update(notes::table.find(1)).set(notes::title.eq(title)).execute(&mut self.writer()).unwrap();
    }

    fn stored(&self) -> u64 {
        caches::get(&self.name).unwrap().statistics().total().store_count
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_standby_that_is_behind_is_read_and_never_stored_until_it_is_promoted() {
    let pair = Pair::start();
    let (mut writer, mut reader) = (pair.writer(), pair.reader());
    pair.write("new");
    assert_eq!(pair.read_all(&mut reader), words(&["old", "old", "old", "old", "1"]));
    assert_eq!(pair.stored(), 0);
    let bypassed = caches::get(&pair.name).unwrap().statistics().bypasses;
    assert!(bypassed[&("note".to_owned(), Kind::Detail)][&Bypass::Replica] > 0);

    // What the primary stores is served on the standby, by another URL, and not removed.
    for _ in 0..2 {
        assert_eq!(pair.read_all(&mut writer), words(&["new", "new", "new", "new", "1"]));
    }
    let stored = pair.stored();
    assert_eq!(pair.title(&mut reader), ("new".into(), true));
    assert_eq!(pair.read_all(&mut reader), words(&["new", "new", "old", "new", "1"]));
    assert_eq!(pair.title(&mut writer), ("new".into(), true));
    assert_eq!(pair.stored(), stored);

    // A write ends it; the standby stores nothing in its place.
    pair.write("newer");
    assert_eq!(pair.title(&mut reader), ("old".into(), false));
    assert_eq!(pair.title(&mut writer), ("newer".into(), false));

    // A connection from before the promotion stores from then on, in the same place.
    drop(writer);
    let Pair { primary, standby, name } = pair;
    await_everything(&primary, &standby);
    drop(primary);
    standby.execute("postgres", &["ALTER SYSTEM SET recovery_min_apply_delay = 0", "SELECT pg_reload_conf()"]);
    standby.execute("postgres", &["SELECT pg_promote(true, 60)"]);
    let titles = |conn: &mut PgConnection| {
        let entry = Note::cached_in(&name).get(1).entry(conn).unwrap();
        (entry.value.title.clone(), entry.is_hit())
    };
    assert_eq!(titles(&mut reader), ("newer".into(), true), "what the former primary stored is its own");
    diesel::update(notes::table.find(1)).set(notes::title.eq("promoted")).execute(&mut reader).unwrap();
    assert_eq!([(); 2].map(|()| titles(&mut reader)), [("promoted".into(), false), ("promoted".into(), true)]);
}

/// Waits until the standby has got all that was written.
fn await_everything(primary: &PostgresServer, standby: &PostgresServer) {
    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = diesel::sql_types::Text)]
        place: String,
    }
    let place = |server: &PostgresServer, sql: &str| {
        let mut conn = PgConnection::establish(&server.url("postgres")).unwrap();
        diesel::sql_query(sql).get_result::<Place>(&mut conn).unwrap().place
    };
    let written = place(primary, "SELECT pg_current_wal_lsn()::text AS place");
    let got = format!("SELECT (pg_last_wal_receive_lsn() >= '{written}')::text AS place");
    let until = Instant::now() + Duration::from_secs(20);
    while place(standby, &got) != "true" {
        assert!(Instant::now() < until, "the standby gets what is written");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_connection_that_is_marked_is_a_replica_whatever_the_server_says() {
    let pair = Pair::start();
    let mut marked = pair.writer();
    cache_diesel::replica(&mut marked).unwrap();
    assert_eq!([(); 2].map(|()| pair.title(&mut marked)), [("old".into(), false), ("old".into(), false)]);
    assert_eq!(pair.stored(), 0);
    let mut writer = pair.writer();
    assert_eq!(pair.title(&mut writer), ("old".into(), false));
    assert_eq!(pair.title(&mut marked), ("old".into(), true));
    // Its writes count as everybody's.
    marked.batch_execute("UPDATE notes SET title = 'new'").unwrap();
    assert_eq!(pair.title(&mut writer), ("new".into(), false));
}
