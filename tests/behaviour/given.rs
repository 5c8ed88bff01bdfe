//! What SQLite may do to a row that a write has given back, and what a write gives back that is no row as reads find it.

use cache_diesel::Unstored;
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::Integer;

use crate::database::Conn;
use crate::harness::Shop;
use crate::line::prelude::*;
use crate::write_through::{is_stored, schema, slip, slips_of, unstored};

#[test]
fn rows_of_tables_with_triggers_are_not_stored_by_their_writes() {
    for trigger in ["AFTER UPDATE", "BEFORE UPDATE", "AFTER INSERT"] {
        let shop = Shop::with_tables(&schema());
        let mut conn = shop.conn();
        assert_eq!(slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap(), 1);
        assert!(is_stored(&shop, &mut conn, 101));
        let body = "BEGIN UPDATE slips SET state = 'told' WHERE id = 101; END";
        conn.batch_execute(&format!("CREATE TRIGGER told {trigger} ON slips {body}")).unwrap();
        slips_of(&shop).save(&slip(101, "due")).execute(&mut conn).unwrap();
        assert!(!is_stored(&shop, &mut conn, 101), "{trigger}");
        assert_eq!(unstored(&shop, Unstored::Declared), 1, "{trigger}");
        conn.batch_execute("DROP TRIGGER told").unwrap();
        slips_of(&shop).save(&slip(101, "tre")).execute(&mut conn).unwrap();
        assert!(is_stored(&shop, &mut conn, 101), "{trigger}");
    }
}

#[test]
fn rows_that_others_follow_by_another_column_than_the_key_are_not_stored_by_their_writes() {
    for (references, is_kept) in [
        ("slips(text) ON UPDATE CASCADE", false),
        ("slips(text) ON UPDATE SET NULL", false),
        ("slips(text)", true),
        ("slips(id) ON UPDATE CASCADE", true),
        ("slips ON UPDATE CASCADE", true),
    ] {
        let shop = Shop::with_tables(&format!(
            "{} CREATE UNIQUE INDEX texts ON slips (text); CREATE TABLE tails (head REFERENCES {references});",
            schema()
        ));
        let mut conn = shop.conn();
        slips_of(&shop).save(&slip(101, "uno")).execute(&mut conn).unwrap();
        assert_eq!(is_stored(&shop, &mut conn, 101), is_kept, "{references}");
    }
}

#[test]
fn a_save_that_cannot_be_committed_fails_and_stores_nothing() {
    let shop = Shop::with_tables(&schema());
    let mut conn = shop.conn();
    conn.batch_execute("PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 0").unwrap();
    slips_of(&shop).get(102).first(&mut conn).unwrap();
    let mut reader = Conn::establish(&shop.url()).unwrap();
    reader.batch_execute("BEGIN; SELECT * FROM slips").unwrap();
    slips_of(&shop).save(&slip(101, "uno")).get_result(&mut conn).unwrap_err();
    reader.batch_execute("COMMIT").unwrap();
    assert!(!is_stored(&shop, &mut conn, 101));
    assert_eq!(slips_of(&shop).get(101).first(&mut conn).unwrap().text, "one");
}

diesel::table! {
    marks (name) {
        name -> Text,
        size -> Integer,
    }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = marks, primary_key(name))]
#[cached(key = "mark", write_through)]
struct Mark {
    name: String,
    size: i32,
}

#[derive(AsChangeset, Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = marks, primary_key(name))]
#[cached(key = "double_mark", write_through)]
struct DoubleMark {
    name: String,
    size: i32,
    #[diesel(select_expression = sql::<Integer>("2 * size"), select_expression_type = SqlLiteral<Integer>, skip_update)]
    double: i32,
}

const MARKS: &str = "CREATE TABLE marks (name TEXT PRIMARY KEY NOT NULL COLLATE NOCASE, size INTEGER NOT NULL);
                     INSERT INTO marks VALUES ('ann', 1);";

#[test]
fn a_row_that_comes_back_under_another_key_is_not_stored() {
    let shop = Shop::with_tables(MARKS);
    let (mut conn, marks) = (shop.conn(), Mark::cached_in(&shop.name));
    marks.save(&Mark { name: "ANN".into(), size: 2 }).execute(&mut conn).unwrap();
    assert_eq!(shop.cache.statistics().unstored_count("mark", Unstored::Particular), 1);
    marks.save(&Mark { name: "ann".into(), size: 3 }).execute(&mut conn).unwrap();
    let (count, row) = shop.counted(|| marks.get("ann").first(&mut conn).unwrap());
    assert_eq!((count, row.size), (0, 3));
    assert_eq!(marks.get("ANN").first(&mut conn).unwrap().size, 3);
}

#[test]
fn what_is_computed_is_not_stored_by_a_write() {
    let shop = Shop::with_tables(MARKS);
    let (mut conn, marks) = (shop.conn(), DoubleMark::cached_in(&shop.name));
    let row = marks.save(&DoubleMark { name: "ann".into(), size: 4, double: 0 }).get_result(&mut conn).unwrap();
    assert_eq!(row.double, 8);
    assert_eq!(shop.cache.statistics().unstored_count("double_mark", Unstored::Particular), 1);
}
