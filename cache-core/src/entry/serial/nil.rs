//! Decides whether a value would be read as another one: MessagePack writes `None`, `()` and JSON's `null` alike, so
//! that `Some` of one of them comes back as `None`. It is also the first to go into a value, and goes no deeper than
//! anything could be read.

use core::fmt::Display;

use serde::de::value::Error;
use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::extent::DEEPEST;

/// Fails if there is a `Some` of nothing anywhere in `value`, or if it is nested too deep to be looked at.
pub(super) fn check<T: Serialize + ?Sized>(value: &T) -> Result<(), Error> {
    value.serialize(Check { left: MOST_STEPS }).map(drop)
}

/// One level of what is read has at most a sequence, a variant, an `Option` and a wrapper.
const MOST_STEPS: usize = 4 * DEEPEST;

/// Goes over a value and writes nothing; the answer for each part: whether it is written as nothing.
#[derive(Clone, Copy)]
struct Check {
    /// How many steps further into the value are allowed.
    left: usize,
}

impl Check {
    fn look_into<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, Error> {
        let left = self.left.checked_sub(1).ok_or_else(|| Error::custom("nested too deep"))?;
        value.serialize(Self { left })
    }
}

macro_rules! something {
    ($($method:ident($value:ty),)*) => { $(
        fn $method(self, _: $value) -> Result<bool, Error> {
            Ok(false)
        }
    )* };
}

macro_rules! compound {
    ($($method:ident($($argument:ty),*),)*) => { $(
        fn $method(self, $(_: $argument),*) -> Result<Self, Error> {
            Ok(self)
        }
    )* };
}

impl Serializer for Check {
    type Ok = bool;
    type Error = Error;
    type SerializeMap = Self;
    type SerializeSeq = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;

    something! {
        serialize_bool(bool), serialize_bytes(&[u8]), serialize_char(char), serialize_f32(f32), serialize_f64(f64),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_str(&str), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
        serialize_u128(u128), serialize_unit_struct(&'static str),
    }

    compound! {
        serialize_map(Option<usize>),
        serialize_seq(Option<usize>),
        serialize_struct(&'static str, usize),
        serialize_struct_variant(&'static str, u32, &'static str, usize),
        serialize_tuple(usize),
        serialize_tuple_struct(&'static str, usize),
        serialize_tuple_variant(&'static str, u32, &'static str, usize),
    }

    fn serialize_none(self) -> Result<bool, Error> {
        Ok(true)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, Error> {
        if self.look_into(value)? { Err(Error::custom("`Some` of what is written as nothing")) } else { Ok(false) }
    }

    fn serialize_unit(self) -> Result<bool, Error> {
        Ok(true)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<bool, Error> {
        Ok(false)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<bool, Error> {
        self.look_into(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<bool, Error> {
        self.look_into(value).map(|_| false)
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<bool, Error> {
        Ok(false)
    }

    fn is_human_readable(&self) -> bool {
        true
    }
}

macro_rules! elements {
    ($($compound:ident: $method:ident,)*) => { $(
        impl $compound for Check {
            type Ok = bool;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.look_into(value).map(drop)
            }

            fn end(self) -> Result<bool, Error> {
                Ok(false)
            }
        }
    )* };
}

elements! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

macro_rules! fields {
    ($($compound:ident),*) => { $(
        impl $compound for Check {
            type Ok = bool;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Error> {
                self.look_into(value).map(drop)
            }

            fn end(self) -> Result<bool, Error> {
                Ok(false)
            }
        }
    )* };
}

fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Check {
    type Ok = bool;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.look_into(key).map(drop)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.look_into(value).map(drop)
    }

    fn end(self) -> Result<bool, Error> {
        Ok(false)
    }
}
