//! Models with a base query.

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::models::Maker;
use crate::schema::{makers, products};

#[diesel::dsl::auto_type]
fn lying() -> _ {
    products::table.filter(products::shelf.is_not_null())
}

/// With a function that gives its query.
#[derive(Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "lying", base_query = lying, unique(slug), scope(maker_id))]
#[cached(view(LyingPage, derive(Debug), select_related(maker: Maker)))]
pub struct Lying {
    id: i32,
    maker_id: i32,
    slug: String,
}

/// With the query of Diesel's attribute.
#[derive(Cached, Debug, HasQuery)]
#[diesel(table_name = products, base_query = products::table.inner_join(makers::table))]
#[cached(key = "made", unique(slug))]
pub struct Made {
    id: i32,
    slug: String,
    #[diesel(select_expression = makers::name)]
    maker: String,
}
