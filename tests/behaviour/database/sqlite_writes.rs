//! Writes in the SQL of SQLite.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Integer, Text};
use diesel::{replace_into, sql_query, upsert};

use crate::database::Conn;
use crate::harness::{Product, Shop, new_product, products};
use crate::line::prelude::*;

pub type Write = fn(&Shop, &mut Conn) -> QueryResult<usize>;

pub const UPSERTS: &[(&str, Write)] = &[
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
        diesel::insert_into(products::table).values(new_product(4, 7, "new")).on_conflict_do_nothing().execute(conn)
    }),
    ("or ignore", |_, conn| {
        // An awaited connection takes no list of rows here; of one that blocks Diesel makes such statements.
        let mut insert = |row| diesel::insert_or_ignore_into(products::table).values(row).execute(conn);
        Ok(insert(new_product(1, 9, "ignored"))? + insert(new_product(4, 9, "new"))?)
    }),
    ("update or replace", |_, conn| {
        sql_query("UPDATE OR REPLACE products SET slug = 'torch' WHERE id = 1").execute(conn)
    }),
];

pub const MANAGER_UPSERTS: &[(&str, Write)] = &[
    ("upsert", |shop, conn| {
        let row = new_product(1, 9, "new");
        let insert = diesel::insert_into(products::table).values(&row);
        shop.products().write(insert.on_conflict(products::id).do_update().set(&row)).execute(conn)
    }),
    ("replace", |shop, conn| {
        shop.products().write(replace_into(products::table).values(new_product(4, 9, "lamp"))).execute(conn)
    }),
];

/// They look like updates and deletes of row 1 by its key, and may be more.
pub const LOOK_ALIKES: &[(&str, Write)] = &[
    ("of the row id", |_, conn| {
        let sql = "UPDATE `products` SET `rowid` = ? WHERE (`products`.`id` = ?)";
        sql_query(sql).bind::<Integer, _>(4).bind::<Integer, _>(1).execute(conn)
    }),
    ("with binds in another order", |_, conn| {
        let sql = "UPDATE `products` SET `title` = ?2 WHERE (`products`.`id` = ?1)";
        sql_query(sql).bind::<Integer, _>(1).bind::<Integer, _>(2).execute(conn)
    }),
    ("replacing", |_, conn| {
        let sql = "UPDATE OR REPLACE `products` SET `slug` = ? WHERE (`products`.`id` = ?)";
        sql_query(sql).bind::<Text, _>("torch").bind::<Integer, _>(1).execute(conn)
    }),
    ("by a text", |_, conn| {
        let sql = "DELETE FROM `products` WHERE (`products`.`id` = ?)";
        sql_query(sql).bind::<Text, _>("1").execute(conn)
    }),
    ("several statements", |_, conn| {
        let sql = "UPDATE `products` SET `title` = 'New'; DELETE FROM `products` WHERE (`products`.`id` = ?)";
        conn.batch_execute(sql).map(|()| 0)
    }),
];

pub const RAW: &[&str] = &[
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
];

pub const STRUCTURE: &[&str] = &[
    "CREATE TABLE scratch (x); INSERT INTO products VALUES (4, 9, 'new', 'New', 1, 1); DROP TABLE scratch;",
    "CREATE INDEX by_title ON products (title); VACUUM",
];

/// Statements that change nothing.
pub const RAW_READS: &[&str] = &["EXPLAIN QUERY PLAN DELETE FROM products"];

/// An insert of a log renames the first product.
pub const RETITLE_TRIGGER: &str = "CREATE TRIGGER retitle AFTER INSERT ON logs
    BEGIN UPDATE products SET title = 'New' WHERE id = 1; END";

/// Writes of random histories, which may be refused.
pub fn random_upsert(conn: &mut Conn, row: Product) -> QueryResult<usize> {
    replace_into(products::table).values(row).execute(conn)
}

pub fn random_slug(id: i32, slug: &str) -> String {
    format!("UPDATE OR REPLACE products SET slug = '{slug}' WHERE id = {id}")
}

pub fn random_insert(id: i32, shelf: i32, slug: &str) -> String {
    format!("INSERT OR ROLLBACK INTO products VALUES ({id}, {shelf}, '{slug}', 'R', 1, 1)")
}
