//! Holds the contract of a link: what a server does for a store in one round trip.

use core::fmt;
use core::time::Duration;

use crate::error::Result;
use crate::name::key::Fingerprint;
use crate::name::tag::Token;
use crate::protocol::intent::{Outcome, Seed, Writer};
use crate::protocol::notes::{Notes, Remark};
use crate::store::names::{Name, Names, TableName, TagName};
use crate::store::track::{Incarnation, Subscriber};
use crate::store::{Mark, Released, Seeded, Usage};

/// A process's connection to the server that keeps the entries and tags of a [`RemoteStore`](super::RemoteStore).
///
/// # Contract
///
/// * **A call ends.** Each has a [timeout](Self::set_timeout), the time for connecting included, and returns an error by
///   then. What it asked for may have happened all the same, or happen later, even after later calls: callers reckon with that.
/// * **One script, one tag.** [`seed`](Self::seed), [`place`](Self::place) and [`release`](Self::release) do to each tag
///   exactly what the operation of [`TagState`](crate::protocol::intent::TagState) by that name does to the state that the tag's
///   two keys hold, in one step that nobody comes between. The keys expire when their state says so, and may be lost
///   separately. Bytes that are not such a state count as lost.
/// * **Notes.** [`remark`](Self::remark) looks at the notes beside a table and at the two keys of its `any`, and writes the
///   notes, in one step. They are kept for as long as tags that nobody asks for. A claim is not sent again by itself where
///   it may have been done: it could arrive after what was noted since.
/// * **Tags live as long as what is under them.** [`put`](Self::put) [keeps](crate::protocol::intent::TagState::keep) the tags that
///   an entry says it is [under](Packed::under) before it stores the entry, and [`give_up`](Self::give_up)
///   [forgets](crate::protocol::intent::TagState::forget) tags. Neither need be acknowledged for any promise: a tag that is gone too
///   early costs queries, and one that stays goes by itself.
/// * **Tokens are fresh for each sending.** A call that is sent again by itself (a reply was lost) takes new ones. A
///   token that is sent twice may arrive after the tag has had another one, and bring entries back to life.
/// * **Order.** [`release`](Self::release) takes tags in the order given, and none after one that failed. Order between
///   tags matters for nothing else.
/// * **One step, one slot.** [`open`](Self::open) and [`swap`](Self::swap) look at a slot and write it in one step that
///   nobody comes between. Each slot is a step of its own, and a key of its own.
/// * **Times are the server's.** Lives count from the moment at which the server does what was asked for. No clock of a
///   client is told to the server.
/// * **Incarnations.** On each new connection, before anything else, the server's present incarnation is compared with
///   the [recorded](Names::incarnation) one, and [`arrive`](crate::protocol::incarnation::arrive) says what follows: the
///   root tag is changed and the record is written, both in the one step that compared. Each call is carried by one
///   connection from its beginning to its end; whatever breaks a connection fails the call, or the call is sent again
///   as a whole. An incarnation ends all connections to it.
/// * **Stamps.** A server may have a stamp (`protocol::steady`). Each step that places an intent beside a steady tag, or
///   [releases](Self::release) it otherwise than unchanged, gives it another one in the same step, and so does the step that
///   records another incarnation. A stamp never comes back. A link that gives none never leaves one in an answer.
/// * **Others.** No key is touched whose name is not given by [`names`](Self::names).
pub trait Link: fmt::Debug + Send + Sync + 'static {
    /// How keys are called on this server.
    fn names(&self) -> &Names;

    /// Opens connections on which the server tells of changes; `None`: it does not.
    fn subscriber(&self) -> Option<Box<dyn Subscriber>>;

    /// Says how long a call may take from now on, connecting included. Before that is said, a link goes by a timeout of
    /// its own.
    fn set_timeout(&self, timeout: Duration);

    /// The bytes of `entries` and the present tokens of `tags`, in order.
    ///
    /// # Errors
    ///
    /// If there was no answer in time.
    fn read(&self, entries: &[Name], tags: &[TagName]) -> Result<ReadReply>;

    /// Does to tags as [`seed`](Self::seed) does, and *afterwards* [reads](Self::read) entries and tags. Says how many of the
    /// tags held no token before, too.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the tags may be seeded.
    fn seed_and_read(&self, seeded: &[TagName], entries: &[Name], tags: &[TagName]) -> Result<(ReadReply, usize)>;

    /// The present token of each tag, put there if it held none; *afterwards* it reads `notes`, which are kept as long as
    /// tags from then on. Both in order, and no token is taken earlier than one before it: a caller that seeds a tag before
    /// others has to know that these held their tokens then or later.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the tags may be seeded.
    fn seed(&self, tags: &[TagName], notes: &[Name]) -> Result<Seeded>;

    /// Places an intent of `writer` beside each tag, for `life`, and reads `notes` *afterwards*.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the intents may stand.
    fn place(&self, writer: Writer, tags: &[TagName], life: Duration, notes: &[Name]) -> Result<Vec<Option<Notes>>>;

    /// Ends the intents of `writer`, each as told, in order, and reads `notes`.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the tags may be changed.
    fn release(&self, writer: Writer, releases: &[(TagName, Outcome)], notes: &[Name]) -> Result<Vec<Option<Notes>>>;

    /// Does as [`release`](Self::release) does. The step that changes a tag also says whether it held the token that it is
    /// asked about until then, as [`TagState::replace`](crate::protocol::intent::TagState::replace) does: one answer for
    /// each release, which is the tag's present token if it did. A call that is sent again answers for what was sent last.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the tags may be changed.
    fn release_comparing(&self, writer: Writer, releases: &[Replacing], notes: &[Name]) -> Result<Released>;

    /// Changes the notes beside a table as [`Notes::after`] says; says whether a fill may go by them.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; the notes may be changed.
    fn remark(&self, table: &TableName, remark: Remark) -> Result<bool>;

    /// Changes the notes beside a table by [`Remark::Restore`]; if there were none, it gives each of its `wide` tags a new
    /// token in the same step. Says whether a fill may go by the notes.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; the notes may be made.
    fn restore(&self, table: &TableName, own: Fingerprint, wide: &[TagName]) -> Result<bool>;

    /// Puts bytes under names, whatever was there. A life that is over when it begins leaves nothing there; one that
    /// the server cannot say exactly is shortened. Then it ends the `lease` under which the entries were loaded. If somebody
    /// else has it by now, it may be ended as well: what he loads is there. If it cannot be ended, it ends by itself.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the entries may be stored, and the lease may be over.
    fn put(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()>;

    /// Does as [`put`](Self::put) does, and may return before the server has answered. A [`read`](Self::read) that begins
    /// later may be answered before. A [`put`](Self::put), [`remove`](Self::remove) or [`forget`](Self::forget) of this
    /// link that begins later takes effect after it.
    ///
    /// # Errors
    ///
    /// If it could not be sent in time; some of the entries may be stored. What the server refuses afterwards is no error
    /// of any call, and is [counted](Self::unacknowledged_count).
    fn send(&self, entries: &[Packed], lease: Option<(&Name, Writer)>) -> Result<()>;

    /// How many entries were [sent](Self::send) of which it is not known that the server has taken them. Those whose
    /// answer is still to be read do not count.
    fn unacknowledged_count(&self) -> u64;

    /// Removes entries, whatever they hold.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the entries may be gone.
    fn remove(&self, entries: &[Name]) -> Result<()>;

    /// Removes entries, and *afterwards* notifies every [subscriber](Self::subscriber) that the tag beside each has changed.
    /// Nothing is left under the names of these tags.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the entries may be gone, and some subscribers may have been notified.
    fn forget(&self, entries: &[(Name, TagName)]) -> Result<()>;

    /// Reads as [`read`](Self::read) does, and where nothing is kept under the name of a slot, puts the slot's bytes
    /// there. The answer has for each slot what was found; `None`: its bytes were put.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the bytes may be put, and be so later.
    fn open(&self, slots: &[Packed], tags: &[TagName]) -> Result<ReadReply>;

    /// Does each swap if what is kept under its name [begins](Mark) as it has to; says for each whether it was done.
    /// What is not there begins like nothing. One that leaves nothing, or for no time, removes what was there.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the swaps may be done, and be so later.
    fn swap(&self, swaps: &[Swap]) -> Result<Vec<bool>>;

    /// Takes a lease for `life`, unless somebody else has it; says whether `holder` has it now.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; it may be taken.
    fn lease(&self, lease: &Name, holder: Writer, life: Duration) -> Result<bool>;

    /// Does as [`seed`](Self::seed) does, where some of the tags were seen to have no token. If this call gave all of those
    /// their tokens, and the others hold what was seen, a link may also take the lease of a load under these tokens:
    /// nothing can have been stored under them yet.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the tags may be seeded, and the lease may be taken.
    fn start(&self, starting: &Commencing<'_>) -> Result<Commenced>;

    /// Takes a lease for `life`, *afterwards* [reads](Self::read) an entry and tags, and *afterwards* says of these tags
    /// and of `notes` what [`seed`](Self::seed) says.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; the lease may be taken, and some of the tags may be seeded.
    fn begin(&self, lease: (&Name, Writer, Duration), entry: (&Name, &[TagName]), notes: &[Name]) -> Result<Opening>;

    /// Ends a lease, if `holder` has it, who stores nothing under these `unused` tokens.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; it may be over.
    fn give_up(&self, lease: &Name, holder: Writer, unused: &[(TagName, Token)]) -> Result<()>;

    /// Gives the server that has what is called so a stamp, if it is one of those that have stamps, and has none now. See
    /// [`Unstamped`] for when.
    ///
    /// [`Unstamped`]: crate::protocol::steady::Unstamped
    ///
    /// # Errors
    ///
    /// If there was no answer in time; it may have one.
    fn stamp(&self, _beside: &Name) -> Result<()> {
        Ok(())
    }

    /// Removes all entries, and nothing else. Where there are more keys than a call has time for, some may stay until the
    /// next call, or until they expire: this is for memory's sake.
    ///
    /// # Errors
    ///
    /// If there was no answer in time; some of the entries may be gone.
    fn reclaim(&self) -> Result<()>;

    /// How many incarnations of the server this link has met so far: one more for each connection that finds another one
    /// than the connection before it.
    fn incarnations_met(&self) -> u64;

    /// How much is kept, as far as it can be told without a round trip that takes long.
    fn usage(&self) -> Usage;
}

/// A tag that is released, how its intent ends, and the token that it is asked about.
pub type Replacing = (TagName, Outcome, Option<Token>);

/// What was read, in the order in which it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadReply {
    /// The bytes of each entry; `None`: there are none.
    pub entries: Vec<Option<Vec<u8>>>,
    /// The state of each tag; `None`: it has no token, or is blocked.
    pub seeds: Vec<Option<Seed>>,
    /// The incarnation that answered; `None`: it is not known.
    pub incarnation: Option<Incarnation>,
    /// The server's [stamp](crate::protocol::steady): as it was at the moment at which the tokens of steady tags were read,
    /// or at any moment of the call if none of them was; `None`: it has none, or keeps none.
    pub stamp: Option<Token>,
}

/// A load of something that depends on tags without a token.
#[derive(Clone, Copy)]
pub struct Commencing<'a> {
    /// The tags.
    pub tags: &'a [TagName],
    /// What each of them held when it was looked at.
    pub seen: &'a [Option<Token>],
    /// The notes to be read.
    pub notes: &'a [Name],
    /// What the lease of the load is called, if the tags hold these tokens.
    pub lease: &'a dyn Fn(&[Token]) -> Name,
    /// Who takes it, and for how long.
    pub holder: (Writer, Duration),
}

impl fmt::Debug for Commencing<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Commencing").field("tags", &self.tags).finish_non_exhaustive()
    }
}

/// What such a load begins with.
#[derive(Clone, Debug)]
pub struct Commenced {
    /// The tokens to load under, and the notes beside tables.
    pub seeded: Seeded,
    /// The lease that was taken.
    pub lease: Option<Name>,
}

/// What a load begins with.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Whether the lease was taken; `None`: the server does not say.
    pub is_taken: Option<bool>,
    /// What was read.
    pub answer: ReadReply,
    /// The tokens to load under, and the notes beside tables.
    pub seeded: Seeded,
}

impl ReadReply {
    /// The token of each tag.
    pub(in crate::store) fn tokens(&self) -> Vec<Option<Token>> {
        self.seeds.iter().map(|seed| seed.map(|seed| seed.token)).collect()
    }
}

/// An entry on its way to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its name.
    pub name: Name,
    /// What is kept under it.
    pub bytes: Vec<u8>,
    /// How long the server keeps it; `None`: until room is needed.
    pub life: Option<Duration>,
    /// The tags that have to be kept as long, with the tokens that it is stored under: those of which outsiders choose the
    /// number.
    pub under: Vec<(TagName, Token)>,
}

/// A slot on the server that is to be changed, if it is what it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// Its name.
    pub name: Name,
    /// How what is kept there has to begin.
    pub mark: Mark,
    /// The bytes that take its place, and for how long; `None`: nothing does.
    pub with: Option<(Vec<u8>, Lasting)>,
}

/// How long the server keeps what takes the place of something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lasting {
    /// For so long from now; the server shortens what it cannot say exactly.
    For(Duration),
    /// Until room is needed.
    Forever,
    /// As long as what was there before would have been kept.
    Kept,
}
