//! Reads the URL of a server: its address, the user, the database.

use core::time::Duration;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::error::{Error, Result};
use crate::setting::quantity;
use crate::setting::secret::{Secret, shown_name, shown_scheme};
use crate::store::names::Names;

/// What a URL says.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) transport: Transport,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) database: u32,
    pub(crate) names: Names,
    pub(crate) idle_connections: usize,
    pub(crate) near: NearSettings,
}

/// What a URL says of memory in front of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NearSettings {
    pub(crate) capacity: Option<u64>,
    pub(crate) max_staleness: Option<Duration>,
}

/// How bytes get to the server.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    Tcp {
        host: String,
        port: u16,
    },
    #[cfg(feature = "redis-tls")]
    Tls {
        host: String,
        port: u16,
        trust: super::trust::TlsRoots,
    },
    #[cfg(unix)]
    Unix {
        path: std::path::PathBuf,
    },
}

impl Address {
    const DEFAULT_PORT: u16 = 6379;
    const DEFAULT_PREFIX: &'static str = "cache";
    const DEFAULT_IDLE: usize = 64;

    /// Reads a URL. No error says more of it than the part that is wrong, and none says the password.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let url = Url::parse(text)
            .map_err(|error| Error::configuration(format!("the Redis URL cannot be read: {error}; {HINT}")))?;
        if url.fragment().is_some() {
            return Err(Error::configuration(format!("a Redis URL has no fragment; {HINT}")));
        }
        let parameters = Parameters::of(&url)?;
        let transport = match url.scheme() {
            "redis" | "valkey" => tcp(&url, &parameters)?,
            "rediss" | "valkeys" => tls(&url, &parameters)?,
            "unix" | "redis+unix" | "valkey+unix" => unix(&url)?,
            scheme => {
                let name = shown_scheme(scheme, text);
                return Err(Error::configuration(format!(
                    "unknown scheme{name}, expected `redis`, `rediss` or `unix`"
                )));
            }
        };
        let is_unix = url.scheme().ends_with("unix");
        let (user, password) = credentials(&url, &parameters, is_unix)?;
        let database = if is_unix { number("db", parameters.db.as_deref(), 0)? } else { database(&url, &parameters)? };
        let idle_connections = number("idle_connections", parameters.idle_connections.as_deref(), Self::DEFAULT_IDLE)?;
        let names = Names::starting_with(parameters.prefix.as_deref().unwrap_or(Self::DEFAULT_PREFIX))
            .map_err(|error| Error::configuration("`prefix` of the Redis URL is none").with_source(error))?;
        let near = NearSettings {
            capacity: read_by(quantity::bytes, "near", parameters.near.as_deref())?,
            max_staleness: read_by(quantity::duration, "max_staleness", parameters.max_staleness.as_deref())?,
        };
        Ok(Self { transport, user, password, database, names, idle_connections, near })
    }
}

/// The parameters behind the question mark.
#[derive(Default)]
struct Parameters {
    ca: Option<String>,
    db: Option<String>,
    idle_connections: Option<String>,
    max_staleness: Option<String>,
    near: Option<String>,
    password: Option<String>,
    prefix: Option<String>,
    user: Option<String>,
}

impl Parameters {
    fn of(url: &Url) -> Result<Self> {
        let mut parameters = Self::default();
        for (name, value) in url.query_pairs() {
            let place = match &*name {
                "ca" => &mut parameters.ca,
                "db" => &mut parameters.db,
                "idle_connections" => &mut parameters.idle_connections,
                "max_staleness" => &mut parameters.max_staleness,
                "near" => &mut parameters.near,
                "password" => &mut parameters.password,
                "prefix" => &mut parameters.prefix,
                "user" => &mut parameters.user,
                other => {
                    let name = shown_name(other, &NAMES);
                    let names = NAMES.join("`, `");
                    let expected = format!("unknown parameter{name} of the Redis URL, expected one of `{names}`");
                    return Err(Error::configuration(format!("{expected}; {HINT}")));
                }
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Error::configuration(format!("the Redis URL says `{name}` twice")));
            }
        }
        Ok(parameters)
    }
}

fn tcp(url: &Url, parameters: &Parameters) -> Result<Transport> {
    if parameters.ca.is_some() {
        return Err(Error::configuration("`ca` needs `rediss://`: without TLS no certificate is looked at"));
    }
    let (host, port) = host_and_port(url)?;
    Ok(Transport::Tcp { host, port })
}

#[cfg(feature = "redis-tls")]
fn tls(url: &Url, parameters: &Parameters) -> Result<Transport> {
    let (host, port) = host_and_port(url)?;
    let trust = super::trust::TlsRoots::of(parameters.ca.as_deref())?;
    Ok(Transport::Tls { host, port, trust })
}

#[cfg(not(feature = "redis-tls"))]
fn tls(url: &Url, _: &Parameters) -> Result<Transport> {
    Err(Error::configuration(format!("`{}://` needs the feature `redis-tls`", url.scheme())))
}

#[cfg(unix)]
fn unix(url: &Url) -> Result<Transport> {
    if url.host_str().is_some_and(|host| !host.is_empty()) {
        return Err(Error::configuration(format!(
            "`{}://` is followed by an absolute path, not by a host",
            url.scheme()
        )));
    }
    match decoded(url.path(), "path")? {
        path if path.len() > 1 && path.starts_with('/') => Ok(Transport::Unix { path: path.into() }),
        _ => Err(Error::configuration(format!("`{}://` needs the absolute path of a socket", url.scheme()))),
    }
}

#[cfg(not(unix))]
fn unix(url: &Url) -> Result<Transport> {
    Err(Error::configuration(format!("`{}://` needs a system with Unix sockets", url.scheme())))
}

fn host_and_port(url: &Url) -> Result<(String, u16)> {
    let host = match url.host() {
        Some(Host::Domain(host)) if !host.is_empty() => decoded(host, "host")?,
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        _ => return Err(Error::configuration("the Redis URL names no host")),
    };
    match url.port().unwrap_or(Address::DEFAULT_PORT) {
        0 => Err(Error::configuration("`0` is not a port")),
        port => Ok((host, port)),
    }
}

fn credentials(url: &Url, parameters: &Parameters, is_unix: bool) -> Result<(Option<String>, Option<Secret>)> {
    if !is_unix && (parameters.user.is_some() || parameters.password.is_some()) {
        return Err(Error::configuration(
            "`user` and `password` are parameters of `unix://`: write `redis://user:password@host`",
        ));
    }
    let of_authority = |text: &str, what| match text {
        "" => Ok(None),
        text => decoded(text, what).map(Some),
    };
    let user = of_authority(url.username(), "user")?.or_else(|| parameters.user.clone());
    let password =
        of_authority(url.password().unwrap_or_default(), "password")?.or_else(|| parameters.password.clone());
    if user.is_some() && password.is_none() {
        return Err(Error::configuration("the Redis URL names a `user` without a `password`"));
    }
    Ok((user, password.map(Secret)))
}

fn database(url: &Url, parameters: &Parameters) -> Result<u32> {
    let of_path = match url.path() {
        "" | "/" => None,
        path => Some(path.trim_start_matches('/')),
    };
    if of_path.is_some() && parameters.db.is_some() {
        return Err(Error::configuration("the Redis URL says the database twice, as its path and as `db`"));
    }
    number("db", of_path.or(parameters.db.as_deref()), 0)
}

fn number<N: core::str::FromStr>(name: &str, text: Option<&str>, otherwise: N) -> Result<N> {
    let Some(text) = text else { return Ok(otherwise) };
    text.parse().map_err(|_| Error::configuration(format!("`{name}` of the Redis URL has to be a number; {HINT}")))
}

fn read_by<T>(reader: fn(&str, &str) -> Result<T>, name: &str, text: Option<&str>) -> Result<Option<T>> {
    text.map(|text| reader(&format!("`{name}` of the Redis URL"), text)).transpose()
}

fn decoded(text: &str, what: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| Error::configuration(format!("the {what} of the Redis URL is not UTF-8")))
}

/// The parameters.
const NAMES: [&str; 8] = ["ca", "db", "idle_connections", "max_staleness", "near", "password", "prefix", "user"];

/// Mostly what is wrong is a password that is not written as it has to be.
const HINT: &str = "in users and passwords `#` is written as `%23`, `/` as `%2F`, `?` as `%3F`";

#[cfg(test)]
mod tests;
