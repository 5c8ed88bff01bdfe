//! Models whose fields are not what their columns are.

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::schema::products;

/// A number as text.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<T: ToString, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A part of a row.
#[derive(Clone, Debug, Queryable, Selectable, serde::Deserialize, serde::Serialize)]
#[diesel(table_name = products)]
pub struct Names {
    slug: String,
    r#type: String,
}

/// A part of a row with its key.
#[derive(Clone, Debug, Queryable, Selectable, serde::Deserialize, serde::Serialize)]
#[diesel(table_name = products)]
pub struct Identity {
    id: i32,
}

/// A text that has a type of its own.
#[derive(Clone, Debug, Eq, Hash, PartialEq, serde::Deserialize, serde::Serialize)]
pub struct Slug(String);

impl From<String> for Slug {
    fn from(slug: String) -> Self {
        Self(slug)
    }
}

/// With columns of other names and types, and a part that is embedded.
#[derive(Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(table_name = products, check_for_backend(diesel::sqlite::Sqlite))]
#[cached(key = "shaped", scope(maker_id), scope(shelf))]
pub struct Shaped {
    id: i32,
    #[diesel(column_name = maker_id)]
    #[cached(with = as_text)]
    maker: i32,
    #[diesel(column_name = shelf)]
    _place: Option<String>,
    #[diesel(column_name = slug, deserialize_as = String)]
    lower: Slug,
    #[diesel(embed)]
    names: Names,
    #[diesel(select_expression = products::id.gt(10), select_expression_type = diesel::dsl::Gt<products::id, i32>)]
    is_late: bool,
}

/// With its key in a part that is embedded.
#[derive(Cached, Debug, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "nested", primary_key = identity.id)]
pub struct Nested {
    #[diesel(embed)]
    identity: Identity,
    #[diesel(embed)]
    names: Names,
}
