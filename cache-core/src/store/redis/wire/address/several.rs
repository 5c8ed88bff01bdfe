//! Reads what a URL says of sentinels, and of the nodes of a cluster.

use url::Url;

use super::{Address, Finding, Login, Parameters, Place, decoded, number, place};
use crate::error::{Error, Result};
use crate::setting::secret::Secret;
use crate::store::names::Names;

/// A URL of one host, the first, and URLs of the others.
pub(super) fn parted(text: &str) -> (String, Vec<String>) {
    let whole = || (text.to_owned(), Vec::new());
    let Some((scheme, rest)) = text.split_once("://") else { return whole() };
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    let Some((first, others)) = hosts.split_once(',') else { return whole() };
    let others = others.split(',').map(|host| format!("{scheme}://{host}")).collect();
    (format!("{scheme}://{user}{first}{behind}"), others)
}

/// Sentinels, by the name of the primary: `redis+sentinel://a,b,c/name`; and the number of the database.
pub(super) fn sentinels(url: &Url, others: &[String], parameters: &Parameters) -> Result<(Finding, u32)> {
    let name = decoded(url.path().trim_start_matches('/'), "name of the primary")?;
    if name.is_empty() || name.contains('/') {
        return Err(Error::configuration(
            "the URL of sentinels names the primary behind the hosts: `redis+sentinel://a,b,c/name`",
        ));
    }
    let login =
        Login { user: parameters.sentinel_user.clone(), password: parameters.sentinel_password.clone().map(Secret) };
    if login.user.is_some() && login.password.is_none() {
        return Err(Error::configuration("the Redis URL names a `sentinel_user` without a `sentinel_password`"));
    }
    let places = places(url, others, Address::SENTINEL_PORT)?;
    Ok((Finding::Sentinels { places, name, login }, number("db", parameters.db.as_deref(), 0)?))
}

/// Nodes of a cluster: `redis+cluster://a,b,c`. It has one database.
pub(super) fn cluster(url: &Url, others: &[String], parameters: &Parameters, names: &Names) -> Result<(Finding, u32)> {
    if !matches!(url.path(), "" | "/") || parameters.db.is_some() {
        return Err(Error::configuration("a cluster has one database: leave `db` and the path out"));
    }
    let slot = names.slot().unwrap_or_default();
    Ok((Finding::Cluster { places: places(url, others, Address::DEFAULT_PORT)?, slot }, 0))
}

fn places(url: &Url, others: &[String], port: u16) -> Result<Vec<Place>> {
    let other = |other: &String| match Url::parse(other) {
        Ok(url) => place(&url, port),
        // What is wrong may be a part of a password.
        Err(error) => Err(Error::configuration(format!("a host of the Redis URL cannot be read: {error}"))),
    };
    core::iter::once(place(url, port)).chain(others.iter().map(other)).collect()
}
