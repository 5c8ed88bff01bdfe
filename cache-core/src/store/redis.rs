//! Connects a store to a server of Redis or Valkey.

mod across;
mod command;
mod link;
mod shard;
mod track;
mod whereabouts;
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

    /// The store that a URL describes, and what the URL says of memory in front of it. Connects once: a server of another
    /// kind than the URL says is an error, and one that is not there is none.
    pub(crate) fn with_near(url: &str) -> Result<(Self, NearSettings)> {
        let address = Address::read(url)?;
        let near = address.near;
        let link = RedisLink::to(address);
        link.check()?;
        Ok((Self::new(link), near))
    }
}
