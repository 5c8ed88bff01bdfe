//! Carries a miss: from what is requested to what is stored.

use cache_core::protocol::fill::SeededTag;
use cache_core::protocol::settle::Former;
use cache_core::tables::TableDeclaration;
use cache_core::{
    Bypass, CacheKey, Conclusion, Fill, Follower, Life, Loaders, Miss, Missed, Sought, Start, Tag, Unkept, Waited,
};
use diesel::result::QueryResult;

use crate::read::report;
use crate::read::shape::TableNames;
use crate::read::task::{LoadedAnswer, Site, Task, collected};
use crate::read::terminal::entry::{CachedEntry, Origin};
use crate::setup::install::watch;

/// A miss on its way.
pub(crate) struct Load<'a> {
    site: Site<'a>,
    cause: Miss,
    named: TableNames,
    start: Option<Box<Fill>>,
}

/// A miss that somebody else may answer.
pub(crate) enum Turn<'a> {
    Follow(Load<'a>, Follower),
    Query(Load<'a>),
}

/// After a miss where the store is not to be had: whoever reads asks the database, and stores nothing.
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

/// What is about to be loaded after a miss: who asks the database is up to the store.
pub(crate) struct Request {
    site: Site<'static>,
    key: CacheKey,
    tags: Vec<Tag>,
    declared: Vec<TableDeclaration>,
    missed: Missed,
    loaders: Loaders,
    named: TableNames,
}

/// What `task` requests, where it is known which tables count; `None`: it is not cached, which is reported.
pub(crate) fn request_by<T: Task>(
    task: &T,
    site: Site<'static>,
    missed: Missed,
    named: Result<TableNames, Bypass>,
) -> Option<Request> {
    let named = named.inspect_err(|reason| report::bypassed(&site.reader, task.head(), *reason)).ok()?;
    let subject = site.subject(&named);
    let tags = task.tags(&subject);
    let declared = subject.declared(&tags);
    let (key, loaders) = (site.key(task.id(), task.head().kind), task.loaders());
    Some(Request { site, key, tags, declared, missed, loaders, named })
}

impl Request {
    /// Takes a turn: calls the store.
    pub(crate) fn take_turn(self) -> Turn<'static> {
        let Self { site, key, tags, declared, missed, loaders, named } = self;
        let cause = missed.cause;
        // Only a load that looks once more reads its tokens then.
        let seen = if cause.may_pass() { &*missed.seen } else { &[] };
        match site.reader.start(&Sought { seen, loaders, ..Sought::new(key, &tags, &declared) }) {
            Start::Follow(follower) => Turn::Follow(Load { site, cause, named, start: None }, follower),
            Start::Lead(fill) => Turn::Query(Load { site, cause, named, start: Some(fill) }),
            _ => Turn::Query(Load { site, cause, named, start: None }),
        }
    }
}

impl<'a> Load<'a> {
    /// The tokens that the answer is to be stored under; `None`: it is not stored.
    pub(crate) fn seeds(&self) -> Option<&[SeededTag]> {
        self.start.as_ref().map(|fill| fill.seeds())
    }

    /// Whether the answer may be stored.
    pub(crate) fn may_store(&self) -> bool {
        self.start.as_ref().is_some_and(|fill| fill.may_store())
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

    /// Where it happens.
    pub(crate) const fn site(&self) -> &Site<'a> {
        &self.site
    }

    /// Whether somebody may have stored it since the reader missed.
    pub(crate) const fn may_have_passed(&self) -> bool {
        self.cause.may_pass() && self.start.is_some()
    }

    /// The right to store the answer; the load goes on with what is given back of it.
    pub(crate) const fn fill(&mut self) -> &mut Option<Box<Fill>> {
        &mut self.start
    }

    /// Gives what was found in the store to those who wait for this load.
    pub(crate) fn hand_on<T: Task>(
        &mut self,
        task: &T,
        (value, life): (T::Value, Life),
        origin: Origin,
    ) -> CachedEntry<T::Value> {
        if let Some(fill) = self.start.take() {
            fill.hand_on(task.keep(&value).value, life);
        }
        CachedEntry::new(value, origin, Some(life))
    }

    /// Counts the query.
    pub(crate) fn answered<T>(&self, answer: QueryResult<T>) -> QueryResult<T> {
        self.site.reader.counters.load();
        watch::check_default_sometimes();
        answer.inspect_err(|_| self.site.reader.counters.load_failure())
    }

    /// The tags whose tokens are read after the answer.
    pub(crate) fn late_tags<T: Task>(&self, task: &T, value: &T::Value) -> Vec<Tag> {
        task.late_tags(&self.answer(), value)
    }

    /// What is made of the answer.
    pub(crate) fn conclusion<T: Task>(&self, task: &T, value: &T::Value, late: Option<Vec<SeededTag>>) -> Conclusion {
        task.conclude(&self.answer(), value, late)
    }

    fn answer(&self) -> LoadedAnswer<'_> {
        let fill = self.start.as_deref().filter(|fill| fill.may_store());
        LoadedAnswer { site: &self.site, named: &self.named, fill, former: Former::of(self.cause) }
    }

    /// Stores what the query brought: calls the store.
    pub(crate) fn conclude(self, conclusion: Conclusion) -> Option<Life> {
        match self.start {
            Some(fill) => Some(fill.conclude(&self.site.reader, conclusion)),
            None => {
                self.site.reader.settle(None, conclusion.verdicts);
                None
            }
        }
    }
}
