//! What may be asked for as a key: the key itself, or something that borrows or widens to it.

use core::hash::Hash;

use cache_core::KeyBytes;

use crate::model::Key;

/// A value that names a key of type `Id`.
///
/// `get(1)`, `get("lamp")`, `get(&id)` and `get(("a", 2))` need no conversion, and a hit with a `&str` does
/// not allocate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key of type `{Id}`",
    label = "expected `{Id}`, or something that borrows it"
)]
pub trait IntoKey<Id>: Hash {
    /// What the key is called in the cache; the same as the key's own.
    #[doc(hidden)]
    fn key_bytes(&self) -> KeyBytes {
        KeyBytes::of(self)
    }

    /// The key, where this is one: a row that was found by its hash is then compared with it. Text and bytes
    /// need no comparing, as their hash is all of them.
    fn as_key(&self) -> Option<&Id>;
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

impl<Id: Key> IntoKey<Id> for Id {
    fn as_key(&self) -> Option<&Id> {
        Some(self)
    }

    fn to_key(&self) -> Id {
        self.clone()
    }

    fn into_key(self) -> Id {
        self
    }
}

impl<Id: Key> IntoKey<Id> for &Id {
    fn as_key(&self) -> Option<&Id> {
        Some(self)
    }

    fn to_key(&self) -> Id {
        (*self).clone()
    }
}

impl IntoKey<i64> for i32 {
    fn as_key(&self) -> Option<&i64> {
        None
    }

    fn to_key(&self) -> i64 {
        (*self).into()
    }
}

impl IntoKey<String> for &str {
    fn as_key(&self) -> Option<&String> {
        None
    }

    fn to_key(&self) -> String {
        (*self).to_owned()
    }
}

impl IntoKey<Vec<u8>> for &[u8] {
    fn as_key(&self) -> Option<&Vec<u8>> {
        None
    }

    fn to_key(&self) -> Vec<u8> {
        (*self).to_owned()
    }
}

impl IntoKey<Option<String>> for &str {
    fn key_bytes(&self) -> KeyBytes {
        KeyBytes::of(&Some(self))
    }

    fn as_key(&self) -> Option<&Option<String>> {
        None
    }

    fn to_key(&self) -> Option<String> {
        Some((*self).to_owned())
    }
}

impl IntoKey<Option<String>> for &String {
    fn key_bytes(&self) -> KeyBytes {
        KeyBytes::of(&Some(self))
    }

    fn as_key(&self) -> Option<&Option<String>> {
        None
    }

    fn to_key(&self) -> Option<String> {
        Some((*self).clone())
    }
}

impl IntoKey<Option<i64>> for i32 {
    fn key_bytes(&self) -> KeyBytes {
        KeyBytes::of(&Some(i64::from(*self)))
    }

    fn as_key(&self) -> Option<&Option<i64>> {
        None
    }

    fn to_key(&self) -> Option<i64> {
        Some((*self).into())
    }
}

/// A nullable column is asked for its values as they are; `None` asks for NULL.
macro_rules! into_nullable {
    ($($value:ty),*) => { $(
        impl IntoKey<Option<$value>> for $value {
            fn key_bytes(&self) -> KeyBytes {
                KeyBytes::of(&Some(self))
            }

            fn as_key(&self) -> Option<&Option<$value>> {
                None
            }

            fn to_key(&self) -> Option<$value> {
                Some(self.clone())
            }
        }
    )* };
}

into_nullable!(bool, i16, i32, i64, String);

impl IntoKey<(String, String)> for (&str, &str) {
    fn as_key(&self) -> Option<&(String, String)> {
        None
    }

    fn to_key(&self) -> (String, String) {
        (self.0.to_owned(), self.1.to_owned())
    }
}

impl<Id: Key> IntoKey<(String, Id)> for (&str, Id) {
    fn as_key(&self) -> Option<&(String, Id)> {
        None
    }

    fn to_key(&self) -> (String, Id) {
        (self.0.to_owned(), self.1.clone())
    }
}

impl<Id: Key> IntoKey<(Id, String)> for (Id, &str) {
    fn as_key(&self) -> Option<&(Id, String)> {
        None
    }

    fn to_key(&self) -> (Id, String) {
        (self.0.clone(), self.1.to_owned())
    }
}

impl IntoKey<(String, String, String)> for (&str, &str, &str) {
    fn as_key(&self) -> Option<&(String, String, String)> {
        None
    }

    fn to_key(&self) -> (String, String, String) {
        (self.0.to_owned(), self.1.to_owned(), self.2.to_owned())
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
        check::<Code, _>(&Code("x".into()));
        check::<bool, _>(true);
    }
}
