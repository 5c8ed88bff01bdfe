//! Starts a shop, and ends it with the test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::client::{Answer, Client};

/// A shop that runs.
pub(crate) struct Shop {
    process: Child,
    /// Its URL.
    pub(crate) address: String,
    client: Client,
    /// What it prints.
    pub(crate) lines: BufReader<std::process::ChildStdout>,
}

impl Shop {
    /// With these arguments, at a port of its own.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        let mut process = command.args(["--port", "0"]).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        let address = first.trim().to_owned();
        let socket: SocketAddr = address.strip_prefix("http://").unwrap().parse().unwrap();
        Self { process, address, client: Client::connect(socket).unwrap(), lines }
    }

    /// A browser without a panel.
    pub(crate) fn hide_panel(&mut self) {
        self.client.headers = "Accept: text/html\r\nCookie: panel=off\r\n".to_owned();
    }

    /// What each request has.
    pub(crate) fn set_headers(&mut self, headers: &str) {
        headers.clone_into(&mut self.client.headers);
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.client.get(path).unwrap()
    }

    pub(crate) fn head(&mut self, path: &str) -> Answer {
        self.client.send("HEAD", path, "", "").unwrap()
    }

    pub(crate) fn post(&mut self, path: &str, form: &str) -> Answer {
        self.client.send("POST", path, "application/x-www-form-urlencoded", form).unwrap()
    }

    pub(crate) fn send_json(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.client.send(method, path, "application/json", body).unwrap()
    }

    /// Posts a form, and asks for the page that it leads to.
    pub(crate) fn post_and_follow(&mut self, path: &str, form: &str) -> Answer {
        let answer = self.post(path, form);
        assert_eq!(answer.status, 303, "{answer:?}");
        let next = answer.header("location").unwrap().to_owned();
        self.get(&next)
    }

    /// The next line of the log.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Two shops with one database and one server of Redis.
pub(crate) struct Pair {
    pub(crate) one: Shop,
    pub(crate) two: Shop,
    _folder: TempDir,
}

impl Pair {
    /// `None`, and the reason is printed, without a server.
    pub(crate) fn start() -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let Ok(url) = std::env::var("CACHE_DIESEL_REDIS_URL") else {
            eprintln!("skipped: CACHE_DIESEL_REDIS_URL names no server");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.sqlite").display().to_string();
        let joint = if url.contains('?') { '&' } else { '?' };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let redis = format!("{url}{joint}prefix=shop-{}-{number}", std::process::id());
        let arguments = ["--database", &*file, "--redis", &*redis];
        Some(Self { one: Shop::start(&arguments), two: Shop::start(&arguments), _folder: folder })
    }
}

/// The number of a tile of the panel.
pub(crate) fn tile(page: &str, name: &str) -> usize {
    let (_, rest) = page.split_once(&format!("<dt>{name}</dt><dd>")).unwrap();
    rest.split_once('<').unwrap().0.parse().unwrap()
}

/// How many statements the panel shows.
pub(crate) fn statements(page: &str) -> usize {
    let (before, _) = page.split_once(" statement").unwrap();
    before.rsplit_once("<h3>").unwrap().1.parse().unwrap()
}
