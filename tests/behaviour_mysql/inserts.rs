//! Rows that inserts give back without RETURNING: by the number that the database gave them.

use cache_diesel::prelude::*;
use diesel::prelude::*;
use diesel::result::Error;

use crate::database::Conn;
use crate::harness::{Product, Shop, new_product, products};
use crate::writes::check;

/// BEGIN, two questions for the number, the INSERT, the row, COMMIT.
const STATEMENTS: usize = 6;

macro_rules! insert_numbered {
    ($shop:expr, $slug:expr, $conn:expr) => {
        $shop
            .products()
            .insert((
                products::category_id.eq(7),
                products::slug.eq($slug),
                products::title.eq("New"),
                products::price_cents.eq(1),
                products::is_active.eq(true),
            ))
            .get_result($conn)
    };
}

#[test]
fn a_numbered_row_comes_back_and_ends_its_own_scope_only() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let (count, row) = shop.counted(|| insert_numbered!(shop, "new", &mut conn).unwrap());
    assert_eq!((count, row.id), (STATEMENTS, 4));
    assert_eq!(row, products::table.find(4).first::<Product>(&mut conn).unwrap());
    assert_eq!([7, 8, 9].map(|shelf| shop.shelf_cost(&mut other, shelf)), [1, 0, 0]);
    assert_eq!([1, 2, 3].map(|id| shop.row_cost(&mut other, id)), [0; 3]);
    shop.read_everything(&mut other);
    check("numbered", |shop, conn| insert_numbered!(shop, "new", conn).map(|_| 1));
}

#[test]
fn a_row_that_cannot_be_given_back_is_not_inserted() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    // The number of an earlier insert must not be taken for that of a row with a key of its own.
    insert_numbered!(shop, "new", &mut conn).unwrap();
    shop.read_everything(&mut other);
    for in_transaction in [false, true] {
        let refuse = |conn: &mut Conn| {
            let explicit = shop.products().insert(new_product(9, 7, "other")).get_result(conn);
            assert!(matches!(explicit, Err(Error::QueryBuilderError(_))), "{explicit:?}");
            let several = shop.products().insert(vec![new_product(9, 7, "other"), new_product(10, 7, "third")]);
            let several = several.get_results(conn);
            assert!(matches!(several, Err(Error::QueryBuilderError(_))), "{several:?}");
            QueryResult::Ok(())
        };
        if in_transaction {
            conn.transaction(refuse).unwrap();
        } else {
            refuse(&mut conn).unwrap();
        }
        assert_eq!(products::table.count().get_result::<i64>(&mut conn).unwrap(), 4);
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
        assert_eq!(shop.read_everything(&mut conn), 0);
    }
}

#[test]
fn no_rows_give_nothing_back() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    assert_eq!(shop.products().insert(Vec::<Product>::new()).get_results(&mut conn), Ok(Vec::new()));
    assert_eq!(shop.products().insert(Vec::<Product>::new()).get_result(&mut conn), Err(Error::NotFound));
    shop.read_everything(&mut other);
}

#[test]
fn t4_a_numbered_row_that_is_rolled_back_leaves_entries_valid() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let undone = conn.transaction(|conn| {
        insert_numbered!(shop, "new", conn)?;
        assert_eq!(shop.read_everything(&mut other), 0);
        Err::<(), Error>(Error::RollbackTransaction)
    });
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(shop.read_everything(&mut other), 0);
}

diesel::table! { marks (code) { code -> Text, note -> Text, } }

#[derive(AsChangeset, Cached, Clone, Debug, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = marks, primary_key(code))]
#[cached(negative_timeout = 30)]
struct Mark {
    code: String,
    note: String,
}

/// The comparison pads with spaces and knows no case, as MySQL's own is.
const MARKS: &str = "
    CREATE TABLE marks (
        code VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, note TEXT NOT NULL
    );
    INSERT INTO marks VALUES ('a', 'first'), ('é', 'second');";

#[test]
fn text_keys_that_are_equal_to_the_server_lead_to_one_row() {
    let shop = Shop::with_tables(MARKS);
    let (mut conn, mut writer) = (shop.conn(), shop.conn());
    let manager = Mark::cached_in(&shop.name);
    let costs = |conn: &mut Conn| {
        ["a", "A", "a ", "a  ", "á", "e", "É", "b", "B "].map(|code| {
            let plain = |conn: &mut Conn| marks::table.find(code).first::<Mark>(conn);
            shop.cost(conn, |conn| manager.get(code).first(conn), plain)
        })
    };
    costs(&mut conn);
    costs(&mut conn);
    manager.save(&Mark { code: "A ".into(), note: "saved".into() }).execute(&mut writer).unwrap();
    costs(&mut conn);
    manager.insert(Mark { code: "b".into(), note: "new".into() }).execute(&mut writer).unwrap();
    costs(&mut conn);
    manager.delete("B  ").execute(&mut writer).unwrap();
    costs(&mut conn);
    diesel::update(marks::table.find("E")).set(marks::note.eq("plain")).execute(&mut writer).unwrap();
    costs(&mut conn);
    manager.save(&Mark { code: "a".into(), note: "again".into() }).get_result(&mut writer).unwrap();
    costs(&mut conn);
}

diesel::table! {
    seats (id) {
        id -> Integer,
        name -> Text,
        number -> Integer,
    }
}

#[derive(Cached, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = seats)]
struct Seat {
    id: i32,
    name: String,
    number: i32,
}

#[test]
fn the_number_of_another_column_is_no_key() {
    let shop = Shop::with_tables(
        "CREATE TABLE seats (id INT PRIMARY KEY, name TEXT NOT NULL, number INT NOT NULL AUTO_INCREMENT UNIQUE);
         INSERT INTO seats VALUES (1, 'first', 1), (2, 'second', 2)",
    );
    let mut conn = shop.conn();
    let manager = Seat::cached_in(&shop.name);
    let inserted = manager.insert((seats::id.eq(10), seats::name.eq("third"))).get_result(&mut conn);
    assert!(matches!(inserted, Err(Error::QueryBuilderError(_))), "{inserted:?}");
    assert_eq!(seats::table.count().get_result::<i64>(&mut conn), Ok(2));
}

#[test]
fn a_bind_too_many_is_not_the_key() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let sql = "UPDATE `products` SET `title` = 'New' WHERE (`products`.`id` = ?)";
    let query = diesel::sql_query(sql);
    let query = query.bind::<diesel::sql_types::Integer, _>(1).bind::<diesel::sql_types::Integer, _>(2);
    // The client may refuse it.
    let _ = query.execute(&mut conn);
    shop.read_everything(&mut other);
}
