//! Writes in the SQL of PostgreSQL.

use diesel::sql_types::{Integer, Text};
use diesel::{sql_query, upsert};

use crate::database::Conn;
use crate::harness::{Product, Shop, new_product, products};
use crate::line::prelude::*;

pub type Write = fn(&Shop, &mut Conn) -> QueryResult<usize>;

pub const UPSERTS: &[(&str, Write)] = &[
    ("on conflict do update", |_, conn| {
        diesel::insert_into(products::table)
            .values(new_product(1, 9, "new"))
            .on_conflict(products::id)
            .do_update()
            .set((products::category_id.eq(9), products::slug.eq(upsert::excluded(products::slug))))
            .execute(conn)
    }),
    ("on conflict of a unique value", |_, conn| {
        diesel::insert_into(products::table)
            .values(new_product(4, 9, "lamp"))
            .on_conflict(products::slug)
            .do_update()
            .set(products::id.eq(upsert::excluded(products::id)))
            .execute(conn)
    }),
    ("on conflict do nothing", |_, conn| {
        diesel::insert_into(products::table)
            .values(vec![new_product(1, 9, "ignored"), new_product(4, 9, "new")])
            .on_conflict_do_nothing()
            .execute(conn)
    }),
    ("merge", |_, conn| {
        sql_query(
            "MERGE INTO products p USING (VALUES (1, 'x'), (4, 'y')) AS v (id, slug) ON p.id = v.id
             WHEN MATCHED THEN UPDATE SET slug = v.slug, category_id = 9
             WHEN NOT MATCHED THEN INSERT VALUES (v.id, 9, v.slug, 'Merged', 1, TRUE)",
        )
        .execute(conn)
    }),
];

pub const MANAGER_UPSERTS: &[(&str, Write)] = &[("upsert", |shop, conn| {
    let row = new_product(1, 9, "new");
    let insert = diesel::insert_into(products::table).values(&row);
    shop.products().write(insert.on_conflict(products::id).do_update().set(&row)).execute(conn)
})];

/// They look like updates and deletes of row 1 by its key, and may be more.
pub const LOOK_ALIKES: &[(&str, Write)] = &[
    ("with binds in another order", |_, conn| {
        let sql = "UPDATE \"products\" SET \"price_cents\" = $2 WHERE (\"products\".\"id\" = $1)";
        sql_query(sql).bind::<Integer, _>(1).bind::<Integer, _>(2).execute(conn)
    }),
    ("with the key's bind twice", |_, conn| {
        let sql = "UPDATE \"products\" SET \"price_cents\" = $1 WHERE (\"products\".\"id\" = $1)";
        sql_query(sql).bind::<Integer, _>(1).execute(conn)
    }),
    ("from another table", |_, conn| {
        let sql = "UPDATE \"products\" SET \"title\" = $1 FROM \"categories\" WHERE (\"products\".\"id\" = $2)";
        sql_query(sql).bind::<Text, _>("New").bind::<Integer, _>(1).execute(conn)
    }),
    ("using another table", |_, conn| {
        let sql = "DELETE FROM \"products\" USING \"categories\" WHERE (\"products\".\"id\" = $1)";
        sql_query(sql).bind::<Integer, _>(1).execute(conn)
    }),
    ("of this table only", |_, conn| {
        let sql = "DELETE FROM ONLY \"products\" WHERE (\"products\".\"id\" = $1)";
        sql_query(sql).bind::<Integer, _>(1).execute(conn)
    }),
    ("by a key that is cast", |_, conn| {
        let sql = "DELETE FROM \"products\" WHERE (\"products\".\"id\" = $1::int)";
        sql_query(sql).bind::<Integer, _>(1).execute(conn)
    }),
    ("behind WITH", |_, conn| {
        let sql = "WITH gone AS (DELETE FROM products WHERE id = 2)
                   UPDATE \"products\" SET \"title\" = $1 WHERE (\"products\".\"id\" = $2)";
        sql_query(sql).bind::<Text, _>("New").bind::<Integer, _>(1).execute(conn)
    }),
];

pub const RAW: &[&str] = &[
    "UPDATE public.products SET title = 'New'",
    "update\n\t\"products\"\r\nset title = 'New' -- UPDATE nothing",
    "/* SELECT 1 /* nested */ */ UPDATE ONLY products SET title = $$x;y$$ WHERE slug = E'la\\x6dp'",
    "UPDATE PRODUCTS AS p SET title = 'New' WHERE p.id = 1",
    "UPDATE products SET title = categories.name FROM categories WHERE categories.id = products.category_id",
    "WITH cheap AS (SELECT id FROM products WHERE price_cents < 1500)
         UPDATE products SET title = 'Cheap' WHERE id IN (SELECT id FROM cheap)",
    "WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
         INSERT INTO products SELECT i, 7, 'slug' || i, 'New', 1, TRUE FROM n",
    "WITH dear AS (SELECT id FROM products WHERE price_cents > 1500)
         DELETE FROM products WHERE id IN (SELECT id FROM dear)",
    "WITH gone AS (DELETE FROM products WHERE id = 1 RETURNING *), renamed AS (
             UPDATE categories SET name = 'Wood' RETURNING id
         ) SELECT count(*) FROM gone, renamed",
    "WITH new AS (INSERT INTO products VALUES (4, 9, 'new', 'New', 1, TRUE) RETURNING category_id)
         UPDATE categories SET name = 'Light' FROM new WHERE id = 8",
    "DELETE FROM products USING categories WHERE categories.id = category_id AND categories.name = 'Light'",
    "INSERT INTO products VALUES (1, 9, 'x', 'X', 1, TRUE) ON CONFLICT (id) DO UPDATE SET category_id = 9",
    "INSERT INTO products VALUES (4, 9, 'new', 'New', 1, TRUE) RETURNING id",
];

/// Changes of the structure, and writes that are not followed.
pub const STRUCTURE: &[&str] = &[
    "TRUNCATE products",
    "UPDATE public.products SET title = U&'\\004Eew'",
    "TRUNCATE TABLE ONLY products RESTART IDENTITY CASCADE",
    "DO $$ BEGIN UPDATE products SET title = 'Done' WHERE id = 1; END $$",
    "DO 'BEGIN DELETE FROM products; END'",
    "EXPLAIN (ANALYZE, COSTS OFF) UPDATE products SET title = 'Explained'",
    "CREATE TABLE scratch (x INT); INSERT INTO products VALUES (4, 9, 'new', 'New', 1, TRUE); DROP TABLE scratch;",
    "CREATE INDEX by_title ON products (title); ALTER TABLE products ALTER COLUMN title SET DEFAULT 'x'",
    "CREATE FUNCTION touch() RETURNS void LANGUAGE sql AS 'UPDATE products SET title = ''Touched'''; SELECT touch()",
    "CREATE RULE shadow AS ON UPDATE TO categories DO ALSO DELETE FROM products; UPDATE categories SET name = 'x'",
];

/// Statements that change nothing.
pub const RAW_READS: &[&str] = &[
    "VALUES (1), (2)",
    "TABLE products",
    "EXPLAIN DELETE FROM products",
    "SELECT * FROM products FOR UPDATE",
    "SELECT pg_advisory_lock(1), pg_advisory_unlock(1)",
    "SET statement_timeout = '1min'; SHOW statement_timeout",
];

/// An insert of a log renames the first product.
pub const RETITLE_TRIGGER: &str = "CREATE FUNCTION retitle() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN UPDATE products SET title = 'New' WHERE id = 1; RETURN NEW; END $$;
    CREATE TRIGGER retitle AFTER INSERT ON logs FOR EACH ROW EXECUTE FUNCTION retitle()";

/// Writes of random histories, which may be refused.
pub fn random_upsert(conn: &mut Conn, row: Product) -> QueryResult<usize> {
    diesel::insert_into(products::table)
        .values(&row)
        .on_conflict(products::slug)
        .do_update()
        .set((products::id.eq(row.id), products::category_id.eq(row.category_id)))
        .execute(conn)
}

pub fn random_slug(id: i32, slug: &str) -> String {
    format!("WITH gone AS (DELETE FROM products WHERE slug = '{slug}') UPDATE products SET title = 'M' WHERE id = {id}")
}

pub fn random_insert(id: i32, shelf: i32, slug: &str) -> String {
    format!("INSERT INTO products VALUES ({id}, {shelf}, '{slug}', 'R', 1, TRUE)")
}
