//! Builds reads of one row by a unique value, which leads to the primary key.

use core::marker::PhantomData;

use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::line::Line;
use crate::manager::{Manager, ManagerState};
use crate::model::Lookup;
use crate::model::keys::IntoKey;
use crate::read::builder::cloned;
use crate::read::builder::filter::{Anywhere, Filterable};
use crate::read::builder::first::FirstRead;
use crate::read::builder::options::{Options, options_methods};
use crate::read::page::load::LoadModel;
use crate::read::page::{CachedView, KeyedSource, LoadPages, LookedUpSource, looked_up};
use crate::read::task::query::{IntoTask, Later, Repeats};
use crate::read::task::unique::UniqueTask;
use crate::read::terminal::row_terminals;

impl<P: CachedView> Manager<P> {
    /// The row with this value in the unique look-up `L`; generated methods call it.
    #[doc(hidden)]
    #[track_caller]
    pub fn looked_up<L, K>(self, value: K) -> UniqueRead<P, L, K::Itself>
    where
        L: Lookup<Model = P::Root>,
        K: IntoKey<L::Value>,
    {
        UniqueRead { state: self.state, value: value.itself(), options: Options::new(), lookup: PhantomData }
    }
}

/// A row by a unique value, to be read by [`first`](Self::first) or [`require`](Self::require).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct UniqueRead<P, L, K> {
    state: &'static ManagerState,
    value: K,
    options: Options,
    lookup: PhantomData<fn() -> (P, L)>,
}

cloned!([P, L, K: Clone] UniqueRead<P, L, K> { state, value, options, lookup });

impl<P, L, K> UniqueRead<P, L, K>
where
    P: CachedView,
    L: Lookup<Model = P::Root>,
    K: IntoKey<L::Value>,
{
    options_methods!(options);
    row_terminals!(P);

    /// Asks for the row only if `condition` holds. It is cached as the first row of a list is, by its query.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FirstRead<P, Condition::Output>
    where
        P::Source: FilterDsl<L::Filter>,
        Condition: Filterable<LookedUpSource<P, L>, Kind, Anywhere>,
    {
        let value = self.value.into_key();
        let value = if L::IS_NORMALIZED { L::normalized(&value) } else { value };
        FirstRead::new(self.state, condition.filter_of(looked_up::<P, L>(value)), self.options)
    }
}

impl<'query, C, P, L, K> IntoTask<'query, C> for UniqueRead<P, L, K>
where
    C: Line,
    P: CachedView<Source: FilterDsl<P::ByKey> + FilterDsl<L::Filter>> + LoadPages<C>,
    L: Lookup<Model = P::Root>,
    K: IntoKey<L::Value>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
    LookedUpSource<P, L>: LoadModel<'static, C, P::Joined>,
{
    type Task = UniqueTask<C, P, L, K>;

    fn into_task(self) -> QueryResult<Self::Task> {
        UniqueTask::new(self.state, self.value, self.options)
    }
}

impl<'query, C, P, L, K> Repeats<'query, C> for UniqueRead<P, L, K>
where
    C: Line + 'static,
    P: CachedView<Source: FilterDsl<P::ByKey> + FilterDsl<L::Filter>> + LoadPages<C>,
    L: Lookup<Model = P::Root>,
    K: IntoKey<L::Value>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
    LookedUpSource<P, L>: LoadModel<'static, C, P::Joined>,
{
    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again()?))
    }
}
