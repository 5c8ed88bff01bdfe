//! Opens the shop's database in a temporary folder: made up, or a copy of a file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tempfile::TempDir;

use crate::data;
use crate::error::{Error, Result};
use crate::models::{Album, Artist, Customer, Playlist, PlaylistTrack, Track};
use crate::schema::{albums, artists, customers, playlist_tracks, playlists, tracks};

/// A database that is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Database {
    folder: TempDir,
    url: String,
}

impl Database {
    /// A database with made-up rows.
    pub(crate) fn made_up() -> Result<Self> {
        let database = Self::new()?;
        let mut conn = database.connect()?;
        conn.batch_execute(include_str!("../schema.sql"))?;
        data::fill(&mut conn)?;
        Ok(database)
    }

    /// A copy of the database in the file at `path`, if that is one of this shop's shape.
    pub(crate) fn copy_of(path: &Path) -> Result<Self> {
        let name = path.display();
        check_file(path)?;
        let database = Self::new()?;
        copy(path, Path::new(&database.url))
            .map_err(|error| Error::new(format!("`{name}` cannot be copied: {error}")))?;
        check_shape(&mut database.connect()?)
            .map_err(|error| Error::new(format!("`{name}` is not a music shop of Chinook's shape: {error}")))?;
        Ok(database)
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> Result<SqliteConnection> {
        Ok(SqliteConnection::establish(&self.url)?)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &str {
        &self.url
    }

    /// Removes the database; to be called when no connection is open.
    pub(crate) fn remove(self) -> Result<()> {
        self.folder.close().map_err(|error| Error::new(format!("the temporary folder cannot be removed: {error}")))
    }

    fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("quickstart-").tempdir();
        let folder = folder.map_err(|error| Error::new(format!("no temporary folder can be made: {error}")))?;
        let path = folder.path().join("shop.sqlite");
        let url = path.to_str().ok_or_else(|| {
            Error::new(format!("the temporary folder's name is not Unicode, as it has to be: `{}`", path.display()))
        })?;
        Ok(Self { url: url.to_owned(), folder })
    }
}

/// SQLite takes an empty file for an empty database, and creates one that is missing: both are told apart here.
fn check_file(path: &Path) -> Result<()> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let name = path.display();
    let unreadable = |error: io::Error| Error::new(format!("`{name}` cannot be read: {error}"));
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::new(format!("there is no file `{name}`")));
        }
        metadata => metadata.map_err(unreadable)?,
    };
    if metadata.is_dir() {
        return Err(Error::new(format!("`{name}` is a folder, not a database file")));
    }
    if !metadata.is_file() {
        return Err(Error::new(format!("`{name}` is not a regular file")));
    }
    if metadata.len() == 0 {
        return Err(Error::new(format!("`{name}` is empty")));
    }
    let mut start = Vec::new();
    let reading = File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start));
    reading.map_err(unreadable)?;
    if start == MAGIC { Ok(()) } else { Err(Error::new(format!("`{name}` is not an SQLite database"))) }
}

/// Copies the database with what SQLite keeps beside it: what was committed may be there only.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    copy_content(from, to)?;
    for suffix in ["-journal", "-wal"] {
        let beside = with_suffix(from, suffix);
        if beside.is_file() {
            copy_content(&beside, &with_suffix(to, suffix))?;
        }
    }
    Ok(())
}

/// Unlike `fs::copy` it leaves the permissions alone: the copy of a read-only file has to be writable.
fn copy_content(from: &Path, to: &Path) -> io::Result<u64> {
    io::copy(&mut File::open(from)?, &mut File::create_new(to)?)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Reads a row of each table as its model: a table or a column that is missing makes SQLite refuse.
fn check_shape(conn: &mut SqliteConnection) -> core::result::Result<(), String> {
    let mut empty = None;
    macro_rules! check {
        ($($table:ident => $model:ty),*) => { $(
            let row = $table::table.select(<$model>::as_select()).first::<$model>(conn).optional();
            if row.map_err(|error| error.to_string())?.is_none() {
                empty = Some(stringify!($table).replace('_', " "));
            }
        )* };
    }
    check!(
        albums => Album, artists => Artist, customers => Customer,
        playlist_tracks => PlaylistTrack, playlists => Playlist, tracks => Track
    );
    // Told last: that a column is missing says more.
    empty.map_or(Ok(()), |rows| Err(format!("it has no {rows}")))
}
