//! Clears entries once some work has succeeded.

use cache_core::Tag;
use diesel::connection::Connection;
#[cfg(feature = "async")]
use diesel_async::AsyncConnection;

use crate::manager::{Manager, ManagerState};
use crate::model::keys::IntoKey;
use crate::read::page::{CachedView, KeyOf};
use crate::setup::clear::{detail_tags, lookup_cache};
#[cfg(feature = "async")]
use crate::track::errands::done_for_task;
#[cfg(feature = "async")]
use crate::track::own::awaited::tracker_in;
use crate::track::{Tracker, tracker_of};

/// What is to be cleared once some work has succeeded: [`Manager::clears`] begins it, [`around`](Self::around) ends it.
#[derive(Debug)]
#[must_use = "nothing is cleared until `around` or `around_on` is called"]
pub struct Clears<P: CachedView> {
    manager: Manager<P>,
    tags: Vec<Tag>,
    others: Vec<Cleared>,
}

/// The tags of one manager that are to be cleared.
#[derive(Clone, Debug)]
struct Cleared {
    state: &'static ManagerState,
    tags: Vec<Tag>,
}

impl<P: CachedView> Manager<P> {
    /// Names what is to be cleared around a piece of work, once that has succeeded.
    ///
    /// # Examples
    ///
    /// ```
    /// use cache_diesel::prelude::*;
    /// use diesel::prelude::*;
    /// # diesel::table! { products (id) { id -> Integer, title -> Text, } }
    /// # #[derive(Cached, Debug, Queryable, Selectable)]
    /// # struct Product { id: i32, title: String }
    ///
    /// # cache_diesel::install(Cache::memory())?;
    /// let clears = || Product::cached().clears().detail(1).list("active");
    /// clears().around(|| std::fs::read_to_string("no-such-price-list").map(drop)).unwrap_err();   // nothing is cleared
    /// let imported: Result<i32, std::io::Error> = clears().around(|| Ok(3));                       // both are
    /// assert_eq!(imported?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clears(self) -> Clears<P> {
        Clears { manager: self, tags: Vec::new(), others: Vec::new() }
    }
}

impl<P: CachedView> Clears<P> {
    /// Adds the row with the primary key `id`, as [`Manager::clear_detail`] clears it.
    pub fn detail<K: IntoKey<KeyOf<P>>>(self, id: K) -> Self {
        let tags = detail_tags(self.manager.state, id.key_bytes());
        self.with(tags)
    }

    /// Adds the lists that are cached under `suffix`, as [`Manager::clear_list`] clears them.
    pub fn list(self, suffix: &str) -> Self {
        let tag = self.manager.state.tags.suffix(suffix);
        self.with([tag])
    }

    /// Adds all lists of the manager.
    pub fn lists(self) -> Self {
        let tag = self.manager.state.tags.lists();
        self.with([tag])
    }

    /// Adds everything of the manager.
    pub fn everything(self) -> Self {
        let tags = self.manager.state.tags;
        self.with([tags.details(), tags.lists()])
    }

    /// Adds what is to be cleared of another manager.
    pub fn and<Other: CachedView>(mut self, other: Clears<Other>) -> Self {
        self.others.extend(other.all());
        self
    }

    /// Does `work`, and clears what was named if it gives `Ok`; after an error or a panic nothing is cleared.
    ///
    /// # Consistency
    ///
    /// Takes effect before this returns, in a transaction too; [`around_on`](Self::around_on) clears again after the
    /// commit. A store that fails is counted and reported, and not looked at until the clear has got through.
    ///
    /// # Errors
    ///
    /// Returns the error of `work`.
    pub fn around<T, E>(self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let done = work()?;
        self.all().for_each(|cleared| cleared.run());
        Ok(done)
    }

    /// The same for work on a connection: if a transaction is open on it, clears once more when that is committed.
    ///
    /// # Consistency
    ///
    /// As [`around`](Self::around). On a connection without a tracker nothing more happens at the commit.
    ///
    /// # Errors
    ///
    /// Returns the error of `work`.
    pub fn around_on<C: Connection, T, E>(
        self,
        conn: &mut C,
        work: impl FnOnce(&mut C) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = work(conn)?;
        self.noted(tracker_of(conn)).iter().for_each(Cleared::run);
        Ok(done)
    }

    /// As [`around_on`](Self::around_on), for work on a connection that is awaited. No thread of the runtime waits for a store.
    ///
    /// # Errors
    ///
    /// Returns the error of `work`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before `work` is done, nothing is cleared; afterwards everything is.
    #[cfg(feature = "async")]
    pub async fn around_on_async<C: AsyncConnection, T, E>(
        self,
        conn: &mut C,
        work: impl AsyncFnOnce(&mut C) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = work(conn).await?;
        let cleared = self.noted(tracker_in(conn));
        done_for_task(move || cleared.iter().for_each(Cleared::run)).await;
        Ok(done)
    }

    /// What is to be cleared now. `tracker` clears it again after the commit.
    fn noted(self, mut tracker: Option<&mut Tracker>) -> Vec<Cleared> {
        let note = |cleared: &Cleared| {
            if let Some(tracker) = &mut tracker {
                tracker.clear_after(&cleared.tags);
            }
        };
        self.all().inspect(note).collect()
    }

    fn with(mut self, tags: impl IntoIterator<Item = Tag>) -> Self {
        self.tags.extend(tags);
        self
    }

    fn all(self) -> impl Iterator<Item = Cleared> {
        let own = Cleared { state: self.manager.state, tags: self.tags };
        [own].into_iter().chain(self.others).filter(|cleared| !cleared.tags.is_empty())
    }
}

impl Cleared {
    fn run(&self) {
        // Before there is a cache there is nothing in it.
        if let Ok(cache) = lookup_cache(self.state) {
            cache.clear_tags_in_time(&self.state.name, &self.tags);
        }
    }
}
