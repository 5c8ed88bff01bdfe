//! Tests which tables queries read.

use super::{Case, check};
use crate::scan::{Dialect, read, table_name};

#[test]
fn every_table_is_found() {
    check(TABLES, looked);
}

#[test]
fn what_is_more_than_a_read_is_refused() {
    check(REFUSED, looked);
}

#[test]
fn what_may_differ_by_itself_is_told() {
    check(DETERMINISTIC, looked);
}

#[test]
fn names_are_folded_to_the_last_component() {
    let cases = [
        ("`Track`", Some("track")),
        ("\"s\".\"T\"", Some("t")),
        ("\"a\"\"b\"", Some("a\"b")),
        ("track", Some("track")),
        ("[a b]", Some("a b")),
        ("\"ÉTÉ\"", Some("été")),
        ("", None),
        ("\"\"", None),
        ("\"a", None),
        ("\"a\".", None),
        ("\"a\" \"b\"", None),
        ("'a'", None),
        ("(a)", None),
    ];
    for (sql, wanted) in cases {
        assert_eq!(table_name(sql).as_deref(), wanted, "{sql}");
    }
}

#[test]
fn names_that_are_easily_taken_are_told_unless_only_a_window_can_be_meant() {
    check(TAKEN, |sql, dialect| {
        let called = read(sql, dialect).unwrap().called;
        let mark = if called.is_any_easily_taken() { "?" } else { "" };
        called.names().join(" ") + mark
    });
}

/// The tables in order, with a `~` behind them if the answer may differ by itself.
fn looked(sql: &str, dialect: Dialect) -> String {
    let Some(looked) = read(sql, dialect) else {
        return "none".to_owned();
    };
    let mark = if looked.is_deterministic { "" } else { "~" };
    looked.tables.join(" ") + mark
}

pub(super) const TABLES: &[Case] = &[
    ("mps", "SELECT 1", ""),
    ("mps", "VALUES (1), (2)", ""),
    ("mps", "SELECT a FROM t;", "t"),
    ("ps", "SELECT a/**/FROM/**/S.T", "t"),
    ("m", "SELECT a FROM S.T", "none"),
    ("ps", "SELECT \"a\".\"from\" FROM \"s\".\"From\" AS \"join\"", "from"),
    ("s", "SELECT `a` FROM `s`.`T``x` `x`", "t`x"),
    ("m", "SELECT `a` FROM `T``x` `x`", "t`x"),
    ("s", "SELECT [from] FROM [a b]", "a b"),
    ("mps", "SELECT * FROM a, b x, c AS y WHERE a.d IN (1, 2) ORDER BY e, f", "a b c"),
    ("mps", "SELECT * FROM a x JOIN b ON x.c = b.c, d", "a b d"),
    ("mps", "SELECT * FROM a JOIN b USING (c, d), e", "a b e"),
    ("mps", "SELECT * FROM a NATURAL LEFT OUTER JOIN b CROSS JOIN c", "a b c"),
    ("mps", "SELECT * FROM t x, t y", "t t"),
    ("ms", "SELECT `a`.`b` FROM (`a` INNER JOIN `c` ON (`a`.`b` = `c`.`b`)) WHERE (`a`.`d` = ?)", "a c"),
    (
        "ps",
        "SELECT 1 FROM ((\"a\" LEFT OUTER JOIN \"b\" ON (\"a\".\"x\" = \"b\".\"x\")) \
            INNER JOIN \"c\" ON (1 = 1))",
        "a b c",
    ),
    ("ms", "SELECT * FROM (a, b), c", "a b c"),
    ("mps", "SELECT * FROM (SELECT * FROM a, b) AS x, c", "a b c"),
    ("mps", "SELECT * FROM ((SELECT 1 FROM a) UNION (SELECT 2 FROM b)) AS x JOIN c ON 1 = 1", "a b c"),
    ("mps", "SELECT (SELECT max(x) FROM a), b FROM c WHERE EXISTS (SELECT * FROM d WHERE d.e = c.e)", "a c d"),
    ("mps", "SELECT a FROM b WHERE c IN (SELECT d FROM e) ORDER BY (SELECT f FROM g), h", "b e g"),
    ("mps", "SELECT a FROM b UNION ALL SELECT c FROM d EXCEPT SELECT e FROM f ORDER BY 1, 2", "b d f"),
    ("mps", "(SELECT a FROM b) UNION (SELECT c FROM d)", "b d"),
    ("mps", "WITH x AS (SELECT * FROM a), y (c) AS (SELECT * FROM b) SELECT * FROM x, y", "a b x y"),
    ("mps", "WITH t AS (SELECT * FROM t) SELECT * FROM t", "t t"),
    ("mps", "SELECT CASE WHEN a THEN b ELSE c END FROM t GROUP BY a, b HAVING COUNT(*) > 1", "t"),
    ("mps", "SELECT sum(a) OVER w, b FROM t, u WINDOW w AS (PARTITION BY c), v AS (ORDER BY d)", "t u"),
    ("mps", "SELECT * FROM a WHERE b BETWEEN (SELECT 1 FROM c) AND 2 LIMIT 1 OFFSET 2", "a c"),
    ("mps", "SELECT t.from, t.join FROM t", "t"),
    ("ps", "SELECT * FROM a WHERE b IS NOT DISTINCT FROM c AND d IS DISTINCT FROM e", "a"),
    ("p", "SELECT DISTINCT FROM t", "t"),
    ("p", "SELECT DISTINCT ON (a) b FROM t", "t"),
    ("mp", "SELECT extract(year FROM a), substring(b FROM 1 FOR 2), trim(both 'x' FROM c) FROM t", "t"),
    ("p", "SELECT extract(epoch FROM (SELECT a FROM u)) FROM t", "u t"),
    ("p", "SELECT * FROM ONLY t, ONLY (u), LATERAL (SELECT * FROM v WHERE v.a = t.a) x", "t u v"),
    ("p", "SELECT * FROM a CROSS JOIN LATERAL (SELECT 1 FROM b) x", "a b"),
    ("p", "TABLE t", "t"),
    ("p", "TABLE ONLY a UNION TABLE b", "a b"),
    ("m", "TABLE t ORDER BY a", "t"),
    ("p", "SELECT * FROM (TABLE t) x", "t"),
    ("p", "SELECT * FROM (VALUES (1, 2)) AS v (a, b), t", "t"),
    ("p", "SELECT 1 FROM a UNION VALUES (1), (2)", "a"),
    ("p", "SELECT * FROM a values (b), c", "a c"),
    ("p", "SELECT * FROM values, t", "values t"),
    ("s", "SELECT * FROM a window, b", "a b"),
    ("s", "SELECT * FROM a only, lateral", "a lateral"),
    ("s", "SELECT * FROM a WHERE b IN c AND d NOT IN main.e", "a c e"),
    ("s", "SELECT * FROM a INDEXED BY i, b NOT INDEXED", "a b"),
    ("m", "SELECT STRAIGHT_JOIN * FROM a STRAIGHT_JOIN b", "a b"),
    ("ps", "SELECT * FROM a straight_join, b", "a b"),
    ("m", "SELECT * FROM a PARTITION (p, q) FORCE INDEX (i, j), b", "a b"),
    ("m", "SELECT * FROM a USE INDEX FOR ORDER BY (i), b", "a b"),
    ("m", "SELECT * FROM a USE INDEX FOR GROUP BY (i), b", "a b"),
    ("m", "SELECT * FROM DUAL", "dual"),
    ("p", "SELECT a::varchar(20), b::numeric(10, 2), CAST(c AS s.t) FROM t WHERE d = ANY($1)", "t"),
    ("p", "SELECT ARRAY(SELECT a FROM b), ARRAY[c, d] FROM e", "b e"),
];

pub(super) const REFUSED: &[Case] = &[
    ("mps", "", "none"),
    ("mps", "SELECT 1; SELECT 2", "none"),
    ("mps", "SHOW TABLES", "none"),
    ("mps", "EXPLAIN SELECT 1", "none"),
    ("mps", "DELETE FROM t", "none"),
    ("mps", "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "none"),
    ("mps", "SELECT * INTO u FROM t", "none"),
    ("mp", "SELECT * FROM t FOR UPDATE", "none"),
    ("mp", "SELECT * FROM t FOR SHARE OF t", "none"),
    ("p", "SELECT * FROM t FOR NO KEY UPDATE", "none"),
    ("p", "SELECT * FROM t FOR KEY SHARE", "none"),
    ("m", "SELECT * FROM t LOCK IN SHARE MODE", "none"),
    ("p", "SELECT * FROM t TABLESAMPLE system (10)", "none"),
    ("m", "SELECT * FROM t PROCEDURE ANALYSE()", "none"),
    ("m", "SELECT SQL_CALC_FOUND_ROWS * FROM t", "none"),
    ("m", "SELECT @a FROM t", "none"),
    ("m", "SELECT @@sql_mode", "none"),
    ("m", "SELECT * FROM \"t\"", "none"),
    ("s", "SELECT * FROM 't'", "none"),
    ("mps", "SELECT * FROM json_each('[]')", "none"),
    ("mps", "SELECT * FROM t, s.f(1)", "none"),
    ("p", "SELECT * FROM ROWS FROM (f(1), g(2))", "none"),
    ("m", "SELECT * FROM { OJ a LEFT JOIN b ON 1 = 1 }", "none"),
    ("mps", "SELECT * FROM ?", "none"),
    ("mps", "SELECT * FROM", "none"),
    ("mps", "SELECT * FROM a,", "none"),
    ("mps", "SELECT * FROM (a", "none"),
    ("mps", "SELECT * FROM a)", "none"),
    ("mps", "SELECT * FROM ()", "none"),
    ("mps", "SELECT 'a", "none"),
    ("p", "SELECT 'a\\b'", "none"),
    ("m", "SELECT /*! 1 */ 2", "none"),
    ("p", "SELECT set_config('a', 'b', false)", "none"),
    ("s", "SELECT * FROM temp.t", "none"),
    ("s", "SELECT * FROM sqlite_schema", "none"),
    ("s", "SELECT * FROM pragma_table_list", "none"),
    ("p", "SELECT * FROM pg_temp.t", "none"),
    ("p", "SELECT * FROM pg_stat_activity", "none"),
    ("mp", "SELECT * FROM information_schema.tables", "none"),
    ("s", "SELECT * FROM a WHERE b IN c(1)", "none"),
    ("m", "SELECT * FROM t FOR SYSTEM_TIME AS OF '2020-01-01', u", "none"),
    ("p", "SELECT * FROM a23456789b123456789c123456789d123456789e123456789f123456789g1234", "none"),
];

pub(super) const DETERMINISTIC: &[Case] = &[
    ("mps", "SELECT COUNT(*), sum(a), coalesce(b, 'x'), Lower (c) FROM t", "t"),
    ("mps", "SELECT row_number() OVER (ORDER BY a), lag(b) OVER w FROM t WINDOW w AS (ORDER BY c)", "t"),
    ("mps", "SELECT CAST(a AS varchar(20)) FROM t WHERE b IN (1) AND (c) OR NOT (d)", "t"),
    ("mps", "SELECT my_func(a) FROM t", "t~"),
    ("ps", "SELECT \"lower\"(a) FROM t", "t~"),
    ("mps", "SELECT s.lower(a) FROM t", "t~"),
    ("p", "SELECT current_setting('app.tenant'), current_role FROM t", "t~"),
    ("mps", "SELECT * FROM t WHERE a < CURRENT_TIMESTAMP", "t~"),
    ("mps", "SELECT t.current_date FROM t", "t"),
    ("p", "SELECT current_user, b FROM t", "t~"),
    ("p", "SELECT user FROM t", "t~"),
    ("s", "SELECT user FROM t", "t"),
    ("m", "SELECT sysdate(), a FROM t", "t~"),
    ("m", "SELECT NEXT VALUE FOR s", "~"),
    ("mp", "SELECT now() FROM t", "t~"),
    ("ps", "SELECT random() FROM t", "t~"),
    ("s", "SELECT * FROM t WHERE a < date('now')", "t~"),
    ("s", "SELECT strftime('%Y', a), julianday(b), unixepoch(c) FROM t", "t~"),
    ("p", "SELECT * FROM t WHERE a < 'today'::date", "t~"),
    ("p", "SELECT * FROM t WHERE a < date ' Now '", "t~"),
    ("p", "SELECT * FROM t WHERE a = 'nowhere'", "t"),
    ("p", "SELECT nextval('s')", "~"),
    ("p", "SELECT string_agg(a, ','), json_agg(b), array_agg(c), bool_or(d) FROM t", "t"),
    ("s", "SELECT total(a), group_concat(b), iif(c, 1, 2), instr(d, 'x') FROM t", "t"),
    ("m", "SELECT GROUP_CONCAT(a ORDER BY b SEPARATOR ','), IF(c, 1, 2) FROM t", "t"),
];

/// The listed functions that are called, with a `?` behind them if the database has to be asked.
const TAKEN: &[Case] = &[
    ("mps", "SELECT Lower(a), count(*), lower(b), my_func(c) FROM t", "lower count"),
    ("mps", "SELECT rank() OVER (ORDER BY a), count(*) FROM t", "count"),
    ("mps", "SELECT rank(a) OVER w FROM t", "rank?"),
    ("mps", "SELECT rank() FROM t", "rank?"),
    ("p", "SELECT mode() WITHIN GROUP (ORDER BY a) FROM t", ""),
    ("p", "SELECT similarity(a, $1), sign(b) FROM t", "similarity sign?"),
    ("p", "SELECT pg_catalog.sign(b), pg_catalog.lower(c) FROM t", ""),
    ("s", "SELECT sign(b), median(c) FROM t", "sign median?"),
    ("m", "SELECT sign(b), soundex(c) FROM t", "sign soundex"),
    ("m", "SELECT regexp_like(b, 'x') FROM t", "regexp_like?"),
];
