//! What stands beside a cached read: other keys, other tables, models that are not cached.

use cache_diesel::Kind;

use crate::database::Conn;
use crate::harness::{Product, Shop, new_product, products};
use crate::kept::cache;
use crate::line::prelude::*;
use crate::stores::SpyStore;

#[test]
fn l24_a_model_without_a_manager_makes_no_call_to_the_store() {
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = products)]
    struct Bare {
        id: i32,
    }
    let store = SpyStore::new();
    let shop = Shop::with(cache().store(store.clone()));
    let mut conn = shop.conn();
    let bare: Vec<Bare> = products::table.select(Bare::as_select()).order_by(products::id).load(&mut conn).unwrap();
    assert_eq!(bare.first().unwrap().id, 1);
    assert_eq!(products::table.count().get_result::<i64>(&mut conn).unwrap(), 3);
    assert_eq!(store.call_count(), 0);
    shop.products().get(1).first(&mut conn).unwrap();
    assert_ne!(store.call_count(), 0);
}

#[test]
fn b23_a_row_that_is_being_loaded_keeps_nobody_from_other_rows() {
    let store = SpyStore::new();
    let shop = Shop::with(cache().store(store.clone()));
    shop.products().get(2).first(&mut shop.conn()).unwrap();
    let (name, url) = (shop.name.clone(), shop.url());
    // In the middle of the fill of row 1, and on another thread: row 2 is a hit, row 3 is loaded and stored.
    store.before_next_put(move || {
        let other = move || {
            let mut conn = Conn::establish(&url).unwrap();
            let manager = Product::cached_in(&name);
            assert!(manager.get(2).entry(&mut conn).unwrap().is_hit());
            manager.get(3).first(&mut conn).unwrap();
            assert!(manager.get(3).entry(&mut conn).unwrap().is_hit());
        };
        std::thread::spawn(other).join().unwrap();
    });
    shop.products().get(1).first(&mut shop.conn()).unwrap();
    assert_eq!(shop.counts("product", Kind::Detail).load_count, 3);
}

#[test]
fn r10_the_other_side_of_a_pair_is_seen_when_it_comes_and_when_it_goes() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    // One product for each slug: whoever knows the slug has the product, or none.
    assert_eq!([(); 2].map(|()| shop.slug_cost(&mut conn, "pair")), [1, 0]);
    diesel::insert_into(products::table).values(new_product(4, 9, "pair")).execute(&mut shop.conn()).unwrap();
    assert_eq!(shop.products().get_by_slug("pair").first(&mut conn).unwrap().id, 4);
    assert_eq!(shop.slug_cost(&mut conn, "pair"), 0);
    diesel::delete(products::table.find(4)).execute(&mut shop.conn()).unwrap();
    assert!(shop.products().get_by_slug("pair").first(&mut conn).optional().unwrap().is_none());
    assert_eq!(shop.slug_cost(&mut conn, "pair"), 0);
}

#[test]
fn g12_a_changed_tag_ends_the_entries_that_carry_it_and_no_other() {
    let shop = Shop::new();
    let mut conn = shop.conn();
    let manager = shop.products();
    let hits = |conn: &mut Conn| {
        [
            manager.get(1).entry(conn).unwrap().is_hit(),
            manager.get(3).entry(conn).unwrap().is_hit(),
            manager.all_by_category_id(7).entry(conn).unwrap().is_hit(),
            manager.all_by_category_id(8).entry(conn).unwrap().is_hit(),
            manager.all("a", ()).entry(conn).unwrap().is_hit(),
            manager.all("b", ()).entry(conn).unwrap().is_hit(),
        ]
    };
    hits(&mut conn);
    assert_eq!(hits(&mut conn), [true; 6]);
    manager.clear_detail(1).unwrap();
    assert_eq!(hits(&mut conn), [false, true, true, true, true, true]);
    manager.clear_list("b").unwrap();
    assert_eq!(hits(&mut conn), [true, true, true, true, true, false]);
    manager.clear_lists().unwrap();
    assert_eq!(hits(&mut conn), [true, true, false, false, false, false]);
}
