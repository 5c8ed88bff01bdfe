//! Fills in a read of a page by a unique value of its row.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::protocol::compare::Parts;
use cache_core::protocol::fill::{SeededTag, row_seeds, second_look};
use cache_core::protocol::read::Subject;
use cache_core::{Bypass, Codec, Conclusion, KeyBytes, Kind, Life, Loaders, Miss, Missed, Tag, Timeout, Value};
use diesel::query_dsl::methods::FilterDsl;
use diesel::result::QueryResult;

use crate::backend::line::{Line, Reply};
use crate::manager::ManagerState;
use crate::model::keys::IntoKey;
use crate::model::{CachedModel, Lookup};
use crate::read::builder::options::Options;
use crate::read::page::base::{absent_unique, row_tags};
use crate::read::page::{CachedView, KeyOf, KeyedSource, LoadOne, LookedUpSource, keyed, looked_up, page_id};
use crate::read::shape::QueryTables;
use crate::read::task::collected::end_with;
use crate::read::task::keep::Keep;
use crate::read::task::look::Look;
use crate::read::task::pointer::{Pointer, UniquePointer};
use crate::read::task::query::{Copied, Query};
use crate::read::task::row::{is_absent, loaders_of, parts_of, row_codec};
use crate::read::task::{Head, LoadedAnswer, Site, Task};
use crate::read::terminal::entry::CachedRow;

/// A page that the connection `C` can load by a value of the unique look-up `L`, and by its key.
pub trait LoadByUnique<C: Line, L: Lookup>:
    CachedView<Source: FilterDsl<Self::ByKey> + FilterDsl<L::Filter>>
    + LoadOne<C, KeyedSource<Self>>
    + LoadOne<C, LookedUpSource<Self, L>>
{
}

impl<C, L, P> LoadByUnique<C, L> for P
where
    C: Line,
    L: Lookup,
    P: CachedView<Source: FilterDsl<P::ByKey> + FilterDsl<L::Filter>>
        + LoadOne<C, KeyedSource<P>>
        + LoadOne<C, LookedUpSource<P, L>>,
{
}

/// The name of the entry of the row `row`, whose key is `key`.
fn row_name<C, P, L>(row: KeyBytes, key: &KeyOf<P>) -> QueryResult<KeyBytes>
where
    C: Line,
    L: Lookup,
    P: LoadByUnique<C, L>,
{
    page_id::<C, P, _>(row, || keyed::<P>(key.clone()))
}

/// Reads what a unique value leads to. The query is made on a miss only, or for a store that has to know its tables.
pub struct UniqueTask<C, P, L: Lookup, K> {
    head: Head,
    id: KeyBytes,
    value: KeyBytes,
    asked: Asked<K, L::Value>,
    connection: PhantomData<fn(C) -> (P, L)>,
}

/// The value, as it was asked for.
enum Asked<K, V> {
    Named(K),
    /// In its normal form: the database is asked for that as well, so that all spellings are one question.
    Normal(V),
}

impl<C, P, L, K> UniqueTask<C, P, L, K>
where
    C: Line,
    P: LoadByUnique<C, L>,
    L: Lookup<Model = P::Root>,
    K: IntoKey<L::Value>,
{
    pub(crate) fn new(state: &'static ManagerState, value: K, options: Options) -> QueryResult<Self> {
        let head = Head { state, kind: Kind::Unique, options };
        let (value, asked) = if L::IS_NORMALIZED {
            let normal = L::normalized(&value.into_key());
            (KeyBytes::of(&normal), Asked::Normal(normal))
        } else {
            (value.key_bytes(), Asked::Named(value))
        };
        let mut task = Self { head, id: value.under(L::NAME), value, asked, connection: PhantomData };
        task.id = page_id::<C, P, _>(task.id, || looked_up::<P, L>(task.value()))?;
        Ok(task)
    }

    /// The same read with a value of its own, for another thread.
    pub(crate) fn again(&self) -> Option<UniqueTask<C, P, L, L::Value>> {
        // On another thread, at another moment, a base query may be another one.
        if P::HAS_BASE_QUERY {
            return None;
        }
        let asked = match &self.asked {
            Asked::Named(named) => Asked::Named(named.to_key()),
            Asked::Normal(value) => Asked::Normal(value.clone()),
        };
        Some(UniqueTask { head: self.head, id: self.id, value: self.value, asked, connection: PhantomData })
    }

    fn value(&self) -> L::Value {
        match &self.asked {
            Asked::Named(named) => named.to_key(),
            Asked::Normal(value) => value.clone(),
        }
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

    /// The entry that leads to `row`. `None` if the row was found only because the collation equates spellings: the value
    /// that was asked for is then no lasting name of the row.
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
        self.head.options.timeout.unwrap_or_else(|| self.head.state.lives().of_rows())
    }

    /// The tags of the row itself, and the token of its own one; `None`: it may not be stored, as somebody wrote to the table
    /// while it was loaded.
    fn row_seed(
        answered: &LoadedAnswer<'_>,
        row: KeyBytes,
        late: Option<&[SeededTag]>,
    ) -> Option<(SeededTag, Vec<Tag>)> {
        let seed = row_seeds(answered.fill?.seeds(), late?)?.pop()?;
        Some((seed, answered.site.subject(answered.named).found_row(row)))
    }
}

impl<C, P, L, K> Task for UniqueTask<C, P, L, K>
where
    C: Line,
    P: LoadByUnique<C, L>,
    L: Lookup<Model = P::Root>,
    K: IntoKey<L::Value>,
{
    type Value = Option<CachedRow<P>>;

    fn head(&self) -> &Head {
        &self.head
    }

    fn id(&self) -> KeyBytes {
        self.id
    }

    fn named(&self) -> QueryResult<Result<QueryTables, Bypass>> {
        <P as LoadOne<C, LookedUpSource<P, L>>>::named(
            looked_up::<P, L>(self.value()),
            self.head.options.assume_deterministic,
        )
    }

    fn tags(&self, subject: &Subject<'_>) -> Vec<Tag> {
        subject.unique()
    }

    fn loaders(&self) -> Loaders {
        loaders_of::<P>()
    }

    fn codec(&self) -> Option<Codec> {
        L::CODEC
    }

    fn accept(&self, value: Value) -> Option<Self::Value> {
        match value {
            Value::Shared(row) => row.downcast::<P>().ok().inspect(|row| end_with(&**row)).map(Some),
            Value::Absent(asked) => self.is_asked(asked.downcast_ref()?).then_some(None),
            _ => None,
        }
    }

    fn keep(&self, row: &Self::Value) -> Keep {
        let Some(row) = row else {
            let negative = self.head.state.definition.timeouts.negative;
            return Keep::absent(self.value(), negative.map(|timeout| self.head.options.timeout.unwrap_or(timeout)));
        };
        Keep::page(row, self.timeout())
    }

    fn parts(&self, row: &Self::Value) -> Option<Parts> {
        parts_of(row.as_deref())
    }

    fn serve(
        &self,
        site: &Site<'_>,
        (pointer, led): (Value, Life),
        look: impl Look,
    ) -> Result<(Self::Value, Life), Missed> {
        let pointer = match pointer {
            Value::Shared(pointer) => pointer,
            absent => return Ok((self.accept(absent).ok_or(Miss::Foreign)?, led)),
        };
        let pointer = pointer.downcast_ref::<UniquePointer<L>>().ok_or(Miss::Foreign)?;
        let row = KeyBytes::of(&pointer.key);
        let tags = || self.dependencies(site, |subject| row_tags::<P>(subject, row));
        let id = row_name::<C, P, L>(row, &pointer.key).map_err(|_| Miss::Foreign)?;
        let key = site.key(id, Kind::Detail);
        let (row, mut life) = look.look_up(key, tags, row_codec::<P>)?;
        let Value::Shared(row) = row else { return Err(Miss::Absent.into()) };
        let row = row.downcast::<P>().map_err(|_| Miss::Foreign)?;
        // What leads to it is refreshed with it, so that it does not end before. Without a refresh it is served to its end.
        if led.may_be_stale() {
            life.soft_deadline = life.soft_deadline.min(led.soft_deadline);
        }
        end_with(&*row);
        if self.is_at(row.root(), pointer) { Ok((Some(row), life)) } else { Err(Miss::Absent.into()) }
    }

    fn late_tags(&self, answered: &LoadedAnswer<'_>, row: &Self::Value) -> Vec<Tag> {
        let pointer = row.as_ref().filter(|_| answered.fill.is_some()).and_then(|row| self.pointer_to(row.root()));
        let Some(pointer) = pointer else { return Vec::new() };
        let subject = answered.site.subject(answered.named);
        second_look(subject.database.table(subject.table), KeyBytes::of(&pointer.key)).to_vec()
    }

    fn conclude(&self, answered: &LoadedAnswer<'_>, row: &Self::Value, late: Option<Vec<SeededTag>>) -> Conclusion {
        let site = answered.site;
        let (keep, key) = (self.keep(row).with_life(site), site.key(self.id(), Kind::Unique));
        let shared = (keep.value.clone(), keep.lifetime);
        let Some(row) = row else {
            let tags = || absent_unique::<L::Model>(&site.subject(answered.named));
            let keep = keep.is_stored.then(|| (keep.loaded(self.codec()), tags()));
            return answered.conclude(shared, Vec::new(), vec![answered.verdict(key, keep)]);
        };
        let Some(pointer) = self.pointer_to(row.root()) else {
            return answered.conclude(shared, Vec::new(), vec![answered.verdict(key, None)]);
        };
        let (row, lifetime) = (KeyBytes::of(&pointer.key), keep.lifetime);
        let row_key = row_name::<C, P, L>(row, &pointer.key).map(|id| site.key(id, Kind::Detail));
        let tags = if pointer.spelling.is_some() { site.subject(answered.named).spelling() } else { Vec::new() };
        let pointer = Keep::shared(&Arc::new(pointer), size_of::<UniquePointer<L>>(), lifetime);
        let mut verdicts = vec![answered.verdict(key, Some((pointer.loaded(self.codec()), tags)))];
        let mut seeded = Vec::new();
        if let Ok(row_key) = row_key {
            let stored = Self::row_seed(answered, row, late.as_deref()).map(|(seed, tags)| {
                seeded.push(seed);
                (keep.loaded(row_codec::<P>()), tags)
            });
            // The pointer must not lead to what was there before the row was read.
            verdicts.push(answered.verdict(row_key, stored));
        }
        answered.conclude(shared, seeded, verdicts)
    }
}

impl<C, P, L: Lookup, K: Clone> Copied for UniqueTask<C, P, L, K> {
    fn copied(&self) -> Self {
        let asked = match &self.asked {
            Asked::Named(named) => Asked::Named(named.clone()),
            Asked::Normal(value) => Asked::Normal(value.clone()),
        };
        Self { head: self.head, id: self.id, value: self.value, asked, connection: PhantomData }
    }
}

impl<C, P, L, K> Query<C> for UniqueTask<C, P, L, K>
where
    C: Line,
    P: LoadByUnique<C, L>,
    L: Lookup<Model = P::Root>,
    K: IntoKey<L::Value>,
{
    fn query<'a>(&'a mut self, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Self::Value>>
    where
        C: 'a,
    {
        <P as LoadOne<C, LookedUpSource<P, L>>>::ask(looked_up::<P, L>(self.value()), conn)
    }
}
