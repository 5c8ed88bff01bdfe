//! How does a process reach a server of Redis or Valkey?

mod address;
mod begin;
mod call;
mod change;
mod commands;
mod connect;
mod connection;
mod failure;
mod frame;
mod incarnation;
mod keep;
mod link;
mod notes;
mod pool;
mod resolve;
mod scripts;
mod slots;
mod socket;
#[cfg(feature = "redis-tls")]
mod tls;
mod tokens;
mod track;
#[cfg(feature = "redis-tls")]
mod trust;

pub use link::RedisLink;

use address::{Address, NearSettings};

use crate::error::Result;
use crate::store::RemoteStore;

/// A store on a server of Redis or Valkey.
pub type RedisStore = RemoteStore<RedisLink>;

impl RedisStore {
    /// The store that a URL describes; see [`RedisLink::from_url`].
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the part of the URL
    /// that is wrong.
    pub fn from_url(url: &str) -> Result<Self> {
        Ok(Self::new(RedisLink::from_url(url)?))
    }

    /// The store that a URL describes, and what the URL says of memory in front of it.
    pub(crate) fn with_near(url: &str) -> Result<(Self, NearSettings)> {
        let address = Address::read(url)?;
        let near = address.near;
        Ok((Self::new(RedisLink::to(address)), near))
    }
}
