//! Caches that are switched: what reads do, and that writes are seen all the same.

use std::sync::{Arc, Mutex};

use cache_diesel::{Bypass, Event, Kind, Mode};

use crate::database::Conn;
use crate::harness::{Shop, new_product};
use crate::line::prelude::Connection as _;
use crate::transactions::{new, retitle, title};

#[test]
fn f10_in_read_only_mode_nothing_is_stored() {
    let shop = Shop::new();
    let conn = &mut shop.conn();
    assert_eq!([1, 2].map(|id| shop.row_cost(conn, id)), [1, 1]);
    shop.cache.set_mode(Mode::ReadOnly);
    let before = shop.cache.statistics().total().store_count;
    assert_eq!([1, 2, 3, 3, 9, 9].map(|id| shop.row_cost(conn, id)), [0, 0, 1, 1, 1, 1]);
    assert_eq!([(); 2].map(|()| shop.slug_cost(conn, "table")), [1, 1]);
    assert_eq!([(); 2].map(|()| shop.counted(|| shop.products().every().load(conn).unwrap().len())), [(1, 3), (1, 3)]);
    let many = |conn: &mut Conn| shop.counted(|| shop.products().get_many([1, 2, 3]).load(conn).unwrap()).0;
    assert_eq!([many(conn), many(conn)], [1, 1]);
    let read = || shop.products().get(1).refresh();
    assert_eq!([(); 2].map(|()| shop.counted(|| read().first(conn).unwrap()).0), [1, 1]);
    let total = shop.cache.statistics().total();
    assert_eq!((total.store_count, total.store_failure_count, total.bypass_count), (before, 0, 0));
}

#[test]
fn f10_in_read_only_mode_writes_end_entries() {
    let shop = Shop::new();
    let conn = &mut shop.warm();
    shop.cache.set_mode(Mode::ReadOnly);
    assert_eq!(shop.read_everything(conn), 0);
    retitle(&mut shop.conn(), 1, "New").unwrap();
    assert_eq!([(); 2].map(|()| title(&shop, conn, 1)), [new(), new()]);
    shop.products().save(&new_product(2, 8, "other")).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.products().get(2).first(conn).unwrap().slug, "other");
    shop.cache.set_mode(Mode::Normal);
    shop.read_everything(conn);
    assert_eq!(shop.read_everything(conn), 0);
}

#[test]
fn f11_a_cache_that_was_off_serves_nothing_that_was_written_meanwhile() {
    let shop = Shop::new();
    let conn = &mut shop.warm();
    shop.cache.set_mode(Mode::Off);
    assert_eq!([(); 2].map(|()| shop.row_cost(conn, 1)), [1, 1]);
    retitle(&mut shop.conn(), 1, "New").unwrap();
    let save = |writer: &mut Conn| shop.products().save(&new_product(2, 8, "other")).execute(writer);
    shop.conn().transaction(save).unwrap();
    shop.products().delete(3).execute(&mut shop.conn()).unwrap();
    shop.cache.set_mode(Mode::Normal);
    assert_eq!(title(&shop, conn, 1), new());
    assert_eq!(shop.products().get(2).first(conn).unwrap().slug, "other");
    assert!(shop.products().get(3).first(conn).is_err());
    shop.read_everything(conn);
    assert_eq!(shop.read_everything(conn), 0);
}

#[test]
fn f11_what_nobody_wrote_is_served_once_the_cache_is_on_again() {
    let shop = Shop::new();
    let conn = &mut shop.warm();
    shop.cache.set_mode(Mode::Off);
    assert!(shop.read_everything(conn) > 0);
    shop.cache.set_mode(Mode::Normal);
    assert_eq!(shop.read_everything(conn), 0);
}

crate::line::only_blocking! {
    #[test]
    fn f11_reads_that_do_not_look_are_bypasses_and_say_why() {
        let shop = Shop::new();
        let conn = &mut shop.conn();
        let reasons = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&reasons);
        shop.cache.listen("bypasses", move |event| {
            if let Event::Bypassed { reason, .. } = event {
                log.lock().unwrap().push(*reason);
            }
        });
        shop.cache.set_mode(Mode::Off);
        shop.products().get(1).first(conn).unwrap();
        shop.products().get_many([1, 2]).load(conn).unwrap();
        assert_eq!(*reasons.lock().unwrap(), [Bypass::Off; 2]);
        let counts = shop.counts("product", Kind::Detail);
        assert_eq!((counts.bypass_count, counts.miss_count, counts.store_count), (2, 0, 0));
        let taken = shop.products().get(1).first_with(|| Ok::<_, diesel::result::Error>(shop.conn())).unwrap();
        assert_eq!(taken.title, "Lamp");
    }
}
