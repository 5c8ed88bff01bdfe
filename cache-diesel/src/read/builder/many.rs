//! Builds reads of several rows by their keys: one look-up, one statement for all misses.

use core::fmt;
use core::marker::PhantomData;

use cache_core::Kind;
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::manager::{Manager, ManagerState};
use crate::model::keys::IntoKey;
use crate::read::builder::cloned;
use crate::read::builder::options::{Options, options_methods};
use crate::read::builder::refused::refused;
use crate::read::drive::batch::{KeyBatch, LoadMany};
use crate::read::drive::taking::{ReadsWith, WithOf};
use crate::read::page::{CachedView, KeyOf, Page};
use crate::read::task::Head;
use crate::read::terminal::entry::CachedRows;
use crate::read::terminal::take::TakeConnection;
use crate::read::terminal::{BlockingRead, terminal};

impl<P: CachedView> Manager<P> {
    /// The rows with these primary keys, one result for each key, in the order of the keys.
    ///
    /// What is not cached is loaded as a list is, or as one for every 500 keys. Keys that the database may compare
    /// otherwise than byte by byte, such as text, are asked for once more if no row has them.
    #[track_caller]
    pub fn get_many<K: IntoKey<KeyOf<P>>>(self, ids: impl IntoIterator<Item = K>) -> ManyRead<P> {
        let keys = ids.into_iter().map(IntoKey::into_key).collect();
        ManyRead { state: self.state, keys, options: Options::new(), page: PhantomData }
    }
}

/// Several rows by their primary keys, to be read by [`load`](Self::load).
#[must_use = "nothing is read until a method with a connection is called"]
pub struct ManyRead<P: Page> {
    state: &'static ManagerState,
    keys: Vec<KeyOf<P>>,
    options: Options,
    page: PhantomData<fn() -> P>,
}

cloned!([P: Page] ManyRead<P> { state, keys, options, page });

impl<P: Page> fmt::Debug for ManyRead<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ManyRead").field("manager", &self.state.name).finish_non_exhaustive()
    }
}

impl<P: Page> ManyRead<P> {
    options_methods!(options);

    terminal! {
        /// Reads the rows, for each key its row or `None`: `QueryResult<Vec<Option<Arc<P>>>>`.
        ///
        /// A key that is asked for twice is looked for once. No key at all touches neither store nor database.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        load, P::Joined, Self, |read| read
    }

    refused!(EndsManyRows: count, execute, exists, first, get_result, get_results);

    /// As [`load`](Self::load), and takes a connection only if one of them is not cached.
    ///
    /// `take` is a closure that gives a connection, or a pool of `r2d2`, bb8 or deadpool: see
    /// [`TakeConnection`](crate::read::TakeConnection). If the connection is an awaited one, so is the read.
    ///
    /// # Consistency
    ///
    /// As [`first_with`](crate::read::RowRead::first_with) of a single row.
    ///
    /// # Errors
    ///
    /// Returns what taking a connection fails with, and what the database says.
    pub fn load_with<'query, Take, Kind>(self, take: Take) -> WithOf<'query, Self, Take, Kind>
    where
        Take: TakeConnection<Kind>,
        Take::Line: ReadsWith<'query, Self, Take, Kind, Take::Error>,
    {
        Take::Line::read_with(self, take)
    }

    pub(crate) fn into_parts(self) -> (Head, Vec<KeyOf<P>>) {
        (Head { state: self.state, kind: Kind::Detail, options: self.options }, self.keys)
    }
}

impl<'query, C, P> BlockingRead<'query, C> for ManyRead<P>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    P: LoadMany<C>,
{
    type Output = QueryResult<CachedRows<P>>;

    fn run(self, conn: &mut C) -> Self::Output {
        let (head, keys) = self.into_parts();
        KeyBatch::<P, C>::read(head, keys, conn)
    }
}
