//! Says how a database compares the values of a column.

use core::any::TypeId;

use cache_core::Fingerprint;
use cache_core::planted::{Mistake, is_planted};
use diesel::Column;
use diesel::sql_types::{
    BigInt, Binary, Bool, Date, Double, Float, Integer, Interval, Json, Jsonb, Nullable, Numeric, SmallInt, Time,
    Timestamp,
};

use crate::catalogue;

/// Whether values that are equal to the database are equal byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They are where the database says so of these columns.
    Asked(Vec<&'static str>),
    /// They are, by the columns' types.
    Bytes,
    /// They may differ, as far as is known.
    Unknown,
}

impl Comparison {
    /// How values of the column `C` are compared.
    #[must_use]
    pub fn of<C: Column<SqlType: 'static>>(_column: C) -> Self {
        let sql_type = TypeId::of::<C::SqlType>();
        match (is_exact(sql_type), is_written_in_many_ways(sql_type)) {
            (true, _) => Self::Bytes,
            (false, true) => Self::Unknown,
            (false, false) => Self::Asked(vec![C::NAME]),
        }
    }

    /// How pairs of values are compared, one by one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Bytes, one) | (one, Self::Bytes) => one,
            (Self::Asked(columns), Self::Asked(others)) => Self::Asked([columns, others].concat()),
        }
    }

    /// What is left of it where the database is not asked.
    #[must_use]
    pub(crate) fn unasked(self) -> Self {
        if self == Self::Bytes { self } else { Self::Unknown }
    }

    /// Whether there may be a database in which equal values of columns of `table` are equal byte by byte.
    pub(crate) fn may_be_exact(&self) -> bool {
        *self != Self::Unknown
    }

    /// Whether equal values of columns of `table` are equal byte by byte, as far as is known of the database whose
    /// contents are kept under `space`; `None`: nobody knows which one that is.
    pub(crate) fn is_exact(&self, space: impl Into<Option<Fingerprint>>, table: &str) -> bool {
        match self {
            Self::Asked(columns) => {
                let space: Option<Fingerprint> = space.into();
                is_planted(Mistake::Collations)
                    || space.is_some_and(|space| catalogue::are_exact(space, table, columns))
            }
            Self::Bytes => true,
            Self::Unknown => is_planted(Mistake::Types),
        }
    }

    /// The columns that the database has to be asked for.
    pub(crate) fn asked(&self) -> &[&'static str] {
        match self {
            Self::Asked(columns) => columns,
            Self::Bytes | Self::Unknown => &[],
        }
    }
}

/// A column that a model says is compared byte by byte.
#[derive(Clone, Copy, Debug)]
pub struct Stated {
    pub(crate) column: &'static str,
    /// Whether its type says so as well: then no database is asked.
    pub(crate) is_by_type: bool,
}

impl Stated {
    /// The column `C`.
    #[must_use]
    pub fn of<C: Column<SqlType: 'static>>(_column: C) -> Self {
        Self { column: C::NAME, is_by_type: is_exact(TypeId::of::<C::SqlType>()) }
    }
}

fn is<T: 'static>(sql_type: TypeId) -> bool {
    [TypeId::of::<T>(), TypeId::of::<Nullable<T>>()].contains(&sql_type)
}

/// Whether equal values of a column of this SQL type are equal byte by byte, in whatever database.
fn is_exact(sql_type: TypeId) -> bool {
    [is::<BigInt>, is::<Binary>, is::<Bool>, is::<Date>, is::<Integer>, is::<SmallInt>].iter().any(|is| is(sql_type))
        || is_exact_on_servers(sql_type)
}

fn is_exact_on_servers(_sql_type: TypeId) -> bool {
    #[cfg(feature = "mysql")]
    {
        use diesel::sql_types::{TinyInt, Unsigned};
        let types = [
            is::<TinyInt>,
            is::<Unsigned<BigInt>>,
            is::<Unsigned<Integer>>,
            is::<Unsigned<SmallInt>>,
            is::<Unsigned<TinyInt>>,
        ];
        if types.iter().any(|is| is(_sql_type)) {
            return true;
        }
    }
    #[cfg(feature = "postgres")]
    if is::<diesel::sql_types::Uuid>(_sql_type) {
        return true;
    }
    false
}

/// Whether a value of this SQL type is written in several ways: `1.0` and `1.00`, `0.0` and `-0.0`, or has more digits in
/// Rust than the database keeps.
fn is_written_in_many_ways(sql_type: TypeId) -> bool {
    #[cfg(feature = "sqlite")]
    if is::<diesel::sql_types::TimestamptzSqlite>(sql_type) {
        return true;
    }
    let types = [
        is::<Double>,
        is::<Float>,
        is::<Interval>,
        is::<Json>,
        is::<Jsonb>,
        is::<Numeric>,
        is::<Time>,
        is::<Timestamp>,
    ];
    types.iter().any(|is| is(sql_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_exact_as_the_least_exact_of_them() {
        use Comparison::{Asked, Bytes, Unknown};
        let asked = |columns: &[&'static str]| Asked(columns.to_vec());
        assert_eq!(Bytes.and(Bytes), Bytes);
        assert_eq!(Bytes.and(asked(&["a"])).and(Bytes), asked(&["a"]));
        assert_eq!(asked(&["a"]).and(asked(&["b"])), asked(&["a", "b"]));
        assert_eq!([Unknown.and(Bytes), asked(&["a"]).and(Unknown)], [Unknown, Unknown]);
        assert_eq!([Unknown.unasked(), Bytes.unasked(), asked(&["a"]).unasked()], [Unknown, Bytes, Unknown]);
        assert_eq!([Unknown, Bytes, asked(&["a"])].map(|it| it.may_be_exact()), [false, true, true]);
    }

    #[test]
    fn what_nobody_has_asked_is_not_exact() {
        let space = Fingerprint::of(&[b"nobody's"]);
        let exact =
            [Comparison::Unknown, Comparison::Bytes, Comparison::Asked(vec!["a"])].map(|it| it.is_exact(space, "t"));
        assert_eq!(exact, [false, true, false]);
    }
}
