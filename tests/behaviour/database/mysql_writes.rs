//! Writes in the SQL of MariaDB.

use diesel::sql_types::{Integer, Text};
use diesel::{replace_into, sql_query};

use crate::database::Conn;
use crate::harness::{Product, Shop, new_product, products};
use crate::line::prelude::*;

pub type Write = fn(&Shop, &mut Conn) -> QueryResult<usize>;

pub const UPSERTS: &[(&str, Write)] = &[
    ("replace by key", |_, conn| replace_into(products::table).values(new_product(1, 9, "new")).execute(conn)),
    ("replace by unique value", |_, conn| {
        replace_into(products::table).values(new_product(4, 9, "lamp")).execute(conn)
    }),
    ("on duplicate key update", |_, conn| {
        diesel::insert_into(products::table)
            .values(new_product(1, 9, "new"))
            .on_conflict(diesel::dsl::DuplicatedKeys)
            .do_update()
            .set((products::category_id.eq(9), products::slug.eq("new")))
            .execute(conn)
    }),
    ("ignore", |_, conn| {
        diesel::insert_or_ignore_into(products::table)
            .values(vec![new_product(1, 9, "ignored"), new_product(4, 9, "new")])
            .execute(conn)
    }),
    ("update of two tables", |_, conn| {
        sql_query(
            "UPDATE products p JOIN categories c ON c.id = p.category_id SET p.title = c.name, c.name = 'Wood'
             WHERE c.id = 7",
        )
        .execute(conn)
    }),
];

pub const MANAGER_UPSERTS: &[(&str, Write)] = &[
    ("upsert", |shop, conn| {
        let row = new_product(1, 9, "new");
        let insert = diesel::insert_into(products::table).values(&row);
        shop.products().write(insert.on_conflict(diesel::dsl::DuplicatedKeys).do_update().set(&row)).execute(conn)
    }),
    ("replace", |shop, conn| {
        shop.products().write(replace_into(products::table).values(new_product(4, 9, "lamp"))).execute(conn)
    }),
];

/// They look like updates and deletes of row 1 by its key, and may be more.
pub const LOOK_ALIKES: &[(&str, Write)] = &[
    ("by a text", |_, conn| {
        let sql = "DELETE FROM `products` WHERE (`products`.`id` = ?)";
        sql_query(sql).bind::<Text, _>("1").execute(conn)
    }),
    ("ignoring", |_, conn| {
        let sql = "UPDATE IGNORE `products` SET `slug` = ? WHERE (`products`.`id` = ?)";
        sql_query(sql).bind::<Text, _>("new").bind::<Integer, _>(1).execute(conn)
    }),
    ("of two tables", |_, conn| {
        let sql = "UPDATE `products`, `categories` SET `title` = ? WHERE (`products`.`id` = ?)";
        sql_query(sql).bind::<Text, _>("New").bind::<Integer, _>(1).execute(conn)
    }),
    ("with an end", |_, conn| {
        let sql = "UPDATE `products` SET `title` = ? WHERE (`products`.`id` = ?) ORDER BY `slug` LIMIT 1";
        sql_query(sql).bind::<Text, _>("New").bind::<Integer, _>(1).execute(conn)
    }),
    ("with what a setting decides about", |_, conn| {
        let sql = "UPDATE `products` SET `title` = 'it\\'s' WHERE (`products`.`id` = ?)";
        sql_query(sql).bind::<Integer, _>(1).execute(conn)
    }),
];

pub const RAW: &[&str] = &[
    "update\n\t`products`\r\nset title = 'New' -- UPDATE nothing",
    "/* SELECT 1 */ UPDATE products SET title = \"x;y\" WHERE slug = 'lamp' # DELETE",
    "UPDATE LOW_PRIORITY IGNORE products AS p SET title = 'it\\'s' WHERE p.id = 1",
    "UPDATE products, categories SET title = name WHERE categories.id = products.category_id",
    "INSERT INTO products WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
         SELECT i, 7, concat('slug', i), 'New', 1, 1 FROM n",
    "INSERT INTO products SET id = 4, category_id = 9, slug = 'new', title = 'New', price_cents = 1, is_active = 1",
    "DELETE FROM products ORDER BY price_cents DESC LIMIT 1",
    "REPLACE INTO products VALUES (4, 9, 'lamp', 'Replaced', 1, 1)",
    "INSERT IGNORE INTO products VALUES (1, 7, 'x', 'X', 1, 1), (4, 7, 'new', 'New', 1, 1)",
    "INSERT INTO products VALUES (1, 9, 'x', 'X', 1, 1) ON DUPLICATE KEY UPDATE category_id = 9",
    "INSERT INTO products VALUES (4, 9, 'new', 'New', 1, 1) RETURNING id",
    "REPLACE INTO products VALUES (4, 9, 'lamp', 'Replaced', 1, 1) RETURNING id",
    "DELETE FROM products WHERE id = 1 RETURNING id",
];

/// Changes of the structure, and writes that are not followed.
pub const STRUCTURE: &[&str] = &[
    "DELETE FROM p USING products p, categories c WHERE c.id = p.category_id AND c.name = 'Light'",
    "DELETE p, c FROM products AS p INNER JOIN categories AS c ON c.id = p.category_id WHERE c.id = 8",
    "/*! UPDATE products */ SET title = 'New'",
    "/*M!100000 DELETE FROM products */",
    "SET STATEMENT max_statement_time = 10 FOR UPDATE products SET title = 'New'",
    "CREATE TABLE scratch (x INT); INSERT INTO products VALUES (4, 9, 'new', 'New', 1, 1); DROP TABLE scratch;",
    "CREATE OR REPLACE TABLE scratch (x INT); RENAME TABLE products TO kept, categories TO products, kept TO categories;
     RENAME TABLE products TO kept, categories TO products, kept TO categories; UPDATE products SET title = 'New'",
    "TRUNCATE products",
    "TRUNCATE TABLE products; INSERT INTO products VALUES (4, 9, 'new', 'New', 1, 1)",
];

/// Statements that change nothing.
pub const RAW_READS: &[&str] = &[
    "EXPLAIN DELETE FROM products",
    "DESCRIBE products",
    "SHOW TABLES",
    "SELECT * FROM products FOR UPDATE",
    "SELECT get_lock('a', 0), release_lock('a')",
    "SET SESSION max_statement_time = 60",
];

/// An insert of a log renames the first product.
pub const RETITLE_TRIGGER: &str = "CREATE TRIGGER retitle AFTER INSERT ON logs
    FOR EACH ROW UPDATE products SET title = 'New' WHERE id = 1";

/// Writes of random histories, which may be refused.
pub fn random_upsert(conn: &mut Conn, row: Product) -> QueryResult<usize> {
    replace_into(products::table).values(row).execute(conn)
}

pub fn random_slug(id: i32, slug: &str) -> String {
    format!("UPDATE IGNORE products SET slug = '{slug}' WHERE id = {id}")
}

pub fn random_insert(id: i32, shelf: i32, slug: &str) -> String {
    format!(
        "INSERT INTO products VALUES ({id}, {shelf}, '{slug}', 'R', 1, 1) ON DUPLICATE KEY UPDATE category_id = {shelf}"
    )
}
