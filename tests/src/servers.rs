//! Gives each test on a server a database of its own, and drops it.
//!
//! The servers are those of the environment's `CACHE_DIESEL_POSTGRES_URL` and `CACHE_DIESEL_MYSQL_URL`, whose users
//! may create databases and users. `./scripts/with-servers` starts some and sets the variables.

use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use diesel::result::QueryResult;

use crate::servers::pool::Pool;

#[cfg(feature = "mysql")]
pub mod mysql;
mod pool;
#[cfg(feature = "postgres")]
pub mod postgres;

/// A database of a test's own, empty at first. It is gone with this value, and so are its users; sessions that are
/// still open are ended.
///
/// A server may find it cheaper to empty one than to make one. A later test then gets it under a name that nobody had
/// before, so that nothing which knows databases by name takes it for the earlier one.
#[derive(Debug)]
pub struct Database {
    server: &'static Server,
    name: String,
    url: String,
    users: Vec<String>,
}

/// The parts that differ from server to server. Each function is given the URL of the server.
#[derive(Debug)]
struct Server {
    name: &'static str,
    variable: &'static str,
    create: fn(url: &str, database: &str) -> QueryResult<()>,
    /// Is given the URL of the database instead.
    create_user: fn(url: &str, database: &str, user: &str) -> QueryResult<()>,
    drop: fn(url: &str, database: &str, users: &[String]) -> QueryResult<()>,
    /// How a database is made as new, where that is cheaper than another one.
    renewal: Option<Renewal>,
    pool: Pool,
}

#[derive(Debug)]
struct Renewal {
    /// Ends the sessions of a database and gives it another name, unless the server knows more of it than its name.
    /// Returns whether it has the new name.
    rename: fn(url: &str, database: &str, name: &str) -> QueryResult<bool>,
    /// Empties a database. Is given its URL, and returns whether nothing tells it from one that was just made.
    empty: fn(url: &str) -> QueryResult<bool>,
}

impl Database {
    /// Lends one on `server`.
    fn lend(server: &'static Server) -> Self {
        let name = server.pool.lend().unwrap_or_else(|| {
            let name = fresh_name();
            server.expect("creating a database", (server.create)(&server.url(), &name));
            name
        });
        let url = with_database(&server.url(), &name);
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

    /// Makes the database as new, under another name. Returns whether another test may have it.
    fn renew(&mut self) -> bool {
        let Some(renewal) = &self.server.renewal else { return false };
        // What a test left that failed is not known; a user may have a hand in the whole server.
        if thread::panicking() || !self.users.is_empty() {
            return false;
        }
        let (server, name) = (self.server.url(), fresh_name());
        if !(renewal.rename)(&server, &self.name, &name).unwrap_or(false) {
            return false;
        }
        self.name = name;
        (renewal.empty)(&with_database(&server, &self.name)).unwrap_or(false)
    }

    fn drop_all(&self, databases: &[String]) -> QueryResult<()> {
        let url = self.server.url();
        databases.iter().try_for_each(|database| (self.server.drop)(&url, database, &[]))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let is_renewed = self.renew();
        let dropped = if is_renewed { Ok(()) } else { (self.server.drop)(&self.server.url(), &self.name, &self.users) };
        let spare = self.server.pool.take_back(is_renewed.then(|| self.name.clone()));
        let dropped = dropped.and(self.drop_all(&spare));
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
