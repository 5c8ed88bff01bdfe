//! Which table a statement of Diesel's writes to, known at compile time.

use diesel::dsl::Returning;
use diesel::query_builder::{DeleteStatement, InsertStatement, Query, UpdateStatement};
use diesel::{QuerySource, SelectableExpression, Table};

/// A statement of Diesel's that writes to one table.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an insert, update or delete statement",
    note = "raw SQL runs as it does in Diesel: the cache sees it too"
)]
pub trait WriteTarget {
    /// The table.
    type Table;
    /// Whether rows go.
    #[doc(hidden)]
    const IS_DELETE: bool = false;
}

impl<T: QuerySource, Values, Op, Returning> WriteTarget for InsertStatement<T, Values, Op, Returning> {
    type Table = T;
}

impl<T: QuerySource, Where, Values, Returning> WriteTarget for UpdateStatement<T, Where, Values, Returning> {
    type Table = T;
}

impl<T: QuerySource, Where, Returning> WriteTarget for DeleteStatement<T, Where, Returning> {
    type Table = T;
    const IS_DELETE: bool = true;
}

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
