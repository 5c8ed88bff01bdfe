//! Splits a read into its name, its tags and its stored form; the drivers put it together.

pub(crate) mod answer;
pub(crate) mod asked;
pub(crate) mod collected;
pub(crate) mod keep;
pub(crate) mod pointer;
pub(crate) mod query;
pub(crate) mod row;
pub(crate) mod unique;

use core::time::Duration;

use cache_core::protocol::fill::SeededTag;
use cache_core::protocol::read::Subject;
use cache_core::protocol::settle::Former;
use cache_core::store::Wanted;
use cache_core::tables::TableDeclaration;
use cache_core::{
    Bypass, CacheKey, Codec, Conclusion, Fill, Fingerprint, Follower, KeyBytes, Kind, Life, Lifetime, Loaded, Loaders,
    Miss, Missed, Mode, Reader, Settlement, Sought, Start, Tag, Timeout, Unkept, Value, Waited, is_collecting,
};
use diesel::result::QueryResult;

use crate::identity::{self, Identity};
use crate::manager::{Attached, ManagerState};
use crate::model::declaration::tables;
use crate::read::builder::options::{Options, UseOfCache};
use crate::read::report;
use crate::read::shape::{QueryTables, TableNames};
use crate::read::task::keep::Keep;
use crate::read::terminal::entry::{CachedEntry, Origin};
use crate::setup::install::watch;
use crate::track::is_rehearsed;

/// What all reads have in common.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub(crate) state: &'static ManagerState,
    pub(crate) kind: Kind,
    pub(crate) options: Options,
}

impl Head {
    /// Whether the read is an ordinary one, and the cache is not switched off.
    #[inline]
    fn may_look(&self, attached: &Attached) -> bool {
        self.options.use_of_cache == UseOfCache::Full && attached.cache.mode() != Mode::Off
    }
}

/// One read.
pub trait Task {
    /// What the reader gets.
    type Value;

    fn head(&self) -> &Head;

    /// The row, the value or the query.
    fn id(&self) -> KeyBytes;

    /// What the query names, or why it is not cached. Asked for after a miss, and by stores that have to
    /// know tags before they can look.
    fn named(&self) -> QueryResult<Result<QueryTables, Bypass>>;

    /// Every tag that the entry may depend on.
    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag>;

    /// How what is kept leaves the process; `None`: it is kept in memory only.
    fn codec(&self) -> Option<Codec>;

    /// Which of several processes that miss it ask the database.
    fn loaders(&self) -> Loaders {
        Loaders::OneProcess
    }

    /// What a stored value is to the reader; `None`: it is not what was asked for.
    fn accept(&self, value: Value) -> Option<Self::Value>;

    /// What is kept of what the database gave.
    fn keep(&self, value: &Self::Value) -> Keep;

    /// The tags that what is kept depends on, out of [`tags`](Self::tags).
    fn tags_of(&self, subject: &Subject<'_>, _value: &Self::Value) -> Vec<Tag> {
        self.tags(subject)
    }

    /// What the entry may depend on, worked out by `tags`; nothing where the query may not be cached: then there is no
    /// entry either.
    fn dependencies(&self, site: &Site<'_>, tags: impl FnOnce(&Subject<'_>) -> Vec<Tag>) -> Vec<Tag> {
        let Ok(Ok(named)) = self.named().map(|named| named?.resolve(site.identity)) else { return Vec::new() };
        tags(&site.subject(&named))
    }

    /// Looks in the cache.
    #[inline]
    fn look_up(&self, site: &Site<'_>) -> Result<(Self::Value, Life), Missed> {
        let tags = || self.dependencies(site, |subject| self.tags(subject));
        let key = site.key(self.id(), self.head().kind);
        let (value, life) = site.look_up(key, tags, || self.codec())?;
        self.serve(site, (value, life))
    }

    /// What the entry that was found is to the reader.
    #[inline]
    fn serve(&self, _site: &Site<'_>, (value, life): (Value, Life)) -> Result<(Self::Value, Life), Missed> {
        Ok((self.accept(value).ok_or(Miss::Foreign)?, life))
    }

    /// What is made of what was loaded.
    fn conclude(&self, answered: &LoadedAnswer<'_>, value: &Self::Value) -> Conclusion {
        let keep = self.keep(value).with_life(answered.site);
        if keep.is_oversized {
            answered.site.reader.counters.oversized();
        }
        let shared = (keep.value.clone(), keep.lifetime);
        let tags = || self.tags_of(&answered.site.subject(answered.named), value);
        let keep = keep.is_stored.then(|| (keep.loaded(self.codec()), tags()));
        let key = answered.site.key(self.id(), self.head().kind);
        answered.conclude(shared, Vec::new(), vec![answered.verdict(key, keep)])
    }
}

/// A load that the database has answered.
pub struct LoadedAnswer<'a> {
    pub(crate) site: &'a Site<'a>,
    pub(crate) named: &'a [String],
    /// The right to store the answer; `None`: it is only given to whoever asked.
    pub(crate) fill: Option<&'a Fill>,
    former: Former,
}

impl LoadedAnswer<'_> {
    pub(crate) const fn verdict(&self, key: CacheKey, keep: Option<(Loaded, Vec<Tag>)>) -> Settlement {
        Settlement { key, former: self.former, keep }
    }

    pub(crate) const fn conclude(
        &self,
        shared: (Value, Lifetime),
        late: Vec<SeededTag>,
        verdicts: Vec<Settlement>,
    ) -> Conclusion {
        Conclusion { shared, late, verdicts }
    }
}

/// Where a read happens: which cache, which database.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    pub(crate) reader: Reader<'a>,
    pub(crate) state: &'static ManagerState,
    pub(crate) identity: Identity,
}

impl Site<'_> {
    /// Looks up what is called `key`. Its tags and its codec are asked for only if it is not at hand.
    #[inline]
    pub(crate) fn look_up(
        &self,
        key: CacheKey,
        tags: impl Fn() -> Vec<Tag>,
        codec: impl FnOnce() -> Option<Codec>,
    ) -> Result<(Value, Life), Missed> {
        if is_collecting() {
            return collected::look_up(self, &Wanted { key, tags: &tags, codec: codec() });
        }
        match self.reader.find(&key) {
            Some(found) => Ok(found),
            None => self.reader.look_up(&Wanted { key, tags: &tags, codec: codec() }),
        }
    }

    #[inline]
    pub(crate) fn key(&self, id: KeyBytes, kind: Kind) -> CacheKey {
        CacheKey { space: self.space(), manager: self.state.fingerprint, kind, id }
    }

    pub(crate) fn subject<'a>(&'a self, named: &'a [String]) -> Subject<'a> {
        Subject {
            database: self.identity.database,
            space: self.identity.space,
            manager: self.state.tags,
            table: &self.state.table,
            named,
            tables: tables(),
        }
    }

    /// What is declared of the tables of which `tags` name a part.
    pub(crate) fn declared(&self, tags: &[Tag]) -> Vec<TableDeclaration> {
        tables().declared(self.identity.database, tags)
    }

    /// From when on what is kept of this kind of read is stale.
    pub(crate) fn relevance(&self) -> Option<Timeout> {
        let relevance = self.state.attached()?.relevance;
        if self.reader.kind.is_of_row() { relevance.detail } else { relevance.list }
    }

    fn space(&self) -> Fingerprint {
        self.identity.space
    }
}

/// How a read goes on once it has looked in the cache.
pub(crate) enum ReadStep<T> {
    /// Ask the database, and no more.
    Bypass,
    /// It is answered.
    Hit(CachedEntry<T>),
    /// Ask the database on behalf of the cache.
    Miss(Site<'static>, Missed),
    /// It is answered, and somebody has to refresh it.
    Stale(Site<'static>, CachedEntry<T>),
}

/// A miss on its way.
pub(crate) struct Load<'a> {
    site: Site<'a>,
    cause: Miss,
    named: TableNames,
    start: Option<Fill>,
}

/// A miss that somebody else may answer.
pub(crate) enum Turn<'a> {
    Follow(Load<'a>, Follower),
    Query(Load<'a>),
}

/// Looks in the cache, if the read and its connection allow it.
#[inline]
pub(crate) fn step_of<T: Task>(task: &T, gate: Result<Identity, Bypass>) -> ReadStep<T::Value> {
    let head = task.head();
    let site = match site_of(head, gate) {
        Some(site) => site,
        None => return ReadStep::Bypass,
    };
    match head.options.use_of_cache {
        UseOfCache::Refresh => step_after(&site, Err(Miss::Refresh.into())),
        _ => step_after(&site, task.look_up(&site)),
    }
}

/// What follows from what was looked up.
#[inline(always)]
pub(crate) fn step_after<T>(site: &Site<'static>, found: Result<(T, Life), Missed>) -> ReadStep<T> {
    match found {
        Ok((value, life)) if !life.may_be_stale() => hit(site, value, life),
        Ok((value, life)) => step_of_ageing(site, value, life),
        Err(missed) => step_after_miss(site, missed),
    }
}

#[inline(always)]
fn hit<T>(site: &Site<'static>, value: T, life: Life) -> ReadStep<T> {
    site.reader.hit();
    ReadStep::Hit(CachedEntry::new(value, Origin::Hit, Some(life)))
}

#[inline(never)]
fn step_of_ageing<T>(site: &Site<'static>, value: T, life: Life) -> ReadStep<T> {
    if life.is_stale(site.reader.now()) {
        ReadStep::Stale(*site, CachedEntry::new(value, Origin::Stale, Some(life)))
    } else {
        hit(site, value, life)
    }
}

#[cold]
fn step_after_miss<T>(site: &Site<'static>, missed: Missed) -> ReadStep<T> {
    site.reader.miss(missed.cause);
    ReadStep::Miss(*site, missed)
}

/// Where a read takes place, unless it leaves the cache alone, which is reported.
#[inline]
pub(crate) fn site_of(head: &Head, gate: Result<Identity, Bypass>) -> Option<Site<'static>> {
    match (head.state.attached(), gate) {
        (Some(attached), Ok(identity)) if head.may_look(attached) => Some(site(head, attached, identity)),
        (_, gate) => admitted(head, gate).map(|(attached, identity)| site(head, attached, identity)),
    }
}

#[inline]
fn site(head: &Head, attached: &'static Attached, identity: Identity) -> Site<'static> {
    Site { reader: attached.reader(head.state, head.kind), state: head.state, identity }
}

/// The cache and the database of a read of which more was asked than to look in the cache, or which may not.
#[cold]
fn admitted(head: &Head, gate: Result<Identity, Bypass>) -> Option<(&'static Attached, Identity)> {
    let Some(attached) = head.state.attached() else {
        report::not_installed(head);
        return None;
    };
    let gate = match head.options.use_of_cache {
        UseOfCache::Bypass => Err(Bypass::Asked),
        _ if attached.cache.mode() == Mode::Off => Err(Bypass::Off),
        _ => gate,
    };
    match gate {
        Ok(identity) => Some((attached, identity)),
        Err(reason) => {
            report::bypassed(&attached.reader(head.state, head.kind), head, reason);
            None
        }
    }
}

/// Looks in the cache without counting anything: on a miss the caller will come again with a connection.
pub(crate) fn look_up_without_connection<T: Task>(task: &T) -> Option<(Site<'static>, CachedEntry<T::Value>)> {
    let site = site_without_connection(task.head())?;
    let found = task.look_up(&site);
    found_without_connection(site, found)
}

/// What a read without a connection may give of what was looked up.
pub(crate) fn found_without_connection<T>(
    site: Site<'static>,
    found: Result<(T, Life), Missed>,
) -> Option<(Site<'static>, CachedEntry<T>)> {
    let (value, life) = found.ok()?;
    let origin = if life.is_stale(site.reader.now()) { Origin::Stale } else { Origin::Hit };
    Some((site, CachedEntry::new(value, origin, Some(life))))
}

/// Where a read takes place that has no connection, if it is known which database it is about.
pub(crate) fn site_without_connection(head: &Head) -> Option<Site<'static>> {
    let attached = head.state.attached().filter(|attached| head.may_look(attached))?;
    let identity = match &attached.told {
        Some(told) => told.without_connection()?,
        None => identity::only()?,
    };
    if is_rehearsed(identity.database) {
        return None;
    }
    Some(Site { reader: attached.reader(head.state, head.kind), state: head.state, identity })
}

/// After a miss: who asks the database?
pub(crate) fn take_turn<T: Task>(task: &T, site: Site<'static>, missed: &Missed) -> QueryResult<Option<Turn<'static>>> {
    Ok(take_turn_by(task, site, missed, resolved(task, &site)?))
}

/// Every table whose writes count for what `task` reads, or why it is not cached.
pub(crate) fn resolved<T: Task>(task: &T, site: &Site<'_>) -> QueryResult<Result<TableNames, Bypass>> {
    Ok(task.named()?.and_then(|named| named.resolve(site.identity)))
}

/// The same as [`take_turn`], where the store is not to be had: whoever reads asks the database, and stores nothing.
pub(crate) fn turn_alone<T: Task>(
    task: &T,
    site: Site<'static>,
    missed: &Missed,
    named: Result<TableNames, Bypass>,
) -> Option<Turn<'static>> {
    let named = named.inspect_err(|reason| report::bypassed(&site.reader, task.head(), *reason)).ok()?;
    collected::refuse(Unkept::StoreFailed);
    Some(Turn::Query(Load { site, cause: missed.cause, named, start: None }))
}

/// The same as [`take_turn`], where it is known which tables count.
pub(crate) fn take_turn_by<T: Task>(
    task: &T,
    site: Site<'static>,
    missed: &Missed,
    named: Result<TableNames, Bypass>,
) -> Option<Turn<'static>> {
    let named = named.inspect_err(|reason| report::bypassed(&site.reader, task.head(), *reason)).ok()?;
    let subject = site.subject(&named);
    let tags = task.tags(&subject);
    let declared = subject.declared(&tags);
    let (key, cause) = (site.key(task.id(), task.head().kind), missed.cause);
    // Only a load that looks once more reads its tokens then.
    let seen = if cause.may_pass() { &*missed.seen } else { &[] };
    let loaders = task.loaders();
    Some(match site.reader.start(&Sought { seen, loaders, ..Sought::new(key, &tags, &declared) }) {
        Start::Follow(follower) => Turn::Follow(Load { site, cause, named, start: None }, follower),
        Start::Lead(fill) => Turn::Query(Load { site, cause, named, start: Some(*fill) }),
        _ => Turn::Query(Load { site, cause, named, start: None }),
    })
}

impl Load<'_> {
    /// The tokens that the answer is to be stored under; `None`: it is not stored.
    pub(crate) fn seeds(&self) -> Option<&[SeededTag]> {
        self.start.as_ref().map(Fill::seeds)
    }

    /// Whether the answer may be stored.
    pub(crate) fn may_store(&self) -> bool {
        self.start.as_ref().is_some_and(Fill::may_store)
    }

    /// The database that is asked.
    pub(crate) const fn identity(&self) -> Identity {
        self.site.identity
    }

    /// Keeps the answer from being stored.
    pub(crate) fn store_nothing(&mut self) {
        collected::refuse(Unkept::Changed);
        self.start = None;
    }

    /// What somebody else's load brought, if it is of use.
    pub(crate) fn landed<T: Task>(&self, task: &T, waited: Waited) -> Option<CachedEntry<T::Value>> {
        let Waited::Landed(value, life) = waited else { return None };
        task.accept(value).map(|value| CachedEntry::new(value, Origin::Miss, Some(life)))
    }

    pub(crate) fn flight_wait(&self) -> Duration {
        self.site.reader.flight_wait()
    }

    /// Looks once more, now that nobody else loads the same; waits for another process for `budget` at most.
    pub(crate) fn approach<T: Task>(&mut self, task: &T, budget: Duration) -> Option<CachedEntry<T::Value>> {
        if !self.cause.may_pass() {
            return None;
        }
        let site = &self.site;
        let serve = |value, life| task.serve(site, (value, life)).ok();
        let (value, life) = self.start.as_mut()?.approach(&site.reader, budget, task.codec(), serve)?;
        if let Some(fill) = self.start.take() {
            fill.hand_on(task.keep(&value).value, life);
        }
        Some(CachedEntry::new(value, Origin::Miss, Some(life)))
    }

    /// Whether nobody else loads the same, in any process; nobody is waited for.
    pub(crate) fn is_first(&mut self) -> bool {
        self.start.as_mut().is_some_and(|fill| fill.is_first(&self.site.reader))
    }

    /// Gives what was found in the store to those who wait for this load.
    pub(crate) fn hand_on<T: Task>(self, task: &T, (value, life): (T::Value, Life)) -> CachedEntry<T::Value> {
        if let Some(fill) = self.start {
            fill.hand_on(task.keep(&value).value, life);
        }
        CachedEntry::new(value, Origin::Hit, Some(life))
    }

    pub(crate) fn lease_wait(&self) -> Duration {
        self.site.reader.lease_wait()
    }

    /// Counts the query, and stores what it brought.
    pub(crate) fn conclude<T: Task>(
        self,
        task: &T,
        answer: QueryResult<T::Value>,
    ) -> QueryResult<CachedEntry<T::Value>> {
        self.site.reader.counters.load();
        watch::check_default_sometimes();
        let value = answer.inspect_err(|_| self.site.reader.counters.load_failure())?;
        let fill = self.start.as_ref().filter(|fill| fill.may_store());
        let (site, former) = (&self.site, Former::of(self.cause));
        let conclusion = task.conclude(&LoadedAnswer { site, named: &self.named, fill, former }, &value);
        let life = match self.start {
            Some(fill) => Some(fill.conclude(&self.site.reader, conclusion)),
            None => {
                self.site.reader.settle(None, conclusion.verdicts);
                None
            }
        };
        Ok(CachedEntry::new(value, Origin::Miss, life))
    }
}
