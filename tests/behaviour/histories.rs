//! Random histories of several connections: whatever happened before, a read is what the database says.

use diesel::connection::SimpleConnection;
use diesel::sql_query;

use crate::database::{self, Conn, insert_back};
use crate::harness::{Product, Shop, new_product, products};
use crate::line::prelude::*;
use crate::line::{AnsiTransactionManager, TransactionManager};

/// A small generator of its own, so that a history is told by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn id(&mut self) -> i32 {
        i32::try_from(self.roll(6)).unwrap() + 1
    }

    fn shelf(&mut self) -> i32 {
        i32::try_from(self.roll(3)).unwrap() + 7
    }

    fn slug(&mut self) -> &'static str {
        ["lamp", "torch", "table", "new", "other", "third"][usize::try_from(self.roll(6)).unwrap()]
    }

    fn row(&mut self) -> Product {
        let is_active = self.roll(2) == 0;
        Product { is_active, ..new_product(self.id(), self.shelf(), self.slug()) }
    }
}

/// A connection and how its transaction was begun.
struct Session {
    conn: Conn,
    is_raw: bool,
}

impl Session {
    /// One step; refused ones (a lock, a unique value) are part of the history.
    fn step(&mut self, shop: &Shop, dice: &mut Dice) {
        match dice.roll(4) {
            0 => self.control(dice),
            1 => self.write_through_the_manager(shop, dice),
            2 => self.write_plainly(dice),
            // PostgreSQL answers nothing in a transaction in which a statement failed.
            _ if sql_query("SELECT 1").execute(&mut self.conn).is_ok() => read(shop, &mut self.conn, dice),
            _ => {}
        }
    }

    fn control(&mut self, dice: &mut Dice) {
        type Manager = AnsiTransactionManager;
        let conn = &mut self.conn;
        if self.is_raw {
            let end = ["COMMIT", "ROLLBACK", "SAVEPOINT a", database::RAW_TRANSACTIONS[1].1]
                [usize::try_from(dice.roll(4)).unwrap()];
            if sql_query(end).execute(conn).is_ok() {
                self.is_raw = end.starts_with('S');
            }
            return;
        }
        let depth = Manager::transaction_manager_status_mut(conn).transaction_depth().ok().flatten();
        let _ = match (depth.map_or(0, u32::from), dice.roll(4)) {
            (0, 0) => {
                self.is_raw = sql_query("BEGIN").execute(conn).is_ok();
                Ok(())
            }
            (0, _) | (1, 0) => Manager::begin_transaction(conn),
            (_, 1) => Manager::rollback_transaction(conn),
            _ => Manager::commit_transaction(conn),
        };
    }

    fn write_through_the_manager(&mut self, shop: &Shop, dice: &mut Dice) {
        let (manager, conn) = (shop.products(), &mut self.conn);
        let _ = match dice.roll(5) {
            0 => manager.delete(dice.id()).execute(conn),
            1 => insert_back!(manager, dice.row(), conn).map(|()| 1),
            2 => manager.insert(vec![dice.row(), dice.row()]).execute(conn),
            3 => manager.save(&dice.row()).execute(conn),
            _ => {
                let shelf = products::table.filter(products::category_id.eq(dice.shelf()));
                manager.write(diesel::update(shelf).set(products::category_id.eq(dice.shelf()))).execute(conn)
            }
        };
    }

    fn write_plainly(&mut self, dice: &mut Dice) {
        let (id, slug, shelf, conn) = (dice.id(), dice.slug(), dice.shelf(), &mut self.conn);
        let _ = match dice.roll(7) {
            0 => diesel::insert_into(products::table).values(dice.row()).execute(conn),
            1 => diesel::delete(products::table.filter(products::slug.eq(slug))).execute(conn),
            2 => diesel::update(products::table.find(id)).set(products::category_id.eq(shelf)).execute(conn),
            3 => sql_query(database::random_slug(id, slug)).execute(conn),
            4 => database::random_upsert(conn, dice.row()),
            5 => {
                let batch = format!(
                    "UPDATE products SET title = title || '.' WHERE id = {id};
                     UPDATE categories SET name = CASE name WHEN 'Light' THEN 'Wood' ELSE 'Light' END"
                );
                conn.batch_execute(&batch).map(|()| 0)
            }
            _ => sql_query(database::random_insert(id, shelf, slug)).execute(conn),
        };
    }
}

fn read(shop: &Shop, conn: &mut Conn, dice: &mut Dice) {
    match dice.roll(6) {
        0 => shop.row_cost(conn, dice.id()),
        1 => shop.slug_cost(conn, dice.slug()),
        2 => shop.shelf_cost(conn, dice.shelf()),
        3 => shop.count_cost(conn),
        4 => shop.exists_cost(conn),
        _ => shop.every_cost(conn),
    };
}

fn run(seed: u64) {
    let shop = Shop::new();
    let mut dice = Dice(seed);
    let mut sessions = [(); 3].map(|()| {
        let mut conn = shop.conn();
        conn.batch_execute(database::IMPATIENT).unwrap();
        Session { conn, is_raw: false }
    });
    for _ in 0..150 {
        let session = usize::try_from(dice.roll(3)).unwrap();
        sessions[session].step(&shop, &mut dice);
        if dice.roll(12) == 0 {
            shop.read_everything(&mut shop.conn());
        }
    }
    drop(sessions);
    let mut conn = shop.conn();
    shop.read_everything(&mut conn);
    assert_eq!(shop.read_everything(&mut conn), 0);
}

/// The environment's `HISTORIES` says how many; if it does not, fewer on servers, where each statement takes longer.
#[test]
fn every_read_of_a_random_history_is_what_the_database_says() {
    let seeds = std::env::var("HISTORIES").map_or(database::HISTORIES, |count| count.parse().unwrap());
    for seed in 0..seeds {
        let outcome = std::panic::catch_unwind(|| run(seed));
        assert!(outcome.is_ok(), "the history of seed {seed}");
    }
}
