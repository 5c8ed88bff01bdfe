//! Connects a store to servers of memcached.

mod address;
mod call;
mod change;
mod connection;
mod failure;
mod item;
mod life;
mod link;
mod read;
mod replies;
mod servers;

pub use link::MemcachedLink;

use crate::error::Result;
use crate::store::RemoteStore;

/// A store on servers of memcached.
pub type MemcachedStore = RemoteStore<MemcachedLink>;

impl MemcachedStore {
    /// The store that a URL describes; see [`MemcachedLink::from_url`]. Connects once: a server that
    /// [cannot be used](MemcachedLink::check) is an error, and one that is not there is none.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the part of the URL,
    /// or the server, that is wrong.
    pub fn from_url(url: &str) -> Result<Self> {
        let link = MemcachedLink::from_url(url)?;
        let largest = link.check()?;
        Ok(Self::new(link).largest_value(largest))
    }
}
