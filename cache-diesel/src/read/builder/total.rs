//! Reads a list together with its number of rows before limit and offset.

use cache_core::store::Wanted;
use cache_core::{Life, Miss, Missed};
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::read::builder::list::ListRead;
use crate::read::builder::number::Counted;
use crate::read::builder::options::UseOfCache;
use crate::read::builder::order::{Window, Windowed};
use crate::read::drive::blocking::{run_looked, run_task, without_connection};
use crate::read::drive::gate::gate_for;
use crate::read::page::Page;
use crate::read::task::query::{IntoTask, Query};
use crate::read::task::{ReadStep, Site, Task, found_without_connection, site_of, site_without_connection, step_after};
use crate::read::terminal::entry::{CachedEntry, CachedList, ListWithTotal};
use crate::read::terminal::take::TakeConnection;
use crate::read::terminal::{BlockingRead, terminal};

impl<P: Page, Source, Part> ListRead<P, Source, Part> {
    terminal! {
        /// Reads the rows, and how many there are without limit and offset: `QueryResult<ListWithTotal<P>>`.
        ///
        /// Where the rows reach to the end of the list, their number follows from them and is not asked for. Else each has an
        /// entry of its own: the pages of a result share their number, which [`count`](Self::count) reads too. Both are looked
        /// up at once.
        ///
        /// # Consistency
        ///
        /// Each of the two is what any read gives that begins now. Where both are asked for, they are no snapshot: a write that
        /// commits between the two queries may be in the one and not in the other. Such a pair is not served again once that
        /// write has returned.
        ///
        /// # Errors
        ///
        /// Returns what the database says.
        load_and_count, P::Joined, WithTotal<Self, Counted<ListRead<P, Source>>>,
        |read| WithTotal { window: read.window(), number: Counted(read.whole()), list: read },
        where Source: Repeatable, Part: Windowed
    }

    /// As [`load_and_count`](Self::load_and_count), and takes a connection only if the list or the number is not cached.
    ///
    /// `take` is a closure that gives a connection, or a pool of `r2d2`: see
    /// [`TakeConnection`](crate::read::TakeConnection).
    ///
    /// # Consistency
    ///
    /// As [`load_and_count`](Self::load_and_count); without a connection as [`load_with`](Self::load_with).
    ///
    /// # Errors
    ///
    /// Returns what taking a connection fails with, and what the database says.
    pub fn load_and_count_with<'query, Take, Kind>(self, take: Take) -> Result<ListWithTotal<P>, Take::Error>
    where
        Source: Repeatable,
        Part: Windowed,
        Take: TakeConnection<Kind>,
        Self: IntoTask<'query, Take::Connection, Task: Query<Take::Connection, Value = CachedList<P>>>,
        Counted<ListRead<P, Source>>: IntoTask<'query, Take::Connection, Task: Query<Take::Connection, Value = i64>>,
    {
        let (window, number) = (self.window(), Counted(self.whole()));
        WithTotal { window, list: self, number }.read_with(take)
    }
}

/// A list whose conditions can be asked twice: for its rows, and for their number.
#[diagnostic::on_unimplemented(
    message = "the conditions of this list cannot be asked twice",
    label = "`load_and_count` asks for the rows and for their number",
    note = "borrow a boxed condition, which is not `Clone`: `.all(\"search\", &*condition)`"
)]
pub trait Repeatable: Clone {}

#[diagnostic::do_not_recommend]
impl<T: Clone> Repeatable for T {}

/// A list, and the same list to be counted.
#[derive(Debug)]
pub struct WithTotal<L, N> {
    /// Which of the rows are asked for, if it is known.
    pub(crate) window: Option<Window>,
    pub(crate) list: L,
    pub(crate) number: N,
}

impl<'query, C, L, N, T> BlockingRead<'query, C> for WithTotal<L, N>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    L: IntoTask<'query, C, Task: Query<C, Value = CachedList<T>>>,
    N: IntoTask<'query, C, Task: Query<C, Value = i64>>,
{
    type Output = QueryResult<ListWithTotal<T>>;

    fn run(self, conn: &mut C) -> Self::Output {
        let (list, number) = (self.list.into_task()?, self.number.into_task()?);
        run_both::<C, L, N, T>(self.window, list, number, conn)
    }
}

impl<L, N> WithTotal<L, N> {
    /// Reads both, and takes a connection only if one of them is missing.
    pub(crate) fn read_with<'query, Take, Kind, T>(self, take: Take) -> Result<ListWithTotal<T>, Take::Error>
    where
        Take: TakeConnection<Kind>,
        L: IntoTask<'query, Take::Connection, Task: Query<Take::Connection, Value = CachedList<T>>>,
        N: IntoTask<'query, Take::Connection, Task: Query<Take::Connection, Value = i64>>,
    {
        let (list, number) = (self.list.into_task()?, self.number.into_task()?);
        let BothLookUps { rows, total } = look_up_both_without_connection(self.window, &list, &number);
        let Some(rows) = without_connection::<Take::Connection, L>(&list, rows) else {
            return Ok(run_both::<_, L, N, T>(self.window, list, number, &mut take.take()?)?);
        };
        let rows = rows.value;
        if let Some(total) = self.window.and_then(|window| window.total(rows.len())) {
            return Ok(ListWithTotal { rows, total });
        }
        let total = match without_connection::<Take::Connection, N>(&number, total) {
            Some(total) => total,
            None => run_task::<_, N>(number, &mut take.take()?)?,
        };
        Ok(ListWithTotal { rows, total: total.value })
    }
}

fn run_both<'query, C, L, N, T>(
    window: Option<Window>,
    list: L::Task,
    number: N::Task,
    conn: &mut C,
) -> QueryResult<ListWithTotal<T>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    L: IntoTask<'query, C, Task: Query<C, Value = CachedList<T>>>,
    N: IntoTask<'query, C, Task: Query<C, Value = i64>>,
{
    let gate = gate_for(conn, &list.head().options);
    let [site, number_site] = [list.head(), number.head()].map(|head| site_of(head, gate));
    let BothLookUps { rows, total } = match (&site, &number_site) {
        (Some(site), Some(number_site)) => look_up_both(window, (&list, site), (&number, number_site)),
        _ => BothLookUps { rows: Err(Miss::Absent.into()), total: Err(Miss::Absent.into()) },
    };
    let look = site.map_or(ReadStep::Bypass, |site| step_after(&site, rows));
    let rows = run_looked::<C, L>(list, look, conn)?.value;
    if let Some(total) = window.and_then(|window| window.total(rows.len())) {
        return Ok(ListWithTotal { rows, total });
    }
    let look = number_site.map_or(ReadStep::Bypass, |site| step_after(&site, total));
    Ok(ListWithTotal { rows, total: run_looked::<C, N>(number, look, conn)?.value })
}

/// What was found of the two.
struct BothLookUps<Rows, Total> {
    rows: Rows,
    total: Total,
}

type FoundWithoutConnection<T> = Option<(Site<'static>, CachedEntry<<T as Task>::Value>)>;

/// Looks for both without counting anything: on a miss the caller will come again with a connection.
fn look_up_both_without_connection<T, L: Task<Value = CachedList<T>>, N: Task>(
    window: Option<Window>,
    list: &L,
    number: &N,
) -> BothLookUps<FoundWithoutConnection<L>, FoundWithoutConnection<N>> {
    let sites = [list.head(), number.head()].map(site_without_connection);
    let [Some(site), Some(number_site)] = sites else { return BothLookUps { rows: None, total: None } };
    let BothLookUps { rows, total } = look_up_both(window, (list, &site), (number, &number_site));
    BothLookUps { rows: found_without_connection(site, rows), total: found_without_connection(number_site, total) }
}

type LookedUp<T> = Result<(<T as Task>::Value, Life), Missed>;

/// Looks both up, in one round trip if they are not at hand.
fn look_up_both<T, L: Task<Value = CachedList<T>>, N: Task>(
    window: Option<Window>,
    (list, site): (&L, &Site<'_>),
    (number, number_site): (&N, &Site<'_>),
) -> BothLookUps<LookedUp<L>, LookedUp<N>> {
    if list.head().options.use_of_cache == UseOfCache::Refresh {
        return BothLookUps { rows: Err(Miss::Refresh.into()), total: Err(Miss::Refresh.into()) };
    }
    let keys = (site.key(list.id(), list.head().kind), number_site.key(number.id(), number.head().kind));
    if let Some(rows) = site.reader.find(&keys.0).map(|rows| list.serve(site, rows)) {
        let count = rows.as_ref().ok().map(|(rows, _)| rows.len());
        if count.and_then(|count| window?.total(count)).is_some() {
            return BothLookUps { rows, total: Err(Miss::Absent.into()) };
        }
        if let Some(total) = number_site.reader.find(&keys.1) {
            return BothLookUps { rows, total: number.serve(number_site, total) };
        }
    }
    let (codec, number_codec) = (list.codec(), number.codec());
    if codec.is_none() || number_codec.is_none() {
        return BothLookUps { rows: list.look_up(site), total: number.look_up(number_site) };
    }
    let tags = || list.dependencies(site, |subject| list.tags(subject));
    let number_tags = || number.dependencies(number_site, |subject| number.tags(subject));
    let wanted =
        [Wanted { key: keys.0, tags: &tags, codec }, Wanted { key: keys.1, tags: &number_tags, codec: number_codec }];
    let mut found = site.reader.look_up_many(&wanted).into_iter();
    let mut next = || found.next().unwrap_or(Err(Miss::Absent)).map_err(Missed::from);
    BothLookUps {
        rows: next().and_then(|rows| list.serve(site, rows)),
        total: next().and_then(|total| number.serve(number_site, total)),
    }
}
