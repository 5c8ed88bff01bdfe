//! Counts what is sent to the databases of the process.

use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{Instrumentation, InstrumentationEvent};

static SELECTS: AtomicUsize = AtomicUsize::new(0);
static PINGS: AtomicUsize = AtomicUsize::new(0);
static OTHERS: AtomicUsize = AtomicUsize::new(0);

/// The program's own instrumentation. `install_with` is given it, and passes every event on.
#[derive(Debug)]
pub(crate) struct Statements;

impl Instrumentation for Statements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let InstrumentationEvent::StartQuery { query, .. } = event else { return };
        let text = query.to_string();
        let text = text.split(" -- binds").next().unwrap_or_default().trim();
        let count = match text {
            // By which r2d2 finds out whether a connection still works, each time it gives one.
            "SELECT 1" => &PINGS,
            _ if text.starts_with("SELECT") => &SELECTS,
            _ => &OTHERS,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Statements, by their kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) selects: usize,
    pub(crate) pings: usize,
    pub(crate) others: usize,
}

impl Counts {
    /// What was sent since the last time.
    pub(crate) fn take() -> Self {
        let [selects, pings, others] = [&SELECTS, &PINGS, &OTHERS].map(|count| count.swap(0, Ordering::Relaxed));
        Self { selects, pings, others }
    }

    pub(crate) const fn and(self, more: Self) -> Self {
        Self { selects: self.selects + more.selects, pings: self.pings + more.pings, others: self.others + more.others }
    }
}
