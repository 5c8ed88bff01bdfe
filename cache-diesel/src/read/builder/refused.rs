//! Refuses methods of Diesel's that a read does not have, and names the one to write.
//!
//! Without these, the compiler says of each that Diesel's `RunQueryDsl` has it, for tables. None of the traits is
//! implemented by anything. A result that depends on the argument keeps the compiler from saying more.

/// What a read of one row would have to be ended by.
#[diagnostic::on_unimplemented(
    message = "a read of one row has no such method: it ends with `first`, `require` or `entry`",
    label = "write `.first(&mut conn)`",
    note = "`.first(&mut conn).optional()` gives `None` where there is no row, `.require(&mut conn)` fails with the model's own error; several rows are read by `get_many(keys).load(&mut conn)`"
)]
pub trait EndsOneRow<Read> {
    /// Nothing.
    type Output;

    /// Never called.
    fn refuse(self, of: Read) -> Self::Output;
}

/// What a read of several rows by their keys would have to be ended by.
#[diagnostic::on_unimplemented(
    message = "a read of several rows has no such method: it ends with `load`",
    label = "write `.load(&mut conn)`",
    note = "it gives a `Vec<Option<_>>`, the row or `None` for each key in order; one row is read by `get(key).first(&mut conn)`"
)]
pub trait EndsManyRows<Read> {
    /// Nothing.
    type Output;

    /// Never called.
    fn refuse(self, of: Read) -> Self::Output;
}

/// What a list would have to be ended by.
#[diagnostic::on_unimplemented(
    message = "a list has no such method: it ends with `load`, `first`, `count`, `exists` or `entry`",
    label = "write `.load(&mut conn)`",
    note = "`.query()` is the plain Diesel query, uncached, to go on with as in Diesel"
)]
pub trait EndsList<Read> {
    /// Nothing.
    type Output;

    /// Never called.
    fn refuse(self, of: Read) -> Self::Output;
}

/// What a manager would have to be given, were it a query.
#[diagnostic::on_unimplemented(
    message = "a manager has no such method: it reads with `every()`, `all(suffix, filters)`, `get(key)` or `get_many(keys)`",
    label = "begin with one of these",
    note = "every row: `.every().load(&mut conn)`; some: `.all((), filters).load(&mut conn)`; one: `.get(key).first(&mut conn)`"
)]
pub trait ReadsOfManager<Manager> {
    /// Nothing.
    type Output;

    /// Never called.
    fn refuse(self, of: Manager) -> Self::Output;
}

/// What the manager of a view would have to be given, were it one of a table.
#[diagnostic::on_unimplemented(
    message = "a view is read only: its rows are written through the manager of their model",
    label = "write through the model's own manager, as in `Product::cached()`",
    note = "the cache knows which pages a write concerns"
)]
pub trait WritesOfView<Manager> {
    /// Nothing.
    type Output;

    /// Never called.
    fn refuse(self, of: Manager) -> Self::Output;
}

/// Methods that are refused with what `$trait` says.
macro_rules! refused {
    ($trait:ident: $($name:ident),*) => { $(
        #[doc(hidden)]
        pub fn $name<Given>(self, given: Given) -> <Given as crate::read::builder::refused::$trait<Self>>::Output
        where
            Given: crate::read::builder::refused::$trait<Self>,
        {
            given.refuse(self)
        }
    )* };
}
pub(crate) use refused;
