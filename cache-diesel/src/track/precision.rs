//! Switches between row-exact and table-wide invalidation by plain statements.

use core::sync::atomic::{AtomicBool, Ordering};

/// What a plain `UPDATE` or `DELETE` by primary key changes in the cache.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum PlainWrites {
    /// The row that its last bind names, where that is certain.
    #[default]
    RowExact,
    /// Every row of its table.
    TableWide,
}

/// Says for the whole process how exactly plain `UPDATE`s and `DELETE`s by primary key are taken from now on; unless
/// it is called, as [`PlainWrites::RowExact`].
///
/// Diesel shows a tracker the SQL and, of the values that are bound, what their `Debug` prints. A statement that is just
/// `update(table.find(key)).set(..)` or `delete(table.find(key))`, on a table whose models have a whole number, a text, bytes, a
/// UUID or a date as key, is taken to write the row whose key is printed last. What is longer than 4 KiB is not looked at, and
/// whatever is no value of the key's type counts for the whole table.
///
/// # Consistency
///
/// One thing cannot be seen: a key that is bound as a type of the program's own, such as a newtype, whose `Debug`
/// prints another key than the one which its `ToSql` sends. The wrong row would then be taken as written. A
/// program with such a type calls this with [`PlainWrites::TableWide`] before it writes, or writes through
/// [`Manager::write`](crate::Manager::write), which looks at the values that are sent.
///
/// # Examples
///
/// ```
/// use cache_diesel::PlainWrites;
///
/// cache_diesel::take_plain_writes(PlainWrites::TableWide);
/// ```
pub fn take_plain_writes(taken: PlainWrites) {
    ARE_ROW_EXACT.store(taken == PlainWrites::RowExact, Ordering::SeqCst);
}

pub(crate) fn are_plain_writes_row_exact() -> bool {
    ARE_ROW_EXACT.load(Ordering::SeqCst)
}

static ARE_ROW_EXACT: AtomicBool = AtomicBool::new(true);
