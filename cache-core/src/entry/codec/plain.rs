//! Encodes the values that every manager keeps: numbers, booleans, nothing, and lists of values.

use crate::entry::codec::Encode;
use crate::entry::serial;
use crate::error::Result;

/// Nothing at all.
impl Encode for () {
    fn encode(&self, _bytes: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn decode(_bytes: &mut &[u8]) -> Result<Self> {
        Ok(())
    }
}

macro_rules! encode_by_serde {
    ($($plain:ty),*) => { $(
        impl Encode for $plain {
            fn encode(&self, bytes: &mut Vec<u8>) -> Result<()> {
                if serial::write_known(self, bytes) { Ok(()) } else { serial::write(self, bytes) }
            }

            fn decode(bytes: &mut &[u8]) -> Result<Self> {
                serial::read_known(bytes).unwrap_or_else(|| serial::read(bytes))
            }
        }
    )* };
}

encode_by_serde!(bool, i64, u64);

/// Their number, then one after the other.
impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, bytes: &mut Vec<u8>) -> Result<()> {
        (self.len() as u64).encode(bytes)?;
        self.iter().try_for_each(|element| element.encode(bytes))
    }

    fn decode(bytes: &mut &[u8]) -> Result<Self> {
        serial::read_several(bytes, T::decode)
    }
}
