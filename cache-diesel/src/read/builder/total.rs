//! Reads a list together with its number of rows before limit and offset.

use cache_core::store::Wish;
use cache_core::{Life, Miss, Missed, is_collecting};
use diesel::connection::LoadConnection;
use diesel::result::QueryResult;

use crate::audit::auditor;
use crate::backend::CacheBackend;
use crate::backend::line::{Line, at_once};
use crate::read::builder::list::ListRead;
use crate::read::builder::number::Counted;
use crate::read::builder::options::UseOfCache;
use crate::read::builder::order::{Window, Windowed};
use crate::read::drive::blocking::follow_ups;
use crate::read::drive::calls::{call, look_up, serve};
use crate::read::drive::gate::gate_for;
use crate::read::drive::miss::{self, FollowUp, run_looked, without_connection};
use crate::read::drive::taking::{ReadsWith, WithOf};
use crate::read::page::Page;
use crate::read::task::query::{IntoTask, Query, Repeats};
use crate::read::task::{ReadStep, Site, Task, found_without_connection, site_of, site_without_connection, step_after};
use crate::read::terminal::entry::{CachedEntry, CachedList, ListWithTotal};
use crate::read::terminal::take::TakeConnection;
use crate::read::terminal::{BlockingRead, terminal};

/// A list with the number of all its rows.
type WithCount<P, Source, Part> = WithTotal<ListRead<P, Source, Part>, Counted<ListRead<P, Source>>>;

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
    /// `take` is a closure that gives a connection, or a pool of `r2d2`, bb8 or deadpool: see
    /// [`TakeConnection`](crate::read::TakeConnection). If the connection is an awaited one, so is the read.
    ///
    /// # Consistency
    ///
    /// As [`load_and_count`](Self::load_and_count); without a connection as [`load_with`](Self::load_with).
    ///
    /// # Errors
    ///
    /// Returns what taking a connection fails with, and what the database says.
    pub fn load_and_count_with<'query, Take, Kind>(
        self,
        take: Take,
    ) -> WithOf<'query, WithCount<P, Source, Part>, Take, Kind>
    where
        Source: Repeatable,
        Part: Windowed,
        Take: TakeConnection<Kind>,
        Take::Line: ReadsWith<'query, WithCount<P, Source, Part>, Take, Kind, Take::Error>,
    {
        let (window, number) = (self.window(), Counted(self.whole()));
        Take::Line::read_with(WithTotal { window, list: self, number }, take)
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
    L: Repeats<'query, C, Task: Query<C, Value = CachedList<T>>>,
    N: Repeats<'query, C, Task: Query<C, Value = i64>>,
    T: Send + Sync,
{
    type Output = QueryResult<ListWithTotal<T>>;

    fn run(self, conn: &mut C) -> Self::Output {
        let both = self.into_both::<C>()?;
        at_once(both.run::<C, T>(conn, (follow_ups::<C, L>(), follow_ups::<C, N>())))
    }
}

impl<L, N> WithTotal<L, N> {
    pub(crate) fn into_both<'query, C>(self) -> QueryResult<Both<L::Task, N::Task>>
    where
        C: Line,
        L: IntoTask<'query, C>,
        N: IntoTask<'query, C>,
    {
        Ok(Both { window: self.window, list: self.list.into_task()?, number: self.number.into_task()? })
    }
}

/// The tasks of a list and of its number.
pub(crate) struct Both<L, N> {
    pub(crate) window: Option<Window>,
    pub(crate) list: L,
    pub(crate) number: N,
}

/// What was found without a connection: none is taken to compare it.
fn uncompared<T>((entry, drawn): (CachedEntry<T>, Option<Site<'static>>)) -> CachedEntry<T> {
    drawn.iter().for_each(auditor::skip);
    entry
}

/// What was found of both without a connection.
enum FoundOfBoth<T> {
    All(ListWithTotal<T>),
    Nothing,
    Rows(CachedList<T>),
}

pub(crate) type FollowUps<L, N> = (FollowUp<L>, FollowUp<N>);

impl<L: Task, N: Task<Value = i64>> Both<L, N> {
    /// Reads both.
    pub(crate) async fn run<C, T>(
        mut self,
        conn: &mut C::Conn,
        (list_up, number_up): FollowUps<L, N>,
    ) -> QueryResult<ListWithTotal<T>>
    where
        C: Line,
        L: Query<C, Value = CachedList<T>>,
        N: Query<C>,
    {
        let gate = gate_for::<C>(conn, &self.list.head().options).await;
        let [site, number_site] = [self.list.head(), self.number.head()].map(|head| site_of(head, gate));
        let BothLookUps { rows, total } = match (site, number_site) {
            (Some(site), Some(number_site)) => self.look_up::<C, T>(&site, &number_site).await,
            _ => BothLookUps { rows: Err(Miss::Absent.into()), total: Err(Miss::Absent.into()) },
        };
        let look = site.map_or(ReadStep::Bypass, |site| step_after(&site, rows, || self.list.id()));
        let rows = run_looked::<C, L>(self.list, look, conn, list_up).await?.value;
        if let Some(total) = self.window.and_then(|window| window.total(rows.len())) {
            return Ok(ListWithTotal { rows, total });
        }
        let look = number_site.map_or(ReadStep::Bypass, |site| step_after(&site, total, || self.number.id()));
        let total = run_looked::<C, N>(self.number, look, conn, number_up).await?.value;
        Ok(ListWithTotal { rows, total })
    }

    /// Reads both, and takes a connection only if one of them is missing.
    pub(crate) async fn run_with<C, T, Take, Kind>(
        mut self,
        take: Take,
        follow_ups: FollowUps<L, N>,
    ) -> Result<ListWithTotal<T>, Take::Error>
    where
        C: Line,
        L: Query<C, Value = CachedList<T>>,
        N: Query<C>,
        Take: TakeConnection<Kind, Line = C>,
    {
        let found = self.look_up_without_connection::<C, T>(follow_ups).await;
        if let FoundOfBoth::All(found) = found {
            return Ok(found);
        }
        let mut conn = take.take().await?;
        let FoundOfBoth::Rows(rows) = found else { return Ok(self.run::<C, T>(&mut conn, follow_ups).await?) };
        let total = miss::run::<C, N>(self.number, &mut conn, follow_ups.1).await?.value;
        Ok(ListWithTotal { rows, total })
    }

    /// Looks for both without counting what is missing: the caller will come again with a connection.
    async fn look_up_without_connection<C, T>(&mut self, (list_up, number_up): FollowUps<L, N>) -> FoundOfBoth<T>
    where
        C: Line,
        L: Task<Value = CachedList<T>>,
    {
        let sites = [self.list.head(), self.number.head()].map(site_without_connection);
        let [Some(site), Some(number_site)] = sites else { return FoundOfBoth::Nothing };
        let BothLookUps { rows, total } = self.look_up::<C, T>(&site, &number_site).await;
        let rows = without_connection(&self.list, found_without_connection(site, rows), list_up);
        let Some(CachedEntry { value: rows, .. }) = rows.map(uncompared) else { return FoundOfBoth::Nothing };
        if let Some(total) = self.window.and_then(|window| window.total(rows.len())) {
            return FoundOfBoth::All(ListWithTotal { rows, total });
        }
        let total = without_connection(&self.number, found_without_connection(number_site, total), number_up);
        match total.map(uncompared) {
            Some(CachedEntry { value: total, .. }) => FoundOfBoth::All(ListWithTotal { rows, total }),
            None => FoundOfBoth::Rows(rows),
        }
    }

    /// Looks both up, in one round trip if they are not at hand.
    async fn look_up<C, T>(&mut self, site: &Site<'static>, number_site: &Site<'static>) -> BothLookUps<L, N>
    where
        C: Line,
        L: Task<Value = CachedList<T>>,
    {
        let Self { window, list, number } = self;
        if list.head().options.use_of_cache == UseOfCache::Refresh {
            return BothLookUps { rows: Err(Miss::Refresh.into()), total: Err(Miss::Refresh.into()) };
        }
        let keys = (site.key(list.id(), list.head().kind), number_site.key(number.id(), number.head().kind));
        if let Some(rows) = site.reader.find(&keys.0).filter(|_| !is_collecting()) {
            let rows = serve::<C, L>(list, site, rows).await;
            let count = rows.as_ref().ok().map(|(rows, _)| rows.len());
            if count.and_then(|count| (*window)?.total(count)).is_some() {
                return BothLookUps { rows, total: Err(Miss::Absent.into()) };
            }
            if let Some(total) = number_site.reader.find(&keys.1) {
                return BothLookUps { rows, total: serve::<C, N>(number, number_site, total).await };
            }
        }
        let (codec, number_codec) = (list.codec(), number.codec());
        if codec.is_none() || number_codec.is_none() {
            let rows = look_up::<C, L>(list, site).await;
            return BothLookUps { rows, total: look_up::<C, N>(number, number_site).await };
        }
        let tags = list.dependencies(site, |subject| list.tags(subject));
        let number_tags = number.dependencies(number_site, |subject| number.tags(subject));
        let wishes = [Wish { key: keys.0, tags, codec }, Wish { key: keys.1, tags: number_tags, codec: number_codec }];
        let owned = *site;
        let look = move || Wish::with_all(&wishes, |wanted| owned.look_up_many(wanted));
        let mut found = call::<C, _>(site, look).await.into_iter();
        let mut next = || found.next().unwrap_or(Err(Miss::Absent)).map_err(Missed::from);
        let (rows, total) = (next(), next());
        let rows = match rows {
            Ok(rows) => serve::<C, L>(list, site, rows).await,
            Err(missed) => Err(missed),
        };
        let total = match total {
            Ok(total) => serve::<C, N>(number, number_site, total).await,
            Err(missed) => Err(missed),
        };
        BothLookUps { rows, total }
    }
}

type LookedUp<T> = Result<(<T as Task>::Value, Life), Missed>;

/// What was found of the two.
struct BothLookUps<L: Task, N: Task> {
    rows: LookedUp<L>,
    total: LookedUp<N>,
}
