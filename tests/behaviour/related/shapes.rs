//! Views of every shape: of parts, of pairs, of joined rows, of rows with several keys, of the same table.

use std::sync::Arc;

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;

use crate::database::{CHECK_FOREIGN_KEYS, Conn};
use crate::harness::Shop;
use crate::line::prelude::*;

diesel::table! {
    authors (id) {
        id -> Integer,
        mentor_id -> Nullable<Integer>,
        name -> Text,
    }
}

diesel::table! {
    volumes (author_id, number) {
        author_id -> Integer,
        number -> Integer,
        title -> Text,
    }
}

diesel::table! {
    awards (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    prizes (author_id, award_id) {
        author_id -> Integer,
        award_id -> Integer,
        year -> Integer,
    }
}

diesel::joinable!(volumes -> authors (author_id));
diesel::joinable!(prizes -> awards (award_id));
diesel::allow_tables_to_appear_in_same_query!(authors, awards, volumes, prizes);

/// Two views of one model; the first one is of its own table twice.
#[derive(Associations, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Author, foreign_key = mentor_id))]
#[cached(cascaded_by(Author))]
#[cached(view(Mentor, derive(Clone, Debug, PartialEq), prefetch_related(pupils: Author order_by(authors::id))))]
#[cached(view(
    Shelf,
    derive(Debug),
    key = "shelf",
    list_timeout = "1 hour",
    detail_timeout = 5,
    negative_timeout = 30,
    prefetch_for_list = false,
    prefetch_related(volumes: Volume order_by(volumes::number.desc()), prizes: (Award, Prize) order_by(prizes::year.asc())),
))]
pub struct Author {
    pub id: i32,
    pub mentor_id: Option<i32>,
    pub name: String,
}

/// A key of two columns, and rows that belong to the joined one.
#[derive(Associations, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(primary_key(author_id, number), belongs_to(Author))]
#[cached(cascaded_by(authors))]
#[cached(view(
    VolumePage,
    derive(Debug),
    select_related(author: Author),
    prefetch_related(
        others: Volume of author order_by(volumes::number),
        prizes: Award through Prize of author order_by(prizes::year.desc()),
    ),
))]
pub struct Volume {
    pub author_id: i32,
    pub number: i32,
    pub title: String,
}

#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
pub struct Award {
    pub id: i32,
    pub name: String,
}

#[derive(Associations, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(primary_key(author_id, award_id), belongs_to(Author), belongs_to(Award))]
pub struct Prize {
    pub author_id: i32,
    pub award_id: i32,
    pub year: i32,
}

const SCHEMA: &str = "
    CREATE TABLE authors (
        id INTEGER PRIMARY KEY NOT NULL, mentor_id INTEGER, name TEXT NOT NULL,
        FOREIGN KEY (mentor_id) REFERENCES authors (id) ON DELETE CASCADE
    );
    CREATE TABLE volumes (
        author_id INTEGER NOT NULL, number INTEGER NOT NULL, title TEXT NOT NULL, PRIMARY KEY (author_id, number),
        FOREIGN KEY (author_id) REFERENCES authors (id) ON DELETE CASCADE
    );
    CREATE TABLE awards (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
    CREATE TABLE prizes (
        author_id INTEGER NOT NULL, award_id INTEGER NOT NULL, year INTEGER NOT NULL, PRIMARY KEY (author_id, award_id)
    );
    INSERT INTO authors VALUES (1, NULL, 'Ada'), (2, 1, 'Bo'), (3, 1, 'Cy'), (4, 2, 'Di');
    INSERT INTO volumes VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, 'c');
    INSERT INTO awards VALUES (50, 'Gold'), (51, 'Tin');
    INSERT INTO prizes VALUES (1, 50, 1999), (1, 51, 1990), (2, 50, 2001);";

fn shop() -> (Shop, Conn, Conn) {
    let shop = Shop::with_tables(SCHEMA);
    let (reader, mut writer) = (shop.conn(), shop.conn());
    writer.batch_execute(CHECK_FOREIGN_KEYS).unwrap();
    (shop, reader, writer)
}

fn ids(authors: &[Author]) -> Vec<i32> {
    authors.iter().map(|author| author.id).collect()
}

#[test]
fn r3_lists_without_what_is_prefetched_leave_it_to_pages() {
    let (shop, mut conn, mut writer) = shop();
    let shelves = Shelf::cached_in(&shop.name);
    for expected in [1, 0] {
        let (count, list) = shop.counted(|| shelves.every().load(&mut conn).unwrap());
        let rows: &Vec<ShelfRow> = &list;
        assert_eq!((count, rows.len()), (expected, 4));
        assert!(rows.iter().any(|row| row.name == "Ada" && row.author.id == 1));
    }
    for expected in [3, 0] {
        let (count, shelf) = shop.counted(|| shelves.get(1).first(&mut conn).unwrap());
        assert_eq!((count, shelf.volumes.len(), shelf.prizes.len()), (expected, 2, 2));
    }
    // Nothing in the list is of this table.
    diesel::delete(volumes::table.find((1, 1))).execute(&mut writer).unwrap();
    assert_eq!(shop.counted(|| shelves.every().load(&mut conn).unwrap().len()), (0, 4));
    assert_eq!(shelves.get(1).first(&mut conn).unwrap().volumes.len(), 1);
}

#[test]
fn m4_a_pair_shows_the_columns_of_the_link() {
    let (shop, mut conn, mut writer) = shop();
    let shelves = Shelf::cached_in(&shop.name);
    let years = |conn: &mut Conn| -> Vec<(String, i32)> {
        let shelf = shelves.get(1).first(conn).unwrap();
        shelf.prizes.iter().map(|(award, prize)| (award.name.clone(), prize.year)).collect()
    };
    assert_eq!(years(&mut conn), [("Tin".into(), 1990), ("Gold".into(), 1999)]);
    diesel::update(prizes::table.find((1, 51))).set(prizes::year.eq(2020)).execute(&mut writer).unwrap();
    assert_eq!(years(&mut conn), [("Gold".into(), 1999), ("Tin".into(), 2020)]);
    diesel::update(awards::table.find(51)).set(awards::name.eq("Lead")).execute(&mut writer).unwrap();
    assert_eq!(years(&mut conn)[1], ("Lead".into(), 2020));
}

#[test]
fn rows_of_the_same_table_are_followed() {
    let (shop, mut conn, mut writer) = shop();
    let mentors = Mentor::cached_in(&shop.name);
    let pupils = |id: i32, conn: &mut Conn| ids(&mentors.get(id).first(conn).unwrap().pupils);
    assert_eq!(pupils(1, &mut conn), [2, 3]);
    assert_eq!(shop.counted(|| pupils(1, &mut conn)), (0, vec![2, 3]));
    diesel::update(authors::table.find(3)).set(authors::mentor_id.eq(2)).execute(&mut writer).unwrap();
    assert_eq!((pupils(1, &mut conn), pupils(2, &mut conn)), (vec![2], vec![3, 4]));
    let all = mentors.every().order_by(authors::id).load(&mut conn).unwrap();
    assert_eq!(all.iter().map(|page| ids(&page.pupils)).collect::<Vec<_>>(), [vec![2], vec![3, 4], vec![], vec![]]);
}

#[test]
fn deletes_by_cascade_are_seen() {
    let (shop, mut conn, mut writer) = shop();
    let (mentors, volumes) = (Mentor::cached_in(&shop.name), VolumePage::cached_in(&shop.name));
    let read = |conn: &mut Conn| {
        let pupils = mentors.get(1).first(conn).unwrap().pupils.len();
        let book = volumes.get((2, 1)).first(conn).optional().unwrap();
        (pupils, book.is_some(), volumes.every().load(conn).unwrap().len())
    };
    assert_eq!(read(&mut conn), (2, true, 3));
    assert_eq!(shop.counted(|| read(&mut conn)), (0, (2, true, 3)));
    diesel::delete(authors::table.find(2)).execute(&mut writer).unwrap();
    assert_eq!(read(&mut conn), (1, false, 2));
}

#[test]
fn r5_rows_that_belong_to_a_joined_one_are_shared_and_seen() {
    let (shop, mut conn, mut writer) = shop();
    let pages = VolumePage::cached_in(&shop.name);
    let load = |conn: &mut Conn| pages.every().order_by((volumes::author_id, volumes::number)).load(conn).unwrap();
    for expected in [3, 0] {
        let (count, list) = shop.counted(|| load(&mut conn));
        assert_eq!((count, list.len()), (expected, 3));
        // From bytes each page comes with rows of its own.
        assert!(expected == 0 || Arc::ptr_eq(&list[0].others, &list[1].others));
        assert_eq!(list[0].others.iter().map(|book| book.number).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((list[2].others.len(), list[2].prizes.len(), list[0].prizes[0].name.as_str()), (1, 1, "Gold"));
    }
    for expected in [3, 0] {
        let (count, page) = shop.counted(|| pages.get((1, 2)).first(&mut conn).unwrap());
        assert_eq!((count, page.author.name.as_str(), page.others.len()), (expected, "Ada", 2));
    }
    diesel::update(volumes::table.find((2, 1))).set(volumes::author_id.eq(3)).execute(&mut writer).unwrap();
    assert_eq!(load(&mut conn)[2].author.name, "Cy");
    let new = (volumes::author_id.eq(1), volumes::number.eq(3), volumes::title.eq("d"));
    diesel::insert_into(volumes::table).values(new).execute(&mut writer).unwrap();
    assert_eq!(pages.get((1, 2)).first(&mut conn).unwrap().others.len(), 3);
    assert_eq!(pages.get_many([(1, 1), (9, 9)]).load(&mut conn).unwrap()[0].as_ref().unwrap().others.len(), 3);
}

#[test]
fn views_of_one_model_have_entries_and_options_of_their_own() {
    let (shop, mut conn, mut writer) = shop();
    let (mentors, shelves) = (Mentor::cached_in(&shop.name), Shelf::cached_in(&shop.name));
    assert_eq!((mentors.name(), shelves.name()), ("authors:Mentor", "shelf"));
    assert_eq!(Mentor::clone(&*mentors.get(2).first(&mut conn).unwrap()).name, "Bo");
    assert!(!shelves.get(2).entry(&mut conn).unwrap().is_hit());
    let life = |entry: &cache_diesel::CachedEntry<Arc<Shelf>>| {
        entry.hard_deadline().unwrap().duration_since(entry.created_at().unwrap()).unwrap().as_secs()
    };
    assert_eq!(life(&shelves.get(1).entry(&mut conn).unwrap()), 5);
    // Only one of them remembers what is absent.
    for (expected, absent) in [(1, 1), (1, 0)] {
        assert_eq!(shop.counted(|| mentors.get(99).first(&mut conn).is_err()), (expected, true));
        assert_eq!(shop.counted(|| shelves.get(99).first(&mut conn).is_err()), (absent, true));
    }
    let new = (authors::id.eq(99), authors::name.eq("New"));
    diesel::insert_into(authors::table).values(new).execute(&mut writer).unwrap();
    assert_eq!(shelves.get(99).first(&mut conn).unwrap().name, "New");
}
