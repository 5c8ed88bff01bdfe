//! Says how a database compares the values of a column.

use core::any::TypeId;

use diesel::Column;
use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, SmallInt};

/// Whether values that are equal to the database are equal byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They are, by the columns' types.
    Bytes,
    /// They may differ, as far as is known.
    Unknown,
}

impl Comparison {
    /// How values of the column `C` are compared.
    #[must_use]
    pub fn of<C: Column<SqlType: 'static>>(_column: C) -> Self {
        if is_exact(TypeId::of::<C::SqlType>()) { Self::Bytes } else { Self::Unknown }
    }

    /// How pairs of values are compared, one by one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == Self::Bytes { other } else { Self::Unknown }
    }

    /// Whether equal values are equal byte by byte.
    pub(crate) fn is_exact(self) -> bool {
        self == Self::Bytes
    }
}

/// Whether equal values of a column of this SQL type are equal byte by byte, in whatever database.
///
/// Text is not on the list: a collation may take other letters for equal. Neither are numbers that can be
/// written in several ways, nor moments: of these, Rust holds more digits than a database keeps.
fn is_exact(sql_type: TypeId) -> bool {
    fn one_of<T: 'static>(sql_type: TypeId) -> bool {
        [TypeId::of::<T>(), TypeId::of::<Nullable<T>>()].contains(&sql_type)
    }
    let is_common = one_of::<BigInt>(sql_type)
        || one_of::<Binary>(sql_type)
        || one_of::<Bool>(sql_type)
        || one_of::<Date>(sql_type)
        || one_of::<Integer>(sql_type)
        || one_of::<SmallInt>(sql_type);
    #[cfg(feature = "mysql")]
    let is_common = {
        use diesel::sql_types::{TinyInt, Unsigned};
        is_common
            || one_of::<TinyInt>(sql_type)
            || one_of::<Unsigned<BigInt>>(sql_type)
            || one_of::<Unsigned<Integer>>(sql_type)
            || one_of::<Unsigned<SmallInt>>(sql_type)
            || one_of::<Unsigned<TinyInt>>(sql_type)
    };
    #[cfg(feature = "postgres")]
    let is_common = is_common || one_of::<diesel::sql_types::Uuid>(sql_type);
    is_common
}
