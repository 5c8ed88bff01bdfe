//! Reads the URL of a cache.

use super::CacheBuilder;
use crate::error::{Error, Result};
use crate::setting::quantity::bytes;
use crate::setting::secret::{shown_name, shown_scheme};

impl CacheBuilder {
    /// The settings of the cache that a URL describes, as [`Cache::from_url`](crate::Cache::from_url) reads it: for those that
    /// a URL cannot say.
    ///
    /// # Errors
    ///
    /// Returns an error of [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) that names the part of the URL that is
    /// not understood and what is. More is looked at by [`build`](Self::build).
    ///
    /// # Examples
    ///
    /// ```
    /// use cache_core::CacheBuilder;
    /// use std::time::Duration;
    ///
    /// let cache = CacheBuilder::from_url("memory:?capacity=16mb")?.detail_timeout(Duration::from_secs(10)).build()?;
    /// # drop(cache);
    /// # Ok::<(), cache_core::Error>(())
    /// ```
    pub fn from_url(url: &str) -> Result<Self> {
        // No error says more of a URL than the part that is wrong: a password may stand anywhere in the rest.
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        match scheme {
            "memory" => Self::memory_from_query(query(scheme, rest)?),
            "none" => match query(scheme, rest)? {
                "" => Ok(Self::new().none()),
                _ => Err(Error::configuration("a `none:` cache takes no parameters")),
            },
            "redis" | "rediss" | "valkey" | "valkeys" | "unix" | "redis+unix" | "valkey+unix" | "redis+sentinel"
            | "rediss+sentinel" | "valkey+sentinel" | "valkeys+sentinel" | "redis+cluster" | "rediss+cluster"
            | "valkey+cluster" | "valkeys+cluster" => server(scheme, url),
            "memcached" | "memcacheds" | "memcached+unix" => memcached(scheme, url),
            "sqlite" | "file" => in_file(scheme, url),
            "postgres" | "postgresql" | "mysql" | "mariadb" => Err(Error::configuration(
                "a URL of a database is none of a cache: `database_store(pool, \"shop\")` keeps entries in its tables",
            )),
            _ => {
                let expected = "`memory:`, `none:`, `redis:`, `rediss:`, `unix:`, `redis+sentinel:`, `redis+cluster:`, \
                    `memcached:`, `sqlite:` or `file:`";
                // What stands before the first colon of something else may be anything.
                let said = match shown_scheme(scheme, url) {
                    name if name.is_empty() || scheme.is_empty() => "the cache URL has no scheme".to_owned(),
                    name => format!("unknown scheme{name} in the cache URL"),
                };
                Err(Error::configuration(format!("{said}, expected {expected}")))
            }
        }
    }

    fn memory_from_query(query: &str) -> Result<Self> {
        let mut builder = Self::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("capacity", size)) => builder = builder.memory(bytes("`capacity` of the cache URL", size)?),
                Some(("prefix", prefix)) => builder = builder.prefix(prefix),
                Some(("version", version)) => {
                    let wrong = |_| Error::configuration("`version` of the cache URL has to be a number");
                    builder = builder.version(version.parse().map_err(wrong)?);
                }
                _ => {
                    let name = shown_name(pair.split('=').next().unwrap_or(pair), &["capacity", "prefix", "version"]);
                    return Err(Error::configuration(format!(
                        "unknown parameter{name} of a `memory:` cache, expected `capacity`, `prefix` or `version`"
                    )));
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
    Err(Error::configuration(format!("a `{scheme}:` cache needs the feature `redis`")))
}

#[cfg(feature = "memcached")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature there is no such cache")]
fn memcached(_scheme: &str, url: &str) -> Result<CacheBuilder> {
    Ok(CacheBuilder::new().memcached(url))
}

#[cfg(not(feature = "memcached"))]
fn memcached(scheme: &str, _url: &str) -> Result<CacheBuilder> {
    Err(Error::configuration(format!("a `{scheme}:` cache needs the feature `memcached`")))
}

#[cfg(feature = "sqlite-store")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature there is no such cache")]
fn in_file(_scheme: &str, url: &str) -> Result<CacheBuilder> {
    Ok(CacheBuilder::new().sqlite(url))
}

#[cfg(not(feature = "sqlite-store"))]
fn in_file(scheme: &str, _url: &str) -> Result<CacheBuilder> {
    Err(Error::configuration(format!("a `{scheme}:` cache needs the feature `sqlite-store`")))
}

/// The parameters of a URL that has no other part.
fn query<'a>(scheme: &str, rest: &'a str) -> Result<&'a str> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    match rest.split_once('?').unwrap_or((rest, "")) {
        ("", query) => Ok(query),
        _ => Err(Error::configuration(format!("a host or a path has no meaning in the URL of a `{scheme}:` cache"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::cache::Cache;
    use crate::error::ErrorKind;

    #[test]
    fn wrong_urls_are_refused_by_name() {
        let cases = [
            ("memroy:", "unknown scheme `memroy`"),
            ("memory:?size=1mb", "unknown parameter of a `memory:` cache"),
            ("memory:?capcity=1mb", "unknown parameter `capcity`"),
            ("memory:?capacity=1", "at least 64 KiB"),
            ("memory:?prefix=a%20b", "a prefix is"),
            ("memory://host", "a host or a path has no meaning"),
            ("none:?capacity=1mb", "takes no parameters"),
            ("redsi://shop:secret@host", "unknown scheme `redsi`"),
            ("shop:secret@host", "no scheme"),
            #[cfg(not(feature = "redis"))]
            ("redis://shop:secret@host", "needs the feature `redis`"),
            #[cfg(feature = "redis")]
            ("redis://shop:secret@host?prefx=shop", "unknown parameter `prefx`"),
            #[cfg(not(feature = "memcached"))]
            ("memcached://shop:secret@a", "needs the feature `memcached`"),
            #[cfg(feature = "memcached")]
            ("memcached://shop:secret@a?near=1mb", "tells of changes"),
            #[cfg(not(feature = "sqlite-store"))]
            ("sqlite:///dev/shm/shop", "needs the feature `sqlite-store`"),
            #[cfg(feature = "sqlite-store")]
            ("sqlite:///nowhere/shop", "a directory that is not there"),
            #[cfg(feature = "sqlite-store")]
            ("sqlite:///tmp", "is a directory"),
            #[cfg(feature = "sqlite-store")]
            ("sqlite:///etc/passwd", "a file of something else"),
            #[cfg(feature = "sqlite-store")]
            ("file:///etc/passwd/shop", "cannot be made"),
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
        let cache = builder.build().expect("it may be there later");
        assert!(!format!("{cache:?}").contains("secret"));
        Cache::from_url("unix:///nowhere/redis.sock?prefix=shop").expect("it may be there later");
    }
}
