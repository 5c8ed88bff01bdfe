//! Writes and reads the types that most columns have, byte for byte as serde does: without a serialiser for each field, and
//! without a walk over what cannot nest.

use core::any::{Any, TypeId};

use crate::error::{Error, ErrorKind, Result};

const FALSE: u8 = 0xc2;
const TRUE: u8 = 0xc3;
const F64: u8 = 0xcb;
/// The first of the markers of one, two, four and eight bytes: for numbers without and with a sign, and for texts.
const UNSIGNED: u8 = 0xcc;
const SIGNED: u8 = 0xd0;
const TEXT: u8 = 0xd9;
/// Short numbers and texts are in their markers.
const FIXED_TEXT: u8 = 0xa0;
const FIXED_TEXT_END: u8 = 0xc0;
const FIXED_NEGATIVE: u8 = 0xe0;

/// Appends `value`, if it is of a type that is known here; says whether it is.
pub fn write_known<T: 'static>(value: &T, bytes: &mut Vec<u8>) -> bool {
    macro_rules! try_each {
        ($($known:ty),*) => {
            $( if let Some(known) = (value as &dyn Any).downcast_ref::<$known>() {
                return known.write(bytes);
            } )*
        };
    }
    try_each!(String, i32, i64, bool, f64, i16, u32, u64, u16);
    false
}

/// Reads a value off the front of `bytes`; `None`: its type is not known here.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Codec`] for bytes that are not such a value.
#[inline]
pub fn read_known<T: 'static>(bytes: &mut &[u8]) -> Option<Result<T>> {
    macro_rules! try_each {
        ($($known:ty),*) => {
            $( if TypeId::of::<T>() == TypeId::of::<$known>() {
                let mut value: Option<T> = None;
                *(&mut value as &mut dyn Any).downcast_mut::<Option<$known>>()? = <$known>::read(bytes);
                return Some(value.ok_or_else(|| Error::new(ErrorKind::Codec, "another value")));
            } )*
        };
    }
    try_each!(String, i32, i64, bool, f64, i16, u32, u64, u16);
    None
}

/// A type that is known here.
trait Known: Sized {
    /// Appends it; `false`: it is too long.
    fn write(&self, bytes: &mut Vec<u8>) -> bool;

    /// Takes one off the front of `bytes`; `None`: it is another value.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

macro_rules! integers {
    ($write:ident, $read:ident: $($integer:ty),*) => { $(
        impl Known for $integer {
            #[inline]
            fn write(&self, bytes: &mut Vec<u8>) -> bool {
                $write((*self).into(), bytes);
                true
            }

            #[inline]
            fn read(bytes: &mut &[u8]) -> Option<Self> {
                $read(bytes)?.try_into().ok()
            }
        }
    )* };
}

integers!(write_signed, read_signed: i16, i32, i64);
integers!(write_unsigned, read_unsigned: u16, u32, u64);

impl Known for bool {
    fn write(&self, bytes: &mut Vec<u8>) -> bool {
        bytes.push(if *self { TRUE } else { FALSE });
        true
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        match take(bytes)? {
            [TRUE] => Some(true),
            [FALSE] => Some(false),
            _ => None,
        }
    }
}

impl Known for f64 {
    fn write(&self, bytes: &mut Vec<u8>) -> bool {
        bytes.push(F64);
        bytes.extend(self.to_be_bytes());
        true
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        if take(bytes)? == [F64] { Some(Self::from_be_bytes(take(bytes)?)) } else { None }
    }
}

impl Known for String {
    fn write(&self, bytes: &mut Vec<u8>) -> bool {
        match self.len() {
            short @ 0..32 => bytes.push(FIXED_TEXT | short as u8),
            length => match u32::try_from(length) {
                Ok(length) => append_least(TEXT, length.into(), bytes),
                Err(_) => return false,
            },
        }
        bytes.extend_from_slice(self.as_bytes());
        true
    }

    #[inline]
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let [marker] = take(bytes)?;
        let length = match marker {
            FIXED_TEXT..FIXED_TEXT_END => (marker - FIXED_TEXT).into(),
            TEXT..=0xdb => read_number(marker - TEXT, bytes)?,
            _ => return None,
        };
        let (text, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
        *bytes = rest;
        core::str::from_utf8(text).ok().map(str::to_owned)
    }
}

fn write_signed(number: i64, bytes: &mut Vec<u8>) {
    match number {
        0.. => write_unsigned(number.unsigned_abs(), bytes),
        -32..0 => bytes.push(number as u8),
        -0x80..-32 => bytes.extend([SIGNED, number as u8]),
        -0x8000..-0x80 => append(SIGNED + 1, (number as i16).to_be_bytes(), bytes),
        -0x8000_0000..-0x8000 => append(SIGNED + 2, (number as i32).to_be_bytes(), bytes),
        _ => append(SIGNED + 3, number.to_be_bytes(), bytes),
    }
}

fn write_unsigned(number: u64, bytes: &mut Vec<u8>) {
    match number {
        0..0x80 => bytes.push(number as u8),
        _ => append_least(UNSIGNED, number, bytes),
    }
}

/// Appends a number in as few bytes as hold it, after the marker that says how many.
fn append_least(first: u8, number: u64, bytes: &mut Vec<u8>) {
    match number {
        0..0x100 => bytes.extend([first, number as u8]),
        0x100..0x1_0000 => append(first + 1, (number as u16).to_be_bytes(), bytes),
        0x1_0000..0x1_0000_0000 => append(first + 2, (number as u32).to_be_bytes(), bytes),
        _ => append(first + 3, number.to_be_bytes(), bytes),
    }
}

#[inline]
fn append<const LENGTH: usize>(marker: u8, number: [u8; LENGTH], bytes: &mut Vec<u8>) {
    bytes.push(marker);
    bytes.extend(number);
}

/// Without a sign or with one: both are written for a number that is not negative.
#[inline]
fn read_signed(bytes: &mut &[u8]) -> Option<i64> {
    let [marker] = take(bytes)?;
    Some(match marker {
        0..0x80 => marker.into(),
        FIXED_NEGATIVE.. => (marker as i8).into(),
        UNSIGNED..SIGNED => read_number(marker - UNSIGNED, bytes)?.try_into().ok()?,
        0xd0 => i8::from_be_bytes(take(bytes)?).into(),
        0xd1 => i16::from_be_bytes(take(bytes)?).into(),
        0xd2 => i32::from_be_bytes(take(bytes)?).into(),
        0xd3 => i64::from_be_bytes(take(bytes)?),
        _ => return None,
    })
}

#[inline]
fn read_unsigned(bytes: &mut &[u8]) -> Option<u64> {
    match **bytes {
        [UNSIGNED..SIGNED, ..] => {
            let [marker] = take(bytes)?;
            read_number(marker - UNSIGNED, bytes)
        }
        _ => read_signed(bytes)?.try_into().ok(),
    }
}

/// A number without a sign, of as many bytes as two to the power of `width`.
#[inline]
fn read_number(width: u8, bytes: &mut &[u8]) -> Option<u64> {
    Some(match width {
        0 => u8::from_be_bytes(take(bytes)?).into(),
        1 => u16::from_be_bytes(take(bytes)?).into(),
        2 => u32::from_be_bytes(take(bytes)?).into(),
        _ => u64::from_be_bytes(take(bytes)?),
    })
}

#[inline]
fn take<const LENGTH: usize>(bytes: &mut &[u8]) -> Option<[u8; LENGTH]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use core::fmt::Debug;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::entry::serial;

    #[track_caller]
    fn assert_as_serde<T: Serialize + DeserializeOwned + Debug + PartialEq + 'static>(value: &T) {
        let (mut by_serde, mut known) = (vec![7], vec![7]);
        serial::write(value, &mut by_serde).unwrap();
        assert!(write_known(value, &mut known), "{value:?}");
        assert_eq!(known, by_serde, "{value:?}");
        known.push(9);
        let mut rest = &known[1..];
        assert_eq!(&read_known::<T>(&mut rest).unwrap().unwrap(), value);
        assert_eq!(rest, [9], "{value:?}");
        for length in 1..by_serde.len() {
            assert!(read_known::<T>(&mut &by_serde[1..length]).unwrap().is_err(), "{value:?} cut at {length}");
        }
    }

    #[test]
    fn numbers_are_written_and_read_as_serde_does() {
        for shift in 0..64 {
            for near in [-1_i64, 0, 1] {
                let number = (1_i64 << shift).wrapping_add(near);
                assert_as_serde(&number);
                assert_as_serde(&number.wrapping_neg());
                assert_as_serde(&(number as u64));
                assert_as_serde(&(number as i32));
                assert_as_serde(&(number as u32));
                assert_as_serde(&(number as i16));
                assert_as_serde(&(number as u16));
                assert_as_serde(&f64::from_bits(number as u64 & !(0x7ff << 52)));
            }
        }
    }

    #[test]
    fn truths_and_texts_are_written_and_read_as_serde_does() {
        [true, false].iter().for_each(assert_as_serde);
        for length in [0, 1, 31, 32, 255, 256, 65_535, 65_536] {
            assert_as_serde(&"ä".repeat(length / 2).chars().chain("x".repeat(length % 2).chars()).collect::<String>());
        }
    }

    #[test]
    fn other_values_and_types_are_refused() {
        assert!(read_known::<i16>(&mut &[0xcd, 0xff, 0xff][..]).unwrap().is_err(), "65 535 is no `i16`");
        assert!(read_known::<u32>(&mut &[0xff][..]).unwrap().is_err(), "nor is -1 a `u32`");
        assert!(read_known::<String>(&mut &[0xa1, 0xff][..]).unwrap().is_err(), "no text");
        assert!(read_known::<bool>(&mut &[0xc0][..]).unwrap().is_err());
        assert!(read_known::<char>(&mut &[0xa1, b'a'][..]).is_none() && !write_known(&'a', &mut Vec::new()));
    }
}
