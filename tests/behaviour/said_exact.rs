//! Columns that models say are compared byte by byte: what it gives, and what follows where the database says otherwise.

use cache_diesel::prelude::*;

use crate::database::{Conn, NOCASE, OTHER_SCOPES_AFTER_INSERT, TEXT_KEY, insert_back};
use crate::harness::{Shop, list_cost};
use crate::line::prelude::*;

/// A table whose key and shelf are said to be compared byte by byte and are not, and a test that it is told and that
/// nothing goes by it: `keys` are the row's own and one that the database takes for equal.
macro_rules! contradicted {
    (
        $test:ident, $table:ident, $Model:ident, $sql:ty, $column:expr, $rust:ty, $stored:expr, $keys:expr, $declared:expr
        $(, $setup:expr)?
    ) => {
        diesel::table! {
            #[allow(unused_imports, reason = "the types of some columns are the program's own")]
            use diesel::sql_types::*;
            #[allow(unused_imports, reason = "the types of some columns are the program's own")]
            use super::sql::*;

            $table (name) { name -> $sql, shelf -> $sql, note -> Text, }
        }

        #[derive(
            diesel::AsChangeset, cache_diesel::prelude::Cached, Clone, Debug, diesel::Identifiable, PartialEq,
            diesel::Queryable, diesel::Selectable,
        )]
        #[diesel(table_name = $table, primary_key(name))]
        #[cached(scope(shelf), exact(name, shelf))]
        struct $Model {
            name: $rust,
            shelf: $rust,
            note: String,
        }

        #[test]
        fn $test() {
            use crate::line::prelude::*;
            let (table, setup): (_, &[&str]) = (stringify!($table), &[$($setup)?]);
            let shop = crate::harness::Shop::with_tables(&format!(
                "{setup} CREATE TABLE {table} (name {column} PRIMARY KEY NOT NULL, shelf {column} NOT NULL, note TEXT NOT NULL);
                 INSERT INTO {table} VALUES ({stored}, {stored}, 'old');",
                setup = setup.concat(),
                column = $column,
                stored = $stored
            ));
            let (mut conn, mut writer) = (shop.conn(), shop.conn());
            let (manager, keys): (_, [$rust; 2]) = ($Model::cached_in(&shop.name), $keys);
            let read = |conn: &mut crate::database::Conn| {
                for key in &keys {
                    let plain = |conn: &mut crate::database::Conn| $table::table.find(key.clone()).first::<$Model>(conn);
                    shop.cost(conn, |conn| manager.get(key).first(conn), plain);
                    crate::harness::list_cost!(shop, conn, manager.all_by_shelf(key));
                }
            };
            (0..3).for_each(|_| read(&mut conn));
            let update = |note: &'static str| {
                diesel::update($table::table.find(keys[1].clone())).set($table::note.eq(note))
            };
            let row = || $Model { name: keys[1].clone(), shelf: keys[1].clone(), note: "saved".into() };
            let writes: [&dyn Fn(&mut crate::database::Conn) -> QueryResult<usize>; 4] = [
                &|conn| update("plain").execute(conn),
                &|conn| manager.write(update("written")).execute(conn),
                &|conn| manager.save(&row()).execute(conn),
                &|conn| manager.delete(&keys[1]).execute(conn),
            ];
            for write in writes {
                assert_eq!(write(&mut writer), Ok(1), "the database takes both for equal");
                read(&mut conn);
            }
            let told: Vec<_> = cache_diesel::contradictions()
                .into_iter()
                .filter(|told| told.model.ends_with(concat!("::", stringify!($Model))))
                .collect();
            assert_eq!(told.iter().map(|told| told.column.as_str()).collect::<Vec<_>>(), ["name", "shelf"], "each once");
            for told in told {
                let sentence = told.to_string();
                for part in [$declared, &format!("`exact({})`", told.column), &format!("`{table}.{}`", told.column)] {
                    assert!(sentence.contains(part), "{part}: {sentence}");
                }
                assert!(cache_diesel::check_settings().unwrap_err().to_string().contains(&sentence));
            }
        }
    };
}
#[allow(unused_imports, reason = "dialects have types of their own")]
pub(crate) use contradicted;

mod sql {}

contradicted!(
    a_column_that_takes_other_letters_for_equal_is_told,
    said_letters,
    SaidLetters,
    Text,
    format!("{TEXT_KEY} {NOCASE}"),
    String,
    "'ann'",
    ["ann".into(), "ANN".into()],
    "is declared as "
);

diesel::table! {
    said_members (name) { name -> Text, city -> Text, note -> Text, }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = said_members, primary_key(name))]
#[cached(scope(city), exact(name, city))]
struct Member {
    name: String,
    city: String,
    note: String,
}

fn member(name: &str, city: &str) -> Member {
    Member { name: name.to_owned(), city: city.to_owned(), note: String::new() }
}

fn shop_of_members() -> Shop {
    Shop::with_tables(&format!(
        "CREATE TABLE said_members (name {TEXT_KEY} PRIMARY KEY NOT NULL, city {TEXT_KEY} NOT NULL, note TEXT NOT NULL);
         INSERT INTO said_members VALUES ('ann', 'bonn', ''), ('ben', 'bern', ''), ('Ann', 'Bonn', '');"
    ))
}

#[test]
fn a_scope_that_is_said_to_be_exact_has_lists_of_its_own() {
    let shop = shop_of_members();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Member::cached_in(&shop.name);
    let costs =
        |conn: &mut Conn| ["bonn", "Bonn", "bern"].map(|city| list_cost!(shop, conn, manager.all_by_city(city)));
    costs(&mut conn);
    costs(&mut conn);
    assert_eq!(costs(&mut conn), [0; 3]);
    insert_back!(manager, &member("cal", "bonn"), &mut writer).unwrap();
    assert_eq!(costs(&mut conn), [1, OTHER_SCOPES_AFTER_INSERT, OTHER_SCOPES_AFTER_INSERT]);
    assert_eq!(manager.save(&member("cal", "bern")).execute(&mut writer), Ok(1));
    assert_eq!(costs(&mut conn), [1; 3], "nobody knows where the row was");
}

#[test]
fn a_manager_asks_before_it_writes_by_what_is_said_to_be_exact() {
    let shop = shop_of_members();
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Member::cached_in(&shop.name);
    let costs = |conn: &mut Conn| {
        ["ann", "ben", "Ann"].map(|name| {
            let plain = |conn: &mut Conn| said_members::table.find(name).first::<Member>(conn);
            shop.cost(conn, |conn| manager.get(name).first(conn), plain)
        })
    };
    costs(&mut conn);
    costs(&mut conn);
    let update = |name: &'static str| diesel::update(said_members::table.find(name)).set(said_members::note.eq("new"));
    // What was asked is forgotten, and what is cached of the table is not.
    let mut forget = |number: usize| {
        let sql = format!("CREATE TABLE elsewhere_{number} (id INTEGER)");
        crate::line::write_by_name(&mut writer, "elsewhere", &sql).unwrap();
    };
    forget(1);
    assert_eq!(costs(&mut conn), [0; 3]);
    assert_eq!(update("ann").execute(&mut shop.conn()), Ok(1));
    assert_eq!(costs(&mut conn), [1; 3], "a plain write asks nobody");
    forget(2);
    assert_eq!(costs(&mut conn), [0; 3]);
    assert_eq!(manager.write(update("ann")).execute(&mut shop.conn()), Ok(1));
    assert_eq!(costs(&mut conn), [1, 0, 0]);
    forget(3);
    assert_eq!(manager.delete("ben").execute(&mut shop.conn()), Ok(1));
    assert_eq!(costs(&mut conn), [0, 1, 0]);
}
