//! Keys of every type, and names that look like something else.

use cache_diesel::prelude::*;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use crate::database::{self, BYTES_KEY, Conn, KEEPS_NUL, LONGEST_KEY, TEXT_KEY, insert_back};
use crate::harness::{Shop, list_cost, products};
use crate::line::prelude::*;

/// A code of a program's own.
#[derive(AsExpression, Clone, Debug, Deserialize, Eq, FromSqlRow, Hash, PartialEq, Serialize)]
#[diesel(sql_type = Text)]
struct Sku(String);

impl<DB: Backend> FromSql<Text, DB> for Sku
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(bytes).map(Sku)
    }
}

impl<DB: Backend> ToSql<Text, DB> for Sku
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <str as ToSql<Text, DB>>::to_sql(&self.0, out)
    }
}

/// A table with one key column, and a test that rows with different keys never meet.
macro_rules! keyed {
    ($test:ident, $table:ident, $Model:ident, $sql:ident, $column:expr, $rust:ty, $keys:expr) => {
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
            let table = stringify!($table);
            let key = database::quoted("key");
            let schema = format!("CREATE TABLE {table} ({key} {} PRIMARY KEY NOT NULL, note TEXT NOT NULL)", $column);
            let shop = Shop::with_tables(&schema);
            let (mut conn, mut writer) = (shop.conn(), shop.conn());
            let manager = $Model::cached_in(&shop.name);
            let keys: Vec<$rust> = $keys;
            let costs = |conn: &mut Conn| -> Vec<usize> {
                keys.iter()
                    .map(|key| {
                        let plain = |conn: &mut Conn| $table::table.find(key).first::<$Model>(conn);
                        shop.cost(conn, |conn| manager.get(key).first(conn), plain)
                    })
                    .collect()
            };
            assert_eq!(costs(&mut conn), vec![1; keys.len()]);
            assert_eq!(costs(&mut conn), vec![0; keys.len()], "absence is remembered for each");
            for (number, key) in keys.iter().enumerate() {
                let row = $Model { key: key.clone(), note: number.to_string() };
                insert_back!(manager, &row, &mut writer).unwrap();
            }
            costs(&mut conn);
            assert_eq!(costs(&mut conn), vec![0; keys.len()]);
            let rows = manager.get_many(&keys).load(&mut conn).unwrap();
            let notes: Vec<usize> = rows.iter().map(|row| row.as_ref().unwrap().note.parse().unwrap()).collect();
            assert_eq!(notes, (0..keys.len()).collect::<Vec<_>>());
            for (number, key) in keys.iter().enumerate() {
                manager.clear_detail(key).unwrap();
                let expected: Vec<usize> = (0..keys.len()).map(|other| usize::from(other == number)).collect();
                assert_eq!(costs(&mut conn), expected, "{key:?} is cleared and no other");
                manager
                    .save(&$Model { key: key.clone(), note: format!("saved {number}") })
                    .execute(&mut writer)
                    .unwrap();
                costs(&mut conn);
            }
            manager.delete(&keys[0]).execute(&mut writer).unwrap();
            costs(&mut conn);
            assert_eq!(costs(&mut conn), vec![0; keys.len()]);
        }
    };
}

/// Texts that hold separators, wildcards and control characters, or are as long as a key may be and longer.
fn odd_texts() -> Vec<String> {
    let short = [
        "", " ", "  ", ":", "a:b", "a", "b", "*", "?", "%", "_", "[a-z]", "\\", "'", "\"", "\n", "\r\n", "\t", "\u{1}",
        "\u{7f}", "a\0", "a\0b", "\0", "null", "None", "1", "01", "all", "list", "detail", "default", "é", "e\u{301}",
        "😀", "A",
    ];
    let long = [28, 29, 30, 31, 32, 33, 64, 10_000].map(|length| "x".repeat(length));
    let almost = [format!("{}y", "x".repeat(9_999)), format!("y{}", "x".repeat(9_999))];
    short.map(str::to_owned).into_iter().chain(long).chain(almost).collect()
}

/// Those of them that the database can hold in a key.
fn odd_text_keys() -> Vec<String> {
    let fits = |text: &String| text.len() <= LONGEST_KEY && (KEEPS_NUL || !text.contains('\0'));
    odd_texts().into_iter().filter(fits).collect()
}

keyed!(k7_texts_as_keys, by_text, ByText, Text, TEXT_KEY, String, odd_text_keys());
keyed!(k7_newtypes_as_keys, by_sku, BySku, Text, TEXT_KEY, Sku, odd_text_keys().into_iter().map(Sku).collect());
keyed!(k7_bytes_as_keys, by_bytes, ByBytes, Binary, BYTES_KEY, Vec<u8>, odd_bytes());
keyed!(k7_small_integers_as_keys, by_small, BySmall, SmallInt, "SMALLINT", i16, vec![0, 1, -1, i16::MIN, i16::MAX]);
keyed!(k7_big_integers_as_keys, by_big, ByBig, BigInt, "BIGINT", i64, vec![0, 1, -1, 256, i64::MIN, i64::MAX]);
keyed!(k7_truths_as_keys, by_truth, ByTruth, Bool, "BOOLEAN", bool, vec![true, false]);

fn odd_bytes() -> Vec<Vec<u8>> {
    let bytes: [&[u8]; 8] = [b"", b"\0", b"\0\0", b"\xff", b"\xff\xfe", b"a", b"a\0", b"0"];
    bytes.map(<[u8]>::to_vec).into_iter().chain([vec![7; 30], vec![7; 31], vec![7; LONGEST_KEY.min(5_000)]]).collect()
}

diesel::table! {
    accounts (bank, number) {
        bank -> Text,
        number -> Text,
        cents -> BigInt,
    }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = accounts, primary_key(bank, number))]
#[cached(negative_timeout = 30, view(AccountPage, select_related(bank_row: Bank)))]
struct Account {
    bank: String,
    number: String,
    cents: i64,
}

#[test]
fn d16_composite_keys_are_told_apart() {
    let shop = Shop::with_tables(
        "CREATE TABLE accounts (bank VARCHAR(255) NOT NULL, number VARCHAR(255) NOT NULL, cents BIGINT NOT NULL,
             PRIMARY KEY (bank, number));",
    );
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Account::cached_in(&shop.name);
    let keys = [("a:b", "c"), ("a", "b:c"), ("a", "b"), ("b", "a"), ("ab", ""), ("", "ab"), ("a\u{ff}", "b")];
    let costs = |conn: &mut Conn| {
        keys.map(|key| {
            shop.cost(
                conn,
                |conn| manager.get(key).first(conn),
                |conn| accounts::table.find(key).first::<Account>(conn),
            )
        })
    };
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1; 7], [0; 7]]);
    for ((bank, number), cents) in keys.into_iter().zip(1..) {
        let row = Account { bank: bank.into(), number: number.into(), cents };
        insert_back!(manager, &row, &mut writer).unwrap();
    }
    costs(&mut conn);
    assert_eq!(costs(&mut conn), [0; 7]);
    let rows = manager.get_many(keys).load(&mut conn).unwrap();
    assert_eq!(rows.iter().map(|row| row.as_ref().unwrap().cents).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    manager.save(&Account { bank: "a".into(), number: "b:c".into(), cents: 9 }).execute(&mut writer).unwrap();
    assert_eq!(manager.get(("a", "b:c")).first(&mut conn).unwrap().cents, 9);
    manager.delete(("a:b", "c")).execute(&mut writer).unwrap();
    costs(&mut conn);
}

diesel::table! {
    banks (name) {
        name -> Text,
        city -> Text,
    }
}

diesel::joinable!(accounts -> banks (bank));
diesel::allow_tables_to_appear_in_same_query!(accounts, banks);

#[derive(Cached, Queryable, Selectable)]
#[diesel(table_name = banks, primary_key(name))]
struct Bank {
    name: String,
    city: String,
}

#[test]
fn a_view_is_read_by_the_columns_of_its_key() {
    let shop = Shop::with_tables(
        "CREATE TABLE banks (name VARCHAR(255) PRIMARY KEY NOT NULL, city TEXT NOT NULL);
         CREATE TABLE accounts (bank VARCHAR(255) NOT NULL, number VARCHAR(255) NOT NULL, cents BIGINT NOT NULL,
             PRIMARY KEY (bank, number));
         INSERT INTO banks VALUES ('a', 'Ulm');
         INSERT INTO accounts VALUES ('a', 'b', 1), ('b', 'a', 2);",
    );
    let mut conn = shop.conn();
    let pages = AccountPage::cached_in(&shop.name);
    let page = pages.get_by_bank_and_number("a", "b").first(&mut conn).unwrap();
    assert_eq!((page.cents, page.bank_row.name.as_str(), page.bank_row.city.as_str()), (1, "a", "Ulm"));
    assert!(pages.get(("a", "b")).entry(&mut conn).unwrap().is_hit());
    assert!(pages.get_by_bank_and_number("b", "a").first(&mut conn).optional().unwrap().is_none());
    diesel::insert_into(banks::table).values((banks::name.eq("b"), banks::city.eq("Bonn"))).execute(&mut conn).unwrap();
    assert_eq!(pages.get_by_bank_and_number("b", "a").first(&mut conn).unwrap().bank_row.city, "Bonn");
}

#[test]
fn composite_keys_are_given_as_they_are_borrowed_or_one_by_one() {
    let shop = Shop::with_tables(
        "CREATE TABLE accounts (bank VARCHAR(255) NOT NULL, number VARCHAR(255) NOT NULL, cents BIGINT NOT NULL,
             PRIMARY KEY (bank, number));
         INSERT INTO accounts VALUES ('a', 'b', 1), ('b', 'a', 2);",
    );
    let mut conn = shop.conn();
    let manager = Account::cached_in(&shop.name);
    let (bank, number) = (String::from("a"), String::from("b"));
    assert_eq!(manager.get((&bank, &number)).first(&mut conn).unwrap().cents, 1);
    let hit = |read: QueryResult<cache_diesel::CachedEntry<std::sync::Arc<Account>>>| {
        let entry = read.unwrap();
        assert_eq!((entry.is_hit(), entry.cents), (true, 1));
    };
    hit(manager.get((&bank, "b")).entry(&mut conn));
    hit(manager.get(("a", &number)).entry(&mut conn));
    hit(manager.get((bank.clone(), &number)).entry(&mut conn));
    hit(manager.get((bank.clone(), number.clone())).entry(&mut conn));
    hit(manager.get_by_bank_and_number("a", &number).entry(&mut conn));
    hit(manager.get_by_bank_and_number(&bank, number.clone()).entry(&mut conn));
    assert_eq!(manager.get_by_bank_and_number(&number, &bank).first(&mut conn).unwrap().cents, 2);
    manager.delete((&bank, &number)).execute(&mut conn).unwrap();
    assert!(manager.get_by_bank_and_number("a", "b").first(&mut conn).optional().unwrap().is_none());
    assert!(manager.get((&bank, &number)).entry(&mut conn).is_err());
}

#[test]
fn k6_suffixes_never_meet_keys_or_reserved_words() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let suffixes = ["1", "", "every", "all", "lists", "product", "default", "lamp", "7"];
    for expected in [1, 0] {
        assert_eq!(shop.row_cost(&mut conn, 1), expected);
        assert_eq!(shop.slug_cost(&mut conn, "lamp"), expected);
        assert_eq!(shop.shelf_cost(&mut conn, 7), expected);
        assert_eq!(shop.every_cost(&mut conn), expected);
        for suffix in suffixes {
            assert_eq!(list_cost!(shop, &mut conn, shop.products().all(suffix, ())), expected, "{suffix:?}");
        }
    }
}

#[test]
fn k7_an_odd_suffix_is_cleared_alone() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let suffixes = odd_texts();
    let costs = |conn: &mut Conn| -> Vec<usize> {
        suffixes.iter().map(|suffix| list_cost!(shop, conn, shop.products().all(suffix, ()))).collect()
    };
    shop.every_cost(&mut conn);
    assert_eq!(costs(&mut conn), vec![1; suffixes.len()]);
    assert_eq!(costs(&mut conn), vec![0; suffixes.len()]);
    for (number, suffix) in suffixes.iter().enumerate() {
        shop.products().clear_list(suffix).unwrap();
        let expected: Vec<usize> = (0..suffixes.len()).map(|other| usize::from(other == number)).collect();
        assert_eq!(costs(&mut conn), expected, "{suffix:?}");
    }
    assert_eq!(shop.every_cost(&mut conn), 0);
}

#[test]
fn k8_one_query_has_one_key_however_it_was_built() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let manager = shop.products();
    assert_eq!(list_cost!(shop, &mut conn, manager.all("a", products::title.eq("Lamp"))), 1);
    assert_eq!(list_cost!(shop, &mut conn, manager.all("a", products::title.eq(String::from("Lamp")))), 0);
    assert_eq!(list_cost!(shop, &mut conn, manager.all(String::from("a"), products::title.eq("Lamp"))), 0);
    assert_eq!(list_cost!(shop, &mut conn, manager.all(Some("a"), ()).filter(products::title.eq("Lamp"))), 0);
    let thread = std::thread::scope(|scope| {
        let read = || list_cost!(shop, &mut shop.conn(), manager.all("a", products::title.eq("Lamp")));
        scope.spawn(read).join().unwrap()
    });
    assert_eq!(thread, 0, "another thread and another connection");
    assert_eq!(list_cost!(shop, &mut conn, manager.every()), 1);
    assert_eq!(list_cost!(shop, &mut conn, manager.all(None::<&str>, ())), 0);
}
