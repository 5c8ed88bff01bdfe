//! Reads a column of a key back from what its `Debug` prints.

use core::any::type_name;
use core::fmt::{self, Debug};
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::str::FromStr;

use diesel::Column;
use serde::de::DeserializeOwned;

use cache_core::tables::NamedType;

mod wrapped;
pub use wrapped::Wrapped;

/// A column of a primary key.
#[derive(Debug)]
pub struct KeyPart {
    pub(crate) column: &'static str,
    pub(crate) key_type: NamedType,
    pub(crate) parsed: Option<PartReader>,
    pub(crate) wrapped: Option<Wrapped>,
}

impl KeyPart {
    /// The column `C`, whose values are of the Rust type `T`.
    #[must_use]
    pub fn of<T: 'static>(column: impl Column, parsed: Option<PartReader>, wrapped: Option<Wrapped>) -> Self {
        Self { column: name_of(column), key_type: NamedType::of::<T>(), parsed, wrapped }
    }
}

fn name_of<C: Column>(_column: C) -> &'static str {
    C::NAME
}

/// The value of one column of a key: it is hashed as the key hashes it.
pub struct PrintedPart(Box<dyn Hashes>);

impl PrintedPart {
    pub(crate) fn of(value: impl Hash + 'static) -> Self {
        Self(Box::new(value))
    }
}

impl Hash for PrintedPart {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }
}

impl Debug for PrintedPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PrintedPart").finish_non_exhaustive()
    }
}

trait Hashes {
    fn hash_into(&self, state: &mut dyn Hasher);
}

impl<T: Hash> Hashes for T {
    fn hash_into(&self, mut state: &mut dyn Hasher) {
        self.hash(&mut state);
    }
}

/// Gives the value that a text says; nothing if `Debug` would not print just that text.
pub type PartReader = fn(&str) -> Option<PrintedPart>;

/// The type of a column of a key. `(&&KeyType::<T>::NEW).parsed()` finds [`Parse`] for types that are parsed and
/// [`NotParsed`] for all others: method resolution prefers the one with more references taken. So it is with `wrapped`.
#[derive(Debug)]
pub struct KeyType<T>(PhantomData<fn() -> T>);

impl<T> KeyType<T> {
    /// The type `T`.
    pub const NEW: Self = Self(PhantomData);
}

/// A type that is parsed from text.
pub trait Parse {
    /// Reads a value of the type.
    fn parsed(&self) -> Option<PartReader>;
}

/// A type that is not parsed.
pub trait NotParsed {
    /// Nothing.
    fn parsed(&self) -> Option<PartReader> {
        None
    }
}

/// A type that may wrap another one.
pub trait Wrap {
    /// Reads a value of the type from what is in it.
    fn wrapped(&self) -> Option<Wrapped>;
}

/// A type of which nobody knows what it wraps.
pub trait NotWrapped {
    /// Nothing.
    fn wrapped(&self) -> Option<Wrapped> {
        None
    }
}

impl<T> NotParsed for KeyType<T> {}

impl<T: Debug + FromStr + Hash + 'static> Parse for &KeyType<T> {
    fn parsed(&self) -> Option<PartReader> {
        BELIEVED.contains(&type_name::<T>()).then_some(read::<T>)
    }
}

impl<T> NotWrapped for KeyType<T> {}

impl<T: Debug + DeserializeOwned + Hash + 'static> Wrap for &KeyType<T> {
    fn wrapped(&self) -> Option<Wrapped> {
        Some(Wrapped::of::<T>())
    }
}

/// Types whose `Debug` prints all that they are, and which is parsed as what it was. A program's own may print `***`.
const BELIEVED: [&str; 2] = ["chrono::naive::date::NaiveDate", "uuid::Uuid"];

fn read<T: Debug + FromStr + Hash + 'static>(text: &str) -> Option<PrintedPart> {
    let value = text.parse::<T>().ok()?;
    (format!("{value:?}") == text).then(|| PrintedPart::of(value))
}

#[cfg(test)]
mod tests {
    use cache_core::KeyBytes;

    use super::*;

    #[derive(Debug, Hash)]
    struct Unparsed;

    #[derive(Hash)]
    struct Redacted;

    impl Debug for Redacted {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        assert!(KeyType::<Unparsed>::NEW.parsed().is_none() && KeyType::<Unparsed>::NEW.wrapped().is_none());
        assert!((&&KeyType::<Redacted>::NEW).parsed().is_none());
        assert!((&&KeyType::<String>::NEW).parsed().is_none());
    }

    #[test]
    fn a_text_that_would_be_printed_otherwise_is_no_key() {
        let name = |text: &str| read::<i32>(text).map(|part| KeyBytes::of(&part));
        assert_eq!(name("7"), Some(KeyBytes::of(&7)));
        assert_eq!([name("+7"), name("seven")], [None, None]);
    }

    #[test]
    fn parts_are_hashed_as_the_key_that_they_make() {
        let parts = [
            PrintedPart::of(7_i32),
            PrintedPart::of("lamp".to_owned()),
            PrintedPart::of(vec![1_u8, 2]),
            PrintedPart::of(true),
        ];
        let mut hashed = Vec::new();
        for part in &parts {
            hashed.push(KeyBytes::of(part));
        }
        assert_eq!(hashed[..2], [KeyBytes::of(&7_i32), KeyBytes::of("lamp")]);
        let key = (7_i32, "lamp".to_owned(), vec![1_u8, 2], true);
        assert_eq!(KeyBytes::of(&(&parts[0], &parts[1], &parts[2], &parts[3])), KeyBytes::of(&key));
    }
}
