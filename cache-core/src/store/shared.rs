//! Holds the contract of stores that several processes share: leases, notes, near memory.

use core::time::Duration;
use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::error::{Error, Result};
use crate::name::key::Fingerprint;
use crate::name::tag::{TableTags, Tag, Token};
use crate::observe::statistics::NearCounts;
use crate::protocol::intent::Writer;
use crate::protocol::notes::Remark;
use crate::protocol::sharding::Sharding;
use crate::setting::policy::NearPolicy;
use crate::store::{Beginning, Begun, Lease, LookUp, Put, Started, Starting, Stored, Wanted};

/// A store outside of this process: it may fail, and other processes read and write it.
pub trait SharedStore {
    /// Says how long a call may take; then it has to fail, or a little later. Called once, before all others.
    fn set_operation_timeout(&self, timeout: Duration);

    /// Whether only what has a codec is kept. Then nothing else is looked up: an answer that takes no call would be taken
    /// for a sign that the store is well.
    fn keeps_bytes_only(&self) -> bool;

    /// Whether the tables lie in shards of their own: then reads depend on other tags, and what is done to a tag that has
    /// copies is done to each.
    fn sharding(&self) -> Sharding;

    /// Takes the right to load for all processes, unless somebody else has it; says whether it was taken. It ends by
    /// itself after `life`.
    ///
    /// # Errors
    ///
    /// If the store cannot be written.
    fn lease(&self, name: Lease, holder: Writer, life: Duration) -> Result<bool>;

    /// Does as [`seed`](super::Store::seed) does, where some of the tags were seen to have no token. A store may also
    /// take the lease of a load under these tokens, if nothing can have been stored under them yet.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or written; the lease may be taken.
    fn start(&self, starting: &Starting<'_>, now: Timestamp) -> Result<Started>;

    /// Takes a lease, *afterwards* looks up what is to be loaded, and *afterwards* does as [`seed`](super::Store::seed)
    /// does: all that goes before a query.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or written; the lease may be taken.
    fn begin(&self, beginning: &Beginning<'_>, now: Timestamp) -> Result<Begun>;

    /// Ends the lease, if `holder` has it, who stores nothing under these `unused` tokens. Where nobody else does either, a
    /// store may let the tags go of which outsiders choose the number.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; then it ends by itself.
    fn give_up(&self, name: Lease, holder: Writer, unused: &[(Tag, Token)]) -> Result<()>;

    /// Does more in a round trip, or without waiting for one; `None`: the store does one thing after the other.
    fn pipelining(&self) -> Option<&dyn PipeliningStore>;

    /// The notes beside tables; `None`: the store keeps none. Programs that share such a store have to declare the same of
    /// every table.
    fn notes(&self) -> Option<&dyn NoteStore>;

    /// Keeps entries in the memory of this process too from now on, as `policy` says, by the time of `clock`: that of the
    /// cache. Called once at most, before the store is used.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the store can neither tell of
    /// changes nor be asked for them, as by itself, or has such memory already.
    fn keep_near(&self, policy: NearPolicy, clock: Arc<dyn Clock>) -> Result<()> {
        let _ = (policy, clock);
        Err(Error::configuration("`near` needs a store that tells of changes, or can be asked for them"))
    }

    /// The numbers of what the store keeps in this process; `None`: it keeps nothing there.
    fn near_counts(&self, now: Timestamp) -> Option<NearCounts>;

    /// How many incarnations of the store this process has met so far: one more for each connection that finds another one
    /// than the connection before it. What was placed in a former one is taken for lost.
    fn incarnations_met(&self) -> u64;

    /// The cache is shut down: ends what the store does by itself. Calls go on being answered.
    fn shut_down(&self);
}

/// A store that readers of rows wait for less: it looks up and seeds in one round trip, and need not wait until what it
/// sends is stored.
pub trait PipeliningStore {
    /// Looks entries up as [`look`](super::Store::look) does, for readers that load what they do not find. The store may
    /// seed tags that the loads would have to seed; what it has seen of them is seen after that.
    ///
    /// # Errors
    ///
    /// If the store cannot be read or written; tags may be seeded.
    fn look_to_load(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<LookUp>>;

    /// Does as [`put`](super::Store::put) does, and may return before the store has taken the entries. A look-up that begins
    /// later may not find them yet. A [`put`](super::Store::put) or [`remove`](super::Store::remove) by this process that
    /// begins later takes effect after it.
    ///
    /// A store that keeps copies in this process serves them whether the entries are taken or not: the tokens decide what
    /// a copy is worth, and it ends when its entry is removed.
    ///
    /// # Errors
    ///
    /// If the entries could not be sent; some of them may be stored.
    fn send(&self, entries: Vec<Put>, lease: Option<(Lease, Writer)>, now: Timestamp) -> Result<Vec<Stored>>;

    /// How many entries were sent that the store refused, or of which nothing was heard.
    fn unacknowledged_count(&self) -> u64;
}

/// A store that programs of several builds may use: it keeps [`Notes`](crate::protocol::notes::Notes) beside tables.
pub trait NoteStore {
    /// Changes the notes beside a table, which is named by its `any`, as
    /// [`Notes::after`](crate::protocol::notes::Notes::after) says, in one step that also looks at the intents beside that
    /// tag. Says whether a fill may go by them.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; the notes may be changed.
    fn remark(&self, table: &Tag, remark: Remark, now: Timestamp) -> Result<bool>;

    /// Notes beside a table of which there were no notes, once its [wide](TableTags::wide) tags have changed: tokens that
    /// were read before are worth nothing then. Says whether a fill may go by the notes.
    ///
    /// A store that can do all of it in one step, as [`Remark::Restore`] says, changes the tags once for all who come
    /// together. In several steps (a claim, the release of the tags, the claim dropped, a note) each of them may.
    ///
    /// # Errors
    ///
    /// If the store cannot be written; the notes may be made.
    fn restore(&self, table: &TableTags, own: Fingerprint, now: Timestamp) -> Result<bool>;
}
