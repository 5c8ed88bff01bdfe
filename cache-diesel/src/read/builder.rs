//! Holds the reads as a program builds them, with their conditions and options.

mod filter;
mod first;
pub(crate) mod list;
pub(crate) mod many;
pub(crate) mod number;
pub(crate) mod options;
pub(crate) mod order;
pub(crate) mod refused;
pub(crate) mod row;
pub(crate) mod total;
pub(crate) mod unique;

pub use filter::{Anywhere, Filterable, Holds, IntoSuffix, On, OnJoined};
pub use first::FirstRead;
pub use list::{ListRead, OnlyFirst, ScopeRead};
pub use many::ManyRead;
pub use number::{Counted, Existing};
pub use order::{Arranged, DefaultOrder, Unordered, Whole};
pub use row::{FilteredRead, RowRead};
pub use total::WithTotal;
pub use unique::UniqueRead;

/// Copies a read field by field: a list and the number of its rows are two reads. Models and views need no `Clone` for it.
macro_rules! cloned {
    ([$($generics:tt)*] $read:ty { $($field:ident),* }) => {
        impl<$($generics)*> Clone for $read {
            fn clone(&self) -> Self {
                Self { $($field: self.$field.clone()),* }
            }
        }
    };
}
pub(crate) use cloned;
