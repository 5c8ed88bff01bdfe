//! Views of every form.

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::models::{Maker, Packer, Prize, Tag};
use crate::schema::{parts, prizes, product_tags, products, tags};

/// With views of every form.
#[derive(Associations, Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(table_name = products, belongs_to(Maker))]
#[cached(key = "good", scope(maker_id), order_by = slug)]
#[cached(view(
    GoodPage,
    key = "good page",
    list_timeout = "1 hour",
    detail_timeout = 30,
    negative_timeout = 10,
    relevance_timeout = 5,
    derive(Debug),
    select_related(maker: Maker, packer: Option<Packer>),
    prefetch_related(
        parts: GoodPart order_by(parts::number.desc(), parts::product_id),
        prizes: Prize of maker order_by(prizes::id),
        tags: Tag through GoodTag order_by(tags::word),
        pairs: (Tag, GoodTag),
    ),
))]
#[cached(view(GoodCard, derive(Debug), prefetch_related(parts: GoodPart), prefetch_for_list = false))]
#[cached(view(GoodLine, derive(Debug), select_related(maker: Maker)))]
pub struct Good {
    id: i32,
    maker_id: i32,
    slug: String,
}

/// What belongs to it.
#[derive(Associations, Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(table_name = parts, primary_key(product_id, number), belongs_to(Good, foreign_key = product_id))]
#[cached(key = "good part")]
pub struct GoodPart {
    product_id: i32,
    number: i32,
}

/// The link to its words.
#[derive(Associations, Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(table_name = product_tags, primary_key(product_id, tag_id))]
#[diesel(belongs_to(Good, foreign_key = product_id), belongs_to(Tag))]
#[cached(key = "good tag")]
pub struct GoodTag {
    product_id: i32,
    tag_id: i64,
}
