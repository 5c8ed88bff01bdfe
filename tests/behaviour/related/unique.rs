//! Pages by a unique value of their row.

use cache_diesel::prelude::*;
use diesel::result::Error::NotFound;

use super::{Maker, makers};
use crate::database::Conn;
use crate::harness::Shop;
use crate::line::prelude::*;

diesel::table! {
    wares (id) {
        id -> Integer,
        maker_id -> Integer,
        code -> Text,
        title -> Text,
        shelf -> Integer,
        place -> Integer,
    }
}

diesel::table! {
    notes (id) {
        id -> Integer,
        ware_id -> Integer,
        body -> Text,
    }
}

diesel::joinable!(wares -> makers (maker_id));
diesel::joinable!(notes -> wares (ware_id));
diesel::allow_tables_to_appear_in_same_query!(wares, makers, notes);

#[derive(AsChangeset, Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Maker))]
#[cached(key = "ware", negative_timeout = 30, unique(code), unique(shelf, place))]
#[cached(view(WarePage, derive(Debug, PartialEq), select_related(maker: Maker), prefetch_related(notes: Note)))]
struct Ware {
    id: i32,
    maker_id: i32,
    code: String,
    title: String,
    shelf: i32,
    place: i32,
}

#[derive(Associations, Cached, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Ware))]
struct Note {
    id: i32,
    ware_id: i32,
    body: String,
}

const SCHEMA: &str = "
    CREATE TABLE makers (id INTEGER PRIMARY KEY NOT NULL, name TEXT NOT NULL);
    CREATE TABLE wares (
        id INTEGER PRIMARY KEY NOT NULL, maker_id INTEGER NOT NULL, code VARCHAR(20) NOT NULL UNIQUE, title TEXT NOT NULL,
        shelf INTEGER NOT NULL, place INTEGER NOT NULL, UNIQUE (shelf, place)
    );
    CREATE TABLE notes (id INTEGER PRIMARY KEY NOT NULL, ware_id INTEGER NOT NULL, body TEXT NOT NULL);
    INSERT INTO makers VALUES (1, 'Ada');
    INSERT INTO wares VALUES (1, 1, 'lamp', 'Lamp', 7, 1), (2, 1, 'torch', 'Torch', 7, 2), (3, 9, 'lost', 'Lost', 8, 1);
    INSERT INTO notes VALUES (10, 1, 'bright');";

fn shop() -> (Shop, Conn, Conn) {
    let shop = Shop::with_tables(SCHEMA);
    let (reader, writer) = (shop.conn(), shop.conn());
    (shop, reader, writer)
}

fn pages(shop: &Shop) -> WarePageManager {
    WarePage::cached_in(&shop.name)
}

/// Reads the page of the ware that is called `code`, which has to be what plain Diesel reads; the number of statements.
#[track_caller]
fn cost(shop: &Shop, conn: &mut Conn, code: &str) -> usize {
    let (count, page) = shop.counted(|| pages(shop).get_by_code(code).first(conn).optional().unwrap());
    let joined = wares::table.inner_join(makers::table).filter(wares::code.eq(code));
    let plain = joined.select(<(Ware, Maker)>::as_select()).first(conn).optional().unwrap();
    let plain = plain.map(|(ware, maker)| {
        let notes = Note::belonging_to(&ware).select(Note::as_select()).load(conn).unwrap();
        WarePage { ware, maker, notes }
    });
    assert_eq!(page.as_deref(), plain.as_ref(), "the cached page and plain Diesel differ");
    count
}

#[test]
fn a_page_is_read_by_a_unique_value_and_shared_with_its_key() {
    let (shop, mut conn, _) = shop();
    assert_eq!([(); 2].map(|()| cost(&shop, &mut conn, "lamp")), [2, 0]);
    assert_eq!(shop.counted(|| pages(&shop).get(1).first(&mut conn).unwrap().notes.len()), (0, 1));
    assert_eq!(shop.counted(|| pages(&shop).get_by_shelf_and_place(7, 1).first(&mut conn).unwrap().id), (2, 1));
    assert_eq!(shop.counted(|| pages(&shop).get_by_shelf_and_place(7, 1).first(&mut conn).unwrap().id), (0, 1));
}

#[test]
fn a_write_to_any_of_its_tables_ends_it_and_one_to_another_row_does_not() {
    let (shop, mut conn, mut writer) = shop();
    assert_eq!(["lamp", "torch"].map(|code| cost(&shop, &mut conn, code)), [2, 2]);
    diesel::update(wares::table.find(1)).set(wares::title.eq("New")).execute(&mut writer).unwrap();
    assert_eq!(["lamp", "torch"].map(|code| cost(&shop, &mut conn, code)), [2, 0]);
    let note = (notes::id.eq(11), notes::ware_id.eq(2), notes::body.eq("small"));
    diesel::insert_into(notes::table).values(note).execute(&mut writer).unwrap();
    assert_eq!(["lamp", "torch"].map(|code| cost(&shop, &mut conn, code)), [2, 2]);
    diesel::update(makers::table.find(1)).set(makers::name.eq("Eve")).execute(&mut writer).unwrap();
    assert_eq!(["lamp", "torch"].map(|code| cost(&shop, &mut conn, code)), [2, 2]);
    assert_eq!(["lamp", "torch"].map(|code| cost(&shop, &mut conn, code)), [0, 0]);
}

#[test]
fn a_value_that_moves_to_another_row_leads_there() {
    let (shop, mut conn, mut writer) = shop();
    assert_eq!(["lamp", "torch"].map(|code| cost(&shop, &mut conn, code)), [2, 2]);
    let row = Ware { id: 1, maker_id: 1, code: "old".into(), title: "Lamp".into(), shelf: 7, place: 1 };
    Ware::cached_in(&shop.name).save(&row).execute(&mut writer).unwrap();
    diesel::update(wares::table.find(2)).set(wares::code.eq("lamp")).execute(&mut writer).unwrap();
    for code in ["lamp", "torch", "old"] {
        cost(&shop, &mut conn, code);
    }
    diesel::delete(wares::table.find(2)).execute(&mut writer).unwrap();
    cost(&shop, &mut conn, "lamp");
}

#[test]
fn a_value_without_a_page_is_remembered_until_there_may_be_one() {
    let (shop, mut conn, mut writer) = shop();
    assert_eq!([(); 2].map(|()| cost(&shop, &mut conn, "none")), [1, 0]);
    assert_eq!([(); 2].map(|()| cost(&shop, &mut conn, "lost")), [1, 0], "its maker is missing");
    let maker = (makers::id.eq(9), makers::name.eq("Zoe"));
    diesel::insert_into(makers::table).values(maker).execute(&mut writer).unwrap();
    assert_eq!(cost(&shop, &mut conn, "lost"), 2);
    diesel::update(wares::table.find(1)).set(wares::code.eq("none")).execute(&mut writer).unwrap();
    assert_eq!(cost(&shop, &mut conn, "none"), 2);
    assert!(matches!(pages(&shop).get_by_code("lamp").require(&mut conn), Err(NotFound)));
}

crate::line::only_blocking! {
    #[test]
    fn it_is_read_from_a_pool_and_refreshed_as_others_are() {
        let (shop, mut conn, _) = shop();
        let read = || pages(&shop).get_by_code("lamp");
        assert_eq!(read().first_with(|| QueryResult::Ok(shop.conn())).unwrap().maker.id, 1);
        assert!(read().entry(&mut conn).unwrap().is_hit());
        assert!(!read().refresh().entry(&mut conn).unwrap().is_hit());
        assert!(!read().bypass().entry(&mut conn).unwrap().is_hit());
        assert_eq!(read().require_with(|| QueryResult::Ok(shop.conn())).unwrap().id, 1);
    }
}

crate::line::only_blocking! {
    #[test]
    fn a_page_by_a_unique_value_and_a_condition_is_read_by_its_query() {
        let (shop, mut conn, mut writer) = shop();
        let by = |name: &'static str| pages(&shop).get_by_code("lamp").filter(makers::name.eq(name));
        for expected in [2, 0] {
            assert_eq!(shop.counted(|| by("Ada").filter(wares::shelf.eq(7)).first(&mut conn).unwrap().id), (expected, 1));
        }
        assert!(by("Eve").first_with(|| QueryResult::Ok(shop.conn())).optional().unwrap().is_none());
        diesel::update(makers::table.find(1)).set(makers::name.eq("Eve")).execute(&mut writer).unwrap();
        assert_eq!(by("Eve").require(&mut conn).unwrap().notes.len(), 1);
        assert!(by("Ada").first(&mut conn).optional().unwrap().is_none());
    }
}
