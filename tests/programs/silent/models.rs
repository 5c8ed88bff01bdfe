//! Models with every option that fits, and with none.

use cache_diesel::prelude::*;
use cache_diesel::{NotFound, Saved};
use diesel::prelude::*;

use crate::schema::{makers, packers, parts, prizes, product_tags, products, tags};

/// What `require` fails with.
#[derive(Debug)]
#[non_exhaustive]
pub enum ShopError {
    /// The database failed.
    Database(diesel::result::Error),
    /// There is no such row.
    Missing(&'static str),
}

impl From<diesel::result::Error> for ShopError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<NotFound> for ShopError {
    fn from(missing: NotFound) -> Self {
        Self::Missing(missing.model)
    }
}

const fn saved(_: &Saved<Product>) {}

/// With every option that fits.
#[derive(AsChangeset, Associations, Cached, Clone, Debug, Identifiable, Insertable, Queryable, Selectable)]
#[diesel(table_name = products, belongs_to(Maker), treat_none_as_null = true)]
#[cached(key = "product", cache = "products", key_version = 2, max_rows = 1000, jitter = "10%", error = ShopError)]
#[cached(list_timeout = "1 hour", detail_timeout = 30, negative_timeout = "1 second", expires_at = valid_until)]
#[cached(relevance_timeout = 10, list_relevance_timeout = "1 minute", depends_on(makers), cascaded_by(Maker))]
#[cached(unique(slug, with = str::to_lowercase), unique(maker_id, shelf), unique(r#type), fixed(slug))]
#[cached(scope(maker_id), scope(maker_id, slug), scope(shelf, with = str::to_lowercase))]
#[cached(order_by = (slug.asc(), id, makers::name.desc()), after_save = saved, after_delete = saved)]
pub struct Product {
    id: i32,
    maker_id: i32,
    slug: String,
    shelf: Option<String>,
    valid_until: Option<i64>,
    r#type: String,
}

/// With nothing but what is needed.
#[derive(Cached, Debug, Identifiable, Queryable, Selectable)]
pub struct Maker {
    id: i32,
    name: String,
}

/// With public fields, and another path to the library.
#[derive(Cached, Debug, Identifiable, Queryable, Selectable)]
#[cached(crate = ::cache_diesel)]
pub struct Packer {
    /// The key.
    pub id: i32,
}

/// With a key of two columns, in memory only.
#[derive(Associations, Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(table_name = parts, primary_key(product_id, number), belongs_to(Product))]
#[cached(memory_only, unique(number), scope(product_id))]
pub struct Part {
    product_id: i32,
    number: i32,
}

/// What belongs to a row that is joined.
#[derive(Associations, Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(belongs_to(Maker))]
pub struct Prize {
    id: i32,
    maker_id: i32,
}

/// What is linked.
#[derive(Cached, Debug, Identifiable, Queryable, Selectable)]
pub struct Tag {
    id: i64,
    word: String,
}

/// The link.
#[derive(Associations, Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(belongs_to(Product), belongs_to(Tag), primary_key(product_id, tag_id))]
pub struct ProductTag {
    product_id: i32,
    tag_id: i64,
}
