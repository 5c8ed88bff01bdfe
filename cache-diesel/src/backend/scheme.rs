//! Tells by a connection URL which database it leads to, and which SQL that speaks.

use crate::identity::address::DatabaseAddress;
use crate::scan::Dialect;

/// What speaks at the other end of `url`, and which database that is.
pub(crate) fn address_of_url(url: &str) -> (Dialect, DatabaseAddress) {
    // The parser of MySQL's URLs takes more spellings than one.
    let scheme = url.trim_start_matches(|character| character <= ' ').split_once(':');
    match scheme.map(|(scheme, _)| scheme.to_ascii_lowercase()).as_deref() {
        #[cfg(feature = "mysql")]
        Some("mysql") => (Dialect::Mysql, super::mysql::address_of_url(url)),
        #[cfg(feature = "postgres")]
        Some("postgres" | "postgresql") => (Dialect::Postgres, super::postgres::address_of_url(url)),
        #[cfg(feature = "postgres")]
        _ if super::postgres::is_keyword_list(url) => (Dialect::Postgres, super::postgres::address_of_url(url)),
        _ => other(url),
    }
}

/// With SQLite alone, whatever has no scheme of a server is a file.
#[cfg(all(feature = "sqlite", not(feature = "postgres")))]
fn other(url: &str) -> (Dialect, DatabaseAddress) {
    (Dialect::Sqlite, super::sqlite::address_of_url(url))
}

/// An empty text is a temporary file to SQLite, and to PostgreSQL whatever the environment says.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
fn other(url: &str) -> (Dialect, DatabaseAddress) {
    let address = super::sqlite::address_of_url(url);
    (Dialect::Sqlite, DatabaseAddress { is_nameless: url.trim().is_empty(), ..address })
}

#[cfg(all(not(feature = "sqlite"), feature = "postgres"))]
fn other(url: &str) -> (Dialect, DatabaseAddress) {
    (Dialect::Postgres, super::postgres::address_of_url(url))
}

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
fn other(url: &str) -> (Dialect, DatabaseAddress) {
    (Dialect::Mysql, super::mysql::address_of_url(url))
}
