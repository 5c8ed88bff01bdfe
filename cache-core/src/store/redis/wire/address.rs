//! Reads the URL of a server: its address, the user, the database; or whom to ask where it is.

mod several;

use core::time::Duration;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use self::several::{cluster, parted, sentinels};
use crate::error::{Error, Result};
use crate::protocol::sharding::Sharding;
use crate::setting::quantity;
use crate::setting::secret::{Secret, shown_name, shown_scheme};
use crate::store::names::Names;
pub(crate) use crate::store::wire::transport::{Place, Transport};

/// What a URL says.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// The way to the server, or to the first of those that are asked.
    pub(crate) transport: Transport,
    pub(crate) finding: Finding,
    pub(crate) login: Login,
    pub(crate) database: u32,
    pub(crate) names: Names,
    pub(crate) idle_connections: usize,
    pub(crate) near: NearSettings,
}

/// Who logs in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
}

/// How the server is found.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    /// It is the one at the address.
    Named,
    /// Sentinels at these places say where the primary is that they call so.
    Sentinels { places: Vec<Place>, name: String, login: Login },
    /// Nodes at these places say where the primary of the slot is.
    Cluster { places: Vec<Place>, slot: u16 },
}

/// What a URL says of memory in front of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NearSettings {
    pub(crate) capacity: Option<u64>,
    pub(crate) max_staleness: Option<Duration>,
}

impl Address {
    const DEFAULT_PORT: u16 = 6379;
    const SENTINEL_PORT: u16 = 26379;
    const DEFAULT_PREFIX: &'static str = "cache";
    const DEFAULT_IDLE: usize = 64;

    /// Reads a URL. No error says more of it than the part that is wrong, and none says the password.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let (first, others) = parted(text);
        let url = Url::parse(&first)
            .map_err(|error| Error::configuration(format!("the Redis URL cannot be read: {error}; {HINT}")))?;
        if url.fragment().is_some() {
            return Err(Error::configuration(format!("a Redis URL has no fragment; {HINT}")));
        }
        let parameters = Parameters::of(&url)?;
        let (way, found_by) = match url.scheme().split_once('+') {
            Some((way, found_by @ ("sentinel" | "cluster"))) => (way, found_by),
            _ => (url.scheme(), ""),
        };
        let port = if found_by == "sentinel" { Self::SENTINEL_PORT } else { Self::DEFAULT_PORT };
        let transport = match way {
            "redis" | "valkey" => tcp(&url, port, &parameters)?,
            "rediss" | "valkeys" => tls(&url, port, &parameters)?,
            "unix" | "redis+unix" | "valkey+unix" if found_by.is_empty() => unix(&url)?,
            _ => {
                let name = shown_scheme(url.scheme(), text);
                return Err(Error::configuration(format!(
                    "unknown scheme{name}, expected `redis`, `rediss` or `unix`, or `redis+sentinel` or `redis+cluster`"
                )));
            }
        };
        let prefix = parameters.prefix.as_deref().unwrap_or(Self::DEFAULT_PREFIX);
        let is_unix = url.scheme().ends_with("unix");
        let login = credentials(&url, &parameters, is_unix)?;
        let names = match (found_by, spread(&parameters, found_by)?) {
            ("cluster", Sharding::ByTable) => Names::in_shards(prefix),
            ("cluster", _) => Names::together(prefix),
            _ => Names::starting_with(prefix),
        };
        let names =
            names.map_err(|error| Error::configuration("`prefix` of the Redis URL is none").with_source(error))?;
        let (finding, database) = match found_by {
            "sentinel" => sentinels(&url, &others, &parameters)?,
            "cluster" => cluster(&url, &others, &parameters, &names)?,
            _ if !others.is_empty() => {
                return Err(Error::configuration("several hosts need `redis+sentinel://` or `redis+cluster://`"));
            }
            _ if is_unix => (Finding::Named, number("db", parameters.db.as_deref(), 0)?),
            _ => (Finding::Named, database(&url, &parameters)?),
        };
        let is_alone = parameters.sentinel_user.is_none() && parameters.sentinel_password.is_none();
        if !is_alone && !matches!(finding, Finding::Sentinels { .. }) {
            return Err(Error::configuration("`sentinel_user` and `sentinel_password` need `redis+sentinel://`"));
        }
        let idle_connections = number("idle_connections", parameters.idle_connections.as_deref(), Self::DEFAULT_IDLE)?;
        let near = NearSettings {
            capacity: read_by(quantity::bytes, "near", parameters.near.as_deref())?,
            max_staleness: read_by(quantity::duration, "max_staleness", parameters.max_staleness.as_deref())?,
        };
        if near != NearSettings::default() && names.sharding() == Sharding::ByTable {
            return Err(Error::configuration(
                "`near` does not go with `spread`: no server tells of changes in all slots",
            ));
        }
        Ok(Self { transport, finding, login, database, names, idle_connections, near })
    }
}

impl Address {
    /// Where each shard is, or the whole of a cache that has none.
    pub(crate) fn each(&self) -> impl Iterator<Item = Self> {
        self.names.each().iter().map(|names| {
            let mut address = Self { names: names.clone(), ..self.clone() };
            if let Finding::Cluster { slot, .. } = &mut address.finding {
                *slot = names.slot().unwrap_or_default();
            }
            address
        })
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
    spread: Option<String>,
    sentinel_password: Option<String>,
    sentinel_user: Option<String>,
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
                "sentinel_password" => &mut parameters.sentinel_password,
                "sentinel_user" => &mut parameters.sentinel_user,
                "spread" => &mut parameters.spread,
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

/// Where the cache keeps its tables.
fn spread(parameters: &Parameters, found_by: &str) -> Result<Sharding> {
    match parameters.spread.as_deref() {
        None => Ok(Sharding::Whole),
        Some(_) if found_by != "cluster" => Err(Error::configuration("`spread` needs `redis+cluster://`")),
        Some("tables") => Ok(Sharding::ByTable),
        Some(_) => Err(Error::configuration("`spread` of the Redis URL is `tables`, or is left out")),
    }
}

fn tcp(url: &Url, port: u16, parameters: &Parameters) -> Result<Transport> {
    if parameters.ca.is_some() {
        return Err(Error::configuration("`ca` needs `rediss://`: without TLS no certificate is looked at"));
    }
    let Place { host, port } = place(url, port)?;
    Ok(Transport::Tcp { host, port })
}

#[cfg(feature = "redis-tls")]
fn tls(url: &Url, port: u16, parameters: &Parameters) -> Result<Transport> {
    let Place { host, port } = place(url, port)?;
    let trust = crate::store::wire::trust::TlsRoots::of(parameters.ca.as_deref())?;
    Ok(Transport::Tls { host, port, trust })
}

#[cfg(not(feature = "redis-tls"))]
fn tls(url: &Url, _: u16, _: &Parameters) -> Result<Transport> {
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

fn place(url: &Url, port: u16) -> Result<Place> {
    let host = match url.host() {
        Some(Host::Domain(host)) if !host.is_empty() => decoded(host, "host")?,
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        _ => return Err(Error::configuration("the Redis URL names no host")),
    };
    match url.port().unwrap_or(port) {
        0 => Err(Error::configuration("`0` is not a port")),
        port => Ok(Place { host, port }),
    }
}

fn credentials(url: &Url, parameters: &Parameters, is_unix: bool) -> Result<Login> {
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
    Ok(Login { user, password: password.map(Secret) })
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
const NAMES: [&str; 11] = [
    "ca",
    "db",
    "idle_connections",
    "max_staleness",
    "near",
    "password",
    "prefix",
    "sentinel_password",
    "sentinel_user",
    "spread",
    "user",
];

/// Mostly what is wrong is a password that is not written as it has to be.
const HINT: &str = "in users and passwords `#` is written as `%23`, `/` as `%2F`, `?` as `%3F`";

#[cfg(test)]
mod tests;
