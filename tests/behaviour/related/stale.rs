//! A page is never older than any of its tables.

use diesel::result::Error;

use super::{Good, cost, good_labels, goods, labels, makers, packers, pages, reviews, shop};
use crate::database::Conn;
use crate::harness::{Moment, Shop, categories, once_at};
use crate::line::prelude::*;

/// Fills everything, writes, and reads all again: it has to be what plain Diesel reads. Gives the statements.
#[track_caller]
fn after(write: impl FnOnce(&Shop, &mut Conn)) -> usize {
    let (shop, mut conn, mut writer) = shop();
    cost(&shop, &mut conn);
    assert_eq!(cost(&shop, &mut conn), 0);
    write(&shop, &mut writer);
    cost(&shop, &mut conn)
}

/// Runs a statement, which has to do something.
macro_rules! run {
    ($conn:expr, $statement:expr) => {
        assert!($statement.execute($conn).unwrap() > 0)
    };
}

#[test]
fn a_write_to_another_table_leaves_everything() {
    assert_eq!(after(|_, conn| run!(conn, diesel::update(categories::table.find(7)).set(categories::name.eq("x")))), 0);
}

#[test]
fn r4_a_change_of_a_joined_row_is_seen() {
    assert!(after(|_, conn| run!(conn, diesel::update(makers::table.find(1)).set(makers::name.eq("New")))) > 0);
    assert!(after(|_, conn| run!(conn, diesel::delete(packers::table.find(5)))) > 0);
    assert!(after(|_, conn| run!(conn, diesel::delete(makers::table.find(2)))) > 0);
}

#[test]
fn a_change_of_the_row_leaves_other_pages() {
    // The list and the scope with three statements each, one page with as many.
    assert_eq!(after(|_, conn| run!(conn, diesel::update(goods::table.find(10)).set(goods::title.eq("New")))), 9);
}

#[test]
fn a_row_that_leads_elsewhere_is_seen() {
    after(|_, conn| run!(conn, diesel::update(goods::table.find(10)).set(goods::maker_id.eq(2))));
    after(|_, conn| run!(conn, diesel::update(goods::table.find(10)).set(goods::packer_id.eq(None::<i32>))));
    after(|_, conn| run!(conn, diesel::update(goods::table.find(11)).set(goods::packer_id.eq(5))));
    after(|_, conn| run!(conn, diesel::update(goods::table).set(goods::maker_id.eq(2))));
    after(|_, conn| run!(conn, diesel::update(goods::table.find(11)).set(goods::shelf.eq(8))));
}

#[test]
fn rows_come_and_go() {
    let new = (goods::id.eq(13), goods::maker_id.eq(1), goods::shelf.eq(7), goods::title.eq("New"));
    after(|_, conn| run!(conn, diesel::insert_into(goods::table).values(new)));
    after(|_, conn| run!(conn, diesel::delete(goods::table.find(10))));
    after(|shop, conn| {
        let _ = Good::cached_in(&shop.name).delete(10).execute(conn).unwrap();
    });
    // Without a maker a row has no page; it gets one when the maker comes.
    let orphan = (goods::id.eq(13), goods::maker_id.eq(9), goods::shelf.eq(7), goods::title.eq("New"));
    after(|_, conn| run!(conn, diesel::insert_into(goods::table).values(orphan)));
    let (shop, mut conn, mut writer) = shop();
    run!(&mut writer, diesel::insert_into(goods::table).values(orphan));
    cost(&shop, &mut conn);
    run!(&mut writer, diesel::insert_into(makers::table).values((makers::id.eq(9), makers::name.eq("Late"))));
    cost(&shop, &mut conn);
    assert_eq!(pages(&shop).get(13).first(&mut conn).unwrap().maker.name, "Late");
}

#[test]
fn r5_a_child_that_comes_changes_or_goes_is_seen() {
    let new = (reviews::id.eq(104), reviews::good_id.eq(11), reviews::stars.eq(4));
    after(|_, conn| run!(conn, diesel::insert_into(reviews::table).values(new)));
    after(|_, conn| run!(conn, diesel::update(reviews::table.find(100)).set(reviews::stars.eq(1))));
    after(|_, conn| run!(conn, diesel::delete(reviews::table.find(100))));
    after(|_, conn| run!(conn, diesel::delete(reviews::table)));
}

#[test]
fn r6_a_child_that_moves_is_seen_at_both_parents() {
    after(|_, conn| run!(conn, diesel::update(reviews::table.find(100)).set(reviews::good_id.eq(11))));
    after(|_, conn| run!(conn, diesel::update(reviews::table.find(100)).set(reviews::good_id.eq(None::<i32>))));
    after(|_, conn| run!(conn, diesel::update(reviews::table.find(103)).set(reviews::good_id.eq(12))));
}

#[test]
fn r8_m1_m3_a_link_that_comes_changes_or_goes_is_seen() {
    let new = (good_labels::good_id.eq(12), good_labels::label_id.eq(20), good_labels::place.eq(1));
    after(|_, conn| run!(conn, diesel::insert_into(good_labels::table).values(new)));
    after(|_, conn| run!(conn, diesel::delete(good_labels::table.find((10, 20)))));
    after(|_, conn| run!(conn, diesel::delete(good_labels::table.filter(good_labels::good_id.eq(10)))));
    after(|_, conn| run!(conn, diesel::update(good_labels::table.find((10, 20))).set(good_labels::good_id.eq(12))));
    after(|_, conn| {
        conn.transaction(|conn| {
            run!(conn, diesel::delete(good_labels::table.filter(good_labels::good_id.eq(10))));
            run!(
                conn,
                diesel::insert_into(good_labels::table).values((
                    good_labels::good_id.eq(10),
                    good_labels::label_id.eq(21),
                    good_labels::place.eq(1)
                ))
            );
            QueryResult::Ok(())
        })
        .unwrap();
    });
}

#[test]
fn m4_a_column_of_the_link_that_orders_is_seen() {
    after(|_, conn| run!(conn, diesel::update(good_labels::table.find((10, 20))).set(good_labels::place.eq(0))));
}

#[test]
fn m5_a_label_that_changes_or_goes_is_seen() {
    after(|_, conn| run!(conn, diesel::update(labels::table.find(20)).set(labels::name.eq("old"))));
    after(|_, conn| run!(conn, diesel::delete(labels::table.find(20))));
}

#[test]
fn reads_in_a_transaction_bypass_and_store_nothing() {
    let (shop, mut conn, mut writer) = shop();
    cost(&shop, &mut conn);
    writer
        .transaction(|writer| {
            run!(writer, diesel::update(makers::table.find(1)).set(makers::name.eq("New")));
            for _ in 0..2 {
                let (count, page) = shop.counted(|| pages(&shop).get(10).first(writer).unwrap());
                assert_eq!((count, page.maker.name.as_str()), (3, "New"));
            }
            assert_eq!(cost(&shop, &mut conn), 0);
            Err::<(), Error>(Error::RollbackTransaction)
        })
        .unwrap_err();
    assert_eq!(cost(&shop, &mut conn), 0);
}

/// What was loaded in several statements is stored under the tokens from before the first one.
#[test]
fn a_write_between_the_statements_of_a_load_leaves_nothing_stale() {
    let writes: [fn(&mut Conn); 4] = [
        |conn| run!(conn, diesel::update(goods::table.find(10)).set(goods::title.eq("New"))),
        |conn| run!(conn, diesel::update(makers::table.find(1)).set(makers::name.eq("New"))),
        |conn| run!(conn, diesel::delete(reviews::table.find(100))),
        |conn| run!(conn, diesel::delete(good_labels::table.find((10, 20)))),
    ];
    let moments = [
        (Moment::Finish, "goods INNER JOIN"),
        (Moment::Start, "FROM reviews"),
        (Moment::Start, "labels INNER JOIN good_labels"),
    ];
    for write in writes {
        for (moment, sql) in moments {
            let (shop, mut conn, mut writer) = shop();
            let mut reader = shop.conn_with(once_at(moment, sql, move || write(&mut writer)));
            pages(&shop).get(10).first(&mut reader).unwrap();
            cost(&shop, &mut conn);
            let (shop, mut conn, mut writer) = super::shop();
            let mut reader = shop.conn_with(once_at(moment, sql, move || write(&mut writer)));
            pages(&shop).every().order_by(goods::id).load(&mut reader).unwrap();
            cost(&shop, &mut conn);
        }
    }
}
