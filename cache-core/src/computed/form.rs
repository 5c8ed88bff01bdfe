//! Says computed values in bytes, with what they depend on.

use core::any::type_name;
use core::marker::PhantomData;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::entry::Value;
use crate::entry::codec::{Codec, Encode, Encoding};
use crate::entry::serial;
use crate::error::{Error, ErrorKind, Result};
use crate::name::key::{Fingerprint, name_of_type};
use crate::name::tag::{Tag, Token};
use crate::values::Cacheable;

/// Marks values that serde says in bytes.
#[derive(Debug)]
pub struct BySerde(());

/// Marks rows, pages and lists of them: their derive says them in bytes.
#[derive(Debug)]
pub struct ByCodec(());

/// What can be computed and kept in every store: what serde writes and reads, and what reads through managers give
/// (`Arc<M>`, `Arc<Vec<M>>`, `Option<Arc<M>>`, `Vec<Option<Arc<M>>>`). `By` says which of the two, and is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept as a computed value: derive `Clone, Serialize, Deserialize` for it, or keep it in this \
               process alone with `value_in_memory`",
    label = "neither serde nor a model's derive says it in bytes"
)]
pub trait Computable<By>: Clone + Send + Sync + 'static {
    /// Appends the value to `bytes`.
    #[doc(hidden)]
    fn say(&self, bytes: &mut Vec<u8>) -> Result<()>;

    /// Reads a value off the front of `bytes`.
    #[doc(hidden)]
    fn read(bytes: &mut &[u8]) -> Result<Self>;
}

impl<T: Cacheable + Clone> Computable<BySerde> for T {
    fn say(&self, bytes: &mut Vec<u8>) -> Result<()> {
        serial::write(self, bytes)
    }

    fn read(bytes: &mut &[u8]) -> Result<Self> {
        serial::read(bytes)
    }
}

macro_rules! computed_rows {
    ($($rows:ty: $say:expr, $read:expr;)*) => { $(
        impl<T: Encode> Computable<ByCodec> for $rows {
            fn say(&self, bytes: &mut Vec<u8>) -> Result<()> {
                let say: fn(&Self, &mut Vec<u8>) -> Result<()> = $say;
                say(self, bytes)
            }

            fn read(bytes: &mut &[u8]) -> Result<Self> {
                let read: fn(&mut &[u8]) -> Result<Self> = $read;
                read(bytes)
            }
        }
    )* };
}

computed_rows! {
    Arc<T>: |row, bytes| T::encode(row, bytes), |bytes| T::decode(bytes).map(Arc::new);
    Option<Arc<T>>: say_row, read_row;
    Vec<Arc<T>>: |rows, bytes| say_all(rows, bytes, |row, bytes| T::encode(row, bytes)),
        |bytes| read_all(bytes, |bytes| T::decode(bytes).map(Arc::new));
    Vec<Option<Arc<T>>>: |rows, bytes| say_all(rows, bytes, say_row), |bytes| read_all(bytes, read_row);
}

fn say_row<T: Encode>(row: &Option<Arc<T>>, bytes: &mut Vec<u8>) -> Result<()> {
    match row {
        // As serde says nothing at all.
        None => bytes.push(NIL),
        Some(row) => {
            bytes.push(SOME);
            T::encode(row, bytes)?;
        }
    }
    Ok(())
}

fn read_row<T: Encode>(bytes: &mut &[u8]) -> Result<Option<Arc<T>>> {
    let (first, rest) = bytes.split_first().ok_or_else(unreadable)?;
    *bytes = rest;
    match *first {
        NIL => Ok(None),
        SOME => T::decode(bytes).map(Arc::new).map(Some),
        _ => Err(unreadable()),
    }
}

fn say_all<R>(rows: &[R], bytes: &mut Vec<u8>, say: impl Fn(&R, &mut Vec<u8>) -> Result<()>) -> Result<()> {
    Encode::encode(&(rows.len() as u64), bytes)?;
    rows.iter().try_for_each(|row| say(row, bytes))
}

fn read_all<R>(bytes: &mut &[u8], read: impl Fn(&mut &[u8]) -> Result<R>) -> Result<Vec<R>> {
    let mut rows = Vec::new();
    // Room is made as rows come: the number may be a lie.
    for _ in 0..<u64 as Encode>::decode(bytes)? {
        if bytes.is_empty() {
            return Err(unreadable());
        }
        rows.push(read(bytes)?);
    }
    Ok(rows)
}

const NIL: u8 = 0xc0;
const SOME: u8 = 0xc3;

/// A computed value, and what it was stored under: a computation that finds it depends on the same.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub(super) value: T,
    pub(super) tokens: Vec<(Tag, Token)>,
    /// The same as a digest.
    pub(super) state: Fingerprint,
    /// When it ends without a write: a computation that finds it ends no later.
    pub(super) ends_at: Option<Timestamp>,
}

impl<T> Kept<T> {
    pub(super) fn new(value: T, tokens: Vec<(Tag, Token)>, ends_at: Option<Timestamp>) -> Self {
        let mut bytes = Vec::new();
        for (tag, token) in &tokens {
            tag.write(&mut bytes);
            bytes.extend(token.bits().to_le_bytes());
        }
        Self { value, tokens, state: Fingerprint::of(&[&bytes]), ends_at }
    }
}

impl<T: Send + Sync + 'static> Kept<T> {
    /// What was found; `None`: it is of another type.
    pub(super) fn of(value: Value) -> Option<Arc<Self>> {
        let Value::Shared(value) = value else { return None };
        value.downcast().ok()
    }
}

/// Says a value in bytes, behind those that there are.
type Say<T> = fn(&T, &mut Vec<u8>) -> Result<()>;

/// How values of a type are kept.
pub(super) struct Form<T> {
    /// `None`: in the memory of this process only.
    pub(super) codec: Option<Codec>,
    say: Option<Say<T>>,
    /// A digest of the type's name: one key has a value of each type.
    pub(super) kind: u64,
}

impl<T> Clone for Form<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Form<T> {}

impl<T: Clone + Send + Sync + 'static> Form<T> {
    /// In this process, as they are.
    pub(super) fn in_memory() -> Self {
        Self { codec: None, say: None, kind: name_of_type::<T>() }
    }

    /// In every store.
    pub(super) fn by<By: 'static>() -> Self
    where
        T: Computable<By>,
    {
        Self { codec: Some(Codec::of::<KeptBy<T, By>, ()>()), say: Some(T::say), kind: name_of_type::<T>() }
    }

    /// How large the value is, and whether it is nothing at all (`None`). The bytes are made in any case: they tell whether
    /// the value can be said in a store elsewhere.
    pub(super) fn measure(self, value: &T) -> Result<(usize, bool)> {
        let Some(say) = self.say else { return Ok((size_of::<T>(), false)) };
        let mut bytes = Vec::new();
        say(value, &mut bytes)?;
        Ok((bytes.len().max(size_of::<T>()), bytes == [NIL]))
    }
}

/// The value after its type, its end, and the tags and tokens that it was stored under.
///
/// Bytes of one type may be those of another: a key may be given to both, by one program or by two versions of it.
struct KeptBy<T, By>(PhantomData<fn() -> (T, By)>);

impl<T: Computable<By>, By: 'static> Encoding for KeptBy<T, By> {
    type Value = Kept<T>;

    fn encode(kept: &Kept<T>, bytes: &mut Vec<u8>) -> Result<()> {
        bytes.extend(name_of::<T>().as_bytes());
        bytes.extend(kept.ends_at.unwrap_or(Timestamp::NEVER).as_nanos().to_le_bytes());
        let count = u32::try_from(kept.tokens.len()).map_err(|_| unreadable())?;
        bytes.extend(count.to_le_bytes());
        for (tag, token) in &kept.tokens {
            tag.write(bytes);
            bytes.extend(token.bits().to_le_bytes());
        }
        kept.value.say(bytes)
    }

    fn decode(bytes: &mut &[u8]) -> Result<Kept<T>> {
        if take(bytes)? != *name_of::<T>().as_bytes() {
            return Err(Error::new(ErrorKind::Codec, "a computed value of another type"));
        }
        let ends_at = Timestamp::from_nanos(u64::from_le_bytes(take(bytes)?));
        let count = u32::from_le_bytes(take(bytes)?);
        let mut tokens = Vec::new();
        for _ in 0..count {
            let tag = Tag::read(bytes).ok_or_else(unreadable)?;
            tokens.push((tag, Token::from_bits(u64::from_le_bytes(take(bytes)?))));
        }
        Ok(Kept::new(T::read(bytes)?, tokens, Some(ends_at).filter(|ends_at| *ends_at != Timestamp::NEVER)))
    }
}

fn name_of<T>() -> Fingerprint {
    Fingerprint::of(&[type_name::<T>().as_bytes()])
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (own, rest) = bytes.split_first_chunk().ok_or_else(unreadable)?;
    *bytes = rest;
    Ok(*own)
}

fn unreadable() -> Error {
    Error::new(ErrorKind::Codec, "bytes that are no computed value")
}
