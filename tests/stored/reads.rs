//! Every kind of read is answered from bytes, and names what its entry depends on before it looks.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::bytes_store::BytesStore;

diesel::table! {
    products (id) { id -> Integer, shelf -> Integer, slug -> Text, email -> Nullable<Text>, }
}

diesel::table! {
    pairs (left, right) { left -> Text, right -> Integer, }
}

diesel::allow_tables_to_appear_in_same_query!(pairs, products);

#[derive(AsChangeset, Cached, Debug, PartialEq, Queryable, Selectable)]
#[cached(negative_timeout = 60, unique(slug), unique(email, with = lower), unique(shelf, slug), scope(shelf))]
struct Product {
    id: i32,
    shelf: i32,
    slug: String,
    email: Option<String>,
}

#[expect(clippy::ptr_arg, reason = "normalisers take the field's type")]
fn lower(value: &String) -> String {
    value.to_lowercase()
}

#[derive(Cached, Debug, PartialEq, Queryable, Selectable)]
#[diesel(primary_key(left, right))]
struct Pair {
    left: String,
    right: i32,
}

#[derive(Cached, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = products)]
#[cached(memory_only)]
struct Brief {
    id: i32,
    slug: String,
}

/// A shop of its own. Hits are counted for the whole process, so that one test runs at a time.
fn connect() -> (SqliteConnection, MutexGuard<'static, ()>) {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| cache_diesel::install(Cache::builder().store(BytesStore::new()).build().unwrap()).unwrap());
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    conn.batch_execute(
        "CREATE TABLE products (id INTEGER PRIMARY KEY NOT NULL, shelf INTEGER NOT NULL, slug TEXT NOT NULL, email TEXT COLLATE NOCASE);
         CREATE TABLE pairs (\"left\" TEXT NOT NULL, \"right\" INTEGER NOT NULL, PRIMARY KEY (\"left\", \"right\"));
         INSERT INTO products VALUES (1, 7, 'lamp', 'a@b.c'), (2, 7, 'torch', NULL), (3, 8, 'table', 'D@e.f');
         INSERT INTO pairs VALUES ('a', 1), ('ünï', -1);",
    )
    .unwrap();
    (conn, alone)
}

/// Reads twice, changes the table, and reads again: from the database, from the store, and from the database.
macro_rules! assert_stored {
    ($conn:ident, $read:expr) => {{
        let first = $read.entry(&mut $conn).unwrap();
        let second = $read.entry(&mut $conn).unwrap();
        assert!(!first.is_hit() && second.is_hit(), stringify!($read));
        assert_eq!(format!("{:?}", first.value), format!("{:?}", second.value));
        $conn.batch_execute("UPDATE products SET shelf = shelf; UPDATE pairs SET \"right\" = \"right\"").unwrap();
        assert!(!$read.entry(&mut $conn).unwrap().is_hit(), stringify!($read));
    }};
}

/// Reads twice what is not there: the second time from the store.
macro_rules! assert_absent {
    ($conn:ident, $read:expr) => {{
        assert!($read.first(&mut $conn).optional().unwrap().is_none());
        let before = hit_count();
        assert!($read.first(&mut $conn).optional().unwrap().is_none());
        assert_eq!(hit_count(), before + 1, stringify!($read));
    }};
}

#[test]
fn rows_are_answered_from_bytes() {
    let (mut conn, _alone) = connect();
    let cached = Product::cached();
    assert_stored!(conn, cached.get(1));
    assert_absent!(conn, cached.get(9));
    assert_stored!(conn, cached.get(1).filter(products::shelf.eq(7)));
    assert_absent!(conn, cached.get(1).filter(products::shelf.eq(9)));
    assert_stored!(conn, Pair::cached().get(("ünï", -1)));
}

#[test]
fn unique_values_are_answered_from_bytes() {
    let (mut conn, _alone) = connect();
    let cached = Product::cached();
    assert_stored!(conn, cached.get_by_slug("lamp"));
    assert_absent!(conn, cached.get_by_slug("nothing"));
    assert_stored!(conn, cached.get_by_email("a@b.c".to_owned()));
    assert_stored!(conn, cached.get_by_email("d@E.F".to_owned()));
    assert_stored!(conn, cached.get_by_shelf_and_slug(7, "torch"));
}

#[test]
fn lists_are_answered_from_bytes() {
    let (mut conn, _alone) = connect();
    let cached = Product::cached();
    assert_stored!(conn, cached.every());
    assert_stored!(conn, cached.all("none", products::id.eq(99)));
    assert_stored!(conn, cached.all("some", products::id.gt(1)).order_by(products::slug).limit(1));
    assert_stored!(conn, cached.all((), diesel::dsl::exists(pairs::table.filter(pairs::right.eq(products::id)))));
    assert_stored!(conn, cached.all_by_shelf(7));
    assert_stored!(conn, Pair::cached().every());
}

#[test]
fn numbers_and_first_rows_are_answered_from_bytes() {
    let (mut conn, _alone) = connect();
    let cached = Product::cached();
    let read = |conn: &mut SqliteConnection| {
        let first = cached.every().order_by(products::id).first(conn).optional().unwrap().map(|row| row.id);
        let none = cached.all((), products::id.eq(99)).first(conn).optional().unwrap().is_none();
        let many = cached.get_many([2, 9, 1]).load(conn).unwrap();
        let many: Vec<_> = many.iter().map(|row| row.as_ref().map(|row| row.id)).collect();
        (first, none, cached.every().count(conn).unwrap(), cached.all_by_shelf(8).exists(conn).unwrap(), many)
    };
    let first = read(&mut conn);
    assert_eq!(first, (Some(1), true, 3, true, vec![Some(2), None, Some(1)]));
    let before = hit_count();
    assert_eq!(read(&mut conn), first);
    assert_eq!(hit_count(), before + 7);
}

fn hit_count() -> u64 {
    caches::default().unwrap().statistics().total().hit_count
}

#[test]
fn models_of_memory_are_not_stored_here() {
    let (mut conn, _alone) = connect();
    for _ in 0..2 {
        let entry = Brief::cached().get(1).entry(&mut conn).unwrap();
        assert!(!entry.is_hit());
        assert_eq!(entry.value.slug, "lamp");
    }
}

/// A query that may not be cached names nothing, and is asked of the database every time.
#[test]
fn queries_that_are_not_cached_name_no_tags() {
    let (mut conn, _alone) = connect();
    let random = || Product::cached().all((), diesel::dsl::sql::<diesel::sql_types::Bool>("random() IS NOT NULL"));
    for _ in 0..2 {
        assert!(!random().entry(&mut conn).unwrap().is_hit());
    }
}
