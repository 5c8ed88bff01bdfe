//! Unique look-ups and scopes: what leads to a row, and what moves under them.

use std::sync::Arc;

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::database::{Conn, NOCASE, NUMBERED_KEY, insert_back};
use crate::harness::{Shop, products, rows_with};
use crate::line::prelude::*;

diesel::table! {
    notes (id) {
        id -> Integer,
        author_id -> Nullable<Integer>,
        code -> Nullable<Text>,
        lang -> Text,
        page -> Integer,
    }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = notes, treat_none_as_null = true)]
#[expect(clippy::duplicated_attributes, reason = "a column may be part of two look-ups")]
#[cached(negative_timeout = 30, unique(code), unique(lang, page), scope(author_id), scope(author_id, lang))]
struct Note {
    id: i32,
    author_id: Option<i32>,
    code: Option<String>,
    lang: String,
    page: i32,
}

diesel::table! {
    words (id) {
        id -> Integer,
        word -> Text,
        topic -> Text,
    }
}

/// `word` and `topic` are compared without regard to case.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = words)]
#[cached(negative_timeout = 30, unique(word), scope(topic))]
struct Word {
    id: i32,
    word: String,
    topic: String,
}

const NOTES: &str = "
    CREATE TABLE notes (id INTEGER PRIMARY KEY, author_id INT, code TEXT, lang TEXT NOT NULL, page INT NOT NULL);
    INSERT INTO notes VALUES (1, 5, 'a', 'en', 1), (2, NULL, '', 'en', 2), (3, 5, NULL, 'de', 1);";

fn words() -> String {
    format!(
        "CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR(255) {NOCASE} NOT NULL,
             topic VARCHAR(255) {NOCASE} NOT NULL);
         INSERT INTO words VALUES (1, 'lamp', 'Light'), (2, 'table', 'WOOD');"
    )
}

/// Every look-up of the notes, each beside its plain query.
#[track_caller]
fn notes_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = Note::cached_in(&shop.name);
    let mut cost = 0;
    for code in [None, Some(""), Some("a"), Some("b")] {
        let plain = || rows_with!(notes, code, code).order(notes::id);
        cost += shop.cost(
            conn,
            |conn| manager.get_by_code(code.map(str::to_owned)).first(conn),
            |conn| plain().first::<Note>(conn),
        );
    }
    for (lang, page) in [("en", 1), ("en", 2), ("de", 1), ("de", 2)] {
        let plain = || notes::table.filter(notes::lang.eq(lang)).filter(notes::page.eq(page));
        let read = manager.get_by_lang_and_page(lang, page);
        cost += shop.cost(conn, |conn| read.first(conn), |conn| plain().first::<Note>(conn));
    }
    for author in [None, Some(5), Some(6)] {
        let plain = || rows_with!(notes, author_id, author);
        let read = manager.all_by_author_id(author);
        cost += shop.cost(conn, |conn| read.load(conn), |conn| plain().load::<Note>(conn));
        let read = manager.all_by_author_id_and_lang(author, "en");
        let plain = || plain().filter(notes::lang.eq("en"));
        cost += shop.cost(conn, |conn| read.load(conn), |conn| plain().load::<Note>(conn));
    }
    cost
}

#[track_caller]
fn words_cost(shop: &Shop, conn: &mut Conn) -> usize {
    let manager = Word::cached_in(&shop.name);
    let mut cost = 0;
    for word in ["lamp", "LAMP", "Lamp", "table", "chair", "Chair"] {
        let plain = || words::table.filter(words::word.eq(word));
        cost += shop.cost(conn, |conn| manager.get_by_word(word).first(conn), |conn| plain().first::<Word>(conn));
    }
    for topic in ["Light", "light", "wood"] {
        let plain = || words::table.filter(words::topic.eq(topic));
        cost += shop.cost(conn, |conn| manager.all_by_topic(topic).load(conn), |conn| plain().load::<Word>(conn));
    }
    cost
}

#[test]
fn d7_a_row_found_by_a_unique_value_is_stored_under_its_key() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    assert_eq!([(); 2].map(|()| shop.slug_cost(&mut conn, "lamp")), [1, 0]);
    assert_eq!(shop.row_cost(&mut conn, 1), 0);
}

#[test]
fn d9_both_the_old_and_the_new_value_follow_a_change() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    diesel::update(products::table.find(1)).set(products::slug.eq("new")).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.products().get_by_slug("lamp").first(&mut conn), Err(Error::NotFound));
    assert_eq!(shop.products().get_by_slug("new").first(&mut conn).unwrap().id, 1);
    shop.read_everything(&mut conn);
}

#[test]
fn d9_values_that_rows_exchange_lead_to_the_other_row() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let exchange = "UPDATE products SET slug = 'x' WHERE id = 1; UPDATE products SET slug = 'lamp' WHERE id = 2;
                    UPDATE products SET slug = 'torch' WHERE id = 1;";
    shop.conn().batch_execute(exchange).unwrap();
    assert_eq!(shop.products().get_by_slug("lamp").first(&mut conn).unwrap().id, 2);
    assert_eq!(shop.products().get_by_slug("torch").first(&mut conn).unwrap().id, 1);
    shop.read_everything(&mut conn);
}

#[test]
fn d9_a_value_saved_through_the_manager_leads_to_its_new_row() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let rename = |id: i32, slug: &str| {
        let mut row = shop.products().get(id).first(&mut shop.conn()).unwrap();
        Arc::make_mut(&mut row).slug = slug.into();
        shop.products().save(&row).execute(&mut shop.conn()).unwrap();
        row
    };
    rename(1, "other");
    shop.read_everything(&mut conn);
    rename(2, "lamp");
    assert_eq!(shop.products().get_by_slug("lamp").first(&mut conn).unwrap().id, 2);
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn a_row_that_moves_leaves_one_scope_and_joins_the_other() {
    for save in [true, false] {
        let shop = Shop::new();
        let mut conn = shop.warm();
        let mut row = shop.products().get(1).first(&mut conn).unwrap();
        Arc::make_mut(&mut row).category_id = 8;
        if save {
            shop.products().save(&row).execute(&mut shop.conn()).unwrap();
        } else {
            diesel::update(products::table.find(1)).set(&*row).execute(&mut shop.conn()).unwrap();
        }
        let sizes = [7, 8].map(|shelf| shop.products().all_by_category_id(shelf).load(&mut conn).unwrap().len());
        assert_eq!(sizes, [1, 2]);
        shop.read_everything(&mut conn);
    }
}

#[test]
fn a_filter_on_a_scope_is_part_of_its_name() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let light = || shop.products().all_by_category_id(7);
    for expected in [1, 0] {
        let active = || light().filter(products::is_active.eq(true));
        let one = || light().order_by(products::id.desc()).limit(1);
        assert_eq!(shop.shelf_cost(&mut conn, 7), expected);
        assert_eq!(crate::harness::list_cost!(shop, &mut conn, active()), expected);
        assert_eq!(crate::harness::list_cost!(shop, &mut conn, one()), expected);
        let (count, number) = shop.counted(|| active().count(&mut conn).unwrap());
        assert_eq!((count, number), (expected, 1));
    }
}

#[test]
fn d17_null_and_the_empty_string_are_two_values() {
    let shop = Shop::with_tables(NOTES);
    let mut conn = shop.conn();
    assert!(notes_cost(&shop, &mut conn) > 0);
    assert_eq!(notes_cost(&shop, &mut conn), 0);
    let manager = Note::cached_in(&shop.name);
    assert_eq!(manager.get_by_code(None::<String>).first(&mut conn).unwrap().id, 3);
    assert_eq!(manager.get_by_code("").first(&mut conn).unwrap().id, 2);
}

#[test]
fn nullable_and_compound_look_ups_follow_every_write() {
    let writes = [
        "UPDATE notes SET author_id = NULL WHERE id = 1",
        "UPDATE notes SET author_id = 6, lang = 'de', page = 2 WHERE id = 2",
        "UPDATE notes SET code = 'b' WHERE id = 3",
        "UPDATE notes SET code = 'c' WHERE id = 1",
        "INSERT INTO notes VALUES (4, NULL, 'b', 'de', 2)",
        "DELETE FROM notes WHERE author_id = 5",
    ];
    for write in writes {
        let shop = Shop::with_tables(NOTES);
        let mut conn = shop.conn();
        notes_cost(&shop, &mut conn);
        shop.conn().batch_execute(write).unwrap();
        notes_cost(&shop, &mut conn);
        assert_eq!(notes_cost(&shop, &mut conn), 0, "{write}");
    }
}

#[test]
fn nullable_and_compound_look_ups_follow_the_manager() {
    let shop = Shop::with_tables(NOTES);
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Note::cached_in(&shop.name);
    let note = |id, author_id, code: Option<&str>, lang: &str, page| Note {
        id,
        author_id,
        code: code.map(str::to_owned),
        lang: lang.into(),
        page,
    };
    notes_cost(&shop, &mut conn);
    insert_back!(manager, note(4, None, Some("b"), "de", 2), &mut writer).unwrap();
    notes_cost(&shop, &mut conn);
    manager.save(&note(1, None, Some("c"), "fr", 1)).get_result(&mut writer).unwrap();
    notes_cost(&shop, &mut conn);
    manager.save(&note(3, Some(6), Some("a"), "en", 1)).execute(&mut writer).unwrap();
    notes_cost(&shop, &mut conn);
    manager.delete(4).execute(&mut writer).unwrap();
    notes_cost(&shop, &mut conn);
    assert_eq!(notes_cost(&shop, &mut conn), 0);
}

#[test]
fn values_that_the_database_takes_for_equal_give_the_row_in_any_letters() {
    let shop = Shop::with_tables(&words());
    let mut conn = shop.conn();
    words_cost(&shop, &mut conn);
    words_cost(&shop, &mut conn);
    let writes = [
        "UPDATE words SET word = 'LAMP' WHERE id = 1",
        "UPDATE words SET word = 'chair' WHERE id = 2",
        "UPDATE words SET topic = 'light' WHERE id = 2",
        "INSERT INTO words VALUES (3, 'TABLE', 'wOOd')",
        "DELETE FROM words WHERE word = 'LAMP'",
    ];
    for write in writes {
        shop.conn().batch_execute(write).unwrap();
        words_cost(&shop, &mut conn);
        words_cost(&shop, &mut conn);
    }
}

#[test]
fn a_manager_write_reaches_rows_and_scopes_in_any_letters() {
    let shop = Shop::with_tables(&words());
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Word::cached_in(&shop.name);
    let word = |id, word: &str, topic: &str| Word { id, word: word.into(), topic: topic.into() };
    words_cost(&shop, &mut conn);
    insert_back!(manager, word(3, "CHAIR", "LIGHT"), &mut writer).unwrap();
    words_cost(&shop, &mut conn);
    manager.save(&word(3, "stool", "Wood")).get_result(&mut writer).unwrap();
    words_cost(&shop, &mut conn);
    manager.delete(1).execute(&mut writer).unwrap();
    words_cost(&shop, &mut conn);
}

diesel::table! {
    pages (id) {
        id -> Integer,
        page -> Integer,
    }
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = pages)]
#[cached(key = "paged", scope(page))]
struct Paged {
    id: i32,
    page: i32,
}

/// Its field holds something else than the column does.
#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = pages)]
#[cached(key = "shifted", scope(page))]
struct Shifted {
    id: i32,
    #[diesel(deserialize_as = Shift)]
    page: i32,
}

struct Shift(i32);

impl<DB: diesel::backend::Backend> Queryable<diesel::sql_types::Integer, DB> for Shift
where
    i32: diesel::deserialize::FromSql<diesel::sql_types::Integer, DB>,
{
    type Row = i32;

    fn build(page: i32) -> diesel::deserialize::Result<Self> {
        Ok(Self(page))
    }
}

impl From<Shift> for i32 {
    fn from(shift: Shift) -> Self {
        shift.0 + 100
    }
}

#[test]
fn a_model_whose_field_is_decoded_otherwise_inserts_for_all_scopes() {
    let shop = Shop::with_tables(&format!("CREATE TABLE pages (id {NUMBERED_KEY}, page INT NOT NULL)"));
    let mut conn = shop.conn();
    let cost = |conn: &mut Conn| {
        let plain =
            |conn: &mut Conn| pages::table.filter(pages::page.eq(1)).select(Paged::as_select()).load::<Paged>(conn);
        shop.cost(conn, |conn| Paged::cached_in(&shop.name).all_by_page(1).load(conn), plain)
    };
    assert_eq!([cost(&mut conn), cost(&mut conn)], [1, 0]);
    let row = Shifted::cached_in(&shop.name).insert((pages::page.eq(1),)).get_result(&mut shop.conn()).unwrap();
    assert_eq!(row.page, 101);
    assert_eq!(cost(&mut conn), 1);
}
