//! Weighs the heap of a field, as far as its type is known.

use std::collections::{BTreeMap, HashMap};

/// A field to be weighed. `(&&Weigh(&field)).heap_size()` finds [`Heap`] for types that are known and
/// [`NoHeap`] for all others: method resolution prefers the one with more references taken.
#[derive(Debug)]
pub struct Weigh<'a, T: ?Sized>(pub &'a T);

/// A value whose heap is known.
pub trait Heap {
    /// The bytes it owns on the heap.
    fn heap_size(&self) -> usize;
}

/// A value whose heap is not known: it counts as none.
pub trait NoHeap {
    /// Zero.
    fn heap_size(&self) -> usize {
        0
    }
}

impl<T: ?Sized> NoHeap for Weigh<'_, T> {}

impl<T: OwnsHeap + ?Sized> Heap for &Weigh<'_, T> {
    fn heap_size(&self) -> usize {
        self.0.owned_heap()
    }
}

/// What a type of the standard library owns on the heap.
pub trait OwnsHeap {
    /// The bytes it owns on the heap.
    fn owned_heap(&self) -> usize;
}

impl OwnsHeap for String {
    fn owned_heap(&self) -> usize {
        self.capacity()
    }
}

impl OwnsHeap for Box<str> {
    fn owned_heap(&self) -> usize {
        self.len()
    }
}

macro_rules! plain {
    ($($type:ty),*) => { $(
        impl OwnsHeap for $type {
            fn owned_heap(&self) -> usize {
                0
            }
        }
    )* };
}

plain!(u8, i8, u16, i16, u32, i32, u64, i64, u128, i128, usize, isize, f32, f64, bool, char);

impl<T: OwnsHeap> OwnsHeap for Vec<T> {
    fn owned_heap(&self) -> usize {
        self.capacity() * size_of::<T>() + self.iter().map(OwnsHeap::owned_heap).sum::<usize>()
    }
}

impl<T: OwnsHeap> OwnsHeap for Option<T> {
    fn owned_heap(&self) -> usize {
        self.as_ref().map_or(0, OwnsHeap::owned_heap)
    }
}

impl<T: OwnsHeap> OwnsHeap for Box<T> {
    fn owned_heap(&self) -> usize {
        size_of::<T>() + (**self).owned_heap()
    }
}

impl<K: OwnsHeap, V: OwnsHeap, S> OwnsHeap for HashMap<K, V, S> {
    fn owned_heap(&self) -> usize {
        let owned = self.iter().map(|(key, value)| key.owned_heap() + value.owned_heap()).sum::<usize>();
        self.capacity() * (size_of::<(K, V)>() + 1) + owned
    }
}

impl<K: OwnsHeap, V: OwnsHeap> OwnsHeap for BTreeMap<K, V> {
    fn owned_heap(&self) -> usize {
        self.iter().map(|(key, value)| size_of::<(K, V)>() + key.owned_heap() + value.owned_heap()).sum()
    }
}

#[cfg(test)]
#[expect(clippy::needless_borrow, reason = "the references are what chooses the method")]
mod tests {
    use super::*;

    #[test]
    fn known_types_are_weighed_and_others_count_as_nothing() {
        struct Unknown;
        assert_eq!((&&Weigh(&String::from("lamp"))).heap_size(), 4);
        assert_eq!((&&Weigh(&vec![1_u64, 2, 3])).heap_size(), 24);
        assert_eq!((&&Weigh(&Some(String::from("ab")))).heap_size(), 2);
        assert_eq!((&&Weigh(&vec![String::from("ab")])).heap_size(), size_of::<String>() + 2);
        assert_eq!((&&Weigh(&7_i32)).heap_size(), 0);
        assert_eq!((&&Weigh(&Unknown)).heap_size(), 0);
    }
}
