//! Keeps entries and tags in rows: whatever has serialisable transactions over keys and bytes is a server.
//!
//! An [`Engine`] reads rows and writes them, and decides nothing. What a [`Link`](super::Link) is asked for is executed
//! here, inside of the engine's transaction, by the functions that decide for every store.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::name::tag::Token;
use crate::store::{Name, Usage, record};

mod changes;
mod link;
pub(in crate::store) mod overlay;
mod request;
mod steps;
mod wire;

pub use link::EngineLink;
pub use request::{Request, Response};
pub(in crate::store) use steps::seed_of;
pub use steps::{connect, execute};

/// Bytes under names, each with the moment at which they are gone, in serialisable transactions.
///
/// # Contract
///
/// * **Serialisable.** Each [`read`](Self::read) sees the rows of one moment. Each [`change`](Self::change) takes effect as
///   if it were alone, between two others, and in full or not at all. A call that begins after another one has returned
///   comes after it.
/// * **A call ends** within the [timeout](Self::set_timeout), or returns an error by then. What it asked for may have
///   happened all the same, or happen later.
/// * **Time** is the engine's, the same for all processes that use the rows. It does not jump: a write is covered by its
///   intents for as long as they last by this clock.
/// * **Incarnation.** Its name changes whenever rows may have been lost or set back that were acknowledged and
///   [had to last](Changes::has_to_last). It is never empty.
/// * **Loss.** A row that is [spare](Row::is_spare) may be lost at any time, as if it had expired. No other one is, within an
///   incarnation, before it has.
pub trait Engine: fmt::Debug + Send + Sync + 'static {
    /// Says how long a call may take from now on.
    fn set_timeout(&self, timeout: Duration);

    /// The rows under `names`, in order, as they are at one moment. Rows that have expired may be among them.
    ///
    /// # Errors
    ///
    /// If they cannot be read in time.
    fn read(&self, names: &[Name]) -> Result<View>;

    /// Reads the rows under `names` and writes what `decide` makes of them, in one transaction. One that is rolled back may be
    /// tried again: then `decide` is asked again.
    ///
    /// # Errors
    ///
    /// If it cannot be done in time. It may have been done.
    fn change(&self, names: &[Name], decide: &mut dyn FnMut(View) -> Changes) -> Result<()>;

    /// Removes rows whose names begin with `start`. Some may stay, if there are more than a call has time for.
    ///
    /// # Errors
    ///
    /// If they cannot be removed in time; some may be gone.
    fn remove_all(&self, start: &str) -> Result<()>;

    /// Removes some of the rows that have expired and, where there are more bytes than there may be, of those that are spare.
    ///
    /// # Errors
    ///
    /// If they cannot be removed in time; some may be gone.
    fn cull(&self) -> Result<()>;

    /// How much is kept, as far as it can be told in a short time.
    fn usage(&self) -> Usage;
}

/// What an engine keeps under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// When it is gone.
    pub expires_at: Timestamp,
    /// Whether it may be lost at any time: an entry is, what is known of a tag is not.
    pub is_spare: bool,
}

/// Rows as they are at one moment.
#[derive(Clone, Debug)]
pub struct View {
    /// What is kept under each name that was asked for.
    pub rows: Vec<Option<Row>>,
    /// The moment, by the engine's clock.
    pub now: Timestamp,
    /// The present incarnation.
    pub incarnation: Arc<str>,
}

impl View {
    /// The stamp of the store, if it has one, by the record of the incarnation, which was asked for first; `None`: the record
    /// is of another incarnation.
    fn record(&self) -> Option<Option<Token>> {
        let row = self.rows.first().and_then(Option::as_ref);
        record::recorded(row.map(|row| &*row.bytes), &self.incarnation)
    }
}

/// What a transaction writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The rows that are put, whatever was there; `None`: there is none from then on.
    pub rows: Vec<(Name, Option<Row>)>,
    /// Whether it must not be undone once it is acknowledged, unless with the incarnation.
    pub has_to_last: bool,
}

/// The rows of a transaction, as a request is executed on them.
pub trait Rows {
    /// What is kept under a name at `now`.
    fn get(&self, name: &Name, now: Timestamp) -> Option<&[u8]>;

    /// Puts bytes under a name, whatever was there.
    fn set(&mut self, name: &Name, bytes: Vec<u8>, expires_at: Timestamp);

    /// Replaces the bytes of a row that is there, and leaves its expiry.
    fn set_bytes(&mut self, name: &Name, bytes: Vec<u8>, now: Timestamp);

    /// Removes what is there.
    fn remove(&mut self, name: &Name);
}
