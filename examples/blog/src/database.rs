//! The service on SQLite: its connections, the type of its keys, and databases of a folder that is gone at the end.

use std::error::Error;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Binary;
use diesel::sqlite::Sqlite;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use uuid::Uuid;

use crate::blog::{Blog, SCHEMA};

pub(crate) type Conn = SqliteConnection;

/// SQLite has no type for UUIDs: they are 16 bytes. On PostgreSQL this is `diesel::sql_types::Uuid`.
pub(crate) use diesel::sql_types::Binary as Key;

/// A UUID, for which Diesel has no column of SQLite. On PostgreSQL this is `uuid::Uuid` itself.
///
/// Its bytes are the value, so that its `Eq` means what the database's `=` does. With its derived `Debug` and `Deserialize` plain
/// statements are exact by it too.
#[derive(
    AsExpression, Clone, Copy, Debug, Default, Deserialize, Eq, FromSqlRow, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[diesel(sql_type = Binary)]
pub(crate) struct Id(Uuid);

impl ToSql<Binary, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(&self.0.as_bytes()[..]);
        Ok(IsNull::No)
    }
}

impl FromSql<Binary, Sqlite> for Id {
    fn from_sql(bytes: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes: Vec<u8> = FromSql::<Binary, Sqlite>::from_sql(bytes)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

pub(crate) const fn id_of(uuid: Uuid) -> Id {
    Id(uuid)
}

/// What the keys are in `schema.sql`.
pub(crate) const KEY: &str = "BLOB";

/// Databases that are gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Databases {
    folder: TempDir,
}

impl Databases {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    pub(crate) fn url(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A blog without users in the database at `url`.
    pub(crate) fn blog(&self, url: &str) -> Result<Blog, Box<dyn Error>> {
        Blog::new(url, &SCHEMA.replace("{key}", KEY))
    }
}
