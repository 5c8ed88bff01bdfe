//! Reads the URL of a store in a file: where it is, how large it may become.

use core::time::Duration;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};
use crate::setting::quantity::{self, MIB};
use crate::setting::secret::shown_name;
use crate::store::names::Names;
use crate::store::sqlite::file::{CacheFile, Lasting};

/// What a URL says.
#[derive(Clone, Debug)]
pub(crate) struct SqliteAddress {
    pub(super) file: CacheFile,
    pub(super) names: Names,
    pub(super) capacity: u64,
    pub(crate) near: Option<u64>,
    pub(crate) max_staleness: Option<Duration>,
}

impl SqliteAddress {
    const DEFAULT_CAPACITY: u64 = 64 * MIB;
    const LEAST_CAPACITY: u64 = MIB;
    const DEFAULT_PREFIX: &'static str = "cache";
    /// The file in the directory that `file:` names.
    const FILE: &'static str = "cache.sqlite";

    pub(crate) fn read(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = absolute(scheme, path)?;
        let file = match scheme {
            "sqlite" => CacheFile::new(path, Lasting::UntilTheMachineStops),
            "file" => CacheFile::new(path.join(Self::FILE), Lasting::OverRestarts),
            _ => return Err(Error::configuration("a store in a file begins with `sqlite://` or `file://`")),
        };
        let parameters = Parameters::of(scheme, query)?;
        let capacity = read_by(quantity::bytes, "capacity", parameters.capacity.as_deref())?;
        let capacity = capacity.unwrap_or(Self::DEFAULT_CAPACITY);
        if capacity < Self::LEAST_CAPACITY {
            return Err(Error::configuration(format!("a `{scheme}:` cache needs a `capacity` of at least 1 MiB")));
        }
        let names = Names::starting_with(parameters.prefix.as_deref().unwrap_or(Self::DEFAULT_PREFIX))
            .map_err(|error| Error::configuration("`prefix` of the cache URL is none").with_source(error))?;
        let near = read_by(quantity::bytes, "near", parameters.near.as_deref())?;
        let max_staleness = read_by(quantity::duration, "max_staleness", parameters.max_staleness.as_deref())?;
        Ok(Self { file, names, capacity, near, max_staleness })
    }
}

#[derive(Default)]
struct Parameters {
    capacity: Option<String>,
    max_staleness: Option<String>,
    near: Option<String>,
    prefix: Option<String>,
}

impl Parameters {
    fn of(scheme: &str, query: &str) -> Result<Self> {
        let mut parameters = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "capacity" => &mut parameters.capacity,
                "max_staleness" => &mut parameters.max_staleness,
                "near" => &mut parameters.near,
                "prefix" => &mut parameters.prefix,
                other => {
                    let (name, names) = (shown_name(other, &NAMES), NAMES.join("`, `"));
                    return Err(Error::configuration(format!(
                        "unknown parameter{name} of a `{scheme}:` cache, expected one of `{names}`"
                    )));
                }
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Error::configuration(format!("the cache URL says `{name}` twice")));
            }
        }
        Ok(parameters)
    }
}

/// The path behind `sqlite://`: whoever leaves a slash out would name a host.
fn absolute(scheme: &str, rest: &str) -> Result<PathBuf> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let decoded = percent_decode_str(path).decode_utf8();
    match decoded.as_deref() {
        Ok(path) if path.len() > 1 && path.starts_with('/') && !path.contains('\0') => Ok(PathBuf::from(path)),
        _ => {
            let example = if scheme == "file" { "/var/cache/shop" } else { "/dev/shm/shop.cache" };
            let context = format!("`{scheme}:` is followed by an absolute path, as in `{scheme}://{example}`");
            Err(Error::configuration(context))
        }
    }
}

fn read_by<T>(reader: fn(&str, &str) -> Result<T>, name: &str, text: Option<&str>) -> Result<Option<T>> {
    text.map(|text| reader(&format!("`{name}` of the cache URL"), text)).transpose()
}

const NAMES: [&str; 4] = ["capacity", "max_staleness", "near", "prefix"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn wrong_urls_are_refused_by_name() {
        let cases = [
            ("sqlite:", "absolute path"),
            ("sqlite://shop.cache", "absolute path"),
            ("sqlite:///", "absolute path"),
            ("file://cache/shop", "file:///var/cache/shop"),
            ("sqlite:///dev/shm/shop?capcity=1mb", "unknown parameter `capcity`"),
            ("sqlite:///dev/shm/shop?capacity=1kb", "at least 1 MiB"),
            ("sqlite:///dev/shm/shop?capacity=lots", "`capacity` of the cache URL"),
            ("sqlite:///dev/shm/shop?prefix=a&prefix=b", "`prefix` twice"),
            ("sqlite:///dev/shm/shop?prefix=a%20b", "`prefix` of the cache URL"),
            ("sqlite:///dev/shm/shop?max_staleness=1", "`max_staleness` of the cache URL"),
        ];
        for (url, expected) in cases {
            let error = SqliteAddress::read(url).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn a_url_says_where_the_file_is_and_how_large_it_may_become() {
        let address = SqliteAddress::read("sqlite:///dev/shm/my%20shop?capacity=8mb&near=1mb").unwrap();
        assert_eq!(address.file.path().to_str(), Some("/dev/shm/my shop"));
        assert_eq!((address.capacity, address.near), (8 * MIB, Some(MIB)));
        let address = SqliteAddress::read("file:///var/cache/shop").unwrap();
        assert_eq!(address.file.path().to_str(), Some("/var/cache/shop/cache.sqlite"));
    }
}
