//! Whatever is written, in whatever order: every page and list of them is what plain Diesel reads.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Good, cost, good_labels, goods, labels, makers, packers, pages, reviews, shop};
use crate::database::Conn;
use crate::harness::Shop;
use crate::line::prelude::*;

/// One write, and which rows it is about.
type Step = (u8, i32, i32);

fn write(shop: &Shop, (kind, one, other): Step, conn: &mut Conn) {
    let (good, maker, review, label) = (10 + one, 1 + other % 3, 100 + one, 20 + other % 2);
    let row = || Good { id: good, maker_id: maker, packer_id: None, shelf: 7 + other % 2, title: "Saved".into() };
    // What the database refuses is a write like any other.
    let _: QueryResult<usize> = match kind % 14 {
        0 => diesel::update(goods::table.find(good)).set(goods::maker_id.eq(maker)).execute(conn),
        1 => diesel::update(goods::table.find(good)).set(goods::packer_id.eq((other > 1).then_some(5))).execute(conn),
        2 => diesel::update(goods::table.find(good)).set(goods::shelf.eq(7 + other % 2)).execute(conn),
        3 => Good::cached_in(&shop.name).save(&row()).execute(conn),
        4 => Good::cached_in(&shop.name).delete(good).execute(conn),
        5 => diesel::insert_into(goods::table)
            .values((goods::id.eq(good), goods::maker_id.eq(maker), goods::shelf.eq(7), goods::title.eq("New")))
            .execute(conn),
        6 => diesel::update(reviews::table.find(review))
            .set(reviews::good_id.eq((other > 0).then_some(good)))
            .execute(conn),
        7 => diesel::insert_into(reviews::table)
            .values((reviews::id.eq(review), reviews::good_id.eq(10 + other), reviews::stars.eq(other)))
            .execute(conn),
        8 => diesel::delete(reviews::table.filter(reviews::good_id.eq(good))).execute(conn),
        9 => diesel::update(makers::table.find(maker)).set(makers::name.eq(format!("Maker {one}"))).execute(conn),
        10 => diesel::delete(makers::table.find(maker)).execute(conn),
        11 => diesel::insert_into(good_labels::table)
            .values((good_labels::good_id.eq(good), good_labels::label_id.eq(label), good_labels::place.eq(one)))
            .execute(conn),
        12 => diesel::update(good_labels::table.find((good, label)))
            .set((good_labels::good_id.eq(10 + other), good_labels::place.eq(one)))
            .execute(conn),
        _ if one == 0 => diesel::delete(packers::table).execute(conn),
        _ => diesel::update(labels::table.find(label)).set(labels::name.eq(format!("Label {one}"))).execute(conn),
    };
}

/// Reads some, so that entries of every age are there when the next write comes.
fn read_some(shop: &Shop, (_, one, other): Step, conn: &mut Conn) {
    pages(shop).get(10 + one).first(conn).optional().unwrap();
    pages(shop).get_many([10 + one, 10 + other]).load(conn).unwrap();
    pages(shop).all_by_shelf(7 + other % 2).load(conn).unwrap();
}

fn check(steps: &[Step]) {
    let (shop, mut conn, mut writer) = shop();
    for (place, step) in steps.iter().enumerate() {
        read_some(&shop, *step, &mut conn);
        write(&shop, *step, &mut writer);
        if place % 2 == 0 {
            cost(&shop, &mut conn);
        }
    }
    cost(&shop, &mut conn);
    assert_eq!(cost(&shop, &mut conn), 0);
}

#[test]
fn random_writes_leave_no_page_stale() {
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let steps = proptest::collection::vec((any::<u8>(), 0..4, 0..4), 1..16);
    TestRunner::new(config)
        .run(&steps, |steps| {
            check(&steps);
            Ok(())
        })
        .unwrap();
}
