#![deny(warnings, missing_docs, unused, clippy::pedantic)]
//! Views of every shape, in code that denies what it can.

use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    /// Products.
    products (id) {
        /// The key.
        id -> Integer,
        /// What it is in.
        category_id -> Integer,
        /// Who made it.
        maker_id -> Nullable<Integer>,
    }
}

diesel::table! {
    /// Categories.
    categories (id) {
        /// The key.
        id -> Integer,
    }
}

diesel::table! {
    /// Reviews.
    reviews (id) {
        /// The key.
        id -> Integer,
        /// What they are of.
        product_id -> Integer,
    }
}

diesel::table! {
    /// Links.
    product_tags (product_id, tag_id) {
        /// The one side.
        product_id -> Integer,
        /// The other side.
        tag_id -> BigInt,
    }
}

diesel::table! {
    /// Tags.
    tags (id) {
        /// The key.
        id -> BigInt,
        /// Its name.
        r#type -> Text,
    }
}

diesel::joinable!(products -> categories (category_id));
diesel::joinable!(product_tags -> tags (tag_id));
diesel::allow_tables_to_appear_in_same_query!(products, categories, product_tags, reviews, tags);

mod elsewhere {
    use cache_diesel::prelude::*;
    use diesel::prelude::*;

    #[derive(Cached, Identifiable, Queryable, Selectable)]
    #[diesel(table_name = super::categories)]
    pub struct Category {
        pub id: i32,
    }
}

/// A row.
#[derive(Cached, Identifiable, Queryable, Selectable)]
#[cached(view(
    ProductPage,
    select_related(category: elsewhere::Category),
    prefetch_related(
        reviews: Review,
        r#type: Tag through ProductTag order_by(tags::r#type.desc(), tags::id),
        pairs: (Tag, ProductTag),
    ),
))]
#[cached(view(ProductCard, derive(::core::fmt::Debug, PartialEq,), prefetch_related(brief: ReviewId), prefetch_for_list = false))]
#[cached(view(ProductLine, prefetch_related(of: Review)), scope(category_id))]
pub struct Product {
    id: i32,
    category_id: i32,
    maker_id: Option<i32>,
}

impl core::fmt::Debug for Product {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{} {} {:?}", self.id, self.category_id, self.maker_id)
    }
}

impl PartialEq for Product {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// A row.
#[derive(Associations, Cached, Identifiable, Queryable, Selectable)]
#[diesel(belongs_to(Product))]
pub struct Review {
    id: i32,
    product_id: i32,
}

/// The same row, or a part of it.
#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Product), table_name = reviews)]
pub struct ReviewId {
    id: i32,
    product_id: i32,
}

/// A link.
#[derive(Associations, Cached, Identifiable, Queryable, Selectable)]
#[diesel(belongs_to(Product), belongs_to(Tag), primary_key(product_id, tag_id))]
pub struct ProductTag {
    product_id: i32,
    tag_id: i64,
}

/// A row.
#[derive(Cached, Identifiable, Queryable, Selectable)]
pub struct Tag {
    id: i64,
    r#type: String,
}

fn titles(page: &ProductPage) -> Vec<&str> {
    let _ = (page.maker_id, page.category.id, page.product.id, page.reviews.first().map(|review| review.product_id));
    let _ = page.pairs.first().map(|(tag, link)| (tag.id, link.product_id, link.tag_id));
    page.r#type.iter().map(|tag| tag.r#type.as_str()).collect()
}

fn main() {
    let manager: ProductPageManager = ProductPage::cached();
    let read = |conn: &mut SqliteConnection| -> QueryResult<Vec<String>> {
        let page = manager.get(1).first(conn)?;
        let lines = ProductLine::cached().all_by_category_id(1).order_by(products::id).load(conn)?;
        let _ = lines.iter().map(|line| line.of.iter().map(|review| review.id).count()).max();
        let cards: std::sync::Arc<Vec<ProductCardRow>> = ProductCard::cached().every().load(conn)?;
        let brief = ProductCard::cached().get(cards[0].id).first(conn)?.brief.iter().map(|row| (row.id, row.product_id)).count();
        Ok(titles(&page).into_iter().map(|title| format!("{title} {brief}")).collect())
    };
    let _ = (read, ProductCard::cached_in("other"), manager.name());
}
