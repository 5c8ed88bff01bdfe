//! Embedded structs, keys inside of them, fields that a module stores and that a look-up names.
#![deny(warnings)]
#![allow(dead_code)]

use cache_diesel::prelude::*;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

diesel::table! {
    places (id) {
        id -> Integer,
        city -> Text,
        street -> Nullable<Text>,
        color -> Integer,
    }
}

#[derive(Queryable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = places)]
pub struct Address {
    city: String,
    street: Option<String>,
}

mod as_text {
    pub fn serialize<T: ToString, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub fn deserialize<'de, T: std::str::FromStr, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text: String = serde::Deserialize::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("no value"))
    }
}

#[derive(Queryable, Selectable, Cached)]
#[diesel(table_name = places)]
#[cached(unique(color), scope(color))]
pub struct Place {
    #[cached(with = as_text)]
    id: i32,
    #[diesel(embed)]
    address: Address,
    #[diesel(embed)]
    other: Option<Address>,
    #[cached(with = as_text)]
    color: i32,
}

mod inner {
    macro_rules! model {
        ($name:ident, $ty:ty) => {
            #[derive(diesel::prelude::Queryable, diesel::prelude::Selectable, cache_diesel::Cached)]
            #[diesel(table_name = super::places)]
            #[cached(key = "short")]
            pub struct $name {
                pub(super) id: $ty,
                pub(super) street: Option<String>,
            }
        };
    }
    model!(Short, i32);
}

fn main() {
    let _ = (Place::cached(), inner::Short::cached());
}
