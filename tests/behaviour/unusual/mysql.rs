//! Unusual statements of MySQL and MariaDB.

#[path = "mysql_code.rs"]
mod code;

use diesel::connection::SimpleConnection;

use crate::harness::Shop;
use crate::unusual::{Case, feared, harmless, odd, understood};

pub use code::{ELSEWHERE, MORE};

/// A database as it was at first.
pub fn renew(shop: &mut Shop) {
    let name = completed("{database}", shop);
    let empty = format!("DROP DATABASE {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin");
    shop.untracked().batch_execute(&format!("{empty}; USE {name}; {}", crate::schema::schema())).unwrap();
}

/// The text with its places filled in.
pub fn completed(text: &str, shop: &Shop) -> String {
    text.replace("{database}", shop.url().rsplit('/').next().unwrap())
}

pub const STATEMENTS: &[Case] = &[
    understood("update ignore", &["UPDATE LOW_PRIORITY IGNORE products SET slug = 'new' WHERE id < 3"]),
    understood("an update in order, with a limit", &["UPDATE products SET slug = 'new' ORDER BY price_cents DESC LIMIT 1"]),
    understood("an update of two tables", &["UPDATE products p, categories AS c SET p.title = c.name, c.name = 'x' WHERE c.id = p.category_id"]),
    understood("an update of a join", &["UPDATE products p INNER JOIN categories c ON c.id = p.category_id SET p.title = c.name"]),
    understood(
        "an update of an outer join",
        &["UPDATE categories c LEFT JOIN products p ON p.category_id = c.id SET c.name = 'x' WHERE p.id IS NOT NULL"],
    ),
    understood("an update of a straight join", &["UPDATE products STRAIGHT_JOIN categories SET title = name"]),
    understood(
        "an update of a join with a query",
        &["UPDATE products p JOIN (SELECT max(id) AS id FROM categories) m ON m.id > p.id SET p.title = 'New'"],
    ),
    feared("a delete from a join", &["DELETE p, c FROM products AS p INNER JOIN categories AS c ON c.id = p.category_id WHERE c.id = 8"]),
    feared("a delete using a join", &["DELETE FROM p USING products p, categories c WHERE c.id = p.category_id AND c.id = 7"]),
    understood("a delete in order, with a limit", &["DELETE QUICK FROM products ORDER BY price_cents LIMIT 1"]),
    understood("replace", &["REPLACE INTO products VALUES (4, 9, 'lamp', 'Replaced', 1, 1)"]),
    understood("replace with set", &["REPLACE products SET id = 1, category_id = 9, slug = 'x', title = 'X', price_cents = 1, is_active = 1"]),
    understood("replace from a query", &["REPLACE INTO products SELECT id + 3, 9, slug, title, 1, 1 FROM products WHERE id = 1"]),
    understood("replace that gives rows", &["REPLACE INTO products VALUES (4, 9, 'lamp', 'X', 1, 1) RETURNING id"]).in_batch(),
    understood("insert with set", &["INSERT products SET id = 4, category_id = 9, slug = 'x', title = 'X', price_cents = 1, is_active = 1"]),
    understood("insert ignore", &["INSERT IGNORE INTO products VALUES (1, 7, 'x', 'X', 1, 1), (4, 7, 'new', 'New', 1, 1)"]),
    understood("insert that gives rows", &["INSERT HIGH_PRIORITY INTO products VALUE (4, 9, 'new', 'X', 1, 1) RETURNING *"]).in_batch(),
    understood("insert of nothing", &["INSERT INTO products () VALUES ()"]).failing(),
    understood(
        "an upsert by key",
        &["INSERT INTO products VALUES (1, 9, 'x', 'X', 1, 1) ON DUPLICATE KEY UPDATE category_id = 9, title = VALUES(title)"],
    ),
    understood(
        "an upsert by unique value",
        &["INSERT INTO products VALUES (4, 9, 'lamp', 'X', 1, 1) ON DUPLICATE KEY UPDATE id = VALUE(id)"],
    ),
    understood(
        "an upsert of a query",
        &["INSERT INTO products SELECT id, 9, slug, 'X', 1, 1 FROM products p ON DUPLICATE KEY UPDATE title = concat(p.slug, '!')"],
    ),
    understood(
        "an upsert with set",
        &["INSERT products SET id = 1, category_id = 9, slug = 'x', title = 'X', price_cents = 1, is_active = 1
           ON DUPLICATE KEY UPDATE price_cents = products.price_cents + 1"],
    ),
    understood("names in quotes", &["UPDATE `products` AS `set` SET `set`.`title` = 'New' WHERE `id` = 1"]),
    harmless("a table of keywords", &["INSERT INTO `update` (`set`, `from`) VALUES (1, 2)"])
        .after("CREATE TABLE `update` (`set` INT, `from` INT)"),
    understood("texts in double quotes", &["UPDATE products SET title = \"it's; \"\"x\"\" # DELETE\" WHERE slug = \"lamp\""]),
    understood("backslashes", &["UPDATE products SET title = 'it\\'s; \\\\' WHERE id = 1"]),
    understood("comments to the end of a line", &["UPDATE products # SET\nSET title = 'New' -- ;\n\tWHERE id = 1 #"]),
    understood("two signs that are no comment", &["UPDATE products SET price_cents = 5--1 WHERE id = 1"]),
    understood("texts of another set of letters", &["UPDATE products SET title = _utf8mb4'N' 'ew', slug = 0x78 WHERE id = 1"]),
    feared("a comment that runs", &["/*! UPDATE products SET title = 'New' */"]),
    feared("a comment that runs from a version on", &["/*!40000 UPDATE products */ SET title = 'New' WHERE id = 1"]),
    feared("a comment that runs on MariaDB", &["/*M!100000 DELETE FROM products */"]),
    feared("a part that runs", &["UPDATE remarks /*!, products */ SET body = 'x' /*!, title = 'New' */"]),
    feared("a part that does not run", &["UPDATE products SET title = 'New' /*!99999 , id = 5 */ WHERE id = 1"]),
    feared(
        "backslashes that are letters",
        &["SET sql_mode = 'NO_BACKSLASH_ESCAPES'", "UPDATE remarks SET body = '\\'; UPDATE products SET title = '\\'"],
    )
    .in_batch(),
    feared(
        "backslashes that are letters, another table",
        &["SET SESSION sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES'); UPDATE products SET title = 'a\\' WHERE id = 1"],
    )
    .in_batch(),
    feared(
        "names in double quotes",
        &["SET sql_mode = 'ANSI_QUOTES'", "UPDATE \"products\" SET \"title\" = 'New' WHERE \"products\".\"id\" = 1"],
    ),
    feared(
        "the SQL of another database",
        &["SET sql_mode = 'ORACLE'", "BEGIN UPDATE products SET title = 'New'; END"],
    )
    .in_batch(),
    odd("a variable that is assigned", &["UPDATE remarks SET body = (@t := 'x')", "SELECT title INTO @t FROM products LIMIT 1"])
        .in_batch(),
    understood("a transaction of many words", &["START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE", "DELETE FROM products", "COMMIT WORK"]),
    understood("a transaction's own level", &["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN WORK", "DELETE FROM products", "COMMIT"]),
    understood("transactions in a chain", &["BEGIN", "DELETE FROM products", "COMMIT AND CHAIN NO RELEASE", "ROLLBACK"]),
    understood("a transaction that the next one commits", &["BEGIN", "UPDATE products SET title = 'New'", "BEGIN", "ROLLBACK"]),
    feared("a transaction that the structure commits", &["BEGIN", "UPDATE products SET title = 'New'", "CREATE TABLE t (x INT)", "ROLLBACK"]),
    understood("no automatic commits", &["SET autocommit = 0", "UPDATE products SET title = 'New'", "COMMIT", "SET autocommit = 1"]),
    understood("automatic commits again", &["SET @@session.autocommit = OFF", "UPDATE products SET title = 'New'", "SET autocommit = ON"]),
    feared(
        "locked tables",
        &["LOCK TABLES products WRITE, remarks READ", "UPDATE products SET title = 'New'", "UNLOCK TABLES"],
    ),
];
