//! Reads the URL of a cache on servers of memcached.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::error::{Error, Result};
use crate::name::key::Fingerprint;
use crate::setting::secret::{Secret, shown_name, shown_scheme};
use crate::store::Names;
use crate::store::wire::transport::Transport;

/// What a URL says.
#[derive(Clone, Debug)]
pub(crate) struct MemcachedAddress {
    /// The servers, each by its place as messages show it, in the order of these: processes may name them in any.
    pub(super) servers: Vec<(String, Transport)>,
    pub(super) login: Option<Login>,
    pub(super) names: Names,
    pub(super) idle_connections: usize,
}

/// Who logs in.
#[derive(Clone, Debug)]
pub(super) struct Login {
    user: String,
    password: Secret,
}

impl Login {
    /// As the server wants it: two words.
    pub(super) fn words(&self) -> String {
        format!("{} {}", self.user, self.password.0)
    }
}

impl MemcachedAddress {
    const DEFAULT_PORT: u16 = 11_211;
    const DEFAULT_PREFIX: &'static str = "cache";
    const DEFAULT_IDLE: usize = 64;

    pub(crate) fn read(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let parameters = Parameters::of(query)?;
        let (servers, login) = match scheme {
            "memcached" | "memcacheds" => {
                let (login, hosts) =
                    place.rsplit_once('@').map_or((None, place), |(login, hosts)| (Some(login), hosts));
                let way = Way::of(scheme, &parameters)?;
                (servers(hosts, &way)?, login.map(login_of_authority).transpose()?)
            }
            "memcached+unix" => (vec![socket(place)?], None),
            _ => {
                let name = shown_scheme(scheme, text);
                return Err(Error::configuration(format!(
                    "unknown scheme{name}, expected `memcached`, `memcacheds` or `memcached+unix`"
                )));
            }
        };
        let names = Names::starting_with(parameters.prefix.as_deref().unwrap_or(Self::DEFAULT_PREFIX))
            .map_err(|error| Error::configuration("`prefix` of the memcached URL is none").with_source(error))?;
        let idle_connections = parameters.idle_connections.as_deref().map_or(Ok(Self::DEFAULT_IDLE), |text| {
            text.parse().map_err(|_| Error::configuration("`idle_connections` of the memcached URL has to be a number"))
        })?;
        let login = login.or(parameters.login(scheme)?);
        Ok(Self { servers, login, names, idle_connections })
    }

    /// What tells this list of servers from others.
    pub(super) fn list(&self) -> String {
        let places: Vec<&[u8]> = self.servers.iter().map(|(place, _)| place.as_bytes()).collect();
        let digest = Fingerprint::of(&places).digits();
        String::from_utf8_lossy(&digest[..16]).into_owned()
    }
}

#[derive(Default)]
struct Parameters {
    ca: Option<String>,
    idle_connections: Option<String>,
    password: Option<String>,
    prefix: Option<String>,
    user: Option<String>,
}

impl Parameters {
    fn of(query: &str) -> Result<Self> {
        let mut parameters = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "ca" => &mut parameters.ca,
                "idle_connections" => &mut parameters.idle_connections,
                "password" => &mut parameters.password,
                "prefix" => &mut parameters.prefix,
                "user" => &mut parameters.user,
                "near" | "max_staleness" => {
                    return Err(Error::configuration(format!(
                        "`{name}` needs a store that tells of changes: a memcached does not"
                    )));
                }
                other => {
                    let (name, names) = (shown_name(other, &NAMES), NAMES.join("`, `"));
                    return Err(Error::configuration(format!(
                        "unknown parameter{name} of the memcached URL, expected one of `{names}`"
                    )));
                }
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Error::configuration(format!("the memcached URL says `{name}` twice")));
            }
        }
        Ok(parameters)
    }

    fn login(self, scheme: &str) -> Result<Option<Login>> {
        match (self.user, self.password) {
            (None, None) => Ok(None),
            _ if scheme != "memcached+unix" => Err(Error::configuration(
                "`user` and `password` are parameters of `memcached+unix://`: write `memcached://user:password@host`",
            )),
            (Some(user), Some(password)) => login(user, password).map(Some),
            _ => Err(Error::configuration("a memcached wants `user` and `password`, or neither")),
        }
    }
}

/// How the bytes of all servers are carried.
enum Way {
    Plain,
    #[cfg(feature = "memcached-tls")]
    Encrypted(crate::store::wire::trust::TlsRoots),
}

impl Way {
    fn of(scheme: &str, parameters: &Parameters) -> Result<Self> {
        match (scheme, &parameters.ca) {
            ("memcached", None) => Ok(Self::Plain),
            ("memcached", Some(_)) => {
                Err(Error::configuration("`ca` needs `memcacheds://`: without TLS no certificate is looked at"))
            }
            #[cfg(feature = "memcached-tls")]
            (_, ca) => Ok(Self::Encrypted(crate::store::wire::trust::TlsRoots::of(ca.as_deref())?)),
            #[cfg(not(feature = "memcached-tls"))]
            _ => Err(Error::configuration("`memcacheds://` needs the feature `memcached-tls`")),
        }
    }

    fn to(&self, host: String, port: u16) -> Transport {
        match self {
            Self::Plain => Transport::Tcp { host, port },
            #[cfg(feature = "memcached-tls")]
            Self::Encrypted(trust) => Transport::Tls { host, port, trust: trust.clone() },
        }
    }
}

fn servers(hosts: &str, way: &Way) -> Result<Vec<(String, Transport)>> {
    let mut servers = Vec::new();
    for text in hosts.trim_end_matches('/').split(',') {
        let (host, port) = server(text)?;
        servers.push((format!("{}:{port}", host.to_ascii_lowercase()), way.to(host, port)));
    }
    servers.sort_by(|one, other| one.0.cmp(&other.0));
    match servers.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(twice) => Err(Error::configuration(format!("the memcached URL names {} twice", twice[0].0))),
        None => Ok(servers),
    }
}

fn server(text: &str) -> Result<(String, u16)> {
    let wrong = || Error::configuration("the memcached URL is `memcached://host:port,host:port?prefix=shop`");
    let url = Url::parse(&format!("memcached://{text}")).map_err(|error| wrong().with_source(error))?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(wrong());
    }
    let host = match url.host() {
        Some(Host::Domain(host)) if !host.is_empty() => host.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        _ => return Err(wrong()),
    };
    match url.port().unwrap_or(MemcachedAddress::DEFAULT_PORT) {
        0 => Err(Error::configuration("`0` is not a port")),
        port => Ok((host, port)),
    }
}

#[cfg(unix)]
fn socket(path: &str) -> Result<(String, Transport)> {
    match decoded(path)? {
        path if path.len() > 1 && path.starts_with('/') => Ok((path.clone(), Transport::Unix { path: path.into() })),
        _ => Err(Error::configuration("`memcached+unix://` needs the absolute path of a socket")),
    }
}

#[cfg(not(unix))]
fn socket(_: &str) -> Result<(String, Transport)> {
    Err(Error::configuration("`memcached+unix://` needs a system with Unix sockets"))
}

fn login_of_authority(text: &str) -> Result<Login> {
    match text.split_once(':') {
        Some((user, password)) => login(decoded(user)?, decoded(password)?),
        None => Err(Error::configuration("a memcached wants a user and a password: `memcached://user:password@host`")),
    }
}

/// Two words of one line.
fn login(user: String, password: String) -> Result<Login> {
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_word(&user) || !is_word(&password) {
        return Err(Error::configuration("users and passwords of a memcached are words of ASCII without spaces"));
    }
    Ok(Login { user, password: Secret(password) })
}

fn decoded(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| Error::configuration("a part of the memcached URL is not UTF-8"))
}

const NAMES: [&str; 5] = ["ca", "idle_connections", "password", "prefix", "user"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn wrong_urls_are_refused_by_name() {
        let cases = [
            ("memcached://", "memcached://host:port"),
            ("memcached://a,,b", "memcached://host:port"),
            ("memcached://a/1", "memcached://host:port"),
            ("memcached://a:0", "`0` is not a port"),
            ("memcached://a,A:11211", "names a:11211 twice"),
            ("memcached://a?prefx=shop", "unknown parameter `prefx`"),
            ("memcached://a?prefix=a%20b", "`prefix` of the memcached URL"),
            ("memcached://a?prefix=a&prefix=b", "`prefix` twice"),
            ("memcached://a?near=1mb", "tells of changes"),
            ("memcached://a?idle_connections=x", "has to be a number"),
            ("memcached://a?user=u&password=secret", "memcached://user:password@host"),
            ("memcached://user@a", "user and a password"),
            ("memcached://user:sec%20ret@a", "words of ASCII"),
            ("memcached://a?ca=/x", "`ca` needs `memcacheds://`"),
            ("memcached+unix://socket", "absolute path"),
            ("memcached+unix:///s?user=u", "or neither"),
            #[cfg(not(feature = "memcached-tls"))]
            ("memcacheds://a", "needs the feature `memcached-tls`"),
        ];
        for (url, expected) in cases {
            let error = MemcachedAddress::read(url).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(expected), "{error}");
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn a_url_names_servers_in_any_order() {
        let one = MemcachedAddress::read("memcached://b,a:1,[::1]?prefix=shop").unwrap();
        let places: Vec<&str> = one.servers.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["::1:11211", "a:1", "b:11211"]);
        let list = |url| MemcachedAddress::read(url).unwrap().list();
        assert_eq!(one.list(), list("memcached://[::1],a:1,b/?prefix=other"));
        assert_ne!(one.list(), list("memcached://a:1,b"));
        let login = MemcachedAddress::read("memcached://shop:p%40ss@a").unwrap().login.unwrap();
        assert_eq!(login.words(), "shop p@ss");
        assert!(!format!("{login:?}").contains("p@ss"));
        assert!(MemcachedAddress::read("memcached+unix:///run/m.sock?user=u&password=p").unwrap().login.is_some());
    }
}
