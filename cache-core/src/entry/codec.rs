//! Encodes values for stores outside of this process, and decodes them.

use core::any::Any;
use core::fmt;
use std::sync::Arc;

use crate::entry::Value;
use crate::error::{Error, ErrorKind, Result};

mod plain;

/// What can be kept outside of this process.
pub trait Encode: Sized + Send + Sync + 'static {
    /// Appends the value to `bytes`.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Codec`] for a value that cannot be said in bytes.
    fn encode(&self, bytes: &mut Vec<u8>) -> Result<()>;

    /// Reads a value off the front of `bytes`.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Codec`] for bytes that are not such a value.
    fn decode(bytes: &mut &[u8]) -> Result<Self>;
}

/// How values of a type are kept outside of this process, where the type itself cannot tell.
pub trait Encoding {
    /// The type.
    type Value: Send + Sync + 'static;

    /// Appends `value` to `bytes`.
    ///
    /// # Errors
    ///
    /// As [`Encode::encode`].
    fn encode(value: &Self::Value, bytes: &mut Vec<u8>) -> Result<()>;

    /// Reads a value off the front of `bytes`.
    ///
    /// # Errors
    ///
    /// As [`Encode::decode`].
    fn decode(bytes: &mut &[u8]) -> Result<Self::Value>;
}

impl<T: Encode> Encoding for T {
    type Value = T;

    fn encode(value: &T, bytes: &mut Vec<u8>) -> Result<()> {
        value.encode(bytes)
    }

    fn decode(bytes: &mut &[u8]) -> Result<T> {
        T::decode(bytes)
    }
}

/// Writes and reads the values of one kind of read.
#[derive(Clone, Copy)]
pub struct Codec {
    encode: fn(&Value, &mut Vec<u8>) -> Result<()>,
    decode: fn(&[u8]) -> Result<Value>,
}

impl Codec {
    const ABSENT: u8 = 0;
    const SHARED: u8 = 1;

    /// Tells the bytes that this version writes from those of other ones. Part of every manager's name, so that what
    /// other versions wrote is not found.
    pub const FORMAT: u8 = 2;

    /// For reads whose values are `Shared`, and that remember by an `Absent` what is not there.
    #[must_use]
    pub const fn of<Shared: Encoding, Absent: Encoding>() -> Self {
        Self { encode: encode::<Shared, Absent>, decode: decode::<Shared, Absent> }
    }

    /// Appends `value` to `bytes`.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Codec`] for a value of another type, or one that cannot be said in bytes.
    pub fn encode(&self, value: &Value, bytes: &mut Vec<u8>) -> Result<()> {
        (self.encode)(value, bytes)
    }

    /// The value that all of `bytes` stand for.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Codec`] for anything else.
    pub fn decode(&self, bytes: &[u8]) -> Result<Value> {
        (self.decode)(bytes)
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Codec")
    }
}

fn encode<Shared: Encoding, Absent: Encoding>(value: &Value, bytes: &mut Vec<u8>) -> Result<()> {
    match value {
        Value::Absent(key) => {
            bytes.push(Codec::ABSENT);
            Absent::encode(downcast(&**key)?, bytes)
        }
        Value::Shared(value) => {
            bytes.push(Codec::SHARED);
            Shared::encode(downcast(&**value)?, bytes)
        }
        Value::Unread => Err(wrong("a value that was not read")),
    }
}

fn decode<Shared: Encoding, Absent: Encoding>(bytes: &[u8]) -> Result<Value> {
    let (first, mut rest) = bytes.split_first().ok_or_else(|| wrong("no bytes"))?;
    let value = match *first {
        Codec::ABSENT => Value::Absent(Arc::new(Absent::decode(&mut rest)?)),
        Codec::SHARED => Value::Shared(Arc::new(Shared::decode(&mut rest)?)),
        _ => return Err(wrong("an unknown kind of value")),
    };
    if rest.is_empty() { Ok(value) } else { Err(wrong("bytes after the value")) }
}

fn downcast<T: 'static>(value: &(dyn Any + Send + Sync)) -> Result<&T> {
    value.downcast_ref().ok_or_else(|| wrong("a value of another type"))
}

fn wrong(context: &'static str) -> Error {
    Error::new(ErrorKind::Codec, context)
}
