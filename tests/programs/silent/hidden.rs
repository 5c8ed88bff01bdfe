//! Models that callers do not see, and that the crate itself hardly uses.

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::models::Maker;
use crate::schema::products;

/// Seen by the crate only.
#[derive(Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(key = "hidden", unique(slug), scope(maker_id), order_by = slug)]
#[cached(view(HiddenPage, derive(Debug), select_related(maker: Maker)))]
pub(crate) struct Hidden {
    pub(crate) id: i32,
    pub(crate) maker_id: i32,
    slug: String,
}

/// Seen by this file only, and used by nobody.
#[derive(Cached, Queryable)]
#[diesel(table_name = products)]
#[cached(key = "unread", unique(slug), scope(maker_id))]
struct Unread {
    #[diesel(column_name = id)]
    _id: i32,
    #[diesel(column_name = maker_id)]
    _maker_id: i32,
    #[diesel(column_name = slug)]
    _slug: String,
}
