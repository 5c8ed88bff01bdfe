//! Statements as text on MariaDB: whatever Diesel's builder does not make.

use proptest::prelude::*;
use proptest::sample::select;

use crate::generate::{COLOURS, NAMES, SLUGS, id};
use crate::writes::Write;

/// A statement or several, by `sql_query` or `batch_execute`.
pub fn write() -> BoxedStrategy<Write> {
    prop_oneof![
        4 => (statement(), any::<bool>()).prop_map(|(sql, batch)| by(sql, batch)),
        2 => (select(BOUND), id(), id()).prop_map(|(sql, one, two)| Write::Bound(sql, one, two)),
        1 => (several(), Just(true)).prop_map(|(sql, batch)| by(sql, batch)),
        1 => structure().prop_map(Write::Structure),
    ]
    .boxed()
}

/// Writes by key as Diesel prints them, and others that look like them.
const BOUND: &[&str] = &[
    "UPDATE `products` SET `price` = ? WHERE (`products`.`id` = ?)",
    "UPDATE `products` SET `slug` = char(96 + ? USING utf8mb4) WHERE (`products`.`id` = ?)",
    "UPDATE `products` SET `price` = (SELECT max(`stars`) FROM `reviews` WHERE (`author` = ?)) WHERE (`products`.`id` = ?)",
    "UPDATE `products` SET Id = ? WHERE (`products`.`id` = ?)",
    "UPDATE `products` SET `price` = ? WHERE (`products`.`category_id` = ?)",
    "UPDATE `products` SET `price` = ? WHERE (`products`.`id` = ?) OR 1",
    "UPDATE `products` SET `title` = ' WHERE (`products`.`id` = ?)', `price` = ? WHERE (`products`.`id` <> ?)",
    "UPDATE `products`, `reviews` SET `stars` = ? WHERE (`products`.`id` = ?)",
    "UPDATE IGNORE `products` SET `slug` = char(96 + ? USING utf8mb4) WHERE (`products`.`id` = ?)",
    "DELETE FROM `products` WHERE (`products`.`id` = ?) OR `price` > 30 + ?",
    "DELETE FROM `products` WHERE (`products`.`id` = ?) AND (`products`.`category_id` = ?)",
];

/// Transaction control by hand.
pub fn control() -> BoxedStrategy<Write> {
    let text = select(vec![
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "START TRANSACTION READ WRITE",
        "COMMIT WORK",
        "begin work;",
        "COMMIT AND CHAIN",
        "ROLLBACK AND CHAIN",
        "SAVEPOINT inner_one",
        "RELEASE SAVEPOINT inner_one",
        "ROLLBACK TO inner_one",
        "SET autocommit = 0",
        "SET autocommit = 1",
        "SET @@session.autocommit = ON",
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "LOCK TABLES products WRITE, labels READ",
        "UNLOCK TABLES",
    ]);
    (text, any::<bool>()).prop_map(|(sql, batch)| by(sql.to_owned(), batch)).boxed()
}

/// What gives rows goes by `batch_execute`, which reads them: after an `execute` the client may wait for ever.
fn by(sql: String, batch: bool) -> Write {
    let gives_rows = ["RETURNING", "ANALYZE", "EXPLAIN"].iter().any(|word| sql.contains(word));
    if batch || gives_rows { Write::Batch(sql) } else { Write::Sql(sql) }
}

/// One statement.
pub fn statement() -> BoxedStrategy<String> {
    prop_oneof![4 => product_update(), 3 => product_other(), 4 => other_tables(), 1 => hidden(), 1 => failing()].boxed()
}

fn product_update() -> BoxedStrategy<String> {
    (0..12_usize, id(), id(), select(SLUGS))
        .prop_map(|(which, a, b, slug)| match which {
            0 => format!("UPDATE products SET slug = '{slug}' WHERE id = {a}"),
            1 => format!("UPDATE products SET price = {a} WHERE id = {b}"),
            2 => format!("UPDATE LOW_PRIORITY products SET category_id = {a} WHERE id = {b}"),
            3 => format!("UPDATE IGNORE products SET slug = '{slug}', owner_id = NULL WHERE price > {a}"),
            4 => format!("update `products` set id = {a} where id = {b}"),
            5 => "UPDATE products SET category_id = 3 - category_id".to_owned(),
            6 => format!("UPDATE products p, reviews r SET p.price = r.stars, r.stars = {b} WHERE r.product_id = p.id AND r.author = {a}"),
            7 => format!("UPDATE products AS p JOIN reviews AS r ON r.product_id = p.id SET r.stars = {a} WHERE p.id = {b}"),
            8 => format!("UPDATE products LEFT JOIN labels USING (id) SET title = name, colour = 'red' WHERE products.id = {a}"),
            9 => format!("/* ; */ UPDATE /*! products */ SET title = '\\'{slug}', price = {a} WHERE id = {b} ORDER BY id LIMIT 1 # x"),
            10 => format!("UPDATE products SET title = \"-- {slug}\" WHERE id = {b}-- x"),
            _ => format!("UPDATE products SET owner_id = CASE owner_id WHEN {a} THEN NULL ELSE {a} END"),
        })
        .boxed()
}

fn product_other() -> BoxedStrategy<String> {
    (0..14_usize, id(), id(), select(SLUGS))
        .prop_map(|(which, a, b, slug)| match which {
            0 => format!("DELETE FROM products WHERE id = {a}"),
            1 => format!("INSERT INTO products VALUES ({a}, {b}, NULL, '{slug}', 'x', 15)"),
            2 => format!("REPLACE INTO products VALUES ({a}, {b}, 1, '{slug}', 'y', 5)"),
            3 => format!("REPLACE products SELECT id + {a}, 1, 1, slug, title, 1 FROM products LIMIT 1"),
            4 => format!("INSERT IGNORE INTO products VALUES ({a}, 1, {b}, '{slug}', 'x', 50)"),
            5 => format!(
                "INSERT INTO products VALUES ({a}, 1, 2, '{slug}', 'x', 7)
                 ON DUPLICATE KEY UPDATE slug = VALUES(slug), category_id = {b}"
            ),
            6 => format!("INSERT products SET id = {a}, category_id = 1, slug = '{slug}', title = 'x', price = {b} ON DUPLICATE KEY UPDATE id = VALUES(id)"),
            7 => format!("DELETE p, r FROM products p JOIN reviews r ON r.product_id = p.id WHERE r.author = {a}"),
            8 => format!("DELETE FROM r USING products AS p JOIN reviews AS r ON r.product_id = p.id WHERE p.category_id = {a}"),
            9 => format!("DELETE FROM products WHERE id IN (SELECT product_id FROM reviews WHERE author = {a})"),
            10 => format!("DELETE FROM products WHERE slug >= '{slug}' ORDER BY id DESC LIMIT 1"),
            11 => format!("INSERT INTO products (slug, id, title, price, category_id) SELECT '{slug}', {a}, name, 1, id FROM labels LIMIT 1"),
            12 => format!("INSERT INTO products (slug, title, price, category_id) VALUES ('{slug}', 'x', {a}, {b}) RETURNING id"),
            _ => "DELETE FROM products".to_owned(),
        })
        .boxed()
}

fn other_tables() -> BoxedStrategy<String> {
    let values = (id(), id(), select(NAMES), select(COLOURS));
    (0..23_usize, values)
        .prop_map(|(which, (a, b, name, colour))| match which {
            0 => format!("UPDATE labels SET name = '{name} ' WHERE id = {a}"),
            1 => format!("UPDATE labels SET colour = '{colour}' WHERE name = '{name}'"),
            2 => format!("REPLACE INTO labels VALUES ({a}, '{name}', '{colour}')"),
            3 => format!("DELETE FROM labels WHERE colour = '{colour}'"),
            4 => format!("UPDATE codes SET value = {a} WHERE code = '{name}'"),
            5 => format!("UPDATE codes SET code = upper(code) WHERE value < {a}"),
            6 => format!("INSERT INTO codes VALUES ('{name}', {a})"),
            7 => format!("DELETE FROM codes WHERE code = '{name}'"),
            8 => format!("DELETE FROM folders WHERE id = {a}"),
            9 => format!("INSERT INTO folders VALUES ({a}, {b})"),
            10 => format!("UPDATE folders SET parent_id = {a} WHERE id = {b}"),
            11 => format!("REPLACE INTO folders VALUES ({a}, NULL)"),
            12 => format!("INSERT INTO reviews (product_id, author, stars) VALUES ({a}, {b}, 1)"),
            13 => format!("DELETE FROM reviews WHERE author = {a}"),
            14 => format!("UPDATE reviews SET product_id = {a} WHERE author = {b}"),
            15 => format!("UPDATE stocks SET amount = {a} WHERE shop_id = {b}"),
            16 => format!("UPDATE IGNORE stocks SET shop_id = {a}, product_id = {b}"),
            17 => format!("DELETE FROM stocks WHERE (shop_id, product_id) = ({a}, {b})"),
            18 => format!("UPDATE notes SET kind = 's', body = '{name}' WHERE id = {a}"),
            19 => format!("UPDATE jobs SET state = 'open', former = state WHERE id = {a}"),
            20 => format!("UPDATE jobs SET owner = '{name}' WHERE id = {a}"),
            21 => format!("DELETE FROM jobs WHERE owner = '{name}'"),
            _ => format!("INSERT INTO notes (kind, body) SELECT 't', colour FROM labels WHERE id = {a}"),
        })
        .boxed()
}

/// Writes that do not begin with what they do, and reads that look like writes.
fn hidden() -> BoxedStrategy<String> {
    (0..5_usize, id(), id(), select(SLUGS))
        .prop_map(|(which, a, b, slug)| match which {
            0 => format!("/*! UPDATE products SET slug = '{slug}' WHERE id = {a} */"),
            1 => format!("ANALYZE UPDATE products SET price = {a} WHERE id = {b}"),
            2 => format!("EXPLAIN DELETE FROM products WHERE id = {a}"),
            3 => format!("SET @price = {a}"),
            _ => format!("SET STATEMENT max_statement_time = 9 FOR UPDATE products SET price = {a} WHERE id = {b}"),
        })
        .boxed()
}

fn failing() -> BoxedStrategy<String> {
    select(vec![
        "INSERT INTO products VALUES (1, 1, 1, 'a', 'x', 1)",
        "INSERT INTO products VALUES (9, 1, 1, 'z', 'x', 1), (1, 1, 1, 'z', 'x', 1)",
        "UPDATE products SET slug = 'same'",
        "UPDATE products SET title = NULL",
        "DELETE FROM nowhere",
        "UPDATE products SET",
        "INSERT INTO reviews VALUES (9, 99, 1, 1)",
    ])
    .prop_map(str::to_owned)
    .boxed()
}

/// Several statements.
fn several() -> BoxedStrategy<String> {
    let pair = (statement(), statement());
    (pair, select(WRAPS))
        .prop_map(|((one, two), (begin, between, end))| format!("{begin}{one}\n{between}{two}\n{end}"))
        .boxed()
}

const WRAPS: &[(&str, &str, &str)] = &[
    ("", "; ", ""),
    ("BEGIN; ", ";\n", "; COMMIT"),
    ("BEGIN; ", "; ", "; ROLLBACK;"),
    ("", "; BEGIN; ", "; COMMIT;"),
    ("BEGIN; ", "; COMMIT; ", ""),
    ("BEGIN; SAVEPOINT s; ", "; RELEASE SAVEPOINT s; ", "; COMMIT"),
    ("BEGIN; ", "; SAVEPOINT s; ", "; ROLLBACK TO s; COMMIT"),
    ("SAVEPOINT s; ", "; ROLLBACK TO s; ", ""),
    ("SET autocommit = 0; ", "; SET autocommit = 1; ", ""),
    ("BEGIN; ", "; CREATE INDEX IF NOT EXISTS by_id ON scratch (id); ", "; ROLLBACK"),
    ("BEGIN; ", "; ", ""),
    ("", "; COMMIT; ", ""),
    ("", "; ROLLBACK; BEGIN; ", ""),
];

/// Each commits what is open.
fn structure() -> BoxedStrategy<&'static str> {
    select(vec![
        "RENAME TABLE stocks TO aside, spare TO stocks, aside TO spare",
        "ALTER TABLE stocks RENAME TO aside; ALTER TABLE spare RENAME TO stocks; ALTER TABLE aside RENAME TO spare;",
        "CREATE INDEX IF NOT EXISTS by_id ON scratch (id)",
        "ALTER TABLE scratch ADD COLUMN more TEXT",
        "DROP INDEX IF EXISTS by_id ON scratch",
        "CREATE INDEX IF NOT EXISTS by_title ON products (title)",
        "DROP TABLE IF EXISTS aside; CREATE TABLE aside AS SELECT * FROM products",
        "TRUNCATE TABLE labels",
        "TRUNCATE stocks",
        "ANALYZE TABLE products",
        "CREATE TRIGGER IF NOT EXISTS louder BEFORE UPDATE ON notes FOR EACH ROW SET NEW.body = upper(NEW.body)",
    ])
    .boxed()
}
