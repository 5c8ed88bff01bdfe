//! Unusual statements of PostgreSQL.

#[path = "postgres_code.rs"]
mod code;

use diesel::connection::SimpleConnection;

use crate::harness::Shop;
use crate::unusual::{Case, feared, harmless, odd, understood};

pub use code::{ELSEWHERE, MORE};

/// A database as it was at first.
pub fn renew(shop: &mut Shop) {
    let empty = "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public;";
    shop.untracked().batch_execute(&format!("{empty} {}", crate::schema::schema())).unwrap();
}

/// The text with its places filled in.
pub fn completed(text: &str, shop: &Shop) -> String {
    text.replace("{database}", shop.url().rsplit('/').next().unwrap())
}

pub const STATEMENTS: &[Case] = &[
    understood(
        "merge",
        &["MERGE INTO products p USING (VALUES (1, 'x'), (4, 'y')) AS v (id, slug) ON p.id = v.id
           WHEN MATCHED THEN UPDATE SET slug = v.slug, category_id = 9
           WHEN NOT MATCHED THEN INSERT VALUES (v.id, 9, v.slug, 'Merged', 1, TRUE)"],
    ),
    understood(
        "merge that deletes, behind WITH",
        &["WITH v AS (SELECT * FROM categories) MERGE INTO ONLY public.products AS p USING v ON p.category_id = v.id
           WHEN MATCHED AND p.id = 1 THEN DELETE WHEN MATCHED THEN DO NOTHING"],
    ),
    understood(
        "a delete in WITH, and a query",
        &["WITH gone AS (DELETE FROM products WHERE id = 1 RETURNING *) SELECT count(*) FROM gone"],
    ),
    understood(
        "an insert in WITH, and an update",
        &["WITH new AS (INSERT INTO products VALUES (4, 9, 'new', 'New', 1, TRUE) RETURNING category_id)
           UPDATE categories SET name = 'Dark' FROM new WHERE id = 8"],
    ),
    understood(
        "several writes in WITH",
        &["WITH RECURSIVE a AS NOT MATERIALIZED (SELECT 1), b AS (DELETE FROM products WHERE id = 1 RETURNING id),
           c AS (UPDATE categories SET name = 'Dark' RETURNING id) (SELECT b.id FROM b) UNION ALL (SELECT id FROM c)"],
    ),
    understood("an update behind WITH", &["WITH a AS (TABLE categories) UPDATE products SET title = a.name FROM a"]),
    understood(
        "a cursor's row updated",
        &[
            "BEGIN",
            "DECLARE c CURSOR FOR SELECT * FROM products WHERE id = 1 FOR UPDATE",
            "FETCH NEXT FROM c",
            "UPDATE products SET title = 'New' WHERE CURRENT OF c",
            "CLOSE c",
            "COMMIT",
        ],
    ),
    understood(
        "a cursor's row deleted",
        &["BEGIN; DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT * FROM products; MOVE 1 IN c; FETCH c;
           DELETE FROM products WHERE CURRENT OF c; COMMIT; CLOSE ALL"],
    )
    .in_batch(),
    harmless("a cursor", &["BEGIN", "DECLARE \"update\" SCROLL CURSOR FOR TABLE products", "FETCH ALL IN \"update\"", "COMMIT"]),
    understood("an upsert by key", &["INSERT INTO products VALUES (1, 9, 'x', 'X', 1, TRUE) ON CONFLICT (id) DO UPDATE SET category_id = 9"]),
    understood("an upsert by unique value", &["INSERT INTO products VALUES (4, 9, 'lamp', 'X', 1, TRUE) ON CONFLICT (slug) DO UPDATE SET id = excluded.id"]),
    understood("an upsert by constraint", &["INSERT INTO products VALUES (1, 9, 'x', 'X', 1, TRUE) ON CONFLICT ON CONSTRAINT products_pkey DO UPDATE SET title = 'Met'"]),
    understood(
        "an upsert under a condition",
        &["INSERT INTO public.products AS \"set\" VALUES (1, 9, 'x', 'X', 1, TRUE)
           ON CONFLICT (id) WHERE id > 0 DO UPDATE SET title = excluded.title WHERE \"set\".price_cents > 5 RETURNING *"],
    ),
    understood(
        "an upsert of a query behind WITH",
        &["WITH a AS (SELECT id, slug FROM products) INSERT INTO products OVERRIDING SYSTEM VALUE
           SELECT id, 9, slug, 'X', 1, TRUE FROM a ON CONFLICT (id) DO UPDATE SET category_id = excluded.category_id"],
    ),
    understood("an insert that does nothing on conflict", &["INSERT INTO products VALUES (1, 9, 'x', 'X', 1, TRUE), (4, 9, 'new', 'X', 1, TRUE) ON CONFLICT DO NOTHING"]),
    understood("an insert of defaults", &["INSERT INTO products VALUES (DEFAULT, 9, 'new', 'X', 1, TRUE)"]),
    understood("an insert of defaults only", &["INSERT INTO products DEFAULT VALUES"]).failing(),
    understood("dollar quotes", &["UPDATE products SET title = $$it's; DELETE FROM $$ WHERE slug = $a$lamp$a$"]),
    understood("dollar quotes in dollar quotes", &["UPDATE products SET title = $ü$ $$ $b$ ' $ü$ WHERE id = 1"]),
    understood("comments in comments", &["/* /* ' */ ; */ UPDATE products /* /* /* */ */ */ SET title = 'New' WHERE id = 1"]),
    understood("escapes", &["UPDATE products SET title = E'it\\'s; \\\\' WHERE id = 1"]),
    understood("a text in parts", &["UPDATE products SET title = 'New'\n ' and newer; --' WHERE id = 1"]),
    feared("letters by their numbers", &["UPDATE products SET title = U&'\\004Eew' WHERE id = 1"]),
    feared("a name by its letters' numbers", &["UPDATE U&\"\\0070roducts\" SET title = 'New' WHERE id = 1"]),
    feared(
        "backslashes that escape",
        &["SET standard_conforming_strings = off; SET escape_string_warning = off",
          "UPDATE products SET title = 'x\\'; UPDATE remarks SET body = ''' WHERE id = 1"],
    )
    .in_batch(),
    feared(
        "backslashes that escape, another table",
        &["SET standard_conforming_strings = off; SET escape_string_warning = off",
          "UPDATE remarks SET body = '\\'; --'; UPDATE products SET title = '\\\\'"],
    )
    .in_batch(),
    understood("names in quotes", &["UPDATE \"public\" . \"products\" SET \"title\" = 'New' WHERE \"products\".\"id\" = 1"]),
    odd("a name in other letters", &["UPDATE \"Products\" SET title = 'New'"]).failing(),
    understood("a name with its database", &["UPDATE {database}.public.products SET title = 'New' WHERE id = 1"]),
    understood("keywords as names", &["UPDATE products AS \"set\" SET title = \"from\".name FROM categories AS \"from\""]),
    feared("only this table, in parentheses", &["DELETE FROM ONLY (products) WHERE id = 1"]),
    understood("this table and its heirs", &["UPDATE products * SET title = 'New' WHERE id = 1"])
        .after("CREATE TABLE special (extra INT) INHERITS (products)"),
    understood("a row of an heir", &["INSERT INTO special VALUES (4, 7, 'new', 'New', 1, TRUE, 1)"])
        .after("CREATE TABLE special (extra INT) INHERITS (products)")
        .naming(&["products"]),
    understood("a view that is written", &["UPDATE offers SET title = 'New' WHERE id = 1"]).naming(&["products"]),
    understood("a delete using tables", &["DELETE FROM products USING categories AS c WHERE c.id = category_id AND c.name = 'Light'"]),
    understood("values in a row", &["UPDATE products SET (title, price_cents) = (SELECT name, 5 FROM categories LIMIT 1) WHERE id = 1"]),
    understood("truncate", &["TRUNCATE TABLE ONLY products, logs RESTART IDENTITY"]).after("CREATE TABLE logs (x INT)"),
    harmless("truncate that is rolled back", &["START TRANSACTION READ WRITE", "TRUNCATE products", "ABORT"]),
    understood(
        "a transaction of many words",
        &["BEGIN ISOLATION LEVEL SERIALIZABLE, READ WRITE, NOT DEFERRABLE", "UPDATE products SET title = 'New'", "END WORK"],
    ),
    understood(
        "a transaction's own level",
        &["BEGIN", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "UPDATE products SET title = 'New'", "COMMIT"],
    ),
    understood("transactions in a chain", &["BEGIN; DELETE FROM products WHERE id = 1; COMMIT AND CHAIN; ROLLBACK"]).in_batch(),
    understood(
        "a commit in a batch that fails later",
        &["UPDATE products SET title = 'New' WHERE id = 1; COMMIT; INSERT INTO products VALUES (1, 9, 'x', 'X', 1, TRUE)"],
    )
    .in_batch()
    .failing(),
    odd(
        "a transaction that failed is committed",
        &["BEGIN", "DELETE FROM products", "SELECT 1 / 0", "COMMIT"],
    )
    .failing(),
    feared(
        "a transaction that is handed over",
        &["BEGIN", "UPDATE products SET title = 'New'", "PREPARE TRANSACTION '{database}'", "COMMIT PREPARED '{database}'"],
    ),
];
