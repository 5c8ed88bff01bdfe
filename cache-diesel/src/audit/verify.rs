//! Verifies entries on demand: compares each with the database, and confirms what differs.

use core::fmt;

use cache_core::protocol::compare::{Comparison, Confirmation, Difference, confirm};
use cache_core::{Bypass, KeyBytes};
use diesel::connection::LoadConnection;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::backend::line::{Line, Reply, at_once};
use crate::manager::Manager;
use crate::model::CachedModel as _;
use crate::model::keys::IntoKey;
use crate::read::drive::ask::may_store;
use crate::read::drive::compare::Compared;
use crate::read::drive::gate::gate;
use crate::read::page::load::LoadModel;
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadPages, Page, all_of};
use crate::read::task::query::{Later, Repeats};
use crate::read::task::{Head, Site, Task as _};
use crate::read::terminal::connection::AnyConnection;
use crate::read::terminal::explain::{Explanation, site_of};
use crate::read::terminal::{BlockingRead, Runs};

/// A read whose entry is verified in place of being made.
#[derive(Debug)]
pub struct Verified<R>(R);

impl<R> Verified<R> {
    pub(crate) const fn new(read: R) -> Self {
        Self(read)
    }
}

/// What an entry is, beside what the database says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The read would leave the cache alone.
    Bypassed(Bypass),
    /// It cannot be compared: its model is kept in memory only, or has a base query.
    Incomparable,
    /// Nothing is stored that would be served.
    NotStored,
    /// A write was under way: the entry has ended, or is right by now.
    Raced,
    /// The list has the same rows in another order.
    Reordered,
    /// It is what the database says.
    Same,
    /// It is served, and is not what the database says.
    Stale,
    /// The query answers otherwise each time.
    Unsteady,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bypassed(reason) => write!(formatter, "not looked at: {reason}"),
            Self::Incomparable => formatter.write_str("cannot be compared"),
            Self::NotStored => formatter.write_str("not stored"),
            Self::Raced => formatter.write_str("a write was under way"),
            Self::Reordered => formatter.write_str("the same rows in another order"),
            Self::Same => formatter.write_str("the same"),
            Self::Stale => formatter.write_str("STALE"),
            Self::Unsteady => formatter.write_str("the query answers otherwise each time"),
        }
    }
}

/// What the rows of a manager are, beside what the database says.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct VerifyReport {
    /// Rows that were looked for.
    pub looked_count: usize,
    /// Entries that were compared.
    pub compared_count: usize,
    /// Entries that a write has overtaken meanwhile.
    pub raced_count: usize,
    /// Rows that were not compared: their reads leave the cache alone, or no bytes can be made of them.
    pub skipped_count: usize,
    /// The keys of the stale ones, and what they depend on.
    pub stale: Vec<(String, Explanation)>,
}

impl VerifyReport {
    /// Whether nothing was stale.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.stale.is_empty()
    }

    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::NotStored => {}
            Verdict::Bypassed(_) | Verdict::Incomparable => self.skipped_count += 1,
            Verdict::Raced => self.raced_count += 1,
            _ => self.compared_count += 1,
        }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { looked_count, compared_count, raced_count, skipped_count, stale } = self;
        write!(formatter, "{looked_count} rows looked for, {compared_count} compared, {} stale", stale.len())?;
        let rest = [(*raced_count, "overtaken"), (*skipped_count, "skipped")];
        let mut rest = rest.iter().filter(|(count, _)| *count > 0);
        rest.try_for_each(|(count, name)| write!(formatter, ", {count} {name}"))?;
        stale.iter().try_for_each(|(key, explanation)| write!(formatter, "\nstale: `{key}`\n{explanation}"))
    }
}

impl<'query, C, R> BlockingRead<'query, C> for Verified<R>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    R: Repeats<'query, C>,
{
    type Output = QueryResult<Verdict>;

    fn run(self, conn: &mut C) -> QueryResult<Verdict> {
        at_once(verdict(self.into_named::<C>()?, conn))
    }
}

impl<R> Verified<R> {
    /// What the read is about, and the same read as often as wanted.
    pub(crate) fn into_named<'query, C: Line>(self) -> QueryResult<Named<C>>
    where
        R: Repeats<'query, C>,
    {
        let task = self.0.into_task()?;
        Ok((*task.head(), R::later(&task)))
    }
}

/// A read that may be made once more, if that is possible.
pub(crate) type Named<C> = (Head, Option<Later<C>>);

/// What the entry of a read is, beside what the database says.
pub(crate) async fn verdict<C: Line>(named: Named<C>, conn: &mut C::Conn) -> QueryResult<Verdict> {
    match first(named, conn).await? {
        Ok(verdict) => Ok(verdict),
        Err(suspect) => {
            suspect.wait().await;
            Ok(suspect.again(conn).await?.0)
        }
    }
}

/// An entry that differs from what the database says.
pub(crate) struct Suspect<C: Line> {
    site: Site<'static>,
    later: Later<C>,
    difference: Difference,
}

/// What a first comparison says, or what differs.
async fn first<C: Line>(
    (head, later): Named<C>,
    conn: &mut C::Conn,
) -> QueryResult<core::result::Result<Verdict, Suspect<C>>> {
    let site = match site_of(&head, gate::<C>(conn).await) {
        Ok(site) => site,
        Err(reason) => return Ok(Ok(Verdict::Bypassed(reason))),
    };
    let Some(later) = later else { return Ok(Ok(Verdict::Incomparable)) };
    if let Err(reason) = may_store::<C>(conn, site.identity).await {
        return Ok(Ok(Verdict::Bypassed(reason)));
    }
    let compared = later.compare(&site, conn).await?;
    Ok(match compared {
        Compared::Incomparable => Ok(Verdict::Incomparable),
        Compared::NotStored => Ok(Verdict::NotStored),
        Compared::As(Comparison::Differs(difference)) => Err(Suspect { site, later, difference }),
        Compared::As(Comparison::Reordered) => Ok(Verdict::Reordered),
        Compared::As(Comparison::Same) => Ok(Verdict::Same),
        Compared::As(_) => Ok(Verdict::Raced),
    })
}

impl<C: Line> Suspect<C> {
    /// Waits until a write that was under way is over.
    fn wait(&self) -> impl Future<Output = ()> + Send + use<C> {
        let cache = self.site.reader.cache;
        cache.nap_by(C::MANNER, cache.audit_grace())
    }

    /// What two further comparisons say.
    async fn again(self, conn: &mut C::Conn) -> QueryResult<(Verdict, Later<C>)> {
        let Self { site, later, difference } = self;
        let first = later.compare(&site, conn).await?;
        let second = later.compare(&site, conn).await?;
        let verdict = match (first, second) {
            (Compared::As(first), Compared::As(second)) => match confirm(&difference, [&first, &second]) {
                Confirmation::Stale => Verdict::Stale,
                Confirmation::Unsteady => Verdict::Unsteady,
                _ => Verdict::Raced,
            },
            _ => Verdict::Raced,
        };
        Ok((verdict, later))
    }
}

/// The rows of a manager that are verified.
pub struct VerifiedRows<P: Page> {
    manager: Manager<P>,
    /// None: those of every row that the database has.
    keys: Option<Vec<KeyOf<P>>>,
}

impl<P: Page> fmt::Debug for VerifiedRows<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("VerifiedRows").finish_non_exhaustive()
    }
}

impl<P: CachedView> Manager<P> {
    /// Compares the entries of the rows with these keys with the database: `QueryResult<VerifyReport>`, or a future of it.
    ///
    /// A row that is not cached costs a look and no statement. What differs is compared again after the
    /// [grace](crate::AuditSettings::grace), so that a write that is under way is no finding.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    pub fn verify_rows<'conn, C, Mode, K>(
        self,
        ids: impl IntoIterator<Item = K>,
        conn: &'conn mut C,
    ) -> <C::Itself as Runs<'conn, 'static, VerifiedRows<P>, Mode>>::Output
    where
        C: AnyConnection<Mode, Backend: CacheBackend>,
        C::Itself: Runs<'conn, 'static, VerifiedRows<P>, Mode> + 'conn,
        K: IntoKey<KeyOf<P>>,
    {
        let keys = Some(ids.into_iter().map(IntoKey::into_key).collect());
        Runs::run(conn.itself(), VerifiedRows { manager: self, keys })
    }

    /// The same for every row that the database has. All of them are loaded once, for their keys.
    ///
    /// Rows that the database has no more are not looked for: their entries cannot be told from outside.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    pub fn verify_all<'conn, C, Mode>(
        self,
        conn: &'conn mut C,
    ) -> <C::Itself as Runs<'conn, 'static, VerifiedRows<P>, Mode>>::Output
    where
        C: AnyConnection<Mode, Backend: CacheBackend>,
        C::Itself: Runs<'conn, 'static, VerifiedRows<P>, Mode> + 'conn,
    {
        Runs::run(conn.itself(), VerifiedRows { manager: self, keys: None })
    }
}

impl<C, P> BlockingRead<'static, C> for VerifiedRows<P>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    P: VerifyRows<C>,
{
    type Output = QueryResult<VerifyReport>;

    fn run(self, conn: &mut C) -> QueryResult<VerifyReport> {
        at_once(P::verify(self, conn))
    }
}

/// A page whose entries can be verified on the line `C`.
pub trait VerifyRows<C: Line>: CachedView {
    /// Compares the entries of rows with the database.
    fn verify<'a>(rows: VerifiedRows<Self>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<VerifyReport>>
    where
        C: 'a;
}

#[diagnostic::do_not_recommend]
impl<C, P> VerifyRows<C> for P
where
    C: Line + 'static,
    P: CachedView<Source: FilterDsl<P::ByKey> + LoadModel<'static, C, P::Joined>> + LoadPages<C>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
{
    fn verify<'a>(
        VerifiedRows { manager, keys }: VerifiedRows<P>,
        conn: &'a mut C::Conn,
    ) -> Reply<'a, QueryResult<VerifyReport>>
    where
        C: 'a,
    {
        Box::pin(async move {
            let keys = match keys {
                Some(keys) => keys,
                None => all_keys::<C, P>(conn).await?,
            };
            verify_keys::<C, P>(manager, keys, conn).await
        })
    }
}

async fn verify_keys<C, P>(manager: Manager<P>, keys: Vec<KeyOf<P>>, conn: &mut C::Conn) -> QueryResult<VerifyReport>
where
    C: Line + 'static,
    P: CachedView<Source: FilterDsl<P::ByKey>> + LoadPages<C>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
{
    let mut report = VerifyReport::default();
    let mut suspects = Vec::new();
    for key in keys {
        report.looked_count += 1;
        let name = KeyBytes::of(&key).to_string();
        let named = Verified(manager.get(key)).into_named::<C>()?;
        match first(named, conn).await? {
            Ok(verdict) => report.count(verdict),
            Err(suspect) => suspects.push((name, suspect)),
        }
    }
    let pause = suspects.first().map(|(_, suspect)| suspect.wait());
    if let Some(pause) = pause {
        pause.await;
    }
    for (name, suspect) in suspects {
        let (verdict, later) = suspect.again(conn).await?;
        report.count(verdict);
        if verdict == Verdict::Stale {
            report.stale.push((name, later.explain(conn).await?));
        }
    }
    Ok(report)
}

/// The keys of every row that the database has.
pub(crate) async fn all_keys<C, P>(conn: &mut C::Conn) -> QueryResult<Vec<KeyOf<P>>>
where
    C: Line,
    P: CachedView<Source: LoadModel<'static, C, P::Joined>> + LoadPages<C>,
{
    let rows: Vec<P> = all_of::<C, P, _>(P::source().selected(), conn).await?;
    Ok(rows.iter().map(|page| page.root().id()).collect())
}
