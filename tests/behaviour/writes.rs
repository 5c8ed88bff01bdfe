//! Every way of writing, bare and in a transaction: afterwards every read is what the database says.

use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::sql_query;

use crate::database::{self, Conn, EMPTY_STATEMENT, TEXT_IS_TRANSACTION, Write, insert_back};
use crate::harness::{Product, Shop, categories, new_product, products};
use crate::line::prelude::*;
use crate::transactions::title;

/// Runs `write` beside a warm cache, then compares every read; and once more with the write in a transaction.
#[track_caller]
pub fn check(name: &str, write: impl Fn(&Shop, &mut Conn) -> QueryResult<usize>) {
    for in_transaction in [false, true] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        if in_transaction {
            let before = conn.transaction(|conn| {
                write(&shop, conn)?;
                Ok::<usize, Error>(shop.read_everything(&mut other))
            });
            assert_eq!(before.unwrap(), 0, "{name}: others read from the cache until the commit");
        } else {
            write(&shop, &mut conn).unwrap();
        }
        assert!(shop.read_everything(&mut other) > 0, "{name}: something was written");
        assert_eq!(shop.read_everything(&mut other), 0, "{name}: {in_transaction}");
        assert_eq!(shop.read_everything(&mut conn), 0, "{name}: the writer reads from the cache again");
    }
}

pub fn check_all(writes: &[(&str, Write)]) {
    writes.iter().for_each(|(name, write)| check(name, write));
}

pub fn rows() -> Vec<Product> {
    vec![new_product(4, 7, "new"), new_product(5, 8, "other"), new_product(6, 9, "third")]
}

#[test]
fn w1_plain_inserts() {
    check_all(&[
        ("one", |_, conn| diesel::insert_into(products::table).values(&rows()[0]).execute(conn)),
        ("many", |_, conn| diesel::insert_into(products::table).values(rows()).execute(conn)),
        ("from a query", |_, conn| {
            let copies = products::table.select((
                products::id + 3,
                products::category_id,
                products::title,
                products::title,
                products::price_cents,
                products::is_active,
            ));
            let columns = (
                products::id,
                products::category_id,
                products::slug,
                products::title,
                products::price_cents,
                products::is_active,
            );
            diesel::insert_into(products::table).values(copies).into_columns(columns).execute(conn)
        }),
    ]);
}

#[test]
fn upserts_and_replacements() {
    check_all(database::UPSERTS);
}

#[test]
fn w2_w3_plain_updates() {
    check_all(&[
        ("by key", |_, conn| diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(conn)),
        ("by filter, of the filter's column", |_, conn| {
            let active = products::table.filter(products::is_active.eq(true));
            diesel::update(active).set(products::is_active.eq(false)).execute(conn)
        }),
        ("of all", |_, conn| {
            diesel::update(products::table).set(products::price_cents.eq(products::price_cents + 1)).execute(conn)
        }),
        ("of the key", |_, conn| diesel::update(products::table.find(1)).set(products::id.eq(4)).execute(conn)),
        ("by subquery", |_, conn| {
            let light = categories::table.filter(categories::name.eq("Light")).select(categories::id);
            let shelf = products::table.filter(products::category_id.eq_any(light));
            diesel::update(shelf).set(products::category_id.eq(9)).execute(conn)
        }),
        ("of another table in a subquery", |_, conn| {
            diesel::update(categories::table.find(7)).set(categories::name.eq("Dark")).execute(conn)
        }),
        ("save_changes", |_, conn| {
            let row: Product = new_product(1, 8, "new").save_changes(conn)?;
            Ok(usize::from(row.id == 1))
        }),
    ]);
}

#[test]
fn w4_plain_deletes() {
    check_all(&[
        ("by key", |_, conn| diesel::delete(products::table.find(2)).execute(conn)),
        ("by filter", |_, conn| diesel::delete(products::table.filter(products::category_id.eq(7))).execute(conn)),
        ("of all", |_, conn| diesel::delete(products::table).execute(conn)),
    ]);
}

const RAW: [&str; 4] = [
    "UPDATE products SET title = 'New' WHERE id = 1",
    "DELETE FROM products",
    "DELETE FROM products WHERE EXISTS (SELECT 1 FROM categories WHERE categories.id = category_id AND name = 'Wood')",
    "UPDATE categories SET name = 'Wood' WHERE name = 'Light'",
];

#[test]
fn s2_raw_statements() {
    for sql in RAW.iter().chain(database::RAW) {
        check(sql, |_, conn| sql_query(*sql).execute(conn));
        check(sql, |_, conn| conn.batch_execute(sql).map(|()| 0));
    }
}

#[test]
fn several_statements_in_one_text() {
    for sql in [
        "UPDATE products SET title = 'New' WHERE id = 1; DELETE FROM products WHERE id = 2",
        &format!("SELECT 1; {EMPTY_STATEMENT} -- nothing\n UPDATE products SET title = 'New';"),
        "INSERT INTO categories VALUES (9, 'x;y'); UPDATE products SET category_id = 9 WHERE id = 3;",
    ] {
        check(sql, |_, conn| conn.batch_execute(sql).map(|()| 0));
    }
}

#[test]
fn a_batch_that_fails_halfway_counts() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let batch = "UPDATE products SET title = 'New' WHERE id = 1; INSERT INTO products VALUES (1, 7, 'x', 'X', 1, TRUE)";
    assert!(conn.batch_execute(batch).is_err());
    assert_eq!(title(&shop, &mut other, 1), (1, if TEXT_IS_TRANSACTION { "Lamp" } else { "New" }.into()));
    shop.read_everything(&mut other);
}

#[test]
fn w9_changes_of_the_structure() {
    let changes = [
        "ALTER TABLE products ADD COLUMN stock INTEGER",
        "CREATE TABLE copy AS SELECT id + 3 AS id, category_id, slug, title, price_cents, is_active FROM products;
         DROP TABLE products; ALTER TABLE copy RENAME TO products;",
        "ALTER TABLE products RENAME TO kept; CREATE VIEW products AS SELECT * FROM kept WHERE id < 3",
    ];
    for sql in changes.iter().chain(database::STRUCTURE) {
        let shop = Shop::new();
        let mut other = shop.warm();
        shop.conn().batch_execute(sql).unwrap();
        assert!(shop.read_everything(&mut other) > 0, "{sql}");
        assert_eq!(shop.read_everything(&mut other), 0, "{sql}");
    }
}

#[test]
fn writes_through_the_manager() {
    check_all(&[
        ("insert", |shop, conn| shop.products().insert(&rows()[0]).execute(conn)),
        ("insert of many", |shop, conn| shop.products().insert(rows()).execute(conn)),
        ("save", |shop, conn| shop.products().save(&new_product(1, 9, "new")).execute(conn)),
        ("save, returned", |shop, conn| {
            let row = new_product(2, 8, "torch");
            assert_eq!(shop.products().save(&row).get_result(conn)?, row);
            Ok(1)
        }),
        ("delete", |shop, conn| shop.products().delete(2).execute(conn)),
    ]);
}

#[test]
fn w2_w4_statements_through_the_manager() {
    check_all(&[
        ("update by key", |shop, conn| {
            let update = diesel::update(products::table.find(1)).set(products::title.eq("New"));
            shop.products().write(update).execute(conn)
        }),
        ("update by filter", |shop, conn| {
            let shelf = products::table.filter(products::category_id.eq(7));
            shop.products().write(diesel::update(shelf).set(products::category_id.eq(8))).execute(conn)
        }),
        ("delete by filter", |shop, conn| {
            let shelf = products::table.filter(products::is_active.eq(true));
            shop.products().write(diesel::delete(shelf)).execute(conn)
        }),
        ("insert", |shop, conn| {
            shop.products().write(diesel::insert_into(products::table).values(rows())).execute(conn)
        }),
    ]);
    check_all(database::MANAGER_UPSERTS);
}

#[test]
fn a_save_of_a_missing_row_is_told() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    assert_eq!(shop.products().save(&new_product(9, 7, "new")).execute(&mut conn), Ok(0));
    assert_eq!(shop.products().save(&new_product(9, 7, "new")).get_result(&mut conn), Err(Error::NotFound));
    shop.read_everything(&mut conn);
}

#[test]
fn a_manager_write_that_fails_counts_and_is_told() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    assert!(insert_back!(shop.products(), new_product(1, 7, "new"), &mut conn).is_err());
    assert!(shop.products().insert(vec![new_product(4, 7, "new"), new_product(1, 7, "x")]).execute(&mut conn).is_err());
    assert!(shop.products().save(&new_product(2, 7, "lamp")).execute(&mut conn).is_err());
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

#[test]
fn s3_a_raw_select_ends_nothing() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let texts = [
        "SELECT 1 AS created_at, 2 AS updated_at, 3 AS is_deleted, 'UPDATE products' AS text",
        "SELECT replace(title, 'a', 'b') FROM products",
        "WITH deleted AS (SELECT * FROM products) SELECT * FROM deleted",
    ];
    for text in texts.iter().chain(database::RAW_READS) {
        conn.batch_execute(text).unwrap();
        assert_eq!(shop.read_everything(&mut conn), 0, "{text}");
    }
    conn.transaction(|conn| conn.batch_execute(texts[0])).unwrap();
    assert_eq!(shop.read_everything(&mut conn), 0);
}
