//! Reads a key back from what its `Debug` prints.

use core::any::type_name;
use core::fmt::Debug;
use core::hash::Hash;
use core::marker::PhantomData;
use core::str::FromStr;

use cache_core::KeyBytes;

/// Gives the name of the key that a text says; nothing if `Debug` would not print just that text.
pub type KeyReader = fn(&str) -> Option<KeyBytes>;

/// The type of a key. `(&&KeyType::<T>::NEW).reader()` finds [`Read`] for types that are parsed and [`NotRead`] for all
/// others: method resolution prefers the one with more references taken.
#[derive(Debug)]
pub struct KeyType<T>(PhantomData<fn() -> T>);

impl<T> KeyType<T> {
    /// The type `T`.
    pub const NEW: Self = Self(PhantomData);
}

/// A type that is parsed from text.
pub trait Read {
    /// Reads a key of the type.
    fn reader(&self) -> Option<KeyReader>;
}

/// A type that is not parsed.
pub trait NotRead {
    /// Nothing.
    fn reader(&self) -> Option<KeyReader> {
        None
    }
}

impl<T> NotRead for KeyType<T> {}

impl<T: Debug + FromStr + Hash> Read for &KeyType<T> {
    fn reader(&self) -> Option<KeyReader> {
        BELIEVED.contains(&type_name::<T>()).then_some(read::<T>)
    }
}

/// Types whose `Debug` prints all that they are, and which is parsed as what it was. A program's own may print `***`.
const BELIEVED: [&str; 2] = ["chrono::naive::date::NaiveDate", "uuid::Uuid"];

fn read<T: Debug + FromStr + Hash>(text: &str) -> Option<KeyBytes> {
    let key = text.parse::<T>().ok()?;
    (format!("{key:?}") == text).then(|| KeyBytes::of(&key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Hash)]
    struct Unparsed;

    #[derive(Hash)]
    struct Redacted;

    impl Debug for Redacted {
        fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            formatter.write_str("***")
        }
    }

    impl FromStr for Redacted {
        type Err = core::convert::Infallible;

        fn from_str(_: &str) -> Result<Self, Self::Err> {
            Ok(Self)
        }
    }

    #[test]
    fn only_types_that_print_all_that_they_are_are_read() {
        assert!(KeyType::<Unparsed>::NEW.reader().is_none());
        assert!((&&KeyType::<Redacted>::NEW).reader().is_none());
        assert!((&&KeyType::<String>::NEW).reader().is_none());
    }

    #[test]
    fn a_text_that_would_be_printed_otherwise_is_no_key() {
        assert_eq!(read::<i32>("7"), Some(KeyBytes::of(&7)));
        assert_eq!(read::<i32>("+7"), None);
        assert_eq!(read::<i32>("seven"), None);
    }
}
