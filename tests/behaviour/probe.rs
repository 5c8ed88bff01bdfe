//! What sits on a test's connections beside the tracker: counts statements, and interrupts them on request.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};

use cache_diesel::prelude::*;
use diesel::connection::{Instrumentation, InstrumentationEvent};

/// Called for every event of a connection.
pub type Hook = Arc<Mutex<dyn FnMut(&InstrumentationEvent<'_>) + Send>>;

/// What the next connection of this thread gets.
#[derive(Clone)]
pub struct Probe {
    pub statements: Arc<AtomicUsize>,
    pub hook: Option<Hook>,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The tracker has seen the statement, the database has not.
    Start,
    /// The tracker has seen the end of the statement, the caller has not.
    Finish,
}

thread_local! {
    static PROBE: RefCell<Option<Probe>> = const { RefCell::new(None) };
}

/// Opens a connection, or whatever else makes an instrumentation, under `probe`.
pub fn with_probe<T>(probe: Probe, work: impl FnOnce() -> T) -> T {
    PROBE.set(Some(probe));
    let result = work();
    PROBE.set(None);
    result
}

/// Installs the default cache of the process, once.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        cache_diesel::install_with(Cache::memory(), || {
            let probe = PROBE.with_borrow(Clone::clone)?;
            Some(Box::new(probe))
        })
        .unwrap();
    });
}

/// A hook that runs `work` once: at the first statement with `sql` in its text, whatever quotes names have there.
pub fn once_at(moment: Moment, sql: &'static str, work: impl FnOnce() + Send + 'static) -> Hook {
    let mut work = Some(work);
    Arc::new(Mutex::new(move |event: &InstrumentationEvent<'_>| {
        let text = match event {
            InstrumentationEvent::StartQuery { query, .. } if moment == Moment::Start => query.to_string(),
            InstrumentationEvent::FinishQuery { query, .. } if moment == Moment::Finish => query.to_string(),
            _ => return,
        };
        if text.replace(['"', '`'], "").contains(sql)
            && let Some(work) = work.take()
        {
            work();
        }
    }))
}

impl Instrumentation for Probe {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.statements.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(hook) = &self.hook {
            (hook.lock().unwrap())(&event);
        }
    }
}
