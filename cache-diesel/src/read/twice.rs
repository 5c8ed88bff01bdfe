//! Reads that are made twice: a list and the number of its rows, say. Models and views need no `Clone` for it.

/// Copies a read field by field.
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
