//! Connects a store to a server of Redis or Valkey.

mod command;
mod link;
mod pool;
mod track;
mod wire;

pub use link::RedisLink;

use wire::address::{Address, NearSettings};

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
