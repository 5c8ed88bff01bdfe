//! Fields that can be stored, a field that a module stores, and a struct that is kept in memory only.
#![deny(warnings)]

use cache_diesel::prelude::*;
use serde::{Deserialize, Serialize};

diesel::table! {
    paints (id) {
        id -> Integer,
        name -> Text,
        color -> Integer,
        shade -> Nullable<Integer>,
    }
}

#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Color(i32);

#[derive(Deserialize, Serialize)]
pub struct Shade(i32);

pub mod color {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Color;

    pub fn serialize<S: Serializer>(color: &Color, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(color.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Color, D::Error> {
        i32::deserialize(deserializer).map(Color)
    }
}

#[derive(Cached)]
#[diesel(table_name = paints)]
#[cached(key = "paint")]
pub struct Paint {
    pub id: i32,
    pub name: String,
    #[cached(with = crate::color)]
    pub color: Color,
    pub shade: Option<Shade>,
}

#[derive(Cached)]
#[diesel(table_name = paints)]
#[cached(memory_only, key = "opaque")]
pub struct Opaque {
    pub id: i32,
    pub color: Color,
}

fn main() {
    let _ = (Paint::cached(), Opaque::cached());
}
