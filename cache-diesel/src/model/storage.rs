//! Encodes rows, keys and values for stores outside of the process.

use core::any::Any;
use core::fmt;

use cache_core::{Encode, Result, serial};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::cached_model::{CachedModel, Lookup};

/// A field's type whose values can be stored outside of the process: what has serde's `Serialize` and `Deserialize`.
///
/// Models need neither: the derive writes field by field, in order.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored outside of the process: derive `Serialize, Deserialize` on it, write \
               `#[cached(with = module)]` on the field, or `#[cached(memory_only)]` on the struct",
    label = "serde does not know this type"
)]
pub trait Storable: Sized + 'static {
    /// Appends the value to `bytes`.
    #[doc(hidden)]
    fn store(&self, bytes: &mut Vec<u8>) -> Result<()>;

    /// Reads a value off the front of `bytes`.
    #[doc(hidden)]
    fn restore(bytes: &mut &[u8]) -> Result<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> Storable for T {
    fn store(&self, bytes: &mut Vec<u8>) -> Result<()> {
        if serial::write_known(self, bytes) {
            return Ok(());
        }
        match (self as &dyn Any).downcast_ref::<Vec<u8>>() {
            Some(binary) => serial::write_binary(binary, bytes),
            None => serial::write(self, bytes),
        }
    }

    fn restore(bytes: &mut &[u8]) -> Result<Self> {
        serial::read_known(bytes).unwrap_or_else(|| serial::read(bytes))
    }
}

type Store<T> = fn(&T, &mut Vec<u8>) -> Result<()>;
type Restore<T> = fn(&mut &[u8]) -> Result<T>;

/// Appends a nullable value: serde would not tell NULL from a JSON `null` in the column.
pub fn store_nullable<T>(value: &Option<T>, bytes: &mut Vec<u8>, store: Store<T>) -> Result<()> {
    Encode::encode(&value.is_some(), bytes)?;
    value.as_ref().map_or(Ok(()), |value| store(value, bytes))
}

/// Reads a nullable value off the front of `bytes`.
pub fn restore_nullable<T>(bytes: &mut &[u8], restore: Restore<T>) -> Result<Option<T>> {
    <bool as Encode>::decode(bytes)?.then(|| restore(bytes)).transpose()
}

/// A model whose rows may leave the process.
pub trait StoredModel: CachedModel + Encode {
    /// Appends a primary key.
    fn encode_id(id: &Self::Id, bytes: &mut Vec<u8>) -> Result<()>;
    /// Reads a primary key off the front of `bytes`.
    fn decode_id(bytes: &mut &[u8]) -> Result<Self::Id>;
}

/// A unique look-up of such a model.
pub trait StoredLookup: Lookup<Model: StoredModel> {
    /// Appends a unique value.
    fn encode_value(value: &Self::Value, bytes: &mut Vec<u8>) -> Result<()>;
    /// Reads a unique value off the front of `bytes`.
    fn decode_value(bytes: &mut &[u8]) -> Result<Self::Value>;
}

/// How the rows of a model and their keys are written and read.
#[non_exhaustive]
pub struct ModelCodecs<M: CachedModel> {
    pub(crate) store: Store<M>,
    pub(crate) restore: Restore<M>,
    pub(crate) store_id: Store<M::Id>,
    pub(crate) restore_id: Restore<M::Id>,
}

impl<M: StoredModel> ModelCodecs<M> {
    /// Those of `M`.
    #[must_use]
    pub const fn of() -> Self {
        Self {
            store: <M as Encode>::encode,
            restore: <M as Encode>::decode,
            store_id: M::encode_id,
            restore_id: M::decode_id,
        }
    }
}

impl<M: CachedModel> fmt::Debug for ModelCodecs<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ModelCodecs")
    }
}
