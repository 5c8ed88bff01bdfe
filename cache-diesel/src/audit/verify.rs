//! Verifies entries on demand: compares each with the database, and confirms what differs.

use core::fmt;
use std::thread;

use cache_core::protocol::compare::{Comparison, Confirmation, Difference, confirm};
use cache_core::{Bypass, KeyBytes};
use diesel::connection::LoadConnection;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::manager::Manager;
use crate::model::CachedModel as _;
use crate::model::keys::IntoKey;
use crate::read::builder::row::RowRead;
use crate::read::drive::ask::may_store;
use crate::read::drive::compare::Compared;
use crate::read::drive::gate::gate;
use crate::read::page::load::LoadModel;
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadPages, all_of};
use crate::read::task::query::{IntoTask, Later, Repeated, Repeats};
use crate::read::task::{Site, Task};
use crate::read::terminal::BlockingRead;
use crate::read::terminal::explain::{Explanation, site_of};

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
        let task = self.0.into_task()?;
        let (head, gate) = (*task.head(), at_once(gate::<C>(conn)));
        let site = match site_of(&head, gate) {
            Ok(site) => site,
            Err(reason) => return Ok(Verdict::Bypassed(reason)),
        };
        let Some(later) = R::later(&task) else { return Ok(Verdict::Incomparable) };
        if let Err(reason) = at_once(may_store::<C>(conn, site.identity)) {
            return Ok(Verdict::Bypassed(reason));
        }
        match first(&*later, &site, conn)? {
            Ok(verdict) => Ok(verdict),
            Err(difference) => {
                thread::sleep(site.reader.cache.audit_grace());
                again(&later, &site, (&difference, conn))
            }
        }
    }
}

/// What a first comparison says, or how the two differ.
fn first<C>(
    later: &(dyn Repeated<C> + Send),
    site: &Site<'static>,
    conn: &mut C,
) -> QueryResult<Result<Verdict, Difference>> {
    Ok(match later.compare(site, conn)? {
        Compared::Incomparable => Ok(Verdict::Incomparable),
        Compared::NotStored => Ok(Verdict::NotStored),
        Compared::As(Comparison::Differs(difference)) => Err(difference),
        Compared::As(Comparison::Reordered) => Ok(Verdict::Reordered),
        Compared::As(Comparison::Same) => Ok(Verdict::Same),
        Compared::As(_) => Ok(Verdict::Raced),
    })
}

/// What two further comparisons say of a difference.
fn again<C>(later: &Later<C>, site: &Site<'static>, (difference, conn): (&Difference, &mut C)) -> QueryResult<Verdict> {
    let compared = [later.compare(site, conn)?, later.compare(site, conn)?];
    let [Compared::As(first), Compared::As(second)] = compared else { return Ok(Verdict::Raced) };
    Ok(match confirm(difference, [&first, &second]) {
        Confirmation::Stale => Verdict::Stale,
        Confirmation::Unsteady => Verdict::Unsteady,
        _ => Verdict::Raced,
    })
}

impl<P: CachedView> Manager<P> {
    /// Compares the entries of the rows with these keys with the database: `QueryResult<VerifyReport>`.
    ///
    /// A row that is not cached costs a look and no statement. What differs is compared again after the
    /// [grace](crate::AuditSettings::grace), so that a write that is under way is no finding.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    pub fn verify_rows<C, K>(self, ids: impl IntoIterator<Item = K>, conn: &mut C) -> QueryResult<VerifyReport>
    where
        C: LoadConnection<Backend: CacheBackend> + 'static,
        P: CachedView<Source: FilterDsl<P::ByKey>> + LoadPages<C>,
        K: IntoKey<KeyOf<P>>,
        KeyedSource<P>: LoadModel<'static, C, P::Joined>,
    {
        let mut report = VerifyReport::default();
        let mut doubts = Vec::new();
        for id in ids {
            let key = id.into_key();
            report.looked_count += 1;
            let name = KeyBytes::of(&key).to_string();
            match verify_row::<C, P>(self.get(key), conn)? {
                Ok(verdict) => report.count(verdict),
                Err(doubt) => doubts.push((name, doubt)),
            }
        }
        if let Some((_, (site, ..))) = doubts.first() {
            thread::sleep(site.reader.cache.audit_grace());
        }
        for (name, (site, later, difference)) in doubts {
            let verdict = again(&later, &site, (&difference, conn))?;
            report.count(verdict);
            if verdict == Verdict::Stale {
                report.stale.push((name, later.explain(conn)?));
            }
        }
        Ok(report)
    }

    /// The same for every row that the database has. All of them are loaded once, for their keys.
    ///
    /// Rows that the database has no more are not looked for: their entries cannot be told from outside.
    ///
    /// # Errors
    ///
    /// Returns what the database says.
    pub fn verify_all<C>(self, conn: &mut C) -> QueryResult<VerifyReport>
    where
        C: LoadConnection<Backend: CacheBackend> + 'static,
        P: CachedView<Source: FilterDsl<P::ByKey> + LoadModel<'static, C, P::Joined>> + LoadPages<C>,
        KeyedSource<P>: LoadModel<'static, C, P::Joined>,
    {
        let keys = all_keys::<C, P>(conn)?;
        self.verify_rows(keys, conn)
    }
}

/// The keys of every row that the database has.
pub(crate) fn all_keys<C, P>(conn: &mut C) -> QueryResult<Vec<KeyOf<P>>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    P: CachedView<Source: LoadModel<'static, C, P::Joined>> + LoadPages<C>,
{
    let rows: Vec<P> = at_once(all_of::<C, P, _>(P::source().selected(), conn))?;
    Ok(rows.iter().map(|page| page.root().id()).collect())
}

type Doubt<C> = (Site<'static>, Later<C>, Difference);

/// What the entry of a row is, or what it differs in.
fn verify_row<C, P>(read: RowRead<P, KeyOf<P>>, conn: &mut C) -> QueryResult<Result<Verdict, Doubt<C>>>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    P: CachedView<Source: FilterDsl<P::ByKey>> + LoadPages<C>,
    KeyedSource<P>: LoadModel<'static, C, P::Joined>,
{
    let task = IntoTask::<'static, C>::into_task(read)?;
    let (head, gate) = (*task.head(), at_once(gate::<C>(conn)));
    let site = match site_of(&head, gate) {
        Ok(site) => site,
        Err(reason) => return Ok(Ok(Verdict::Bypassed(reason))),
    };
    let Some(later) = <RowRead<P, KeyOf<P>> as Repeats<'static, C>>::later(&task) else {
        return Ok(Ok(Verdict::Incomparable));
    };
    if let Err(reason) = at_once(may_store::<C>(conn, site.identity)) {
        return Ok(Ok(Verdict::Bypassed(reason)));
    }
    Ok(first(&*later, &site, conn)?.map_err(|difference| (site, later, difference)))
}
