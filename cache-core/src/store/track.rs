//! Holds the contract by which a server pushes changes to a process.

use core::fmt;
use core::time::Duration;

use crate::error::{Error, Result};
use crate::name::key::Fingerprint;
use crate::name::tag::Token;

/// Opens connections on which a server tells of every change to a tag's token.
pub trait Subscriber: fmt::Debug + Send {
    /// Opens a connection, and has the server confirm that it tracks: of everything that changes from now on it tells.
    ///
    /// Before that the incarnation is compared, as the link does it for each connection.
    ///
    /// # Errors
    ///
    /// Why there is none, `timeout` later at most.
    fn open(&mut self, timeout: Duration) -> core::result::Result<Box<dyn Subscription>, Untracked>;
}

/// A connection on which a server tells of changes.
///
/// # Contract
///
/// * **Order.** When the server has acknowledged a change to anybody before a heartbeat was [sent](Self::beat), the change
///   is told before the heartbeat's answer.
/// * **All changes.** Tokens that are changed, removed, expire by themselves or are dropped for want of room, whoever does
///   it, this process included; and intents that are placed beside them. Not those of tags that are polled.
/// * **Incarnations.** A heartbeat is answered only by the incarnation that the connection was opened to, and only
///   while the server takes writes.
pub trait Subscription: fmt::Debug + Send {
    /// The incarnation that the connection was opened to.
    fn incarnation(&self) -> Option<Incarnation>;

    /// Sends a heartbeat, which asks for the tokens of `polled` tags: those of which the server
    /// [does not push](crate::TagKind::is_polled) any change. The one before has been answered.
    ///
    /// # Errors
    ///
    /// If the connection is of no use any more.
    fn beat(&mut self, polled: &[Fingerprint]) -> Result<()>;

    /// The next thing that the server tells; `None`: nothing, for `timeout`.
    ///
    /// # Errors
    ///
    /// If the connection is of no use any more.
    fn next(&mut self, timeout: Duration) -> Result<Option<Push>>;
}

/// What a server tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Push {
    /// Something happened to the tokens of these tags.
    Changed(Vec<Fingerprint>),
    /// Everything is gone.
    Everything,
    /// The heartbeat is answered: the present token of each tag that it has asked for, in order; `None`: it has none. Each
    /// was read after the heartbeat was sent.
    Heartbeat(Vec<Option<Token>>),
}

/// Why a server does not tell of changes.
#[derive(Debug)]
#[non_exhaustive]
pub enum Untracked {
    /// It is not to be had at present.
    Absent(Error),
    /// It cannot, or must not.
    Refused(Error),
}

/// Names one life of a server: another one has another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Incarnation(Fingerprint);

impl Incarnation {
    /// The life that the server calls `name`; `None`: a server that does not say.
    #[must_use]
    pub fn called(name: &str) -> Option<Self> {
        (!name.is_empty()).then(|| Self(Fingerprint::of(&[b"incarnation", name.as_bytes()])))
    }
}
