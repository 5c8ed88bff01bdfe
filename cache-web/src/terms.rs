//! Holds for how long what is rendered is kept, and what it has to depend on.

use core::time::Duration;

use cache_core::{Computation, Timeout};

/// What was said of everything that is kept under one label.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) timeout: Option<Timeout>,
    pub(crate) relevance: Option<Timeout>,
    pub(crate) lag: Option<Duration>,
    pub(crate) is_independent: bool,
}

impl Terms {
    /// The computation under these terms.
    pub(crate) fn of<'a>(&self, mut computation: Computation<'a>) -> Computation<'a> {
        if let Some(timeout) = self.timeout {
            computation = computation.timeout(timeout);
        }
        if let Some(timeout) = self.relevance {
            computation = computation.relevance_timeout(timeout);
        }
        if let Some(lag) = self.lag {
            computation = computation.lag(lag);
        }
        if self.is_independent { computation.depends_on_nothing() } else { computation }
    }
}
