//! Reads a newtype back from what its `derive(Debug)` prints.
//!
//! It is made of what is in it, as serde makes it, and then has to print what was printed. That tells it from others only
//! if its `Debug` shows all that it is: values that nobody can have had in mind show whether it does.

use core::fmt::{self, Debug};
use core::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use serde::de::value::{Error, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::model::printed::PrintedPart;
use crate::scan::Bound;

/// How a newtype is read back.
pub struct Wrapped {
    is_believed: OnceLock<bool>,
    prints_all: fn() -> bool,
    read: fn(&Bound, &str) -> Option<PrintedPart>,
}

impl Wrapped {
    pub(super) fn of<T: Debug + DeserializeOwned + Hash + 'static>() -> Self {
        Self { is_believed: OnceLock::new(), prints_all: prints_all::<T>, read: read::<T> }
    }

    /// The value that holds `inner` and prints as `print`.
    pub(crate) fn value(&self, inner: &Bound, print: &str) -> Option<PrintedPart> {
        // A panic of a program's own type ends here: without an instrumentation nobody would have made a value of it.
        let prints_all = || catch_unwind(self.prints_all).unwrap_or(false);
        let read = || catch_unwind(AssertUnwindSafe(|| (self.read)(inner, print))).ok().flatten();
        if *self.is_believed.get_or_init(prints_all) { read() } else { None }
    }
}

impl Debug for Wrapped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Wrapped").finish_non_exhaustive()
    }
}

fn made<T: DeserializeOwned>(inner: &Bound) -> Option<T> {
    T::deserialize(Unwrapped(inner)).ok()
}

fn read<T: Debug + DeserializeOwned + Hash + 'static>(inner: &Bound, print: &str) -> Option<PrintedPart> {
    let value = made::<T>(inner)?;
    (format!("{value:?}") == print).then(|| PrintedPart::of(value))
}

/// Whether whatever can be put into a `T` is printed as the name of the type and all that was put in.
fn prints_all<T: Debug + DeserializeOwned>() -> bool {
    let probes = probes();
    let prints: Vec<(&Bound, String)> =
        probes.iter().filter_map(|probe| Some((probe, format!("{:?}", made::<T>(probe)?)))).collect();
    let Some((name, _)) = prints.first().and_then(|(_, print)| print.split_once('(')) else { return false };
    let is_all = |(probe, print): &(&Bound, String)| {
        let inner = print.strip_prefix(name).and_then(|print| print.strip_prefix('(')?.strip_suffix(')'));
        inner.is_some_and(|inner| is_print_of(inner, probe))
    };
    let is_name = name.chars().all(|character| character.is_alphanumeric() || character == '_');
    is_name && !name.is_empty() && prints.len() > 1 && prints.iter().all(is_all)
}

/// Values of each kind, small and large: what is shortened, hidden or changed is so in some of them.
fn probes() -> Vec<Bound> {
    let long = "Zq7 \"x\u{e9}\\, ".repeat(40);
    let texts = ["kW3rT9pLx2", "HcV8nB1mYd", "lower-case-4711", "some.One+5@mail.example", &long];
    let words =
        ["0b6f3f0e-8d1c-4a57-9d35-3c1f2ab94e60", "f3a97c51-26de-4f08-b1a4-7e5d90c8132b", "2031-07-19", "1874-11-02"];
    let numbers = [11, 93, 40_213, 1_234_567_891, -77, 9_007_199_254_740_993];
    let bytes = [vec![7, 201, 55], (0..200).collect()];
    let texts = texts.iter().map(|text| Bound::Text((*text).to_owned()));
    let words = words.iter().map(|word| Bound::Word((*word).to_owned()));
    texts.chain(words).chain(numbers.map(Bound::Number)).chain(bytes.map(Bound::Bytes)).collect()
}

/// Whether `print` shows all of `inner`; a word may have been taken as the text that it is.
fn is_print_of(print: &str, inner: &Bound) -> bool {
    match inner {
        Bound::Bytes(bytes) => print == format!("{bytes:?}"),
        Bound::Number(number) => print == number.to_string(),
        Bound::Text(text) => print == format!("{text:?}"),
        Bound::Word(word) => print == word || print == format!("{word:?}"),
        Bound::Sent(..) | Bound::Wrapped(..) => false,
    }
}

/// What is in a newtype, as serde has it.
struct Unwrapped<'a>(&'a Bound);

impl<'de> Deserializer<'de> for Unwrapped<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Bound::Bytes(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied())),
            Bound::Number(number) => visitor.visit_i64(*number),
            Bound::Text(text) | Bound::Word(text) => visitor.visit_str(text),
            Bound::Sent(..) | Bound::Wrapped(..) => visitor.visit_unit(),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use cache_core::KeyBytes;
    use serde::Deserialize;

    use super::*;

    /// A newtype over a type, and how its `Debug` prints what is in it.
    macro_rules! printing {
        ($Type:ident($inner:ty), |$value:ident, $formatter:ident| $print:expr) => {
            #[derive(Deserialize, Hash)]
            struct $Type($inner);

            impl Debug for $Type {
                fn fmt(&self, $formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    let $value = &self.0;
                    $print
                }
            }
        };
    }

    #[derive(Debug, Deserialize, Hash)]
    struct Slug(String);

    #[derive(Debug, Deserialize, Hash)]
    struct Number(i16);

    #[derive(Debug, Deserialize, Hash)]
    #[serde(transparent)]
    struct Raw(Vec<u8>);

    #[derive(Debug, Deserialize, Hash)]
    #[serde(try_from = "String")]
    struct Email(String);

    impl TryFrom<String> for Email {
        type Error = &'static str;

        fn try_from(text: String) -> Result<Self, Self::Error> {
            if text.contains('@') { Ok(Self(text)) } else { Err("no address") }
        }
    }

    #[derive(Debug, Deserialize, Hash)]
    struct Pair(i32, i32);

    #[derive(Debug, Deserialize, Hash)]
    struct Named {
        id: i32,
    }

    printing!(Hidden(String), |_value, formatter| formatter.write_str("Hidden(\"***\")"));
    printing!(Short(String), |value, formatter| write!(
        formatter,
        "Short({:?})",
        value.chars().take(8).collect::<String>()
    ));
    printing!(Lower(String), |value, formatter| write!(formatter, "Lower({:?})", value.to_lowercase()));
    printing!(Negative(i32), |value, formatter| write!(formatter, "Negative({})", value.wrapping_neg()));
    printing!(Bare(i32), |value, formatter| write!(formatter, "{value}"));

    /// Panics on what it cannot hold, and on seven.
    #[derive(Debug, Deserialize, Hash)]
    #[serde(try_from = "i64")]
    struct Picky(i64);

    impl TryFrom<i64> for Picky {
        type Error = &'static str;

        fn try_from(number: i64) -> Result<Self, Self::Error> {
            assert_ne!(number, 7);
            Ok(Self(number))
        }
    }

    #[derive(Debug, Deserialize, Hash)]
    #[serde(try_from = "i64")]
    struct Refusing(i64);

    impl TryFrom<i64> for Refusing {
        type Error = &'static str;

        fn try_from(number: i64) -> Result<Self, Self::Error> {
            assert!(number < 50);
            Ok(Self(number))
        }
    }

    #[test]
    fn a_panic_of_a_type_ends_where_it_is_read() {
        assert_eq!(name::<Picky>(&Bound::Number(8), "Picky(8)"), Some(KeyBytes::of(&8_i64)));
        assert_eq!(name::<Picky>(&Bound::Number(7), "Picky(7)"), None);
        assert_eq!(name::<Refusing>(&Bound::Number(8), "Refusing(8)"), None);
    }

    fn name<T: Debug + DeserializeOwned + Hash + 'static>(inner: &Bound, print: &str) -> Option<KeyBytes> {
        Wrapped::of::<T>().value(inner, print).map(|part| KeyBytes::of(&part))
    }

    #[test]
    fn what_prints_all_that_it_holds_is_read() {
        let text = Bound::Text("Lamp".to_owned());
        assert_eq!(name::<Slug>(&text, "Slug(\"Lamp\")"), Some(KeyBytes::of(&Slug("Lamp".to_owned()))));
        assert_eq!(name::<Number>(&Bound::Number(-7), "Number(-7)"), Some(KeyBytes::of(&Number(-7))));
        assert_eq!(name::<Raw>(&Bound::Bytes(vec![1, 2]), "Raw([1, 2])"), Some(KeyBytes::of(&Raw(vec![1, 2]))));
    }

    #[test]
    fn what_prints_as_another_type_does_is_none() {
        let text = Bound::Text("Lamp".to_owned());
        assert_eq!(name::<Slug>(&text, "Title(\"Lamp\")"), None);
        assert_eq!(name::<Slug>(&text, "Slug(\"Other\")"), None);
        assert_eq!(name::<Slug>(&Bound::Number(7), "Slug(7)"), None);
        assert_eq!(name::<Number>(&Bound::Number(1 << 15), "Number(32768)"), None);
    }

    #[test]
    fn what_hides_shortens_or_changes_is_not_read() {
        let text = Bound::Text("***".to_owned());
        assert_eq!(name::<Hidden>(&text, "Hidden(\"***\")"), None);
        assert_eq!(name::<Short>(&text, "Short(\"***\")"), None);
        assert_eq!(name::<Lower>(&text, "Lower(\"***\")"), None);
        assert_eq!(name::<Negative>(&Bound::Number(0), "Negative(0)"), None);
        assert_eq!(name::<Bare>(&Bound::Number(7), "7"), None);
        assert_eq!(name::<Pair>(&Bound::Number(7), "Pair(7)"), None);
        assert_eq!(name::<Named>(&Bound::Number(7), "Named { id: 7 }"), None);
        // Two values at least have to show it.
        assert_eq!(name::<Email>(&Bound::Text("a@b".to_owned()), "Email(\"a@b\")"), None);
    }
}
