//! Names one row of a table by the values that a statement binds to its key.

use core::hash::{Hash, Hasher};
use std::collections::HashMap;
use std::sync::LazyLock;

use cache_core::protocol::write::Change;
use cache_core::tables::NamedType;
use cache_core::{Fingerprint, KeyBytes};

use crate::model::comparison::Comparison;
use crate::model::declaration::{each, tables};
use crate::model::printed::{KeyPart, PartReader, PrintedPart, Wrapped};
use crate::scan::{self, Bound, Dialect, KeyCondition, OneRow};

/// The primary key of a table, where its columns are of types that can be read back, and the same for all models of the
/// table.
#[derive(Debug)]
pub(crate) struct RowKey {
    table: String,
    columns: Vec<&'static str>,
    names: Vec<RowName>,
    comparison: Comparison,
    /// The columns of all unique look-ups of the table.
    uniques: Vec<&'static str>,
}

/// How a bound value names a column of the key.
#[derive(Debug)]
enum RowName {
    Bytes,
    Flag,
    /// Nothing if the column's type cannot hold the number.
    Number(fn(i64) -> Option<PrintedPart>),
    Text,
    Uuid(PartReader),
    Word(PartReader),
    Wrapped(Wrapped),
}

/// The values of all columns of a key: it is hashed as the tuple of them.
struct KeyValues(Vec<PrintedPart>);

impl Hash for KeyValues {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|part| part.hash(state));
    }
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

    /// How many values name a row.
    pub(crate) fn part_count(&self) -> usize {
        self.columns.len()
    }

    /// Whether values are read as they are sent, and not as they are printed.
    pub(crate) fn is_read_as_sent(&self) -> bool {
        !self.names.iter().any(|name| matches!(name, RowName::Word(_) | RowName::Wrapped(_)))
    }

    /// Whether the database compares the key byte by byte whose contents are kept under `space`.
    pub(crate) fn is_exact(&self, space: Option<Fingerprint>) -> bool {
        self.comparison.is_exact(space, &self.table)
    }

    /// What `sql`, one statement of the table, does to the row that it names by its last binds.
    pub(crate) fn one_row(&self, sql: &str, dialect: Dialect) -> Option<KeyCondition> {
        scan::one_row(sql, dialect, &self.columns, &self.uniques)
    }

    /// What doing that to the row with the key `bounds`, in the order of the statement, changes.
    pub(crate) fn change(&self, by_key: &KeyCondition, bounds: &[Bound]) -> Option<Change> {
        let key = self.name_of(&by_key.order, bounds)?;
        Some(match by_key.row {
            OneRow::Delete => Change::Delete(Some(key)),
            OneRow::Update { sets_unique } => Change::Update { row: key, sets_unique },
        })
    }

    fn name_of(&self, order: &[usize], bounds: &[Bound]) -> Option<KeyBytes> {
        if bounds.len() != self.names.len() {
            return None;
        }
        let part = |(column, name): (usize, &RowName)| {
            let place = order.iter().position(|of| *of == column)?;
            name.of(bounds.get(place)?)
        };
        let parts: Option<Vec<PrintedPart>> = self.names.iter().enumerate().map(part).collect();
        Some(KeyBytes::of(&KeyValues(parts?)))
    }
}

fn keys() -> HashMap<String, RowKey> {
    let mut keys: HashMap<String, RowKey> = HashMap::new();
    for (declared, key) in each().filter(|(declared, _)| tables().has_one_key(&declared.table)) {
        let columns: Vec<&str> = key.parts.iter().map(|part| part.column).collect();
        let names: Option<Vec<RowName>> = key.parts.into_iter().map(RowName::by).collect();
        let is_plain = !columns.is_empty() && columns.iter().all(|column| scan::is_plain_column(column));
        let Some(names) = names.filter(|_| is_plain && key.comparison.may_be_exact()) else { continue };
        let uniques = declared.lookups.iter().filter(|lookup| lookup.is_unique).flat_map(|lookup| lookup.columns);
        let (table, comparison) = (declared.table.clone(), key.comparison);
        let key = RowKey { table, columns, names, comparison, uniques: Vec::new() };
        let key = keys.entry(declared.table).or_insert(key);
        key.uniques.extend(uniques);
    }
    keys
}

impl RowName {
    /// How values of a column of a key are named. An `i32` and an `i64` are different names: the row is called as the models
    /// call it.
    fn by(part: KeyPart) -> Option<Self> {
        macro_rules! numbers {
            ($($number:ty),*) => {
                [$((
                    NamedType::of::<$number>(),
                    Self::Number(|number| <$number>::try_from(number).ok().map(PrintedPart::of)),
                )),*]
            };
        }
        let KeyPart { key_type, parsed, wrapped, .. } = part;
        let known = numbers!(i8, i16, i32, i64, u8, u16, u32, u64).into_iter().chain([
            (NamedType::of::<Vec<u8>>(), Self::Bytes),
            (NamedType::of::<bool>(), Self::Flag),
            (NamedType::of::<String>(), Self::Text),
        ]);
        if let Some((_, name)) = { known }.find(|(known, _)| *known == key_type) {
            return Some(name);
        }
        match parsed {
            Some(reader) if key_type.is_called("uuid::Uuid") => Some(Self::Uuid(reader)),
            Some(reader) => Some(Self::Word(reader)),
            None => wrapped.map(Self::Wrapped),
        }
    }

    /// The value that is `bound`; nothing if that is none of the type.
    fn of(&self, bound: &Bound) -> Option<PrintedPart> {
        match (self, bound) {
            (Self::Bytes, Bound::Bytes(bytes) | Bound::Sent(bytes, _)) => Some(PrintedPart::of(bytes.clone())),
            (Self::Flag, Bound::Number(number) | Bound::Sent(_, Some(number))) => flag(*number),
            (Self::Flag, Bound::Sent(bytes, None)) => single(bytes).and_then(|byte| flag(byte.into())),
            (Self::Flag, Bound::Word(word)) => word.parse::<bool>().ok().map(PrintedPart::of),
            (Self::Number(name), Bound::Number(number) | Bound::Sent(_, Some(number))) => name(*number),
            (Self::Number(name), Bound::Sent(bytes, None)) => {
                let byte = single(bytes)?;
                name(byte.cast_signed().into()).or_else(|| name(byte.into()))
            }
            (Self::Text, Bound::Text(text)) => Some(PrintedPart::of(text.clone())),
            (Self::Text, Bound::Sent(bytes, _)) => {
                str::from_utf8(bytes).ok().map(|text| PrintedPart::of(text.to_owned()))
            }
            (Self::Uuid(reader), Bound::Sent(bytes, _)) => reader(&hyphenated(bytes)?),
            (Self::Uuid(reader) | Self::Word(reader), Bound::Word(word)) => reader(word),
            (Self::Wrapped(wrapped), Bound::Wrapped(inner, print)) => wrapped.value(inner, print),
            _ => None,
        }
    }
}

fn flag(number: i64) -> Option<PrintedPart> {
    matches!(number, 0 | 1).then(|| PrintedPart::of(number == 1))
}

fn single(bytes: &[u8]) -> Option<u8> {
    if let [byte] = bytes { Some(*byte) } else { None }
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
        let part = KeyPart { column: "id", key_type: NamedType::of::<T>(), parsed: None, wrapped: None };
        RowName::by(part)?.of(bound).map(|part| KeyBytes::of(&part))
    }

    fn key(names: Vec<RowName>) -> RowKey {
        let columns = ["a", "b", "c"][..names.len()].to_vec();
        RowKey { table: "t".into(), columns, names, comparison: Comparison::Bytes, uniques: Vec::new() }
    }

    fn named<T: 'static>() -> RowName {
        RowName::by(KeyPart { column: "", key_type: NamedType::of::<T>(), parsed: None, wrapped: None }).unwrap()
    }

    #[test]
    fn a_row_is_called_by_all_columns_of_its_key() {
        let pair = key(vec![named::<i32>(), named::<String>()]);
        let (number, text) = (Bound::Number(7), Bound::Text("x".into()));
        let expected = Some(KeyBytes::of(&(7_i32, "x".to_owned())));
        assert_eq!(pair.name_of(&[0, 1], &[number.clone(), text.clone()]), expected);
        assert_eq!(pair.name_of(&[1, 0], &[text.clone(), number.clone()]), expected);
        assert_eq!(pair.name_of(&[0, 1], &[text, number.clone()]), None);
        assert_eq!(pair.name_of(&[0, 1], &[number]), None);
        let three = key(vec![named::<i16>(), named::<Vec<u8>>(), named::<bool>()]);
        let bounds = [Bound::Word("true".into()), Bound::Bytes(vec![1]), Bound::Number(-1)];
        assert_eq!(three.name_of(&[2, 1, 0], &bounds), Some(KeyBytes::of(&(-1_i16, vec![1_u8], true))));
    }

    #[test]
    fn a_flag_is_one_of_two() {
        assert_eq!(name::<bool>(&Bound::Number(1)), Some(KeyBytes::of(&true)));
        assert_eq!(name::<bool>(&Bound::Sent(vec![0], None)), Some(KeyBytes::of(&false)));
        assert_eq!([name::<bool>(&Bound::Number(2)), name::<bool>(&Bound::Word("True".into()))], [None, None]);
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
        assert_eq!(name::<i8>(&sent(&[255], None)), Some(KeyBytes::of(&-1_i8)));
        assert_eq!(name::<u8>(&sent(&[255], None)), Some(KeyBytes::of(&255_u8)));
        assert_eq!(name::<i32>(&sent(&[7, 7, 7], None)), None);
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
