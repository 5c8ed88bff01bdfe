//! Encodes a value of any type for a slot, and decodes it.

use core::any::Any;
use std::borrow::Borrow;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entry::serial;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Body, Say};

/// What can be set by hand: everything that serde writes and reads.
///
/// Structs are written with the names of their fields. What does not come back as it was is refused when it is set,
/// over every store: `Some` of what is written as nothing, such as `Some(None)` and `Some(())`, and values that are
/// nested deeper than 128 levels. serde attributes mean what they say: a field that is skipped comes back as its
/// default.
pub trait Cacheable: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Cacheable for T {}

/// A value on its way into a slot.
#[derive(Clone, Debug)]
pub(super) struct EncodedValue {
    pub(super) body: Body,
    pub(super) weight: usize,
}

/// How values of a type are said in bytes and read.
pub(super) struct Form<T> {
    say: Say,
    read: fn(&[u8]) -> Result<T>,
}

impl<T> Clone for Form<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Form<T> {}

impl<T: Cacheable> Form<T> {
    /// By serde.
    pub(super) const SERDE: Self = Self { say: say::<T>, read: read::<T> };
}

impl Form<Vec<u8>> {
    /// As they are. What is written so can be read by serde too, as a `Vec<u8>`, and the other way round.
    pub(super) const BINARY: Self = Self { say: say_binary, read: read_binary };
}

impl<T: Send + Sync + 'static> Form<T> {
    /// The value in `body`; `None`: it is not of this type.
    pub(super) fn unpack(self, body: Body) -> Option<Arc<T>> {
        let (value, say) = match body {
            Body::Bytes(bytes) => return (self.read)(&bytes).ok().map(Arc::new),
            Body::Shared(value, say) => (value, say),
        };
        // A value of another type is read as a store elsewhere would read it.
        value.downcast().map_or_else(|value| self.reread(&*value, say), Some)
    }

    /// What is put where a value is kept as it is; `bytes`: how many it is said in.
    pub(super) fn share(self, value: Arc<T>, bytes: usize) -> EncodedValue {
        EncodedValue { body: Body::Shared(value, self.say), weight: bytes.max(size_of::<T>()) }
    }

    /// What is put into a store, which keeps values as they are if it `is_local`.
    ///
    /// The bytes are made in any case: they tell how large the value is, and whether it can be read again.
    pub(super) fn pack(self, value: Arc<T>, is_local: bool) -> Result<EncodedValue> {
        let mut bytes = Vec::new();
        (self.say)(&*value, &mut bytes)?;
        Ok(if is_local { self.share(value, bytes.len()) } else { EncodedValue::of(bytes) })
    }

    #[cold]
    fn reread(self, value: &(dyn Any + Send + Sync), say: Say) -> Option<Arc<T>> {
        let mut bytes = Vec::new();
        say(value, &mut bytes).ok()?;
        (self.read)(&bytes).ok().map(Arc::new)
    }
}

impl EncodedValue {
    /// A value that the caller keeps: it is cloned only for a store that keeps values as they are.
    pub(super) fn borrowed<T>(value: &T, is_local: bool) -> Result<Self>
    where
        T: Serialize + ToOwned + ?Sized,
        T::Owned: Cacheable,
    {
        let mut bytes = Vec::new();
        serial::write(value, &mut bytes)?;
        Ok(if is_local { Form::SERDE.share(Arc::new(value.to_owned()), bytes.len()) } else { Self::of(bytes) })
    }

    /// Bytes, as they are.
    pub(super) fn binary(value: &[u8], is_local: bool) -> Result<Self> {
        if is_local {
            return Ok(Form::BINARY.share(Arc::new(value.to_vec()), value.len()));
        }
        let mut bytes = Vec::with_capacity(value.len() + LONGEST_HEAD);
        serial::write_binary(value, &mut bytes)?;
        Ok(Self::of(bytes))
    }

    fn of(bytes: Vec<u8>) -> Self {
        Self { weight: bytes.len(), body: Body::Bytes(bytes.into()) }
    }
}

fn say<T: Cacheable>(value: &(dyn Any + Send + Sync), bytes: &mut Vec<u8>) -> Result<()> {
    serial::write::<T>(value.downcast_ref().ok_or_else(another)?, bytes)
}

fn read<T: Cacheable>(mut bytes: &[u8]) -> Result<T> {
    let value = serial::read(&mut bytes)?;
    if bytes.is_empty() { Ok(value) } else { Err(another()) }
}

fn say_binary(value: &(dyn Any + Send + Sync), bytes: &mut Vec<u8>) -> Result<()> {
    serial::write_binary(Borrow::<[u8]>::borrow(value.downcast_ref::<Vec<u8>>().ok_or_else(another)?), bytes)
}

fn read_binary(bytes: &[u8]) -> Result<Vec<u8>> {
    let head = match bytes.first() {
        Some(0xc4) => 2,
        Some(0xc5) => 3,
        Some(0xc6) => 5,
        _ => return read(bytes),
    };
    let (head, binary) = bytes.split_at_checked(head).ok_or_else(another)?;
    let length = head[1..].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    if binary.len() == length { Ok(binary.to_vec()) } else { Err(another()) }
}

fn another() -> Error {
    Error::new(ErrorKind::Codec, "a value of another type")
}

/// How many bytes MessagePack writes before others, at most.
const LONGEST_HEAD: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b14_bytes_of_any_length_come_back_by_either_form() {
        for length in [0, 1, 255, 256, 65_535, 65_536] {
            let value: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            for is_local in [false, true] {
                let parcel = EncodedValue::binary(&value, is_local).unwrap();
                assert_eq!(Form::BINARY.unpack(parcel.body.clone()).as_deref(), Some(&value));
                assert_eq!(Form::<Vec<u8>>::SERDE.unpack(parcel.body).as_deref(), Some(&value));
                let parcel = EncodedValue::borrowed(&value, is_local).unwrap();
                assert_eq!(Form::BINARY.unpack(parcel.body).as_deref(), Some(&value));
            }
        }
    }

    #[test]
    fn a_value_is_read_as_another_type_where_its_bytes_allow_that() {
        for is_local in [false, true] {
            let parcel = |number: u32| EncodedValue::borrowed(&number, is_local).unwrap().body;
            assert_eq!(Form::<i64>::SERDE.unpack(parcel(7)).as_deref(), Some(&7));
            assert_eq!(Form::<u8>::SERDE.unpack(parcel(700)), None);
            assert_eq!(Form::<String>::SERDE.unpack(parcel(7)), None);
            let text = EncodedValue::borrowed("text", is_local).unwrap().body;
            assert_eq!(Form::<String>::SERDE.unpack(text.clone()).as_deref().map(String::as_str), Some("text"));
            assert_eq!(Form::<Vec<u8>>::SERDE.unpack(text), None);
        }
    }

    #[test]
    fn what_would_be_read_as_another_value_is_refused_wherever_it_is_kept() {
        for is_local in [false, true] {
            let error = EncodedValue::borrowed(&Some(None::<u8>), is_local).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Codec);
            assert!(EncodedValue::borrowed(&None::<u8>, is_local).is_ok());
        }
    }
}
