//! Names the table of a Diesel statement at compile time.

use diesel::dsl::Returning;
use diesel::query_builder::{DeleteStatement, InsertStatement, Query, UpdateStatement};
use diesel::{QuerySource, SelectableExpression, Table};

/// A statement of Diesel's that writes to one table.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an insert, update or delete statement",
    label = "expected `diesel::insert_into(..).values(..)`, `diesel::update(..).set(..)` or `diesel::delete(..)`"
)]
pub trait WriteTarget {
    /// The table.
    type Table;
    /// Whether rows go.
    #[doc(hidden)]
    const IS_DELETE: bool = false;
}

/// A statement of Diesel's that writes to the table `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an insert, update or delete of `{T}`",
    label = "expected `diesel::insert_into(..).values(..)`, `diesel::update(..).set(..)` or `diesel::delete(..)` of this table",
    note = "what writes to another table goes through the manager of its model, or runs as it does in Diesel; so does raw SQL: the cache sees it too"
)]
pub trait WritesTo<T>: WriteTarget<Table = T> {
    /// This type: a write has its statement as this, so that nothing is said of the write where it is none.
    type Itself: WriteTarget<Table = T>;

    /// This.
    fn itself(self) -> Self::Itself;
}

macro_rules! writes_to {
    ($($statement:ident<T $(, $part:ident)*> $({ $($item:tt)* })?),*) => { $(
        impl<T: QuerySource, $($part),*> WriteTarget for $statement<T, $($part),*> {
            type Table = T;
            $($($item)*)?
        }

        impl<T: QuerySource, $($part),*> WritesTo<T> for $statement<T, $($part),*> {
            type Itself = Self;

            fn itself(self) -> Self {
                self
            }
        }
    )* };
}

writes_to!(
    DeleteStatement<T, Where, Returning> { const IS_DELETE: bool = true; },
    InsertStatement<T, Values, Op, Returning>,
    UpdateStatement<T, Where, Values, Returning>
);

/// A statement of which `Selection` can be asked to be given back.
pub trait GivesBack<Selection>: WriteTarget {
    /// The statement that gives it back.
    type Giving;

    /// Asks for `selection` of each row.
    fn giving(self, selection: Selection) -> Self::Giving;
}

macro_rules! gives_back {
    ($($statement:ident<$first:ident $(, $part:ident)*>),*) => { $(
        impl<$first: Table, $($part,)* Selection> GivesBack<Selection> for $statement<$first, $($part),*>
        where
            Selection: SelectableExpression<$first>,
            Returning<Self, Selection>: Query,
        {
            type Giving = Returning<Self, Selection>;

            fn giving(self, selection: Selection) -> Self::Giving {
                self.returning(selection)
            }
        }
    )* };
}

gives_back!(DeleteStatement<T, Where>, InsertStatement<T, Values, Op>, UpdateStatement<T, Where, Values>);
