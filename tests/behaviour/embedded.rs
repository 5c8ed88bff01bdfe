//! Primary keys in embedded structs.

use cache_diesel::prelude::*;
use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Integer;
use serde::{Deserialize, Serialize};

use crate::database::{Conn, NOCASE, OTHER_SCOPES_AFTER_INSERT, TEXT_KEY, insert_back};
use crate::harness::Shop;
use crate::line::prelude::*;

diesel::table! {
    parts (id) {
        id -> Integer,
        serial -> Text,
        bin -> Integer,
        name -> Text,
    }
}

diesel::table! {
    slots (rack, number) {
        rack -> Integer,
        number -> Integer,
        label -> Text,
    }
}

diesel::table! {
    terms (term) {
        term -> Text,
        meaning -> Text,
    }
}

#[derive(AsChangeset, Clone, Debug, Deserialize, Insertable, PartialEq, Queryable, Selectable, Serialize)]
#[diesel(table_name = parts)]
struct Identity {
    id: i32,
    serial: String,
}

#[derive(AsChangeset, Cached, Clone, Debug, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = parts)]
#[cached(key = "part", primary_key = identity.id, negative_timeout = 30, scope(bin))]
struct Part {
    name: String,
    #[diesel(embed)]
    identity: Identity,
    bin: i32,
}

#[derive(AsExpression, Clone, Copy, Debug, Deserialize, Eq, FromSqlRow, Hash, PartialEq, Serialize)]
#[diesel(sql_type = Integer)]
struct Number(i32);

impl<DB: Backend> ToSql<Integer, DB> for Number
where
    i32: ToSql<Integer, DB>,
{
    fn to_sql<'b>(&'b self, output: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(output)
    }
}

impl<DB: Backend> FromSql<Integer, DB> for Number
where
    i32: FromSql<Integer, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i32::from_sql(value).map(Self)
    }
}

#[derive(Clone, Debug, Deserialize, Insertable, PartialEq, Queryable, Selectable, Serialize)]
#[diesel(table_name = slots)]
struct Place {
    number: Number,
}

/// A composite key, one part of which has a type of its own in an embedded struct.
#[derive(Cached, Clone, Debug, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = slots)]
#[cached(primary_key = (rack, place.number: Number), scope(rack))]
struct Slot {
    #[diesel(embed)]
    place: Place,
    rack: i32,
    label: String,
}

#[derive(AsChangeset, Clone, Debug, Deserialize, Insertable, PartialEq, Queryable, Selectable, Serialize)]
#[diesel(table_name = terms)]
struct Spelling {
    term: String,
}

/// Diesel takes `id` for the key: a save sets the term too, in the letters of the row that is saved.
#[derive(AsChangeset, Cached, Clone, Debug, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = terms)]
#[cached(primary_key = spelling.term)]
struct Term {
    #[diesel(embed)]
    spelling: Spelling,
    meaning: String,
}

const PARTS: &str = "
    CREATE TABLE parts (id INTEGER PRIMARY KEY, serial TEXT NOT NULL, bin INT NOT NULL, name TEXT NOT NULL);
    INSERT INTO parts VALUES (1, 's1', 7, 'bolt'), (2, 's2', 7, 'nut'), (3, 's3', 8, 'gear');";

fn part(id: i32, serial: &str, bin: i32, name: &str) -> Part {
    Part { name: name.into(), identity: Identity { id, serial: serial.into() }, bin }
}

#[track_caller]
fn costs(shop: &Shop, conn: &mut Conn) -> [usize; 7] {
    let manager = Part::cached_in(&shop.name);
    let row = |conn: &mut Conn, id: i32| {
        let plain = |conn: &mut Conn| parts::table.find(id).select(Part::as_select()).first(conn);
        shop.cost(conn, |conn| manager.get(id).first(conn), plain)
    };
    let bin = |conn: &mut Conn, bin: i32| {
        let plain = |conn: &mut Conn| parts::table.filter(parts::bin.eq(bin)).select(Part::as_select()).load(conn);
        shop.cost(conn, |conn| manager.all_by_bin(bin).load(conn), plain)
    };
    [row(conn, 1), row(conn, 2), row(conn, 3), row(conn, 4), row(conn, 5), bin(conn, 7), bin(conn, 8)]
}

#[test]
fn rows_are_read_and_written_by_a_key_in_an_embedded_struct() {
    let shop = Shop::with_tables(PARTS);
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Part::cached_in(&shop.name);
    assert_eq!([costs(&shop, &mut conn), costs(&shop, &mut conn)], [[1; 7], [0; 7]]);
    let saved = manager.save(&part(1, "s9", 8, "screw")).get_result(&mut writer).unwrap();
    assert_eq!(saved, part(1, "s9", 8, "screw"));
    assert_eq!(costs(&shop, &mut conn), [1, 0, 0, 0, 0, 1, 1]);
    assert_eq!(manager.delete(2).execute(&mut writer), Ok(1));
    assert_eq!(costs(&shop, &mut conn), [0, 1, 0, 0, 0, 1, 1]);
    insert_back!(manager, part(4, "s4", 7, "wheel"), &mut writer).unwrap();
    let after = costs(&shop, &mut conn);
    assert_eq!((after[0], after[3], after[5], after[6]), (0, 1, 1, OTHER_SCOPES_AFTER_INSERT));
    diesel::update(parts::table.find(4)).set(parts::name.eq("tyre")).execute(&mut writer).unwrap();
    assert_eq!(manager.get(4).first(&mut conn).unwrap().name, "tyre");
    costs(&shop, &mut conn);
    assert_eq!(costs(&shop, &mut conn), [0; 7]);
}

#[test]
fn many_rows_are_read_by_keys_in_embedded_structs() {
    let shop = Shop::with_tables(PARTS);
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Part::cached_in(&shop.name);
    manager.get(2).first(&mut conn).unwrap();
    let names = |conn: &mut Conn| {
        let (count, rows) = shop.counted(|| manager.get_many([3, 9, 2, 3]).load(conn).unwrap());
        (count, rows.into_iter().map(|row| row.map(|row| row.name.clone())).collect::<Vec<_>>())
    };
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(names(&mut conn), (1, vec![some("gear"), None, some("nut"), some("gear")]));
    assert_eq!(names(&mut conn), (0, vec![some("gear"), None, some("nut"), some("gear")]));
    manager.save(&part(3, "s3", 8, "cog")).execute(&mut writer).unwrap();
    assert_eq!(names(&mut conn), (1, vec![some("cog"), None, some("nut"), some("cog")]));
}

#[test]
fn composite_keys_may_be_partly_embedded() {
    let shop = Shop::with_tables(
        "CREATE TABLE slots (rack INT NOT NULL, number INT NOT NULL, label TEXT NOT NULL, PRIMARY KEY (rack, number));
         INSERT INTO slots VALUES (1, 1, 'a'), (1, 2, 'b'), (2, 1, 'c');",
    );
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Slot::cached_in(&shop.name);
    let costs = |conn: &mut Conn| {
        [(1, 1), (1, 2), (2, 1)].map(|(rack, number)| {
            let plain = |conn: &mut Conn| slots::table.find((rack, number)).select(Slot::as_select()).first(conn);
            shop.cost(conn, |conn| manager.get((rack, Number(number))).first(conn), plain)
        })
    };
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 3], [0; 3]]);
    let rows = manager.get_many([(2, Number(1)), (1, Number(1))]).load(&mut conn).unwrap();
    assert_eq!(rows.into_iter().map(|row| row.unwrap().label.clone()).collect::<Vec<_>>(), ["c", "a"]);
    manager.delete((1, Number(2))).execute(&mut writer).unwrap();
    assert_eq!(costs(&mut conn), [0, 1, 0]);
}

#[test]
fn a_save_that_writes_the_key_in_other_letters_reaches_the_row() {
    let shop = Shop::with_tables(&format!(
        "CREATE TABLE terms (term {TEXT_KEY} {NOCASE} PRIMARY KEY NOT NULL, meaning TEXT NOT NULL);
         INSERT INTO terms VALUES ('lamp', 'light'), ('oak', 'tree');"
    ));
    let mut conn = shop.conn();
    let manager = Term::cached_in(&shop.name);
    let costs = |conn: &mut Conn| {
        ["lamp", "LAMP", "oak"].map(|term| {
            let plain = |conn: &mut Conn| terms::table.find(term).select(Term::as_select()).first(conn);
            shop.cost(conn, |conn| manager.get(term).first(conn), plain)
        })
    };
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 3], [0, 1, 0]]);
    let row = Term { spelling: Spelling { term: "LAMP".into() }, meaning: "torch".into() };
    manager.save(&row).execute(&mut shop.conn()).unwrap();
    costs(&mut conn);
    shop.conn().batch_execute("UPDATE terms SET term = 'lamp'  WHERE term = 'lamp'").unwrap();
    costs(&mut conn);
    manager.delete("LAMP").execute(&mut shop.conn()).unwrap();
    costs(&mut conn);
    assert_eq!(manager.every().load(&mut conn).unwrap().len(), 1);
}
