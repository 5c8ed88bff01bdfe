//! Keeps the unfinished work on a connection, and how its statements ended.

use cache_core::protocol::write::ChangeSet;

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Failed,
    /// The link was lost: it may still be running.
    Lost,
    Ok,
}

/// Work under way whose tables were named.
#[derive(Clone, Debug)]
pub(super) struct NamedWork {
    pub(super) changes: ChangeSet,
    /// How the statements in it ended, at worst.
    pub(super) worst: Finish,
    pub(super) read: Read,
}

/// Whether the statements of work under way were understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// One of them may have been DDL.
    InPart,
    Whole,
}

/// What a manager has written that has not told yet what exactly.
#[derive(Debug)]
pub(super) struct HeldWork {
    pub(super) changes: ChangeSet,
    /// How the statements ended, at worst.
    pub(super) worst: Finish,
}
