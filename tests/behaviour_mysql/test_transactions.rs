//! Test transactions that the server ends by itself.

use std::sync::Barrier;
use std::thread;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};

use crate::harness::Shop;
use crate::test_transactions::on_stage;
use crate::transactions::{retitle, title};

#[test]
fn t14_a_test_that_lost_a_deadlock_hides_nothing() {
    let shop = Shop::new();
    let mut other = shop.warm();
    let turns = Barrier::new(2);
    let test = |mine: i32, theirs: i32| {
        let (mut conn, mut other) = (on_stage(&shop), shop.conn());
        retitle(&mut conn, mine, "Mine").unwrap();
        shop.read_everything(&mut conn);
        turns.wait();
        let has_lost = retitle(&mut conn, theirs, "Theirs").is_err();
        shop.read_everything(&mut conn);
        if has_lost {
            // The server has ended the transaction: this commits by itself.
            retitle(&mut conn, 3, "Went on").unwrap();
            assert_eq!(title(&shop, &mut other, 3).1, "Went on");
            assert_eq!([mine, 3].map(|id| title(&shop, &mut conn, id).1 == "Mine"), [false; 2]);
        }
        turns.wait();
        shop.read_everything(&mut conn);
        let _nothing_is_open = AnsiTransactionManager::rollback_transaction(&mut conn);
        has_lost
    };
    let lost = thread::scope(|scope| {
        let sides = [scope.spawn(|| test(1, 2)), scope.spawn(|| test(2, 1))];
        sides.map(|side| side.join().unwrap())
    });
    assert_ne!(lost[0], lost[1]);
    assert_eq!([1, 2, 3].map(|id| title(&shop, &mut other, id).1), ["Lamp", "Torch", "Went on"]);
    shop.read_everything(&mut other);
}

#[test]
fn t14_a_statement_that_commits_the_test_hides_nothing() {
    for sql in ["CREATE TABLE scratch (x INT)", "TRUNCATE categories", "SET autocommit = 1; START TRANSACTION"] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), on_stage(&shop));
        retitle(&mut conn, 1, "New").unwrap();
        shop.read_everything(&mut conn);
        assert_eq!(shop.read_everything(&mut other), 0);
        conn.batch_execute(sql).unwrap();
        assert_eq!(title(&shop, &mut other, 1).1, "New", "{sql}");
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
        retitle(&mut conn, 2, "New").unwrap();
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
        let _refused = AnsiTransactionManager::rollback_transaction(&mut conn);
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
        retitle(&mut conn, 3, "Last").unwrap();
        assert_eq!(title(&shop, &mut other, 3).1, "Last");
    }
}
