//! `base_query`: rows are read by a query of the model's own, which hides some of them.

mod joined;
mod named;
mod shapes;
mod writes;

use cache_diesel::prelude::*;
use diesel::dsl::auto_type;
use diesel::result::Error;

use crate::database::Conn;
use crate::harness::{Shop, list_cost};
use crate::line::prelude::*;

diesel::table! {
    notes (id) {
        id -> Integer,
        author_id -> Integer,
        slug -> Text,
        title -> Text,
        is_deleted -> Bool,
    }
}

diesel::table! {
    authors (id) {
        id -> Integer,
        name -> Text,
        is_banned -> Bool,
    }
}

diesel::table! {
    tags (id) {
        id -> Integer,
        name -> Text,
        is_hidden -> Bool,
    }
}

diesel::table! {
    note_tags (note_id, tag_id) {
        note_id -> Integer,
        tag_id -> Integer,
    }
}

diesel::joinable!(notes -> authors (author_id));
diesel::joinable!(note_tags -> notes (note_id));
diesel::joinable!(note_tags -> tags (tag_id));
diesel::allow_tables_to_appear_in_same_query!(authors, note_tags, notes, tags);

#[auto_type]
fn kept() -> _ {
    notes::table.filter(notes::is_deleted.eq(false))
}

/// Notes that are not deleted.
#[derive(
    AsChangeset, Associations, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable,
)]
#[diesel(table_name = notes, belongs_to(Author))]
#[cached(key = "note", base_query = kept, negative_timeout = 30, unique(slug), scope(author_id))]
#[cached(view(NotePage, derive(Clone, Debug, PartialEq), negative_timeout = 30, select_related(author: Author)))]
#[cached(view(TaggedNote, derive(Clone, Debug, PartialEq),
              prefetch_related(tags: Tag through NoteTag order_by(tags::id))))]
struct Note {
    id: i32,
    author_id: i32,
    slug: String,
    title: String,
    is_deleted: bool,
}

/// Authors with their notes that are not deleted.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = authors)]
#[cached(key = "author", negative_timeout = 30)]
#[cached(view(AuthorPage, derive(Clone, Debug, PartialEq), prefetch_related(notes: Note order_by(notes::id))))]
struct Author {
    id: i32,
    name: String,
    is_banned: bool,
}

#[auto_type]
fn shown_tags() -> _ {
    tags::table.filter(tags::is_hidden.eq(false))
}

#[derive(Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = tags)]
#[cached(key = "tag", base_query = shown_tags)]
struct Tag {
    id: i32,
    name: String,
}

#[derive(Associations, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = note_tags, primary_key(note_id, tag_id), belongs_to(Note), belongs_to(Tag))]
#[cached(key = "note tag")]
struct NoteTag {
    note_id: i32,
    tag_id: i32,
}

/// The number of statements of a cached list of the model, which has to be what its own query gives past the cache.
macro_rules! selected_cost {
    ($shop:expr, $conn:expr, $model:ty, $read:expr) => {
        $shop.cost(
            $conn,
            |conn| $read.load(conn).unwrap(),
            |conn| crate::line::prelude::RunQueryDsl::load($read.query().select(<$model>::as_select()), conn).unwrap(),
        )
    };
}
use selected_cost;

fn with_notes() -> Shop {
    Shop::with_tables(TABLES)
}

const TABLES: &str = "
    CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL, is_banned BOOLEAN NOT NULL);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL, slug VARCHAR(255) NOT NULL,
                        title VARCHAR(255) NOT NULL, is_deleted BOOLEAN NOT NULL);
    CREATE TABLE tags (id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL, is_hidden BOOLEAN NOT NULL);
    CREATE TABLE note_tags (note_id INTEGER NOT NULL, tag_id INTEGER NOT NULL, PRIMARY KEY (note_id, tag_id));
    INSERT INTO tags VALUES (1, 'red', FALSE), (2, 'blue', TRUE);
    INSERT INTO note_tags VALUES (1, 1), (1, 2), (3, 2);
    INSERT INTO authors VALUES (1, 'Ann', FALSE), (2, 'Bob', TRUE);
    INSERT INTO notes VALUES (1, 1, 'a', 'A', FALSE), (2, 1, 'b', 'B', TRUE), (3, 2, 'c', 'C', FALSE), (4, 2, 'd', 'D', TRUE);";

fn note(id: i32, author_id: i32, slug: &str, is_deleted: bool) -> Note {
    Note { id, author_id, slug: slug.into(), title: slug.to_uppercase(), is_deleted }
}

const IDS: [i32; 6] = [1, 2, 3, 4, 5, 6];
const SLUGS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Reads every note in every way, through the cache and past it. Gives the statements of the first.
#[track_caller]
fn cost(shop: &Shop, conn: &mut Conn) -> usize {
    let rows = IDS.iter().map(|id| row_cost(shop, conn, *id)).sum::<usize>();
    let slugs = SLUGS.iter().map(|slug| slug_cost(shop, conn, slug)).sum::<usize>();
    rows + slugs + lists_cost(shop, conn) + many_cost(shop, conn)
}

#[track_caller]
fn row_cost(shop: &Shop, conn: &mut Conn, id: i32) -> usize {
    let plain = |conn: &mut Conn| kept().filter(notes::id.eq(id)).first::<Note>(conn);
    shop.cost(conn, |conn| Note::cached_in(&shop.name).get(id).first(conn), plain)
}

#[track_caller]
fn slug_cost(shop: &Shop, conn: &mut Conn, slug: &str) -> usize {
    let plain = |conn: &mut Conn| kept().filter(notes::slug.eq(slug)).first::<Note>(conn);
    shop.cost(conn, |conn| Note::cached_in(&shop.name).get_by_slug(slug).first(conn), plain)
}

#[track_caller]
fn many_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let plain = |conn: &mut Conn| {
        let find = |id: i32| kept().filter(notes::id.eq(id)).first::<Note>(conn).optional().unwrap();
        IDS.map(find).to_vec()
    };
    shop.cost(conn, |conn| Note::cached_in(&shop.name).get_many(IDS).load(conn).unwrap(), plain)
}

#[track_caller]
fn lists_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = Note::cached_in(&shop.name);
    let lists = list_cost!(shop, conn, manager.every().order_by(notes::id))
        + list_cost!(shop, conn, manager.all("low", notes::id.lt(4)).order_by(notes::id.desc()));
    let of = |conn: &mut Conn, author: i32| {
        list_cost!(shop, conn, manager.all_by_author_id(author).order_by(notes::id))
            + shop.cost(
                conn,
                |conn| manager.all_by_author_id(author).count(conn).unwrap(),
                |conn| kept().filter(notes::author_id.eq(author)).count().get_result(conn).unwrap(),
            )
    };
    let scopes: usize = [1, 2, 3].map(|author| of(conn, author)).iter().sum();
    let exists = shop.cost(
        conn,
        |conn| manager.all((), notes::slug.eq("b")).exists(conn).unwrap(),
        |conn| diesel::select(diesel::dsl::exists(kept().filter(notes::slug.eq("b")))).get_result(conn).unwrap(),
    );
    lists + scopes + exists
}

#[test]
fn every_read_goes_by_the_base_query() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    assert!(cost(&shop, conn) > 0);
    assert_eq!(cost(&shop, conn), 0);
    let notes = Note::cached_in(&shop.name);
    let ids: Vec<i32> = notes.every().order_by(notes::id).load(conn).unwrap().iter().map(|note| note.id).collect();
    assert_eq!(ids, [1, 3]);
    assert_eq!(notes.get(2).first(conn).unwrap_err(), Error::NotFound);
    assert_eq!(notes.get_by_slug("b").first(conn).unwrap_err(), Error::NotFound);
    assert_eq!(notes.get(1).filter(notes::title.eq("A")).first(conn).unwrap().slug, "a");
    assert_eq!(notes.get(2).filter(notes::title.eq("B")).first(conn).unwrap_err(), Error::NotFound);
    assert_eq!(notes.all_by_author_id(1).count(conn).unwrap(), 1);
    assert_eq!(notes.every().order_by(notes::id.desc()).first(conn).unwrap().id, 3);
}

#[test]
fn a_plain_query_goes_by_the_base_query() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    let notes = Note::cached_in(&shop.name);
    assert_eq!(notes.every().query().count().get_result::<i64>(conn).unwrap(), 2);
    assert_eq!(notes.get(2).query().first::<Note>(conn).unwrap_err(), Error::NotFound);
    assert_eq!(notes.get(2).filter(notes::id.gt(0)).query().first::<Note>(conn).unwrap_err(), Error::NotFound);
}

crate::line::only_blocking! {
    #[test]
    fn a_connection_is_taken_on_a_miss_only() {
        let shop = with_notes();
        let notes = Note::cached_in(&shop.name);
        let take = || -> QueryResult<Conn> { Ok(shop.conn()) };
        assert_eq!(notes.get(3).first_with(take).unwrap().slug, "c");
        assert_eq!(notes.get_by_slug("d").first_with(take).unwrap_err(), Error::NotFound);
        assert_eq!(notes.every().load_with(take).unwrap().len(), 2);
    }
}

#[test]
fn a_row_by_its_value_is_the_row_by_its_key() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    assert_eq!([slug_cost(&shop, conn, "c"), row_cost(&shop, conn, 3)], [1, 0]);
    assert_eq!([row_cost(&shop, conn, 1), slug_cost(&shop, conn, "a"), slug_cost(&shop, conn, "a")], [1, 1, 0]);
}

#[test]
fn a_hidden_row_is_remembered_as_absent() {
    let shop = with_notes();
    let conn = &mut shop.conn();
    assert_eq!([(); 3].map(|()| row_cost(&shop, conn, 2)), [1, 0, 0]);
    assert_eq!([(); 3].map(|()| slug_cost(&shop, conn, "b")), [1, 0, 0]);
    assert_eq!(row_cost(&shop, conn, 4), 1);
    assert_eq!([(); 2].map(|()| many_cost(&shop, conn)), [1, 0]);
}
