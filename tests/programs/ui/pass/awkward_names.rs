//! Fields and modules that are called as generated code might call its own.
#![deny(warnings)]
#![allow(non_camel_case_types, dead_code)]

use cache_diesel::prelude::*;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

diesel::table! {
    rows (id) {
        id -> Integer,
        bytes -> Binary,
        value -> Text,
        codec -> Nullable<Text>,
        row -> Integer,
        r#type -> Integer,
        encode -> Integer,
        decode -> Integer,
        __bytes -> Integer,
        __value -> Integer,
        __serializer -> Integer,
        result -> Nullable<Integer>,
        renamed -> Integer,
    }
}

diesel::table! {
    owners (id) {
        id -> Integer,
    }
}

diesel::joinable!(rows -> owners (row));
diesel::allow_tables_to_appear_in_same_query!(owners, rows);

pub struct Result;
pub struct Ok;
pub struct Some;
pub struct None;
pub struct Vec;
pub struct String;
pub struct Box;
pub struct Self_;
pub type u8 = ();
pub type bool = ();
pub type usize = ();
pub type str = ();
pub trait Encode {
    fn encode(&self) {}
    fn decode(&self) {}
    fn store(&self) {}
    fn restore(&self) {}
}
impl<T> Encode for T {}

#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Kind(i32);

pub mod r#mod {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &i32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(*number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        i32::deserialize(deserializer)
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = owners)]
pub struct Owner {
    id: i32,
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = rows)]
#[cached(view(RowPage, select_related(owner: Owner)))]
#[cached(unique(value), unique(r#type), unique(codec, __value), scope(row, __bytes), scope(result))]
pub struct Row {
    id: i32,
    bytes: std::vec::Vec<::core::primitive::u8>,
    value: std::string::String,
    codec: Option<std::string::String>,
    row: i32,
    #[cached(with = r#mod)]
    r#type: i32,
    #[cached(with = self::r#mod)]
    encode: i32,
    decode: i32,
    __bytes: i32,
    __value: i32,
    #[cached(with = crate::r#mod)]
    __serializer: i32,
    result: Option<i32>,
    #[diesel(column_name = renamed)]
    own: i32,
}

fn main() {
    let _ = Row::cached().get_by_value("x");
    let _ = Row::cached().get_by_type(1);
    let _ = RowPage::cached().all_by_result(core::option::Option::Some(1));
}
