//! Holds the answer of a server to the question for its identity.

/// What a server says of itself, and of a connection to it: asked with one statement.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAnswer {
    /// What tells the server, or the file, from all others.
    pub(crate) server: String,
    /// What all connections to the database have in common; `None`: what the address says.
    pub(crate) database: Option<String>,
    /// Whom the server takes the connection for.
    pub(crate) account: String,
    /// Whether it follows another server.
    pub(crate) standing: ServerRole,
}

/// What a server is to others that hold the same.
#[cfg_attr(not(any(feature = "mysql", feature = "postgres")), allow(dead_code, reason = "a file follows nobody"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerRole {
    /// Writes are made here.
    Primary,
    /// It follows another one, and may be behind.
    Replica,
}

impl ServerRole {
    /// The standing of a server that says whether it follows another.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(crate) fn of_follower(follows: bool) -> Self {
        if follows { Self::Replica } else { Self::Primary }
    }
}
