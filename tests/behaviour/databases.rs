//! Several databases behind one cache, and one database under several names.

use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::database::{Conn, Database};
use crate::harness::Shop;
use crate::line::prelude::*;
use crate::transactions::{retitle, title};

/// A second database beside the shop's own, behind the same cache.
struct Branch {
    database: Database,
}

impl Branch {
    fn new(shop: &Shop) -> Self {
        let branch = Self { database: Database::fresh() };
        branch.conn(shop).batch_execute(&crate::schema::schema()).unwrap();
        branch
    }

    fn conn(&self, shop: &Shop) -> Conn {
        shop.conn_to(&self.database.url())
    }
}

#[test]
fn g8_each_database_has_its_own_entries() {
    let shop = Shop::new();
    let branch = Branch::new(&shop);
    let (mut here, mut there) = (shop.warm(), branch.conn(&shop));
    retitle(&mut branch.conn(&shop), 1, "Branch").unwrap();
    assert_eq!(shop.read_everything(&mut here), 0);
    assert_eq!(title(&shop, &mut there, 1), (1, "Branch".into()));
    shop.read_everything(&mut there);
    retitle(&mut shop.conn(), 1, "Main").unwrap();
    assert_eq!(shop.read_everything(&mut there), 0);
    assert_eq!(title(&shop, &mut here, 1), (1, "Main".into()));
}

#[test]
fn t12_interleaved_transactions_of_two_databases_are_two() {
    let shop = Shop::new();
    let branch = Branch::new(&shop);
    let (mut here, mut there) = (shop.warm(), branch.conn(&shop));
    shop.read_everything(&mut there);
    let (mut one, mut two) = (shop.conn(), branch.conn(&shop));
    one.transaction(|one| {
        retitle(one, 1, "New")?;
        let undone = two.transaction(|two| {
            retitle(two, 1, "Undone")?;
            Err::<(), Error>(Error::RollbackTransaction)
        });
        assert_eq!(undone, Err(Error::RollbackTransaction));
        assert_eq!(shop.read_everything(&mut here) + shop.read_everything(&mut there), 0);
        Ok::<(), Error>(())
    })
    .unwrap();
    assert_eq!(shop.read_everything(&mut there), 0);
    assert_eq!(title(&shop, &mut here, 1), (1, "New".into()));
}

#[test]
fn one_table_in_two_caches_is_invalidated_in_both() {
    let (shop, other) = (Shop::new(), Shop::new());
    let mut conn = shop.warm();
    let manager = crate::harness::Product::cached_in(&other.name);
    assert_eq!(manager.get(1).first(&mut conn).unwrap().title, "Lamp");
    assert!(manager.get(1).entry(&mut conn).unwrap().is_hit());
    shop.products().save(&crate::harness::new_product(1, 7, "new")).execute(&mut shop.conn()).unwrap();
    assert_eq!(manager.get(1).first(&mut conn).unwrap().slug, "new");
    shop.read_everything(&mut conn);
}

#[test]
fn a_name_that_is_given_again_changes_nothing() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let name = format!("again {}", shop.name);
    crate::line::identify(&mut conn, &name).unwrap();
    shop.read_everything(&mut conn);
    crate::line::identify(&mut conn, &name).unwrap();
    assert_eq!(shop.read_everything(&mut conn), 0);
}
