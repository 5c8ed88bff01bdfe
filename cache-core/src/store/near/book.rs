//! Keeps the known tokens of a server's tags, and finds the copies that each change ends.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::DefaultHashBuilder;

use crate::name::key::Fingerprint;
use crate::name::tag::{TagKind, Token};
use crate::protocol::near::NearTags;
use crate::store::track::Incarnation;

/// A tag that an entry depends on, and the token that it was filled under.
pub(in crate::store) type Under = (Fingerprint, TagKind, Token);

/// What is known of the server's tags. Hits do not look at it.
pub(super) struct Book {
    pub(super) near: NearTags,
    /// The cells of known tags that entries depend on.
    cells: HashMap<Fingerprint, Arc<TagCell>, DefaultHashBuilder>,
    /// The life of the server that tells of changes.
    pub(super) incarnation: Option<Incarnation>,
    sweep_at: usize,
}

/// One tag for as long as its token is known.
#[derive(Debug, Default)]
pub(super) struct TagCell {
    has_changed: AtomicBool,
}

impl Book {
    const FIRST_SWEEP: usize = 1024;

    /// Nothing is known, and nobody tells.
    pub(super) fn new(max_staleness: Duration) -> Self {
        let near = NearTags::new(max_staleness);
        Self { near, cells: HashMap::default(), incarnation: None, sweep_at: Self::FIRST_SWEEP }
    }

    /// The cells of the tags, if each token is known to be the present one.
    pub(super) fn cells_under(&mut self, tokens: &[Under]) -> Option<Box<[Arc<TagCell>]>> {
        if !self.near.admits(tokens.iter().map(|(tag, _, token)| (*tag, *token))) {
            return None;
        }
        Some(tokens.iter().map(|(tag, _, _)| Arc::clone(self.cells.entry(*tag).or_default())).collect())
    }

    pub(super) fn mark_unless_known(&mut self, tag: Fingerprint) {
        if self.near.known(tag).is_none()
            && let Some(cell) = self.cells.remove(&tag)
        {
            cell.mark();
        }
    }

    pub(super) fn mark_all(&mut self) {
        self.cells.drain().for_each(|(_, cell)| cell.mark());
    }

    /// Tags that no entry depends on any more are forgotten when there are twice as many as were needed last.
    pub(super) fn sweep_if_grown(&mut self) {
        if self.near.len() < self.sweep_at {
            return;
        }
        let Self { near, cells, .. } = self;
        cells.retain(|_, cell| Arc::strong_count(cell) > 1);
        near.retain(|tag| cells.contains_key(&tag));
        self.sweep_at = (near.len() * 2).max(Self::FIRST_SWEEP);
    }
}

impl TagCell {
    pub(super) fn is_current(&self) -> bool {
        !self.has_changed.load(Ordering::SeqCst)
    }

    fn mark(&self) {
        self.has_changed.store(true, Ordering::SeqCst);
    }
}
