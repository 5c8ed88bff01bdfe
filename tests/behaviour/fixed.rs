//! Columns that a row keeps for life: what a save leaves in the cache, and what it must not leave.

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;

use crate::database::{Conn, HAS_REPLACE, OTHER_SCOPES_AFTER_INSERT, TEXT_KEY, insert_back};
use crate::harness::{Shop, list_cost};
use crate::line::prelude::*;

diesel::table! {
    books (id) {
        id -> Integer,
        shelf -> Integer,
        code -> Text,
        title -> Text,
    }
}

diesel::table! {
    order_lines (order_id, number) {
        order_id -> Integer,
        number -> Integer,
        amount -> Integer,
    }
}

diesel::table! {
    loans (id) {
        id -> Integer,
        book_id -> Integer,
    }
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = books)]
#[cached(key = "book", negative_timeout = 30, unique(code), scope(shelf), scope(title), fixed(shelf, code))]
struct Book {
    id: i32,
    shelf: i32,
    code: String,
    title: String,
}

/// Has neither scopes nor unique look-ups: its saves do not tell of them.
#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = books)]
#[cached(key = "title")]
struct Title {
    id: i32,
    title: String,
}

#[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = order_lines, primary_key(order_id, number))]
#[cached(scope(order_id))]
struct Line {
    order_id: i32,
    number: i32,
    amount: i32,
}

/// Its foreign key may lead to any unique column of the books.
#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = loans)]
#[cached(cascaded_by(Book))]
struct Loan {
    id: i32,
    book_id: i32,
}

mod doubted {
    use super::*;

    diesel::table! {
        boxes (id) {
            id -> Integer,
            shelf -> Integer,
            code -> Text,
        }
    }

    /// Says that boxes stay on their shelves.
    #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = boxes)]
    #[cached(key = "strict", negative_timeout = 30, unique(code), scope(shelf), fixed(shelf, code))]
    pub struct Strict {
        pub id: i32,
        pub shelf: i32,
        pub code: String,
    }

    /// Says nothing, and moves them.
    #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
    #[diesel(table_name = boxes)]
    #[cached(key = "loose", negative_timeout = 30, unique(code), scope(shelf))]
    pub struct Loose {
        pub id: i32,
        pub shelf: i32,
        pub code: String,
    }
}

use doubted::{Loose, Strict, boxes};

fn books() -> String {
    format!(
        "CREATE TABLE books (
             id INTEGER PRIMARY KEY, shelf INT NOT NULL, code {TEXT_KEY} NOT NULL UNIQUE, title TEXT NOT NULL
         );
         INSERT INTO books VALUES (1, 7, 'a', 'Ants'), (2, 7, 'b', 'Bees'), (3, 8, 'c', 'Cats');
         CREATE TABLE loans (id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL REFERENCES books (id) ON DELETE CASCADE);
         INSERT INTO loans VALUES (1, 1);"
    )
}

fn boxes() -> String {
    format!(
        "CREATE TABLE boxes (id INTEGER PRIMARY KEY, shelf INT NOT NULL, code {TEXT_KEY} NOT NULL UNIQUE);
         INSERT INTO boxes VALUES (1, 7, 'a'), (2, 7, 'b'), (3, 8, 'c');"
    )
}

/// What the rows of each shelf cost to read: as a list, and as a number.
#[track_caller]
fn shelf_costs(shop: &Shop, conn: &mut Conn) -> [[usize; 2]; 3] {
    [7, 8, 9].map(|shelf| {
        let rows = || Book::cached_in(&shop.name).all_by_shelf(shelf);
        let plain = || books::table.filter(books::shelf.eq(shelf));
        let list = list_cost!(shop, conn, rows());
        let count = |conn: &mut Conn| plain().count().get_result::<i64>(conn);
        [list, shop.cost(conn, |conn| rows().count(conn), count)]
    })
}

/// What two absent rows cost to read, by key and by code.
#[track_caller]
fn absent_costs(shop: &Shop, conn: &mut Conn) -> [usize; 2] {
    let manager = Book::cached_in(&shop.name);
    let row = shop.cost(conn, |conn| manager.get(9).first(conn), |conn| books::table.find(9).first::<Book>(conn));
    [row, code_cost(shop, conn, "none")]
}

#[track_caller]
fn code_cost(shop: &Shop, conn: &mut Conn, code: &str) -> usize {
    let manager = Book::cached_in(&shop.name);
    let plain = |conn: &mut Conn| books::table.filter(books::code.eq(code)).first::<Book>(conn);
    shop.cost(conn, |conn| manager.get_by_code(code).first(conn), plain)
}

#[track_caller]
fn title_cost(shop: &Shop, conn: &mut Conn, title: &str) -> usize {
    list_cost!(shop, conn, Book::cached_in(&shop.name).all_by_title(title))
}

/// A shop whose books are cached in every way.
#[track_caller]
fn warm() -> (Shop, Conn) {
    let shop = Shop::with_tables(&books());
    let mut conn = shop.conn();
    for expected in [1, 0] {
        assert_eq!(shelf_costs(&shop, &mut conn), [[expected; 2]; 3]);
        assert_eq!(absent_costs(&shop, &mut conn), [expected; 2]);
        assert_eq!(["a", "b", "c"].map(|code| code_cost(&shop, &mut conn, code)), [expected; 3]);
        assert_eq!(["Ants", "Owls"].map(|title| title_cost(&shop, &mut conn, title)), [expected; 2]);
        assert_eq!(list_cost!(shop, &mut conn, Book::cached_in(&shop.name).every()), expected);
        assert_eq!(list_cost!(shop, &mut conn, Loan::cached_in(&shop.name).every()), expected);
    }
    (shop, conn)
}

fn book(id: i32, shelf: i32, code: &str, title: &str) -> Book {
    Book { id, shelf, code: code.into(), title: title.into() }
}

#[test]
fn a_save_leaves_the_scopes_that_the_row_is_not_in_and_what_is_absent() {
    let (shop, mut conn) = warm();
    let saved = Book::cached_in(&shop.name).save(&book(1, 7, "a", "Owls")).get_result(&mut shop.conn()).unwrap();
    assert_eq!(saved.title, "Owls");
    assert_eq!(shelf_costs(&shop, &mut conn), [[1; 2], [0; 2], [0; 2]]);
    assert_eq!(absent_costs(&shop, &mut conn), [0; 2]);
    assert_eq!(["a", "b", "c"].map(|code| code_cost(&shop, &mut conn, code)), [1, 0, 0]);
    assert_eq!(list_cost!(shop, &mut conn, Book::cached_in(&shop.name).every()), 1);
}

#[test]
fn scopes_that_are_not_exact_follow_a_save() {
    let (shop, mut conn) = warm();
    Book::cached_in(&shop.name).save(&book(1, 7, "a", "Owls")).execute(&mut shop.conn()).unwrap();
    assert_eq!(["Ants", "Owls"].map(|title| title_cost(&shop, &mut conn, title)), [1, 1]);
}

#[test]
fn a_save_still_counts_for_tables_that_are_cascaded() {
    let (shop, mut conn) = warm();
    Book::cached_in(&shop.name).save(&book(1, 7, "a", "Owls")).execute(&mut shop.conn()).unwrap();
    assert_eq!(list_cost!(shop, &mut conn, Loan::cached_in(&shop.name).every()), 1);
}

#[test]
fn a_save_in_a_transaction_leaves_as_much() {
    let (shop, mut conn) = warm();
    let manager = Book::cached_in(&shop.name);
    shop.conn()
        .transaction(|writer| {
            manager.save(&book(1, 7, "a", "Owls")).execute(writer)?;
            assert_eq!(shelf_costs(&shop, &mut conn), [[0; 2]; 3], "nothing is committed");
            manager.save(&book(2, 7, "b", "Apes")).execute(writer)
        })
        .unwrap();
    assert_eq!(shelf_costs(&shop, &mut conn), [[1; 2], [0; 2], [0; 2]]);
    assert_eq!(absent_costs(&shop, &mut conn), [0; 2]);
}

#[test]
fn a_save_on_an_untracked_connection_is_wide() {
    let (shop, mut conn) = warm();
    Book::cached_in(&shop.name).save(&book(1, 7, "a", "Owls")).execute(&mut shop.untracked()).unwrap();
    assert_eq!(shelf_costs(&shop, &mut conn), [[1; 2]; 3]);
    assert_eq!(absent_costs(&shop, &mut conn), [1; 2]);
}

#[test]
fn a_save_of_a_row_that_is_not_there_changes_nothing_that_is_read() {
    let (shop, mut conn) = warm();
    assert_eq!(Book::cached_in(&shop.name).save(&book(9, 9, "none", "Owls")).execute(&mut shop.conn()), Ok(0));
    shelf_costs(&shop, &mut conn);
    absent_costs(&shop, &mut conn);
    assert_eq!(absent_costs(&shop, &mut conn), [0; 2]);
}

#[test]
fn other_statements_do_not_believe_that_a_column_is_fixed() {
    let writes = [
        "UPDATE books SET shelf = 9 WHERE id = 1",
        "UPDATE books SET code = 'none' WHERE id = 1",
        "REPLACE INTO books VALUES (1, 8, 'none', 'Owls')",
        "INSERT INTO books VALUES (9, 9, 'none', 'Owls')",
        "DELETE FROM books WHERE shelf = 7",
    ];
    for write in writes.into_iter().filter(|sql| HAS_REPLACE || !sql.starts_with("REPLACE")) {
        let (shop, mut conn) = warm();
        shop.conn().batch_execute(write).unwrap();
        shelf_costs(&shop, &mut conn);
        absent_costs(&shop, &mut conn);
        for code in ["a", "b", "c"] {
            code_cost(&shop, &mut conn, code);
        }
    }
    let (shop, mut conn) = warm();
    let moved = diesel::update(books::table.find(1)).set((books::shelf.eq(9), books::code.eq("none")));
    Book::cached_in(&shop.name).write(moved).execute(&mut shop.conn()).unwrap();
    shelf_costs(&shop, &mut conn);
    absent_costs(&shop, &mut conn);
}

#[test]
fn inserts_and_deletes_reach_fixed_scopes() {
    let (shop, mut conn) = warm();
    let manager = Book::cached_in(&shop.name);
    insert_back!(manager, book(9, 9, "none", "Owls"), &mut shop.conn()).unwrap();
    let others = [OTHER_SCOPES_AFTER_INSERT; 2];
    assert_eq!(shelf_costs(&shop, &mut conn), [others, others, [1; 2]]);
    assert_eq!(absent_costs(&shop, &mut conn), [1; 2]);
    manager.delete(9).execute(&mut shop.conn()).unwrap();
    shelf_costs(&shop, &mut conn);
    absent_costs(&shop, &mut conn);
}

#[test]
fn a_model_that_does_not_know_the_scopes_saves_for_all_of_them() {
    let (shop, mut conn) = warm();
    Title::cached_in(&shop.name).save(&Title { id: 1, title: "Owls".into() }).execute(&mut shop.conn()).unwrap();
    assert_eq!(shelf_costs(&shop, &mut conn), [[1; 2]; 3]);
    assert_eq!(absent_costs(&shop, &mut conn), [0; 2]);
}

#[test]
fn of_two_models_that_say_different_things_neither_is_believed() {
    let costs = |shop: &Shop, conn: &mut Conn| {
        let shelves = [7, 8].map(|shelf| list_cost!(shop, conn, Strict::cached_in(&shop.name).all_by_shelf(shelf)));
        let plain = |conn: &mut Conn| boxes::table.filter(boxes::code.eq("none")).first::<Strict>(conn);
        let code = shop.cost(conn, |conn| Strict::cached_in(&shop.name).get_by_code("none").first(conn), plain);
        (shelves, code)
    };
    let shop = Shop::with_tables(&boxes());
    let mut conn = shop.conn();
    assert_eq!([(); 2].map(|()| costs(&shop, &mut conn)), [([1, 1], 1), ([0, 0], 0)]);
    let moved = Loose { id: 1, shelf: 8, code: "none".into() };
    Loose::cached_in(&shop.name).save(&moved).execute(&mut shop.conn()).unwrap();
    assert_eq!(costs(&shop, &mut conn), ([1, 1], 1));
    Strict::cached_in(&shop.name)
        .save(&Strict { id: 2, shelf: 7, code: "b".into() })
        .execute(&mut shop.conn())
        .unwrap();
    assert_eq!(costs(&shop, &mut conn).0, [1, 1]);
}

#[test]
fn columns_of_the_primary_key_are_fixed_by_themselves() {
    let shop = Shop::with_tables(
        "CREATE TABLE order_lines (order_id INT NOT NULL, number INT NOT NULL, amount INT NOT NULL,
             PRIMARY KEY (order_id, number));
         INSERT INTO order_lines VALUES (1, 1, 10), (1, 2, 20), (2, 1, 30);",
    );
    let mut conn = shop.conn();
    let manager = Line::cached_in(&shop.name);
    let costs = |conn: &mut Conn| [1, 2].map(|order| list_cost!(shop, conn, manager.all_by_order_id(order)));
    assert_eq!([costs(&mut conn), costs(&mut conn)], [[1, 1], [0, 0]]);
    manager.save(&Line { order_id: 1, number: 2, amount: 9 }).execute(&mut shop.conn()).unwrap();
    assert_eq!(costs(&mut conn), [1, 0]);
    diesel::update(order_lines::table.find((1, 1))).set(order_lines::order_id.eq(3)).execute(&mut shop.conn()).unwrap();
    assert_eq!(costs(&mut conn), [1, 1]);
}
