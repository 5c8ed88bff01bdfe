//! What every handler is given: the pool, and where new keys and times come from.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use cache_diesel::ReadError;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, Pool, PooledConnection};

use uuid::Uuid;

use crate::database::{Conn, Id, id_of};

/// The tables. `{key}` stands for the type of the keys.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

pub(crate) type Result<T> = core::result::Result<T, ReadError>;

/// The service.
#[derive(Debug)]
pub(crate) struct Blog {
    pub(crate) pool: Pool<ConnectionManager<Conn>>,
    /// Keys and times are drawn from it, so that two runs of the same requests have the same answers. A service takes
    /// `Uuid::new_v4()` and the clock.
    next: AtomicU64,
}

impl Blog {
    pub(crate) fn new(url: &str, schema: &str) -> core::result::Result<Self, Box<dyn Error>> {
        let pool: Pool<ConnectionManager<Conn>> = Pool::builder().max_size(2).build(ConnectionManager::new(url))?;
        pool.get()?.batch_execute(schema)?;
        Ok(Self { pool, next: AtomicU64::new(0) })
    }

    /// A connection, for writes and for plain Diesel.
    pub(crate) fn conn(&self) -> Result<PooledConnection<ConnectionManager<Conn>>> {
        Ok(self.pool.get()?)
    }

    pub(crate) fn new_key(&self) -> Id {
        id_of(Uuid::from_u64_pair(0x1234_5678_9abc_4def, 0x8000_0000_0000_0000 | self.draw()))
    }

    pub(crate) fn now(&self) -> i64 {
        i64::try_from(self.draw()).unwrap_or(i64::MAX)
    }

    fn draw(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// Stands for a function that is made for passwords.
pub(crate) fn hash_of(password: &str) -> String {
    format!("hash of {} letters: {}", password.len(), password.chars().rev().collect::<String>())
}
