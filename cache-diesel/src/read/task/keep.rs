//! Decides what is stored of a loaded value, and for how long.

use std::sync::Arc;

use cache_core::{Codec, Lifetime, Loaded, Timeout, Timestamp, Token, Value};

use crate::manager::ManagerState;
use crate::model::CachedModel as _;
use crate::read::page::Page;
use crate::read::task::Site;
use crate::read::task::collected::end_with;

/// What is kept of a loaded value.
pub struct Keep {
    pub(crate) value: Value,
    pub(crate) weight: usize,
    pub(crate) lifetime: Lifetime,
    pub(crate) ends_at: Timestamp,
    pub(crate) is_oversized: bool,
    pub(crate) is_stored: bool,
}

impl Keep {
    pub(crate) fn loaded(self, codec: Option<Codec>) -> Loaded {
        Loaded { value: self.value, weight: self.weight, codec, lifetime: self.lifetime, begins_at: None }
    }

    /// Cuts its life: by the jitter of its manager, and where the first of its rows ends. What has ended is not stored.
    pub(crate) fn with_life(mut self, site: &Site<'_>) -> Self {
        let is_absent_row = matches!(self.value, Value::Absent(_)) && site.reader.kind.is_of_row();
        if let Some(relevance) = site.relevance().filter(|_| !is_absent_row) {
            self.lifetime.relevance = relevance;
        }
        if let Some(jitter) = site.state.definition.timeouts.jitter {
            // The share is the same for both, so that an entry is not stale for longer than it was told.
            let dice = Token::fresh().bits();
            self.lifetime.relevance = jitter.spread(self.lifetime.relevance, dice);
            self.lifetime.timeout = jitter.spread(self.lifetime.timeout, dice);
        }
        if self.ends_at != Timestamp::NEVER {
            let left = self.ends_at.since(site.reader.now());
            let timeout = self.lifetime.timeout.duration().map_or(left, |timeout| timeout.min(left));
            self.lifetime.timeout = Timeout::after(timeout);
        }
        self
    }

    /// Over when the first of the rows in it ends.
    pub(crate) fn until(mut self, ends: impl Iterator<Item = Timestamp>) -> Self {
        self.ends_at = ends.fold(self.ends_at, Timestamp::min);
        self
    }

    /// Not stored if it has more rows than its manager's lists may have.
    pub(crate) fn of_rows(mut self, count: usize, state: &ManagerState) -> Self {
        self.is_oversized = state.definition.max_rows.is_some_and(|most| count > most);
        self.is_stored &= !self.is_oversized;
        self
    }

    /// A page, which is over when its row ends.
    pub(crate) fn page<P: Page>(page: &Arc<P>, lifetime: impl Into<Lifetime>) -> Self {
        end_with(&**page);
        Self::shared(page, size_of::<P>() + page.heap_size(), lifetime).until(page.root().ends_at().into_iter())
    }

    pub(crate) fn shared<T: Send + Sync + 'static>(
        value: &Arc<T>,
        weight: usize,
        lifetime: impl Into<Lifetime>,
    ) -> Self {
        Self {
            value: Value::Shared(Arc::clone(value) as _),
            weight,
            lifetime: lifetime.into(),
            ends_at: Timestamp::NEVER,
            is_oversized: false,
            is_stored: true,
        }
    }

    /// A key that is known to belong to no row; `timeout`: if that is to be remembered.
    pub(crate) fn absent<T: Send + Sync + 'static>(key: T, timeout: Option<Timeout>) -> Self {
        Self {
            value: Value::Absent(Arc::new(key)),
            weight: size_of::<T>(),
            lifetime: timeout.unwrap_or(Timeout::NEVER).into(),
            ends_at: Timestamp::NEVER,
            is_oversized: false,
            is_stored: timeout.is_some(),
        }
    }
}
