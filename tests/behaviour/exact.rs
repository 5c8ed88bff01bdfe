//! What an update or delete by primary key leaves in the cache, plain or through `write`, and what is none.

use diesel::result::Error;
use diesel::sql_query;
use diesel::sql_types::{Integer, Text};

use crate::database::{Conn, LOOK_ALIKES, Write, printed};
use crate::harness::{Product, Shop, new_product, products};
use crate::line::prelude::*;

/// What the rows 1 to 3, and the absent 4 and 5, cost to read.
#[track_caller]
fn row_costs(shop: &Shop, conn: &mut Conn) -> [usize; 5] {
    [1, 2, 3, 4, 5].map(|id| shop.row_cost(conn, id))
}

/// Runs `write` beside a warm cache, bare and in a transaction, and gives it what the rows cost to read afterwards.
#[track_caller]
fn check(name: &str, write: Write, expected: [usize; 5]) {
    for in_transaction in [false, true] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), shop.conn());
        if in_transaction {
            conn.transaction(|conn| {
                write(&shop, conn)?;
                assert_eq!(row_costs(&shop, &mut other), [0; 5], "{name}: before the commit");
                Ok::<(), Error>(())
            })
            .unwrap();
        } else {
            write(&shop, &mut conn).unwrap();
        }
        assert_eq!(row_costs(&shop, &mut other), expected, "{name}, in a transaction: {in_transaction}");
        shop.read_everything(&mut other);
        assert_eq!(shop.read_everything(&mut other), 0, "{name}");
    }
}

pub fn check_all(expected: [usize; 5], writes: &[(&str, Write)]) {
    writes.iter().for_each(|(name, write)| check(name, *write, expected));
}

/// Leaves what is known to be absent as well, for the slug stays as it is.
#[test]
fn g1_an_update_by_key_leaves_the_details_of_other_rows() {
    use products::dsl as p;
    check_all(
        [1, 0, 0, 0, 0],
        &[
            ("plain", |_, conn| diesel::update(p::products.find(1)).set(p::title.eq("New")).execute(conn)),
            ("plain, filtered", |_, conn| {
                diesel::update(p::products).filter(p::id.eq(1)).set(p::title.eq("New")).execute(conn)
            }),
            ("plain, boxed", |_, conn| {
                let update =
                    diesel::update(p::products).set((p::title.eq("New"), p::price_cents.eq(p::price_cents * 2)));
                update.into_boxed().filter(p::id.eq(&1)).execute(conn)
            }),
            ("plain, of a text that looks like the print of a key", |_, conn| {
                let title = "x, 2] WHERE (`products`.`id` = ?)";
                diesel::update(p::products.find(1)).set(p::title.eq(title)).execute(conn)
            }),
            ("raw, as Diesel prints it", |_, conn| {
                let sql = printed("UPDATE `products` SET `title` = ? WHERE (`products`.`id` = ?) -- binds: [2]");
                sql_query(sql).bind::<Text, _>("New").bind::<Integer, _>(1).execute(conn)
            }),
            ("written", |shop, conn| {
                let update = diesel::update(p::products.find(1)).set(p::title.eq("New"));
                shop.products().write(update).execute(conn)
            }),
            ("written, filtered", |shop, conn| {
                let update = diesel::update(p::products.filter(p::id.eq(1))).set(p::title.eq("x, 2]"));
                shop.products().write(update).execute(conn)
            }),
            ("written, boxed", |shop, conn| {
                let update = diesel::update(p::products).set(p::price_cents.eq(2)).into_boxed().filter(p::id.eq(1));
                shop.products().write(update).execute(conn)
            }),
        ],
    );
}

#[test]
fn g1_a_delete_by_key_leaves_the_details_of_other_rows() {
    use products::dsl as p;
    check_all(
        [1, 0, 0, 0, 0],
        &[
            ("plain", |_, conn| diesel::delete(p::products.find(1)).execute(conn)),
            ("plain, filtered", |_, conn| diesel::delete(p::products).filter(p::id.eq(1)).execute(conn)),
            ("plain, of a row", |_, conn| diesel::delete(&new_product(1, 7, "any")).execute(conn)),
            ("written", |shop, conn| shop.products().write(diesel::delete(p::products.find(1))).execute(conn)),
        ],
    );
}

#[test]
fn g1_an_update_by_key_of_a_unique_column_leaves_the_details_of_other_rows() {
    use products::dsl as p;
    check_all(
        [1, 0, 0, 1, 1],
        &[
            ("plain", |_, conn| diesel::update(p::products.find(1)).set(p::slug.eq("new")).execute(conn)),
            ("all columns", |_, conn| {
                let row = new_product(1, 8, "new");
                diesel::update(&row).set(&row).execute(conn)
            }),
            ("save_changes", |_, conn| {
                let row: Product = new_product(1, 8, "new").save_changes(conn)?;
                Ok(usize::from(row.id == 1))
            }),
            ("by a name that is not quoted", |_, conn| {
                let sql = printed("UPDATE `products` SET Slug = ? WHERE (`products`.`id` = ?)");
                sql_query(sql).bind::<Text, _>("new").bind::<Integer, _>(1).execute(conn)
            }),
            ("written", |shop, conn| {
                shop.products().write(diesel::update(p::products.find(1)).set(p::slug.eq("new"))).execute(conn)
            }),
        ],
    );
}

#[test]
fn g1_a_unique_value_is_known_to_be_absent_until_a_row_takes_it() {
    let shop = Shop::new();
    let (mut conn, mut writer) = (shop.warm(), shop.conn());
    diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut writer).unwrap();
    assert_eq!(["new", "lamp", "torch"].map(|slug| shop.slug_cost(&mut conn, slug)), [0, 1, 0]);
    diesel::update(products::table.find(1)).set(products::slug.eq("new")).execute(&mut writer).unwrap();
    assert_eq!(["new", "lamp", "torch"].map(|slug| shop.slug_cost(&mut conn, slug)), [1, 1, 0]);
    assert_eq!(["new", "lamp", "torch"].map(|slug| shop.slug_cost(&mut conn, slug)), [0, 0, 0]);
    diesel::delete(products::table.find(1)).execute(&mut writer).unwrap();
    assert_eq!(["new", "lamp", "torch"].map(|slug| shop.slug_cost(&mut conn, slug)), [1, 0, 0]);
}

#[test]
fn g1_lists_and_scopes_follow_a_write_by_key() {
    let shop = Shop::new();
    let (mut conn, mut writer) = (shop.warm(), shop.conn());
    for write in [0, 1, 2] {
        match write {
            0 => diesel::update(products::table.find(1)).set(products::category_id.eq(8)).execute(&mut writer),
            1 => diesel::update(products::table.find(1)).set(products::title.eq("New")).execute(&mut writer),
            _ => diesel::delete(products::table.find(1)).execute(&mut writer),
        }
        .unwrap();
        assert_eq!([7, 8].map(|shelf| shop.shelf_cost(&mut conn, shelf)), [1, 1]);
        assert_eq!([shop.every_cost(&mut conn), shop.count_cost(&mut conn)], [1, 1]);
        shop.read_everything(&mut conn);
    }
}

#[test]
fn g1_writes_by_key_of_one_transaction_stay_row_exact() {
    use products::dsl as p;
    let shop = Shop::new();
    let mut conn = shop.warm();
    let write = |conn: &mut Conn| {
        diesel::update(p::products.find(1)).set(p::title.eq("New")).execute(conn)?;
        diesel::delete(p::products.find(3)).execute(conn)
    };
    let rolled_back = shop.conn().transaction(|conn| {
        write(conn)?;
        Err::<(), Error>(Error::RollbackTransaction)
    });
    assert!(rolled_back.is_err());
    assert_eq!(shop.read_everything(&mut conn), 0);
    shop.conn().transaction(write).unwrap();
    assert_eq!(row_costs(&shop, &mut conn), [1, 0, 1, 0, 0]);
    shop.conn().transaction(|conn| conn.transaction(|conn| diesel::delete(p::products.find(1)).execute(conn))).unwrap();
    assert_eq!(row_costs(&shop, &mut conn), [1, 0, 0, 0, 0]);
}

#[test]
fn a_write_by_key_that_fails_counts_for_its_row() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let update = diesel::update(products::table.find(1)).set(products::slug.eq("torch"));
    assert!(update.execute(&mut shop.conn()).is_err());
    assert_eq!(row_costs(&shop, &mut conn)[..3], [1, 0, 0]);
    shop.read_everything(&mut conn);
}

/// How much it leaves depends on the whole process: see `tests/alone`.
#[test]
fn g1_a_write_by_key_without_a_tracker_is_seen() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    let delete = diesel::delete(products::table.find(2));
    shop.products().write(delete).execute(&mut shop.untracked()).unwrap();
    assert_eq!(row_costs(&shop, &mut conn)[1], 1);
    shop.read_everything(&mut conn);
}

#[test]
fn statements_of_one_database_that_look_like_writes_by_key_count_for_every_row() {
    check_all([1; 5], LOOK_ALIKES);
}

#[test]
fn what_is_no_write_by_key_counts_for_every_row() {
    use products::dsl as p;
    check_all(
        [1, 1, 1, 1, 1],
        &[
            ("of the key", |_, conn| diesel::update(p::products.find(1)).set(p::id.eq(4)).execute(conn)),
            ("of the key, written", |shop, conn| {
                shop.products().write(diesel::update(p::products.find(1)).set(p::id.eq(4))).execute(conn)
            }),
            ("by several conditions", |_, conn| {
                let update = diesel::update(p::products.find(1)).filter(p::price_cents.gt(0));
                update.set(p::title.eq("New")).execute(conn)
            }),
            ("by another column", |_, conn| {
                diesel::update(p::products.filter(p::category_id.eq(7))).set(p::price_cents.eq(1)).execute(conn)
            }),
            ("by several keys", |_, conn| diesel::delete(p::products.filter(p::id.eq_any([1, 2]))).execute(conn)),
            ("by one key or another", |shop, conn| {
                let delete = diesel::delete(p::products.filter(p::id.eq(1).or(p::id.eq(2))));
                shop.products().write(delete).execute(conn)
            }),
            ("raw", |_, conn| sql_query("UPDATE products SET title = 'New' WHERE id = 1").execute(conn)),
            ("with a long text", |_, conn| {
                diesel::update(p::products.find(1)).set(p::title.eq("x".repeat(5_000))).execute(conn)
            }),
            ("with a long text, written", |shop, conn| {
                let update = diesel::update(p::products.find(1)).set(p::title.eq("x".repeat(5_000)));
                shop.products().write(update).execute(conn)
            }),
        ],
    );
}
