//! Notes which statements each connection sends, and what they end in the cache.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache_diesel::Event;
use diesel::connection::{Instrumentation, InstrumentationEvent};

/// A statement that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) took: Duration,
}

/// What one connection was used for, since somebody took it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) statements: Vec<Statement>,
    /// The tables of each write whose entries have ended.
    pub(crate) ended: Vec<String>,
}

impl Notes {
    /// What was noted, which is forgotten here.
    pub(crate) fn take(&self) -> Noted {
        std::mem::take(&mut *self.lock())
    }

    /// How many statements were sent.
    pub(crate) fn count(&self) -> usize {
        self.lock().statements.len()
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many statements the process has sent.
static COUNT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The notes of the connection that this thread opens, or that it has used last: a write ends entries on the thread that
    /// has sent it.
    static CURRENT: RefCell<Option<Notes>> = const { RefCell::new(None) };
}

pub(crate) fn count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// Opens a connection by `open`, with notes of its own.
pub(crate) fn noted<T>(open: impl FnOnce() -> T) -> (T, Notes) {
    let notes = Notes::default();
    CURRENT.set(Some(notes.clone()));
    let opened = open();
    CURRENT.set(None);
    (opened, notes)
}

/// The instrumentation of a connection that is being opened, as `install_with` takes it.
pub(crate) fn of_connection() -> Option<Box<dyn Instrumentation>> {
    let notes = CURRENT.with_borrow(Clone::clone).unwrap_or_default();
    Some(Box::new(Noting { notes, began: None }))
}

/// A listener: what was ended belongs to the connection that this thread works for.
pub(crate) fn note(event: &Event<'_>) {
    let Event::Invalidated { tables, .. } = event else { return };
    if let Some(notes) = CURRENT.with_borrow(Clone::clone) {
        notes.lock().ended.push(tables.join(", "));
    }
}

struct Noting {
    notes: Notes,
    began: Option<Instant>,
}

impl Instrumentation for Noting {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                CURRENT.set(Some(self.notes.clone()));
                self.began = Some(Instant::now());
            }
            InstrumentationEvent::FinishQuery { query, .. } => {
                let Some(began) = self.began.take() else { return };
                COUNT.fetch_add(1, Ordering::Relaxed);
                let statement = Statement { text: query.to_string(), took: began.elapsed() };
                self.notes.lock().statements.push(statement);
            }
            _ => {}
        }
    }
}
