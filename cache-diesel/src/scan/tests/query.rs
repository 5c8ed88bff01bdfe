//! Tests statements that read, or seem to.

use super::{Case, check, said};

#[test]
fn a_select_changes_nothing() {
    check(PLAIN, said);
}

#[test]
fn a_select_may_write() {
    check(WRITING, said);
}

#[test]
fn a_function_may_do_anything() {
    check(FUNCTIONS, said);
}

#[test]
fn quotes_hide_and_doubt_widens() {
    check(QUOTES, said);
}

#[test]
fn other_statements_that_read() {
    check(OTHERS, said);
}

pub(super) const PLAIN: &[Case] = &[
    ("mps", "SELECT 1", "read"),
    ("mps", "  select\n1 ;; ", "read"),
    ("mps", "-- comment\nSELECT 1 /* INSERT INTO t */;", "read"),
    ("mps", "SELECT 1; SELECT 2", "read; read"),
    ("mps", ";; SELECT 1;;", "read"),
    ("mps", "", ""),
    ("mps", " ; -- nothing\n;", ""),
    ("mps", "/* SELECT */", ""),
    ("mps", "VALUES (1), (2)", "read"),
    ("mps", "(SELECT a FROM t) UNION (SELECT b FROM u)", "read"),
    ("mp", "TABLE t", "read"),
    ("mps", "SELECT created_at, updated_at, is_deleted, insert_count FROM t", "read"),
    ("mps", "SELECT t.update, t.delete, t.into, t.insert FROM t", "read"),
    ("ps", "SELECT a AS \"update\", b \"delete\", \"into\" FROM t", "read"),
    ("s", "SELECT \"update\", [delete], `into` FROM [insert]", "read"),
    ("mps", "SELECT 'DELETE FROM t; COMMIT' FROM t", "read"),
    ("mps", "SELECT ';' FROM t", "read"),
    ("ps", "SELECT \";\" FROM t", "read"),
    ("mp", "SELECT * FROM t FOR UPDATE", "read"),
    ("p", "SELECT * FROM t FOR NO KEY UPDATE OF t SKIP LOCKED", "read"),
    ("p", "SELECT * FROM t FOR KEY SHARE", "read"),
    ("m", "SELECT * FROM t LOCK IN SHARE MODE", "read"),
    ("mps", "WITH a AS (SELECT 1), b (x, y) AS (SELECT 2, 3) SELECT * FROM a, b", "read"),
    ("mps", "WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x FROM a) SELECT * FROM a", "read"),
    ("p", "WITH a(x) AS NOT MATERIALIZED (SELECT 1) TABLE a", "read"),
    ("p", "SELECT DISTINCT ON (\"t\".\"a\") \"t\".\"b\"::numeric(10, 2) FROM \"t\"", "read"),
    ("p", "SELECT a[1:2], b #> '{x}', c @> d, e ? 'f', g ?| ARRAY['h'] FROM t", "read"),
    ("p", "SELECT * FROM t WHERE a = ANY($1) AND b IN ($2, $3) LIMIT $4 OFFSET $5", "read"),
    ("ms", "SELECT `t`.`a` FROM `t` WHERE (`t`.`b` = ?) LIMIT -1 OFFSET ?", "read"),
    ("s", "SELECT :a, @b, $c, ?1 FROM t", "read"),
    ("mps", "SELECT 1.5, .5, 1e5, 1.5E-3, 0xFF, t.a.b FROM t", "read"),
];

pub(super) const WRITING: &[Case] = &[
    ("mps", "SELECT * INTO u FROM t", "unknown"),
    ("mps", "SELECT *\nINTO/**/u FROM t", "unknown"),
    ("p", "SELECT * INTO TEMP u FROM t", "unknown; particular"),
    ("p", "SELECT * INTO TEMPORARY TABLE u FROM t", "unknown; particular"),
    ("p", "SELECT * INTO pg_temp.u FROM t", "unknown; particular"),
    ("m", "SELECT a INTO OUTFILE '/tmp/a' FROM t", "unknown"),
    ("m", "SELECT a INTO @a FROM t", "particular"),
    ("m", "SELECT @a := 1", "particular"),
    ("m", "SELECT @a, @@version", "read"),
    ("mps", "SELECT 1; DELETE FROM t", "read; change t"),
    ("p", "SELECT 1 -- a\rSELECT 2; DELETE FROM t", "read; change t"),
    ("p", "SELECT 1; -- a\rDELETE FROM t", "read; change t"),
    ("ms", "SELECT 1; -- a\rDELETE FROM t", "read"),
    ("m", "SELECT 5--1; # a\nDELETE FROM t", "read; change t"),
    ("m", "SELECT 1; --a\nDELETE FROM t", "read; unknown"),
    ("ps", "SELECT 1; --a\nDELETE FROM t", "read; change t"),
    ("mps", "(DELETE FROM t)", "change t"),
    ("mps", "(WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a)", "change t"),
    ("mps", "SELECT 1); DELETE FROM t", "unknown; change t"),
    ("mps", "SELECT (1; DELETE FROM t", "unknown"),
];

pub(super) const FUNCTIONS: &[Case] = &[
    ("mps", "SELECT lower(a), COUNT(*), coalesce ( a, b ), substr(a, 1) FROM t", "read"),
    ("mp", "SELECT my_func()", "unknown; particular"),
    ("mp", "SELECT my_func /* x */ (1)", "unknown; particular"),
    ("mp", "SELECT s.lower(a) FROM t", "unknown; particular"),
    ("mp", "SELECT \"lower\"(a) FROM t", "unknown; particular"),
    ("mp", "SELECT * FROM my_func(1) AS x", "unknown; particular"),
    ("mp", "VALUES (my_func())", "unknown; particular"),
    ("s", "SELECT my_func(a), \"other\"(b) FROM t", "read"),
    ("p", "SELECT pg_catalog.lower(a) FROM t", "read"),
    ("p", "SELECT x.pg_catalog.lower(a) FROM t", "unknown; particular"),
    ("p", "SELECT pg_catalog.my_func(a) FROM t", "unknown; particular"),
    ("p", "SELECT set_config('role', 'a', false)", "particular"),
    ("p", "SELECT pg_catalog.set_config('role', 'a', false)", "particular"),
    ("p", "SELECT \"set_config\"('role', 'a', false)", "particular"),
    ("p", "SELECT * FROM SET_CONFIG('role', 'a', false)", "particular"),
    ("p", "SELECT my_func(), set_config('role', 'a', false)", "unknown; particular"),
    ("p", "SELECT nextval('s'), setval('s', 1), currval('s'), now(), random(), version()", "read"),
    ("p", "SELECT pg_advisory_xact_lock(1), pg_backend_pid(), pg_sleep(1), txid_current()", "read"),
    ("p", "SELECT * FROM generate_series(1, 3) AS g(x), unnest($1)", "read"),
    ("p", "SELECT query_to_xml('DELETE FROM t', true, true, '')", "unknown; particular"),
    ("p", "SELECT a[1:my_func()] FROM t", "unknown; particular"),
    ("p", "SELECT a FROM t OFFSET 1 FETCH FIRST (2) ROWS ONLY", "read"),
    ("p", "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FILTER (WHERE c) FROM t", "read"),
    ("p", "SELECT count(*) FROM t GROUP BY ROLLUP (a), GROUPING SETS ((a), (b))", "read"),
    ("p", "SELECT CAST(a AS my_type(3)), a::s.my_type(3) FROM t", "unknown; particular"),
    ("p", "SELECT CAST(a AS my_type(3)), a::my_type(3) FROM t", "read"),
    ("m", "SELECT last_insert_id(), NOW(), IF(a, b, c), INSERT(a, 1, 2, b) FROM t", "read"),
    ("m", "SELECT nextval('s')", "unknown; particular"),
    ("m", "SELECT MATCH (a) AGAINST (b), CONVERT(a, CHAR(10)) FROM t USE INDEX (i)", "read"),
    ("mp", "UPDATE t SET a = my_func(b)", "unknown; particular"),
    ("s", "UPDATE t SET a = my_func(b)", "change t"),
    ("p", "INSERT INTO t (a) VALUES (set_config('role', 'a', false))", "insert t; particular"),
];

pub(super) const QUOTES: &[Case] = &[
    ("mps", "SELECT 'it''s; DELETE FROM t'", "read"),
    ("m", "SELECT 'it\\'s; DELETE FROM t'", "read"),
    ("m", "SELECT 'a\\\\'; DELETE FROM t", "read; change t"),
    ("p", "SELECT 'a\\'; DELETE FROM t; --'", "unknown"),
    ("p", "SELECT E'it\\'s; DELETE FROM t'", "read"),
    ("p", "SELECT aE'b'; DELETE FROM t", "read; change t"),
    ("p", "SELECT E'a\\\\'; DELETE FROM t", "read; change t"),
    ("p", "SELECT B'01', X'ff', N'a'", "read"),
    ("p", "SELECT U&'a'", "unknown"),
    ("p", "DELETE FROM U&\"a\"", "unknown"),
    ("ms", "SELECT u&'a'", "read"),
    ("s", "SELECT 'a\\'; DELETE FROM t; --'", "read; change t"),
    ("m", "SELECT \"a\\\"; DELETE FROM t\"", "unknown"),
    ("m", "SELECT \"a\"; DELETE FROM t", "read; change t"),
    ("p", "SELECT $$ DELETE FROM t; $$, $a$ $$ ' $b$ $a$, $1", "read"),
    ("p", "SELECT $a$ $a; DELETE FROM t $a$; DELETE FROM u", "read; change u"),
    ("p", "SELECT a$b$; DELETE FROM t; $b$", "read; change t; unknown"),
    ("p", "SELECT $a$ DELETE FROM t", "unknown"),
    ("p", "SELECT $1a", "unknown"),
    ("s", "SELECT [a'b]; DELETE FROM t", "read; change t"),
    ("p", "SELECT a['x']; DELETE FROM t", "read; change t"),
    ("mps", "SELECT 'a", "unknown"),
    ("mps", "SELECT \"a", "unknown"),
    ("mps", "SELECT /* a", "unknown"),
    ("s", "SELECT [a", "unknown"),
    ("ms", "SELECT `a", "unknown"),
    ("ms", "SELECT /* /* */ 1", "unknown"),
    ("p", "SELECT /* /* */ DELETE FROM t; */ 1", "read"),
    ("p", "SELECT /*/ */ 1", "read"),
    ("m", "SELECT /*! 1 INTO u */ FROM t", "unknown"),
    ("m", "SELECT /*M! 1 INTO u */ FROM t", "unknown"),
    ("m", "SELECT /*+ NO_ICP(t) */ a FROM t", "read"),
    ("ps", "SELECT /*! 1 */ a FROM t", "read"),
    ("mps", "SELECT 1\0; DELETE FROM t", "unknown"),
    ("mps", "DELETE FROM t; SELECT '\0'", "unknown"),
    ("mps", "SELECT \\", "unknown"),
    ("mps", "SELECT 1FROM t", "unknown"),
    ("mps", "SELECT \u{1} FROM t", "unknown"),
    ("mp", "SELECT $1$", "unknown"),
    ("s", "SELECT :a(DELETE", "unknown"),
    ("s", "SELECT #a", "unknown"),
];

pub(super) const OTHERS: &[Case] = &[
    ("mps", "SHOW TABLES", "read"),
    ("m", "SHOW FULL TABLES FROM shop LIKE 'a%'", "read"),
    ("m", "SHOW TABLE STATUS WHERE Name = 'a' OR length(Name) > 3", "read"),
    ("m", "SHOW INDEX FROM t FROM shop", "read"),
    ("m", "SHOW CREATE TABLE t", "read"),
    ("m", "SHOW GRANTS FOR 'a'@'b'", "read"),
    ("m", "SHOW COUNT(*) WARNINGS", "read"),
    ("m", "SHOW VARIABLES WHERE Variable_name IN ('a', 'b')", "read"),
    ("m", "SHOW VARIABLES WHERE my_func()", "unknown; particular"),
    ("m", "SHOW COLUMNS FROM t WHERE Field = (SELECT my_func(Type))", "unknown; particular"),
    ("m", "SHOW STATUS WHERE s.my_func(1) = 1", "unknown; particular"),
    ("m", "SHOW STATUS WHERE (@a := 1)", "particular"),
    ("m", "KILL my_func()", "unknown; particular"),
    ("mps", "EXPLAIN DELETE FROM t", "read"),
    ("s", "EXPLAIN QUERY PLAN DELETE FROM t", "read"),
    ("mp", "EXPLAIN ANALYZE SELECT * FROM t", "read"),
    ("mp", "EXPLAIN ANALYZE DELETE FROM t", "unknown"),
    ("mp", "EXPLAIN ANALYZE WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", "unknown"),
    ("p", "EXPLAIN (COSTS, ANALYZE) DELETE FROM t", "unknown"),
    ("p", "EXPLAIN (ANALYSE, VERBOSE) SELECT 1", "read"),
    ("p", "EXPLAIN ANALYSE VERBOSE UPDATE t SET a = 1", "unknown"),
    ("p", "EXPLAIN (VERBOSE) UPDATE t SET a = 1", "read"),
    ("p", "EXPLAIN (\"analyze\") UPDATE t SET a = 1", "unknown"),
    ("p", "EXPLAIN ANALYZE WITH a (b) AS (SELECT 1), c (d) AS (SELECT 2) SELECT * FROM a", "read"),
    ("p", "EXPLAIN (SELECT analyze FROM t)", "read"),
    ("p", "EXPLAIN ANALYZE EXECUTE a", "unknown"),
    ("p", "EXPLAIN ANALYZE SELECT my_func()", "unknown; particular"),
    ("m", "EXPLAIN FORMAT=JSON UPDATE t SET a = 1", "read"),
    ("m", "EXPLAIN ANALYZE FORMAT=TREE SELECT * FROM t", "read"),
    ("m", "DESC ANALYZE DELETE FROM t", "unknown"),
    ("m", "DESCRIBE t", "read"),
    ("s", "EXPLAIN PRAGMA case_sensitive_like = 1", "particular"),
    ("ps", "ANALYZE", "read"),
    ("p", "ANALYZE VERBOSE t (a)", "read"),
    ("m", "ANALYZE TABLE t", "unknown"),
    ("m", "ANALYZE DELETE FROM t", "unknown"),
    ("p", "VACUUM", "read"),
    ("s", "VACUUM", "unknown"),
    ("s", "VACUUM main INTO 'a.db'", "unknown"),
    ("ps", "REINDEX t", "read"),
    ("p", "CHECKPOINT; LISTEN a; NOTIFY a, 'b'; UNLISTEN *", "read; read; read; read"),
    ("p", "DEALLOCATE a; CLOSE c; FETCH 5 FROM c; MOVE c", "read; read; read; read"),
    ("p", "LOCK TABLE t IN EXCLUSIVE MODE", "read"),
    ("m", "LOCK TABLES t WRITE; UNLOCK TABLES", "unknown; unknown"),
    ("m", "KILL 5", "read"),
    ("p", "COPY t TO STDOUT", "read"),
    ("p", "COPY s.t (a, b) TO STDOUT WITH (FORMAT csv)", "read"),
    ("p", "COPY (SELECT * FROM t) TO STDOUT", "read"),
    ("p", "COPY (DELETE FROM t RETURNING *) TO STDOUT", "unknown"),
    ("p", "COPY (SELECT my_func()) TO STDOUT", "unknown; particular"),
    ("p", "DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT * FROM t", "read"),
    ("p", "DECLARE c CURSOR FOR SELECT my_func()", "unknown; particular"),
];
