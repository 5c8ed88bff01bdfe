//! Statements that write.

use super::{Case, check, said};

#[test]
fn an_insert_says_where_to() {
    check(INSERTS, said);
}

#[test]
fn an_update_or_delete_says_what_it_changes() {
    check(CHANGES, said);
}

#[test]
fn a_with_may_write_anywhere() {
    check(WITHS, said);
}

#[test]
fn what_is_not_followed_may_change_anything() {
    check(UNKNOWN, said);
}

#[test]
fn statements_inside_of_a_definition_are_its_own() {
    check(BODIES, said);
}

pub(super) const INSERTS: &[Case] = &[
    ("mps", "INSERT INTO t (a, b) VALUES (1, 2)", "insert t"),
    ("mps", "insert/**/into/**/t/**/values(1)", "insert t"),
    ("mps", "INSERT -- x\n INTO -- y\n t DEFAULT VALUES", "insert t"),
    ("ps", "INSERT INTO \"s\".\"T\" (\"a\") VALUES ($1)", "insert t"),
    ("s", "INSERT INTO `s` . `T` (`a`) VALUES (?)", "insert t"),
    // A schema of MySQL is a database, and perhaps another one.
    ("m", "INSERT INTO `s` . `T` (`a`) VALUES (?)", "insert t; attach"),
    ("s", "INSERT INTO [a b] VALUES (?1)", "insert a b"),
    ("ms", "INSERT INTO `a``b` VALUES (?)", "insert a`b"),
    ("ps", "INSERT INTO \"a\"\"b\" VALUES (?)", "insert a\"b"),
    ("mps", "INSERT INTO ÉTÉ VALUES (1)", "insert été"),
    ("ps", "INSERT INTO \"into\" SELECT * FROM \"from\"", "insert into"),
    ("m", "INSERT t VALUES (1)", "insert t"),
    ("ps", "INSERT t VALUES (1)", "unknown"),
    ("m", "INSERT LOW_PRIORITY IGNORE INTO t () VALUES ()", "insert t"),
    ("m", "INSERT IGNORE t SET a = 1", "insert t"),
    ("m", "INSERT INTO t PARTITION (p0) (a) VALUES (1)", "insert t"),
    ("m", "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a)", "upsert t"),
    ("m", "INSERT INTO t SET a = 1 AS new ON DUPLICATE KEY UPDATE a = new.a", "upsert t"),
    ("m", "INSERT INTO \"t\" VALUES (1)", "unknown"),
    ("m", "INSERT INTO 1t VALUES (1)", "unknown"),
    ("s", "INSERT INTO 't' VALUES (1)", "unknown"),
    ("s", "INSERT OR REPLACE INTO t VALUES (1)", "upsert t"),
    ("s", "INSERT OR IGNORE INTO t VALUES (1)", "insert t"),
    ("s", "INSERT OR ROLLBACK INTO main.t VALUES (1)", "insert t"),
    ("ps", "INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", "insert t"),
    ("ps", "INSERT INTO t AS x (a) VALUES (1) ON CONFLICT (a) WHERE b DO UPDATE SET a = 2", "upsert t"),
    ("s", "INSERT INTO t SELECT 1 ON CONFLICT (a) DO NOTHING ON CONFLICT DO UPDATE SET a = 1", "upsert t"),
    ("p", "INSERT INTO t VALUES (1) ON CONFLICT ON CONSTRAINT c DO UPDATE SET a = 1", "upsert t"),
    ("p", "INSERT INTO t VALUES (1) ON CONFLICT DO SELECT RETURNING *", "upsert t"),
    ("ps", "INSERT INTO t (a) VALUES (1) RETURNING a, b", "insert t"),
    ("p", "INSERT INTO t (a) OVERRIDING SYSTEM VALUE VALUES (1)", "insert t"),
    ("mps", "INSERT INTO t SELECT * FROM u JOIN v ON u.a = v.a", "insert t"),
    ("p", "INSERT INTO t WITH x (a) AS (DELETE FROM u RETURNING *) SELECT * FROM x", "insert t, change u"),
    ("mps", "INSERT INTO t (a) WITH x(a) AS (SELECT 1), y(b) AS (SELECT 2) SELECT * FROM x, y", "insert t"),
    ("ms", "REPLACE INTO t VALUES (1)", "upsert t"),
    ("m", "REPLACE LOW_PRIORITY t VALUES (1)", "upsert t"),
    ("s", "REPLACE t VALUES (1)", "unknown"),
    ("p", "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", "upsert t"),
    (
        "p",
        "MERGE INTO ONLY s.t AS x USING u ON t.a = u.a WHEN NOT MATCHED THEN INSERT (a) VALUES (1) \
           WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED BY SOURCE THEN DO NOTHING",
        "upsert t",
    ),
    ("mps", "MERGE t", "unknown"),
    ("p", "COPY t FROM STDIN", "insert t"),
    ("p", "COPY s.\"T\" (a, b) FROM PROGRAM 'x' WITH (FORMAT csv)", "insert t"),
    ("ms", "COPY t FROM STDIN", "unknown"),
    ("p", "COPY t FROM STDIN WITH (FORMAT csv, FORCE_NULL (a)) WHERE my_func(a)", "unknown; particular"),
    ("m", "LOAD DATA INFILE 'f' INTO TABLE t LINES STARTING BY 'x' (a, @b) SET c = my_func(@b)", "unknown; particular"),
    ("m", "LOAD DATA LOCAL INFILE 'f' INTO TABLE s.t FIELDS TERMINATED BY ',' (a, b)", "insert t; attach"),
    ("m", "LOAD DATA INFILE 'f' IGNORE INTO TABLE t", "insert t"),
    ("m", "LOAD DATA LOW_PRIORITY INFILE 'f' REPLACE INTO TABLE t", "upsert t"),
    ("m", "LOAD INDEX INTO CACHE t", "unknown"),
    ("p", "LOAD 'lib'", "unknown"),
    ("s", "INSERT INTO temp.t VALUES (1)", "insert t; particular"),
    ("p", "INSERT INTO pg_temp.t VALUES (1)", "insert t; particular"),
    ("s", "INSERT INTO sqlite_schema VALUES (1)", "unknown"),
];

pub(super) const CHANGES: &[Case] = &[
    ("mps", "UPDATE t SET a = 1", "change t"),
    ("mps", "UPDATE t AS x SET a = 1 WHERE b IN (SELECT c FROM u)", "change t"),
    ("ps", "UPDATE \"update\" SET \"set\" = 1", "change update"),
    ("p", "UPDATE ONLY t * SET a = 1", "change t"),
    ("p", "UPDATE ONLY (t) SET a = 1", "change t"),
    ("p", "UPDATE s.t x SET a = 1 FROM u, v WHERE x.a = u.a RETURNING *", "change t"),
    ("p", "UPDATE t SET (a, b) = (SELECT 1, 2)", "change t"),
    ("ps", "UPDATE t, u SET a = 1", "unknown"),
    ("s", "UPDATE only SET a = 1", "change only"),
    ("s", "UPDATE OR REPLACE t SET a = 1", "upsert t"),
    ("s", "UPDATE OR IGNORE t SET a = 1", "change t"),
    ("s", "UPDATE t INDEXED BY i SET a = 1", "change t"),
    ("s", "UPDATE temp.t SET a = 1", "change t; particular"),
    ("m", "UPDATE LOW_PRIORITY IGNORE t SET a = 1", "change t"),
    ("m", "UPDATE a, b AS x SET a.c = 1, x.d = 2", "change a, change b"),
    (
        "m",
        "UPDATE a JOIN s.b ON a.x = b.x LEFT JOIN c USING (y, z) SET a.c = 1",
        "change a, change b, change c; attach",
    ),
    ("m", "UPDATE a JOIN (SELECT * FROM d) e SET a.c = 1", "change a, change d"),
    ("m", "UPDATE \"a\" SET c = 1", "unknown"),
    ("m", "UPDATE a JOIN JSON_TABLE('[]', '$' COLUMNS (b INT PATH '$')) c SET a.b = 1", "unknown"),
    ("mps", "UPDATE t", "unknown"),
    ("mps", "UPDATE", "unknown"),
    ("mps", "UPDATE SET a = 1", "unknown"),
    ("mps", "DELETE FROM t", "change t"),
    ("mps", "DELETE FROM t WHERE a = 'x;y' RETURNING *", "change t"),
    ("ps", "DELETE FROM \"from\"", "change from"),
    ("s", "DELETE FROM `s`.`from` WHERE `where` = 1", "change from"),
    ("m", "DELETE FROM `s`.`from` WHERE `where` = 1", "change from; attach"),
    ("m", "TRUNCATE s.t", "unknown; attach"),
    ("m", "DROP TABLE s.t", "unknown; attach"),
    ("m", "DELETE FROM mysql.user", "unknown"),
    ("p", "DELETE FROM ONLY t AS x USING a, b WHERE x.c = a.c", "change t"),
    ("m", "DELETE LOW_PRIORITY QUICK IGNORE FROM t WHERE a = 1 ORDER BY b LIMIT 1", "change t"),
    ("m", "DELETE a, b FROM a JOIN b ON a.c = b.c", "unknown"),
    ("m", "DELETE FROM t USING t JOIN u", "unknown"),
    ("m", "DELETE FROM a, b USING a JOIN b", "unknown"),
    ("m", "DELETE FROM a.* USING a JOIN b", "unknown"),
    ("mps", "DELETE", "unknown"),
    ("mps", "DELETE t", "unknown"),
    ("mps", "DELETE FROM", "unknown"),
    ("mps", "DELETE FROM (t)", "unknown"),
    ("p", "TRUNCATE t", "change t"),
    ("p", "TRUNCATE TABLE ONLY a, s.b * RESTART IDENTITY RESTRICT", "change a, change b"),
    ("p", "TRUNCATE t CASCADE", "unknown"),
    ("ms", "TRUNCATE TABLE t", "unknown"),
    ("p", "DELETE FROM a23456789b123456789c123456789d123456789e123456789f123456789g1234", "unknown"),
    ("s", "DELETE FROM \u{feff}t", "unknown"),
];

pub(super) const WITHS: &[Case] = &[
    ("p", "WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM x", "change t"),
    (
        "p",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING *), y AS MATERIALIZED (DELETE FROM u) \
           UPDATE v SET a = 1 FROM x",
        "insert t, change u, change v",
    ),
    (
        "p",
        "WITH x(a) AS (WITH y AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM y RETURNING *) \
           SELECT * FROM x",
        "change t, insert u",
    ),
    ("p", "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x ON CONFLICT DO UPDATE SET a = 1", "upsert t"),
    ("p", "WITH x AS (SELECT 1) MERGE INTO t USING x ON a = b WHEN MATCHED THEN UPDATE SET c = d", "upsert t"),
    ("p", "WITH RECURSIVE x AS (SELECT 1) CYCLE a SET b USING key UPDATE t SET a = 1", "change t"),
    ("p", "WITH x AS (DELETE FROM t) SELECT * FROM u FOR UPDATE", "change t"),
    ("mps", "WITH t AS (SELECT 1) DELETE FROM u", "change u"),
    ("mps", "WITH t AS (SELECT 1) UPDATE u SET a = (SELECT * FROM t)", "change u"),
    ("m", "WITH c AS (SELECT 1) UPDATE t, c SET t.a = 1", "change t, change c"),
    ("s", "WITH c AS (SELECT 1) REPLACE INTO t SELECT * FROM c", "upsert t"),
    ("p", "WITH x AS (SELECT my_func()) DELETE FROM t", "unknown; particular"),
    ("p", "WITH x AS (SELECT set_config('a', 'b', true)) DELETE FROM t", "change t; particular"),
    ("p", "WITH x AS (UPDATE t) SELECT 1", "unknown"),
    ("p", "WITH x AS (TRUNCATE t) SELECT my_func()", "unknown; particular"),
];

pub(super) const UNKNOWN: &[Case] = &[
    ("mps", "CREATE TABLE t (a INT)", "unknown"),
    ("mps", "ALTER TABLE t ADD temp INT", "unknown"),
    ("mps", "DROP TABLE t", "unknown"),
    ("mps", "GRANT SELECT ON t TO a", "unknown"),
    ("p", "REFRESH MATERIALIZED VIEW v", "unknown"),
    ("p", "COMMENT ON TABLE t IS 'a'", "unknown"),
    ("m", "CALL f()", "unknown; Savepoint; particular"),
    ("p", "CALL f()", "unknown; particular"),
    ("s", "CALL f()", "unknown"),
    ("p", "DO $$ BEGIN DELETE FROM t; END $$", "unknown; particular"),
    ("m", "DO my_func()", "unknown; particular"),
    ("p", "PREPARE a AS DELETE FROM t", "unknown"),
    ("p", "EXECUTE a", "unknown; particular"),
    ("m", "XA START 'a'", "unknown; Savepoint"),
    ("m", "XA ROLLBACK 'a'", "unknown; Savepoint"),
    ("m", "HANDLER t OPEN", "unknown"),
    ("m", "RENAME TABLE a TO b", "unknown"),
    ("mps", "CREATE TEMP TABLE t (a INT)", "unknown; particular"),
    ("p", "CREATE OR REPLACE LOCAL TEMPORARY VIEW v AS SELECT 1", "unknown; particular"),
    ("m", "DROP TEMPORARY TABLE t", "unknown; particular"),
    ("s", "CREATE TABLE temp.t (a)", "unknown; particular"),
    ("s", "CREATE TABLE \"TEMP\".t (a)", "unknown; particular"),
    ("p", "ALTER TABLE pg_temp_3.t RENAME TO u", "unknown; particular"),
    ("mps", "nonsense", "unknown"),
    ("mps", "'text'", "unknown"),
    ("mps", "= 1", "unknown"),
    ("p", "SET ROLE 'a\\b'", "unknown; particular"),
    ("p", "UPDATE t SET a = 'a\\b'", "unknown"),
    ("p", "UPDATE t SET a = 'a\\b'; SET ROLE a", "unknown; particular"),
    ("p", "BEGIN; UPDATE t SET a = 'a\\b'; COMMIT", "Begin; unknown; Savepoint"),
    ("p", "UPDATE t SET a = CASE WHEN b THEN 'a\\b' END", "unknown"),
    ("p", "SELECT 'a\\b'; END", "unknown; Savepoint"),
    ("m", "/*!40101 SET NAMES latin1 */", "unknown; particular"),
    ("m", "CREATE /*! TEMPORARY */ TABLE t (a INT)", "unknown; particular"),
];

pub(super) const BODIES: &[Case] = &[
    ("s", "CREATE TRIGGER a AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN b THEN 1 END; END", "unknown"),
    (
        "s",
        "CREATE TEMP TRIGGER a AFTER INSERT ON t BEGIN DELETE FROM u; END; DELETE FROM v",
        "unknown; particular; change v",
    ),
    ("s", "EXPLAIN QUERY PLAN CREATE TRIGGER a INSERT ON t BEGIN DELETE FROM u; END; COMMIT", "read; Commit"),
    (
        "p",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 1; END; COMMIT",
        "unknown; Commit",
    ),
    (
        "p",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT t.end AS end FROM t; SELECT 1; END; COMMIT",
        "unknown; Commit",
    ),
    ("p", "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b); COMMIT", "unknown; Commit"),
    ("p", "CREATE TABLE begin (atomic int, end_ int); COMMIT", "unknown; Commit"),
    ("m", "CREATE PROCEDURE p() BEGIN DELETE FROM t; COMMIT; END", "unknown; Savepoint"),
    (
        "m",
        "CREATE DEFINER = 'a'@'b' TRIGGER t BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = 1; END",
        "unknown; Savepoint",
    ),
    ("m", "BEGIN NOT ATOMIC DELETE FROM t; COMMIT; END", "unknown; Savepoint"),
    ("m", "IF 1 THEN DELETE FROM t; COMMIT; END IF", "unknown; Savepoint"),
    ("m", "CREATE TABLE t (a INT); DELETE FROM u", "unknown; change u"),
];
