//! Which database does a test on a server use, and when is it gone?
//!
//! The servers are those of the environment's `CACHE_DIESEL_POSTGRES_URL` and `CACHE_DIESEL_MYSQL_URL`, whose users
//! may create databases and users. `./scripts/with-servers` starts some and sets the variables.

use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use diesel::result::QueryResult;

#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgres")]
pub mod postgres;

/// A database of a test's own, empty at first. It is dropped with this value, and so are its users; sessions that are
/// still open are ended.
#[derive(Debug)]
pub struct Database {
    server: &'static Server,
    name: String,
    url: String,
    users: Vec<String>,
}

/// What differs from server to server. Each function is given the URL of the server.
#[derive(Debug)]
struct Server {
    name: &'static str,
    variable: &'static str,
    create: fn(url: &str, database: &str) -> QueryResult<()>,
    /// Is given the URL of the database instead.
    create_user: fn(url: &str, database: &str, user: &str) -> QueryResult<()>,
    drop: fn(url: &str, database: &str, users: &[String]) -> QueryResult<()>,
}

impl Database {
    /// Creates one on `server`.
    fn create(server: &'static Server) -> Self {
        let name = fresh_name();
        let url = with_database(&server.url(), &name);
        server.expect("creating a database", (server.create)(&server.url(), &name));
        Self { server, name, url, users: Vec::new() }
    }

    /// Creates a user who may read and write every table of this database, those to come included, but owns none and
    /// may do nothing else. Returns the URL that connects as this user.
    ///
    /// # Panics
    ///
    /// Panics if the server refuses.
    pub fn create_user(&mut self) -> String {
        let user = fresh_name();
        self.server.expect("creating a user", (self.server.create_user)(&self.url, &self.name, &user));
        let url = with_user(&self.url, &user);
        self.users.push(user);
        url
    }

    /// The name of this database on its server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where [`Connection::establish`](diesel::Connection::establish) finds this database.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let dropped = (self.server.drop)(&self.server.url(), &self.name, &self.users);
        // A test that fails already says more.
        if !thread::panicking() {
            self.server.expect("dropping a database", dropped);
        }
    }
}

impl Server {
    fn url(&self) -> String {
        let Self { name, variable, .. } = self;
        std::env::var(variable).unwrap_or_else(|_| {
            panic!("`{variable}` is not set, the URL of a {name} server: run ./scripts/test or ./scripts/with-servers")
        })
    }

    fn expect(&self, what: &str, result: QueryResult<()>) {
        if let Err(error) = result {
            panic!("{what} on {}: {error}", self.name);
        }
    }
}

/// A name that no other database and no other user has: earlier runs may have left theirs.
fn fresh_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    format!("test_{second:x}_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// `scheme://user@host:port/database?parameters` with another database.
fn with_database(url: &str, database: &str) -> String {
    let (address, parameters) = url.split_at(url.find('?').unwrap_or(url.len()));
    let host = address.find("://").map_or(0, |scheme| scheme + 3);
    let end = address[host..].find('/').map_or(address.len(), |path| host + path);
    format!("{}/{database}{parameters}", &address[..end])
}

/// The URL with another user, whose password is the name.
fn with_user(url: &str, user: &str) -> String {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url[host..].find('/').map_or(url.len(), |path| host + path);
    let address = url[host..end].rsplit_once('@').map_or(&url[host..end], |(_, address)| address);
    format!("{}{user}:{user}@{address}{}", &url[..host], &url[end..])
}

/// Connects, or fails as a query does.
fn connect<Conn: diesel::Connection>(url: &str) -> QueryResult<Conn> {
    Conn::establish(url).map_err(|error| diesel::result::Error::QueryBuilderError(error.into()))
}
