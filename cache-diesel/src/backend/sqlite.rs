//! Adapts SQLite: its bound values, and the identity of a connection's file.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::path::{Path, PathBuf};

use diesel::QueryableByName;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, CollectedQuery, MoveableBindCollector, QueryFragment};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::Sqlite;

use crate::backend::line::{Line, Reply, ready};
use crate::backend::url::percent_decoded;
use crate::backend::{CacheBackend, SessionState, declared, structure};
use crate::catalogue::{AskedColumn, FactRow};
use crate::identity::address::{DatabaseAddress, Visibility};
use crate::identity::answer::ServerAnswer;
use crate::identity::process::here;
use crate::scan::{Bound, Bounded, Dialect, opening_quote, printed_bytes, printed_text};

/// The values of a query, made its own.
type BindsOf<DB> = <<DB as Backend>::BindCollector<'static> as MoveableBindCollector<DB>>::BindData;

impl CacheBackend for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;

    type Binds = BindsOf<Self>;

    fn binds_of<Query: QueryFragment<Self>>(query: &Query) -> Option<Self::Binds> {
        let mut binds = <Self as Backend>::BindCollector::default();
        QueryFragment::<Self>::collect_binds(query, &mut binds, &mut (), &Self).ok()?;
        Some(MoveableBindCollector::<Self>::moveable(&binds))
    }

    fn walk_collected<'b>(collected: &'b CollectedQuery<Self::Binds>, pass: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        QueryFragment::<Self>::walk_ast(collected, pass)
    }

    fn write_binds<Query: QueryFragment<Self>>(query: &Query, to: &mut dyn fmt::Write) -> QueryResult<()> {
        let mut binds = <Self as diesel::backend::Backend>::BindCollector::default();
        QueryFragment::<Self>::collect_binds(query, &mut binds, &mut (), &Self)?;
        // The collector prints the values as SQLite will get them, whatever their own `Debug` hides.
        write!(to, "{binds:?}").map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
    }

    fn last_bounds<Query: QueryFragment<Self>>(query: &Query, count: usize) -> Option<Vec<Bound>> {
        let mut printed = Bounded::default();
        Self::write_binds(query, &mut printed).ok()?;
        last_bounds(&printed.finish()?, count)
    }

    fn identify<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<DatabaseAddress>> {
        Box::pin(async move {
            let attached: Vec<AttachedFile> = C::rows(conn, ATTACHED.to_owned()).await?;
            let main =
                attached.iter().find(|database| database.name == "main").and_then(|database| database.file.as_deref());
            let reaches_others = attached.iter().any(|database| database.name != "main" && database.name != "temp");
            Ok(DatabaseAddress { reaches_others, ..address_of_path(main.unwrap_or_default()) })
        })
    }

    fn ask<'a, C: Line<Backend = Self> + 'a>(_conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Option<ServerAnswer>>> {
        // What tells a file from others is asked of the file.
        ready(Ok(None))
    }

    fn session_of<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<SessionState>> {
        Box::pin(async move {
            // What a PRAGMA changed cannot be asked for in one go; no PRAGMA makes a row another one's.
            let sql = "SELECT count(*) AS number FROM sqlite_temp_master".to_owned();
            let mut temporary: Vec<Count> = C::rows(conn, sql).await?;
            let temporary = temporary.pop().ok_or(diesel::result::Error::NotFound)?;
            Ok(SessionState { is_particular: temporary.number > 0, ..SessionState::default() })
        })
    }

    fn declared<'a, C: Line<Backend = Self> + 'a>(
        conn: &'a mut C::Conn,
        columns: &'a [AskedColumn],
    ) -> Reply<'a, QueryResult<Vec<FactRow>>> {
        Box::pin(declared::sqlite::ask::<C>(conn, columns))
    }

    fn structure<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<FactRow>>> {
        Box::pin(structure::sqlite::ask::<C>(conn))
    }

    fn has_raw_transaction<'a, C: Line<Backend = Self> + 'a>(conn: &'a mut C::Conn) -> Reply<'a, bool> {
        // SQLite refuses a second BEGIN, with what follows it, and takes no lock for a first one before it is used. In one text,
        // so that a future that is dropped leaves no transaction open.
        Box::pin(async move { C::run(conn, "BEGIN; ROLLBACK").await.is_err() })
    }
}

/// The last `count` values in the `Debug` of Diesel's collector, which ends with `(I32(7), Integer)] }`.
fn last_bounds(collector: &str, count: usize) -> Option<Vec<Bound>> {
    let mut rest = collector.strip_suffix("] }")?;
    let mut bounds = Vec::with_capacity(count);
    for number in 0..count {
        if number > 0 {
            rest = rest.strip_suffix(", ")?;
        }
        let (before, bound) = last_bound(rest)?;
        bounds.push(bound);
        rest = before;
    }
    bounds.reverse();
    Some(bounds)
}

/// The last of `values`, and what goes before it.
fn last_bound(values: &str) -> Option<(&str, Bound)> {
    let (value, sql_type) = values.strip_suffix(')')?.rsplit_once(", ")?;
    let value = value.strip_suffix(')')?;
    match sql_type {
        "Integer" | "Long" | "SmallInt" => {
            let (before, digits) = value.rsplit_once('(')?;
            Some((before_kind(before, &["I32", "I64"])?, digits.parse().ok().map(Bound::Number)?))
        }
        "Binary" => {
            let (before, bytes) = value.split_at(value.rfind('[')?);
            let before = before_kind(before.strip_suffix('(')?, &["BorrowedBinary", "Binary"])?;
            Some((before, printed_bytes(bytes).map(Bound::Bytes)?))
        }
        "Text" => {
            let (before, text) = value.split_at(opening_quote(value)?);
            let before = before_kind(before.strip_suffix('(')?, &["BorrowedString", "String"])?;
            Some((before, printed_text(text).map(Bound::Text)?))
        }
        _ => None,
    }
}

/// What goes before the value of one of these kinds that begins at the end of `before`.
fn before_kind<'a>(before: &'a str, kinds: &[&str]) -> Option<&'a str> {
    let before = kinds.iter().find_map(|kind| before.strip_suffix(kind))?.strip_suffix('(')?;
    (before.ends_with('[') || before.ends_with(", ")).then_some(before)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct AttachedFile {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    file: Option<String>,
}

/// Lists the files that a connection reaches.
const ATTACHED: &str = "PRAGMA database_list";

/// What all connections to the database behind a connection URL have in common.
pub(super) fn address_of_url(url: &str) -> DatabaseAddress {
    let uri = url.strip_prefix("file:").or_else(|| url.strip_prefix("sqlite://"));
    let Some(uri) = uri else { return address_of_path(if url == ":memory:" { "" } else { url }) };
    let uri = uri.split('#').next().unwrap_or_default();
    let (path, parameters) = uri.split_once('?').unwrap_or((uri, ""));
    let path = percent_decoded(without_authority(path));
    let has = |parameter: &str| parameters.split('&').any(|pair| percent_decoded(pair) == parameter);
    let is_memory = path == ":memory:" || has("mode=memory") || has("vfs=memdb");
    // A name in memory that connections share is one database for all of them.
    match (is_memory, has("cache=shared") || has("vfs=memdb")) {
        (true, true) => {
            DatabaseAddress::reached_by(Visibility::Process, format!("sqlite:shared memory:{}:{path}", here()))
        }
        (true, false) => address_of_path(""),
        (false, _) => address_of_path(&path),
    }
}

/// The database in the file at `path`, by its canonical path; the empty path is a database of its own each time.
fn address_of_path(path: &str) -> DatabaseAddress {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if path.is_empty() {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        return DatabaseAddress::of_connection(format!("sqlite:private:{}:{number}", here()));
    }
    let path = canonical(Path::new(path));
    DatabaseAddress::reached_by(Visibility::File(path.clone()), format!("sqlite:{}", path.display()))
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
            let address = address_of_url(&url);
            assert_eq!(address.database, expected, "{url}");
            assert_eq!(address, DatabaseAddress::reached_by(Visibility::File(file.clone()), expected.clone()), "{url}");
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

    #[test]
    fn the_last_bind_is_told_as_it_is_sent() {
        use diesel::IntoSql;
        use diesel::sql_types::{BigInt, Binary, Double, Integer, SmallInt};

        fn last(query: &impl QueryFragment<Sqlite>) -> Option<i64> {
            match sent(query)? {
                Bound::Number(number) => Some(number),
                _ => None,
            }
        }
        fn sent(query: &impl QueryFragment<Sqlite>) -> Option<Bound> {
            Sqlite::last_bounds(query, 1)?.pop()
        }
        for text in ["", "x", "(I32(7), Integer)] }", "\"", "\\\", \\", "é\n"] {
            let expected = Some(Bound::Text(text.to_owned()));
            assert_eq!(sent(&(7_i32.into_sql::<Integer>(), text.into_sql::<Text>())), expected);
            assert_eq!(sent(&(text.into_sql::<Text>(), text.to_owned().into_sql::<Text>())), expected);
        }
        for bytes in [vec![], vec![7], vec![1, 255]] {
            let expected = Some(Bound::Bytes(bytes.clone()));
            assert_eq!(sent(&("[7".into_sql::<Text>(), bytes.as_slice().into_sql::<Binary>())), expected);
            assert_eq!(sent(&bytes.into_sql::<Binary>()), expected);
        }
        assert_eq!(last(&(", 8".into_sql::<Text>(), (-7_i32).into_sql::<Integer>())), Some(-7));
        assert_eq!(last(&i64::MIN.into_sql::<BigInt>()), Some(i64::MIN));
        assert_eq!(last(&7_i16.into_sql::<SmallInt>()), Some(7));
        assert_eq!(last(&None::<i32>.into_sql::<Nullable<Integer>>()), None);
        assert_eq!(last(&(1_i32.into_sql::<Integer>(), "(I32(7), Integer)] }".into_sql::<Text>())), None);
        assert_eq!(last(&(1_i32.into_sql::<Integer>(), 7.0_f64.into_sql::<Double>())), None);
        assert_eq!(last(&("a".repeat(5_000).into_sql::<Text>(), 7_i32.into_sql::<Integer>())), None);
        assert_eq!(last(&diesel::dsl::sql::<Integer>("1")), None);
        let pair =
            ("), (I32(7), Integer".into_sql::<Text>(), vec![7_u8].into_sql::<Binary>(), 8_i32.into_sql::<Integer>());
        let (text, bytes) = (Bound::Text("), (I32(7), Integer".to_owned()), Bound::Bytes(vec![7]));
        assert_eq!(Sqlite::last_bounds(&pair, 2), Some(vec![bytes.clone(), Bound::Number(8)]));
        assert_eq!(Sqlite::last_bounds(&pair, 3), Some(vec![text, bytes, Bound::Number(8)]));
        assert_eq!(Sqlite::last_bounds(&pair, 4), None);
    }
}
