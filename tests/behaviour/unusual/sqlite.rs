//! Unusual statements of SQLite.

use crate::harness::Shop;
use crate::unusual::{Case, feared, harmless, odd, understood};

/// A database as it was at first.
pub fn renew(shop: &mut Shop) {
    *shop = Shop::new();
}

/// The text with its places filled in.
pub fn completed(text: &str, shop: &Shop) -> String {
    text.replace("{database}", &shop.url())
}

pub const STATEMENTS: &[Case] = &[
    understood("update or replace", &["UPDATE OR REPLACE products SET slug = 'torch' WHERE id = 1"]),
    understood("update or ignore", &["UPDATE OR IGNORE products SET slug = 'new' WHERE id < 3"]),
    understood("update or fail", &["UPDATE OR FAIL products SET slug = 'new'"]).failing(),
    understood("update or rollback", &["UPDATE OR ROLLBACK products SET slug = 'new'"]).failing(),
    understood("insert or replace", &["INSERT OR REPLACE INTO products VALUES (4, 9, 'lamp', 'Replaced', 1, 1)"]),
    understood(
        "insert or ignore",
        &["INSERT OR IGNORE INTO products VALUES (1, 7, 'x', 'X', 1, 1), (4, 7, 'new', 'N', 1, 1)"],
    ),
    understood("replace", &["REPLACE INTO products SELECT 4, 9, slug, title, 1, 1 FROM products WHERE id < 3"]),
    understood(
        "an upsert by key",
        &["INSERT INTO products VALUES (1, 9, 'x', 'X', 1, 1) ON CONFLICT (id) DO UPDATE SET category_id = 9"],
    ),
    understood(
        "an upsert by unique value",
        &["INSERT INTO products VALUES (4, 9, 'lamp', 'X', 1, 1) ON CONFLICT (slug) DO UPDATE SET id = excluded.id"],
    ),
    understood(
        "an upsert without a target",
        &["INSERT INTO products VALUES (1, 9, 'x', 'X', 1, 1) ON CONFLICT DO UPDATE SET title = 'Met'"],
    ),
    understood(
        "an upsert under a condition",
        &["INSERT INTO products VALUES (1, 9, 'x', 'X', 1, 1)
           ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE price_cents > 5"],
    ),
    understood(
        "an upsert of several clauses",
        &["INSERT INTO products VALUES (4, 9, 'lamp', 'X', 1, 1)
           ON CONFLICT (id) DO NOTHING ON CONFLICT (slug) DO UPDATE SET title = 'Met'"],
    ),
    understood(
        "an upsert of a query",
        &["INSERT INTO products SELECT id, 9, slug, 'X', 1, 1 FROM products WHERE true
           ON CONFLICT (id) DO UPDATE SET category_id = excluded.category_id"],
    ),
    understood(
        "an upsert that does nothing",
        &["INSERT INTO products VALUES (1, 9, 'x', 'X', 1, 1), (4, 9, 'new', 'X', 1, 1) ON CONFLICT DO NOTHING"],
    ),
    understood("a name in brackets", &["UPDATE [products] SET [title] = 'New' WHERE id = 1"]),
    feared("a name as a text", &["UPDATE 'products' SET 'title' = 'New' WHERE id = 1"]),
    feared("a name with its schema", &["UPDATE \"main\".'products' SET title = 'New' WHERE id = 1"]),
];

pub const MORE: &[Case] = &[
    understood("keywords as names", &["UPDATE products AS \"set\" SET title = 'New' WHERE \"set\".id = 1"]),
    harmless("a table of keywords", &["INSERT INTO \"update\" (\"set\", [from]) SELECT 1, 2"])
        .after("CREATE TABLE \"update\" (\"set\" INT, \"from\" INT)"),
    understood("an update from tables", &["UPDATE products SET title = c.name FROM categories AS c WHERE c.id = category_id"]),
    understood("values in a row", &["UPDATE products SET (title, price_cents) = (SELECT name, 0x10 FROM categories) WHERE id = 1"]),
    understood("an update behind WITH", &["WITH a(id) AS (VALUES (1), (2)) UPDATE products SET title = 'New' WHERE id IN a"]),
    understood("a delete behind WITH", &["WITH a AS MATERIALIZED (SELECT 1 AS id) DELETE FROM products WHERE id IN a"]),
    understood(
        "an insert behind WITH",
        &["WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
           INSERT INTO products SELECT i, 7, 'slug' || i, 'New', 1, 1 FROM n"],
    ),
    understood("a write that gives rows", &["UPDATE products SET title = 'New' WHERE id = 1 RETURNING *, (SELECT max(id) FROM remarks)"]),
    understood("an update without an index", &["UPDATE products NOT INDEXED SET title = 'New' WHERE id = 1"]),
    understood("bytes for a text", &["UPDATE products SET title = CAST(x'4E6577' AS TEXT) WHERE id = +1"]),
    feared("a comment that does not end", &["UPDATE products SET title = 'New' WHERE id = 1 /* and so on"]),
    understood("empty statements first", &[";; ; UPDATE products SET title = 'New' WHERE id = 1"]).in_batch(),
    understood("an immediate transaction", &["BEGIN IMMEDIATE", "DELETE FROM products WHERE id = 1", "END TRANSACTION"]),
    understood("an exclusive transaction", &["BEGIN EXCLUSIVE TRANSACTION; DELETE FROM products WHERE id = 1; COMMIT"]).in_batch(),
    understood("a savepoint that commits", &["SAVEPOINT a", "DELETE FROM products WHERE id = 1", "RELEASE a"]),
    odd(
        "a savepoint that is rolled back",
        &["SAVEPOINT 'a b'", "DELETE FROM products WHERE id = 1", "ROLLBACK TO 'a b'", "RELEASE 'a b'"],
    ),
    understood("a harmless pragma", &["PRAGMA foreign_keys = OFF; DELETE FROM products WHERE id = 1"]).in_batch(),
    harmless("a version", &["PRAGMA user_version = 5"]),
    harmless("the plan of a write", &["EXPLAIN QUERY PLAN UPDATE products SET title = 'New'"]),
    harmless("statistics and indexes", &["ANALYZE", "REINDEX products"]),
    odd("the file made anew", &["VACUUM"]),
    odd(
        "a temporary table of the same name",
        &["CREATE TEMP TABLE products AS SELECT * FROM main.products", "UPDATE products SET title = 'Shadow'"],
    ),
    feared(
        "the table behind a temporary one",
        &["CREATE TEMP TABLE products AS SELECT * FROM main.products; UPDATE main.products SET title = 'New'"],
    )
    .in_batch(),
    feared(
        "a temporary trigger",
        &["CREATE TEMP TRIGGER t AFTER UPDATE ON main.categories BEGIN DELETE FROM products WHERE id = 1; END;
           UPDATE categories SET name = 'Dark'"],
    )
    .in_batch(),
    understood("a trigger that is announced", &["UPDATE categories SET name = 'Dark'"])
        .after("CREATE TRIGGER t AFTER UPDATE ON categories BEGIN DELETE FROM products WHERE id = 1; END")
        .naming(&["products"]),
    understood("a view that is written", &["UPDATE offers SET title = 'New' WHERE id = 1"])
        .after("CREATE TRIGGER t INSTEAD OF UPDATE ON offers BEGIN UPDATE products SET title = NEW.title WHERE id = NEW.id; END")
        .naming(&["products"]),
    feared(
        "columns that change names",
        &["ALTER TABLE categories RENAME COLUMN name TO old; ALTER TABLE categories ADD COLUMN name TEXT NOT NULL DEFAULT 'New'"],
    )
    .in_batch(),
];

pub const ELSEWHERE: &[Case] = &[
    feared(
        "the same file by another name",
        &["ATTACH '{database}' AS twin", "UPDATE twin.products SET title = 'New'", "DETACH twin"],
    ),
    feared(
        "another database beside it",
        &["ATTACH ':memory:' AS aside; CREATE TABLE aside.t (x); INSERT INTO products SELECT 4, 7, 'n', 'N', 1, 1;"],
    )
    .in_batch(),
];
