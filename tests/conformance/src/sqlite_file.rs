//! A file of SQLite that belongs to one test, and what can be done to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cache_core::policy::NearPolicy;
use cache_core::store::{Name, Names, RemoteStore, SqliteLink, SqliteStore, Store};
use cache_core::{CacheKey, Tag};
use rusqlite::{Connection, OptionalExtension};
use tempfile::TempDir;

use crate::{Frail, Holding, Subject, Time};

/// A file, and the link of the store under test.
#[derive(Clone, Debug)]
pub struct SqliteFile {
    directory: Arc<TempDir>,
    address: String,
    time: Time,
    link: SqliteLink,
}

impl SqliteFile {
    /// A file that does not exist yet, in memory where there is such a directory, by a time that is moved by hand.
    #[must_use]
    pub fn new() -> Self {
        Self::at(Time::by_hand())
    }

    /// The same by a time that others go by too.
    #[must_use]
    pub fn at(time: Time) -> Self {
        Self::with("sqlite", "cache", time)
    }

    /// The same for `file:`, which takes a directory.
    #[must_use]
    pub fn lasting() -> Self {
        Self::with("file", "", Time::by_hand())
    }

    /// The same by the time that passes by itself.
    #[must_use]
    pub fn in_real_time() -> Self {
        Self::at(Time::real())
    }

    fn with(scheme: &str, name: &str, time: Time) -> Self {
        let memory = Path::new("/dev/shm");
        let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let directory = Arc::new(directory.expect("a temporary directory"));
        let address = format!("{scheme}://{}", directory.path().join(name).display());
        let link = link(&format!("{address}?prefix=shop"), &time);
        Self { directory, address, time, link }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let [file, in_directory] = ["cache", "cache.sqlite"].map(|name| self.directory.path().join(name));
        if in_directory.exists() { in_directory } else { file }
    }

    /// The URL of a cache in it.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        format!("{}?prefix={prefix}", self.address)
    }

    /// The link of the store under test.
    #[must_use]
    pub const fn link(&self) -> &SqliteLink {
        &self.link
    }

    /// A store of another process.
    #[must_use]
    pub fn peer_store(&self, prefix: &str) -> SqliteStore {
        patient(RemoteStore::new(link(&self.url(prefix), &self.time)))
    }

    /// The store under test.
    #[must_use]
    pub fn store(&self) -> SqliteStore {
        patient(RemoteStore::new(self.link.clone()))
    }

    /// The store under test, and what can be made to happen to it.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject::new(self.store(), self.time.clone()).unit(self.unit()).frail(self.clone())
    }

    /// The store under test, with memory in front of the file.
    ///
    /// # Panics
    ///
    /// If the policy is none.
    #[must_use]
    pub fn near(&self, policy: NearPolicy) -> Subject {
        let store = self.store().near(policy, Arc::new(self.time.clone())).expect("a store that can be asked");
        Subject::new(store, self.time.clone()).unit(self.unit()).frail(self.clone())
    }

    /// Takes the file away, as somebody does who gives room back.
    pub fn remove(&self) {
        for path in self.paths() {
            // Not all of them are there at all times.
            let _ = std::fs::remove_file(path);
        }
    }

    /// Puts a copy of the file in its place, as a restored backup is while nobody uses it.
    ///
    /// # Panics
    ///
    /// If it cannot be copied.
    pub fn restore_copy(&self) {
        let copy = self.directory.path().join("copy");
        self.open().execute("VACUUM INTO ?1", [copy.to_str().expect("a plain path")]).expect("room for a copy");
        let path = self.path();
        self.remove();
        std::fs::rename(copy, path).expect("a directory of the test");
    }

    fn paths(&self) -> [PathBuf; 3] {
        let path = self.path();
        ["", "-shm", "-wal"].map(|end| {
            let mut path = path.clone().into_os_string();
            path.push(end);
            path.into()
        })
    }

    fn unit(&self) -> Duration {
        if self.time.is_by_hand() { Duration::from_secs(1) } else { Duration::from_millis(200) }
    }

    fn open(&self) -> Connection {
        let connection = Connection::open(self.path()).expect("a file that can be opened");
        connection.busy_timeout(Duration::from_secs(10)).expect("a timeout");
        connection
    }

    fn delete(&self, name: &Name) {
        self.open().execute("DELETE FROM cache WHERE name = ?1", [name.as_bytes()]).expect("a table of the cache");
    }
}

impl Default for SqliteFile {
    fn default() -> Self {
        Self::new()
    }
}

fn link(url: &str, time: &Time) -> SqliteLink {
    let link = if time.is_by_hand() { SqliteLink::with_clock(url, time.clone()) } else { SqliteLink::from_url(url) };
    link.expect("tests use right URLs")
}

/// A store whose calls are given time: the machine may do much else.
fn patient(store: SqliteStore) -> SqliteStore {
    store.shared().expect("others share the file").set_operation_timeout(Duration::from_secs(10));
    store
}

impl Frail for SqliteFile {
    fn peer(&self, prefix: Option<&str>) -> Arc<dyn Store> {
        Arc::new(self.peer_store(prefix.unwrap_or("shop")))
    }

    fn lose_token(&self, tag: &Tag) {
        self.delete(&names().tag(tag).token);
    }

    fn lose_intents(&self, tag: &Tag) {
        self.delete(&names().tag(tag).intents());
    }

    fn bytes(&self, key: &CacheKey) -> Option<Vec<u8>> {
        let name = names().entry(key);
        let sql = "SELECT bytes FROM cache WHERE name = ?1";
        self.open().query_row(sql, [name.as_bytes()], |row| row.get(0)).optional().expect("a table of the cache")
    }

    fn overwrite(&self, key: &CacheKey, bytes: Vec<u8>) {
        let (name, end) = (names().entry(key), i64::MAX);
        let sql = "INSERT INTO cache VALUES (?1, ?2, ?3, 1) ON CONFLICT (name) DO UPDATE SET bytes = ?2";
        self.open().execute(sql, (name.as_bytes(), bytes, end)).expect("a table of the cache");
    }

    fn live_again(&self, holding: Holding) {
        match holding {
            Holding::Everything => self.restore_copy(),
            Holding::Nothing => self.remove(),
        }
    }

    fn disconnect(&self) {
        // A file has no connection that could be cut.
    }

    fn round_trips(&self) -> u64 {
        self.link.transactions()
    }
}

fn names() -> Names {
    Names::starting_with("shop").expect("a plain prefix")
}
