//! Rows that writes give back, where the database has RETURNING.

use diesel::result::Error;

use crate::exact;
use crate::harness::{Product, Shop, new_product, products};
use crate::line::prelude::*;
use crate::write_through::{is_stored, schema, slips, slips_of};
use crate::writes::{check_all, rows};

#[test]
fn plain_writes_that_give_their_rows_back() {
    check_all(&[
        ("insert", |_, conn| {
            let row: Product = diesel::insert_into(products::table).values(&rows()[0]).get_result(conn)?;
            Ok(usize::from(row.id == 4))
        }),
        ("update", |_, conn| {
            let ids: Vec<i32> = diesel::update(products::table.filter(products::category_id.eq(7)))
                .set(products::slug.eq("new"))
                .filter(products::id.eq(1))
                .returning(products::id)
                .get_results(conn)?;
            Ok(ids.len())
        }),
        ("delete", |_, conn| {
            let row: Product = diesel::delete(products::table.find(1)).get_result(conn)?;
            Ok(usize::from(row.id == 1))
        }),
    ]);
}

#[test]
fn writes_through_the_manager_that_give_their_rows_back() {
    check_all(&[
        ("insert, returned", |shop, conn| {
            let row = shop.products().insert(new_product(4, 7, "new")).get_result(conn)?;
            assert_eq!(row, new_product(4, 7, "new"));
            Ok(1)
        }),
        ("insert of many, the first returned", |shop, conn| {
            assert_eq!(shop.products().insert(rows()).get_result(conn)?, rows()[0]);
            Ok(3)
        }),
        ("insert of many, returned", |shop, conn| {
            let mut inserted = shop.products().insert(rows()).get_results(conn)?;
            inserted.sort_by_key(|row| row.id);
            assert_eq!(inserted, rows());
            Ok(3)
        }),
        ("insert of assignments", |shop, conn| {
            let values = (
                products::category_id.eq(7),
                products::slug.eq("new"),
                products::title.eq("New"),
                products::price_cents.eq(1),
                products::is_active.eq(true),
            );
            assert_eq!(shop.products().insert(values).get_result(conn)?.id, 4);
            Ok(1)
        }),
    ]);
}

#[test]
fn statements_through_the_manager_that_give_their_rows_back() {
    check_all(&[
        ("update", |shop, conn| {
            let update = diesel::update(products::table.find(1)).set(products::slug.eq("new"));
            assert_eq!(shop.products().write(update).get_result(conn)?.slug, "new");
            Ok(1)
        }),
        ("update of many", |shop, conn| {
            let shelf = products::table.filter(products::category_id.eq(7));
            let rows = shop.products().write(diesel::update(shelf).set(products::title.eq("New"))).get_results(conn)?;
            assert!(rows.iter().all(|row| row.title == "New"));
            Ok(rows.len())
        }),
        ("update of none", |shop, conn| {
            let update = diesel::update(products::table.find(9)).set(products::slug.eq("new"));
            assert_eq!(shop.products().write(update).get_result(conn), Err(Error::NotFound));
            Ok(0)
        }),
        ("delete", |shop, conn| {
            assert_eq!(shop.products().write(diesel::delete(products::table.find(1))).get_result(conn)?.id, 1);
            Ok(1)
        }),
        ("insert", |shop, conn| {
            let insert = diesel::insert_into(products::table).values(rows());
            assert_eq!(shop.products().write(insert).get_results(conn)?, rows());
            Ok(3)
        }),
        ("upsert", |shop, conn| {
            let upsert = diesel::insert_into(products::table).values(new_product(1, 8, "new"));
            let upsert = upsert.on_conflict(products::id).do_update().set(products::slug.eq("newer"));
            assert_eq!(shop.products().write(upsert).get_result(conn)?.slug, "newer");
            Ok(1)
        }),
    ]);
}

#[test]
fn an_insert_through_the_manager_ends_its_own_scope_only() {
    let shop = Shop::new();
    let mut conn = shop.warm();
    shop.products().insert(new_product(4, 7, "new")).get_result(&mut shop.conn()).unwrap();
    assert_eq!([7, 8, 9].map(|shelf| shop.shelf_cost(&mut conn, shelf)), [1, 0, 0]);
    let rows = vec![new_product(5, 8, "other"), new_product(6, 9, "third")];
    shop.products().insert(rows).get_result(&mut shop.conn()).unwrap();
    assert_eq!([7, 8, 9].map(|shelf| shop.shelf_cost(&mut conn, shelf)), [0, 1, 1]);
    shop.read_everything(&mut conn);
}

#[test]
fn t4_a_rollback_after_an_insert_that_gave_its_row_back_leaves_entries_valid() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    shop.products().get(1).first(&mut conn).unwrap();
    let failed: QueryResult<()> = conn.transaction(|conn| {
        let new = crate::harness::new_product(9, 7, "new");
        let slug: String =
            diesel::insert_into(products::table).values(&new).returning(products::slug).get_result(conn)?;
        assert_eq!(slug, "new");
        Err(diesel::result::Error::RollbackTransaction)
    });
    assert!(failed.is_err());
    assert_eq!(shop.counted(|| shop.products().get(1).first(&mut conn).unwrap().id), (0, 1));
}

#[test]
fn g1_writes_by_key_that_give_their_row_back_leave_the_details_of_other_rows() {
    exact::check_all(
        [1, 0, 0, 0, 0],
        &[
            ("update", |_, conn| {
                let update = diesel::update(products::table.find(1)).set(products::category_id.eq(8));
                let row: Product = update.get_result(conn)?;
                Ok(usize::from(row.id == 1))
            }),
            ("delete", |_, conn| {
                let row: Product = diesel::delete(products::table.find(1)).get_result(conn)?;
                Ok(usize::from(row.id == 1))
            }),
        ],
    );
}

#[test]
fn d19_a_statement_by_key_that_gives_its_row_back_stores_it() {
    let shop = Shop::with_tables(&schema());
    let (mut conn, mut other) = (shop.conn(), shop.conn());
    let update = |id| diesel::update(slips::table.find(id)).set(slips::text.eq("uno"));
    slips_of(&shop).write(update(101)).get_result(&mut conn).unwrap();
    assert!(is_stored(&shop, &mut other, 101));
    slips_of(&shop).write(update(102)).execute(&mut conn).unwrap();
    assert!(!is_stored(&shop, &mut other, 102), "no row came back");
    let all = diesel::update(slips::table).set(slips::text.eq("due"));
    slips_of(&shop).write(all).get_results(&mut conn).unwrap();
    assert!(!is_stored(&shop, &mut other, 101) && !is_stored(&shop, &mut other, 102), "not by key");
    slips_of(&shop).write(diesel::delete(slips::table.find(101))).get_result(&mut conn).unwrap();
    assert!(slips_of(&shop).get(101).first(&mut other).optional().unwrap().is_none());
}
