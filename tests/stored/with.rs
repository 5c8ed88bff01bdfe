//! Fields whose types serde does not know are stored by a module; a struct whose fields cannot be is kept in memory.

use cache_diesel::CachedModel;
use cache_diesel::prelude::*;

use crate::columns::{bytes_of, row_of};

diesel::table! {
    paints (id) { id -> Integer, color -> Integer, second -> Nullable<Integer>, }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Color(u8, u8, u8);

mod color {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Color;

    pub(super) fn serialize<S: Serializer>(color: &Color, serializer: S) -> Result<S::Ok, S::Error> {
        (color.0, color.1, color.2).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Color, D::Error> {
        <(u8, u8, u8)>::deserialize(deserializer).map(|(red, green, blue)| Color(red, green, blue))
    }

    pub(super) mod maybe {
        use super::*;

        pub(crate) fn serialize<S: Serializer>(color: &Option<Color>, serializer: S) -> Result<S::Ok, S::Error> {
            color.as_ref().map(|color| (color.0, color.1, color.2)).serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Color>, D::Error> {
            let color = Option::<(u8, u8, u8)>::deserialize(deserializer)?;
            Ok(color.map(|(red, green, blue)| Color(red, green, blue)))
        }
    }
}

#[derive(Cached, Debug, PartialEq)]
#[diesel(table_name = paints)]
#[cached(key = "paint")]
struct Paint {
    id: i32,
    #[cached(with = color)]
    color: Color,
    #[cached(with = color::maybe)]
    second: Option<Color>,
}

#[derive(Cached)]
#[diesel(table_name = paints)]
#[cached(key = "opaque", memory_only)]
struct Opaque {
    id: i32,
    color: Color,
}

#[test]
fn fields_are_stored_by_their_module() {
    for second in [None, Some(Color(255, 0, 1))] {
        let paint = || Paint { id: 1, color: Color(1, 2, 3), second: second.clone() };
        assert_eq!(*row_of::<Paint>(&bytes_of(paint())).unwrap(), paint());
    }
}

#[test]
fn models_of_memory_have_no_codec() {
    assert!(Opaque::CODECS.is_none());
}
