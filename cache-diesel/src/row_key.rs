//! Names one row of a table by the value that a statement binds to its key.

use std::collections::HashMap;
use std::sync::LazyLock;

use cache_core::protocol::write::Change;
use cache_core::tables::NamedType;
use cache_core::{Fingerprint, KeyBytes};

use crate::comparison::Comparison;
use crate::declaration::{each, tables};
use crate::printed::KeyReader;
use crate::scan::{self, Bound, Dialect, OneRow};

/// The primary key of a table, where it is one column of a type that can be read back, and the same for all models of
/// the table.
#[derive(Debug)]
pub(crate) struct RowKey {
    table: String,
    column: String,
    name: Name,
    comparison: Comparison,
    /// The columns of all unique look-ups of the table.
    uniques: Vec<&'static str>,
}

/// How a bound value names the row with that key.
#[derive(Clone, Copy, Debug)]
enum Name {
    Bytes,
    /// Nothing if the key's type cannot hold the number.
    Number(fn(i64) -> Option<KeyBytes>),
    Text,
    Uuid(KeyReader),
    Word(KeyReader),
}

impl RowKey {
    /// The key of `table`, if its rows can be told by it.
    pub(crate) fn of(table: &str) -> Option<&'static Self> {
        static KEYS: LazyLock<HashMap<String, RowKey>> = LazyLock::new(keys);
        KEYS.get(table)
    }

    /// The table.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Whether the database compares the key byte by byte whose contents are kept under `space`.
    pub(crate) fn is_exact(&self, space: Option<Fingerprint>) -> bool {
        self.comparison.is_exact(space, &self.table)
    }

    /// What `sql`, one statement of the table, does to the row that it names by its last bind.
    pub(crate) fn one_row(&self, sql: &str, dialect: Dialect) -> Option<OneRow> {
        scan::one_row(sql, dialect, &self.column, &self.uniques)
    }

    /// What doing that to the row with the key `bound` changes.
    pub(crate) fn change(&self, row: OneRow, bound: &Bound) -> Option<Change> {
        let key = self.name.of(bound)?;
        Some(match row {
            OneRow::Delete => Change::Delete(Some(key)),
            OneRow::Update { sets_unique } => Change::Update { row: key, sets_unique },
        })
    }
}

fn keys() -> HashMap<String, RowKey> {
    let mut keys: HashMap<String, RowKey> = HashMap::new();
    for (declared, key) in each().filter(|(declared, _)| tables().has_one_key(&declared.table)) {
        let (printed, key_type) = &declared.key;
        let (Some(column), Some(name)) = (scan::key_column(printed), Name::by(*key_type, key.reader)) else { continue };
        let uniques = declared.lookups.iter().filter(|lookup| lookup.is_unique).flat_map(|lookup| lookup.columns);
        if key.comparison.may_be_exact() {
            let (table, comparison) = (declared.table.clone(), key.comparison);
            let key = RowKey { table, column, name, comparison, uniques: Vec::new() };
            let key = keys.entry(declared.table).or_insert(key);
            key.uniques.extend(uniques);
        }
    }
    keys
}

impl Name {
    /// How keys of the type `key_type` are named. An `i32` and an `i64` are different names: the row is called as the
    /// models call it.
    fn by(key_type: NamedType, reader: Option<KeyReader>) -> Option<Self> {
        macro_rules! numbers {
            ($($number:ty),*) => {
                [$((
                    NamedType::of::<$number>(),
                    Self::Number(|number| <$number>::try_from(number).ok().map(|key| KeyBytes::of(&key))),
                )),*]
            };
        }
        let mut known = numbers!(i8, i16, i32, i64, u8, u16, u32, u64)
            .into_iter()
            .chain([(NamedType::of::<Vec<u8>>(), Self::Bytes), (NamedType::of::<String>(), Self::Text)]);
        let read = |reader| if key_type.is_called("uuid::Uuid") { Self::Uuid(reader) } else { Self::Word(reader) };
        known.find(|(known, _)| *known == key_type).map(|(_, name)| name).or_else(|| reader.map(read))
    }

    /// The row with the key `bound`; nothing if that is no key of the type.
    fn of(self, bound: &Bound) -> Option<KeyBytes> {
        match (self, bound) {
            (Self::Bytes, Bound::Bytes(bytes) | Bound::Sent(bytes, _)) => Some(KeyBytes::of(bytes)),
            (Self::Number(name), Bound::Number(number) | Bound::Sent(_, Some(number))) => name(*number),
            (Self::Text, Bound::Text(text)) => Some(KeyBytes::of(text)),
            (Self::Text, Bound::Sent(bytes, _)) => str::from_utf8(bytes).ok().map(KeyBytes::of),
            (Self::Uuid(reader), Bound::Sent(bytes, _)) => reader(&hyphenated(bytes)?),
            (Self::Uuid(reader) | Self::Word(reader), Bound::Word(word)) => reader(word),
            _ => None,
        }
    }
}

/// A UUID in its usual form.
fn hyphenated(bytes: &[u8]) -> Option<String> {
    let number = u128::from_be_bytes(bytes.try_into().ok()?);
    let digits = format!("{number:032x}");
    Some([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a row is called by a key of the type `T`.
    fn name<T: 'static>(bound: &Bound) -> Option<KeyBytes> {
        Name::by(NamedType::of::<T>(), None)?.of(bound)
    }

    #[test]
    fn a_row_is_called_as_the_type_of_its_key_says() {
        use Bound::Number;
        assert_eq!(name::<i8>(&Number(-7)), Some(KeyBytes::of(&-7_i8)));
        assert_eq!(name::<i16>(&Number(7)), Some(KeyBytes::of(&7_i16)));
        assert_eq!(name::<i32>(&Number(-7)), Some(KeyBytes::of(&-7_i32)));
        assert_eq!(name::<i64>(&Number(7)), Some(KeyBytes::of(&7_i64)));
        assert_eq!(name::<u32>(&Number(7)), Some(KeyBytes::of(&7_u32)));
        assert_eq!(name::<u64>(&Number(-7)), None);
        assert_eq!(name::<i16>(&Number(1 << 15)), None);
        assert_eq!(name::<i32>(&Number(1 << 31)), None);
        assert_eq!(name::<String>(&Number(7)), None);
        assert_eq!(name::<Vec<u8>>(&Number(7)), None);
        assert_eq!(name::<(i32, i32)>(&Number(7)), None);
        assert_eq!(name::<Option<i32>>(&Number(7)), None);
    }

    #[test]
    fn a_row_is_called_by_what_is_sent() {
        let sent = |bytes: &[u8], number| Bound::Sent(bytes.to_vec(), number);
        assert_eq!(name::<i32>(&sent(&[0, 0, 0, 7], Some(7))), Some(KeyBytes::of(&7_i32)));
        assert_eq!(name::<i32>(&sent(&[7], None)), None);
        assert_eq!(name::<Vec<u8>>(&sent(&[7], Some(8))), Some(KeyBytes::of(&vec![7_u8])));
        assert_eq!(name::<String>(&sent(b"lamp", None)), Some(KeyBytes::of("lamp")));
        assert_eq!(name::<String>(&sent(&[0xff], None)), None);
    }

    #[test]
    fn a_text_is_no_list_of_bytes() {
        let (text, bytes) = (Bound::Text("lamp".into()), Bound::Bytes(b"lamp".to_vec()));
        assert_eq!(name::<String>(&text), Some(KeyBytes::of(&"lamp".to_owned())));
        assert_eq!(name::<Vec<u8>>(&bytes), Some(KeyBytes::of(&b"lamp".to_vec())));
        assert_eq!((name::<String>(&bytes), name::<Vec<u8>>(&text)), (None, None));
        assert_eq!((name::<String>(&Bound::Word("lamp".into())), name::<i32>(&Bound::Text("7".into()))), (None, None));
    }

    #[test]
    fn a_uuid_is_read_in_its_usual_form() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(hyphenated(&bytes).as_deref(), Some("00010203-0405-0607-0809-0a0b0c0d0e0f"));
        assert_eq!(hyphenated(&[7]), None);
    }
}
