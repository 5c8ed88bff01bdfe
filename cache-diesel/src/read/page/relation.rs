//! Finds the rows that belong to a row, and loads those of many rows at once.

use core::hash::Hash;
use core::marker::PhantomData;
use std::collections::HashMap;
use std::sync::Arc;

use cache_core::{Bypass, KeyBytes};
use diesel::associations::BelongsTo;
use diesel::query_source::TableNotEqual;
use diesel::result::QueryResult;
use diesel::{JoinTo, Table};

use crate::backend::line::{Line, Loads as _, Reply};
use crate::model::CachedModel;
use crate::read::page::load::LoadModel;
use crate::read::shape::{QueryTables, Shape, shape_named_by, shape_of};

/// A model whose rows belong to rows of `Parent`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not belong to `{Parent}`",
    label = "no foreign key of this model leads to `{Parent}`",
    note = "add `#[derive(Associations)]` and `#[diesel(belongs_to({Parent}))]` to `{Self}`, and `#[derive(Identifiable)]` to both"
)]
pub trait ChildOf<Parent>: CachedModel {
    /// The foreign key's type, without `Option`.
    type ForeignKey: Clone + Eq + Hash + Send + Sync + 'static;
    /// The foreign key's column.
    type Column;

    /// The row's foreign key.
    fn foreign_key(&self) -> Option<&Self::ForeignKey>;
    /// The column itself.
    fn column() -> Self::Column;
}

/// Says that rows of `Child` belong to rows of `Parent`.
///
/// Generated code names it before all that follows from it: of a missing foreign key this is what the compiler reports
/// first, and in our words.
#[derive(Debug)]
pub struct Belongs<Child: ChildOf<Parent>, Parent>(PhantomData<fn(&Child, &Parent)>);

/// A table to which the rows of the table `Related` can be joined.
#[diagnostic::on_unimplemented(
    message = "`{Related}` cannot be joined to `{Self}`",
    label = "no `joinable!` says how, or the two may not be in one query",
    note = "write `diesel::joinable!(child -> parent (foreign_key));`, and `diesel::allow_tables_to_appear_in_same_query!(..);` with both tables"
)]
pub trait JoinedWith<Related> {}

#[diagnostic::do_not_recommend]
impl<T, Related: Table> JoinedWith<Related> for T where T: JoinTo<Related> + TableNotEqual<Related> {}

/// Says that rows of `Related` can be joined to those of `Root`.
///
/// Named as [`Belongs`] is.
#[derive(Debug)]
pub struct Joins<Root, Related>(PhantomData<fn(&Root, &Related)>)
where
    Root: CachedModel<Table: JoinedWith<<Related as CachedModel>::Table>>,
    Related: CachedModel;

#[diagnostic::do_not_recommend]
impl<Child, Parent> ChildOf<Parent> for Child
where
    Child: CachedModel + BelongsTo<Parent, ForeignKey: Clone + Send + Sync + 'static>,
{
    type ForeignKey = <Child as BelongsTo<Parent>>::ForeignKey;
    type Column = <Child as BelongsTo<Parent>>::ForeignKeyColumn;

    fn foreign_key(&self) -> Option<&Self::ForeignKey> {
        BelongsTo::foreign_key(self)
    }

    fn column() -> Self::Column {
        <Child as BelongsTo<Parent>>::foreign_key_column()
    }
}

/// A foreign key that can hold the primary keys of type `Id`.
#[diagnostic::on_unimplemented(
    message = "a foreign key of type `{Self}` cannot hold a primary key of type `{Id}`",
    label = "the types of the two keys differ",
    note = "Diesel's associations have foreign keys of one column, with the type of the parent's key"
)]
pub trait ForeignKeyOf<Id> {
    /// The foreign key of what belongs to the row with this primary key.
    fn of(key: Id) -> Self;
}

#[diagnostic::do_not_recommend]
impl<Key: From<Id>, Id> ForeignKeyOf<Id> for Key {
    fn of(key: Id) -> Self {
        key.into()
    }
}

/// One prefetched field of a view; implemented by generated types.
pub trait Relation: 'static {
    /// The key that leads from a row to those that belong to it.
    type Key: Clone + Eq + Hash + Send + Sync;
    /// What is loaded: a row, or a link and the row that it leads to.
    type Loaded: Send;
    /// What the field holds.
    type Item: Send + Sync;
    /// The query, before columns are selected.
    type Query;

    /// Whether the loaded rows are of a model with a base query.
    const HAS_BASE_QUERY: bool;

    /// Asks for all that belongs to the rows with these keys.
    fn query(keys: Vec<Self::Key>) -> Self::Query;
    /// Whom a loaded row belongs to.
    fn key(loaded: &Self::Loaded) -> Option<&Self::Key>;
    /// What is kept of a loaded row.
    fn item(loaded: Self::Loaded) -> Self::Item;
}

/// A list that several rows have.
type SharedList<Item> = Arc<Vec<Item>>;

/// A relation that can be loaded from the connection `C`.
#[diagnostic::on_unimplemented(
    message = "the prefetched rows of a view cannot be read from `{C}`",
    label = "the model of a prefetched field does not fit",
    note = "each model in `prefetch_related(..)` needs `#[derive(Queryable, Selectable)]`"
)]
pub trait Prefetch<C: Line>: Relation {
    /// Gathers the tables that the statement names.
    ///
    /// # Errors
    ///
    /// If the statement cannot be printed.
    fn look_ahead(prefetched: &mut Prefetched) -> QueryResult<()>;

    /// Loads what belongs to the rows with these keys: for each key a list.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    fn prefetch<'a>(keys: Vec<Self::Key>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<Vec<Self::Item>>>>
    where
        C: 'a;

    /// The same where several rows may have one key, or none: those with the same key share its list.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    fn share<'a>(
        keys: Vec<Option<Self::Key>>,
        conn: &'a mut C::Conn,
    ) -> Reply<'a, QueryResult<Vec<SharedList<Self::Item>>>>
    where
        C: 'a,
    {
        let mut place_of: HashMap<Self::Key, usize> = HashMap::new();
        let mut asked = Vec::new();
        let mut place = |key: Self::Key| {
            *place_of.entry(key).or_insert_with_key(|key| {
                asked.push(key.clone());
                asked.len() - 1
            })
        };
        let places: Vec<Option<usize>> = keys.into_iter().map(|key| key.map(&mut place)).collect();
        let lists = Self::prefetch(asked, conn);
        Box::pin(async move {
            let lists: Vec<Arc<Vec<Self::Item>>> = lists.await?.into_iter().map(Arc::new).collect();
            let empty = Arc::default();
            Ok(places.into_iter().map(|place| Arc::clone(place.map_or(&empty, |place| &lists[place]))).collect())
        })
    }
}

/// What is known of a view's statements after the first one.
#[derive(Debug, Default)]
pub struct Prefetched {
    shapes: Vec<Arc<Shape>>,
    /// What the statements are called that may be other ones next time.
    names: Vec<KeyBytes>,
}

impl Prefetched {
    /// What `look_ahead` gathers.
    pub(crate) fn gathered(look_ahead: impl FnOnce(&mut Self) -> QueryResult<()>) -> QueryResult<Self> {
        let mut prefetched = Self::default();
        look_ahead(&mut prefetched)?;
        Ok(prefetched)
    }

    /// Whether a statement may be another one next time: it has a base query.
    pub(crate) const fn has_base_query(&self) -> bool {
        !self.names.is_empty()
    }

    /// The name of an entry whose first statement is called `id`: these statements are part of it.
    pub(crate) fn name(&self, id: KeyBytes) -> KeyBytes {
        if self.has_base_query() { KeyBytes::of(&(id, &self.names)) } else { id }
    }

    /// What the first statement and these name together, unless one of them cannot be cached.
    pub(crate) fn join(
        &self,
        first: Result<QueryTables, Bypass>,
        assume_deterministic: bool,
    ) -> Result<QueryTables, Bypass> {
        let mut named = first?;
        for shape in &self.shapes {
            named.merge(shape.named(assume_deterministic)?);
        }
        Ok(named)
    }
}

#[diagnostic::do_not_recommend]
impl<R, C> Prefetch<C> for R
where
    R: Relation,
    C: Line,
    R::Query: LoadModel<'static, C, R::Loaded>,
{
    fn look_ahead(prefetched: &mut Prefetched) -> QueryResult<()> {
        if R::HAS_BASE_QUERY {
            let query = R::query(Vec::new()).selected();
            let shape = shape_of::<C::Backend, _>(&query)?;
            prefetched.names.push(shape.key_of::<C::Backend, _>(&query, None)?);
            prefetched.shapes.push(shape);
            return Ok(());
        }
        // The tables are the same, however many keys there are.
        let shape = shape_named_by::<R, C::Backend, _>(|| R::query(Vec::new()).selected())?;
        prefetched.shapes.push(shape);
        Ok(())
    }

    fn prefetch<'a>(keys: Vec<R::Key>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<Vec<R::Item>>>>
    where
        C: 'a,
    {
        Box::pin(async move {
            let mut lists: Vec<Vec<R::Item>> = keys.iter().map(|_| Vec::new()).collect();
            let mut places: Vec<usize> = (0..keys.len()).collect();
            while !places.is_empty() {
                let (place_of, repeated) = distinct(&keys, places);
                for chunk in in_order(&place_of).chunks(MOST_KEYS) {
                    let asked = chunk.iter().map(|place| keys[*place].clone()).collect();
                    for loaded in belonging::<C, R>(asked, conn).await? {
                        if let Some(place) = R::key(&loaded).and_then(|key| place_of.get(key)) {
                            lists[*place].push(R::item(loaded));
                        }
                    }
                }
                places = repeated;
            }
            Ok(lists)
        })
    }
}

/// Asks for what belongs to the rows with these keys.
fn belonging<'a, C, R>(keys: Vec<R::Key>, conn: &'a mut C::Conn) -> Reply<'a, QueryResult<Vec<R::Loaded>>>
where
    C: Line + 'a,
    R: Relation<Query: LoadModel<'static, C, R::Loaded>>,
{
    let rows = R::query(keys).selected().load(conn);
    Box::pin(async move { rows.await.0 })
}

/// Bound variables that a statement may have on every database: SQLite takes the fewest, 32 766.
const MOST_KEYS: usize = 30_000;

/// The first place of each key, and the other places: rows can be moved to one place only.
fn distinct<Key: Eq + Hash>(keys: &[Key], places: Vec<usize>) -> (HashMap<&Key, usize>, Vec<usize>) {
    let mut place_of = HashMap::with_capacity(places.len());
    let mut repeated = Vec::new();
    for place in places {
        if *place_of.entry(&keys[place]).or_insert(place) != place {
            repeated.push(place);
        }
    }
    (place_of, repeated)
}

fn in_order<Key>(place_of: &HashMap<&Key, usize>) -> Vec<usize> {
    let mut places: Vec<usize> = place_of.values().copied().collect();
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_place_and_the_others_are_left_for_later() {
        let keys = [7, 8, 7, 9, 7];
        let (place_of, repeated) = distinct(&keys, (0..keys.len()).collect());
        assert_eq!((in_order(&place_of), repeated.clone()), (vec![0, 1, 3], vec![2, 4]));
        let (place_of, repeated) = distinct(&keys, repeated);
        assert_eq!((in_order(&place_of), repeated), (vec![2], vec![4]));
    }
}
