//! A program of a few reads and writes, as a process of its own: what it is told and what it says.

use std::process::{Command, Stdio};

use cache_diesel::prelude::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

diesel::table! {
    notes (id) {
        id -> Integer,
        title -> Text,
    }
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable, serde::Serialize, serde::Deserialize)]
#[diesel(table_name = notes)]
#[cached(key = "note")]
pub struct Note {
    pub id: i32,
    pub title: String,
}

/// A table with one note, which is called `title`.
pub fn schema(title: &str) -> String {
    format!("CREATE TABLE notes (id INTEGER PRIMARY KEY NOT NULL, title VARCHAR(80) NOT NULL); INSERT INTO notes VALUES (1, '{title}');")
}

/// The cache of all programs that are called `prefix`.
pub fn cache(prefix: &str) -> Cache {
    let url = std::env::var("CACHE_DIESEL_REDIS_URL").unwrap();
    Cache::builder().redis(format!("{url}?prefix={prefix}")).build().unwrap()
}

/// A prefix that no other test has, nor had.
pub fn prefix() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::SystemTime;

    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    format!("environments-{}-{now}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst))
}

/// Tracks connections in this process, whichever test is first.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| cache_diesel::install(cache(&prefix())).unwrap());
}

/// What a program does.
#[derive(Clone, Debug)]
pub struct Program {
    /// The prefix of its cache.
    pub prefix: String,
    /// Where its database is.
    pub url: String,
    /// What it runs first.
    pub sql: String,
    /// Whether it reads the note.
    pub reads: bool,
}

impl Program {
    pub fn at(prefix: &str, url: &str) -> Self {
        Self { prefix: prefix.into(), url: url.into(), sql: String::new(), reads: true }
    }

    pub fn first(self, sql: &str) -> Self {
        Self { sql: sql.into(), ..self }
    }

    /// Writes, and reads nothing.
    pub fn without_reads(self) -> Self {
        Self { reads: false, ..self }
    }

    /// Runs in a process of its own; gives the note's title, and whether that was in the cache.
    pub fn run(&self) -> (String, bool) {
        let Self { prefix, url, sql, reads } = self;
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "program::runs", "--ignored", "--nocapture"]).stdin(Stdio::null());
        command.env("PROGRAM_PREFIX", prefix).env("PROGRAM_URL", url).env("PROGRAM_SQL", sql);
        let output = command.env("PROGRAM_READS", reads.to_string()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let said = text.lines().find_map(|line| line.split_once("said: ")).map(|(_, said)| said.to_owned());
        let (title, is_hit) = said.as_deref().unwrap_or("nothing false").rsplit_once(' ').map(|(title, is_hit)| (title.to_owned(), is_hit == "true")).unwrap();
        (title, is_hit)
    }
}

#[test]
#[ignore = "what the programs of the other tests are"]
fn runs() {
    let Ok(url) = std::env::var("PROGRAM_URL") else { return };
    let told = |name: &str| std::env::var(name).unwrap();
    cache_diesel::install(cache(&told("PROGRAM_PREFIX"))).unwrap();
    if url.starts_with("mysql") {
        #[cfg(feature = "mysql")]
        go(MysqlConnection::establish(&url).unwrap(), &told("PROGRAM_SQL"), told("PROGRAM_READS") == "true");
    } else if url.starts_with("postgres") {
        #[cfg(feature = "postgres")]
        go(PgConnection::establish(&url).unwrap(), &told("PROGRAM_SQL"), told("PROGRAM_READS") == "true");
    } else {
        go(SqliteConnection::establish(&url).unwrap(), &told("PROGRAM_SQL"), told("PROGRAM_READS") == "true");
    }
    caches::default().unwrap().shutdown(std::time::Duration::from_secs(5)).unwrap();
}

fn go<C>(mut conn: C, sql: &str, reads: bool)
where
    C: SimpleConnection + Reads,
{
    if !sql.is_empty() {
        conn.batch_execute(sql).unwrap();
    }
    if reads {
        let (title, is_hit) = conn.note();
        println!("said: {title} {is_hit}");
    }
}

/// Reads the note, and tells whether it was in the cache.
pub trait Reads {
    fn note(&mut self) -> (String, bool);
}

macro_rules! reads {
    ($conn:ty) => {
        impl Reads for $conn {
            fn note(&mut self) -> (String, bool) {
                let entry = Note::cached().get(1).entry(self).unwrap();
                (entry.value.title.clone(), entry.is_hit())
            }
        }
    };
}

reads!(SqliteConnection);
#[cfg(feature = "mysql")]
reads!(MysqlConnection);
#[cfg(feature = "postgres")]
reads!(PgConnection);
