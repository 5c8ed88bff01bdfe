//! No message and no `Debug` shows a secret, wherever it stands in a URL.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::error::Error as StdError;
use std::fmt::Write as _;

use cache_core::Cache;

/// Nothing else says this.
const SECRET: &str = "S3CRET";

/// What may stand in a password that nobody has encoded, before the secret and behind it.
const PIECES: &[&str] = &[
    "", "a", "12", "/", "?", "#", "&", "=", ":", "%", "%40", "@", "\\", "//", "a/b", "x=", "near=", "é", " ", "[", "]",
];

/// URLs with a place for a password, or for a value.
const FORMS: &[&str] = &[
    "redis://user:{}@host/0",
    "redis://:{}@127.0.0.1:1?prefix=shop",
    "redis://{}@host",
    "redis://user:12{}@host/0?near=1mb",
    "valkey://user:word{}@127.0.0.1:1/1?prefix=a&max_staleness=1s",
    "rediss://user:{}@127.0.0.1:1",
    "redis://127.0.0.1:1/{}",
    "redis://127.0.0.1:1?db={}",
    "redis://127.0.0.1:1?near={}",
    "redis://127.0.0.1:1?near=1mb&max_staleness={}",
    "redis://127.0.0.1:1?idle_connections={}",
    "redis://127.0.0.1:1?prefix={}*",
    "redis://127.0.0.1:1?password={}",
    "rediss://127.0.0.1:1?ca=/nowhere/{}",
    "unix:///nowhere?password={}&user=u",
    "unix:///nowhere?db=x&password={}",
    "memory://u:{}@h",
    "memory:?password={}",
    "memory:?capacity={}",
    "memory:?capacity=1mb&{}@h",
    "none:{}@h",
    "none:?{}@h",
    "postgres://user:{}@host/shop",
    "user:{}@host",
];

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn any<'a>(&mut self, of: &[&'a str]) -> &'a str {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        of[(self.0 >> 33) as usize % of.len()]
    }
}

/// All that is said of the error: in full, in short, and of its causes.
fn said_of(error: &dyn StdError) -> String {
    let mut said = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(said, " {error} {error:?}").unwrap();
        cause = error.source();
    }
    said
}

#[test]
fn no_message_shows_a_secret_wherever_it_stands_in_a_url() {
    let mut dice = Dice(1);
    for round in 0..4_000 {
        let word: String = [dice.any(PIECES), dice.any(PIECES), SECRET, dice.any(PIECES), dice.any(PIECES)].concat();
        let url = dice.any(FORMS).replace("{}", &word);
        let said = match Cache::from_url(&url) {
            Ok(cache) => format!("{cache:?} {cache:#?}"),
            Err(error) => said_of(&error),
        };
        // As a name of a host or of a user it is no password.
        let is_meant = is_part_of_the_address(&url);
        assert!(is_meant || !said.to_uppercase().contains(SECRET), "round {round}: {url}: {said}");
    }
}

/// Whether the secret stands where a user or a host is named, in front of any `:` that begins a password.
fn is_part_of_the_address(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    let (credentials, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = credentials.split(':').next().unwrap_or(credentials);
    user.contains(SECRET) || host.contains(SECRET)
}

#[test]
fn nothing_that_a_cache_is_made_of_shows_a_secret() {
    let builder = Cache::builder().database(format!("postgres://shop:{SECRET}@db/shop"));
    assert!(!format!("{builder:?}").contains(SECRET));
    let cache = builder.build().unwrap();
    assert!(!format!("{cache:?}").contains(SECRET));
    assert_eq!(cache.database_url(), Some("postgres://shop:S3CRET@db/shop"));
}

#[cfg(feature = "redis")]
#[test]
fn a_builder_and_a_link_show_no_secret() {
    let url = format!("redis://shop:{SECRET}@127.0.0.1:1?prefix=shop");
    let builder = Cache::builder().redis(&url);
    assert!(!format!("{builder:?}").contains(SECRET));
    assert!(!format!("{:?}", builder.build().unwrap()).contains(SECRET));
    assert!(!format!("{:?}", cache_core::store::RedisLink::from_url(&url).unwrap()).contains(SECRET));
}
