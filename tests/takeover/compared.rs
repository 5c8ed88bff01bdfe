//! The server before and after, given the same requests, on both kinds of databases.

use std::sync::atomic::{AtomicUsize, Ordering};

use cache_diesel::prelude::*;
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use tests::servers::postgres::fresh_database;

use crate::schema::SCHEMA;
use crate::{after, before};

static SELECTS: AtomicUsize = AtomicUsize::new(0);

struct Selects;

impl Instrumentation for Selects {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { query, .. } if query.to_string().starts_with("SELECT")) {
            SELECTS.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// What a server says to a client's day, and how many SELECTs that takes. Every few requests the client syncs.
macro_rules! day {
    ($server:ident, $url:expr) => {{
        let conn = &mut $server::connect($url);
        conn.batch_execute(SCHEMA).unwrap();
        SELECTS.store(0, Ordering::SeqCst);
        let mut said = Vec::new();
        for device in ["phone", "phone", "laptop"] {
            said.push($server::login("Ann@Example.org", "stamp", device, conn));
            said.push($server::sync("ann", conn));
        }
        said.push($server::login("ann@example.org", "wrong", "phone", conn));
        said.push($server::sync("ann", conn));
        for name in ["home", "work"] {
            let folder = $server::Folder { uuid: name.into(), user_uuid: "ann".into(), name: name.to_uppercase() };
            $server::new_folder(folder, conn);
        }
        for (uuid, user, folder) in [("1", "ann", Some("home")), ("2", "ann", None), ("3", "bo", None)] {
            let cipher = $server::Cipher {
                uuid: uuid.into(),
                user_uuid: user.into(),
                folder_uuid: folder.map(String::from),
                name: format!("cipher {uuid}"),
                data: "***".into(),
            };
            $server::new_cipher(cipher, conn);
            said.extend(["ann", "ann", "bo"].map(|user| $server::sync(user, conn)));
        }
        for folder in [Some("work"), Some("home"), None] {
            $server::move_cipher("2", folder, conn);
            said.extend(["home", "work"].map(|folder| Some($server::folder(folder, "ann", conn))));
            said.extend(["1", "2", "3", "4"].map(|uuid| $server::cipher(uuid, conn)));
            said.push($server::sync("ann", conn));
        }
        said.push($server::rename("ann", "Anna", conn).map(|()| "renamed".into()));
        said.push($server::sync("ann", conn));
        $server::delete_folder("home", conn).unwrap();
        said.extend(["ann", "bo", "none"].map(|user| $server::sync(user, conn)));
        said.extend(["ann", "bo", "none"].map(|user| $server::sync(user, conn)));
        (said, SELECTS.load(Ordering::SeqCst))
    }};
}

#[test]
fn a_server_that_was_taken_over_answers_the_same_with_fewer_selects() {
    cache_diesel::install_with(Cache::memory(), || Some(Box::new(Selects))).unwrap();
    let (one, other) = (fresh_database(), fresh_database());
    for (url, after_url) in [(one.url(), other.url()), (":memory:", ":memory:")] {
        let (expected, plain) = day!(before, url);
        let (said, cached) = day!(after, after_url);
        assert_eq!(said, expected);
        println!("{cached} SELECTs instead of {plain}");
        assert!(cached * 2 < plain, "{cached} SELECTs instead of {plain}");
    }
}

#[test]
fn every_way_to_read_takes_such_a_connection() {
    let database = fresh_database();
    for url in [database.url(), ":memory:"] {
        let conn = &mut after::connect(url);
        conn.batch_execute(SCHEMA).unwrap();
        let users = after::User::cached();
        let named = || users.all("named", crate::schema::users::name.ne("")).order_by(crate::schema::users::uuid);
        assert_eq!(users.get("ann").entry(conn).unwrap().value.name, "Ann");
        assert_eq!(users.get("ann").require(conn).unwrap().name, "Ann");
        assert_eq!(users.get("ann").filter(crate::schema::users::failed_logins.eq(0)).first(conn).unwrap().name, "Ann");
        let many = users.get_many(["bo", "none"]).load(conn).unwrap();
        assert_eq!(many.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false]);
        assert_eq!(named().load(conn).unwrap().len(), 2);
        assert_eq!(named().first(conn).unwrap().uuid, "ann");
        assert_eq!(named().limit(1).load_and_count(conn).unwrap().total, 2);
        assert_eq!((users.every().count(conn).unwrap(), users.every().exists(conn).unwrap()), (2, true));
        let inside = conn.transaction(|conn| users.get("bo").first(conn)).unwrap();
        assert_eq!(inside.name, "Bo");
        diesel::delete(crate::schema::users::table.find("bo")).execute(conn).unwrap();
        assert_eq!(users.get("bo").first(conn).optional().unwrap().map(|user| user.name.clone()), None);
    }
}
