//! A music shop of five tables in memory.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;

diesel::table! {
    artists (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    albums (id) {
        id -> Integer,
        artist_id -> Integer,
        title -> Text,
    }
}

diesel::table! {
    tracks (id) {
        id -> Integer,
        album_id -> Integer,
        name -> Text,
        price_cents -> BigInt,
    }
}

diesel::table! {
    invoices (id) {
        id -> Integer,
        country -> Text,
    }
}

diesel::table! {
    invoice_lines (id) {
        id -> Integer,
        invoice_id -> Integer,
        track_id -> Integer,
        quantity -> BigInt,
    }
}

diesel::table! {
    visits (id) {
        id -> Integer,
        page -> Text,
    }
}

diesel::joinable!(albums -> artists (artist_id));
diesel::joinable!(tracks -> albums (album_id));
diesel::joinable!(invoice_lines -> tracks (track_id));
diesel::joinable!(invoice_lines -> invoices (invoice_id));
diesel::allow_tables_to_appear_in_same_query!(artists, albums, tracks, invoices, invoice_lines);

/// Opens the shop with what is in it at the beginning.
pub(crate) fn open() -> Result<SqliteConnection, Box<dyn std::error::Error>> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    conn.batch_execute(SCHEMA)?;
    Ok(conn)
}

/// What was sold, for how much, by whom and to where: a join of five tables, plain Diesel.
pub(crate) fn sold(conn: &mut SqliteConnection, country: &str) -> QueryResult<Vec<(String, i64, i64)>> {
    invoice_lines::table
        .inner_join(invoices::table)
        .inner_join(tracks::table.inner_join(albums::table.inner_join(artists::table)))
        .filter(invoices::country.eq(country))
        .order(invoice_lines::id)
        .select((artists::name, invoice_lines::quantity, tracks::price_cents))
        .load(conn)
}

const SCHEMA: &str = "
    CREATE TABLE artists (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
    CREATE TABLE albums (id INTEGER PRIMARY KEY NOT NULL, artist_id INTEGER NOT NULL, title TEXT NOT NULL);
    CREATE TABLE tracks (
        id INTEGER PRIMARY KEY NOT NULL, album_id INTEGER NOT NULL, name TEXT NOT NULL, price_cents BIGINT NOT NULL
    );
    CREATE TABLE invoices (id INTEGER PRIMARY KEY NOT NULL, country TEXT NOT NULL);
    CREATE TABLE invoice_lines (
        id INTEGER PRIMARY KEY NOT NULL, invoice_id INTEGER NOT NULL, track_id INTEGER NOT NULL, quantity BIGINT NOT NULL
    );
    CREATE TABLE visits (id INTEGER PRIMARY KEY NOT NULL, page TEXT NOT NULL);
    INSERT INTO artists VALUES (1, 'Nina'), (2, 'Miles');
    INSERT INTO albums VALUES (1, 1, 'Wild'), (2, 2, 'Blue');
    INSERT INTO tracks VALUES (1, 1, 'Four', 99), (2, 1, 'Lilac', 129), (3, 2, 'So What', 199);
    INSERT INTO invoices VALUES (1, 'France'), (2, 'Chile'), (3, 'France');
    INSERT INTO invoice_lines VALUES (1, 1, 1, 2), (2, 1, 3, 1), (3, 2, 2, 5), (4, 3, 3, 3);
    INSERT INTO visits VALUES (1, 'home');
";
