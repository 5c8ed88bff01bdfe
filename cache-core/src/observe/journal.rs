//! Keeps the last invalidations and misses of a cache, so that it can be told who ended an entry.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use crate::clock::{Clock, Timestamp};
use crate::name::key::{KeyBytes, Kind};
use crate::name::tag::{Tag, TagKind};
use crate::observe::event::{Cause, Event};
use crate::protocol::miss::Miss;
use crate::sync::Mutex;

#[cfg(test)]
mod tests;

/// How much a journal keeps: the oldest notes make room for new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing is noted until a cache is given it"]
pub struct JournalSettings {
    notes: usize,
    bytes: usize,
}

impl JournalSettings {
    /// Keeps the last `notes`, in four MiB at most.
    pub const fn last(notes: usize) -> Self {
        Self { notes, bytes: 4 << 20 }
    }

    /// Keeps no more than so many bytes.
    pub const fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }
}

impl Default for JournalSettings {
    /// Ten thousand notes in four MiB.
    fn default() -> Self {
        Self::last(10_000)
    }
}

/// Something that a journal has kept. [`Display`](fmt::Display) says it in a line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JournalNote {
    /// When it happened.
    pub at: SystemTime,
    /// How long ago that was, by the clock of the cache.
    pub age: Duration,
    /// What happened.
    pub noted: Noted,
    /// What the entry that is explained depends on, and what happened has changed. `None` of a miss, of a note that no entry
    /// was asked about, and where a write changed so much that not all of it was kept.
    pub through: Option<TagKind>,
}

/// What a journal notes: what [events](Event) tell, without their loans.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Noted {
    /// As [`Event::Cleared`].
    Cleared {
        /// The manager's name; `None`: the whole cache.
        manager: Option<String>,
    },
    /// As [`Event::Invalidated`].
    Invalidated {
        /// The tables' SQL names, in order.
        tables: Vec<String>,
        /// How many rows the write named.
        row_count: usize,
        /// Whether everything of the database was affected.
        is_wide: bool,
        /// What ended the write.
        cause: Cause,
    },
    /// As [`Event::Missed`].
    Missed {
        /// The manager's name.
        manager: String,
        /// The kind of read.
        kind: Kind,
        /// What was read.
        key: KeyBytes,
        /// Why.
        cause: Miss,
    },
}

/// The entry about which a journal is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The manager's name.
    pub manager: &'a str,
    /// The kind of read.
    pub kind: Kind,
    /// What is read.
    pub key: KeyBytes,
    /// What the entry depends on.
    pub tags: &'a [Tag],
    /// The tables whose writes count for it.
    pub tables: &'a [String],
}

/// The journal of one cache. While it is off, it is not asked.
#[derive(Default)]
pub(crate) struct Journal {
    is_on: AtomicBool,
    book: Mutex<Option<Book>>,
}

impl Journal {
    /// From now on notes what happens; `None`: nothing, and forgets what it has.
    pub(crate) fn set(&self, settings: Option<JournalSettings>, clock: &Arc<dyn Clock>) {
        let mut book = self.book.lock();
        self.is_on.store(settings.is_some(), Ordering::Release);
        let open = |settings| Book { settings, clock: Arc::clone(clock), lines: VecDeque::new(), bytes: 0 };
        *book = settings.map(open);
    }

    /// Notes `event`, if it is one that is kept; `tags`: what it has changed.
    pub(crate) fn note(&self, event: &Event<'_>, tags: &[Tag]) {
        if !self.is_on.load(Ordering::Acquire) {
            return;
        }
        if let Some(noted) = Noted::of(event)
            && let Some(book) = &mut *self.book.lock()
        {
            book.add(noted, tags);
        }
    }

    /// What was noted, the latest first; of what concerns `asked` only, if an entry is asked about.
    pub(crate) fn read(&self, asked: Option<&Asked<'_>>) -> Vec<JournalNote> {
        let book = self.book.lock();
        book.as_ref().map_or_else(Vec::new, |book| book.read(asked))
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Journal").finish_non_exhaustive()
    }
}

struct Book {
    settings: JournalSettings,
    clock: Arc<dyn Clock>,
    lines: VecDeque<Line>,
    bytes: usize,
}

struct Line {
    at: Timestamp,
    noted: Noted,
    tags: Box<[Tag]>,
    /// It has changed more than `tags`.
    is_cut: bool,
}

impl Book {
    /// The tags of one note fill at most this part of the journal. A write that has more concerns every entry of its
    /// tables.
    const PART_OF_ONE_NOTE: usize = 16;

    fn add(&mut self, noted: Noted, tags: &[Tag]) {
        let most = self.settings.bytes / Self::PART_OF_ONE_NOTE / size_of::<Tag>();
        let kept = tags.get(..most).unwrap_or(tags);
        let line = Line { at: self.clock.now(), noted, tags: kept.into(), is_cut: kept.len() < tags.len() };
        self.bytes += line.weight();
        self.lines.push_back(line);
        while self.lines.len() > self.settings.notes || self.bytes > self.settings.bytes {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= oldest.weight();
        }
    }

    fn read(&self, asked: Option<&Asked<'_>>) -> Vec<JournalNote> {
        let now = self.clock.now();
        let note = |line: &Line| {
            let through = match asked {
                Some(asked) => line.concerns(asked)?,
                None => None,
            };
            Some(JournalNote { at: line.at.into(), age: now.since(line.at), noted: line.noted.clone(), through })
        };
        self.lines.iter().rev().filter_map(note).collect()
    }
}

impl Line {
    fn weight(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.tags) + self.noted.weight()
    }

    /// Whether it says anything of the entry, and by which of the tags that this depends on.
    fn concerns(&self, asked: &Asked<'_>) -> Option<Option<TagKind>> {
        if let Noted::Missed { manager, kind, key, .. } = &self.noted {
            return (manager == asked.manager && *kind == asked.kind && *key == asked.key).then_some(None);
        }
        if let Some(tag) = asked.tags.iter().find(|tag| self.tags.contains(tag)) {
            return Some(Some(tag.kind()));
        }
        let is_of_tables = match &self.noted {
            Noted::Invalidated { tables, .. } => asked.tables.iter().any(|table| tables.contains(table)),
            _ => true,
        };
        (self.is_cut && is_of_tables).then_some(None)
    }
}

impl Noted {
    fn of(event: &Event<'_>) -> Option<Self> {
        Some(match event {
            Event::Cleared { manager } => Self::Cleared { manager: manager.map(str::to_owned) },
            Event::Invalidated { tables, rows, is_wide, cause } => Self::Invalidated {
                tables: tables.iter().map(|table| (*table).to_owned()).collect(),
                row_count: rows.len(),
                is_wide: *is_wide,
                cause: *cause,
            },
            Event::Missed { manager, kind, key, cause } => {
                Self::Missed { manager: (*manager).to_owned(), kind: *kind, key: *key, cause: *cause }
            }
            _ => return None,
        })
    }

    /// The bytes beside its own.
    fn weight(&self) -> usize {
        match self {
            Self::Cleared { manager } => manager.as_ref().map_or(0, String::len),
            Self::Invalidated { tables, .. } => tables.iter().map(|table| size_of::<String>() + table.len()).sum(),
            Self::Missed { manager, .. } => manager.len(),
        }
    }
}

impl fmt::Display for Noted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cleared { manager: Some(manager) } => write!(formatter, "`{manager}` was cleared by hand"),
            Self::Cleared { manager: None } => formatter.write_str("the cache was cleared by hand"),
            Self::Invalidated { is_wide: true, cause, .. } => {
                write!(formatter, "everything was invalidated by {cause}")
            }
            Self::Invalidated { tables, row_count, cause, .. } => {
                write!(formatter, "`{}` was invalidated by {cause}", tables.join("`, `"))?;
                match row_count {
                    0 => Ok(()),
                    1 => formatter.write_str(", one row"),
                    count => write!(formatter, ", {count} rows"),
                }
            }
            Self::Missed { manager, kind, key, cause } => {
                write!(formatter, "{kind} `{key}` of `{manager}` was missed: {cause}")
            }
        }
    }
}

impl fmt::Display for JournalNote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.1?} ago: {}", self.age, self.noted)?;
        match self.through {
            Some(kind) => write!(formatter, " (tag `{kind}`)"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Commit => "a commit",
            Self::Rollback => "a rollback with something in it that is not understood",
            Self::Statement => "a statement",
        })
    }
}
