//! Sessions of other systems, line by line, by two processes that share a store: this one, and another one that is told
//! over its standard input what to do.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use cache_diesel::{
    Cache, CacheBuilder, ErrorKind, Result, StoreConnection, Timeout, create_cache_tables, database_store,
};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};

/// Where the other process has its entries.
const PLACE: &str = "CACHE_DIESEL_TEST_PLACE";

/// What goes before each answer of the other process: the test that it is prints lines of its own.
const ANSWER: &str = "answer: ";

/// Who does it.
#[derive(Clone, Copy)]
enum Who {
    This,
    Other,
}

use Who::{Other, This};

/// One line: who says it, its words, and the answer.
type Line = (Who, &'static [&'static str], &'static str);

/// Create, get, get, update, get, get, delete.
const HOST_SHARED: &[Line] = &[
    (This, &["add", "key", "created"], "true"),
    (Other, &["add", "key", "created again"], "false"),
    (This, &["get", "key"], "created"),
    (Other, &["get", "key"], "created"),
    (Other, &["set", "key", "updated", "never"], "done"),
    (This, &["get", "key"], "updated"),
    (Other, &["get", "key"], "updated"),
    (This, &["delete", "key"], "true"),
    (Other, &["get", "key"], "nothing"),
    (Other, &["delete", "key"], "false"),
];

/// The session of Django's cache framework, as its page on caches has it.
const FRAMEWORK: &[Line] = &[
    (This, &["set", "short", "hello, world!", "2"], "done"),
    (Other, &["get", "short"], "hello, world!"),
    (This, &["set", "my_key", "hello, world!", "never"], "done"),
    (Other, &["get", "my_key"], "hello, world!"),
    (Other, &["get_or", "no_key", "has expired"], "has expired"),
    (This, &["set_none", "none"], "done"),
    (Other, &["get_option", "none"], "a none"),
    (Other, &["get_option", "no_key"], "nothing"),
    (This, &["set", "add_key", "Initial value", "never"], "done"),
    (Other, &["add", "add_key", "New value"], "false"),
    (Other, &["get", "add_key"], "Initial value"),
    (Other, &["get_or_set", "my_new_key", "my new value"], "my new value"),
    (This, &["get_or_set", "my_new_key", "another value"], "my new value"),
    (This, &["set_many", "a", "b", "c"], "done"),
    (Other, &["get_many", "a", "b", "c", "d"], "a b c"),
    (Other, &["delete", "a"], "true"),
    (This, &["delete_many", "a", "b", "c"], "2"),
    (Other, &["get_many", "a", "b", "c"], ""),
    (This, &["touch", "my_key", "100"], "true"),
    (Other, &["touch", "no_key", "100"], "false"),
    (This, &["set_number", "num", "1"], "done"),
    (Other, &["incr", "num", "1"], "2"),
    (This, &["incr", "num", "10"], "12"),
    (Other, &["decr", "num", "1"], "11"),
    (This, &["decr", "num", "5"], "6"),
    (Other, &["incr", "nothing", "1"], "absent"),
    (This, &["version", "2", "set", "my_key", "hello world!", "never"], "done"),
    (Other, &["get", "my_key"], "hello, world!"),
    (Other, &["version", "2", "get", "my_key"], "hello world!"),
    (Other, &["version", "2", "incr_version", "my_key"], "3"),
    (This, &["version", "2", "get", "my_key"], "nothing"),
    (This, &["version", "3", "get", "my_key"], "hello world!"),
    (This, &["wait", "2100"], "done"),
    (Other, &["get", "short"], "nothing"),
    (This, &["get_or", "short", "has expired"], "has expired"),
    (Other, &["clear"], "done"),
    (This, &["get", "my_key"], "nothing"),
    (This, &["version", "3", "get", "my_key"], "nothing"),
];

/// Carries a line out; gives the answer as both processes show it.
fn carry_out(cache: &Cache, words: &[&str]) -> String {
    match words {
        ["version", number, words @ ..] => carry_out(&cache.with_version(number.parse().unwrap()), words),
        ["wait", millis] => {
            std::thread::sleep(Duration::from_millis(millis.parse().unwrap()));
            "done".to_owned()
        }
        ["get", key] => cache.get::<String>(key).unwrap().unwrap_or_else(|| "nothing".to_owned()),
        ["get_or", key, other] => cache.get_or(key, (*other).to_owned()).unwrap(),
        ["get_option", key] => match cache.get::<Option<String>>(key).unwrap() {
            None => "nothing".to_owned(),
            Some(None) => "a none".to_owned(),
            Some(Some(value)) => value,
        },
        ["get_or_set", key, value] => {
            cache.get_or_set(key, (), || Ok::<_, cache_diesel::Error>((*value).to_owned())).unwrap()
        }
        ["get_many", keys @ ..] => {
            let mut found: Vec<String> = cache.get_many::<String>(keys).unwrap().into_keys().collect();
            found.sort();
            found.join(" ")
        }
        ["set_many", keys @ ..] => {
            let values: Vec<(&str, String)> = keys.iter().map(|key| (*key, (*key).to_owned())).collect();
            let unset = cache.set_many(&values, ()).unwrap();
            if unset.is_empty() { "done".to_owned() } else { unset.join(" ") }
        }
        ["delete_many", keys @ ..] => cache.delete_many(keys).unwrap().to_string(),
        _ => change(cache, words),
    }
}

fn change(cache: &Cache, words: &[&str]) -> String {
    match words {
        ["set", key, value, seconds] => done(cache.set(key, *value, timeout(seconds))),
        ["set_none", key] => done(cache.set(key, &None::<String>, ())),
        ["set_number", key, number] => done(cache.set(key, &number.parse::<i64>().unwrap(), ())),
        ["add", key, value] => cache.add(key, *value, ()).unwrap().to_string(),
        ["delete", key] => cache.delete(key).unwrap().to_string(),
        ["touch", key, seconds] => cache.touch(key, timeout(seconds)).unwrap().to_string(),
        ["incr", key, by] => number(cache.incr(key, by.parse::<i64>().unwrap())),
        ["decr", key, by] => number(cache.decr(key, by.parse::<i64>().unwrap())),
        ["incr_version", key] => cache.incr_version(key).unwrap().to_string(),
        ["clear"] => done(cache.clear()),
        _ => panic!("{words:?} is not understood"),
    }
}

fn timeout(seconds: &str) -> Timeout {
    seconds.parse().map_or(Timeout::NEVER, Timeout::from_secs)
}

fn done(result: Result<()>) -> String {
    result.unwrap();
    "done".to_owned()
}

fn number(sum: Result<i64>) -> String {
    match sum {
        Ok(sum) => sum.to_string(),
        Err(error) if error.kind() == ErrorKind::Absent => "absent".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

/// The cache of a process: in tables of the database that the place names, or where the URL says.
fn open(place: &str) -> Cache {
    let limit = Duration::from_secs(20);
    let builder = match place.split_once(' ') {
        Some(("tables", url)) if url.starts_with("postgres") => {
            #[cfg(feature = "postgres")]
            let builder = Cache::builder().store(in_tables::<PgConnection>(url));
            #[cfg(not(feature = "postgres"))]
            let builder = panic!("{url}");
            builder
        }
        Some(("tables", url)) if url.starts_with("mysql") => {
            #[cfg(feature = "mysql")]
            let builder = Cache::builder().store(in_tables::<MysqlConnection>(url));
            #[cfg(not(feature = "mysql"))]
            let builder = panic!("{url}");
            builder
        }
        Some((_, path)) => Cache::builder().store(in_tables::<SqliteConnection>(path)),
        None => CacheBuilder::from_url(place).unwrap(),
    };
    builder.operation_timeout(limit).intent_life(limit * 4).build().unwrap()
}

fn in_tables<C: StoreConnection>(url: &str) -> cache_diesel::DatabaseStore<C> {
    let pool = Pool::builder().max_size(2).build(ConnectionManager::<C>::new(url)).unwrap();
    create_cache_tables(&mut *pool.get().unwrap()).unwrap();
    database_store(pool, "session").unwrap()
}

/// The other process.
struct Another {
    child: Child,
    told: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Another {
    fn at(place: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "sessions::another_process", "--nocapture"]).env(PLACE, place);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (told, said) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, told, said }
    }

    fn carry_out(&mut self, words: &[&str]) -> String {
        writeln!(self.told, "{}", words.join("\t")).unwrap();
        loop {
            let mut line = String::new();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "it has ended");
            if let Some((_, answer)) = line.split_once(ANSWER) {
                return answer.trim_end_matches('\n').to_owned();
            }
        }
    }
}

impl Drop for Another {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "run by another test"]
fn another_process() {
    let cache = open(&std::env::var(PLACE).unwrap());
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        println!("{ANSWER}{}", carry_out(&cache, &line.split('\t').collect::<Vec<_>>()));
    }
}

/// Has both sessions at a place.
fn take_place_at(place: &str) {
    let (cache, mut another) = (open(place), Another::at(place));
    for (who, words, expected) in HOST_SHARED.iter().chain(FRAMEWORK) {
        let answer = match who {
            This => carry_out(&cache, words),
            Other => another.carry_out(words),
        };
        assert_eq!(answer, *expected, "{words:?} at {place}");
    }
    cache.shutdown(Duration::from_secs(5)).unwrap();
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn sessions_over_tables_in_sqlite() {
    let directory = directory();
    take_place_at(&format!("tables {}", directory.path().join("shop.db").display()));
}

#[cfg(feature = "sqlite-store")]
#[test]
fn sessions_over_files() {
    let directory = directory();
    let path = directory.path().display();
    take_place_at(&format!("sqlite://{path}/shop.cache?prefix=session"));
    take_place_at(&format!("file://{path}/kept?prefix=session&near=1mb"));
}

#[cfg(feature = "memcached")]
#[test]
fn sessions_over_servers_of_memcached() {
    use conformance::memcached_server::MemcachedServer;

    let servers = [MemcachedServer::start(), MemcachedServer::start()];
    let ports: Vec<String> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
    take_place_at(&format!("memcached://{}?prefix=session", ports.join(",")));
}

#[cfg(feature = "redis")]
#[test]
fn sessions_over_a_redis() {
    let server = conformance::redis_server::RedisServer::start();
    take_place_at(&server.url("session"));
    take_place_at(&format!("{}&near=1mb", server.url("near")));
}

tests::postgres_tests! {
    fn sessions_over_tables_in_postgres() {
        let database = tests::servers::postgres::fresh_database();
        take_place_at(&format!("tables {}", database.url()));
    }
}

tests::mysql_tests! {
    fn sessions_over_tables_in_mysql() {
        let database = tests::servers::mysql::fresh_database();
        take_place_at(&format!("tables {}", database.url()));
    }
}
