//! What is cleared around a piece of work: once it has succeeded, and not otherwise.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cache_diesel::Event;
use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::result::Error;

use crate::database::Conn;
use crate::harness::{Product, Shop, products};
use crate::line::prelude::*;
use crate::presence::Alone;
use crate::transactions::retitle;

/// What reads of a row, of a list and of another list cost.
fn costs(shop: &Shop, conn: &mut Conn) -> [usize; 3] {
    let list = |name: &'static str| move || Product::cached_in(&shop.name).all(name, products::category_id.eq(7));
    let mut list_cost = |name| shop.counted(|| list(name)().load(conn).unwrap()).0;
    let lists = [list_cost("active"), list_cost("other")];
    [shop.row_cost(conn, 1), lists[0], lists[1]]
}

#[test]
fn what_was_named_is_cleared_once_the_work_has_succeeded() {
    let shop = Shop::new();
    let conn = &mut shop.conn();
    costs(&shop, conn);
    let clears = || shop.products().clears().detail(1).list("active");
    let done = clears().around(|| {
        assert_eq!(costs(&shop, conn), [0, 0, 0], "not before");
        Ok::<_, Error>(7)
    });
    assert_eq!((done, costs(&shop, conn)), (Ok(7), [1, 1, 0]));
    assert_eq!(shop.products().clears().lists().around(|| Ok::<_, Error>(())), Ok(()));
    assert_eq!(costs(&shop, conn), [0, 1, 1]);
    assert_eq!(shop.products().clears().everything().around(|| Ok::<_, Error>(())), Ok(()));
    assert_eq!(costs(&shop, conn), [1, 1, 1]);
}

#[test]
fn what_fails_or_panics_clears_nothing() {
    let shop = Shop::new();
    let conn = &mut shop.conn();
    costs(&shop, conn);
    let clears = || shop.products().clears().everything();
    assert_eq!(clears().around(|| Err::<(), _>(Error::NotFound)), Err(Error::NotFound));
    assert_eq!(clears().around_on(conn, |_| Err::<(), _>(Error::NotFound)), Err(Error::NotFound));
    let panicked = catch_unwind(AssertUnwindSafe(|| clears().around(|| -> QueryResult<()> { panic!("on purpose") })));
    assert!(panicked.is_err());
    assert_eq!(costs(&shop, conn), [0, 0, 0]);
}

#[test]
fn several_managers_are_cleared_together() {
    let shop = Shop::new();
    let conn = &mut shop.warm();
    let clears = shop.products().clears().lists().and(shop.categories().clears().detail(7));
    clears.around(|| Ok::<_, Error>(())).unwrap();
    assert!(shop.category_cost(conn) > 0);
    assert_eq!(shop.row_cost(conn, 1), 0);
}

#[test]
fn in_a_transaction_it_clears_at_once_and_after_the_commit() {
    // After the commit the row is cleared in every database and every cache of the process.
    let _alone = Alone::wait();
    let shop = Shop::new();
    let (conn, writer) = (&mut shop.conn(), &mut shop.conn());
    costs(&shop, conn);
    // Nobody sees this write: it stands for one in another program.
    let unseen = |title: &str| retitle(&mut shop.untracked(), 1, title).unwrap();
    writer
        .transaction(|writer| {
            shop.products().clears().detail(1).around_on(writer, |_| Ok::<_, Error>(()))?;
            assert_eq!(shop.row_cost(conn, 1), 1, "it was cleared at once, and is filled again");
            unseen("New");
            Ok::<_, Error>(())
        })
        .unwrap();
    assert_eq!(shop.products().get(1).first(conn).unwrap().title, "New");
    unseen("Newer");
    let undone = writer.transaction(|writer| {
        shop.products().clears().list("active").around_on(writer, |_| Ok::<_, Error>(()))?;
        Err::<(), _>(Error::RollbackTransaction)
    });
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(shop.products().get(1).first(conn).unwrap().title, "New", "what is not named stays");
}

#[test]
fn listeners_hear_of_it_and_without_anything_named_there_is_nothing_to_hear() {
    let shop = Shop::new();
    shop.conn().batch_execute("SELECT 1").ok();
    let heard = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&heard);
    shop.cache.listen("clears", move |event| {
        if let Event::Cleared { manager: Some("product") } = event {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    });
    shop.products().clears().around(|| Ok::<_, Error>(())).unwrap();
    assert_eq!(heard.load(std::sync::atomic::Ordering::SeqCst), 0);
    shop.products().clears().list("a").list("b").around(|| Ok::<_, Error>(())).unwrap();
    assert_eq!(heard.load(std::sync::atomic::Ordering::SeqCst), 1);
    assert!(caches::get(&shop.name).is_ok());
}
