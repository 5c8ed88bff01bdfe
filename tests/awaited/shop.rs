//! A file of SQLite with albums.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::install;

diesel::table! { albums (id) { id -> Integer, artist_id -> Integer, title -> Text, } }

#[derive(Cached, Debug, PartialEq, Queryable, Selectable)]
pub struct Album {
    pub id: i32,
    pub artist_id: i32,
    pub title: String,
}

/// A database file with a few rows; it is gone when the path is dropped.
pub fn database() -> tempfile::TempPath {
    install();
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
    conn.batch_execute(
        "CREATE TABLE albums (id INTEGER PRIMARY KEY NOT NULL, artist_id INTEGER NOT NULL, title TEXT NOT NULL);
         INSERT INTO albums VALUES (10, 1, 'Dawn'), (11, 1, 'Dusk'), (12, 2, 'Noon');",
    )
    .unwrap();
    path
}
