//! Any bytes may come back from a store: they are the value, or an error.

use cache_core::Value;
use proptest::prelude::*;

use crate::columns::{Kind, Row, bytes_of, codec, greatest, least, row_of};

fn rows() -> impl Strategy<Value = Row> {
    let numbers = (any::<i64>(), any::<i16>(), any::<i32>(), any::<f32>(), any::<f64>(), any::<bool>());
    let texts = (any::<String>(), any::<Vec<u8>>(), any::<Option<String>>(), any::<Option<Vec<u8>>>());
    let nested = (any::<Vec<Option<String>>>(), any::<Option<u64>>(), 0_usize..100);
    (numbers, texts, nested).prop_map(|(numbers, texts, (tags, size, depth))| {
        let (id, small, whole, single, double, truth) = numbers;
        let (text, binary, note, blob) = texts;
        let named = Kind::Named { name: text.clone(), size };
        let kind = (0..depth).fold(named, |kind, _| Kind::Boxed(Box::new(kind)));
        Row { id, small, whole, single, double, truth, text, binary, note, blob, tags, kind, ..greatest() }
    })
}

/// A source of numbers that is the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("48 bits are left")
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_come_back_as_they_were(row in rows()) {
        let bytes = bytes_of(row.clone());
        let again = row_of::<Row>(&bytes).expect("the bytes are those of a row");
        prop_assert_eq!(&bytes_of((*again).clone()), &bytes);
        if !row.single.is_nan() && !row.double.is_nan() {
            prop_assert_eq!(&*again, &row);
        }
    }

    #[test]
    fn random_bytes_are_no_reason_to_panic(bytes in any::<Vec<u8>>()) {
        let _ = codec::<Row>().decode(&bytes);
    }
}

#[test]
fn edges_come_back_as_they_were() {
    for row in [least(), greatest()] {
        assert_eq!(*row_of::<Row>(&bytes_of(row.clone())).unwrap(), row);
    }
}

#[test]
fn bytes_that_are_cut_off_or_go_on_are_errors() {
    for bytes in [bytes_of(least()), bytes_of(greatest())] {
        for end in 0..bytes.len() {
            assert!(codec::<Row>().decode(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(codec::<Row>().decode(&longer).is_err());
    }
}

/// A flip inside of a text or a number is another value; it is one that can be stored again, and nothing worse.
#[test]
fn flipped_bits_are_an_error_or_a_row() {
    for bytes in [bytes_of(least()), bytes_of(greatest())] {
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(Value::Shared(row)) = codec::<Row>().decode(&flipped) {
                let row = row.downcast_ref::<Row>().unwrap().clone();
                assert_eq!(bytes_of(row_of::<Row>(&bytes_of(row.clone())).unwrap().as_ref().clone()), bytes_of(row));
            }
        }
    }
}

#[test]
fn spoilt_bytes_are_no_reason_to_panic() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let whole = bytes_of(greatest());
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..1 + numbers.next() % 4 {
            let place = numbers.next() % bytes.len();
            match numbers.next() % 4 {
                0 => bytes[place] = numbers.next().to_le_bytes()[0],
                1 => bytes[place] = [0xc1, 0xc6, 0xc9, 0xd8, 0xdb, 0xdd, 0xdf, 0xff][numbers.next() % 8],
                2 => drop(bytes.drain(place..bytes.len().min(place + 1 + numbers.next() % 9))),
                _ => bytes.insert(place, numbers.next().to_le_bytes()[0]),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let _ = codec::<Row>().decode(&bytes);
    }
}
