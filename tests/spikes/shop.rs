//! Two tables with a one-to-many and a many-to-many relation, and the models over them.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

diesel::table! { artists (id) { id -> Integer, name -> Text, } }
diesel::table! { albums (id) { id -> Integer, artist_id -> Integer, title -> Text, } }
diesel::table! { tracks (id) { id -> Integer, album_id -> Integer, name -> Text, } }

diesel::joinable!(albums -> artists (artist_id));
diesel::joinable!(tracks -> albums (album_id));
diesel::allow_tables_to_appear_in_same_query!(albums, artists, tracks);

#[derive(Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
pub struct Artist {
    pub id: i32,
    pub name: String,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Artist))]
pub struct Album {
    pub id: i32,
    pub artist_id: i32,
    pub title: String,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Album))]
pub struct Track {
    pub id: i32,
    pub album_id: i32,
    pub name: String,
}

/// A database file with a few rows; it is gone when the path is dropped.
pub fn database() -> tempfile::TempPath {
    install();
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
    conn.batch_execute(
        "CREATE TABLE artists (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
         CREATE TABLE albums (id INTEGER PRIMARY KEY NOT NULL, artist_id INTEGER NOT NULL, title TEXT NOT NULL);
         CREATE TABLE tracks (id INTEGER PRIMARY KEY NOT NULL, album_id INTEGER NOT NULL, name TEXT NOT NULL);
         INSERT INTO artists VALUES (1, 'Ada'), (2, 'Bo');
         INSERT INTO albums VALUES (10, 1, 'Dawn'), (11, 1, 'Dusk'), (12, 2, 'Noon');
         INSERT INTO tracks VALUES (100, 10, 'a'), (101, 10, 'b'), (102, 12, 'c');",
    )
    .unwrap();
    path
}

fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| cache_diesel::install(Cache::memory()).unwrap());
}
