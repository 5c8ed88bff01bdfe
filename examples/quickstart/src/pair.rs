//! Shows what two processes with near memory on one Redis server see of each other's writes.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::database::Database;
use crate::error::{Error, Result};
use crate::models::Track;
use crate::schema::tracks;
use crate::show;

/// What the other process is told to be by.
pub(crate) const BESIDE: &str = "--beside";

const OLD: &str = "An old name";
const NEW: &str = "A new name";

/// Shows both processes, step by step.
pub(crate) fn tour(url: &str) -> Result<()> {
    let url = of_its_own(url);
    let here = Here::new(&url)?;
    let database = Database::made_up()?;
    let mut conn = database.connect()?;
    let mut there = There::start(&url, database.path())?;
    show::text(&format!(
        "Two processes, one database, one Redis server, and memory in front of it in each: track_id = {TRACK_ID}.\n\n\
         {:<14} {:<30} {:<20} {:<9} {:>7}",
        "process", "does", "sees", "from", "µs"
    ))?;
    let read = "tracks.get(track_id)";
    row("here", "rename(..)", &here.rename(&mut conn, OLD)?)?;
    for (process, is_here) in
        [("here", true), ("the other", false), ("    again", false), ("here", true), ("    again", true)]
    {
        row(process, read, &if is_here { here.read(&mut conn)? } else { there.ask("read")? })?;
    }
    row("the other", "rename(..)", &there.ask("rename")?)?;
    let begin = Instant::now();
    row("    again", read, &there.ask("read")?)?;
    let mut seen = here.read(&mut conn)?;
    while !seen.contains(NEW) && begin.elapsed() < Duration::from_secs(2) {
        seen = here.read(&mut conn)?;
    }
    row("here", read, &seen)?;
    there.end()?;
    drop(conn);
    database.remove()
}

/// The other process: does what it is told, line by line.
pub(crate) fn beside(url: &str, path: &Path) -> Result<()> {
    let here = Here::new(url)?;
    let path = path.to_str().ok_or_else(|| Error::new("the database's name is not Unicode"))?;
    let mut conn = SqliteConnection::establish(path)?;
    for line in io::stdin().lock().lines() {
        let said = if line? == "read" { here.read(&mut conn)? } else { here.rename(&mut conn, NEW)? };
        writeln!(io::stdout(), "{said}")?;
        io::stdout().flush()?;
    }
    Ok(())
}

/// A process with its cache.
struct Here(Cache);

impl Here {
    fn new(url: &str) -> Result<Self> {
        let cache = Cache::builder().redis(url).near(16 * MIB).build()?;
        cache_diesel::install(cache.clone())?;
        Ok(Self(cache))
    }

    /// Reads the track: its name, where it came from, how long it took.
    fn read(&self, conn: &mut SqliteConnection) -> Result<String> {
        let (near, all) = (self.near_hits(), self.hits());
        let begin = Instant::now();
        let track = Track::cached().get(TRACK_ID).first(conn)?;
        let micros = begin.elapsed().as_micros();
        let from = match (self.near_hits() > near, self.hits() > all) {
            (true, _) => "memory",
            (false, true) => "Redis",
            (false, false) => "database",
        };
        Ok(format!("{:<20} {from:<9} {micros:>7}", track.name))
    }

    fn rename(&self, conn: &mut SqliteConnection, name: &str) -> Result<String> {
        let begin = Instant::now();
        diesel::update(tracks::table.find(TRACK_ID)).set(tracks::name.eq(name)).execute(conn)?;
        Ok(format!("{:<20} {:<9} {:>7}", "", "", begin.elapsed().as_micros()))
    }

    fn near_hits(&self) -> u64 {
        self.0.statistics().near.map_or(0, |near| near.hit_count)
    }

    fn hits(&self) -> u64 {
        self.0.statistics().total().hit_count
    }
}

/// The other process, as this one has it.
struct There {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl There {
    fn start(url: &str, path: &str) -> Result<Self> {
        let cannot = |error: io::Error| Error::new(format!("the other process cannot be started: {error}"));
        let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
        command.args(["--redis", url, BESIDE, path]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(cannot)?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (requests, answers) = pipes.ok_or_else(|| Error::new("the other process has no pipes"))?;
        Ok(Self { process, requests, answers: BufReader::new(answers) })
    }

    fn ask(&mut self, what: &str) -> Result<String> {
        let gone = |error: io::Error| Error::new(format!("the other process has gone: {error}"));
        writeln!(self.requests, "{what}").map_err(gone)?;
        let mut answer = String::new();
        match self.answers.read_line(&mut answer).map_err(gone)? {
            0 => Err(Error::new("the other process has gone")),
            _ => Ok(answer.trim_end_matches('\n').to_owned()),
        }
    }

    fn end(self) -> Result<()> {
        let Self { mut process, requests, .. } = self;
        drop(requests);
        process.wait().map(drop).map_err(|error| Error::new(format!("the other process does not end: {error}")))
    }
}

fn row(process: &str, does: &str, rest: &str) -> Result<()> {
    Ok(show::text(format!("{process:<14} {does:<30} {rest}").trim_end())?)
}

/// The URL with a prefix of this run, unless it says one.
fn of_its_own(url: &str) -> String {
    if url.contains("prefix=") {
        return url.to_owned();
    }
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}prefix=quickstart:{}", std::process::id())
}

const TRACK_ID: i32 = 1;
