//! Tests which statements write one row that the last bind names.

use super::super::Dialect;
use super::super::exact::{KeyCondition, OneRow, is_plain_column, one_row, sole_change};
use super::{Case, dialects};

/// The key of the table is `id`, and `slug` and `code` are its unique columns.
pub(super) const ONE_ROW: &[Case] = &[
    // As Diesel prints them.
    ("ms", "UPDATE `t` SET `title` = ? WHERE (`t`.`id` = ?)", "update"),
    ("p", r#"UPDATE "t" SET "title" = $1 WHERE ("t"."id" = $2)"#, "update"),
    ("ms", "UPDATE `t` SET `slug` = ?, `price` = (`t`.`price` + ?) WHERE (`t`.`id` = ?)", "update, unique"),
    ("p", r#"UPDATE "t" SET "price" = ("t"."price" + $1), "code" = $2 WHERE ("t"."id" = $3)"#, "update, unique"),
    ("ms", "UPDATE `shop`.`t` SET `a` = ? WHERE (`shop`.`t`.`id` = ?)", "update"),
    ("p", r#"UPDATE "shop"."t" SET "a" = $1 WHERE ("shop"."t"."id" = $2)"#, "update"),
    ("s", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?) RETURNING `id`, `slug`", "update"),
    ("p", r#"UPDATE "t" SET "a" = $1 WHERE ("t"."id" = $2) RETURNING "t"."id", "t"."slug""#, "update"),
    ("ms", "DELETE  FROM `t`  WHERE (`t`.`id` = ?)", "delete"),
    ("p", r#"DELETE FROM "t" WHERE ("t"."id" = $1)"#, "delete"),
    ("ms", "DELETE FROM `t` WHERE (`t`.`id` = ?) RETURNING `t`.`slug`", "delete"),
    ("p", r#"DELETE FROM "t" WHERE ("t"."id" = $1) RETURNING "t"."id""#, "delete"),
    ("ms", "UPDATE `t` SET `a` = ? WHERE `t`.`id` = ?", "update"),
    // What is set may be anything that does not name the key.
    ("ms", "UPDATE `t` SET `where` = ?, `from` = 1, `returning` = 2 WHERE (`t`.`id` = ?)", "update"),
    ("s", "UPDATE `t` SET `a` = (SELECT max(`o`.`b`) FROM `o` WHERE (`o`.`key` = ?)) WHERE (`t`.`id` = ?)", "update"),
    ("ms", "UPDATE `t` SET `a` = 'WHERE (`t`.`no` = ?)' WHERE (`t`.`id` = ?)", "update"),
    ("ms", "UPDATE `t` SET `a` = ? /* WHERE (`t`.`b` = ?) */ WHERE (`t`.`id` = ?)", "update"),
    ("p", "UPDATE \"t\" SET \"a\" = 'x' -- WHERE (\"t\".\"b\" = $9)\n WHERE (\"t\".\"id\" = $1)", "update"),
    ("ms", "UPDATE `t` SET `a` = `t`.where WHERE (`t`.`id` = ?)", "update"),
    ("ms", "UPDATE `t` SET `slug_2` = ?, `idle` = ? WHERE (`t`.`id` = ?)", "update"),
    ("s", "UPDATE `t` SET (`a`, [SLUG]) = (?, ?) WHERE (`t`.`id` = ?)", "update, unique"),
    ("ms", "UPDATE `t` SET Slug = ? WHERE (`t`.`id` = ?)", "update, unique"),
    ("s", "UPDATE `t` SET 'Code' = ? WHERE (`t`.`id` = ?)", "update, unique"),
    ("s", "UPDATE `t` SET `a` = `slug` WHERE (`t`.`id` = ?)", "update, unique"),
];

pub(super) const NOT_ONE_ROW: &[Case] = &[
    // The key is set, by whatever name.
    ("ms", "UPDATE `t` SET `id` = ? WHERE (`t`.`id` = ?)", ""),
    ("p", r#"UPDATE "t" SET "id" = $1 WHERE ("t"."id" = $2)"#, ""),
    ("ms", "UPDATE `t` SET `a` = ?, ID = ? WHERE (`t`.`id` = ?)", ""),
    ("ms", "UPDATE `t` SET `t`.`iD` = ? WHERE (`t`.`id` = ?)", ""),
    ("s", "UPDATE `t` SET \"id\" = ? WHERE (`t`.`id` = ?)", ""),
    ("s", "UPDATE `t` SET [id] = ? WHERE (`t`.`id` = ?)", ""),
    ("s", "UPDATE `t` SET 'Id' = ? WHERE (`t`.`id` = ?)", ""),
    ("m", "UPDATE `t` SET \"id\" = ? WHERE (`t`.`id` = ?)", ""),
    ("s", "UPDATE `t` SET rowid = ? WHERE (`t`.`id` = ?)", ""),
    ("s", "UPDATE `t` SET `_ROWID_` = ? WHERE (`t`.`id` = ?)", ""),
    ("s", "UPDATE `t` SET `a` = 1, `oid` = ? WHERE (`t`.`id` = ?)", ""),
    ("p", r#"UPDATE "t" SET ("a", "id") = ($1, $2) WHERE ("t"."id" = $3)"#, ""),
    ("p", r#"UPDATE "t" SET U&"\0069d" = $1 WHERE ("t"."id" = $2)"#, ""),
    ("msp", "UPDATE `t` SET `\u{131}d` = ? WHERE (`t`.`id` = ?)", ""),
    (
        "p",
        r#"UPDATE "t" SET "a234567890123456789012345678901234567890123456789012345678901234" = $1 WHERE ("t"."id" = $2)"#,
        "",
    ),
    // Another condition.
    ("ms", "UPDATE `t` SET `a` = ?", ""),
    ("ms", "DELETE FROM `t`", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`key` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`ID` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`o`.`id` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`id` = ?)", ""),
    ("ms", "UPDATE `shop`.`t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("ms", "UPDATE `shop`.`t` SET `a` = ? WHERE (`other`.`t`.`id` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`shop`.`t`.`id` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE ((`t`.`id` = ?) AND (`t`.`b` = ?))", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?) OR (`t`.`b` = 1)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE `t`.`id` = ? OR 1", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ? + 1)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE NOT (`t`.`id` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` <= ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` != ?)", ""),
    ("s", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` == ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = 7)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = `t`.`b`)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` IN (?))", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE `t`.`id` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (? = `t`.`id`)", ""),
    ("p", r#"UPDATE "t" SET "a" = $1 WHERE ("t"."id" = ANY($2))"#, ""),
    ("p", r#"UPDATE "t" SET "a" = $1 WHERE ("t"."id" = $2::int4)"#, ""),
    ("s", "UPDATE `t` SET `a` = CASE WHEN 1 THEN 2 END WHERE (`t`.`id` = ?) WHERE (`t`.`id` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = (SELECT 1 WHERE (`t`.`id` = ?))", ""),
    ("ms", "UPDATE `t` SET `a` = '\" WHERE (`t`.`id` = ?)'", ""),
    ("ms", "UPDATE `t` SET `a` = ? -- WHERE (`t`.`id` = ?)", ""),
    ("ms", "DELETE FROM `t` /* WHERE (`t`.`id` = ?) */", ""),
    // Another bind.
    ("s", "UPDATE `t` SET `a` = ?2 WHERE (`t`.`id` = ?1)", ""),
    ("s", "UPDATE `t` SET `a` = :a WHERE (`t`.`id` = ?)", ""),
    ("s", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = :id)", ""),
    ("p", r#"UPDATE "t" SET "a" = $2 WHERE ("t"."id" = $1)"#, ""),
    ("p", r#"UPDATE "t" SET "a" = $1 WHERE ("t"."id" = $1)"#, ""),
    ("p", r#"UPDATE "t" SET "a" = $1 WHERE ("t"."id" = $3)"#, ""),
    ("s", "UPDATE `t` SET `a` = 1 WHERE (`t`.`id` = ?) RETURNING `t`.`a` + ?", ""),
    ("p", r#"DELETE FROM "t" WHERE ("t"."id" = $1) RETURNING $2"#, ""),
    // Something between, or behind.
    ("s", "UPDATE OR REPLACE `t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("s", "UPDATE OR IGNORE `t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("m", "UPDATE IGNORE `t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("m", "UPDATE LOW_PRIORITY `t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("p", r#"UPDATE ONLY "t" SET "a" = $1 WHERE ("t"."id" = $2)"#, ""),
    ("p", r#"UPDATE "t" * SET "a" = $1 WHERE ("t"."id" = $2)"#, ""),
    ("msp", "UPDATE `t` AS `t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("ms", "UPDATE `t` `o` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("s", "UPDATE `t` INDEXED BY `i` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("m", "UPDATE `o`, `t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("m", "UPDATE `t`, `o` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("m", "UPDATE `t` JOIN `o` SET `o`.`a` = ? WHERE (`t`.`id` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? FROM `o` WHERE (`t`.`id` = ?)", ""),
    ("m", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?) ORDER BY `b`", ""),
    ("m", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?) LIMIT 1", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?);", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?); DELETE FROM `t` WHERE (`t`.`id` = ?)", ""),
    ("ms", "DELETE FROM `t`; UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("ms", "DELETE FROM `t`; DELETE FROM `t` WHERE (`t`.`id` = ?)", ""),
    ("m", "DELETE `t` FROM `t` WHERE (`t`.`id` = ?)", ""),
    ("m", "DELETE IGNORE FROM `t` WHERE (`t`.`id` = ?)", ""),
    ("m", "DELETE FROM `t` USING `t` JOIN `o` WHERE (`t`.`id` = ?)", ""),
    ("p", r#"DELETE FROM ONLY "t" WHERE ("t"."id" = $1)"#, ""),
    ("p", r#"DELETE FROM "t" USING "o" WHERE ("t"."id" = $1)"#, ""),
    ("s", "WITH `o` AS (SELECT 1) UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("ms", "EXPLAIN UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?)", ""),
    ("s", "REPLACE INTO `t` VALUES (?, ?)", ""),
    ("s", "SELECT * FROM `t` WHERE (`t`.`id` = ?)", ""),
    // Written otherwise than Diesel does, or not to be followed.
    ("s", "UPDATE t SET a = ? WHERE id = ?", ""),
    ("s", "UPDATE \"t\" SET `a` = ? WHERE (\"t\".\"id\" = ?)", ""),
    ("s", "UPDATE [t] SET `a` = ? WHERE ([t].[id] = ?)", ""),
    ("s", "UPDATE `t``t` SET `a` = ? WHERE (`t``t`.`id` = ?)", ""),
    ("m", "UPDATE `t` SET `a` = '\\' WHERE (`t`.`id` = ?)", ""),
    ("m", "UPDATE `t` SET `a` = '\\'' WHERE (`t`.`id` = ?)", ""),
    ("m", "UPDATE `t` SET `a` = ? /*! , `b` = 1 */ WHERE (`t`.`id` = ?)", ""),
    ("ms", "UPDATE `t` SET `a` = ? WHERE (`t`.`id` = ?)\0", ""),
    ("ms", "UPDATE `t` SET `a` = ?) WHERE (`t`.`id` = ?)", ""),
];

fn answer(sql: &str, dialect: Dialect) -> &'static str {
    match one_row(sql, dialect, &["id"], &["slug", "code"]).map(|found| found.row) {
        None => "",
        Some(OneRow::Delete) => "delete",
        Some(OneRow::Update { sets_unique: false }) => "update",
        Some(OneRow::Update { sets_unique: true }) => "update, unique",
    }
}

#[test]
fn one_row_is_told_where_it_is_certain() {
    for (initials, sql, expected) in ONE_ROW.iter().chain(NOT_ONE_ROW) {
        for dialect in dialects(initials) {
            assert_eq!(answer(sql, dialect), *expected, "{dialect:?}: {sql}");
        }
    }
}

#[test]
fn no_piece_of_a_statement_is_taken_for_one_row_unless_it_names_the_key() {
    for (_, sql, _) in ONE_ROW.iter().chain(NOT_ONE_ROW) {
        for (end, _) in sql.char_indices() {
            for dialect in dialects("mps") {
                let is_one_row = !answer(&sql[..end], dialect).is_empty();
                let ends = ["?)", "id` = ?", "$1)", "$2)", "$3)", "RETURNING", "RETURNING `id`,"];
                let is_by_key = sql[..end].contains("WHERE") && ends.iter().any(|part| sql[..end].contains(part));
                assert!(!is_one_row || is_by_key, "{dialect:?}: {}", &sql[..end]);
            }
        }
    }
}

#[test]
fn what_writes_one_row_changes_one_table_only() {
    for (initials, sql, expected) in ONE_ROW {
        for dialect in dialects(initials) {
            // What is a schema to others may be another database.
            let is_elsewhere = dialect == Dialect::Mysql && sql.contains("`shop`.");
            let wanted = (!is_elsewhere).then_some("t");
            assert_eq!(sole_change(sql, dialect).as_deref(), wanted, "{dialect:?}: {expected}: {sql}");
        }
    }
}

#[test]
fn a_statement_that_may_do_more_is_no_sole_change() {
    let cases: [Case; 6] = [
        ("p", r#"UPDATE "t" SET "a" = f($1) WHERE ("t"."id" = $2)"#, "calls what may write"),
        ("s", "UPDATE temp.`t` SET `a` = ? WHERE (temp.`t`.`id` = ?)", "is the connection's own"),
        ("mps", "INSERT INTO t VALUES (1)", "is no change"),
        ("mps", "DELETE FROM t; DELETE FROM t", "is two"),
        ("m", "UPDATE a, b SET a.x = b.x", "writes two tables"),
        ("mps", "SELECT 1", "is a read"),
    ];
    for (initials, sql, what) in cases {
        for dialect in dialects(initials) {
            assert_eq!(sole_change(sql, dialect), None, "{dialect:?}: {sql} {what}");
        }
    }
}

#[test]
fn a_key_of_several_columns_is_named_whole_in_any_order() {
    let order = |condition: &str| {
        let sql = format!("DELETE FROM `t` WHERE {condition}");
        let found = one_row(&sql, Dialect::Sqlite, &["a", "b", "c"], &[]);
        found.map(|KeyCondition { row, order }| (row, order.to_vec())).map(|(row, order)| {
            assert_eq!(row, OneRow::Delete);
            order
        })
    };
    let (a, b, c) = ("(`t`.`a` = ?)", "(`t`.`b` = ?)", "(`t`.`c` = ?)");
    for whole in
        [format!("(({a} AND {b}) AND {c})"), format!("({a} AND ({b} AND {c}))"), format!("{a} and {b} AND {c}")]
    {
        assert_eq!(order(&whole), Some(vec![0, 1, 2]), "{whole}");
    }
    assert_eq!(order(&format!("(({c} AND {a}) AND {b}) RETURNING `t`.`a`")), Some(vec![2, 0, 1]));
    let others = [
        format!("({a} AND {b})"),
        format!("(({a} AND {b}) AND {b})"),
        format!("((({a} AND {b}) AND {c}) AND {c})"),
        format!("((({a} AND {b}) AND {c}) AND (`t`.`d` = ?))"),
        format!("(({a} AND {b}) OR {c})"),
        format!("(({a} OR {b}) AND {c})"),
        format!("(({a} AND {b}) AND {c}"),
        format!("({a} AND {b}) AND {c})"),
        format!("(({a} AND NOT {b}) AND {c})"),
        format!("(({a} AND {b}) AND (`o`.`c` = ?))"),
        format!("(({a} AND {b}) AND (`t`.`c` = 7))"),
        format!("(({a} AND {b}) AND (`t`.`c` != ?))"),
        format!("(({a} AND {b}) AND (`t`.`c` = ?)) LIMIT 1"),
        format!("(({a} AND {b}) AND {c}) AND"),
        format!("({a} AND {b}, {c})"),
        "((`t`.`a`, `t`.`b`, `t`.`c`) = (?, ?, ?))".to_owned(),
    ];
    for other in others {
        assert_eq!(order(&other), None, "{other}");
    }
    let update = |set: &str| {
        let sql = format!("UPDATE `t` SET {set} WHERE (({a} AND {b}) AND {c})");
        one_row(&sql, Dialect::Sqlite, &["a", "b", "c"], &["slug"]).map(|found| found.row)
    };
    assert_eq!(update("`note` = ?"), Some(OneRow::Update { sets_unique: false }));
    assert_eq!(update("`slug` = ?"), Some(OneRow::Update { sets_unique: true }));
    assert_eq!([update("`b` = ?"), update("`note` = ?, `C` = 1"), update("rowid = 1")], [None; 3]);
}

#[test]
fn the_columns_of_a_key_have_plain_names() {
    for name in ["id", "Key_2", "_"] {
        assert!(is_plain_column(name), "{name}");
    }
    for name in ["", "größe", "a`b", "a b", &"a".repeat(64)] {
        assert!(!is_plain_column(name), "{name}");
    }
}
