//! Writes by keys of several columns, and by newtypes: which rows they leave.

use cache_diesel::prelude::*;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use serde::{Deserialize, Serialize};

use crate::database::{BYTES_KEY, Conn, NOCASE, TEXT_KEY, quoted};
use crate::harness::Shop;
use crate::line::prelude::*;

/// A type of a program's own over one that Diesel knows.
macro_rules! newtype {
    ($(#[$derive:meta])* $Type:ident($inner:ty): $sql:ident) => {
        #[derive(AsExpression, Clone, Deserialize, Eq, FromSqlRow, Hash, PartialEq, Serialize)]
        #[diesel(sql_type = sql_types::$sql)]
        $(#[$derive])*
        struct $Type($inner);

        impl<DB: Backend> FromSql<sql_types::$sql, DB> for $Type
        where
            $inner: FromSql<sql_types::$sql, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                <$inner>::from_sql(bytes).map(Self)
            }
        }

        impl<DB: Backend> ToSql<sql_types::$sql, DB> for $Type
        where
            $inner: ToSql<sql_types::$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.0.to_sql(out)
            }
        }
    };
}

newtype!(#[derive(Debug)] UserId(i64): BigInt);
newtype!(#[derive(Debug)] Slug(String): Text);
newtype!(#[derive(Debug)] Digest(Vec<u8>): Binary);
newtype!(Secret(String): Text);

impl core::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_tuple("Secret").field(&"***").finish()
    }
}

/// A table with a key of one newtype, and a test of what each write by it costs the others to read.
macro_rules! wrapped {
    ($test:ident, $table:ident, $Model:ident, $sql:ident, $column:expr, $rust:ty, $keys:expr, $others:literal) => {
        diesel::table! { $table (key) { key -> $sql, note -> Text, } }

        #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
        #[diesel(table_name = $table, primary_key(key))]
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
            let (manager, keys): (_, [$rust; 2]) = ($Model::cached_in(&shop.name), $keys);
            let row = |place: usize| $Model { key: keys[place].clone(), note: "old".into() };
            let costs = |conn: &mut Conn| {
                keys.each_ref().map(|key| {
                    let plain = |conn: &mut Conn| $table::table.find(key.clone()).first::<$Model>(conn);
                    shop.cost(conn, |conn| manager.get(key).first(conn), plain)
                })
            };
            (0..2).for_each(|place| drop(diesel::insert_into($table::table).values(row(place)).execute(&mut writer)));
            for _ in 0..3 {
                costs(&mut conn);
            }
            for place in 0..2 {
                let find = || $table::table.find(keys[place].clone());
                let update = || diesel::update(find()).set($table::note.eq("new"));
                let expected = |others: usize| if place == 0 { [1, others] } else { [others, 1] };
                let writes: [(&str, usize, &dyn Fn(&mut Conn) -> QueryResult<usize>); 5] = [
                    ("plain update", $others, &|conn| update().execute(conn)),
                    ("written update", $others, &|conn| manager.write(update()).execute(conn)),
                    ("save", 0, &|conn| manager.save(&row(place)).execute(conn)),
                    ("plain delete", $others, &|conn| diesel::delete(find()).execute(conn)),
                    ("delete", 0, &|conn| {
                        diesel::insert_into($table::table).values(row(place)).execute(conn)?;
                        costs(&mut shop.conn());
                        manager.delete(&keys[place]).execute(conn)
                    }),
                ];
                for (name, others, write) in writes {
                    assert_eq!(write(&mut writer), Ok(1), "{name}");
                    assert_eq!(costs(&mut conn), expected(others), "{name} of {place}");
                    costs(&mut conn);
                }
                diesel::insert_into($table::table).values(row(place)).execute(&mut writer).unwrap();
                costs(&mut conn);
            }
        }
    };
}

wrapped!(newtypes_of_numbers, wrapped_numbers, ByUser, BigInt, "BIGINT", UserId, [UserId(1), UserId(-7)], 0);
wrapped!(
    newtypes_of_texts,
    wrapped_texts,
    BySlug,
    Text,
    TEXT_KEY,
    Slug,
    [Slug("Lamp".into()), Slug("a, \"b\") ".into())],
    0
);
wrapped!(
    newtypes_of_bytes,
    wrapped_bytes,
    ByDigest,
    Binary,
    BYTES_KEY,
    Digest,
    [Digest(vec![1; 16]), Digest(vec![1, 2])],
    0
);
wrapped!(
    newtypes_that_hide_what_they_hold_count_for_every_row,
    wrapped_secrets,
    BySecret,
    Text,
    TEXT_KEY,
    Secret,
    [Secret("one".into()), Secret("***".into())],
    1
);

/// A table with a key of two columns, and a test of what writes by both, or by something else, leave.
macro_rules! composed {
    (
        $test:ident, $table:ident, $Model:ident,
        $a_sql:ident: $a_column:expr => $a:ty, $b_sql:ident: $b_column:expr => $b:ty,
        $keys:expr, $others:literal
    ) => {
        diesel::table! { $table (a, b) { a -> $a_sql, b -> $b_sql, note -> Text, } }

        #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
        #[diesel(table_name = $table, primary_key(a, b))]
        struct $Model {
            a: $a,
            b: $b,
            note: String,
        }

        #[test]
        fn $test() {
            let (table, a, b) = (stringify!($table), $a_column, $b_column);
            let shop = Shop::with_tables(&format!(
                "CREATE TABLE {table} (a {a} NOT NULL, b {b} NOT NULL, note TEXT NOT NULL, PRIMARY KEY (a, b))"
            ));
            let (mut conn, mut writer) = (shop.conn(), shop.conn());
            let (manager, keys): (_, [($a, $b); 3]) = ($Model::cached_in(&shop.name), $keys);
            let row = |(a, b): ($a, $b)| $Model { a, b, note: "old".into() };
            for key in keys.clone() {
                diesel::insert_into($table::table).values(row(key)).execute(&mut writer).unwrap();
            }
            let costs = |conn: &mut Conn| {
                keys.each_ref().map(|key| {
                    let plain = |conn: &mut Conn| $table::table.find(key.clone()).first::<$Model>(conn);
                    shop.cost(conn, |conn| manager.get(key.clone()).first(conn), plain)
                })
            };
            for _ in 0..3 {
                costs(&mut conn);
            }
            let (one, note) = (keys[0].clone(), $table::note);
            let (by_a, by_b) = (|| $table::a.eq(one.0.clone()), || $table::b.eq(one.1.clone()));
            let writes: [(&str, usize, &dyn Fn(&mut Conn) -> QueryResult<usize>); 11] = [
                ("found", $others, &|conn| {
                    diesel::update($table::table.find(one.clone())).set(note.eq("1")).execute(conn)
                }),
                ("filtered", $others, &|conn| {
                    diesel::update($table::table.filter(by_a()).filter(by_b())).set(note.eq("2")).execute(conn)
                }),
                ("the other way round", $others, &|conn| {
                    diesel::update($table::table).filter(by_b().and(by_a())).set(note.eq("3, 4]")).execute(conn)
                }),
                ("written", $others, &|conn| {
                    manager.write(diesel::update($table::table.find(one.clone())).set(note.eq("5"))).execute(conn)
                }),
                ("written, the other way round", $others, &|conn| {
                    manager
                        .write(diesel::update($table::table.filter(by_b()).filter(by_a())).set(note.eq("6")))
                        .execute(conn)
                }),
                ("saved", 0, &|conn| manager.save(&row(one.clone())).execute(conn)),
                ("saved plainly", $others, &|conn| diesel::update(&row(one.clone())).set(note.eq("7")).execute(conn)),
                ("by more", 1, &|conn| {
                    diesel::update($table::table.find(one.clone())).filter(note.ne("")).set(note.eq("8")).execute(conn)
                }),
                ("deleted by the manager", $others, &|conn| manager.delete(one.clone()).execute(conn)),
                ("deleted", $others, &|conn| {
                    diesel::insert_into($table::table).values(row(one.clone())).execute(conn)?;
                    costs(&mut shop.conn());
                    diesel::delete($table::table.filter(by_a()).filter(by_b())).execute(conn)
                }),
                ("deleted, written", $others, &|conn| {
                    diesel::insert_into($table::table).values(row(one.clone())).execute(conn)?;
                    costs(&mut shop.conn());
                    manager.write(diesel::delete($table::table.find(one.clone()))).execute(conn)
                }),
            ];
            for (name, others, write) in writes {
                assert_eq!(write(&mut writer), Ok(1), "{name}");
                assert_eq!(costs(&mut conn), [1, others, others], "{name}");
                costs(&mut conn);
            }
            let of_half = diesel::update($table::table.filter(by_b())).set(note.eq("half")).execute(&mut writer);
            assert!(of_half.is_ok());
            assert_eq!(costs(&mut conn), [1; 3], "by half of the key");
        }
    };
}

composed!(
    pairs_of_numbers, pairs_of_numbers, NumberPair,
    Integer: "INTEGER" => i32, BigInt: "BIGINT" => i64,
    [(1, 2), (2, 1), (1, 1)], 0
);
composed!(
    pairs_of_a_number_and_a_text, pairs_of_texts, TextPair,
    SmallInt: "SMALLINT" => i16, Text: TEXT_KEY => String,
    [(1, "a, 1".into()), (1, "A, 1".into()), (2, "a, 1".into())], 0
);
composed!(
    pairs_of_bytes_and_a_flag, pairs_of_bytes, BytesPair,
    Binary: BYTES_KEY => Vec<u8>, Bool: "BOOLEAN" => bool,
    [(vec![1, 2], true), (vec![1, 2], false), (vec![1], true)], 0
);
composed!(
    pairs_of_newtypes, pairs_of_newtypes, NewtypePair,
    BigInt: "BIGINT" => UserId, Text: TEXT_KEY => Slug,
    [(UserId(1), Slug("x".into())), (UserId(1), Slug("1".into())), (UserId(2), Slug("x".into()))], 0
);
composed!(
    pairs_with_a_part_that_takes_others_for_equal_count_for_every_row, pairs_of_letters, LetterPair,
    Integer: "INTEGER" => i32, Text: format!("{TEXT_KEY} {NOCASE}") => String,
    [(1, "ann".into()), (1, "ben".into()), (2, "ann".into())], 1
);

#[test]
fn a_pair_that_is_written_in_other_letters_ends_the_row() {
    let shop = Shop::with_tables(&format!(
        "CREATE TABLE pairs_of_letters (a INTEGER NOT NULL, b {TEXT_KEY} {NOCASE} NOT NULL, note TEXT NOT NULL, \
         PRIMARY KEY (a, b)); INSERT INTO pairs_of_letters VALUES (1, 'ann', 'old'), (2, 'ann', 'old');"
    ));
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = LetterPair::cached_in(&shop.name);
    let mut read = || {
        for key in [(1, "ann"), (2, "ann")] {
            let plain = |conn: &mut Conn| pairs_of_letters::table.find(key).first::<LetterPair>(conn);
            shop.cost(&mut conn, |conn| manager.get(key).first(conn), plain);
        }
    };
    (0..3).for_each(|_| read());
    let update = |note: &'static str| {
        diesel::update(pairs_of_letters::table.find((1, "ANN"))).set(pairs_of_letters::note.eq(note))
    };
    assert_eq!(update("plain").execute(&mut writer), Ok(1));
    read();
    assert_eq!(manager.write(update("written")).execute(&mut writer), Ok(1));
    read();
    assert_eq!(manager.save(&LetterPair { a: 1, b: "ANN".into(), note: "saved".into() }).execute(&mut writer), Ok(1));
    read();
    assert_eq!(manager.delete((1, "ANN")).execute(&mut writer), Ok(1));
    read();
}
