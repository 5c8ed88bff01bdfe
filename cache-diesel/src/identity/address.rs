//! Names the place that a connection leads to, by its URL.

use std::path::PathBuf;

/// Where a connection leads, by what it was opened with: without any password.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DatabaseAddress {
    /// What all connections to the database have in common.
    pub(crate) database: String,
    /// How it is reached: hosts and ports, and the name that it is asked for by.
    pub(crate) route: String,
    /// By whom.
    pub(crate) user: String,
    /// What else the results of a connection depend on: its options.
    pub(crate) session: String,
    /// Who else can ever reach that database.
    pub(crate) reach: Visibility,
    /// Whether the connection reaches other databases as well.
    pub(crate) reaches_others: bool,
    /// Whether nobody knows which database it is.
    pub(crate) is_nameless: bool,
}

/// Who can reach a database.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "a server is reached by everybody"))]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Visibility {
    /// No other connection.
    Connection,
    /// Other connections of this process.
    Process,
    /// Who can open this file.
    File(PathBuf),
    /// Who can connect to its server.
    Server,
}

impl DatabaseAddress {
    #[cfg(any(feature = "mysql", feature = "postgres", test))]
    pub(crate) fn of_server(database: String) -> Self {
        Self::reached_by(Visibility::Server, database)
    }

    pub(crate) fn of_connection(database: String) -> Self {
        Self::reached_by(Visibility::Connection, database)
    }

    pub(crate) fn reached_by(reach: Visibility, database: String) -> Self {
        Self {
            database,
            route: String::new(),
            user: String::new(),
            session: String::new(),
            reach,
            reaches_others: false,
            is_nameless: false,
        }
    }
}
