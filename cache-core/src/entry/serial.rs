//! Encodes values of serde in MessagePack, structs with the names of their fields, and decodes them.
//!
//! Types are told that this is for people to read, and say addresses and UUIDs as text: what serde buffers for untagged,
//! tagged and flattened types tells them so when they are read, whatever they were told when they were written.
//!
//! Bytes that are read come from a store that others can write to. Nothing about them is believed before
//! `extent` has walked over them.

use std::error::Error as StdError;

use rmp_serde::{Deserializer, Serializer};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer as _};

use crate::error::{Error, ErrorKind, Result};

mod extent;
mod known;
mod nil;

pub use self::known::{read_known, write_known};

/// Appends `value` to `bytes`.
///
/// Names of fields and variants are written inside of it, positions are not: the type may get another field, and its
/// own serde attributes mean what they say.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Codec`] if the type refuses, if the value is nested deeper than it could be read, or
/// if it would be read as another one: `Some` of what is written as nothing, such as `Some(None)`.
pub fn write<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<()> {
    nil::check(value).map_err(|error| failed("a value that would be read as another one", error))?;
    let start = bytes.len();
    let written = value.serialize(&mut Serializer::new(&mut *bytes).with_struct_map().with_human_readable());
    written.map_err(|error| failed("a value that cannot be said in bytes", error))?;
    match extent::of(&bytes[start..]) {
        Some(length) if length == bytes.len() - start => Ok(()),
        _ => Err(Error::new(ErrorKind::Codec, "a value that is nested too deep, or not plain MessagePack")),
    }
}

/// Appends what is read as a `Vec<u8>`: to serde that is a sequence of numbers, with two bytes for many a byte.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Codec`] for 4 GiB and more.
pub fn write_binary(binary: &[u8], bytes: &mut Vec<u8>) -> Result<()> {
    Serializer::new(bytes)
        .serialize_bytes(binary)
        .map_err(|error| failed("a value that cannot be said in bytes", error))
}

/// Reads a value off the front of `bytes`.
///
/// Any bytes may be given: what is allocated is bounded by their number, and so is the depth of the call stack.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Codec`] for bytes that are not such a value.
pub fn read<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T> {
    let length = extent::of(bytes).ok_or_else(|| Error::new(ErrorKind::Codec, "bytes that are no value"))?;
    let (own, rest) = bytes.split_at(length);
    let value = T::deserialize(&mut Deserializer::from_read_ref(own).with_human_readable())
        .map_err(|error| failed("another value", error))?;
    *bytes = rest;
    Ok(value)
}

/// Reads several values off the front of `bytes`, as `read` reads each: their number comes first, as [`Encode`] writes it.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Codec`] for fewer than announced, and whatever `read` returns.
///
/// [`Encode`]: crate::Encode
pub fn read_several<T>(bytes: &mut &[u8], mut read: impl FnMut(&mut &[u8]) -> Result<T>) -> Result<Vec<T>> {
    /// A value takes more room in memory than in bytes.
    const ROOM: usize = 4;
    let length = read_known::<u64>(bytes).unwrap_or_else(|| self::read(bytes))?;
    // The length may be a lie: no more room is made than the bytes could fill. Values without bytes would make it an endless
    // one.
    let most = bytes.len().saturating_mul(ROOM) / size_of::<T>().max(1);
    let mut values = Vec::with_capacity(usize::try_from(length).map_or(most, |length| length.min(most)));
    for _ in 0..length {
        if bytes.is_empty() {
            return Err(Error::new(ErrorKind::Codec, "fewer values than announced"));
        }
        values.push(read(bytes)?);
    }
    Ok(values)
}

fn failed(context: &'static str, source: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Codec, context).with_source(source)
}

#[cfg(test)]
mod tests;
