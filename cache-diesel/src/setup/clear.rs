//! Clears entries: at once, and on request once more after the commit of the open transaction.

use cache_core::{Cache, KeyBytes, Result, Tag, TagKind, registry};

use crate::identity;
use crate::manager::{Manager, ManagerState};
use crate::model::keys::IntoKey;
use crate::read::WritingConnection;
use crate::read::page::{CachedView, KeyOf};
use crate::track::Tracker;

mod around;

pub use around::Clears;

impl<P: CachedView> Manager<P> {
    /// Clears the row with the primary key `id`, in every manager of its table: those of views too.
    ///
    /// # Consistency
    ///
    /// Takes effect at once, in a transaction too; [`Clear::after`] clears again after the commit. It concerns
    /// every database that this process has opened; if it has opened none, all rows of the manager are cleared.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::NotConfigured`](crate::ErrorKind::NotConfigured) if the manager has no
    /// cache, and of [`ErrorKind::Store`](crate::ErrorKind::Store) if the store refused.
    pub fn clear_detail<K: IntoKey<KeyOf<P>>>(self, id: K) -> Result<Clear> {
        Clear::now(self.state, detail_tags(self.state, id.key_bytes()))
    }

    /// Clears the lists that are cached under `suffix`.
    ///
    /// # Consistency
    ///
    /// Takes effect at once, in a transaction too; [`Clear::after`] clears again after the commit.
    ///
    /// # Errors
    ///
    /// As [`clear_detail`](Self::clear_detail).
    pub fn clear_list(self, suffix: &str) -> Result<Clear> {
        Clear::now(self.state, vec![self.state.tags.suffix(suffix)])
    }

    /// Clears all lists of the manager, scopes and counts included.
    ///
    /// # Consistency
    ///
    /// Takes effect at once, in a transaction too; [`Clear::after`] clears again after the commit.
    ///
    /// # Errors
    ///
    /// As [`clear_detail`](Self::clear_detail).
    pub fn clear_lists(self) -> Result<Clear> {
        Clear::now(self.state, vec![self.state.tags.lists()])
    }

    /// Clears everything of the manager.
    ///
    /// # Consistency
    ///
    /// Takes effect at once, in a transaction too; [`Clear::after`] clears again after the commit.
    ///
    /// # Errors
    ///
    /// As [`clear_detail`](Self::clear_detail).
    pub fn clear(self) -> Result<Clear> {
        Clear::now(self.state, vec![self.state.tags.details(), self.state.tags.lists()])
    }
}

/// The tags of one row, in every database that this process has opened.
fn detail_tags(state: &ManagerState, row: KeyBytes) -> Vec<Tag> {
    let databases = identity::seen::every();
    let tables = databases.iter().map(|database| database.table(&state.table));
    // The witness before the row, so that nobody takes the new token of the row for one from before.
    let mut tags: Vec<Tag> = tables.flat_map(|table| [table.whole(TagKind::Cleared), table.row(row)]).collect();
    if tags.is_empty() {
        tags.push(state.tags.details());
    }
    tags
}

/// The cache of a manager, if there is one.
fn lookup_cache(state: &ManagerState) -> Result<Cache> {
    registry::get(state.cache_name())
}

/// Something that was cleared by hand.
#[derive(Clone, Debug)]
pub struct Clear {
    state: &'static ManagerState,
    tags: Vec<Tag>,
}

impl Clear {
    fn now(state: &'static ManagerState, tags: Vec<Tag>) -> Result<Self> {
        let clear = Self { state, tags };
        clear.run()?;
        Ok(clear)
    }

    /// Clears again when the transaction that is open on `conn` is committed; nothing more if none is open.
    ///
    /// Between the clearing and the commit somebody may have filled the cache with what was committed before. On a
    /// connection without a tracker nothing more happens: nobody would tell of the commit.
    ///
    /// # Errors
    ///
    /// None at present: a store that fails at the commit is counted and reported.
    pub fn after<C: WritingConnection<Mode>, Mode>(self, conn: &mut C) -> Result<()> {
        let tracker: Option<&mut Tracker> = conn.instrumented().as_any_mut().downcast_mut();
        if let Some(tracker) = tracker {
            tracker.clear_after(&self.tags);
        }
        Ok(())
    }

    fn run(&self) -> Result<()> {
        lookup_cache(self.state)?.clear_tags(&self.state.name, &self.tags)
    }
}

/// `manager.clear_list("active").after(&mut conn)?` in one line.
pub trait After {
    /// Clears again when the transaction that is open on `conn` is committed.
    ///
    /// # Errors
    ///
    /// Returns the error of the clearing.
    fn after<C: WritingConnection<Mode>, Mode>(self, conn: &mut C) -> Result<()>;
}

impl After for Result<Clear> {
    fn after<C: WritingConnection<Mode>, Mode>(self, conn: &mut C) -> Result<()> {
        self?.after(conn)
    }
}
