//! Every way of writing, bare and in a transaction: afterwards every read is what the database says.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::{replace_into, sql_query, upsert};

use crate::harness::{Product, Shop, categories, new_product, products};

type Write = fn(&Shop, &mut SqliteConnection) -> QueryResult<usize>;

/// Runs `write` beside a warm cache, then compares every read; and once more with the write in a transaction.
#[track_caller]
fn check(name: &str, write: impl Fn(&Shop, &mut SqliteConnection) -> QueryResult<usize>) {
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

fn check_all(writes: &[(&str, Write)]) {
    writes.iter().for_each(|(name, write)| check(name, write));
}

fn rows() -> Vec<Product> {
    vec![new_product(4, 7, "new"), new_product(5, 8, "other"), new_product(6, 9, "third")]
}

#[test]
fn w1_plain_inserts() {
    check_all(&[
        ("one", |_, conn| diesel::insert_into(products::table).values(&rows()[0]).execute(conn)),
        ("many", |_, conn| diesel::insert_into(products::table).values(rows()).execute(conn)),
        ("returning", |_, conn| {
            let row: Product = diesel::insert_into(products::table).values(&rows()[0]).get_result(conn)?;
            Ok(usize::from(row.id == 4))
        }),
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
        ("or ignore", |_, conn| {
            diesel::insert_or_ignore_into(products::table)
                .values(vec![new_product(1, 9, "ignored"), new_product(4, 9, "new")])
                .execute(conn)
        }),
    ]);
}

#[test]
fn upserts_and_replacements() {
    check_all(&[
        ("replace by key", |_, conn| replace_into(products::table).values(new_product(1, 9, "new")).execute(conn)),
        ("replace by unique value", |_, conn| {
            replace_into(products::table).values(new_product(4, 9, "lamp")).execute(conn)
        }),
        ("on conflict do update", |_, conn| {
            diesel::insert_into(products::table)
                .values(new_product(1, 9, "new"))
                .on_conflict(products::id)
                .do_update()
                .set((products::category_id.eq(9), products::slug.eq(upsert::excluded(products::slug))))
                .execute(conn)
        }),
        ("on conflict do nothing", |_, conn| {
            diesel::insert_into(products::table).values(&rows()[0]).on_conflict_do_nothing().execute(conn)
        }),
        ("update or replace", |_, conn| {
            sql_query("UPDATE OR REPLACE products SET slug = 'torch' WHERE id = 1").execute(conn)
        }),
    ]);
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
        ("returning", |_, conn| {
            let ids: Vec<i32> = diesel::update(products::table.filter(products::category_id.eq(7)))
                .set(products::slug.eq("new"))
                .filter(products::id.eq(1))
                .returning(products::id)
                .get_results(conn)?;
            Ok(ids.len())
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
        ("returning", |_, conn| {
            let row: Product = diesel::delete(products::table.find(1)).get_result(conn)?;
            Ok(usize::from(row.id == 1))
        }),
    ]);
}

const RAW: [&str; 17] = [
    "UPDATE products SET title = 'New' WHERE id = 1",
    "update\n\t\"products\"\r\nset title = 'New' -- UPDATE nothing",
    "/* SELECT 1 */ UPDATE [products] SET title = 'x;y' WHERE slug = 'lamp'",
    "UPDATE main.`products` SET title = 'New'",
    "UPDATE PRODUCTS AS p SET title = 'New' WHERE p.id = 1",
    "UPDATE products SET title = categories.name FROM categories WHERE categories.id = products.category_id",
    "WITH cheap AS (SELECT id FROM products WHERE price_cents < 1500)
         UPDATE products SET title = 'Cheap' WHERE id IN (SELECT id FROM cheap)",
    "WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
         INSERT INTO products SELECT i, 7, 'slug' || i, 'New', 1, 1 FROM n",
    "WITH dear AS (SELECT id FROM products WHERE price_cents > 1500)
         DELETE FROM products WHERE id IN (SELECT id FROM dear)",
    "REPLACE INTO products VALUES (4, 9, 'lamp', 'Replaced', 1, 1)",
    "INSERT OR REPLACE INTO products VALUES (4, 9, 'lamp', 'Replaced', 1, 1)",
    "INSERT OR IGNORE INTO products VALUES (1, 7, 'x', 'X', 1, 1), (4, 7, 'new', 'New', 1, 1)",
    "INSERT INTO products VALUES (1, 9, 'x', 'X', 1, 1) ON CONFLICT (id) DO UPDATE SET category_id = 9",
    "INSERT INTO products VALUES (4, 9, 'new', 'New', 1, 1) RETURNING id",
    "DELETE FROM products",
    "DELETE FROM products WHERE EXISTS (SELECT 1 FROM categories WHERE categories.id = category_id AND name = 'Wood')",
    "UPDATE categories SET name = 'Wood' WHERE name = 'Light'",
];

#[test]
fn s2_raw_statements() {
    for sql in RAW {
        check(sql, |_, conn| sql_query(sql).execute(conn));
        check(sql, |_, conn| conn.batch_execute(sql).map(|()| 0));
    }
}

#[test]
fn several_statements_in_one_text() {
    for sql in [
        "UPDATE products SET title = 'New' WHERE id = 1; DELETE FROM products WHERE id = 2",
        "SELECT 1; ; -- nothing\n UPDATE products SET title = 'New';",
        "INSERT INTO categories VALUES (9, 'x;y'); UPDATE products SET category_id = 9 WHERE id = 3;",
    ] {
        check(sql, |_, conn| conn.batch_execute(sql).map(|()| 0));
    }
}

#[test]
fn a_batch_that_fails_halfway_counts() {
    let shop = Shop::new();
    let (mut other, mut conn) = (shop.warm(), shop.conn());
    let batch = "UPDATE products SET title = 'New' WHERE id = 1; INSERT INTO products VALUES (1, 7, 'x', 'X', 1, 1)";
    assert!(conn.batch_execute(batch).is_err());
    assert_eq!(shop.products().get(1).first(&mut other).unwrap().title, "New");
    shop.read_everything(&mut other);
}

#[test]
fn w9_changes_of_the_structure() {
    for sql in [
        "ALTER TABLE products ADD COLUMN stock INTEGER",
        "CREATE TABLE copy AS SELECT id + 3 AS id, category_id, slug, title, price_cents, is_active FROM products;
         DROP TABLE products; ALTER TABLE copy RENAME TO products;",
        "ALTER TABLE products RENAME TO kept; CREATE VIEW products AS SELECT * FROM kept WHERE id < 3",
        "CREATE TABLE scratch (x); INSERT INTO products VALUES (4, 9, 'new', 'New', 1, 1); DROP TABLE scratch;",
        "CREATE INDEX by_title ON products (title); VACUUM",
    ] {
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
        ("insert, returned", |shop, conn| {
            let row = shop.products().insert(new_product(4, 7, "new")).get_result(conn)?;
            assert_eq!(row, new_product(4, 7, "new"));
            Ok(1)
        }),
        ("insert of many, the first returned", |shop, conn| {
            assert_eq!(shop.products().insert(rows()).get_result(conn)?, rows()[0]);
            Ok(3)
        }),
        ("insert of many, returned", |shop, conn| {
            let mut inserted = shop.products().insert(rows()).get_results(conn)?;
            inserted.sort_by_key(|row| row.id);
            assert_eq!(inserted, rows());
            Ok(3)
        }),
        ("insert of assignments", |shop, conn| {
            let values = (
                products::category_id.eq(7),
                products::slug.eq("new"),
                products::title.eq("New"),
                products::price_cents.eq(1),
                products::is_active.eq(true),
            );
            assert_eq!(shop.products().insert(values).get_result(conn)?.id, 4);
            Ok(1)
        }),
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
        ("upsert", |shop, conn| {
            let row = new_product(1, 9, "new");
            let insert = diesel::insert_into(products::table).values(&row);
            shop.products().write(insert.on_conflict(products::id).do_update().set(&row)).execute(conn)
        }),
        ("replace", |shop, conn| {
            shop.products().write(replace_into(products::table).values(new_product(4, 9, "lamp"))).execute(conn)
        }),
    ]);
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
    assert!(shop.products().insert(new_product(1, 7, "new")).get_result(&mut conn).is_err());
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
        "EXPLAIN QUERY PLAN DELETE FROM products",
        "VALUES (1), (2)",
    ];
    for text in texts {
        conn.batch_execute(text).unwrap();
        assert_eq!(shop.read_everything(&mut conn), 0, "{text}");
    }
    conn.transaction(|conn| conn.batch_execute(texts[0])).unwrap();
    assert_eq!(shop.read_everything(&mut conn), 0);
}
