//! Statements that every database has.

use super::{Case, feared, harmless, odd, understood};

pub const STATEMENTS: &[Case] = &[
    understood(
        "comments around every word",
        &["/* a */ UPDATE /* ; */ products /* 'c */ SET title /* \" */ = 'New' /**/ WHERE id = 1 /* f */"],
    ),
    understood(
        "a line of comment first",
        &["-- DELETE FROM remarks\n\n  UPDATE products SET title = 'New' WHERE id = 1"],
    ),
    understood("a semicolon and a comment last", &["UPDATE products SET title = 'New' WHERE id = 1; -- end"]),
    understood("hardly a space", &["UPDATE\tproducts\r\nSET\ttitle='New'WHERE(id=1)"]),
    understood("mixed letters", &["uPdAtE products sEt TiTlE = 'New' wHeRe Id = 1"]),
    understood("SQL in a text", &["UPDATE products SET title = 'DELETE FROM remarks; /* --' WHERE id = 1"]),
    understood("quotes in a text", &["UPDATE products SET title = 'it''s; ''x' WHERE id = 1"]),
    understood("letters of many languages", &["UPDATE products SET title = 'Ünï – „ç“ 灯 🔦' WHERE id = 1"]),
    understood(
        "an alias of many letters",
        &["UPDATE products SET title = (SELECT max(größe.name) FROM categories größe) WHERE id = 1"],
    ),
    understood(
        "rows of a query over the table itself",
        &["INSERT INTO products SELECT id + 3, 9, 'new', title, 1, is_active FROM products WHERE id = 1"],
    ),
    understood(
        "rows of a join",
        &["INSERT INTO products SELECT p.id + 3, c.id, c.name, p.title, 1, TRUE
            FROM products p INNER JOIN categories c ON c.id = p.category_id WHERE p.id IN (1, 3)"],
    ),
    understood(
        "several rows",
        &["INSERT INTO products (id, slug, category_id, title, price_cents, is_active)
           VALUES (4, 'new', 7, 'New', 1, FALSE), (5, 'other', 8, 'Other', 2, TRUE)"],
    ),
    understood(
        "a value by subquery",
        &["UPDATE products SET title = (SELECT name FROM categories WHERE categories.id = category_id)"],
    ),
    understood(
        "rows that swap their shelves",
        &["UPDATE products SET category_id = CASE category_id WHEN 7 THEN 8 ELSE 7 END"],
    ),
    understood(
        "a delete by subquery",
        &["DELETE FROM products WHERE NOT EXISTS (SELECT 1 FROM categories WHERE id = category_id AND name = 'Wood')"],
    ),
    understood("a delete of the related table", &["DELETE FROM categories WHERE id = 8"]),
    understood("a row of the related table", &["INSERT INTO categories VALUES (9, 'New')"]),
    understood("a key that changes", &["UPDATE products SET id = 5 WHERE id = 2"]),
    understood(
        "unique values that change places",
        &["UPDATE products SET slug = '~' WHERE id = 1; UPDATE products SET slug = 'lamp' WHERE id = 2;
           UPDATE products SET slug = 'torch' WHERE id = 1;"],
    )
    .in_batch(),
    understood(
        "two tables in one text",
        &["UPDATE products SET title = 'New' WHERE id = 1; UPDATE categories SET name = 'Dark' WHERE id = 7"],
    )
    .in_batch(),
    understood("queries around a write", &["SELECT 1; DELETE FROM products WHERE id = 2; SELECT 2"]).in_batch(),
    understood("a transaction by hand", &["BEGIN", "UPDATE products SET title = 'New'", "COMMIT"]),
    harmless("a transaction that is rolled back", &["BEGIN", "UPDATE products SET title = 'New'", "ROLLBACK"]),
    understood(
        "savepoints by hand",
        &[
            "BEGIN",
            "SAVEPOINT a",
            "DELETE FROM products",
            "ROLLBACK TO SAVEPOINT a",
            "SAVEPOINT b",
            "UPDATE products SET title = 'New' WHERE id = 1",
            "RELEASE SAVEPOINT b",
            "COMMIT",
        ],
    ),
    understood("a row that is there already", &["INSERT INTO products VALUES (1, 9, 'x', 'X', 1, TRUE)"]).failing(),
    harmless("a table that is not there", &["UPDATE nowhere SET x = 1"]).failing(),
    odd("a statement that breaks off", &["UPDATE products SET"]).failing(),
    odd("words of no language", &["UPSERT products"]).failing(),
    understood(
        "a batch that fails halfway",
        &["UPDATE products SET title = 'New' WHERE id = 1; INSERT INTO products VALUES (1, 9, 'x', 'X', 1, TRUE);
           DELETE FROM products"],
    )
    .in_batch()
    .failing(),
    odd("a batch that breaks off", &["DELETE FROM products WHERE id = 2; UPDATE products SET"]).in_batch().failing(),
    odd(
        "a transaction in a batch that fails halfway",
        &[
            "BEGIN; UPDATE products SET title = 'New'; INSERT INTO products VALUES (1, 9, 'x', 'X', 1, TRUE); COMMIT",
            "ROLLBACK",
        ],
    )
    .in_batch()
    .failing(),
    odd("another column", &["ALTER TABLE products ADD COLUMN stock INTEGER"]),
    odd("an index", &["CREATE INDEX by_title ON products (price_cents)"]),
    feared(
        "a table from a query, and a delete",
        &["CREATE TABLE copy AS SELECT * FROM products; DELETE FROM products"],
    )
    .in_batch(),
    feared(
        "tables that change names",
        &["CREATE TABLE fewer AS SELECT * FROM categories WHERE id = 7; ALTER TABLE categories RENAME TO kept;
           ALTER TABLE fewer RENAME TO categories"],
    )
    .in_batch(),
    harmless("an explanation", &["EXPLAIN DELETE FROM products"]).in_batch(),
    harmless("a query of words", &["SELECT 'DELETE FROM products' AS is_deleted, 'UPDATE' AS updated_at"]).in_batch(),
    harmless("a query with a name", &["WITH updated AS (SELECT id FROM products) SELECT * FROM updated"]).in_batch(),
    harmless("a write of another table", &["INSERT INTO logs VALUES (1)"]).after("CREATE TABLE logs (x INTEGER)"),
];
