//! Holds the traits of a page: a row of a model alone, or with related rows.

pub(crate) mod base;
pub(crate) mod load;
pub(crate) mod part;
pub(crate) mod relation;

use std::sync::Arc;

use cache_core::{Bypass, KeyBytes};
use diesel::dsl::Filter;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::backend::line::{Line, Loads, Reply, ready};
use crate::model::{CachedModel, Definition, Lookup};
use crate::read::page::load::LoadModel;
use crate::read::page::part::Part;
use crate::read::page::relation::Prefetched;
use crate::read::shape::{QueryTables, shape_of};
use crate::read::terminal::entry::CachedRow;

/// A row of a model with related rows. A row of the model itself is one without any.
pub trait Page: Part {
    /// The model of the row.
    type Root: CachedModel;
    /// The row with those that are joined, as the first statement gives them.
    type Joined: Send + 'static;

    /// Whether a row of the table may have no page: an inner join or a base query may leave it out.
    const MAY_LEAVE_OUT: bool = true;
    /// Whether it has rows of other tables, or of the same one, beside its own.
    const HAS_RELATED_ROWS: bool = true;

    /// The row.
    fn root(&self) -> &Self::Root;
}

/// The primary key of a page's row.
pub type KeyOf<P> = <<P as Page>::Root as CachedModel>::Id;

/// What a cache manager reads: a model, or a second shape of one, with joined and prefetched rows.
///
/// Implemented for every model, and for what `#[cached(view(..))]` generates; every method is for the library and for
/// generated code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cached model",
    label = "no cache manager exists for this type",
    note = "add `#[derive(Cached)]` and `#[diesel(table_name = ..)]` to `{Self}`"
)]
pub trait CachedView: Page {
    /// The model's table or base query, joined with those of the related models.
    type Source;
    /// Which columns the conditions of lists may use.
    type Columns;
    /// The condition on the primary key.
    type ByKey;
    /// What lists hold: the view itself, or its row without what is prefetched.
    type Listed: Page<Root = Self::Root, Joined = Self::Joined>;

    /// What the derive was told.
    const DEFINITION: Definition;

    /// The joined tables.
    fn source() -> Self::Source;
    /// Selects the row with this primary key.
    fn by_key(key: KeyOf<Self>) -> Self::ByKey;
    /// The models of the related rows: other ones have other entries.
    fn related() -> Vec<Definition> {
        Vec::new()
    }
    /// The types of its queries, which tell by which columns and in which order: other ones have other entries.
    fn queries() -> Vec<&'static str> {
        Vec::new()
    }
}

/// A page that can be loaded from the connection `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be loaded from `{C}`",
    label = "one of its related rows cannot be read from this connection",
    note = "every related model needs `#[derive(Queryable, Selectable)]`"
)]
pub trait LoadPages<C: Line>: Page {
    /// Gathers the tables that the statements after the first one name.
    ///
    /// # Errors
    ///
    /// If a statement cannot be printed.
    fn look_ahead(prefetched: &mut Prefetched) -> QueryResult<()>;

    /// Loads what belongs to the rows, with one statement for each relation.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    fn assemble<'a>(joined: Vec<Self::Joined>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<Self>>>
    where
        C: 'a;
}

#[diagnostic::do_not_recommend]
impl<M: CachedModel> Page for M {
    type Root = M;
    type Joined = M;

    const MAY_LEAVE_OUT: bool = M::HAS_BASE_QUERY;
    const HAS_RELATED_ROWS: bool = false;

    fn root(&self) -> &M {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<M: CachedModel> CachedView for M {
    type Source = M::Source;
    type Columns = M::Columns;
    type ByKey = M::ByKey;
    type Listed = M;

    const DEFINITION: Definition = M::DEFINITION;

    fn source() -> M::Source {
        M::source()
    }

    fn by_key(key: M::Id) -> M::ByKey {
        M::by_key(key)
    }
}

#[diagnostic::do_not_recommend]
impl<M: CachedModel, C: Line> LoadPages<C> for M {
    fn look_ahead(_prefetched: &mut Prefetched) -> QueryResult<()> {
        Ok(())
    }

    fn assemble<'a>(joined: Vec<M>, _conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<M>>>
    where
        C: 'a,
    {
        ready(Ok(joined))
    }
}

/// The query of a page by the key of its row.
pub type KeyedSource<P> = Filter<<P as CachedView>::Source, <P as CachedView>::ByKey>;

/// The query of the page whose row has this primary key.
pub(crate) fn keyed<P>(key: KeyOf<P>) -> KeyedSource<P>
where
    P: CachedView<Source: FilterDsl<P::ByKey>>,
{
    FilterDsl::filter(P::source(), P::by_key(key))
}

/// The query of a page by a value of the unique look-up `L`.
pub(crate) type LookedUpSource<P, L> = Filter<<P as CachedView>::Source, <L as Lookup>::Filter>;

/// The query of the page whose row has this value, in its normal form.
pub(crate) fn looked_up<P, L>(value: L::Value) -> LookedUpSource<P, L>
where
    P: CachedView<Source: FilterDsl<L::Filter>>,
    L: Lookup,
{
    FilterDsl::filter(P::source(), L::filter(value))
}

/// A page that the connection `C` can load by a query of its own for each key or value.
///
/// `Source` is that query before its columns are selected.
pub trait LoadOne<C: Line, Source>: LoadPages<C> {
    /// The name of the entry: what the query says and binds.
    fn entry_id(source: Source) -> QueryResult<KeyBytes>;

    /// The tables that the statements name, or why their answer is not cached.
    fn named(source: Source, assume_deterministic: bool) -> QueryResult<Result<QueryTables, Bypass>>;

    /// Asks the database.
    fn ask<'a>(source: Source, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Option<CachedRow<Self>>>>
    where
        C: 'a;
}

impl<C, P, Source> LoadOne<C, Source> for P
where
    C: Line,
    P: LoadPages<C>,
    Source: LoadModel<'static, C, P::Joined>,
{
    fn entry_id(source: Source) -> QueryResult<KeyBytes> {
        named_by::<C::Backend, _>(&source.selected())
    }

    fn named(source: Source, assume_deterministic: bool) -> QueryResult<Result<QueryTables, Bypass>> {
        let shape = shape_of::<C::Backend, _>(&source.selected())?;
        let prefetched = Prefetched::gathered(P::look_ahead)?;
        Ok(prefetched.join(shape.named(assume_deterministic), assume_deterministic))
    }

    fn ask<'a>(source: Source, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Option<CachedRow<P>>>>
    where
        C: 'a,
    {
        first_of::<C, P, _>(source.selected(), conn)
    }
}

/// The name of an entry by its query and what is bound to it.
fn named_by<DB, Query>(query: &Query) -> QueryResult<KeyBytes>
where
    DB: CacheBackend,
    Query: QueryFragment<DB> + QueryId,
{
    shape_of::<DB, _>(query)?.key_of::<DB, _>(query, None)
}

/// The name of the entry of a page whose row is called `id`, or is found by the value `id`.
///
/// What base queries say and bind is part of the name: nobody knows where their values come from.
pub(crate) fn page_id<C, P, Source>(id: KeyBytes, source: impl FnOnce() -> Source) -> QueryResult<KeyBytes>
where
    C: Line,
    P: LoadOne<C, Source>,
{
    if !P::HAS_BASE_QUERY {
        return Ok(id);
    }
    let id = if <P::Root as CachedModel>::HAS_BASE_QUERY { P::entry_id(source())? } else { id };
    Ok(Prefetched::gathered(P::look_ahead)?.name(id))
}

/// The first page that the query gives, with all that belongs to it.
pub(crate) fn first_of<'a, 'query: 'a, C, P, Selected>(
    selected: Selected,
    conn: &'a mut C::Conn,
) -> Reply<'a, QueryResult<Option<CachedRow<P>>>>
where
    C: Line + 'a,
    P: LoadPages<C>,
    Selected: Loads<'query, C, P::Joined>,
{
    let first = selected.load_first(conn);
    Box::pin(async move {
        let (joined, conn) = first.await;
        let Some(joined) = joined? else { return Ok(None) };
        Ok(P::assemble(vec![joined], conn).await?.pop().map(Arc::new))
    })
}

/// All pages that the query gives, with all that belongs to them.
pub(crate) fn all_of<'a, 'query: 'a, C, P, Selected>(
    selected: Selected,
    conn: &'a mut C::Conn,
) -> Reply<'a, QueryResult<Vec<P>>>
where
    C: Line + 'a,
    P: LoadPages<C>,
    Selected: Loads<'query, C, P::Joined>,
{
    let rows = selected.load(conn);
    Box::pin(async move {
        let (joined, conn) = rows.await;
        P::assemble(joined?, conn).await
    })
}
