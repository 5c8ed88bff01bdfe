//! Writes by keys of every type: types of a program's own tell no row.

use cache_diesel::prelude::*;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use serde::{Deserialize, Serialize};

use crate::database::{Conn, TEXT_KEY, quoted};

use crate::harness::{Shop, products};
use crate::line::prelude::*;

/// A number of a program's own that prints as its negative.
#[derive(AsExpression, Clone, Copy, Deserialize, Eq, FromSqlRow, Hash, PartialEq, Serialize)]
#[diesel(sql_type = sql_types::Integer)]
struct Number(i32);

impl core::fmt::Debug for Number {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Debug::fmt(&-self.0, formatter)
    }
}

impl<DB: Backend> FromSql<sql_types::Integer, DB> for Number
where
    i32: FromSql<sql_types::Integer, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i32::from_sql(bytes).map(Number)
    }
}

impl<DB: Backend> ToSql<sql_types::Integer, DB> for Number
where
    i32: ToSql<sql_types::Integer, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

/// A table with a key of one type, and a test of what plain and written updates and deletes by key leave of it.
macro_rules! keyed {
    ($test:ident, $table:ident, $Model:ident, $sql:ident, $column:expr, $rust:ty, $keys:expr, $others_cost:literal) => {
        diesel::table! {
            $table (key) {
                key -> $sql,
                note -> Text,
            }
        }

        #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
        #[diesel(table_name = $table, primary_key(key))]
        #[cached(negative_timeout = 30)]
        struct $Model {
            key: $rust,
            note: String,
        }

        #[test]
        fn $test() {
            let (table, key) = (stringify!($table), quoted("key"));
            let schema = format!("CREATE TABLE {table} ({key} {} PRIMARY KEY NOT NULL, note TEXT NOT NULL)", $column);
            let shop = Shop::with_tables(&schema);
            let (mut conn, mut writer) = (shop.conn(), shop.conn());
            let manager = $Model::cached_in(&shop.name);
            let keys: Vec<$rust> = $keys;
            for key in &keys {
                manager.insert(&$Model { key: key.clone(), note: "old".into() }).execute(&mut writer).unwrap();
            }
            let costs = |conn: &mut Conn| -> Vec<usize> {
                keys.iter()
                    .map(|key| {
                        let plain = |conn: &mut Conn| $table::table.find(key).first::<$Model>(conn);
                        shop.cost(conn, |conn| manager.get(key).first(conn), plain)
                    })
                    .collect()
            };
            costs(&mut conn);
            for (number, key) in keys.iter().enumerate() {
                let find = || $table::table.find(key.clone());
                let update = || diesel::update(find()).set($table::note.eq("new"));
                let expected: Vec<usize> =
                    (0..keys.len()).map(|other| if other == number { 1 } else { $others_cost }).collect();
                for write in [0, 1, 2, 3] {
                    let written = match write {
                        0 => update().execute(&mut writer),
                        1 => manager.write(update()).execute(&mut writer),
                        2 if number % 2 == 0 => diesel::delete(find()).execute(&mut writer),
                        2 => manager.write(diesel::delete(find())).execute(&mut writer),
                        _ => manager.insert(&$Model { key: key.clone(), note: "old".into() }).execute(&mut writer),
                    };
                    assert_eq!(written, Ok(1));
                    if write < 3 {
                        assert_eq!(costs(&mut conn), expected, "{key:?}: {write}");
                    }
                    costs(&mut conn);
                }
            }
        }
    };
}

keyed!(g1_small_integers, exact_small, Small, SmallInt, "SMALLINT", i16, vec![0, 1, -1, i16::MIN, i16::MAX], 0);
keyed!(g1_integers, exact_normal, Normal, Integer, "INTEGER", i32, vec![0, 1, -1, i32::MIN, i32::MAX], 0);
keyed!(g1_big_integers, exact_big, Big, BigInt, "BIGINT", i64, vec![0, 1, -1, i64::MIN, i64::MAX], 0);
keyed!(g1_texts, exact_text, ByText, Text, TEXT_KEY, String, vec!["1".into(), "2, \"1".into()], 0);
keyed!(
    newtypes_that_print_as_numbers_count_for_every_row,
    wide_number,
    ByNumber,
    Integer,
    "INTEGER",
    Number,
    vec![Number(1), Number(2)],
    1
);

diesel::table! {
    wide_shared (id) {
        id -> Integer,
        note -> Text,
    }
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = wide_shared)]
#[cached(key = "shared")]
struct Shared {
    id: i32,
    note: String,
}

/// The same rows under a key of another type.
#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = wide_shared)]
#[cached(key = "shared_number")]
struct SharedNumber {
    id: Number,
    note: String,
}

#[test]
fn models_with_keys_of_other_types_follow_a_write_by_key() {
    let shop = Shop::with_tables(
        "CREATE TABLE wide_shared (id INTEGER PRIMARY KEY NOT NULL, note TEXT NOT NULL);
         INSERT INTO wide_shared VALUES (1, 'a'), (2, 'b');",
    );
    let mut conn = shop.conn();
    let costs = |conn: &mut Conn| {
        [1, 2].map(|id| {
            let plain = |conn: &mut Conn| wide_shared::table.find(id).first::<Shared>(conn);
            let one = shop.cost(conn, |conn| Shared::cached_in(&shop.name).get(id).first(conn), plain);
            let plain = |conn: &mut Conn| wide_shared::table.find(id).first::<SharedNumber>(conn);
            one + shop.cost(conn, |conn| SharedNumber::cached_in(&shop.name).get(Number(id)).first(conn), plain)
        })
    };
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[2; 2], [0; 2]]);
    let update = diesel::update(wide_shared::table.find(1)).set(wide_shared::note.eq("new"));
    update.clone().execute(&mut shop.conn()).unwrap();
    assert_eq!(costs(&mut conn), [2; 2]);
    Shared::cached_in(&shop.name).write(update).execute(&mut shop.conn()).unwrap();
    assert_eq!(costs(&mut conn), [2; 2]);
}

#[test]
fn g1_a_written_key_counts_as_it_is_sent_and_not_as_it_prints() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let update = diesel::update(products::table.filter(products::id.eq(Number(2)))).set(products::title.eq("New"));
    shop.products().write(update).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.products().get(2).first(&mut conn).unwrap().title, "New");
    assert_eq!([1, 3].map(|id| shop.row_cost(&mut conn, id)), [0, 0]);
    shop.read_everything(&mut conn);
}
