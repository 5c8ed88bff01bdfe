//! The methods that end a read of one page, and what `require` fails with.

use core::marker::PhantomData;

use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::error::NotFound;
use crate::model::CachedModel;
use crate::read::blocking::{Query, run};
use crate::read::entry::CachedRow;
use crate::read::terminal::{BlockingRead, IntoTask};
use crate::read::view::page::{CachedView, Page};

/// The page, or the model's own error.
#[derive(Debug)]
pub struct RequirePage<R, V>(R, PhantomData<fn() -> V>);

type ErrorOf<V> = <<V as Page>::Root as CachedModel>::Error;

impl<R, V> RequirePage<R, V> {
    pub(super) fn new(read: R) -> Self {
        Self(read, PhantomData)
    }
}

impl<'query, C, R, V> BlockingRead<'query, C> for RequirePage<R, V>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    V: CachedView,
    R: IntoTask<'query, C, Task: Query<C, Value = Option<CachedRow<V>>>>,
{
    type Output = Result<CachedRow<V>, ErrorOf<V>>;

    fn run(self, conn: &mut C) -> Self::Output {
        let entry: QueryResult<_> = run(self.0, conn);
        entry.map_err(ErrorOf::<V>::from)?.value.ok_or_else(|| NotFound::of(V::DEFINITION.name).into())
    }
}

/// The methods that end a read of one page.
macro_rules! page_terminals {
    ($view:ty) => {
        crate::read::terminal::terminal! {
            /// Reads the page.
            ///
            /// # Errors
            ///
            /// Returns Diesel's `NotFound` if there is none, and whatever else the database says.
            first, <$view as Page>::Joined, crate::read::terminal::First<Self>, crate::read::terminal::First
        }

        crate::read::terminal::terminal! {
            /// Reads the page, or fails with the model's own error.
            ///
            /// # Errors
            ///
            /// Returns the error made from [`NotFound`](crate::NotFound) if there is none, and the one made from
            /// Diesel's error if the database fails.
            require, <$view as Page>::Joined, crate::read::view::terminal::RequirePage<Self, $view>,
            crate::read::view::terminal::RequirePage::new
        }

        crate::read::terminal::terminal! {
            /// Reads the page together with what the cache knows of it.
            ///
            /// # Errors
            ///
            /// As [`first`](Self::first).
            entry, <$view as Page>::Joined, crate::read::terminal::FirstEntry<Self>, crate::read::terminal::FirstEntry
        }

        /// Reads the page, and takes a connection on a miss only.
        ///
        /// # Consistency
        ///
        /// Without a connection the cache has to know which database is meant: its builder was told
        /// ([`database`](crate::CacheBuilder::database)), or the program said that it has
        /// [one only](crate::only_database). Else the connection is taken first, as it is until a read with a
        /// connection has found out which database that is.
        ///
        /// # Errors
        ///
        /// Returns what `take` fails with, and Diesel's errors as [`first`](Self::first) does.
        pub fn first_with<'query, C, E>(
            self,
            take: impl FnOnce() -> Result<C, E>,
        ) -> Result<crate::read::CachedRow<$view>, E>
        where
            C: diesel::connection::LoadConnection<Backend: crate::backend::CacheBackend> + 'static,
            E: From<diesel::result::Error>,
            Self: crate::read::terminal::IntoTask<
                    'query,
                    C,
                    Task: crate::read::blocking::Query<C, Value = Option<crate::read::CachedRow<$view>>>,
                >,
        {
            let entry = crate::read::blocking::run_with(self, take)?;
            Ok(entry.value.ok_or(diesel::result::Error::NotFound)?)
        }
    };
}
pub(super) use page_terminals;
