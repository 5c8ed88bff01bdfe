//! What writes by keys of each type leave in the cache, and which scopes of each type they end: the table of types in
//! docs/invalidation.md. Dialects add cells of their own.

pub use cache_diesel::__private::Mistake;
use cache_diesel::__private::with_planted;
use chrono::NaiveDate;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Double;
use serde::{Deserialize, Serialize};

use crate::database::{BYTES_KEY, NOCASE, TEXT_KEY};

/// What a write leaves.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    /// Whether a plain update or delete by key leaves other rows.
    pub plain: bool,
    /// Whether one by `write` does.
    pub written: bool,
    /// Whether the manager's `delete` does, and whether a save leaves other scopes.
    pub by_manager: bool,
}

/// All of it is exact.
pub const EXACT: Left = Left { plain: true, written: true, by_manager: true };
/// Nothing is.
pub const WIDE: Left = Left { plain: false, written: false, by_manager: false };
/// Statements by key are not.
#[allow(dead_code, reason = "dialects have types of their own")]
pub const BY_MANAGER: Left = Left { by_manager: true, ..WIDE };

/// Does what has to give what plain Diesel gives with a mistake about columns, and sees to it that it is found.
pub fn is_found(mistake: Mistake, read: fn()) {
    let read = || with_planted(mistake, read);
    assert!(std::panic::catch_unwind(read).is_err(), "{mistake:?} is not found");
}

/// Whole days: later than any other moment, and the first.
pub fn days() -> [NaiveDate; 3] {
    [(2020, 2, 29), (1970, 1, 1), (1999, 12, 31)]
        .map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap())
}

/// A table with a key and a scope of one type, and a test of what writes leave of both.
macro_rules! compared {
    ($test:ident, $table:ident, $Model:ident, $sql:ty, $column:expr, $rust:ty, $keys:expr, $left:expr $(, $setup:expr)?) => {
        diesel::table! {
            #[allow(unused_imports, reason = "the types of some columns are the program's own")]
            use diesel::sql_types::*;
            #[allow(unused_imports, reason = "the types of some columns are the program's own")]
            use super::sql::*;

            $table (key) {
                key -> $sql,
                shelf -> $sql,
                note -> Text,
            }
        }

        #[derive(
            diesel::AsChangeset, cache_diesel::prelude::Cached, Clone, Debug, diesel::Identifiable, diesel::Insertable,
            PartialEq, diesel::Queryable, diesel::Selectable,
        )]
        #[diesel(table_name = $table, primary_key(key))]
        #[cached(scope(shelf), fixed(shelf))]
        struct $Model {
            key: $rust,
            shelf: $rust,
            note: String,
        }

        #[test]
        fn $test() {
            use diesel::prelude::*;
            let (table, key) = (stringify!($table), crate::database::quoted("key"));
            let setup: &[&str] = &[$($setup)?];
            let schema = format!(
                "{setup} CREATE TABLE {table} ({key} {column} PRIMARY KEY NOT NULL, shelf {column} NOT NULL, note TEXT NOT NULL)",
                setup = setup.concat(),
                column = $column
            );
            let shop = crate::harness::Shop::with_tables(&schema);
            let (mut conn, mut writer) = (shop.conn(), shop.conn());
            let manager = $Model::cached_in(&shop.name);
            let (keys, left): ([$rust; 3], $crate::suite::compared::Left) = ($keys, $left);
            let of = |number: usize| $Model { key: keys[number].clone(), shelf: keys[number].clone(), note: "old".into() };
            for number in 0..keys.len() {
                diesel::insert_into($table::table).values(of(number)).execute(&mut writer).unwrap();
            }
            let costs = |conn: &mut crate::database::Conn| -> [usize; 3] {
                keys.each_ref().map(|key| {
                    let plain = |conn: &mut crate::database::Conn| $table::table.find(key.clone()).first::<$Model>(conn);
                    shop.cost(conn, |conn| manager.get(key).first(conn), plain)
                })
            };
            let scopes = |conn: &mut crate::database::Conn| -> [usize; 3] {
                keys.each_ref().map(|key| crate::harness::list_cost!(shop, conn, manager.all_by_shelf(key)))
            };
            // The first miss asks the database what it declares; the second one stores under it.
            for _ in 0..2 {
                (costs(&mut conn), scopes(&mut conn));
            }
            assert_eq!((costs(&mut conn), scopes(&mut conn)), ([0; 3], [0; 3]));
            for number in 0..keys.len() {
                let cost_of = |is_left: bool| {
                    let mut costs = [usize::from(!is_left); 3];
                    costs[number] = 1;
                    costs
                };
                let find = || $table::table.find(keys[number].clone());
                let update = || diesel::update(find()).set($table::note.eq("new"));
                let writes: [(&str, bool, &dyn Fn(&mut crate::database::Conn) -> QueryResult<usize>); 6] = [
                    ("plain update", left.plain, &|conn| update().execute(conn)),
                    ("written update", left.written, &|conn| manager.write(update()).execute(conn)),
                    ("save", true, &|conn| manager.save(&of(number)).execute(conn)),
                    ("plain delete", left.plain, &|conn| diesel::delete(find()).execute(conn)),
                    ("written delete", left.written, &|conn| manager.write(diesel::delete(find())).execute(conn)),
                    ("delete", left.by_manager, &|conn| manager.delete(&keys[number]).execute(conn)),
                ];
                for (name, is_left, write) in writes {
                    assert_eq!(write(&mut writer), Ok(1), "{name} of {:?}", keys[number]);
                    assert_eq!(costs(&mut conn), cost_of(is_left), "{name} of {:?}", keys[number]);
                    let of_scopes = scopes(&mut conn);
                    if name == "save" {
                        assert_eq!(of_scopes, cost_of(left.by_manager), "the scopes after a save of {:?}", keys[number]);
                    }
                    if name.ends_with("delete") {
                        diesel::insert_into($table::table).values(of(number)).execute(&mut writer).unwrap();
                        (costs(&mut conn), scopes(&mut conn));
                    }
                }
            }
        }
    };
}
#[allow(unused_imports, reason = "dialects have types of their own")]
pub(crate) use compared;

/// A table with a key and a scope of one type, and a test that a write by an equal value that is written otherwise ends
/// what was read of the row: `stored` is the row's value in SQL, `keys` are what Rust calls it, the row's own first.
macro_rules! trapped {
    (
        $test:ident, $mistake:ident, $table:ident, $Model:ident, $sql:ty, $column:expr, $rust:ty, $stored:expr, $keys:expr
        $(, $setup:expr)?
    ) => {
        diesel::table! {
            #[allow(unused_imports, reason = "the types of some columns are the program's own")]
            use diesel::sql_types::*;
            #[allow(unused_imports, reason = "the types of some columns are the program's own")]
            use super::sql::*;

            $table (key) {
                key -> $sql,
                shelf -> $sql,
                note -> Text,
            }
        }

        #[derive(
            diesel::AsChangeset, cache_diesel::prelude::Cached, Clone, Debug, diesel::Identifiable, diesel::Insertable,
            PartialEq, diesel::Queryable, diesel::Selectable,
        )]
        #[diesel(table_name = $table, primary_key(key))]
        #[cached(scope(shelf), fixed(shelf))]
        struct $Model {
            key: $rust,
            shelf: $rust,
            note: String,
        }

        #[test]
        fn $test() {
            $Model::read_after_writes();
        }

        mod $test {
            #[test]
            fn is_found_where_it_is_planted() {
                crate::suite::compared::is_found(crate::suite::compared::Mistake::$mistake, super::$Model::read_after_writes);
            }
        }

        impl $Model {
            fn read_after_writes() {
            use diesel::prelude::*;
            let (table, key) = (stringify!($table), crate::database::quoted("key"));
            let setup: &[&str] = &[$($setup)?];
            let schema = format!(
                "{setup} CREATE TABLE {table} ({key} {column} PRIMARY KEY NOT NULL, shelf {column} NOT NULL, note TEXT NOT NULL)",
                setup = setup.concat(),
                column = $column
            );
            let shop = crate::harness::Shop::with_tables(&schema);
            let (mut conn, mut writer) = (shop.conn(), shop.conn());
            let manager = $Model::cached_in(&shop.name);
            let keys: [$rust; 2] = $keys;
            let other = || $table::table.find(keys[1].clone());
            let update = || diesel::update(other()).set($table::note.eq("new"));
            let row = || $Model { key: keys[1].clone(), shelf: keys[0].clone(), note: "saved".into() };
            let read = |conn: &mut crate::database::Conn| {
                for key in &keys {
                    let plain = |conn: &mut crate::database::Conn| $table::table.find(key.clone()).first::<$Model>(conn);
                    shop.cost(conn, |conn| manager.get(key).first(conn), plain);
                    crate::harness::list_cost!(shop, conn, manager.all_by_shelf(key));
                }
            };
            let writes: [(&str, &dyn Fn(&mut crate::database::Conn) -> QueryResult<usize>); 6] = [
                ("plain update", &|conn| update().execute(conn)),
                ("written update", &|conn| manager.write(update()).execute(conn)),
                ("save", &|conn| manager.save(&row()).execute(conn)),
                ("plain delete", &|conn| diesel::delete(other()).execute(conn)),
                ("written delete", &|conn| manager.write(diesel::delete(other())).execute(conn)),
                ("delete", &|conn| manager.delete(&keys[1]).execute(conn)),
            ];
            for (name, write) in writes {
                diesel::delete($table::table).execute(&mut writer).unwrap();
                let insert = format!("INSERT INTO {table} VALUES ({stored}, {stored}, 'old')", stored = $stored);
                diesel::sql_query(insert).execute(&mut writer).unwrap();
                let own = $table::table.first::<$Model>(&mut conn).unwrap().key;
                assert_eq!(own, keys[0], "the row's own key");
                for _ in 0..3 {
                    read(&mut conn);
                }
                assert_eq!(write(&mut writer), Ok(1), "{name}: the database takes both for equal");
                read(&mut conn);
            }
        }
        }
    };
}
#[allow(unused_imports, reason = "dialects have types of their own")]
pub(crate) use trapped;

/// A table with a key and a fixed scope that are compared byte by byte, and a test that whatever is believed of them ends
/// when `$change` has them compared without regard to case.
#[allow(unused_macros, reason = "dialects have statements of their own")]
macro_rules! changed {
    ($test:ident, $table:ident, $Model:ident, $column:expr, $run:expr) => {
        diesel::table! {
            $table (key) {
                key -> Text,
                shelf -> Text,
                note -> Text,
            }
        }

        #[derive(
            diesel::AsChangeset, cache_diesel::prelude::Cached, Clone, Debug, diesel::Identifiable, diesel::Insertable,
            PartialEq, diesel::Queryable, diesel::Selectable,
        )]
        #[diesel(table_name = $table, primary_key(key))]
        #[cached(scope(shelf), fixed(shelf))]
        struct $Model {
            key: String,
            shelf: String,
            note: String,
        }

        #[test]
        fn $test() {
            $Model::read_after_a_change();
        }

        mod $test {
            #[test]
            fn is_found_where_it_is_planted() {
                crate::suite::compared::is_found(crate::suite::compared::Mistake::Structures, super::$Model::read_after_a_change);
            }
        }

        impl $Model {
            fn read_after_a_change() {
            use diesel::prelude::*;
            let (table, key) = (stringify!($table), crate::database::quoted("key"));
            let schema = format!(
                "CREATE TABLE {table} ({key} {column} PRIMARY KEY NOT NULL, shelf {column} NOT NULL, note TEXT NOT NULL);
                 INSERT INTO {table} VALUES ('ann', 'ann', 'old'), ('ben', 'ben', 'old');",
                column = $column
            );
            let shop = crate::harness::Shop::with_tables(&schema);
            let (mut conn, mut writer) = (shop.conn(), shop.conn());
            let manager = $Model::cached_in(&shop.name);
            let costs = |conn: &mut crate::database::Conn| -> [usize; 3] {
                let cost = |conn: &mut crate::database::Conn, key: &str| {
                    let plain = |conn: &mut crate::database::Conn| $table::table.find(key).first::<$Model>(conn);
                    shop.cost(conn, |conn| manager.get(key).first(conn), plain)
                };
                [cost(conn, "ann"), cost(conn, "ben"), crate::harness::list_cost!(shop, conn, manager.all_by_shelf("ann"))]
            };
            let rename = |key: &'static str, note: &'static str| diesel::update($table::table.find(key)).set($table::note.eq(note));
            (costs(&mut conn), costs(&mut conn));
            assert_eq!(costs(&mut conn), [0; 3]);
            rename("ben", "new").execute(&mut writer).unwrap();
            assert_eq!(costs(&mut conn), [0, 1, 1], "an update changes lists of all shelves, and one row");

            let run: &dyn Fn(&mut crate::database::Conn, &str) = &$run;
            run(&mut writer, table);
            // PostgreSQL refuses plans whose columns have changed.
            let (mut conn, mut writer) = (shop.conn(), shop.conn());
            (costs(&mut conn), costs(&mut conn));
            assert_eq!(rename("ANN", "plain").execute(&mut writer), Ok(1));
            assert_eq!(costs(&mut conn), [1; 3]);
            assert_eq!(manager.write(rename("ANN", "written")).execute(&mut writer), Ok(1));
            assert_eq!(costs(&mut conn), [1; 3]);
            let row = $Model { key: "ann".into(), shelf: "ANN".into(), note: "saved".into() };
            assert_eq!(manager.save(&row).execute(&mut writer), Ok(1));
            assert_eq!(costs(&mut conn)[2], 1, "the row is on the shelf by another name");
            assert_eq!(manager.delete("ANN").execute(&mut writer), Ok(1));
            assert_eq!(costs(&mut conn), [1; 3]);
        }
        }
    };
}
#[allow(unused_imports, reason = "dialects have statements of their own")]
pub(crate) use changed;

mod sql {}

/// A number of floating point that is what its bits are.
#[derive(AsExpression, Clone, Copy, Debug, Deserialize, FromSqlRow, Serialize)]
#[diesel(sql_type = Double)]
pub struct Bits(pub f64);

impl PartialEq for Bits {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Bits {}

impl core::hash::Hash for Bits {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl<DB: Backend> FromSql<Double, DB> for Bits
where
    f64: FromSql<Double, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        f64::from_sql(bytes).map(Bits)
    }
}

impl<DB: Backend> ToSql<Double, DB> for Bits
where
    f64: ToSql<Double, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

/// Texts that differ in letters, and in what is printed behind a backslash.
pub fn texts() -> [String; 3] {
    ["ann", "ANN", "\"an\\n', 7] "].map(str::to_owned)
}

pub fn names() -> [String; 3] {
    ["ann", "ben", "cal"].map(str::to_owned)
}

compared!(bytes, of_bytes, OfBytes, Binary, BYTES_KEY, Vec<u8>, [vec![1], vec![1, 0], vec![255; 16]], EXACT);
compared!(dates, of_dates, OfDates, Date, "DATE", NaiveDate, days(), EXACT);
compared!(texts_by_bytes, of_texts, OfTexts, Text, TEXT_KEY, String, texts(), EXACT);
compared!(texts_by_letters, of_letters, OfLetters, Text, format!("{TEXT_KEY} {NOCASE}"), String, names(), WIDE);
trapped!(
    texts_that_differ_in_case,
    Collations,
    trapped_case,
    TrappedCase,
    Text,
    format!("{TEXT_KEY} {NOCASE}"),
    String,
    "'ann'",
    ["ann".into(), "ANN".into()]
);
trapped!(zeros, Types, trapped_zeros, TrappedZeros, Double, "DOUBLE PRECISION", Bits, "0.0", [Bits(0.0), Bits(-0.0)]);
