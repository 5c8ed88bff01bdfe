//! Builds reads of one row by its key.

use core::fmt;
use core::marker::PhantomData;

use cache_core::Kind;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::line::Line;
use crate::manager::{Manager, ManagerState};
use crate::model::keys::IntoKey;
use crate::read::builder::cloned;
use crate::read::builder::filter::{Anywhere, Filterable};
use crate::read::builder::options::{Options, options_methods};
use crate::read::page::load::LoadModel;
use crate::read::page::relation::Prefetched;
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadPages, Page, keyed, page_id};
use crate::read::shape::shape_of;
use crate::read::task::Head;
use crate::read::task::query::{IntoTask, Later, Repeats};
use crate::read::task::row::{FilteredTask, RowTask};
use crate::read::terminal::row_terminals;

impl<P: CachedView> Manager<P> {
    /// The row with the primary key `id`.
    ///
    /// A key may be given as it is, borrowed, or as a string slice for a `String`; several columns as a tuple.
    #[track_caller]
    #[must_use = "nothing is read until a method with a connection is called"]
    pub fn get<K: IntoKey<KeyOf<P>>>(self, id: K) -> RowRead<P, K::Itself> {
        RowRead { state: self.state, key: id.itself(), options: Options::new(), page: PhantomData }
    }
}

/// A row by its primary key, to be read by [`first`](Self::first) or [`require`](Self::require).
///
/// A row of a view whose inner join finds nothing is none.
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct RowRead<P, K> {
    state: &'static ManagerState,
    key: K,
    options: Options,
    page: PhantomData<fn() -> P>,
}

cloned!([P, K: Clone] RowRead<P, K> { state, key, options, page });

/// A row by its primary key and a condition.
#[must_use = "nothing is read until a method with a connection is called"]
pub struct FilteredRead<P: Page, Source> {
    state: &'static ManagerState,
    key: KeyOf<P>,
    source: Source,
    options: Options,
}

cloned!([P: Page, Source: Clone] FilteredRead<P, Source> { state, key, source, options });

impl<P: Page, Source> fmt::Debug for FilteredRead<P, Source> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FilteredRead").field("manager", &self.state.name).finish_non_exhaustive()
    }
}

impl<P: CachedView, K: IntoKey<KeyOf<P>>> RowRead<P, K> {
    options_methods!(options);
    row_terminals!(P);

    /// Asks for the row only if `condition` holds; the condition is part of the entry's name. That of a view may use the
    /// columns of every joined table.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FilteredRead<P, Condition::Output>
    where
        P::Source: FilterDsl<P::ByKey>,
        Condition: Filterable<KeyedSource<P>, Kind, Anywhere>,
    {
        let key = self.key.into_key();
        let source = condition.filter_of(keyed::<P>(key.clone()));
        FilteredRead { state: self.state, key, source, options: self.options }
    }

    /// The plain Diesel query of the row and what is joined, uncached.
    pub fn query(self) -> KeyedSource<P>
    where
        P::Source: FilterDsl<P::ByKey>,
    {
        keyed::<P>(self.key.into_key())
    }
}

impl<P: CachedView, Source> FilteredRead<P, Source> {
    options_methods!(options);

    /// Adds a condition, or an optional one.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FilteredRead<P, Condition::Output>
    where
        Condition: Filterable<Source, Kind, Anywhere>,
    {
        let source = condition.filter_of(self.source);
        FilteredRead { state: self.state, key: self.key, source, options: self.options }
    }

    row_terminals!(P);

    /// The plain Diesel query of the row and what is joined, uncached.
    pub fn query(self) -> Source {
        self.source
    }
}

impl<'query, C, P, K> IntoTask<'query, C> for RowRead<P, K>
where
    C: Line,
    P: CachedView<Source: FilterDsl<P::ByKey>> + LoadPages<C>,
    K: IntoKey<KeyOf<P>>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
{
    type Task = RowTask<C, P, K>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let head = Head { state: self.state, kind: Kind::Detail, options: self.options };
        let row = self.key.key_bytes();
        let id = page_id::<C, P, _>(row, || keyed::<P>(self.key.to_key()))?;
        Ok(RowTask { head, row, id, asked: self.key, connection: PhantomData })
    }
}

impl<'query, C, P, K> Repeats<'query, C> for RowRead<P, K>
where
    C: Line + 'static,
    P: CachedView<Source: FilterDsl<P::ByKey>> + LoadPages<C>,
    K: IntoKey<KeyOf<P>>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
{
    fn later(task: &Self::Task) -> Option<Later<C>> {
        // On another thread, at another moment, a base query may be another one.
        if P::HAS_BASE_QUERY {
            return None;
        }
        Some(Box::new(RowTask::<C, P, KeyOf<P>> {
            head: task.head,
            row: task.row,
            id: task.id,
            asked: task.asked.to_key(),
            connection: PhantomData,
        }))
    }
}

impl<'query, C, P, Source> IntoTask<'query, C> for FilteredRead<P, Source>
where
    C: Line,
    P: LoadPages<C>,
    Source: LoadModel<'query, C, P::Joined>,
{
    type Task = FilteredTask<'query, C, P, Source::Selected>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let head = Head { state: self.state, kind: Kind::Detail, options: self.options };
        let selected = self.source.selected();
        let shape = shape_of::<C::Backend, _>(&selected)?;
        let mut id = shape.key_of::<C::Backend, _>(&selected, None)?;
        if P::HAS_BASE_QUERY {
            id = Prefetched::gathered(P::look_ahead)?.name(id);
        }
        Ok(FilteredTask { head, shape, id, key: self.key, selected: Some(selected), connection: PhantomData })
    }
}

impl<'query, C, P, Source> Repeats<'query, C> for FilteredRead<P, Source>
where
    C: Line + 'static,
    P: LoadPages<C>,
    Source: LoadModel<'query, C, P::Joined>,
{
    fn later(task: &Self::Task) -> Option<Later<C>> {
        Some(Box::new(task.again(<Source as LoadModel<'query, C, P::Joined>>::owned)?))
    }
}
