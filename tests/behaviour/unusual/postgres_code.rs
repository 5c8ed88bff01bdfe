//! Unusual statements of PostgreSQL that run code, change the structure, or leave everything as it is.

use crate::unusual::{Case, feared, harmless, odd, understood};

const TOUCH: &str = "CREATE FUNCTION touch() RETURNS INT LANGUAGE sql AS
    'UPDATE products SET title = ''Touched'' WHERE id = 1; SELECT 1'";

pub const MORE: &[Case] = &[
    feared("a block", &["DO $$ BEGIN UPDATE products SET title = 'Done' WHERE id = 1; END $$"]),
    feared("a block with its language", &["DO LANGUAGE plpgsql 'BEGIN EXECUTE ''DELETE FROM products''; END'"]),
    feared("a prepared statement", &["PREPARE p AS UPDATE products SET title = 'New'", "EXECUTE p", "DEALLOCATE p"]),
    feared(
        "a prepared statement with values",
        &["PREPARE p (INT) AS DELETE FROM products WHERE id = $1; EXECUTE p(1)"],
    )
    .in_batch(),
    feared("a procedure", &["CALL rename_all('New')"])
        .after("CREATE PROCEDURE rename_all(name TEXT) LANGUAGE sql AS 'UPDATE products SET title = name'"),
    feared("a function that writes", &["SELECT touch()"]).after(TOUCH),
    feared("a function among tables", &["SELECT * FROM remarks, LATERAL touch() AS t"]).after(TOUCH),
    feared("a function in a list of values", &["VALUES (1, touch())"]).after(TOUCH),
    feared("a function in a condition", &["DELETE FROM remarks WHERE id = 100 + touch() OR touch() = 2"]).after(TOUCH),
    feared("a function for a value", &["INSERT INTO categories VALUES (9 + public.touch(), 'New')"]).after(TOUCH),
    feared("a function of a row given back", &["UPDATE remarks SET body = 'x' WHERE id = 1 RETURNING \"touch\" ()"])
        .after(TOUCH),
    feared("a function of a cursor", &["BEGIN; DECLARE c CURSOR FOR SELECT touch(); FETCH c; COMMIT"])
        .after(TOUCH)
        .in_batch(),
    feared("a function of a table made from a query", &["CREATE TABLE t AS SELECT touch()"]).after(TOUCH),
    feared(
        "a function that is made and called",
        &["CREATE FUNCTION a() RETURNS void LANGUAGE sql AS 'DELETE FROM products'; SELECT a()"],
    )
    .in_batch(),
    feared(
        "a write that is explained while it runs",
        &["EXPLAIN (ANALYZE, COSTS OFF) UPDATE products SET title = 'New'"],
    ),
    feared("the same in the older form", &["EXPLAIN ANALYZE VERBOSE DELETE FROM products WHERE id = 1"]),
    feared("a prepared write that is explained", &["PREPARE p AS DELETE FROM products; EXPLAIN ANALYZE EXECUTE p"])
        .in_batch(),
    harmless("a query that is explained while it runs", &["EXPLAIN (ANALYZE) SELECT * FROM products"]),
    understood("rows from a program", &["COPY products FROM PROGRAM 'echo 4,9,new,New,1,t' WITH (FORMAT csv)"]),
    understood(
        "rows from a program, if they meet a condition",
        &["COPY public.products (id, category_id, slug, title, price_cents, is_active)
           FROM PROGRAM 'echo 4,9,new,New,1,t; echo 5,9,other,Other,1,t' CSV WHERE id > 4"],
    ),
    feared(
        "rows from a program with backslashes",
        &["COPY products FROM PROGRAM 'printf \"4\\t9\\tnew\\tNew\\t1\\tt\\n\"'"],
    ),
    harmless("rows to a program", &["COPY (SELECT * FROM products) TO PROGRAM 'cat > /dev/null'"]),
    feared("written rows to a program", &["COPY (DELETE FROM products RETURNING *) TO PROGRAM 'cat > /dev/null'"]),
    feared(
        "a rule, and what it is for",
        &["CREATE RULE also AS ON UPDATE TO categories DO ALSO DELETE FROM products; UPDATE categories SET name = 'x'"],
    )
    .in_batch(),
    understood("a rule that is announced", &["UPDATE categories SET name = 'x'"])
        .after("CREATE RULE also AS ON UPDATE TO categories DO ALSO DELETE FROM products WHERE id = 1")
        .naming(&["products"]),
    odd("a rule against a delete", &["DELETE FROM products"])
        .after("CREATE RULE never AS ON DELETE TO products DO INSTEAD NOTHING"),
    understood("a trigger that is announced", &["INSERT INTO categories VALUES (9, 'New')"])
        .after(
            "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN DELETE FROM products WHERE id = 1; RETURN NEW; END $$;
             CREATE TRIGGER t AFTER INSERT ON categories FOR EACH ROW EXECUTE FUNCTION t()",
        )
        .naming(&["products"]),
    odd("a table from a query", &["SELECT * INTO copy FROM products"]),
    odd(
        "a temporary table from a query",
        &["SELECT * INTO TEMP products FROM public.products", "UPDATE products SET title = 'x'"],
    ),
    feared("a column that is made anew", &["ALTER TABLE categories ALTER COLUMN name TYPE TEXT USING upper(name)"]),
    feared(
        "another search path",
        &["CREATE SCHEMA aside; SET search_path = aside, public; UPDATE products SET title = 'New'"],
    )
    .in_batch(),
    feared("another role", &["SET ROLE pg_write_all_data; UPDATE products SET title = 'New' WHERE TRUE; RESET ROLE"])
        .after("GRANT USAGE ON SCHEMA public TO pg_write_all_data; GRANT ALL ON products TO pg_write_all_data")
        .in_batch(),
    odd("rights and remarks", &["GRANT SELECT ON products TO PUBLIC", "COMMENT ON TABLE products IS 'DELETE'"]),
    odd("rows in another order", &["CLUSTER products USING products_pkey"]),
    odd("the table made anew", &["VACUUM FULL products"]),
    harmless(
        "what keeps a table in order",
        &["VACUUM products", "ANALYZE products", "REINDEX TABLE products", "CHECKPOINT"],
    ),
    harmless(
        "locks",
        &["BEGIN", "LOCK TABLE products IN SHARE MODE", "SELECT * FROM products FOR NO KEY UPDATE", "COMMIT"],
    ),
    harmless("rows that are locked", &["SELECT * FROM products p FOR UPDATE OF p SKIP LOCKED"]),
    harmless("settings of no weight", &["SET LOCAL statement_timeout = '1min'", "SHOW work_mem", "RESET lock_timeout"]),
    harmless("messages", &["LISTEN \"update\"", "NOTIFY \"update\", 'DELETE FROM products'", "UNLISTEN *"]),
    harmless("the table itself", &["TABLE products", "(((SELECT 1)))", "VALUES (1), (2) ORDER BY 1"]),
];

pub const ELSEWHERE: &[Case] = &[];
