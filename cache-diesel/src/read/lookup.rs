//! One row by a unique value: the value leads to the primary key, and that to the row.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::fill::{Seeded, row_seeds, second_look};
use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, Conclusion, KeyBytes, Kind, Life, Miss, Missed, Tag, Timeout, Value};
use diesel::connection::LoadConnection;
use diesel::dsl::Filter;
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::CacheBackend;
use crate::keys::IntoKey;
use crate::manager::{Manager, ManagerState};
use crate::model::{CachedModel, Lookup};
use crate::read::base::{KeyedSource, absent_unique, named_by, row_id, row_tags};
use crate::read::blocking::Query;
use crate::read::entry::CachedRow;
use crate::read::filter::{Anywhere, Filterable};
use crate::read::first::FirstRead;
use crate::read::load::LoadModel;
use crate::read::options::{Options, options_methods};
use crate::read::pointer::{Pointer, UniquePointer};
use crate::read::refresh::Later;
use crate::read::row_task::{first_of, is_absent, row_codec, weight_of};
use crate::read::task::{Answered, Head, Keep, Site, Task};
use crate::read::terminal::{IntoTask, Require, row_terminals};
use crate::read::twice::cloned;
use crate::shape::{Named, shape_of};

impl<M: CachedModel> Manager<M> {
    /// The row with this value in the unique look-up `L`; generated methods call it.
    #[doc(hidden)]
    #[track_caller]
    pub fn get_by<L, K>(self, value: K) -> UniqueRead<L, K>
    where
        L: Lookup<Model = M>,
        K: IntoKey<L::Value>,
    {
        UniqueRead { state: self.state, value, options: Options::new(), lookup: PhantomData }
    }
}

/// A row by a unique value, to be read by [`first`](Self::first) or [`require`](Self::require).
#[derive(Debug)]
#[must_use = "nothing is read until a method with a connection is called"]
pub struct UniqueRead<L, K> {
    state: &'static ManagerState,
    value: K,
    options: Options,
    lookup: PhantomData<fn() -> L>,
}

cloned!([L, K: Clone] UniqueRead<L, K> { state, value, options, lookup });

impl<L: Lookup, K: IntoKey<L::Value>> UniqueRead<L, K> {
    options_methods!(options);
    row_terminals!(L::Model, L::Model, Require<L::Model>, <L::Model as CachedModel>::Error);

    /// Asks for the row only if `condition` holds. It is cached as the first row of a list is, by its query.
    pub fn filter<Condition, Kind>(self, condition: Condition) -> FirstRead<L::Model, Condition::Output>
    where
        <L::Model as CachedModel>::Source: FilterDsl<L::Filter>,
        Condition: Filterable<Source<L>, Kind, Anywhere>,
    {
        let value = self.value.into_key();
        let value = if L::IS_NORMALIZED { L::normalized(&value) } else { value };
        let source = FilterDsl::filter(<L::Model as CachedModel>::source(), L::filter(value));
        FirstRead::new(self.state, condition.filter_of(source), self.options)
    }
}

impl<'query, C, L, K> IntoTask<'query, C> for UniqueRead<L, K>
where
    C: LoadConnection<Backend: CacheBackend> + 'static,
    L: Lookup,
    K: IntoKey<L::Value>,
    <L::Model as CachedModel>::Source: FilterDsl<L::Filter>,
    KeyedSource<L::Model>: LoadModel<'static, C, L::Model>,
    Source<L>: LoadModel<'static, C, L::Model>,
{
    type Task = UniqueTask<C, L, K>;

    fn into_task(self) -> QueryResult<Self::Task> {
        let head = Head { state: self.state, kind: Kind::Unique, options: self.options };
        let (value, asked) = if L::IS_NORMALIZED {
            let normal = L::normalized(&self.value.into_key());
            (KeyBytes::of(&normal), Asked::Normal(normal))
        } else {
            (self.value.key_bytes(), Asked::Named(self.value))
        };
        let mut task = UniqueTask { head, id: value.under(L::NAME), value, asked, connection: PhantomData };
        if L::Model::HAS_BASE_QUERY {
            task.id = named_by::<C::Backend, _>(&task.selected())?;
        }
        Ok(task)
    }

    fn later(task: &Self::Task) -> Option<Later<C>> {
        // On another thread, at another moment, a base query may be another one.
        if L::Model::HAS_BASE_QUERY {
            return None;
        }
        let asked: Asked<L::Value, L::Value> = match &task.asked {
            Asked::Named(named) => Asked::Named(named.to_key()),
            Asked::Normal(value) => Asked::Normal(value.clone()),
        };
        Some(Box::new(UniqueTask::<C, L, L::Value> {
            head: task.head,
            id: task.id,
            value: task.value,
            asked,
            connection: PhantomData,
        }))
    }
}

/// The query of a row by the value.
type Source<L> = Filter<<<L as Lookup>::Model as CachedModel>::Source, <L as Lookup>::Filter>;

/// Reads a row by a unique value. The query is made on a miss only, or for a store that has to know its tables.
pub struct UniqueTask<C, L: Lookup, K> {
    head: Head,
    id: KeyBytes,
    value: KeyBytes,
    asked: Asked<K, L::Value>,
    connection: PhantomData<fn(C) -> L>,
}

/// The value, as it was asked for.
enum Asked<K, V> {
    Named(K),
    /// In its normal form: the database is asked for that as well, so that all spellings are one question.
    Normal(V),
}

impl<C, L, K> UniqueTask<C, L, K>
where
    C: LoadConnection<Backend: CacheBackend>,
    L: Lookup,
    K: IntoKey<L::Value>,
    <L::Model as CachedModel>::Source: FilterDsl<L::Filter>,
    KeyedSource<L::Model>: LoadModel<'static, C, L::Model>,
    Source<L>: LoadModel<'static, C, L::Model>,
{
    fn value(&self) -> L::Value {
        match &self.asked {
            Asked::Named(named) => named.to_key(),
            Asked::Normal(value) => value.clone(),
        }
    }

    fn selected(&self) -> <Source<L> as LoadModel<'static, C, L::Model>>::Selected {
        FilterDsl::filter(<L::Model as CachedModel>::source(), L::filter(self.value())).selected()
    }

    /// Whether `row` has the value that was asked for, letter by letter.
    fn has_value(&self, row: &L::Model) -> bool {
        match &self.asked {
            Asked::Named(named) => {
                let is_equal = |asked| L::has_value(row, asked);
                named.as_key().map_or_else(|| self.is_spelled(row, named), is_equal)
            }
            Asked::Normal(asked) => L::has_value(row, asked),
        }
    }

    /// The same for what borrows the value.
    fn is_spelled(&self, row: &L::Model, named: &K) -> bool {
        let is_equal = || L::is_named(row, |parts| named.has_parts(parts));
        L::key_bytes(row) == self.value && (!K::HAS_PARTS || is_equal())
    }

    /// Whether `row` still is where the pointer leads. It may have got another value since.
    fn is_at(&self, row: &L::Model, pointer: &UniquePointer<L>) -> bool {
        let has_value = match &pointer.spelling {
            // The database found this spelling before, and would again.
            Some(spelling) => L::has_value(row, spelling),
            None => self.has_value(row),
        };
        has_value && row.has_id(&pointer.key)
    }

    /// What leads to `row`; `None`: where the database takes other letters for equal, the value that was asked for
    /// names no row for good.
    fn pointer_to(&self, row: &L::Model) -> Option<UniquePointer<L>> {
        let has_value = self.has_value(row);
        let spelling = (!has_value).then(|| L::value(row));
        (has_value || L::IS_NORMALIZED).then(|| Pointer { key: row.id(), spelling })
    }

    fn is_asked(&self, value: &L::Value) -> bool {
        match &self.asked {
            Asked::Named(named) => is_absent(value, named),
            Asked::Normal(asked) => asked == value,
        }
    }

    fn timeout(&self) -> Timeout {
        self.head.options.timeout.unwrap_or(self.head.state.definition.timeouts.detail)
    }

    /// The tags of the row itself, and the token of its own one; `None`: it may not be stored, as somebody wrote to the table
    /// while it was loaded.
    fn row_seed(&self, answered: &Answered<'_>, row: KeyBytes) -> Option<(Seeded, Vec<Tag>)> {
        let (site, fill) = (answered.site, answered.fill?);
        let subject = site.subject(answered.named);
        let late = second_look(subject.database.table(subject.table), row);
        let seed = row_seeds(fill.seeds(), &site.reader.seed(&late)?)?.pop()?;
        Some((seed, subject.found_row(row)))
    }
}

impl<C, L, K> Task for UniqueTask<C, L, K>
where
    C: LoadConnection<Backend: CacheBackend>,
    L: Lookup,
    K: IntoKey<L::Value>,
    <L::Model as CachedModel>::Source: FilterDsl<L::Filter>,
    KeyedSource<L::Model>: LoadModel<'static, C, L::Model>,
    Source<L>: LoadModel<'static, C, L::Model>,
{
    type Value = Option<CachedRow<L::Model>>;

    fn head(&self) -> &Head {
        &self.head
    }

    fn id(&self) -> KeyBytes {
        self.id
    }

    fn named(&self) -> QueryResult<Result<Named, Bypass>> {
        let shape = shape_of::<C::Backend, _>(&self.selected())?;
        Ok(shape.named(self.head.options.assume_deterministic))
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        subject.unique()
    }

    fn codec(&self) -> Option<Codec> {
        L::CODEC
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        match value {
            Value::Shared(row) => row.downcast::<L::Model>().ok().map(Some),
            Value::Absent(asked) => self.is_asked(asked.downcast_ref()?).then_some(None),
            _ => None,
        }
    }

    fn keep(&self, row: &Self::Value) -> Keep {
        let Some(row) = row else {
            let negative = self.head.state.definition.timeouts.negative;
            return Keep::absent(self.value(), negative.map(|timeout| self.head.options.timeout.unwrap_or(timeout)));
        };
        Keep::shared(row, weight_of(&**row), self.timeout()).until(row.ends_at().into_iter())
    }

    fn serve(&self, site: &Site<'_>, (pointer, led): (Value, Life)) -> Result<(Self::Value, Life), Missed> {
        let pointer = match pointer {
            Value::Shared(pointer) => pointer,
            absent => return Ok((self.accept(absent).ok_or(Miss::Foreign)?, led)),
        };
        let pointer = pointer.downcast_ref::<UniquePointer<L>>().ok_or(Miss::Foreign)?;
        let row = KeyBytes::of(&pointer.key);
        let tags = || self.dependencies(site, |subject| row_tags::<L::Model>(subject, row));
        let id = row_id::<C, L::Model>(row, || pointer.key.clone()).map_err(|_| Miss::Foreign)?;
        let key = site.key(id, Kind::Detail);
        let (row, mut life) = site.look_up(key, tags, row_codec::<L::Model>)?;
        let Value::Shared(row) = row else { return Err(Miss::Absent.into()) };
        let row = row.downcast::<L::Model>().map_err(|_| Miss::Foreign)?;
        // What leads to it is refreshed with it, so that it does not end before.
        life.soft_deadline = life.soft_deadline.min(led.soft_deadline);
        if self.is_at(&row, pointer) { Ok((Some(row), life)) } else { Err(Miss::Absent.into()) }
    }

    fn conclude(&self, answered: &Answered<'_>, row: &Self::Value) -> Conclusion {
        let site = answered.site;
        let (keep, key) = (self.keep(row).with_life(site), site.key(self.id(), Kind::Unique));
        let shared = (keep.value.clone(), keep.lifetime);
        let Some(row) = row else {
            let tags = || absent_unique::<L::Model>(&site.subject(answered.named));
            let keep = keep.is_stored.then(|| (keep.loaded(self.codec()), tags()));
            return answered.conclude(shared, Vec::new(), vec![answered.verdict(key, keep)]);
        };
        let Some(pointer) = self.pointer_to(row) else {
            return answered.conclude(shared, Vec::new(), vec![answered.verdict(key, None)]);
        };
        let (row, lifetime) = (KeyBytes::of(&pointer.key), keep.lifetime);
        let row_key = row_id::<C, L::Model>(row, || pointer.key.clone()).map(|id| site.key(id, Kind::Detail));
        let tags = if pointer.spelling.is_some() { site.subject(answered.named).spelling() } else { Vec::new() };
        let pointer = Keep::shared(&Arc::new(pointer), size_of::<UniquePointer<L>>(), lifetime);
        let mut verdicts = vec![answered.verdict(key, Some((pointer.loaded(self.codec()), tags)))];
        let mut late = Vec::new();
        if let Ok(row_key) = row_key {
            let stored = self.row_seed(answered, row).map(|(seed, tags)| {
                late.push(seed);
                (keep.loaded(row_codec::<L::Model>()), tags)
            });
            // The pointer must not lead to what was there before the row was read.
            verdicts.push(answered.verdict(row_key, stored));
        }
        answered.conclude(shared, late, verdicts)
    }
}

impl<C, L, K> Query<C> for UniqueTask<C, L, K>
where
    C: LoadConnection<Backend: CacheBackend>,
    L: Lookup,
    K: IntoKey<L::Value>,
    <L::Model as CachedModel>::Source: FilterDsl<L::Filter>,
    KeyedSource<L::Model>: LoadModel<'static, C, L::Model>,
    Source<L>: LoadModel<'static, C, L::Model>,
{
    fn query(&mut self, conn: &mut C) -> QueryResult<Self::Value> {
        first_of(Some(self.selected()), conn)
    }
}
