//! Reads that take a connection on a miss only: each has its sibling with a connection.

use std::cell::Cell;

use cache_diesel::{Kind, NotFound, ReadError};
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, Pool, PoolError};
use diesel::result::Error;

use crate::database::{Conn, Database};
use crate::harness::{Shop, products};
use crate::kept::cache;
use crate::line::prelude::*;
use crate::related;
use crate::transactions::retitle;

/// A shop whose cache knows its database.
fn shop() -> Shop {
    let database = Database::fresh();
    let url = database.url();
    Shop::at(database, cache().database(url))
}

/// Runs `read` twice with a way to take connections; gives how many each took.
fn taken<T>(shop: &Shop, mut read: impl FnMut(&dyn Fn() -> QueryResult<Conn>) -> T) -> [usize; 2] {
    let count = Cell::new(0);
    let take = || {
        count.set(count.get() + 1);
        Ok(shop.conn())
    };
    [(); 2].map(|()| {
        count.set(0);
        read(&take);
        count.get()
    })
}

const ON_A_MISS_ONLY: [usize; 2] = [1, 0];

#[test]
fn a_hit_of_a_row_takes_no_connection() {
    let shop = shop();
    let rows = shop.products();
    assert_eq!(taken(&shop, |take| rows.get(1).first_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| rows.get(2).require_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| rows.get(3).entry_with(take).unwrap()), ON_A_MISS_ONLY);
    assert!(rows.get(3).entry_with(|| QueryResult::Ok(shop.conn())).unwrap().is_hit());
    let active = |id: i32| rows.get(id).filter(products::is_active.eq(true));
    assert_eq!(taken(&shop, |take| active(1).first_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| rows.get_by_slug("lamp").require_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| rows.get(9).first_with(take).unwrap_err()), ON_A_MISS_ONLY);
    assert_eq!(rows.get(9).require_with(|| QueryResult::Ok(shop.conn())).unwrap_err(), Error::NotFound);
}

#[test]
fn a_hit_of_a_list_or_a_number_takes_no_connection() {
    let shop = shop();
    let list = || shop.products().all("lit", products::category_id.eq(7));
    assert_eq!(taken(&shop, |take| list().load_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| list().first_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| assert_eq!(list().count_with(take).unwrap(), 2)), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| assert!(list().exists_with(take).unwrap())), ON_A_MISS_ONLY);
    assert!(list().entry_with(|| -> QueryResult<Conn> { panic!("it is cached") }).unwrap().is_hit());
    assert_eq!(taken(&shop, |take| shop.products().all_by_category_id(8).load_with(take).unwrap()), ON_A_MISS_ONLY);
    retitle(&mut shop.conn(), 1, "New").unwrap();
    assert!(list().load_with(|| QueryResult::Ok(shop.conn())).unwrap().iter().any(|row| row.title == "New"));
}

#[test]
fn many_rows_take_a_connection_only_if_one_is_missing() {
    let shop = shop();
    let many = |ids: &[i32]| shop.products().get_many(ids.iter().copied());
    assert_eq!(taken(&shop, |take| many(&[2, 1, 2]).load_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| many(&[1, 3]).load_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| many(&[]).load_with(take).unwrap()), [0, 0]);
    let rows = many(&[3, 1, 3]).load_with(|| -> QueryResult<Conn> { panic!("they are cached") }).unwrap();
    assert_eq!(rows.iter().map(|row| row.as_ref().map(|row| row.id)).collect::<Vec<_>>(), [Some(3), Some(1), Some(3)]);
    let counts = shop.counts("product", Kind::Detail);
    assert_eq!((counts.hit_count, counts.miss_count), (2 + 1 + 2 + 2, 3), "each key is counted once for each read");
    retitle(&mut shop.conn(), 3, "New").unwrap();
    let rows = many(&[1, 3]).load_with(|| QueryResult::Ok(shop.conn())).unwrap();
    assert_eq!(rows[1].as_ref().unwrap().title, "New");
}

#[test]
fn a_hit_of_a_page_takes_no_connection() {
    let shop = shop();
    shop.conn().batch_execute(related::SCHEMA).unwrap();
    let pages = related::pages(&shop);
    assert_eq!(taken(&shop, |take| pages.get(10).first_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| pages.get(11).require_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| pages.get_many([10, 12]).load_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| pages.every().load_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| pages.every().count_with(take).unwrap()), ON_A_MISS_ONLY);
    assert_eq!(taken(&shop, |take| pages.every().exists_with(take).unwrap()), ON_A_MISS_ONLY);
    assert!(pages.every().entry_with(|| QueryResult::Ok(shop.conn())).unwrap().is_hit());
}

#[test]
fn a_pool_is_asked_on_a_miss_only_whatever_the_error_of_the_caller_is() {
    #[derive(Debug)]
    enum Failure {
        Database,
        NotFound,
        Pool,
    }
    impl From<Error> for Failure {
        fn from(_: Error) -> Self {
            Self::Database
        }
    }
    impl From<PoolError> for Failure {
        fn from(_: PoolError) -> Self {
            Self::Pool
        }
    }
    impl From<NotFound> for Failure {
        fn from(_: NotFound) -> Self {
            Self::NotFound
        }
    }

    let shop = shop();
    let pool = Pool::builder()
        .max_size(1)
        .min_idle(Some(0))
        .connection_timeout(std::time::Duration::from_millis(200))
        .build(ConnectionManager::<Conn>::new(shop.url()))
        .unwrap();
    let rows = shop.products();
    // An error of the library's own, which holds both.
    let lamp = rows.get(1).first_with(|| pool.get()).unwrap();
    assert_eq!(rows.get(1).first_with(&pool).unwrap(), lamp);
    assert!(rows.get(9).first_with(&pool).unwrap_err().is_not_found());
    assert!(rows.get(9).first_with(|| pool.get()).is_err_and(|error| error.to_string() == "Record not found"));
    // The program's own.
    let row: Result<_, Failure> = rows.get(2).first_with(|| pool.get().map_err(Failure::from));
    assert_eq!(row.unwrap().id, 2);
    assert!(matches!(rows.get(9).first_with(|| pool.get().map_err(Failure::from)), Err(Failure::Database)));
    let boxed = || -> Result<i32, Box<dyn std::error::Error>> { Ok(rows.every().first_with(&pool)?.id) };
    assert!(boxed().is_ok());

    let held = pool.get().unwrap();
    let (row, list) = (rows.get(1).first_with(&pool), rows.get_many([1, 2]).load_with(|| pool.get()));
    assert!(row.is_ok() && list.is_ok(), "a hit waits for no connection");
    assert!(matches!(rows.get(3).first_with(&pool), Err(ReadError::Pool(_))));
    assert!(matches!(rows.get(3).first_with(|| pool.get().map_err(Failure::from)), Err(Failure::Pool)));
    drop(held);
    assert_eq!(rows.get(3).first_with(&pool).unwrap().id, 3);
}

#[test]
fn what_a_pool_checks_a_connection_with_is_no_read_of_a_computation() {
    let shop = shop();
    let pool = Pool::builder().max_size(1).build(ConnectionManager::<Conn>::new(shop.url())).unwrap();
    // A hit asks nothing of the connection: nobody has asked it yet what its database declares.
    shop.products().get(1).first(&mut shop.conn()).unwrap();
    let count = Cell::new(0);
    let compute = || {
        shop.cache.compute("pooled", std::time::Duration::from_secs(3600), || {
            count.set(count.get() + 1);
            let mut conn = pool.get().unwrap();
            shop.products().get(1).first(&mut conn).map(|row| row.title.clone())
        })
    };
    assert_eq!((compute(), compute(), count.get()), (Ok("Lamp".into()), Ok("Lamp".into()), 1));
}
