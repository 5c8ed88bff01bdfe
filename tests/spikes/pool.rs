//! Reads that take a connection from an r2d2 pool on a miss only.

use std::cell::Cell;

use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool, PoolError, PooledConnection};

use crate::shop::{Album, albums, database};

#[derive(Debug)]
enum AppError {
    Diesel(diesel::result::Error),
    #[expect(dead_code, reason = "a program would report it")]
    Pool(PoolError),
}

impl From<diesel::result::Error> for AppError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Diesel(error)
    }
}

impl From<PoolError> for AppError {
    fn from(error: PoolError) -> Self {
        Self::Pool(error)
    }
}

#[test]
fn a_hit_takes_no_connection_from_the_pool() {
    let path = database();
    let pool =
        Pool::builder().max_size(1).build(ConnectionManager::<SqliteConnection>::new(path.display().to_string()));
    let pool = pool.unwrap();
    let taken = Cell::new(0);
    let take = || -> Result<PooledConnection<ConnectionManager<SqliteConnection>>, AppError> {
        taken.set(taken.get() + 1);
        Ok(pool.get()?)
    };
    let cache = cache_diesel::Cache::builder().database(path.display().to_string()).build().unwrap();
    cache_diesel::caches::configure([("pool", cache)]).unwrap();
    let cached = Album::cached_in("pool");
    for _ in 0..3 {
        assert_eq!(cached.get(10).first_with(take).unwrap().title, "Dawn");
        assert_eq!(cached.all((), albums::title.like("D%")).load_with(take).unwrap().len(), 2);
    }
    assert_eq!(taken.get(), 2);
    let mut conn = pool.get().unwrap();
    diesel::update(albums::table.find(10)).set(albums::title.eq("New")).execute(&mut conn).unwrap();
    drop(conn);
    assert_eq!(cached.get(10).first_with(take).unwrap().title, "New");
    assert!(matches!(cached.get(99).first_with(take), Err(AppError::Diesel(diesel::result::Error::NotFound))));
}
