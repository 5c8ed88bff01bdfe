//! Splits a read into its name, its tags and its stored form; the drivers put it together.

pub(crate) mod answer;
pub(crate) mod asked;
pub(crate) mod collected;
pub(crate) mod keep;
pub(crate) mod load;
pub(crate) mod look;
pub(crate) mod pointer;
pub(crate) mod query;
pub(crate) mod row;
pub(crate) mod unique;
mod watched;

use cache_core::protocol::compare::Parts;
use cache_core::protocol::fill::SeededTag;
use cache_core::protocol::read::Subject;
use cache_core::protocol::settle::Former;
use cache_core::store::Wanted;
use cache_core::tables::TableDeclaration;
use cache_core::{
    Bypass, CacheKey, Codec, Conclusion, Fill, Fingerprint, KeyBytes, Kind, Life, Lifetime, Loaded, Loaders, Miss,
    Missed, Mode, Reader, Settlement, Tag, Timeout, Value, Watch, is_collecting,
};
use diesel::result::QueryResult;

use crate::identity::{self, Identity};
use crate::manager::{Attached, ManagerState};
use crate::model::declaration::tables;
use crate::read::builder::options::{Options, UseOfCache};
use crate::read::report;
use crate::read::shape::{QueryTables, TableNames};
use crate::read::task::keep::Keep;
use crate::read::task::look::{Directly, Look};
use crate::read::terminal::entry::{CachedEntry, Origin};
use crate::track::is_rehearsed;

/// What all reads have in common.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub(crate) state: &'static ManagerState,
    pub(crate) kind: Kind,
    pub(crate) options: Options,
}

impl Head {
    /// Whether the read is an ordinary one, the cache is not switched off, and nobody watches it.
    #[inline]
    fn may_look(&self, attached: &Attached) -> bool {
        self.options.use_of_cache == UseOfCache::Full && attached.cache.is_plain()
    }

    /// What is watched of the read, if it is an ordinary one; `None`: it has to ask whether it may look.
    fn glance(&self, attached: &Attached) -> Option<Watch> {
        if self.options.use_of_cache == UseOfCache::Full { attached.cache.watch_at_a_glance() } else { None }
    }
}

/// One read.
pub trait Task {
    /// What the reader gets.
    type Value: Send;

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

    /// What is compared of a value; `None`: no bytes can be made of it.
    fn parts(&self, value: &Self::Value) -> Option<Parts>;

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
        self.serve(site, (value, life), Directly(site))
    }

    /// What the entry that was found is to the reader. If it leads to another one, `look` looks for that.
    #[inline]
    fn serve(
        &self,
        _site: &Site<'_>,
        (value, life): (Value, Life),
        _look: impl Look,
    ) -> Result<(Self::Value, Life), Missed> {
        Ok((self.accept(value).ok_or(Miss::Foreign)?, life))
    }

    /// The tags whose tokens are read once more after the answer, before it is concluded.
    fn late_tags(&self, _answered: &LoadedAnswer<'_>, _value: &Self::Value) -> Vec<Tag> {
        Vec::new()
    }

    /// What is made of what was loaded; `late` are the tokens of [`late_tags`](Self::late_tags), if the store gave them.
    fn conclude(&self, answered: &LoadedAnswer<'_>, value: &Self::Value, _late: Option<Vec<SeededTag>>) -> Conclusion {
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
    /// What of it is compared with the database.
    pub(crate) watch: Watch,
}

impl Site<'_> {
    /// Whether nothing that is stored is served.
    pub(crate) fn is_shadow(&self) -> bool {
        self.watch == Watch::Reads && self.reader.cache.is_shadow()
    }

    /// Looks up what is called `key`. Its tags and its codec are asked for only if it is not at hand.
    #[inline]
    pub(crate) fn look_up(
        &self,
        key: CacheKey,
        tags: impl Fn() -> Vec<Tag>,
        codec: impl FnOnce() -> Option<Codec>,
    ) -> Result<(Value, Life), Missed> {
        match self.reader.find(&key).filter(|_| !is_collecting()) {
            Some(found) => Ok(found),
            None => self.look_up_wanted(&Wanted { key, tags: &tags, codec: codec() }),
        }
    }

    /// The same for what is not at hand.
    pub(crate) fn look_up_wanted(&self, wanted: &Wanted<'_>) -> Result<(Value, Life), Missed> {
        if is_collecting() { collected::look_up(self, wanted) } else { self.reader.look_up(wanted) }
    }

    /// Looks up several entries that are not at hand, in one round trip.
    pub(crate) fn look_up_many(&self, wanted: &[Wanted<'_>]) -> Vec<Result<(Value, Life), Miss>> {
        if is_collecting() {
            let look_up = |wanted| collected::look_up(self, wanted).map_err(|missed| missed.cause);
            return wanted.iter().map(look_up).collect();
        }
        self.reader.look_up_many(wanted)
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
            sharding: self.reader.cache.sharding(),
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
    /// It is answered, and the entry is to be compared with the database.
    Drawn(Site<'static>, CachedEntry<T>),
    /// It is answered.
    Hit(CachedEntry<T>),
    /// Ask the database on behalf of the cache.
    Miss(Site<'static>, Missed),
    /// Ask the database, and compare the entry.
    Shadow(Site<'static>, CachedEntry<T>),
    /// It is answered, and somebody has to refresh it.
    Stale(Site<'static>, CachedEntry<T>),
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
        UseOfCache::Refresh => step_after(&site, Err(Miss::Refresh.into()), || task.id()),
        _ => step_after(&site, task.look_up(&site), || task.id()),
    }
}

/// What follows from what was looked up.
#[inline(always)]
pub(crate) fn step_after<T>(
    site: &Site<'static>,
    found: Result<(T, Life), Missed>,
    key: impl Fn() -> KeyBytes,
) -> ReadStep<T> {
    match found {
        _ if site.watch != Watch::Nothing => watched::step_after(site, found, key),
        Ok((value, life)) if !life.may_be_stale() => hit(site, (value, life), key),
        Ok((value, life)) => step_of_ageing(site, (value, life), key),
        Err(missed) => step_after_miss(site, missed, key),
    }
}

#[inline(always)]
fn hit<T>(site: &Site<'static>, (value, life): (T, Life), key: impl FnOnce() -> KeyBytes) -> ReadStep<T> {
    site.reader.hit(key);
    ReadStep::Hit(CachedEntry::new(value, Origin::Hit, Some(life)))
}

#[inline(never)]
fn step_of_ageing<T>(site: &Site<'static>, (value, life): (T, Life), key: impl FnOnce() -> KeyBytes) -> ReadStep<T> {
    if life.is_stale(site.reader.now()) {
        ReadStep::Stale(*site, CachedEntry::new(value, Origin::Stale, Some(life)))
    } else {
        hit(site, (value, life), key)
    }
}

#[cold]
fn step_after_miss<T>(site: &Site<'static>, missed: Missed, key: impl FnOnce() -> KeyBytes) -> ReadStep<T> {
    site.reader.miss(missed.cause, key);
    ReadStep::Miss(*site, missed)
}

/// Where a read takes place, unless it leaves the cache alone, which is reported.
#[inline]
pub(crate) fn site_of(head: &Head, gate: Result<Identity, Bypass>) -> Option<Site<'static>> {
    match (head.state.attached(), gate) {
        (Some(attached), Ok(identity)) if head.may_look(attached) => {
            Some(site(head, attached, (identity, Watch::Nothing)))
        }
        (_, gate) => watched::site_of(head, gate),
    }
}

#[inline]
fn site(head: &Head, attached: &'static Attached, (identity, watch): (Identity, Watch)) -> Site<'static> {
    Site { reader: attached.reader(head.state, head.kind), state: head.state, identity, watch }
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
        _ if attached.cache.is_distrusted(&head.state.name) => Err(Bypass::Distrusted),
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
    let attached = head.state.attached()?;
    let watch = head.glance(attached).or_else(|| watched::glance(head, attached))?;
    let identity = match &attached.told {
        Some(told) => told.without_connection()?,
        None => identity::only()?,
    };
    if is_rehearsed(identity.database) {
        return None;
    }
    Some(site(head, attached, (identity, watch)))
}

/// Every table whose writes count for what `task` reads, or why it is not cached.
pub(crate) fn resolved<T: Task>(task: &T, site: &Site<'_>) -> QueryResult<Result<TableNames, Bypass>> {
    Ok(task.named()?.and_then(|named| named.resolve(site.identity)))
}
