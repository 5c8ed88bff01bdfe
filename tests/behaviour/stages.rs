//! Test transactions side by side on one database, where several can write at the same time.

use std::sync::Barrier;
use std::thread;

use crate::database::{Conn, FAILURE_MAY_END_TRANSACTION, try_in};
use crate::harness::{Shop, new_product, products};
use crate::line::prelude::*;
use crate::test_transactions::{on_stage, roll_back};
use crate::transactions::{retitle, title};

fn write(conn: &mut Conn, id: i32, name: &str) {
    retitle(conn, id, name).unwrap();
    diesel::insert_into(products::table).values(new_product(10 + id, 7, name)).execute(conn).unwrap();
}

#[test]
fn t14_tests_that_write_in_turns_do_not_meet() {
    let shop = Shop::new();
    let (mut outside, mut one, mut two) = (shop.warm(), on_stage(&shop), on_stage(&shop));
    for conn in [&mut one, &mut two] {
        shop.read_everything(conn);
    }
    write(&mut one, 1, "one");
    assert_eq!([&mut one, &mut two].map(|conn| title(&shop, conn, 1)), [(1, "one".into()), (0, "Lamp".into())]);
    write(&mut two, 2, "two");
    assert_eq!([&mut one, &mut two].map(|conn| title(&shop, conn, 2).1), ["Torch", "two"]);
    one.transaction(|conn| retitle(conn, 1, "again")).unwrap();
    for conn in [&mut one, &mut two] {
        shop.read_everything(conn);
        assert_eq!(shop.products().every().load(conn).unwrap().len(), 4);
    }
    roll_back(&mut one);
    assert_eq!(shop.read_everything(&mut two), 0, "nobody disturbs it");
    assert_eq!(shop.read_everything(&mut one), 0, "it is outside again");
    roll_back(&mut two);
    assert_eq!(shop.read_everything(&mut outside), 0);
}

/// The statements of threads are counted together: here a read is a hit or none.
#[test]
fn t14_tests_that_write_in_parallel_do_not_meet() {
    let shop = Shop::new();
    let mut outside = shop.warm();
    let turns = Barrier::new(2);
    let read = |conn: &mut Conn, id: i32| {
        let read = shop.products().get(id).entry(conn).unwrap();
        assert_eq!(*read.value, products::table.find(id).first(conn).unwrap());
        (read.value.title.clone(), read.is_hit())
    };
    let test = |name: &str, mine: i32, theirs: i32| {
        let mut conn = on_stage(&shop);
        let unchanged = read(&mut conn, theirs).0;
        for round in 0..10 {
            let name = format!("{name} {round}");
            retitle(&mut conn, mine, &name).unwrap();
            assert_eq!([(); 2].map(|()| read(&mut conn, mine)), [(name.clone(), false), (name, true)]);
            assert_eq!(read(&mut conn, theirs), (unchanged.clone(), true));
            turns.wait();
        }
        roll_back(&mut conn);
    };
    thread::scope(|scope| {
        scope.spawn(|| test("one", 1, 2));
        scope.spawn(|| test("two", 2, 1));
    });
    assert_eq!(shop.read_everything(&mut outside), 0);
}

#[test]
fn t14_a_statement_that_fails_in_one_test_hides_nothing_from_another() {
    let shop = Shop::new();
    let (mut conn, mut other) = (on_stage(&shop), on_stage(&shop));
    retitle(&mut conn, 1, "New").unwrap();
    retitle(&mut other, 3, "Other").unwrap();
    shop.read_everything(&mut conn);
    shop.read_everything(&mut other);
    let twice = diesel::update(products::table.find(1)).set(products::slug.eq("torch"));
    assert!(try_in(&mut conn, |conn| twice.execute(conn)).is_err());
    // What may have been undone may have been followed by commits, which end the entries of tests.
    assert_eq!(shop.read_everything(&mut other) > 0, FAILURE_MAY_END_TRANSACTION);
    assert_eq!(title(&shop, &mut conn, 1).1, "New");
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
    roll_back(&mut conn);
    assert_eq!(title(&shop, &mut conn, 1).1, "Lamp");
    shop.read_everything(&mut other);
    assert_eq!(shop.read_everything(&mut other), 0);
    roll_back(&mut other);
}
