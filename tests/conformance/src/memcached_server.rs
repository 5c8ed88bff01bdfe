//! A memcached that belongs to one test: what can be done to it, and when it is gone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache_core::store::{MemcachedLink, MemcachedStore, Name, Names, Store};
use cache_core::{CacheKey, Tag};

use crate::pause::pause;
use crate::{Frail, Holding, Subject, Time};

/// A server on a free port of 127.0.0.1. It ends with this value.
#[derive(Debug)]
pub struct MemcachedServer {
    port: u16,
    settings: Vec<String>,
    process: Mutex<Child>,
}

/// What a server has under a key.
type Found = Option<Vec<u8>>;

impl MemcachedServer {
    /// Starts a server.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further arguments: `["-m", "2"]`.
    ///
    /// # Panics
    ///
    /// If the program is not there, or the server does not start.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        // Somebody else may take the port first, hence the attempts.
        (0..5).find_map(|_| Self::try_start(arguments)).expect("memcached finds a free port")
    }

    /// Starts one that does not answer what is asked in plain text: over TLS, or by another protocol.
    ///
    /// # Panics
    ///
    /// If the program is not there, or the server does not start.
    #[must_use]
    pub fn start_unasked(arguments: &[&str]) -> Self {
        (0..5).find_map(|_| Self::spawned(arguments).accepts()).expect("memcached finds a free port")
    }

    fn accepts(self) -> Option<Self> {
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let has_ended = self.process().try_wait().is_ok_and(|status| status.is_some());
            if has_ended || begin.elapsed() > Duration::from_secs(20) {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(self)
    }

    fn try_start(arguments: &[&str]) -> Option<Self> {
        let server = Self::spawned(arguments);
        server.await_answer().then_some(server)
    }

    fn spawned(arguments: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        drop(listener);
        let settings: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { port, process: Mutex::new(spawn(port, &settings)), settings }
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a cache on this server.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        format!("memcached://127.0.0.1:{}?prefix={prefix}", self.port)
    }

    /// Ends the server at once, as a crash does.
    pub fn kill(&self) {
        let mut process = self.process();
        // It may have ended by itself.
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Ends it and starts it again, with nothing.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&self) {
        self.kill();
        self.start_again();
    }

    /// Starts it again after it was [killed](Self::kill).
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start_again(&self) {
        *self.process() = spawn(self.port, &self.settings);
        assert!(self.await_answer(), "memcached did not start again");
    }

    /// Lets it stand still, or go on.
    ///
    /// # Panics
    ///
    /// If the signal cannot be sent, or it does not stand still.
    pub fn hang(&self, is_hanging: bool) {
        pause(self.process().id(), is_hanging);
    }

    /// Says a line behind everybody's back; gives the first line of the answer.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    pub fn say(&self, line: &str) -> String {
        self.ask(line.as_bytes()).0
    }

    /// What lies under a key.
    ///
    /// # Panics
    ///
    /// If the server does not answer.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.ask(format!("get {key}").as_bytes()).1
    }

    /// Puts something under a key.
    ///
    /// # Panics
    ///
    /// If the server does not take it.
    pub fn set(&self, key: &str, bytes: &[u8]) {
        let head = format!("set {key} 0 0 {}\r\n", bytes.len());
        assert_eq!(self.ask(&[head.as_bytes(), bytes].concat()).0, "STORED");
    }

    fn ask(&self, request: &[u8]) -> (String, Found) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the server is there");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream.write_all(&[request, b"\r\n"].concat()).expect("the server is there");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).expect("an answer");
        let length = line.strip_prefix("VALUE ").and_then(|words| words.trim_end().rsplit(' ').next()?.parse().ok());
        let found = length.map(|length: usize| {
            let mut bytes = vec![0; length];
            reader.read_exact(&mut bytes).expect("what it says");
            bytes
        });
        (line.trim_end().to_owned(), found)
    }

    fn await_answer(&self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {
            if self.is_the_one_that_answers() {
                return true;
            }
            if self.process().try_wait().is_ok_and(|status| status.is_some()) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// Another test's server may have the port. One that asks who we are does not say which process it is.
    fn is_the_one_that_answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let asked = stream.set_read_timeout(Some(Duration::from_secs(1))).and_then(|()| stream.write_all(b"stats\r\n"));
        let mut line = String::new();
        let answered = asked.and_then(|()| BufReader::new(stream).read_line(&mut line));
        let process = format!("STAT pid {}", self.process().id());
        answered.is_ok() && (line.trim_end() == process || line.starts_with("CLIENT_ERROR"))
    }

    fn process(&self) -> MutexGuard<'_, Child> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for MemcachedServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(port: u16, settings: &[String]) -> Child {
    let mut command = Command::new("memcached");
    command.args(["-l", "127.0.0.1", "-U", "0", "-t", "2", "-p", &port.to_string()]).args(settings);
    // It does not run as root unless it is told that it may.
    command.args(["-u", "root"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("`memcached` cannot be run ({error}): run ./scripts/with-servers"))
}

/// Servers, the link of the store under test, and what can be made to happen to them.
#[derive(Clone, Debug)]
pub struct MemcachedHands {
    servers: Arc<Vec<MemcachedServer>>,
    link: MemcachedLink,
    time: Time,
}

impl MemcachedHands {
    /// So many servers, by a time that is moved by hand.
    #[must_use]
    pub fn on(count: usize) -> Self {
        Self::at(count, Time::by_hand())
    }

    /// The same by the time that the servers go by.
    #[must_use]
    pub fn in_real_time(count: usize) -> Self {
        Self::at(count, Time::real())
    }

    fn at(count: usize, time: Time) -> Self {
        let servers: Vec<MemcachedServer> = (0..count).map(|_| MemcachedServer::start()).collect();
        let link = link(&url(&servers, "shop"), &time);
        Self { servers: Arc::new(servers), link, time }
    }

    /// The servers.
    #[must_use]
    pub fn servers(&self) -> &[MemcachedServer] {
        &self.servers
    }

    /// The URL of a cache on all of them.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        url(&self.servers, prefix)
    }

    /// The store under test, and what can be made to happen to it.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject::new(patient(MemcachedStore::new(self.link.clone())), self.time.clone()).frail(self.clone())
    }

    /// The server that has a key.
    fn home(&self, key: &Name) -> &MemcachedServer {
        let found = self.servers.iter().find(|server| server.get(key.as_str()).is_some());
        found.unwrap_or(&self.servers[0])
    }

    /// Takes one of a tag's rows away: its end, its length, its bytes.
    fn lose_row(&self, tag: &Tag, row: usize) {
        let key = names().tag(tag).token;
        let Some(bytes) = self.home(&key).get(key.as_str()) else { return };
        let mut rest = &bytes[..];
        let mut left = Vec::new();
        for at in 0..3 {
            let length = u32::from_le_bytes(rest[8..12].try_into().expect("four bytes")) as usize;
            let (whole, others) = rest.split_at(12 + length);
            left.extend(if at == row { &[0; 12] } else { whole });
            rest = others;
        }
        self.home(&key).set(key.as_str(), &left);
    }
}

impl Frail for MemcachedHands {
    fn peer(&self, prefix: Option<&str>) -> Arc<dyn Store> {
        let link = link(&self.url(prefix.unwrap_or("shop")), &self.time);
        Arc::new(patient(MemcachedStore::new(link)))
    }

    fn lose_token(&self, tag: &Tag) {
        self.lose_row(tag, 0);
    }

    fn lose_intents(&self, tag: &Tag) {
        self.lose_row(tag, 1);
    }

    fn bytes(&self, key: &CacheKey) -> Option<Vec<u8>> {
        let key = names().entry(key);
        self.home(&key).get(key.as_str()).map(|bytes| bytes[8..].to_vec())
    }

    fn overwrite(&self, key: &CacheKey, bytes: Vec<u8>) {
        let key = names().entry(key);
        self.home(&key).set(key.as_str(), &[&u64::MAX.to_le_bytes()[..], &bytes].concat());
    }

    /// Whatever a server holds, its record tells in which life it does.
    fn live_again(&self, holding: Holding) {
        for server in &*self.servers {
            match holding {
                Holding::Everything => server.say("delete shop:incarnation"),
                Holding::Nothing => server.say("flush_all"),
            };
        }
    }

    fn disconnect(&self) {
        self.link.disconnect();
    }

    fn round_trips(&self) -> u64 {
        self.link.round_trips()
    }
}

fn url(servers: &[MemcachedServer], prefix: &str) -> String {
    let places: Vec<String> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    format!("memcached://{}?prefix={prefix}", places.join(","))
}

fn link(url: &str, time: &Time) -> MemcachedLink {
    let link =
        if time.is_by_hand() { MemcachedLink::with_clock(url, time.clone()) } else { MemcachedLink::from_url(url) };
    link.expect("tests use right URLs")
}

/// A store whose calls are given time: the machine may do much else.
fn patient(store: MemcachedStore) -> MemcachedStore {
    store.shared().expect("others share the servers").set_operation_timeout(Duration::from_secs(10));
    store
}

fn names() -> Names {
    Names::starting_with("shop").expect("a plain prefix")
}
