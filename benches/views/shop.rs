//! A shop with a thousand products, and what plain Diesel does to read them with all that belongs to them.

use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! {
    products (id) {
        id -> Integer,
        category_id -> Integer,
        title -> Text,
        price_cents -> BigInt,
    }
}

diesel::table! {
    categories (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    reviews (id) {
        id -> Integer,
        product_id -> Integer,
        body -> Text,
    }
}

diesel::table! {
    product_tags (product_id, tag_id) {
        product_id -> Integer,
        tag_id -> Integer,
    }
}

diesel::table! {
    tags (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::joinable!(products -> categories (category_id));
diesel::joinable!(product_tags -> tags (tag_id));
diesel::allow_tables_to_appear_in_same_query!(products, categories, product_tags, reviews, tags);

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Category))]
#[cached(view(
    ProductPage,
    derive(Debug, PartialEq),
    select_related(category: Category),
    prefetch_related(reviews: Review, tags: Tag through ProductTag),
))]
pub struct Product {
    pub id: i32,
    pub category_id: i32,
    pub title: String,
    pub price_cents: i64,
}

#[derive(Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = categories)]
pub struct Category {
    pub id: i32,
    pub name: String,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Product))]
pub struct Review {
    pub id: i32,
    pub product_id: i32,
    pub body: String,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Product), belongs_to(Tag), primary_key(product_id, tag_id))]
pub struct ProductTag {
    pub product_id: i32,
    pub tag_id: i32,
}

#[derive(Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
pub struct Tag {
    pub id: i32,
    pub name: String,
}

/// A thousand products in fifty categories, with three reviews and two of twenty tags each.
pub fn schema() -> String {
    let count =
        |limit: i32| format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {limit})");
    format!(
        "CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         CREATE TABLE products (
             id INTEGER PRIMARY KEY, category_id INTEGER NOT NULL, title TEXT NOT NULL, price_cents BIGINT NOT NULL
         );
         CREATE TABLE reviews (id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL, body TEXT NOT NULL);
         CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         CREATE TABLE product_tags (
             product_id INTEGER NOT NULL, tag_id INTEGER NOT NULL, PRIMARY KEY (product_id, tag_id)
         );
         CREATE INDEX reviews_of ON reviews (product_id);
         {fifty} INSERT INTO categories SELECT i, 'Category ' || i FROM n;
         {twenty} INSERT INTO tags SELECT i, 'Tag ' || i FROM n;
         {thousand} INSERT INTO products SELECT i, 1 + i % 50, 'Product ' || i, i FROM n;
         {thousand} INSERT INTO reviews SELECT i * 3 + k, i, 'Review of ' || i FROM n, (SELECT 0 k UNION SELECT 1 UNION SELECT 2);
         {thousand} INSERT INTO product_tags SELECT i, 1 + (i + k) % 20 FROM n, (SELECT 0 k UNION SELECT 7);",
        fifty = count(50),
        twenty = count(20),
        thousand = count(1000),
    )
}

/// The three statements, and their rows put together as Diesel's guide does it.
pub fn by_hand(conn: &mut SqliteConnection) -> Vec<ProductPage> {
    let joined = products::table.inner_join(categories::table);
    let rows: Vec<(Product, Category)> =
        joined.select((Product::as_select(), Category::as_select())).load(conn).unwrap();
    let (products, categories): (Vec<Product>, Vec<Category>) = rows.into_iter().unzip();
    let reviews: Vec<Review> = Review::belonging_to(&products).select(Review::as_select()).load(conn).unwrap();
    let links = ProductTag::belonging_to(&products).inner_join(tags::table);
    let tags: Vec<(ProductTag, Tag)> = links.select((ProductTag::as_select(), Tag::as_select())).load(conn).unwrap();
    let reviews = reviews.grouped_by(&products);
    let tags = tags.grouped_by(&products);
    let related = categories.into_iter().zip(reviews).zip(tags);
    let page = |(product, ((category, reviews), tags)): (_, ((_, _), Vec<(ProductTag, Tag)>))| {
        let tags = tags.into_iter().map(|(_, tag)| tag).collect();
        ProductPage { product, category, reviews, tags }
    };
    products.into_iter().zip(related).map(page).collect()
}
