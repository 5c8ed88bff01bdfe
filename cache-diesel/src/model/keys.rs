//! Converts arguments to keys: the key itself, or a value that borrows or widens to it.

use core::any::Any;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use cache_core::KeyBytes;

use crate::model::cached_model::Key;

mod tuple;
pub use tuple::Parts;

/// A value that names a key of type `Id`.
///
/// `get(1)`, `get("lamp")`, `get(&id)`, `get(("a", 2))` and `get((&device, &user))` need no conversion, and a hit with what
/// borrows does not allocate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key of type `{Id}`",
    label = "expected `{Id}`, or something that borrows it",
    note = "a key of several columns is one tuple, as in `get((1, 2))`; the key of a row is in its fields, as in `get(row.id)`"
)]
pub trait IntoKey<Id>: Hash {
    /// Whether a row that was found by the hash of this has to be compared with it part by part.
    #[doc(hidden)]
    const HAS_PARTS: bool = false;

    /// This type: a read has its key as this, so that nothing is said of the read where the key is none.
    #[doc(hidden)]
    type Itself: IntoKey<Id>;

    /// This.
    #[doc(hidden)]
    fn itself(self) -> Self::Itself;

    /// Hashes this as the key itself is hashed.
    #[doc(hidden)]
    fn hash_key<H: Hasher>(&self, state: &mut H) {
        self.hash(state);
    }

    /// What the key is called in the cache; the same as the key's own.
    #[doc(hidden)]
    fn key_bytes(&self) -> KeyBytes {
        KeyBytes::of(&AsKey(self, PhantomData))
    }

    /// The key, where this is one: a row that was found by its hash is then compared with it. Text and bytes
    /// need no comparing, as their hash is all of them.
    fn as_key(&self) -> Option<&Id>;

    /// Whether this names the key that has these parts, as far as its hash does not tell.
    #[doc(hidden)]
    fn has_parts(&self, _parts: &[&dyn Any]) -> bool {
        true
    }

    /// The key itself.
    fn to_key(&self) -> Id;
    /// The key itself, without a clone where this is one.
    fn into_key(self) -> Id
    where
        Self: Sized,
    {
        self.to_key()
    }
}

/// Hashes what names a key of the type `Id` as that.
struct AsKey<'a, K: ?Sized, Id>(&'a K, PhantomData<fn() -> Id>);

impl<K: IntoKey<Id> + ?Sized, Id> Hash for AsKey<'_, K, Id> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_key(state);
    }
}

impl<Id: Key> IntoKey<Id> for Id {
    type Itself = Self;

    fn itself(self) -> Self {
        self
    }

    fn as_key(&self) -> Option<&Id> {
        Some(self)
    }

    fn has_parts(&self, parts: &[&dyn Any]) -> bool {
        is_only_part(parts, self)
    }

    fn to_key(&self) -> Id {
        self.clone()
    }

    fn into_key(self) -> Id {
        self
    }
}

impl<Id: Key> IntoKey<Id> for &Id {
    type Itself = Self;

    fn itself(self) -> Self {
        self
    }

    fn as_key(&self) -> Option<&Id> {
        Some(self)
    }

    fn has_parts(&self, parts: &[&dyn Any]) -> bool {
        is_only_part(parts, *self)
    }

    fn to_key(&self) -> Id {
        (*self).clone()
    }
}

fn is_only_part<Id: Key>(parts: &[&dyn Any], key: &Id) -> bool {
    matches!(parts, [part] if part.downcast_ref::<Id>() == Some(key))
}

/// What borrows or widens to a key.
macro_rules! into_key {
    ($($from:ty => $id:ty, |$value:ident| $to:expr;)*) => { $(
        impl IntoKey<$id> for $from {
            type Itself = Self;

            fn itself(self) -> Self {
                self
            }

            fn as_key(&self) -> Option<&$id> {
                None
            }

            fn to_key(&self) -> $id {
                let $value = self;
                $to
            }
        }
    )* };
}

into_key! {
    i32 => i64, |value| (*value).into();
    &[u8] => Vec<u8>, |value| (*value).to_owned();
}

/// A nullable column is asked for its values as they are; `None` asks for NULL.
macro_rules! into_nullable {
    ($($from:ty => $id:ty, |$value:ident| $to:expr;)*) => { $(
        impl IntoKey<Option<$id>> for $from {
            type Itself = Self;

            fn itself(self) -> Self {
                self
            }

            fn hash_key<H: Hasher>(&self, state: &mut H) {
                // As the key is hashed: by its kind, and by what is in it.
                Some(()).hash(state);
                IntoKey::<$id>::hash_key(self, state);
            }

            fn as_key(&self) -> Option<&Option<$id>> {
                None
            }

            fn to_key(&self) -> Option<$id> {
                let $value = self;
                Some($to)
            }
        }
    )* };
}

into_nullable! {
    bool => bool, |value| *value;
    i16 => i16, |value| *value;
    i32 => i32, |value| *value;
    i64 => i64, |value| *value;
    i32 => i64, |value| (*value).into();
    String => String, |value| value.clone();
    &String => String, |value| (*value).clone();
}

// Written out, as the compiler shows these to whoever gives a text for something else.

impl IntoKey<String> for &str {
    type Itself = Self;

    fn itself(self) -> Self {
        self
    }

    fn as_key(&self) -> Option<&String> {
        None
    }

    fn to_key(&self) -> String {
        (*self).to_owned()
    }
}

impl IntoKey<Option<String>> for &str {
    type Itself = Self;

    fn itself(self) -> Self {
        self
    }

    fn hash_key<H: Hasher>(&self, state: &mut H) {
        Some(self).hash(state);
    }

    fn as_key(&self) -> Option<&Option<String>> {
        None
    }

    fn to_key(&self) -> Option<String> {
        Some((*self).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Code(String);

    fn key_of<Id: Key + core::fmt::Debug, K: IntoKey<Id>>(key: K) -> (KeyBytes, Id) {
        let (bytes, id) = (key.key_bytes(), key.to_key());
        assert_eq!(key.into_key(), id);
        (bytes, id)
    }

    #[test]
    fn whatever_names_a_key_hashes_as_the_key() {
        fn check<Id: Key + core::fmt::Debug, K: IntoKey<Id>>(key: K) {
            let (bytes, id) = key_of::<Id, K>(key);
            assert_eq!(bytes, KeyBytes::of(&id), "{id:?}");
        }
        check::<i16, _>(7);
        check::<i32, _>(7);
        check::<i64, _>(7);
        check::<i64, i32>(-7);
        check::<String, _>("lamp");
        check::<String, _>(&String::from("lamp"));
        check::<Vec<u8>, _>(&[1_u8, 2][..]);
        check::<Option<String>, _>(&String::from("lamp"));
        check::<Option<String>, _>(None);
        check::<Option<i64>, i32>(7);
        check::<Option<String>, _>("lamp");
        check::<Option<i32>, _>(7);
        check::<Option<i32>, _>(None);
        check::<(String, String), _>(("a:b", "c"));
        check::<(String, i32), _>(("a", 1));
        check::<(i32, String), _>((1, "a"));
        check::<(i32, i32), _>((1, 2));
        check::<(i32, i32), _>((&1, 2));
        check::<(Code, i32), _>((&Code("x".into()), &2));
        check::<(Code, String), _>((&Code("x".into()), "y"));
        check::<(Code, String, i32), _>((Code("x".into()), "y", &3));
        check::<(i32, i32, String), _>((1, 2, "z"));
        check::<(i32, String, Option<i64>), _>(Parts((1, "y", 3_i32)));
        check::<(Code, Code), _>(Parts((&Code("x".into()), Code("y".into()))));
        check::<Code, _>(&Code("x".into()));
        check::<bool, _>(true);
    }

    /// A legal key of which the hash tells nothing.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Folded(&'static str);

    impl Hash for Folded {
        fn hash<H: Hasher>(&self, _: &mut H) {}
    }

    #[test]
    fn parts_are_compared_where_hashes_may_be_equal() {
        let (a, b) = (Folded("a"), Folded("b"));
        let row: [&dyn Any; 2] = [&a, &1_i32];
        fn names<K: IntoKey<(Folded, i32)>>(key: &K, parts: &[&dyn Any]) -> bool {
            assert!(K::HAS_PARTS && key.as_key().is_none());
            key.has_parts(parts)
        }
        assert!(names(&(&a, 1), &row) && names(&(&a, &1), &row) && names(&Parts((&a, 1)), &row));
        assert!(!names(&(&b, 1), &row) && !names(&(&a, &2), &row) && !names(&Parts((b, 1)), &row));
    }
}
