//! `order_by`: the order of lists that are asked for without one.

use cache_diesel::prelude::*;

use crate::database::Conn;
use crate::harness::{Shop, list_cost};
use crate::line::prelude::*;

diesel::table! {
    songs (id) {
        id -> Integer,
        album_id -> Integer,
        track -> Integer,
        title -> Text,
    }
}

diesel::table! {
    albums (id) {
        id -> Integer,
        title -> Text,
    }
}

diesel::joinable!(songs -> albums (album_id));
diesel::allow_tables_to_appear_in_same_query!(songs, albums);

#[derive(Associations, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = songs, belongs_to(Album))]
#[cached(key = "song", scope(album_id), order_by = (track.desc(), title))]
#[cached(view(SongPage, derive(Clone, Debug, PartialEq), select_related(album: Album)))]
struct Song {
    id: i32,
    album_id: i32,
    track: i32,
    title: String,
}

/// Its order is one column, of another path.
#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[cached(key = "album", order_by = albums::title)]
struct Album {
    id: i32,
    title: String,
}

fn record() -> Shop {
    Shop::with_tables(
        "CREATE TABLE albums (id INTEGER PRIMARY KEY, title VARCHAR(255) NOT NULL);
         CREATE TABLE songs (id INTEGER PRIMARY KEY, album_id INTEGER NOT NULL, track INTEGER NOT NULL,
                             title VARCHAR(255) NOT NULL);
         INSERT INTO albums VALUES (1, 'Red'), (2, 'Blue');
         INSERT INTO songs VALUES (1, 1, 1, 'a'), (2, 1, 3, 'd'), (3, 1, 3, 'c'), (4, 2, 2, 'b');",
    )
}

/// The ids of a list, twice the same.
macro_rules! ids {
    ($shop:expr, $conn:expr, $read:expr) => {{
        assert_eq!([(); 2].map(|()| list_cost!($shop, $conn, $read)), [1, 0]);
        $read.load($conn).unwrap().iter().map(|row| row.id).collect::<Vec<i32>>()
    }};
}

#[test]
fn l5_lists_come_in_the_models_order() {
    let shop = record();
    let conn = &mut shop.conn();
    let songs = Song::cached_in(&shop.name);
    assert_eq!(ids!(shop, conn, songs.every()), [3, 2, 4, 1]);
    assert_eq!(ids!(shop, conn, songs.all("low", songs::track.lt(3))), [4, 1]);
    assert_eq!(ids!(shop, conn, songs.all_by_album_id(1)), [3, 2, 1]);
    assert_eq!(ids!(shop, conn, songs.every().filter(songs::track.eq(3))), [3, 2]);
    assert_eq!(ids!(shop, conn, Album::cached_in(&shop.name).every()), [2, 1]);
}

#[test]
fn l5_a_list_that_is_cut_is_cut_in_the_models_order() {
    let shop = record();
    let conn = &mut shop.conn();
    let songs = Song::cached_in(&shop.name);
    assert_eq!(ids!(shop, conn, songs.every().limit(2)), [3, 2]);
    assert_eq!(ids!(shop, conn, songs.every().limit(2).offset(1)), [2, 4]);
    assert_eq!(ids!(shop, conn, songs.every().limit(1).filter(songs::album_id.eq(2))), [4]);
    assert_eq!(songs.every().first(conn).unwrap().id, 3);
    assert_eq!(songs.all_by_album_id(2).first(conn).unwrap().id, 4);
    assert_eq!(songs.every().limit(9).entry(conn).unwrap().value[0].id, 3);
}

#[test]
fn l5_the_calls_order_goes_before_the_models() {
    let shop = record();
    let conn = &mut shop.conn();
    let songs = Song::cached_in(&shop.name);
    assert_eq!(ids!(shop, conn, songs.every().order_by(songs::title)), [1, 4, 3, 2]);
    assert_eq!(ids!(shop, conn, songs.every().limit(2).order_by(songs::id.desc())), [4, 3]);
    assert_eq!(ids!(shop, conn, songs.every().order_by(songs::track).then_order_by(songs::id)), [1, 4, 2, 3]);
    let albums = Album::cached_in(&shop.name);
    assert_eq!(ids!(shop, conn, albums.every().then_order_by(albums::id)), [2, 1]);
}

#[test]
fn l8_a_list_with_an_order_of_its_own_can_be_counted() {
    let shop = record();
    let conn = &mut shop.conn();
    let songs = Song::cached_in(&shop.name);
    let count = |conn: &mut Conn| songs.all_by_album_id(1).count(conn).unwrap();
    assert_eq!([(); 2].map(|()| shop.counted(|| count(conn))), [(1, 3), (0, 3)]);
    assert!(songs.all((), songs::track.eq(3)).exists(conn).unwrap());
    diesel::delete(songs::table.find(3)).execute(&mut shop.conn()).unwrap();
    assert_eq!(count(conn), 2);
}

#[test]
fn r1_the_lists_of_a_view_come_in_the_order_of_its_model() {
    let shop = record();
    let conn = &mut shop.conn();
    let pages = SongPage::cached_in(&shop.name);
    let ids = |pages: &[SongPage]| pages.iter().map(|page| page.song.id).collect::<Vec<i32>>();
    let read = |conn: &mut Conn| ids(&pages.every().load(conn).unwrap());
    assert_eq!([(); 2].map(|()| shop.counted(|| read(conn))), [(1, vec![3, 2, 4, 1]), (0, vec![3, 2, 4, 1])]);
    assert_eq!(ids(&pages.every().limit(1).load(conn).unwrap()), [3]);
    assert_eq!(ids(&pages.every().order_by(albums::title).then_order_by(songs::id).load(conn).unwrap()), [4, 1, 2, 3]);
    assert_eq!(pages.all_by_album_id(2).first(conn).unwrap().album.title, "Blue");
}
