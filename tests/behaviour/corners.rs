//! Places where the database does more than its statements say, or the text says less than it does.

use cache_diesel::Event;
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::{Integer, Text};

use crate::database::{CHECK_FOREIGN_KEYS, Conn, NOCASE, NUMBERED_KEY, insert_back};
use crate::harness::{Moment, Shop, once_at, products};
use crate::kept::{cache, cache_at, pass};
use crate::line::prelude::*;

diesel::table! { codes (code) { code -> Text, name -> Text, } }
diesel::table! { parents (id) { id -> Integer, code -> Text, } }
diesel::table! { children (id) { id -> Integer, parent_code -> Text, } }
diesel::table! { tens (id) { id -> Integer, shelf -> Integer, } }

fn tables() -> String {
    format!(
        "CREATE TABLE codes (code VARCHAR(255) {NOCASE} PRIMARY KEY NOT NULL, name TEXT NOT NULL);
         CREATE TABLE parents (id INTEGER PRIMARY KEY NOT NULL, code VARCHAR(255) NOT NULL UNIQUE);
         CREATE TABLE children (
             id INTEGER PRIMARY KEY NOT NULL,
             parent_code VARCHAR(255) NOT NULL REFERENCES parents (code) ON UPDATE CASCADE
         );
         CREATE TABLE tens (id {NUMBERED_KEY}, shelf INTEGER NOT NULL);
         INSERT INTO codes VALUES ('lamp', 'Lamp');
         INSERT INTO parents VALUES (1, 'x');
         INSERT INTO children VALUES (1, 'x');
         INSERT INTO tens VALUES (1, 7);"
    )
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = codes, primary_key(code))]
#[cached(negative_timeout = 30)]
struct Code {
    code: String,
    name: String,
}

#[derive(AsChangeset, Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = parents)]
struct Parent {
    id: i32,
    code: String,
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = children)]
#[cached(cascaded_by(Parent))]
struct Child {
    id: i32,
    parent_code: String,
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = tens)]
#[cached(scope(shelf))]
struct Ten {
    id: i32,
    #[diesel(select_expression = sql::<Integer>("shelf * 10"), select_expression_type = SqlLiteral<Integer>)]
    shelf: i32,
}

fn set_up() -> (Shop, Conn) {
    let shop = Shop::with_tables(&tables());
    let mut conn = shop.conn();
    conn.batch_execute(CHECK_FOREIGN_KEYS).unwrap();
    (shop, conn)
}

#[test]
fn d14_keys_in_other_letters_find_their_rows_together_as_they_do_alone() {
    let (shop, mut conn) = set_up();
    let codes = Code::cached_in(&shop.name);
    for _ in 0..2 {
        let rows = codes.get_many(["LAMP", "lamp", "none"]).load(&mut conn).unwrap();
        let names: Vec<_> = rows.iter().map(|row| row.as_ref().map(|row| row.name.as_str())).collect();
        assert_eq!(names, [Some("Lamp"), Some("Lamp"), None]);
        assert_eq!(codes.get("LAMP").first(&mut conn).unwrap().name, "Lamp");
    }
    let (count, rows) = shop.counted(|| codes.get_many(["lamp", "none"]).load(&mut conn).unwrap());
    assert_eq!((count, rows.len()), (0, 2));
}

#[test]
fn a_foreign_key_to_a_unique_column_goes_with_a_save() {
    let (shop, mut conn) = set_up();
    let children = Child::cached_in(&shop.name);
    assert_eq!(children.get(1).first(&mut conn).unwrap().parent_code, "x");
    Parent::cached_in(&shop.name).save(&Parent { id: 1, code: "y".into() }).execute(&mut conn).unwrap();
    assert_eq!(children.get(1).first(&mut conn).unwrap().parent_code, "y");
}

#[test]
fn a_scope_whose_field_is_computed_is_left_by_no_insert() {
    let (shop, mut conn) = set_up();
    let tens = Ten::cached_in(&shop.name);
    assert_eq!(tens.all_by_shelf(7).load(&mut conn).unwrap().len(), 1);
    insert_back!(tens, (tens::id.eq(2), tens::shelf.eq(7)), &mut conn).unwrap();
    assert_eq!(tens.all_by_shelf(7).load(&mut conn).unwrap().len(), 2);
}

#[test]
fn a_row_that_is_cleared_while_its_slug_is_looked_up_is_not_kept() {
    let (shop, mut writer) = set_up();
    let mut hidden = shop.untracked();
    let (cached, name) = (shop.products(), shop.name.clone());
    // When the statement of the look-up ends, somebody writes past the tracker and clears by hand.
    let mut reader = shop.conn_with(once_at(Moment::Finish, "SELECT", move || {
        diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut hidden).unwrap();
        crate::harness::Product::cached_in(&name).clear_detail(1).unwrap();
    }));
    cached.get_by_slug("lamp").first(&mut reader).unwrap();
    assert_eq!(cached.get(1).first(&mut writer).unwrap().title, "New");
}

#[test]
fn a_wait_without_end_is_no_overflow() {
    let shop = Shop::with(cache().flight_wait(std::time::Duration::MAX));
    let readers: Vec<_> = (0..4).map(|_| shop.conn()).collect();
    std::thread::scope(|scope| {
        for mut conn in readers {
            let cached = shop.products();
            scope.spawn(move || assert_eq!(cached.every().load(&mut conn).unwrap().len(), 3));
        }
    });
}

#[test]
fn a_listener_may_read_what_is_not_cached() {
    let shop = Shop::new();
    let (name, url) = (shop.name.clone(), shop.url());
    shop.cache.listen("reader", move |event| {
        let Event::Missed { .. } = event else { return };
        let mut conn = Conn::establish(&url).unwrap();
        assert_eq!(crate::harness::Product::cached_in(&name).get(2).refresh().first(&mut conn).unwrap().id, 2);
    });
    let mut conn = shop.conn();
    assert_eq!(shop.products().get(1).first(&mut conn).unwrap().id, 1);
    assert_eq!(shop.cache.listener_panic_count(), 0);
}

/// Text that SQLite would take for a number, and the other way round, are keys of their own.
#[test]
fn k6_a_text_key_of_digits_is_not_the_number() {
    let (shop, mut conn) = set_up();
    let codes = Code::cached_in(&shop.name);
    diesel::insert_into(codes::table).values((codes::code.eq("1"), codes::name.eq("One"))).execute(&mut conn).unwrap();
    let plain: String = codes::table.find("1").select(sql::<Text>("name")).first(&mut conn).unwrap();
    assert_eq!(codes.get("1").first(&mut conn).unwrap().name, plain);
    assert!(codes.get("01").first(&mut conn).optional().unwrap().is_none());
}

/// One SQL table under two keys, as two programs that share a crate may see it.
mod two_keys {
    use super::*;

    mod by_id {
        diesel::table! { items (id) { id -> Integer, ext -> Integer, title -> Text, } }
    }

    mod by_ext {
        diesel::table! { items (ext) { id -> Integer, ext -> Integer, title -> Text, } }
    }

    #[derive(AsChangeset, Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = by_id::items)]
    #[cached(key = "by id", negative_timeout = 30)]
    struct ById {
        id: i32,
        ext: i32,
        title: String,
    }

    #[derive(AsChangeset, Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = by_ext::items, primary_key(ext))]
    #[cached(key = "by ext", negative_timeout = 30)]
    struct ByExt {
        id: i32,
        ext: i32,
        title: String,
    }

    #[test]
    fn r12_a_write_under_one_key_is_seen_under_the_other() {
        let shop = Shop::with_tables(
            "CREATE TABLE items (id INTEGER NOT NULL UNIQUE, ext INTEGER NOT NULL UNIQUE, title TEXT NOT NULL);
             INSERT INTO items VALUES (1, 100, 'old');",
        );
        let mut conn = shop.conn();
        let (ids, exts) = (ById::cached_in(&shop.name), ByExt::cached_in(&shop.name));
        assert_eq!(ids.get(1).first(&mut conn).unwrap().title, "old");
        exts.save(&ByExt { id: 1, ext: 100, title: "new".into() }).execute(&mut conn).unwrap();
        assert_eq!(ids.get(1).first(&mut conn).unwrap().title, "new");
        assert!(ids.get(2).first(&mut conn).optional().unwrap().is_none());
        exts.save(&ByExt { id: 2, ext: 100, title: "moved".into() }).execute(&mut conn).unwrap();
        assert_eq!(ids.get(2).first(&mut conn).unwrap().title, "moved");
        assert!(ids.get(1).first(&mut conn).optional().unwrap().is_none());
        exts.delete(100).execute(&mut conn).unwrap();
        assert!(ids.get(2).first(&mut conn).optional().unwrap().is_none());
    }
}

#[test]
fn what_a_transaction_wrote_before_its_tracker_was_taken_away_is_not_kept_for_long() {
    let clock = cache_diesel::ManualClock::new();
    let shop = Shop::with(cache_at(&clock));
    let (mut writer, mut reader) = (shop.conn(), shop.conn());
    writer
        .transaction(|writer| {
            diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(writer)?;
            writer.set_instrumentation(|_: diesel::connection::InstrumentationEvent<'_>| {});
            assert_eq!(shop.products().get(1).first(&mut reader)?.title, "Lamp");
            QueryResult::Ok(())
        })
        .unwrap();
    pass(&clock, std::time::Duration::from_secs(10));
    assert_eq!(shop.products().get(1).first(&mut reader).unwrap().title, "New");
}
