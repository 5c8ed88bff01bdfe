//! Decides why a call got no answer, and whether its connection can be kept.

use core::fmt;
use std::error::Error as StdError;
use std::io;

use crate::error::{Error, ErrorKind};
pub(crate) use crate::store::wire::deadline::Deadline;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection broke before the answer was there.
    Broken(Box<dyn StdError + Send + Sync>),
    /// There was no answer in time.
    Late,
    /// The server began another life since the connection was made.
    OtherLife,
    /// The server answered with an error.
    Refused(Refusal),
    /// The server is of another kind than the URL says.
    Wrong(&'static str),
}

/// An error of the server, in its own words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    code: String,
    details: String,
}

/// Bytes that no Redis says.
#[derive(Debug)]
struct Garbled;

impl fmt::Display for Garbled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a question was answered with something else")
    }
}

impl StdError for Garbled {}

impl Failure {
    /// An answer that is none in the protocol.
    pub(crate) fn garbled() -> Self {
        Self::Broken(Box::new(Garbled))
    }

    /// What it means of a server that has said nothing else yet.
    pub(crate) fn of_the_first_answer(self) -> Self {
        match self {
            Self::Broken(cause) if cause.is::<Garbled>() => {
                Self::Wrong("a server of another kind is where a Redis should be")
            }
            other => other,
        }
    }

    /// An answer to something else than was asked.
    pub(crate) fn strange(what: &str) -> Self {
        Self::Broken(format!("{what} was answered with something else").into())
    }

    /// Whether the call may be sent again as a whole over a new connection: this one was known to be old.
    pub(crate) const fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::OtherLife)
    }

    /// Whether the server has answered, and said that it did nothing: a call that must not be done twice may be sent again.
    pub(crate) const fn is_of_another_life(&self) -> bool {
        matches!(self, Self::OtherLife)
    }

    /// Whether the server has answered that it did nothing, because another one is to be asked, or this one later.
    pub(crate) fn is_elsewhere(&self) -> bool {
        let codes = ["MOVED", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "LOADING"];
        matches!(self, Self::Refused(refusal) if codes.iter().any(|code| refusal.says(code)))
    }

    /// The host (none: the same one) and the port that the server says are to be asked.
    pub(crate) fn moved_to(&self) -> Option<(&str, u16)> {
        match self {
            Self::Refused(refusal) if refusal.code == "MOVED" => {
                let (host, port) = refusal.details.split_once(' ')?.1.rsplit_once(':')?;
                Some((host, port.parse().ok()?))
            }
            _ => None,
        }
    }

    /// Whether it says more than that there was no answer.
    pub(crate) const fn tells_why(&self) -> bool {
        !matches!(self, Self::Late)
    }

    /// Whether the server does not know what it was asked.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == "ERR")
    }

    /// Whether the connection can be used again: all replies were read, and the server said nothing of its state.
    pub(crate) fn leaves_the_connection(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.says("OOM"))
    }

    /// Whether the server says that it does not know the command, or that we may not use it.
    pub(crate) fn is_for_good(&self) -> bool {
        matches!(self, Self::Refused(refusal) if ["ERR", "NOPERM", "NOPROTO"].contains(&&*refusal.code))
    }

    /// Whether a script has to be sent in full.
    pub(crate) fn misses_the_script(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.says("NOSCRIPT"))
    }

    /// What an error of the question for the record means: foreign things lie there, and the record is lost.
    pub(crate) fn of_the_record(self) -> Self {
        match self {
            Self::Refused(refusal) if refusal.says("WRONGTYPE") => Self::OtherLife,
            other => other,
        }
    }

    /// The error of a call that was `doing` something.
    pub(crate) fn into_error(self, doing: &str) -> Error {
        let error = Error::new(ErrorKind::Store, doing);
        match self {
            Self::Broken(cause) => error.with_source(cause),
            Self::Late => error.with_source("the Redis server did not answer in time"),
            Self::OtherLife => error.with_source("the Redis server began another life meanwhile"),
            Self::Refused(refusal) => error.with_source(refusal),
            Self::Wrong(reason) => error.with_source(reason),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Late,
            _ => Self::Broken(error.into()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        if refusal.says("OTHERLIFE") { Self::OtherLife } else { Self::Refused(refusal) }
    }
}

impl Refusal {
    /// An error as the server writes it: a code, a space, details.
    pub(crate) fn of(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line);
        let (code, details) = line.split_once(' ').unwrap_or((&line, ""));
        Self { code: code.to_owned(), details: details.to_owned() }
    }

    /// Older servers wrap the errors of commands in scripts in one of their own.
    fn says(&self, code: &str) -> bool {
        self.code == code || (self.code == "ERR" && self.details.contains(&format!("{code} ")))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the Redis server says {} {}", self.code, self.details)
    }
}

impl StdError for Refusal {}
