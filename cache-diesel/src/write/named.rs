//! Runs work that names the tables it writes: raw SQL, procedures, migrations.

#[cfg(feature = "async")]
mod awaiting;

use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::{Error, ErrorKind};
use diesel::connection::{Connection, LoadConnection};

use crate::backend::CacheBackend;
use crate::backend::line::at_once;
use crate::model::declaration::{has_schema, tables};
use crate::model::table::NamedTable;
use crate::read::{Blocking, WritingConnection, introduce_writer};
use crate::scan::Dialect;
use crate::track::tracker_of;
use crate::write::untracked::{self, refused};

#[cfg(feature = "async")]
pub use awaiting::writes_async;

/// Runs `work`, which writes to `named`, whatever its statements are: all rows and lists of these tables count as
/// changed.
///
/// For what the text of a statement does not show: a procedure, a `DO` block, a function that writes, a trigger. What is
/// not understood in it does not end every entry of the database, as it would by itself. What is understood counts for
/// the table that it names as well.
///
/// Tables are named as in SQL, without schema and quotes, in an array, a slice or a `Vec` (`["products", "tags"]`), or by
/// their modules of `table!` (`products::table`, `(products::table, tags::table)`). They need no model.
///
/// # Consistency
///
/// Intents are placed before `work`, and released when it is over, whether it failed or panicked; in a transaction after
/// the commit. A rollback leaves entries valid, unless something was not understood. It may be called inside of itself.
/// A connection that was told something that may change what it reads bypasses afterwards as it would without.
///
/// # Errors
///
/// Returns the errors of `work`. Without calling it, returns Diesel's `QueryBuilderError` around a cache's error: if no
/// table is named, or one with an empty name, with quotes or a schema; and if a [strict](crate::Writes::Strict) store
/// does not take the intents.
///
/// # Examples
///
/// ```
/// use cache_diesel::prelude::*;
/// use diesel::connection::SimpleConnection;
/// use diesel::prelude::*;
/// # diesel::table! { products (id) { id -> Integer, title -> Text, } }
/// # #[derive(Cached, Debug, Queryable, Selectable)]
/// # struct Product { id: i32, title: String }
///
/// # cache_diesel::install(Cache::memory())?;
/// let mut conn = SqliteConnection::establish(":memory:")?;
/// # conn.batch_execute(
/// #     "CREATE TABLE products (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL);
/// #      INSERT INTO products VALUES (1, 'Lamp');",
/// # )?;
/// Product::cached().get(1).first(&mut conn)?;
/// cache_diesel::writes(&mut conn, ["products"], |conn| conn.batch_execute("UPDATE products SET title = 'New'"))?;
/// assert_eq!(Product::cached().get(1).first(&mut conn)?.title, "New");
///
/// assert!(cache_diesel::writes(&mut conn, ["main.products"], |_| QueryResult::Ok(())).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn writes<C, T, E, Kind>(
    conn: &mut C,
    named: impl TableNames<Kind>,
    work: impl FnOnce(&mut C) -> Result<T, E>,
) -> Result<T, E>
where
    C: WritingConnection<Blocking> + LoadConnection<Backend: CacheBackend>,
    E: From<diesel::result::Error>,
{
    let changes = changes_of::<<C as Connection>::Backend>(named.names()).map_err(refused::<E>)?;
    at_once(introduce_writer::<C>(conn));
    let Some(tracker) = tracker_of(conn) else { return untracked::write(conn, &changes, work) };
    tracker.ensure(&changes).map_err(refused::<E>)?;
    tracker.declare(&changes);
    tracker.settle_at_once();
    let under_way = NamedGuard { conn };
    work(under_way.conn)
}

/// What a write to all of `named` changes.
fn changes_of<DB: CacheBackend>(named: Vec<String>) -> cache_core::Result<ChangeSet> {
    if named.is_empty() {
        return Err(Error::new(ErrorKind::Configuration, "`writes` needs the name of at least one table"));
    }
    let mut changes = ChangeSet::new();
    for name in named {
        let table = plain(&name)?;
        changes.add(&table, &Change::Upsert, tables());
        if DB::DIALECT == Dialect::Mysql && has_schema(&table) {
            changes.add_other_databases();
        }
    }
    Ok(changes)
}

/// The name as tags have it.
fn plain(name: &str) -> cache_core::Result<String> {
    let is_odd = |character: char| character.is_whitespace() || "\"`'[].,;()".contains(character);
    if name.is_empty() || name.contains(is_odd) {
        let context = format!(
            "`{name}` is no name of a table for `writes`, expected one without schema and quotes, as `products`"
        );
        return Err(Error::new(ErrorKind::Configuration, context));
    }
    Ok(name.to_lowercase())
}

/// Work under way; if it panics, it counts all the same.
struct NamedGuard<'a, C: Connection> {
    conn: &'a mut C,
}

impl<C: Connection> Drop for NamedGuard<'_, C> {
    fn drop(&mut self) {
        if let Some(tracker) = tracker_of(self.conn) {
            tracker.end_declared();
            tracker.settle_at_once();
        }
    }
}

/// Tables that are named for [`writes`].
///
/// `Kind` is inferred: by their names, or by their modules of `table!`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no tables",
    label = "expected names such as `[\"products\", \"tags\"]`, or `products::table`",
    note = "several modules are named in parentheses: `(products::table, tags::table)`"
)]
pub trait TableNames<Kind> {
    /// The names.
    #[doc(hidden)]
    fn names(self) -> Vec<String>;
}

/// Tables by their names.
#[derive(Debug)]
pub struct ByName;

/// A table by its module.
#[derive(Debug)]
pub struct ByTable;

/// Several tables by their modules.
#[derive(Debug)]
pub struct ByTables;

impl<Name: AsRef<str>, const COUNT: usize> TableNames<ByName> for [Name; COUNT] {
    fn names(self) -> Vec<String> {
        self.iter().map(|name| name.as_ref().to_owned()).collect()
    }
}

impl<Name: AsRef<str>> TableNames<ByName> for &[Name] {
    fn names(self) -> Vec<String> {
        self.iter().map(|name| name.as_ref().to_owned()).collect()
    }
}

impl<Name: AsRef<str>> TableNames<ByName> for Vec<Name> {
    fn names(self) -> Vec<String> {
        self.as_slice().names()
    }
}

impl<T: NamedTable> TableNames<ByTable> for T {
    fn names(self) -> Vec<String> {
        vec![T::sql_name()]
    }
}

macro_rules! tuples {
    ($($table:ident)+) => {
        impl<$($table: NamedTable),+> TableNames<ByTables> for ($($table,)+) {
            fn names(self) -> Vec<String> {
                vec![$($table::sql_name()),+]
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn w9_names_that_are_none_are_refused_by_name() {
        for name in ["", " ", "shop.products", "\"products\"", "`products`", "[products]", "a, b", "a;", " a", "f()"] {
            let error = plain(name).unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}`")), "{error}");
        }
        for (name, expected) in [("products", "products"), ("Products", "products"), ("größe_2$", "größe_2$")] {
            assert_eq!(plain(name).unwrap(), expected);
        }
    }
}
