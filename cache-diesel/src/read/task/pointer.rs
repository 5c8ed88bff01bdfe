//! Holds the pointer under a unique value: the primary key that it leads to.

use core::marker::PhantomData;

use cache_core::{Codec, Encoding, Result};

use crate::model::storage::{StoredLookup, StoredModel, restore_nullable, store_nullable};
use crate::model::{CachedModel, Lookup};

/// Where a unique value leads.
pub(crate) struct Pointer<Id, V> {
    pub(crate) key: Id,
    /// The row's own spelling, where the database took it for equal to another one that was asked for.
    pub(crate) spelling: Option<V>,
}

pub(crate) type UniquePointer<L> = Pointer<<<L as Lookup>::Model as CachedModel>::Id, <L as Lookup>::Value>;

/// How what is kept for the look-up `L` is written and read.
#[must_use]
pub const fn unique_codec<L: StoredLookup>() -> Codec {
    Codec::of::<PointerOf<L>, ValueOf<L>>()
}

struct PointerOf<L>(PhantomData<L>);

impl<L: StoredLookup> Encoding for PointerOf<L> {
    type Value = UniquePointer<L>;

    fn encode(pointer: &Self::Value, bytes: &mut Vec<u8>) -> Result<()> {
        L::Model::encode_id(&pointer.key, bytes)?;
        store_nullable(&pointer.spelling, bytes, L::encode_value)
    }

    fn decode(bytes: &mut &[u8]) -> Result<Self::Value> {
        Ok(Pointer { key: L::Model::decode_id(bytes)?, spelling: restore_nullable(bytes, L::decode_value)? })
    }
}

/// The values of `L`.
struct ValueOf<L>(PhantomData<L>);

impl<L: StoredLookup> Encoding for ValueOf<L> {
    type Value = L::Value;

    fn encode(value: &L::Value, bytes: &mut Vec<u8>) -> Result<()> {
        L::encode_value(value, bytes)
    }

    fn decode(bytes: &mut &[u8]) -> Result<L::Value> {
        L::decode_value(bytes)
    }
}
