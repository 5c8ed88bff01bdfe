//! Reads rows and reports writes, through the library or by hand.

use crate::message::{Release, Version};
use crate::question::{Key, Origin, Question};
use crate::servers::Problem;

use super::by_hand::ByHand;
use super::conn::Conn;
use super::releases;
use diesel::result::QueryResult;

/// What a read gave.
pub(super) struct Answer {
    pub(super) seen: Vec<Version>,
    pub(super) origin: Origin,
    /// How many milliseconds ago it was loaded, if that is known.
    pub(super) age: Option<u64>,
}

impl Answer {
    pub(super) const fn of(seen: Vec<Version>, origin: Origin) -> Self {
        Self { seen, origin, age: None }
    }
}

/// The way of one thread.
pub(super) enum Access {
    /// What everybody writes: look, or query and keep for a while; delete after a write.
    ByHand(Box<ByHand>),
    /// The library.
    Managed,
}

impl Access {
    pub(super) fn by_hand(redis: &str) -> Result<Self, Problem> {
        Ok(Self::ByHand(Box::new(ByHand::new(redis)?)))
    }

    /// Answers a question.
    pub(super) fn read(&mut self, question: &Question, conn: &mut Conn) -> QueryResult<Answer> {
        match (self, conn.blocking()) {
            (Self::ByHand(by_hand), Some(conn)) => by_hand.read(question, conn),
            _ => conn.read(question),
        }
    }

    /// Runs a write that concerns these rows; gives what it gives, and what became of its release.
    pub(super) fn write<T>(&mut self, keys: &[Key], write: impl FnOnce() -> T) -> (T, Release) {
        match self {
            Self::ByHand(by_hand) => {
                let written = write();
                (written, by_hand.forget(keys))
            }
            Self::Managed => releases::watch(write),
        }
    }
}
