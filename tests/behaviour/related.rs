//! Views: rows with joined and prefetched ones, and every table that they depend on.

mod many;
mod memory_only;
mod pages;
mod random;
mod shapes;
mod spelled;
mod stale;
mod unique;

use cache_diesel::prelude::*;

use crate::database::Conn;
use crate::harness::Shop;
use crate::line::prelude::*;

diesel::table! {
    makers (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    goods (id) {
        id -> Integer,
        maker_id -> Integer,
        packer_id -> Nullable<Integer>,
        shelf -> Integer,
        title -> Text,
    }
}

diesel::table! {
    packers (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    reviews (id) {
        id -> Integer,
        good_id -> Nullable<Integer>,
        stars -> Integer,
    }
}

diesel::table! {
    labels (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    good_labels (good_id, label_id) {
        good_id -> Integer,
        label_id -> Integer,
        place -> Integer,
    }
}

diesel::joinable!(goods -> makers (maker_id));
diesel::joinable!(goods -> packers (packer_id));
diesel::joinable!(reviews -> goods (good_id));
diesel::joinable!(good_labels -> goods (good_id));
diesel::joinable!(good_labels -> labels (label_id));
diesel::allow_tables_to_appear_in_same_query!(goods, makers, packers, reviews, labels, good_labels);

/// No model here has `Clone` or serde.
#[derive(Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
pub struct Maker {
    pub id: i32,
    pub name: String,
}

#[derive(Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
pub struct Packer {
    pub id: i32,
    pub name: String,
}

#[derive(AsChangeset, Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = goods, belongs_to(Maker), treat_none_as_null = true)]
#[cached(key = "good", negative_timeout = 30, scope(shelf))]
#[cached(view(
    GoodPage,
    derive(Debug, PartialEq),
    select_related(maker: Maker, packer: Option<Packer>),
    prefetch_related(
        reviews: Review order_by(reviews::stars.desc(), reviews::id),
        labels: Label through GoodLabel order_by(good_labels::place),
    ),
))]
pub struct Good {
    pub id: i32,
    pub maker_id: i32,
    pub packer_id: Option<i32>,
    pub shelf: i32,
    pub title: String,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Good))]
pub struct Review {
    pub id: i32,
    pub good_id: Option<i32>,
    pub stars: i32,
}

#[derive(Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
pub struct Label {
    pub id: i32,
    pub name: String,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = good_labels, primary_key(good_id, label_id), belongs_to(Good), belongs_to(Label))]
pub struct GoodLabel {
    pub good_id: i32,
    pub label_id: i32,
    pub place: i32,
}

pub const SCHEMA: &str = "
    CREATE TABLE makers (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
    CREATE TABLE packers (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
    CREATE TABLE goods (
        id INTEGER PRIMARY KEY NOT NULL, maker_id INTEGER NOT NULL, packer_id INTEGER, shelf INTEGER NOT NULL,
        title TEXT NOT NULL
    );
    CREATE TABLE reviews (id INTEGER PRIMARY KEY NOT NULL, good_id INTEGER, stars INTEGER NOT NULL);
    CREATE TABLE labels (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
    CREATE TABLE good_labels (
        good_id INTEGER NOT NULL, label_id INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (good_id, label_id)
    );
    INSERT INTO makers VALUES (1, 'Ada'), (2, 'Bo');
    INSERT INTO packers VALUES (5, 'Box');
    INSERT INTO goods VALUES (10, 1, 5, 7, 'Lamp'), (11, 1, NULL, 7, 'Torch'), (12, 2, NULL, 8, 'Table');
    INSERT INTO reviews VALUES (100, 10, 3), (101, 10, 5), (102, 12, 1), (103, NULL, 2);
    INSERT INTO labels VALUES (20, 'new'), (21, 'red');
    INSERT INTO good_labels VALUES (10, 20, 2), (10, 21, 1), (11, 20, 1);";

/// A shop with goods, and a connection that reads and one that writes.
pub fn shop() -> (Shop, Conn, Conn) {
    let shop = Shop::with_tables(SCHEMA);
    let (reader, writer) = (shop.conn(), shop.conn());
    (shop, reader, writer)
}

pub fn pages(shop: &Shop) -> GoodPageManager {
    GoodPage::cached_in(&shop.name)
}

/// What plain Diesel reads: all pages, in the order of their rows.
fn plain_pages(conn: &mut Conn) -> Vec<GoodPage> {
    type Row = (Good, Maker, Option<Packer>);
    let joined = goods::table.inner_join(makers::table).left_join(packers::table).order(goods::id);
    let rows: Vec<Row> = joined.select(Row::as_select()).load(conn).unwrap();
    rows.into_iter().map(|(good, maker, packer)| plain_page(good, maker, packer, conn)).collect()
}

fn plain_page(good: Good, maker: Maker, packer: Option<Packer>, conn: &mut Conn) -> GoodPage {
    let reviews = Review::belonging_to(&good).order((reviews::stars.desc(), reviews::id)).load(conn).unwrap();
    let links = GoodLabel::belonging_to(&good).inner_join(labels::table).order(good_labels::place);
    let labels = links.select(Label::as_select()).load(conn).unwrap();
    GoodPage { good, maker, packer, reviews, labels }
}

/// Reads all lists and pages, each of which has to be what plain Diesel reads; the number of statements.
#[track_caller]
fn cost(shop: &Shop, conn: &mut Conn) -> usize {
    let plain = plain_pages(conn);
    let by_id = || pages(shop).every().order_by(goods::id);
    let (mut count, list) = shop.counted(|| by_id().load(conn).unwrap());
    assert_eq!(*list, plain, "the cached list and plain Diesel differ");
    for id in 10..=13 {
        let expected = plain.iter().find(|page| page.id == id);
        let (cost, page) = shop.counted(|| pages(shop).get(id).first(conn).optional().unwrap());
        assert_eq!(page.as_deref(), expected, "the cached page and plain Diesel differ");
        count += cost;
    }
    let (cost, shelf) = shop.counted(|| pages(shop).all_by_shelf(7).order_by(goods::id).load(conn).unwrap());
    assert!(shelf.iter().eq(plain.iter().filter(|page| page.shelf == 7)));
    count + cost
}
