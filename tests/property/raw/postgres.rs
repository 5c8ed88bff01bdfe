//! Statements as text on PostgreSQL: whatever Diesel's builder does not make.

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
    r#"UPDATE "products" SET "price" = $1 WHERE ("products"."id" = $2)"#,
    r#"UPDATE "products" SET "category_id" = $1 WHERE ("products"."id" = $2) RETURNING "id""#,
    r#"UPDATE "products" SET "slug" = chr(96 + $1) WHERE ("products"."id" = $2)"#,
    r#"UPDATE "products" SET "price" = (SELECT max("stars") FROM "reviews" WHERE ("author" = $1)) WHERE ("products"."id" = $2)"#,
    r#"UPDATE "products" SET ID = $1 WHERE ("products"."id" = $2)"#,
    r#"UPDATE "products" SET "price" = $2 WHERE ("products"."id" = $1)"#,
    r#"UPDATE "products" SET "price" = $1 WHERE ("products"."category_id" = $2)"#,
    r#"UPDATE "products" SET "price" = $1 WHERE ("products"."id" = $2) OR true"#,
    r#"UPDATE "products" SET "title" = ' WHERE ("products"."id" = $2)', "price" = $1 WHERE ("products"."id" <> $2)"#,
    r#"UPDATE "products" SET "price" = $1 FROM "reviews" WHERE ("products"."id" = $2)"#,
    r#"DELETE FROM "products" WHERE ("products"."id" = $1) OR "price" > 30 + $2"#,
    r#"DELETE FROM "products" WHERE ("products"."id" = $1) AND ("products"."category_id" = $2)"#,
];

/// Transaction control by hand.
pub fn control() -> BoxedStrategy<Write> {
    let text = select(vec![
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "START TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "END TRANSACTION",
        "ABORT WORK",
        "begin work read write;",
        "COMMIT AND CHAIN",
        "ROLLBACK AND CHAIN",
        "SAVEPOINT inner_one",
        "RELEASE SAVEPOINT inner_one",
        "ROLLBACK TO inner_one",
        "SET TRANSACTION READ ONLY",
        "SET CONSTRAINTS ALL IMMEDIATE",
    ]);
    (text, any::<bool>()).prop_map(|(sql, batch)| by(sql.to_owned(), batch)).boxed()
}

fn by(sql: String, batch: bool) -> Write {
    if batch { Write::Batch(sql) } else { Write::Sql(sql) }
}

/// One statement.
pub fn statement() -> BoxedStrategy<String> {
    prop_oneof![4 => product_update(), 3 => product_other(), 4 => other_tables(), 2 => hidden(), 1 => failing()].boxed()
}

fn product_update() -> BoxedStrategy<String> {
    (0..10_usize, id(), id(), select(SLUGS))
        .prop_map(|(which, a, b, slug)| match which {
            0 => format!("UPDATE products SET slug = '{slug}' WHERE id = {a}"),
            1 => format!("UPDATE products SET price = {a} WHERE id = {b}"),
            2 => format!("UPDATE public.products SET category_id = {a} WHERE id = {b}"),
            3 => format!("UPDATE ONLY products AS p SET owner_id = NULL, title = E'\\\\' WHERE price > {a}"),
            4 => format!("update \"products\" set id = {a} where id = {b}"),
            5 => "UPDATE products SET category_id = 3 - category_id".to_owned(),
            6 => format!("WITH chosen(id) AS (VALUES ({a}), ({b})) UPDATE products SET title = 'y' FROM chosen WHERE products.id = chosen.id"),
            7 => format!("/* /* ; */ ; */ UPDATE Products AS p SET (title, price) = ('{slug}', {a}) WHERE p.id = {b} -- x"),
            8 => format!(
                "UPDATE products SET price = r.stars FROM reviews r WHERE r.product_id = products.id AND {a} < 3"
            ),
            _ => format!("UPDATE products SET owner_id = CASE owner_id WHEN {a} THEN NULL ELSE {a} END RETURNING id"),
        })
        .boxed()
}

fn product_other() -> BoxedStrategy<String> {
    (0..13_usize, id(), id(), select(SLUGS))
        .prop_map(|(which, a, b, slug)| match which {
            0 => format!("DELETE FROM products WHERE id = {a}"),
            1 => format!("INSERT INTO products VALUES ({a}, {b}, NULL, '{slug}', 'x', 15)"),
            2 => format!("INSERT INTO products VALUES ({a}, 1, {b}, '{slug}', 'x', 50) ON CONFLICT DO NOTHING"),
            3 => format!(
                "INSERT INTO products VALUES ({a}, 1, 2, '{slug}', 'x', 7)
                 ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, category_id = {b}"
            ),
            4 => format!(
                "INSERT INTO products AS p VALUES ({a}, 2, 2, '{slug}', 'x', 7)
                 ON CONFLICT (slug) DO UPDATE SET id = excluded.id, owner_id = {b} WHERE p.price > 5"
            ),
            5 => format!("WITH doomed AS (SELECT id FROM products WHERE category_id = {a}) DELETE FROM products USING doomed WHERE products.id = doomed.id"),
            6 => format!("DELETE FROM products WHERE id IN (SELECT product_id FROM reviews WHERE author = {a})"),
            7 => format!("DELETE FROM products WHERE slug >= '{slug}' RETURNING *"),
            8 => format!("INSERT INTO products (slug, id, title, price, category_id) SELECT '{slug}', {a}, name, 1, id FROM labels LIMIT 1"),
            9 => format!(
                "MERGE INTO products p USING (VALUES ({a}, '{slug}')) AS n (id, slug) ON p.id = n.id
                 WHEN MATCHED AND {b} > 3 THEN DELETE WHEN MATCHED THEN UPDATE SET slug = n.slug
                 WHEN NOT MATCHED THEN INSERT VALUES (n.id, {b}, 1, n.slug, 'x', 5)"
            ),
            10 => "TRUNCATE products, reviews".to_owned(),
            11 => "TRUNCATE TABLE products CASCADE".to_owned(),
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
            2 => format!(
                "INSERT INTO labels VALUES ({a}, '{name}', '{colour}') ON CONFLICT (name) DO UPDATE SET id = {b}"
            ),
            3 => format!("DELETE FROM labels WHERE colour = '{colour}'"),
            4 => format!("UPDATE codes SET value = {a} WHERE code = '{name}'"),
            5 => format!("UPDATE codes SET code = upper(code) WHERE value < {a}"),
            6 => format!("INSERT INTO codes VALUES ('{name}', {a})"),
            7 => format!("DELETE FROM codes WHERE code = '{name}'"),
            8 => format!("DELETE FROM folders WHERE id = {a}"),
            9 => format!("INSERT INTO folders VALUES ({a}, {b})"),
            10 => format!("UPDATE folders SET parent_id = {a} WHERE id = {b}"),
            11 => "TRUNCATE folders".to_owned(),
            12 => format!("INSERT INTO reviews (product_id, author, stars) VALUES ({a}, {b}, 1)"),
            13 => format!("DELETE FROM reviews WHERE author = {a}"),
            14 => format!("UPDATE reviews SET product_id = {a} WHERE author = {b}"),
            15 => format!("UPDATE stocks SET amount = {a} WHERE shop_id = {b}"),
            16 => {
                format!("INSERT INTO stocks TABLE spare ON CONFLICT (shop_id, product_id) DO UPDATE SET amount = {a}")
            }
            17 => format!("DELETE FROM stocks WHERE (shop_id, product_id) = ({a}, {b})"),
            18 => format!("UPDATE notes SET kind = 's', body = '{name}' WHERE id = {a}"),
            19 => format!("UPDATE jobs SET state = 'open', former = state WHERE id = {a}"),
            20 => format!("UPDATE jobs SET owner = '{name}' WHERE id = {a}"),
            21 => format!("DELETE FROM jobs WHERE owner = '{name}'"),
            _ => format!("INSERT INTO notes (kind, body) SELECT 't', colour FROM labels WHERE id = {a}"),
        })
        .boxed()
}

/// Writes that do not begin with what they do.
fn hidden() -> BoxedStrategy<String> {
    (0..7_usize, id(), id(), select(SLUGS))
        .prop_map(|(which, a, b, slug)| match which {
            0 => format!("WITH gone AS (DELETE FROM products WHERE id = {a} RETURNING *) SELECT count(*) FROM gone"),
            1 => format!(
                "WITH gone AS (DELETE FROM stocks WHERE shop_id = {a} RETURNING *) INSERT INTO spare SELECT * FROM gone
                 ON CONFLICT DO NOTHING"
            ),
            2 => format!(
                "WITH a AS (UPDATE products SET price = {a} RETURNING id) UPDATE reviews SET stars = {b} FROM a"
            ),
            3 => format!("DO $body$ BEGIN UPDATE products SET slug = '{slug}' WHERE id = {a}; END $body$"),
            4 => format!("EXPLAIN ANALYZE UPDATE products SET price = {a} WHERE id = {b}"),
            5 => format!("EXPLAIN DELETE FROM products WHERE id = {a}"),
            _ => format!("SELECT * FROM products WHERE id = {a} FOR UPDATE"),
        })
        .boxed()
}

fn failing() -> BoxedStrategy<String> {
    select(vec![
        "INSERT INTO products VALUES (1, 1, 1, 'a', 'x', 1)",
        "UPDATE products SET slug = 'same'",
        "UPDATE products SET title = NULL",
        "DELETE FROM nowhere",
        "UPDATE products SET",
        "INSERT INTO reviews VALUES (9, 99, 1, 1)",
        "SELECT 1 / 0",
    ])
    .prop_map(str::to_owned)
    .boxed()
}

/// Several statements: without a BEGIN they are one transaction.
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
    ("", "; BEGIN; ", "; END;"),
    ("BEGIN; ", "; COMMIT; ", ""),
    ("BEGIN; SAVEPOINT s; ", "; RELEASE s; ", "; COMMIT"),
    ("BEGIN; ", "; SAVEPOINT s; ", "; ROLLBACK TO s; COMMIT"),
    ("SAVEPOINT s; ", "; RELEASE s; ", ";"),
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
        "CREATE OR REPLACE RULE quiet AS ON DELETE TO products DO INSTEAD NOTHING",
        "SELECT * INTO aside FROM products",
    ])
    .boxed()
}
