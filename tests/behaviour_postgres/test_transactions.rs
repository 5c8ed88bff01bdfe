//! Test transactions that a failed statement aborts.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use crate::harness::{Shop, new_product, products};
use crate::test_transactions::{on_stage, roll_back};
use crate::transactions::{retitle, title};

#[test]
fn t14_a_statement_that_fails_aborts_the_test_and_hides_nothing() {
    for is_rolled_back in [true, false] {
        let shop = Shop::new();
        let (mut other, mut conn) = (shop.warm(), on_stage(&shop));
        retitle(&mut conn, 1, "Undone").unwrap();
        shop.read_everything(&mut conn);
        let twice = diesel::insert_into(products::table).values(new_product(2, 7, "new"));
        assert!(twice.execute(&mut conn).is_err());
        let read = shop.products().get(1).first(&mut conn);
        assert!(read.is_err(), "there are no entries left, and the server answers nothing: {read:?}");
        assert!(retitle(&mut conn, 1, "Refused").is_err());
        assert_eq!(shop.read_everything(&mut other), 0);
        if is_rolled_back {
            roll_back(&mut conn);
        } else {
            // The server rolls back, and Diesel says so or not.
            let _refused = AnsiTransactionManager::commit_transaction(&mut conn);
        }
        assert_eq!(title(&shop, &mut conn, 1).1, "Lamp");
        shop.read_everything(&mut other);
        shop.read_everything(&mut conn);
        retitle(&mut conn, 1, "New").unwrap();
        assert_eq!(title(&shop, &mut other, 1), (1, "New".into()));
    }
}
