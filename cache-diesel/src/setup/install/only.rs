//! Takes one database for the only one of the program.

use cache_core::{Error, ErrorKind, Result};

use crate::backend::address_of_url;
use crate::identity::address::Visibility;
use crate::identity::endpoint::endpoint_of;
use crate::identity::seen;

/// Tells the library that every connection of this process leads to the database at `url`, as they are opened by it.
///
/// From then on `first_with` and `load_with` look in the cache before they take a connection, once it is known which
/// database that is: after the first read with one. They take theirs first as soon as the process has seen a connection
/// by another URL, or one whose session was told to see things its own way.
/// [`CacheBuilder::database`](crate::CacheBuilder::database) names the database for one cache, without these
/// conditions.
///
/// # Errors
///
/// Returns an error of [`ErrorKind::Configuration`] if the URL names no database that several connections reach, and
/// of [`ErrorKind::AlreadyConfigured`] if another one was told before.
///
/// # Examples
///
/// ```
/// # let url = "shop.sqlite";
/// cache_diesel::only_database(url)?;
/// assert!(cache_diesel::only_database("other.sqlite").is_err());
/// # Ok::<(), cache_diesel::Error>(())
/// ```
pub fn only_database(url: &str) -> Result<()> {
    let (_, address) = address_of_url(url);
    if address.is_nameless || address.reach == Visibility::Connection {
        let context = "`only_database` needs a URL that names a database which several connections reach";
        return Err(Error::new(ErrorKind::Configuration, context));
    }
    if seen::note_only(&endpoint_of(address)) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::AlreadyConfigured, "`only_database` was told of another database before"))
}
