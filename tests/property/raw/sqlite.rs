//! Statements as text: whatever Diesel's builder does not make.

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
    "UPDATE `products` SET `category_id` = ? WHERE (`products`.`id` = ?) RETURNING `id`",
    "UPDATE `products` SET `slug` = char(96 + ?) WHERE (`products`.`id` = ?)",
    "UPDATE `products` SET `price` = (SELECT max(`stars`) FROM `reviews` WHERE (`author` = ?)) WHERE (`products`.`id` = ?)",
    "UPDATE `products` SET `rowid` = ? WHERE (`products`.`id` = ?)",
    "UPDATE `products` SET Id = ? WHERE (`products`.`id` = ?)",
    "UPDATE `products` SET 'id' = ? WHERE (`products`.`id` = ?)",
    "UPDATE `products` SET `price` = ?2 WHERE (`products`.`id` = ?1)",
    "UPDATE `products` SET `price` = ? WHERE (`products`.`category_id` = ?)",
    "UPDATE `products` SET `price` = ? WHERE (`products`.`id` = ?) OR 1",
    "UPDATE `products` SET `title` = ' WHERE (`products`.`id` = ?)', `price` = ? WHERE (`products`.`id` <> ?)",
    "UPDATE OR REPLACE `products` SET `slug` = char(96 + ?) WHERE (`products`.`id` = ?)",
    "DELETE FROM `products` WHERE (`products`.`id` = ?) OR `price` > 30 + ?",
    "DELETE FROM `products` WHERE (`products`.`id` = ?) AND (`products`.`category_id` = ?)",
];

/// Transaction control by hand.
pub fn control() -> BoxedStrategy<Write> {
    let text = select(vec![
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "BEGIN IMMEDIATE",
        "END TRANSACTION",
        "begin exclusive transaction;",
        "SAVEPOINT inner_one",
        "RELEASE inner_one",
        "ROLLBACK TO inner_one",
    ]);
    (text, any::<bool>()).prop_map(|(sql, batch)| by(sql.to_owned(), batch)).boxed()
}

fn by(sql: String, batch: bool) -> Write {
    if batch { Write::Batch(sql) } else { Write::Sql(sql) }
}

/// One statement.
pub fn statement() -> BoxedStrategy<String> {
    prop_oneof![4 => product_update(), 3 => product_other(), 4 => other_tables(), 1 => failing()].boxed()
}

fn product_update() -> BoxedStrategy<String> {
    (0..12_usize, id(), id(), select(SLUGS))
        .prop_map(|(which, a, b, slug)| match which {
            0 => format!("UPDATE products SET slug = '{slug}' WHERE id = {a}"),
            1 => format!("UPDATE products SET price = {a} WHERE id = {b}"),
            2 => format!("UPDATE products SET category_id = {a} WHERE id = {b}"),
            3 => format!("UPDATE OR REPLACE products SET slug = '{slug}' WHERE id = {a}"),
            4 => format!("UPDATE OR IGNORE main.products SET slug = '{slug}', owner_id = NULL WHERE price > 10"),
            5 => format!("update \"products\" set id = {a} where id = {b}"),
            6 => format!("UPDATE OR REPLACE [PRODUCTS] SET id = {a} WHERE slug = '{slug}'"),
            7 => "UPDATE products SET category_id = 3 - category_id".to_owned(),
            8 => format!("WITH chosen(id) AS (VALUES ({a}), ({b})) UPDATE products SET title = 'y' WHERE id IN chosen"),
            9 => format!("/* ; */ UPDATE `products` AS p SET (title, price) = ('{slug}', {a}) WHERE p.id = {b} -- x"),
            10 => format!(
                "UPDATE products SET price = r.stars FROM reviews r WHERE r.product_id = products.id AND {a} < 3"
            ),
            _ => format!("UPDATE products SET owner_id = CASE owner_id WHEN {a} THEN NULL ELSE {a} END RETURNING id"),
        })
        .boxed()
}

fn product_other() -> BoxedStrategy<String> {
    (0..12_usize, id(), id(), select(SLUGS))
        .prop_map(|(which, a, b, slug)| match which {
            0 => format!("DELETE FROM products WHERE id = {a}"),
            1 => format!("INSERT INTO products VALUES ({a}, {b}, NULL, '{slug}', 'x', 15)"),
            2 => format!("REPLACE INTO products VALUES ({a}, {b}, 1, '{slug}', 'y', 5)"),
            3 => format!("INSERT OR REPLACE INTO products SELECT id + {a}, 1, 1, slug, title, 1 FROM products LIMIT 1"),
            4 => format!("INSERT OR IGNORE INTO products VALUES ({a}, 1, {b}, '{slug}', 'x', 50)"),
            5 => format!(
                "INSERT INTO products VALUES ({a}, 1, 2, '{slug}', 'x', 7)
                 ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, category_id = {b}"
            ),
            6 => format!(
                "INSERT INTO products VALUES ({a}, 2, 2, '{slug}', 'x', 7)
                 ON CONFLICT (slug) DO UPDATE SET id = excluded.id, owner_id = {b} WHERE price > 5"
            ),
            7 => format!("WITH doomed AS (SELECT id FROM products WHERE category_id = {a}) DELETE FROM products WHERE id IN doomed"),
            8 => format!("DELETE FROM products WHERE id IN (SELECT product_id FROM reviews WHERE author = {a})"),
            9 => format!("DELETE FROM products WHERE slug >= '{slug}' RETURNING *"),
            10 => format!("INSERT INTO products (slug, id, title, price, category_id) SELECT '{slug}', {a}, name, 1, id FROM labels LIMIT 1"),
            _ => "DELETE FROM products".to_owned(),
        })
        .boxed()
}

fn other_tables() -> BoxedStrategy<String> {
    let values = (id(), id(), select(NAMES), select(COLOURS));
    (0..23_usize, values)
        .prop_map(|(which, (a, b, name, colour))| match which {
            0 => format!("UPDATE labels SET name = '{name}' WHERE id = {a}"),
            1 => format!("UPDATE labels SET colour = '{colour}' WHERE name = '{name}'"),
            2 => format!("INSERT OR REPLACE INTO labels VALUES ({a}, '{name}', '{colour}')"),
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
            16 => format!("UPDATE OR IGNORE stocks SET shop_id = {a}, product_id = {b}"),
            17 => format!("DELETE FROM stocks WHERE (shop_id, product_id) = ({a}, {b})"),
            18 => format!("UPDATE notes SET kind = 's', body = '{name}' WHERE id = {a}"),
            19 => format!("UPDATE jobs SET state = 'open', former = state WHERE id = {a}"),
            20 => format!("UPDATE jobs SET owner = '{name}' WHERE id = {a}"),
            21 => format!("DELETE FROM jobs WHERE owner = '{name}'"),
            _ => format!("INSERT INTO notes (kind, body) SELECT 't', colour FROM labels WHERE id = {a}"),
        })
        .boxed()
}

fn failing() -> BoxedStrategy<String> {
    select(vec![
        "INSERT INTO products VALUES (1, 1, 1, 'a', 'x', 1)",
        "UPDATE products SET slug = 'same'",
        "UPDATE OR FAIL products SET slug = 'same'",
        "INSERT OR ROLLBACK INTO products VALUES (9, 1, 1, 'a', 'x', 1)",
        "UPDATE OR ABORT products SET title = NULL",
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
    prop_oneof![
        3 => (pair, select(WRAPS)).prop_map(|((one, two), (begin, between, end))| format!("{begin}{one}{between}{two}{end}")),
        1 => (id(), id(), select(SLUGS), select(SLUGS)).prop_map(|(a, b, one, two)| format!(
            "UPDATE products SET slug = '~' WHERE id = {a}; UPDATE products SET slug = '{one}' WHERE id = {b};
             UPDATE products SET slug = '{two}' WHERE id = {a};"
        )),
    ]
    .boxed()
}

const WRAPS: &[(&str, &str, &str)] = &[
    ("", "; ", ""),
    ("BEGIN; ", ";\n", "; COMMIT"),
    ("BEGIN; ", "; ", "; ROLLBACK;"),
    ("", "; BEGIN; ", "; END;"),
    ("BEGIN; ", "; COMMIT; ", ""),
    ("SAVEPOINT s; ", "; RELEASE s; ", ";"),
    ("SAVEPOINT s; ", "; ROLLBACK TO s; ", "; RELEASE s"),
    ("BEGIN; ", "; ", ""),
    ("", "; COMMIT; ", ""),
    ("", "; ROLLBACK; BEGIN; ", ""),
];

fn structure() -> BoxedStrategy<&'static str> {
    select(vec![
        "ALTER TABLE stocks RENAME TO aside; ALTER TABLE spare RENAME TO stocks; ALTER TABLE aside RENAME TO spare;",
        "CREATE INDEX IF NOT EXISTS by_id ON scratch (id)",
        "ALTER TABLE scratch ADD COLUMN more TEXT",
        "DROP INDEX IF EXISTS by_id",
        "CREATE INDEX IF NOT EXISTS by_title ON products (title)",
        "DROP TABLE IF EXISTS aside; CREATE TABLE aside AS SELECT * FROM products",
    ])
    .boxed()
}
