//! Unusual statements of MySQL and MariaDB that run code, change the structure, or leave everything as it is.

use crate::unusual::{Case, feared, harmless, odd, understood};

const TOUCH: &str = "CREATE FUNCTION touch() RETURNS INT MODIFIES SQL DATA
    BEGIN UPDATE products SET title = 'Touched' WHERE id = 1; RETURN 1; END";

pub const MORE: &[Case] = &[
    feared(
        "a transaction of the other kind",
        &[
            "XA START '{database}'",
            "UPDATE products SET title = 'New'",
            "XA END '{database}'",
            "XA PREPARE '{database}'",
            "XA COMMIT '{database}'",
        ],
    )
    .in_batch(),
    feared(
        "the same in one phase",
        &["XA BEGIN 'a','{database}',1; UPDATE products SET title = 'New'; XA END 'a','{database}',1;
           XA COMMIT 'a','{database}',1 ONE PHASE"],
    )
    .in_batch(),
    odd(
        "the same, rolled back",
        &["XA START '{database}'", "DELETE FROM products", "XA END '{database}'", "XA ROLLBACK '{database}'"],
    )
    .in_batch(),
    feared(
        "a prepared statement",
        &["PREPARE p FROM 'DELETE FROM products WHERE id = 3'; EXECUTE p; DEALLOCATE PREPARE p"],
    )
    .in_batch(),
    feared(
        "a prepared statement with values",
        &["SET @a = 'New'", "PREPARE p FROM 'UPDATE products SET title = ? WHERE id = 1'", "EXECUTE p USING @a"],
    )
    .in_batch(),
    feared("a text that is run", &["EXECUTE IMMEDIATE concat('DELETE FROM ', 'products')"]).in_batch(),
    feared("a block", &["BEGIN NOT ATOMIC UPDATE products SET title = 'Block'; END"]).in_batch(),
    feared("a condition around a write", &["IF 1 = 1 THEN DELETE FROM products; END IF"]).in_batch(),
    feared(
        "a setting for one statement",
        &["SET STATEMENT max_statement_time = 10 FOR UPDATE products SET title = 'New'"],
    ),
    feared("a procedure", &["CALL rename_all('New')"])
        .after("CREATE PROCEDURE rename_all(name TEXT) UPDATE products SET title = name")
        .in_batch(),
    feared("a function that writes", &["SELECT touch()"]).after(TOUCH).in_batch(),
    feared("a function that is done", &["DO touch ( )"]).after(TOUCH),
    feared("a function for a variable", &["SET @a = touch()"]).after(TOUCH),
    feared("a function in a condition", &["DELETE FROM remarks WHERE id = 100 + touch()"]).after(TOUCH),
    feared("a function for a value", &["INSERT INTO categories SET id = 9 + `touch`(), name = 'New'"]).after(TOUCH),
    feared(
        "a function for what is met",
        &["INSERT INTO categories VALUES (7, 'x') ON DUPLICATE KEY UPDATE name = concat('x', touch())"],
    )
    .after(TOUCH),
    feared("a write that is analyzed", &["ANALYZE UPDATE products SET title = 'New'"]).in_batch(),
    feared("a write that is analyzed in a form", &["ANALYZE FORMAT=JSON DELETE FROM products WHERE id = 1"]).in_batch(),
    understood("a trigger that is announced", &["INSERT INTO categories VALUES (9, 'New')"])
        .after("CREATE TRIGGER t AFTER INSERT ON categories FOR EACH ROW DELETE FROM products WHERE id = 1")
        .naming(&["products"]),
    understood("a view that is written", &["UPDATE offers SET title = 'New' WHERE id = 1"]).naming(&["products"]),
    feared("truncate", &["TRUNCATE products"]),
    feared("truncate in a transaction", &["BEGIN", "TRUNCATE TABLE products", "ROLLBACK"]),
    feared(
        "tables that change names",
        &[
            "CREATE TABLE fewer AS SELECT * FROM categories WHERE id = 7",
            "RENAME TABLE categories TO kept, fewer TO categories",
        ],
    ),
    feared("a table in the place of another", &["CREATE OR REPLACE TABLE categories AS SELECT 7 AS id, 'New' AS name"]),
    feared("a column of another type", &["ALTER TABLE products MODIFY title VARCHAR(2) NOT NULL"])
        .after("SET sql_mode = ''; UPDATE products SET title = 'xyz'")
        .failing(),
    odd(
        "a temporary table of the same name",
        &[
            "CREATE TEMPORARY TABLE products (id INT PRIMARY KEY, category_id INT NOT NULL, slug VARCHAR(9) NOT NULL,
             title TEXT NOT NULL, price_cents BIGINT NOT NULL, is_active BOOLEAN NOT NULL)",
            "INSERT INTO products VALUES (1, 7, 'x', 'X', 1, 1)",
        ],
    ),
    odd("a table made anew", &["OPTIMIZE TABLE remarks"]).in_batch(),
    odd("a table that is handled", &["HANDLER products OPEN; HANDLER products READ FIRST; HANDLER products CLOSE"])
        .in_batch(),
    odd("a table that is checked", &["CHECK TABLE products; ANALYZE TABLE products"]).in_batch(),
    odd("locks", &["LOCK TABLES products READ", "UNLOCK TABLES"]),
    harmless("rows that are locked", &["SELECT * FROM products FOR UPDATE; SELECT * FROM products LOCK IN SHARE MODE"])
        .in_batch(),
    harmless("a plan", &["EXPLAIN UPDATE products SET title = 'New'; DESCRIBE products; EXPLAIN FORMAT=JSON SELECT 1"])
        .in_batch(),
    harmless("what there is", &["SHOW TABLES; SHOW CREATE TABLE products; SHOW WARNINGS"]).in_batch(),
    harmless("settings of no weight", &["SET SESSION max_statement_time = 60", "SET NAMES utf8mb4"]),
    harmless(
        "functions",
        &["SELECT insert('abc', 1, 1, 'x'), replace('a', 'b', 'c'), values_of FROM (SELECT 1 AS values_of) t"],
    )
    .in_batch(),
];

/// They name a database.
pub const ELSEWHERE: &[Case] = &[
    feared("a table with its database", &["UPDATE `{database}` . products SET title = 'New' WHERE id = 1"]),
    feared(
        "a join of tables with their database",
        &["UPDATE categories JOIN {database}.products AS p SET p.title = name"],
    ),
    feared("rows of a table with its database", &["DELETE p FROM {database}.products AS p WHERE p.id = 1"]),
    feared("a database that is used again", &["USE {database}", "UPDATE products SET title = 'New'"]).in_batch(),
];
