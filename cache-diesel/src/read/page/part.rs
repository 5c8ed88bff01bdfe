//! Weighs and encodes the parts of a page.

use core::marker::PhantomData;
use std::sync::Arc;

use cache_core::{Codec, Encode, Encoding, Error, ErrorKind, Result, serial};

use crate::model::CachedModel;
use crate::model::storage::ModelCodecs;

/// A row, or what holds rows: a part of a page, or the page itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cached model",
    label = "no cache manager exists for this type",
    note = "add `#[derive(Cached)]` and `#[diesel(table_name = ..)]` to `{Self}`"
)]
pub trait Part: Sized + Send + Sync + 'static {
    /// Whether the part may leave the process: no row in it is of a model that is kept in memory only.
    const IS_STORABLE: bool;
    /// Whether a row in it is of a model with a base query.
    const HAS_BASE_QUERY: bool;

    /// The bytes that it owns on the heap, as far as the types in it are known.
    fn heap_size(&self) -> usize;

    /// Appends the part to `bytes`.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Codec`] for what cannot be said in bytes.
    fn store(&self, bytes: &mut Vec<u8>) -> Result<()>;

    /// Reads a part off the front of `bytes`.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Codec`] for bytes that are no such part.
    fn restore(bytes: &mut &[u8]) -> Result<Self>;
}

#[diagnostic::do_not_recommend]
impl<M: CachedModel> Part for M {
    const IS_STORABLE: bool = M::CODECS.is_some();
    const HAS_BASE_QUERY: bool = M::HAS_BASE_QUERY;

    fn heap_size(&self) -> usize {
        CachedModel::heap_size(self)
    }

    fn store(&self, bytes: &mut Vec<u8>) -> Result<()> {
        (codecs_of::<M>()?.store)(self, bytes)
    }

    fn restore(bytes: &mut &[u8]) -> Result<Self> {
        (codecs_of::<M>()?.restore)(bytes)
    }
}

/// A row that may be missing.
impl<P: Part> Part for Option<P> {
    const IS_STORABLE: bool = P::IS_STORABLE;
    const HAS_BASE_QUERY: bool = P::HAS_BASE_QUERY;

    fn heap_size(&self) -> usize {
        self.as_ref().map_or(0, P::heap_size)
    }

    fn store(&self, bytes: &mut Vec<u8>) -> Result<()> {
        self.is_some().encode(bytes)?;
        self.as_ref().map_or(Ok(()), |part| part.store(bytes))
    }

    fn restore(bytes: &mut &[u8]) -> Result<Self> {
        <bool as Encode>::decode(bytes)?.then(|| P::restore(bytes)).transpose()
    }
}

/// A row, and the one that links it.
impl<Row: Part, Link: Part> Part for (Row, Link) {
    const IS_STORABLE: bool = Row::IS_STORABLE && Link::IS_STORABLE;
    const HAS_BASE_QUERY: bool = Row::HAS_BASE_QUERY || Link::HAS_BASE_QUERY;

    fn heap_size(&self) -> usize {
        self.0.heap_size().saturating_add(self.1.heap_size())
    }

    fn store(&self, bytes: &mut Vec<u8>) -> Result<()> {
        self.0.store(bytes)?;
        self.1.store(bytes)
    }

    fn restore(bytes: &mut &[u8]) -> Result<Self> {
        Ok((Row::restore(bytes)?, Link::restore(bytes)?))
    }
}

/// Several: their number, then one after the other.
impl<P: Part> Part for Vec<P> {
    const IS_STORABLE: bool = P::IS_STORABLE;
    const HAS_BASE_QUERY: bool = P::HAS_BASE_QUERY;

    fn heap_size(&self) -> usize {
        let owned = self.iter().map(P::heap_size).fold(0, usize::saturating_add);
        owned.saturating_add(self.capacity() * size_of::<P>())
    }

    fn store(&self, bytes: &mut Vec<u8>) -> Result<()> {
        (self.len() as u64).encode(bytes)?;
        self.iter().try_for_each(|part| part.store(bytes))
    }

    fn restore(bytes: &mut &[u8]) -> Result<Self> {
        serial::read_several(bytes, P::restore)
    }
}

/// What several pages share. Each is counted, and stored, with all of it.
impl<P: Part> Part for Arc<P> {
    const IS_STORABLE: bool = P::IS_STORABLE;
    const HAS_BASE_QUERY: bool = P::HAS_BASE_QUERY;

    fn heap_size(&self) -> usize {
        P::heap_size(self).saturating_add(size_of::<P>())
    }

    fn store(&self, bytes: &mut Vec<u8>) -> Result<()> {
        P::store(self, bytes)
    }

    fn restore(bytes: &mut &[u8]) -> Result<Self> {
        P::restore(bytes).map(Self::new)
    }
}

/// How parts leave the process, and how `Absent` does: the key of a row that is known not to exist, or nothing.
#[must_use]
pub(crate) const fn codec<P: Part, Absent: Encoding>() -> Option<Codec> {
    if P::IS_STORABLE { Some(Codec::of::<StoredPart<P>, Absent>()) } else { None }
}

/// A part, as codecs know it.
struct StoredPart<P>(PhantomData<fn() -> P>);

impl<P: Part> Encoding for StoredPart<P> {
    type Value = P;

    fn encode(part: &P, bytes: &mut Vec<u8>) -> Result<()> {
        part.store(bytes)
    }

    fn decode(bytes: &mut &[u8]) -> Result<P> {
        P::restore(bytes)
    }
}

/// The primary keys of `M`.
pub(crate) struct IdOf<M>(PhantomData<fn() -> M>);

impl<M: CachedModel> Encoding for IdOf<M> {
    type Value = M::Id;

    fn encode(id: &M::Id, bytes: &mut Vec<u8>) -> Result<()> {
        (codecs_of::<M>()?.store_id)(id, bytes)
    }

    fn decode(bytes: &mut &[u8]) -> Result<M::Id> {
        (codecs_of::<M>()?.restore_id)(bytes)
    }
}

fn codecs_of<M: CachedModel>() -> Result<ModelCodecs<M>> {
    M::CODECS.ok_or_else(|| Error::new(ErrorKind::Codec, "a model that is kept in memory only"))
}
