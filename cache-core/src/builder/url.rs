//! What does the URL of a cache say?

#[cfg(feature = "redis")]
use core::time::Duration;

use super::{CacheBuilder, MIB, wrong};
use crate::error::Result;
use crate::secret::{shown_name, shown_scheme};

impl CacheBuilder {
    /// No error says more of a URL than the part that is wrong: a password may stand anywhere in the rest.
    pub(crate) fn from_url(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        match scheme {
            "memory" => Self::memory_from_query(query(scheme, rest)?),
            "none" => match query(scheme, rest)? {
                "" => Ok(Self::new().none()),
                _ => Err(wrong("a `none:` cache takes no parameters")),
            },
            "redis" | "rediss" | "valkey" | "valkeys" | "unix" | "redis+unix" | "valkey+unix" => server(scheme, url),
            _ => {
                let expected = "`memory:`, `none:`, `redis:`, `rediss:` or `unix:`";
                // What stands before the first colon of something else may be anything.
                let said = match shown_scheme(scheme, url) {
                    name if name.is_empty() => "the cache URL has no scheme".to_owned(),
                    name => format!("unknown scheme{name} in the cache URL"),
                };
                Err(wrong(format!("{said}, expected {expected}")))
            }
        }
    }

    fn memory_from_query(query: &str) -> Result<Self> {
        let mut builder = Self::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("capacity", size)) => builder = builder.memory(of("`capacity` of the cache URL", bytes(size))?),
                _ => {
                    let name = shown_name(pair.split('=').next().unwrap_or(pair), &["capacity"]);
                    return Err(wrong(format!("unknown parameter{name} of a `memory:` cache, expected `capacity`")));
                }
            }
        }
        Ok(builder)
    }
}

#[cfg(feature = "redis")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature there is no such cache")]
fn server(_scheme: &str, url: &str) -> Result<CacheBuilder> {
    Ok(CacheBuilder::new().redis(url))
}

#[cfg(not(feature = "redis"))]
fn server(scheme: &str, _url: &str) -> Result<CacheBuilder> {
    Err(wrong(format!("a `{scheme}:` cache needs the feature `redis`")))
}

/// A URL without what it says of memory in front of the server, and that.
#[cfg(feature = "redis")]
pub(super) struct Sides {
    pub(super) url: String,
    pub(super) near: Option<u64>,
    pub(super) max_staleness: Option<Duration>,
}

/// Parts what concerns the server from what concerns the memory in front of it.
#[cfg(feature = "redis")]
pub(super) fn near_of(url: &str) -> Result<Sides> {
    let mut sides = Sides { url: url.to_owned(), near: None, max_staleness: None };
    let Some((server, query)) = url.split_once('?') else { return Ok(sides) };
    let mut left = Vec::new();
    for pair in query.split('&') {
        let is_repeated = match pair.split_once('=') {
            Some(("near", size)) => sides.near.replace(of("`near` of the Redis URL", bytes(size))?).is_some(),
            Some(("max_staleness", time)) => {
                sides.max_staleness.replace(of("`max_staleness` of the Redis URL", duration(time))?).is_some()
            }
            _ => {
                left.push(pair);
                false
            }
        };
        if is_repeated {
            let name = pair.split('=').next().unwrap_or(pair);
            return Err(wrong(format!("the Redis URL says `{name}` twice")));
        }
    }
    sides.url = if left.is_empty() { server.to_owned() } else { format!("{server}?{}", left.join("&")) };
    Ok(sides)
}

/// Says which parameter is wrong, and why.
fn of<T>(what: &str, value: core::result::Result<T, &str>) -> Result<T> {
    value.map_err(|why| wrong(format!("{what} {why}")))
}

/// Reads a time such as `500ms` or `2s`.
#[cfg(feature = "redis")]
fn duration(text: &str) -> core::result::Result<Duration, &'static str> {
    let why = "has to be a time such as `500ms` or `2s`";
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let in_unit: fn(u64) -> Duration = match &text[digits..] {
        "ms" => Duration::from_millis,
        "s" => Duration::from_secs,
        _ => return Err(why),
    };
    text[..digits].parse().map(in_unit).map_err(|_| why)
}

/// The parameters of a URL that has no other part.
fn query<'a>(scheme: &str, rest: &'a str) -> Result<&'a str> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    match rest.split_once('?').unwrap_or((rest, "")) {
        ("", query) => Ok(query),
        _ => Err(wrong(format!("a host or a path has no meaning in the URL of a `{scheme}:` cache"))),
    }
}

/// Reads a size such as `16mb`, `512kb` or `1048576`; the units are powers of 1024.
fn bytes(text: &str) -> core::result::Result<u64, &'static str> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let unit: u64 = match text[digits..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" | "kib" => 1024,
        "mb" | "mib" => MIB,
        "gb" | "gib" => 1024 * MIB,
        _ => return Err("has a unit that is not known, expected `kb`, `mb` or `gb`"),
    };
    let number: u64 = text[..digits].parse().map_err(|_| "has to be a size such as `16mb`")?;
    number.checked_mul(unit).ok_or("is too large")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::error::ErrorKind;

    #[test]
    fn sizes_are_read_with_their_unit() {
        let cases = [
            ("1048576", Some(MIB)),
            ("16mb", Some(16 * MIB)),
            ("2GiB", Some(2048 * MIB)),
            ("1tb", None),
            ("mb", None),
            ("", None),
            ("99999999999gb", None),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn wrong_urls_are_refused_by_name() {
        let cases = [
            ("memroy:", "unknown scheme `memroy`"),
            ("memory:?size=1mb", "unknown parameter of a `memory:` cache"),
            ("memory:?capcity=1mb", "unknown parameter `capcity`"),
            ("memory:?capacity=1", "at least 64 KiB"),
            ("memory://host", "a host or a path has no meaning"),
            ("none:?capacity=1mb", "takes no parameters"),
            ("redsi://shop:secret@host", "unknown scheme `redsi`"),
            ("shop:secret@host", "no scheme"),
            #[cfg(not(feature = "redis"))]
            ("redis://shop:secret@host", "needs the feature `redis`"),
            #[cfg(feature = "redis")]
            ("redis://shop:secret@host?prefx=shop", "unknown parameter `prefx`"),
        ];
        for (url, expected) in cases {
            let error = Cache::from_url(url).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(expected), "{error}");
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_server_that_is_not_there_is_no_error_and_its_password_is_not_shown() {
        let builder = Cache::builder().redis("redis://shop:secret@127.0.0.1:1?prefix=shop");
        assert!(!format!("{builder:?}").contains("secret"));
        let cache = builder.build().expect("nothing is connected to");
        assert!(!format!("{cache:?}").contains("secret"));
        Cache::from_url("unix:///nowhere/redis.sock?prefix=shop").expect("nothing is connected to");
    }
}
