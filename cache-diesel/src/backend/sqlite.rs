//! SQLite: how values are bound, and which file a connection is on.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::path::{Path, PathBuf};

use diesel::connection::LoadConnection;
use diesel::query_builder::QueryFragment;
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use crate::backend::{Address, CacheBackend};
use crate::scan::Dialect;

impl CacheBackend for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;

    fn write_binds<Query: QueryFragment<Self>>(query: &Query, to: &mut dyn fmt::Write) -> QueryResult<()> {
        let mut binds = <Self as diesel::backend::Backend>::BindCollector::default();
        QueryFragment::<Self>::collect_binds(query, &mut binds, &mut (), &Self)?;
        // The collector prints the values as SQLite will get them, whatever their own `Debug` hides.
        write!(to, "{binds:?}").map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
    }

    fn identify<C: LoadConnection<Backend = Self>>(conn: &mut C) -> QueryResult<Address> {
        let attached: Vec<Attached> = load_attached(conn)?;
        let main =
            attached.iter().find(|database| database.name == "main").and_then(|database| database.file.as_deref());
        let reaches_others = attached.iter().any(|database| database.name != "main" && database.name != "temp");
        Ok(Address { reaches_others, ..address_of_path(main.unwrap_or_default()) })
    }

    fn has_raw_transaction<C: LoadConnection<Backend = Self>>(conn: &mut C) -> bool {
        // SQLite refuses a second BEGIN, and takes no lock for a first one before it is used.
        match conn.batch_execute("BEGIN") {
            Ok(()) => conn.batch_execute("ROLLBACK").is_err(),
            Err(_) => true,
        }
    }
}

#[derive(QueryableByName)]
struct Attached {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    file: Option<String>,
}

fn load_attached<C: LoadConnection<Backend = Sqlite>>(conn: &mut C) -> QueryResult<Vec<Attached>> {
    sql_query("PRAGMA database_list").load(conn)
}

/// What all connections to the database behind a connection URL have in common.
pub(crate) fn address_of_url(url: &str) -> Address {
    let uri = url.strip_prefix("file:").or_else(|| url.strip_prefix("sqlite://"));
    let Some(uri) = uri else { return address_of_path(if url == ":memory:" { "" } else { url }) };
    let uri = uri.split('#').next().unwrap_or_default();
    let (path, parameters) = uri.split_once('?').unwrap_or((uri, ""));
    let path = percent_decoded(without_authority(path));
    let has = |parameter: &str| parameters.split('&').any(|pair| percent_decoded(pair) == parameter);
    let is_memory = path == ":memory:" || has("mode=memory") || has("vfs=memdb");
    // A name in memory that connections share is one database for all of them.
    match (is_memory, has("cache=shared") || has("vfs=memdb")) {
        (true, true) => Address::shared(format!("sqlite:shared memory:{path}")),
        (true, false) => address_of_path(""),
        (false, _) => address_of_path(&path),
    }
}

/// The database in the file at `path`, by its canonical path; the empty path is a database of its own each time.
fn address_of_path(path: &str) -> Address {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if path.is_empty() {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        return Address::private(format!("sqlite:private:{}:{number}", std::process::id()));
    }
    Address::shared(format!("sqlite:{}", canonical(Path::new(path)).display()))
}

/// SQLite makes the file at the first access: until then only its folder can be followed.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        path.file_name().map_or(folder.clone(), |name| folder.join(name))
    })
}

/// A URI may name an empty authority or `localhost`: `file:///tmp/a` and `file:/tmp/a` are one file.
fn without_authority(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("//") else { return path };
    rest.strip_prefix("localhost").filter(|rest| rest.starts_with('/')).unwrap_or(rest)
}

fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%');
        decoded.push(value.unwrap_or(*first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_a_file_leads_to_one_database() {
        let folder = std::env::temp_dir().canonicalize().unwrap();
        let file = folder.join("cache diesel identity.db");
        let expected = format!("sqlite:{}", file.display());
        let path = file.display().to_string();
        let escaped = path.replace(' ', "%20");
        let detour = folder.join(".").join("cache diesel identity.db").display().to_string();
        let urls = [
            path,
            detour,
            format!("file:{escaped}"),
            format!("file://{escaped}?mode=rwc"),
            format!("file://localhost{escaped}"),
            format!("sqlite://{escaped}"),
        ];
        for url in urls {
            assert_eq!(address_of_url(&url), Address::shared(expected.clone()), "{url}");
        }
    }

    #[test]
    fn databases_in_memory_are_their_own_unless_they_are_shared() {
        assert_ne!(address_of_url(":memory:"), address_of_url(":memory:"));
        assert_ne!(address_of_url("file:a?mode=memory"), address_of_url("file:a?mode=memory"));
        assert_ne!(address_of_url(""), address_of_url(""));
        let shared = address_of_url("file:a?mode=memory&cache=shared");
        assert_eq!(shared, address_of_url("file:a?cache=shared&mode=memory"));
        assert_ne!(shared, address_of_url("file:b?mode=memory&cache=shared"));
    }
}
