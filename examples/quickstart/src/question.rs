//! Holds reads and changes, as typed and as run: the macros make both of one expression.

use cache_diesel::{CachedEntry, CachedList, CachedRow, CachedRows, Origin};
use diesel::prelude::*;

use crate::models::{AlbumPage, Customer, Track};

type Read<'a, T> = Box<dyn Fn(&mut SqliteConnection) -> QueryResult<T> + 'a>;
type Write<'a> = Box<dyn FnOnce(&mut SqliteConnection) -> QueryResult<usize> + 'a>;

/// A read: as it is typed, through the cache, and past it.
pub(crate) struct Question<'a, T> {
    pub(crate) text: &'static str,
    pub(crate) cached: Read<'a, Answer<T>>,
    pub(crate) plain: Read<'a, T>,
}

/// A write.
pub(crate) struct Change<'a> {
    pub(crate) text: &'static str,
    pub(crate) write: Write<'a>,
}

/// What a cached read gave.
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    /// `None`: the read does not tell.
    pub(crate) origin: Option<Origin>,
}

impl<T> Answer<T> {
    /// Of a read that does not tell where the value came from: the number of statements does.
    pub(crate) fn silent(value: T) -> Self {
        Self { value, origin: None }
    }
}

impl<T> From<CachedEntry<T>> for Answer<T> {
    fn from(entry: CachedEntry<T>) -> Self {
        Self { value: entry.value, origin: Some(entry.origin) }
    }
}

/// A [`Question`]: the cached read, then the plain one that it is compared with.
///
/// `entry` ends the read in `.entry(&mut conn)?`, which tells hits from misses. Any other word is the method that
/// ends it; `optional` stands for `.first(&mut conn).optional()?`.
macro_rules! question {
    (entry $read:expr, |$conn:ident| $plain:expr) => {
        question!(@ stringify!($read), |conn| $read.entry(conn).map(Answer::from), |$conn| $plain)
    };
    (optional $read:expr, |$conn:ident| $plain:expr) => {
        question!(
            @ concat!(stringify!($read), ".first(&mut conn).optional()?"),
            |conn| $read.first(conn).optional().map(Answer::silent),
            |$conn| $plain
        )
    };
    ($end:ident $read:expr, |$conn:ident| $plain:expr) => {
        question!(
            @ concat!(stringify!($read), ".", stringify!($end), "(&mut conn)?"),
            |conn| $read.$end(conn).map(Answer::silent),
            |$conn| $plain
        )
    };
    (@ $text:expr, |$conn:ident| $cached:expr, |$other:ident| $plain:expr) => {
        Question { text: $text, cached: Box::new(move |$conn| $cached), plain: Box::new(move |$other| $plain) }
    };
}
pub(crate) use question;

/// A [`Change`] by a statement, whether Diesel's or a manager's, or by a closure that runs several.
macro_rules! change {
    (get_result $statement:expr) => {
        Change {
            text: concat!(stringify!($statement), ".get_result(&mut conn)?"),
            write: Box::new(|conn| $statement.get_result(conn).map(|_| 1)),
        }
    };
    (|$conn:ident| $work:expr) => {
        Change { text: stringify!($work), write: Box::new(|$conn| $work) }
    };
    ($statement:expr) => {
        Change { text: stringify!($statement), write: Box::new(|conn| $statement.execute(conn)) }
    };
}
pub(crate) use change;

/// A value in a few characters.
pub(crate) trait Summary {
    fn summary(&self) -> String;
}

impl<M> Summary for CachedList<M> {
    fn summary(&self) -> String {
        count_of(self.len(), "row")
    }
}

impl Summary for CachedRow<AlbumPage> {
    fn summary(&self) -> String {
        count_of(2 + self.tracks.len(), "row")
    }
}

impl Summary for CachedRow<Customer> {
    fn summary(&self) -> String {
        count_of(1, "row")
    }
}

impl Summary for CachedRow<Track> {
    fn summary(&self) -> String {
        count_of(1, "row")
    }
}

impl<M> Summary for CachedRows<M> {
    fn summary(&self) -> String {
        format!("{} of {}", self.iter().flatten().count(), self.len())
    }
}

impl<M> Summary for Option<CachedRow<M>> {
    fn summary(&self) -> String {
        self.as_ref().map_or("no row", |_| "1 row").to_owned()
    }
}

impl Summary for i64 {
    fn summary(&self) -> String {
        self.to_string()
    }
}

/// A number with its noun.
pub(crate) fn count_of(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
