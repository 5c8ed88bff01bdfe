//! Holds the connections that a read accepts.

use diesel::Selectable;
use diesel::backend::Backend;
use diesel::connection::{Instrumentation, LoadConnection};
use diesel::deserialize::FromSqlRow;
use diesel::dsl::SqlTypeOf;

use crate::backend::CacheBackend;
use crate::misfit::{Fits, Misfit, Never};

/// Marks connections that block.
#[derive(Debug)]
pub struct Blocking;

/// A connection of Diesel's.
///
/// `Mode` is inferred from the connection's type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a database connection",
    label = "expected `&mut` of a connection of Diesel's, to a database whose feature of cache-diesel is on",
    note = "of a pool, take a connection first, as in `.first(&mut pool.get()?)`, or give the pool: `.first_with(&pool)`",
    note = "a connection behind a guard is dereferenced, as in `.first(&mut *guard)`; name the kinds of a `MultiConnection`: `cache_diesel::multi_connection!`"
)]
pub trait AnyConnection<Mode> {
    /// The connection's database backend.
    type Backend: Backend;

    /// This type: what follows asks for it, so that nothing more is said of what is no connection.
    #[doc(hidden)]
    type Itself;

    /// This.
    #[doc(hidden)]
    fn itself(&mut self) -> &mut Self::Itself;
}

#[diagnostic::do_not_recommend]
impl<C: LoadConnection<Backend: CacheBackend>> AnyConnection<Blocking> for C {
    type Backend = C::Backend;
    type Itself = Self;

    fn itself(&mut self) -> &mut Self {
        self
    }
}

// So that nothing is said of a read that is given no connection.
#[diagnostic::do_not_recommend]
impl<C: Never + LoadConnection> AnyConnection<Misfit> for C {
    type Backend = C::Backend;
    type Itself = Self;

    fn itself(&mut self) -> &mut Self {
        self
    }
}

/// A connection of Diesel's that writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a database connection",
    label = "expected `&mut` of a connection of Diesel's",
    note = "of a pool, take a connection first, as in `.execute(&mut pool.get()?)`",
    note = "a connection behind a guard is dereferenced, as in `.execute(&mut *guard)`, and of a `MultiConnection` the one inside is given"
)]
pub trait WritingConnection<Mode> {
    /// The connection's database backend.
    type Backend: Backend;

    /// This type: what follows asks for it, so that nothing more is said of what is no connection.
    #[doc(hidden)]
    type Itself;

    /// This.
    #[doc(hidden)]
    fn itself(&mut self) -> &mut Self::Itself;

    /// What the tracker is on.
    #[doc(hidden)]
    fn instrumented(&mut self) -> &mut dyn Instrumentation;
}

#[diagnostic::do_not_recommend]
impl<C: LoadConnection> WritingConnection<Blocking> for C {
    type Backend = C::Backend;
    type Itself = Self;

    fn itself(&mut self) -> &mut Self {
        self
    }

    fn instrumented(&mut self) -> &mut dyn Instrumentation {
        self.instrumentation()
    }
}

/// A connection from which an `M` can be read: a row of a table, or of joined ones.
///
/// `Kind` is inferred.
#[diagnostic::on_unimplemented(
    message = "`{M}` cannot be read from its columns on `{DB}`",
    label = "a derive of `{M}` is missing, or a field does not fit its column",
    note = "`{M}` needs `#[derive(Queryable, Selectable)]`, and fields of the types of their columns: an `Option` for each one that is nullable",
    note = "`#[diesel(check_for_backend(diesel::sqlite::Sqlite))]` on `{M}`, with your database in it, names the field"
)]
pub trait ReadsColumns<M, DB, Kind> {
    /// This type.
    type On;

    /// This.
    fn on(&mut self) -> &mut Self::On;
}

#[diagnostic::do_not_recommend]
impl<M, DB, C> ReadsColumns<M, DB, Fits> for C
where
    DB: Backend,
    M: Selectable<DB> + FromSqlRow<SqlTypeOf<<M as Selectable<DB>>::SelectExpression>, DB>,
{
    type On = C;

    fn on(&mut self) -> &mut C {
        self
    }
}

// So that nothing is said of the read of what cannot be read.
#[diagnostic::do_not_recommend]
impl<M: Never, DB, C> ReadsColumns<M, DB, Misfit> for C {
    type On = C;

    fn on(&mut self) -> &mut C {
        self
    }
}

/// The connection, if it is one and if `M` can be read from it.
pub type Connected<M, C, Mode, Kind> =
    <<C as AnyConnection<Mode>>::Itself as ReadsColumns<M, <C as AnyConnection<Mode>>::Backend, Kind>>::On;
