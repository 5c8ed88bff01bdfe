//! What is read before and after each statement: every kind of cached read, views among them.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;

use crate::database::{AFTER_FIRST_PRODUCTS, Conn};
use crate::harness::{Category, Product, Shop, categories, list_cost, products};
use crate::line::prelude::*;

diesel::table! {
    offers (id) {
        id -> Integer,
        title -> Text,
    }
}

diesel::table! {
    remarks (id) {
        id -> Integer,
        body -> Text,
    }
}

/// A view of the database.
#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[cached(depends_on(Product), negative_timeout = 30)]
pub struct Offer {
    pub id: i32,
    pub title: String,
}

/// A table that no statement is about.
#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[cached(negative_timeout = 30)]
pub struct Remark {
    pub id: i32,
    pub body: String,
}

/// A product with its category.
#[derive(Associations, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = products, belongs_to(Category), belongs_to(Shelf, foreign_key = category_id))]
#[cached(key = "unusual shown", negative_timeout = 30)]
#[cached(view(ShownPage, derive(Clone, Debug, PartialEq), negative_timeout = 30, select_related(category: Category)))]
pub struct Shown {
    pub id: i32,
    pub category_id: i32,
    pub title: String,
}

/// A category with its products.
#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = categories)]
#[cached(key = "unusual shelf", negative_timeout = 30)]
#[cached(view(ShelfPage, derive(Clone, Debug, PartialEq), prefetch_related(shown: Shown order_by(products::id))))]
pub struct Shelf {
    pub id: i32,
    pub name: String,
}

/// What the shop has besides.
pub const SCHEMA: &str = "
    CREATE TABLE remarks (id INTEGER PRIMARY KEY NOT NULL, body VARCHAR(40) NOT NULL);
    INSERT INTO remarks VALUES (1, 'one');
    CREATE VIEW offers AS SELECT id, title FROM products WHERE price_cents < 5000;";

/// Reads in every way there is; each answer has to be the database's. Gives the statements of the cached reads.
pub fn everything(shop: &Shop, conn: &mut Conn) -> usize {
    let pages: usize = [1, 4].iter().map(|id| page(shop, conn, *id)).sum();
    shop.read_everything(conn) + pages + shelves(shop, conn) + offers(shop, conn) + unrelated(shop, conn)
}

/// Reads the table that no statement is about.
pub fn unrelated(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = Remark::cached_in(&shop.name);
    let row = |id: i32| move |conn: &mut Conn| remarks::table.find(id).first::<Remark>(conn);
    let rows: usize = [1, 2].map(|id| shop.cost(conn, |conn| manager.get(id).first(conn), row(id))).iter().sum();
    rows + list_cost!(shop, conn, manager.every())
}

fn page(shop: &Shop, conn: &mut Conn, id: i32) -> usize {
    let (cost, read) = shop.counted(|| ShownPage::cached_in(&shop.name).get(id).first(conn));
    let joined = products::table.inner_join(categories::table).filter(products::id.eq(id));
    let plain = joined.select((products::title, categories::name)).first::<(String, String)>(conn);
    assert_eq!(read.map(|page| (page.title.clone(), page.category.name.clone())), plain);
    cost
}

fn shelves(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = ShelfPage::cached_in(&shop.name);
    let (cost, read) = shop.counted(|| manager.every().order_by(categories::id).load(conn).unwrap());
    let shelves = categories::table.order(categories::id).load::<Category>(conn).unwrap();
    let plain = shelves.into_iter().map(|shelf| {
        let shown = products::table.filter(products::category_id.eq(shelf.id)).order(products::id);
        (shelf.name, shown.select(Shown::as_select()).load(conn).unwrap())
    });
    let read = read.iter().map(|page| (page.name.clone(), page.shown.iter().map(Shown::clone).collect()));
    assert_eq!(read.collect::<Vec<(String, Vec<Shown>)>>(), plain.collect::<Vec<_>>());
    cost
}

fn offers(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = Offer::cached_in(&shop.name);
    let row = |conn: &mut Conn| offers::table.find(1).first::<Offer>(conn);
    shop.cost(conn, |conn| manager.get(1).first(conn), row)
        + list_cost!(shop, conn, manager.every().order_by(offers::id))
}

/// Every row of the tables that statements are about.
pub fn rows(conn: &mut Conn) -> (Vec<Product>, Vec<Category>) {
    let products = products::table.order(products::id).load(conn).unwrap();
    (products, categories::table.order(categories::id).load(conn).unwrap())
}

/// Puts the rows in the place of what there is.
pub fn put_back(conn: &mut Conn, (rows, shelves): (Vec<Product>, Vec<Category>)) {
    diesel::delete(products::table).execute(conn).unwrap();
    diesel::delete(categories::table).execute(conn).unwrap();
    diesel::insert_into(products::table).values(&rows).execute(conn).unwrap();
    diesel::insert_into(categories::table).values(&shelves).execute(conn).unwrap();
    if !AFTER_FIRST_PRODUCTS.is_empty() {
        conn.batch_execute(AFTER_FIRST_PRODUCTS).unwrap();
    }
}
