//! Pages and rows that are excluded by a condition or a join, and come back; keys that have several spellings.

use cache_diesel::prelude::*;

use super::{Good, goods, makers, pages};
use crate::database::{Conn, NOCASE};
use crate::harness::Shop;
use crate::line::prelude::*;

diesel::table! { nouns (word) { word -> Text, maker_id -> Integer, name -> Text, } }
diesel::joinable!(nouns -> makers (maker_id));
diesel::allow_tables_to_appear_in_same_query!(nouns, makers);

#[derive(AsChangeset, Cached, Debug, Identifiable, Queryable, Selectable)]
#[diesel(primary_key(word))]
#[cached(negative_timeout = 30, view(NounPage, derive(Debug), select_related(maker: super::Maker)))]
struct Noun {
    word: String,
    maker_id: i32,
    name: String,
}

/// A noun whose maker is not there, and that the database takes for equal to `LAMP`.
fn shop() -> (Shop, Conn, Conn) {
    let (shop, conn, mut writer) = super::shop();
    let table = format!(
        "CREATE TABLE nouns (
             word VARCHAR(255) {NOCASE} PRIMARY KEY NOT NULL, maker_id INTEGER NOT NULL, name VARCHAR(255) NOT NULL
         )"
    );
    diesel::sql_query(table).execute(&mut writer).unwrap();
    diesel::sql_query("INSERT INTO nouns VALUES ('lamp', 9, 'Old')").execute(&mut writer).unwrap();
    (shop, conn, writer)
}

fn noun(maker_id: i32, name: &str) -> Noun {
    Noun { word: "lamp".into(), maker_id, name: name.into() }
}

#[test]
fn a_row_that_a_condition_excluded_is_seen_under_every_spelling_when_it_changes() {
    let (shop, mut conn, mut writer) = shop();
    let new = |key: &'static str| Noun::cached_in(&shop.name).get(key).filter(nouns::name.eq("New"));
    for key in ["lamp", "LAMP"] {
        for expected in [1, 0] {
            let read = || new(key).first(&mut conn).optional().unwrap().is_some();
            assert_eq!(shop.counted(read), (expected, false));
        }
    }
    Noun::cached_in(&shop.name).save(&noun(9, "New")).execute(&mut writer).unwrap();
    for key in ["lamp", "LAMP"] {
        assert_eq!(new(key).first(&mut conn).unwrap().name, "New");
    }
}

#[test]
fn a_page_that_a_join_excluded_is_seen_under_every_spelling_when_its_row_changes() {
    let (shop, mut conn, mut writer) = shop();
    let pages = NounPage::cached_in(&shop.name);
    let count = |conn: &mut Conn| {
        let one_by_one = ["lamp", "LAMP"].map(|key| pages.get(key).first(conn).optional().unwrap().is_some());
        let filtered = pages.get("LAMP").filter(makers::id.gt(0)).first(conn).optional().unwrap().is_some();
        let many = pages.get_many(["Lamp", "lamp"]).load(conn).unwrap().into_iter().flatten().count();
        one_by_one.into_iter().map(usize::from).sum::<usize>() + usize::from(filtered) + many
    };
    assert_eq!(count(&mut conn), 0);
    assert_eq!(shop.counted(|| count(&mut conn)), (0, 0));
    Noun::cached_in(&shop.name).save(&noun(1, "Old")).execute(&mut writer).unwrap();
    assert_eq!(count(&mut conn), 5);
}

#[test]
fn a_page_that_a_join_excluded_is_seen_when_its_row_leads_elsewhere() {
    let writes: [fn(&Shop, &mut Conn); 3] = [
        |_, conn| {
            diesel::update(goods::table.find(13)).set(goods::maker_id.eq(1)).execute(conn).unwrap();
        },
        |shop, conn| {
            let found = Good { id: 13, maker_id: 1, packer_id: None, shelf: 7, title: "Found".into() };
            assert_eq!(Good::cached_in(&shop.name).save(&found).execute(conn).unwrap(), 1);
        },
        |_, conn| {
            diesel::insert_into(makers::table)
                .values((makers::id.eq(9), makers::name.eq("Late")))
                .execute(conn)
                .unwrap();
        },
    ];
    for write in writes {
        let (shop, mut conn, mut writer) = super::shop();
        let orphan = (goods::id.eq(13), goods::maker_id.eq(9), goods::shelf.eq(7), goods::title.eq("Lost"));
        diesel::insert_into(goods::table).values(orphan).execute(&mut writer).unwrap();
        let count = |conn: &mut Conn| {
            let one = pages(&shop).get(13).first(conn).optional().unwrap().is_some();
            let filtered = pages(&shop).get(13).filter(goods::shelf.eq(7)).first(conn).optional().unwrap().is_some();
            let many = pages(&shop).get_many([13]).load(conn).unwrap()[0].is_some();
            let shelf = pages(&shop).all_by_shelf(7).load(conn).unwrap().iter().any(|page| page.id == 13);
            [one, filtered, many, shelf].map(usize::from)
        };
        assert_eq!(count(&mut conn), [0; 4]);
        assert_eq!(shop.counted(|| count(&mut conn)), (0, [0; 4]));
        write(&shop, &mut writer);
        assert_eq!(count(&mut conn), [1; 4]);
    }
}

/// The rows of the second mention are not those that were asked for: their own tags tell nothing of them.
#[test]
fn a_table_that_is_named_twice_counts_with_every_row() {
    let (shop, mut conn, mut writer) = super::shop();
    let (goods_of, others) = (Good::cached_in(&shop.name), diesel::alias!(goods as others));
    let is_there = |conn: &mut Conn| {
        let namesake = || {
            let same = others.field(goods::maker_id).eq(goods::maker_id);
            diesel::dsl::exists(others.filter(same).filter(others.field(goods::title).eq("New")))
        };
        let row = goods_of.get(10).filter(namesake()).first(conn).optional().unwrap().is_some();
        let page = pages(&shop).get(10).filter(namesake()).first(conn).optional().unwrap().is_some();
        let scope = pages(&shop).all_by_shelf(7).filter(namesake()).load(conn).unwrap().len();
        (row, page, scope)
    };
    let torch = |maker_id: i32, title: &str| Good { id: 11, maker_id, packer_id: None, shelf: 7, title: title.into() };
    assert_eq!(is_there(&mut conn), (false, false, 0));
    goods_of.save(&torch(1, "New")).execute(&mut writer).unwrap();
    assert_eq!(is_there(&mut conn), (true, true, 2));
    assert_eq!(shop.counted(|| is_there(&mut conn)), (0, (true, true, 2)));
    diesel::update(goods::table.find(11)).set(goods::title.eq("Old")).execute(&mut writer).unwrap();
    assert_eq!(is_there(&mut conn), (false, false, 0));
    // Of a row in another scope.
    let table = Good { id: 12, maker_id: 1, packer_id: None, shelf: 8, title: "New".into() };
    goods_of.save(&table).execute(&mut writer).unwrap();
    assert_eq!(is_there(&mut conn), (true, true, 2));
}
