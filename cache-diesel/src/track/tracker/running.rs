//! Holds whose statements run on a connection.

use cache_core::protocol::write::ChangeSet;

/// What a manager runs on the connection at present.
#[derive(Debug, Default)]
pub(crate) enum Own {
    #[default]
    Nothing,
    /// What the library asks for itself: nobody is told of it.
    Question,
    Read,
    /// One statement of the library's own, which only reads, on a connection that others use at the same time.
    #[cfg(feature = "async-postgres")]
    Beside,
    Write(ChangeSet),
}
