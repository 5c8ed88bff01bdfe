//! A tour of cached managers on a music shop in SQLite: what is asked, whether the cache had it, what it cost, and
//! that it equals what plain Diesel reads.

mod data;
mod database;
mod error;
mod models;
mod pair;
mod question;
mod reads;
mod schema;
mod show;
mod steps;
mod tour;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use cache_diesel::prelude::*;

use crate::database::Database;
use crate::error::{Error, Result};
use crate::tour::Tour;

const USAGE: &str = "usage: quickstart [--database PATH]   (an SQLite file of Chinook's shape; only a copy is used)
       quickstart --redis URL       (two processes that share a Redis server)";

fn main() -> ExitCode {
    let action = match Action::of(env::args_os().skip(1)) {
        Ok(action) => action,
        Err(mistake) => {
            complain(&format!("{mistake}\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    match action.run() {
        // As `quickstart | head` has it: nothing is wrong.
        Ok(()) | Err(Error::Closed) => ExitCode::SUCCESS,
        Err(Error::Failed(sentence)) => {
            complain(&sentence);
            ExitCode::FAILURE
        }
    }
}

/// Unlike `eprintln!` it does not panic if nobody listens.
fn complain(sentence: &str) {
    let _ = writeln!(io::stderr(), "quickstart: {sentence}");
}

/// What the arguments ask for.
enum Action {
    Help,
    Tour {
        given: Option<PathBuf>,
    },
    Pair {
        url: String,
    },
    /// What a pair starts beside itself.
    Beside {
        url: String,
        path: PathBuf,
    },
}

impl Action {
    fn of(mut arguments: impl Iterator<Item = OsString>) -> core::result::Result<Self, String> {
        let (mut given, mut url, mut beside) = (None, None, None);
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--database") if given.is_none() => {
                    given = Some(PathBuf::from(arguments.next().ok_or("`--database` needs a path")?));
                }
                Some("--database") => return Err("`--database` is given twice".to_owned()),
                Some("--redis") if url.is_none() => {
                    let given = arguments.next().and_then(|url| url.into_string().ok());
                    url = Some(given.ok_or("`--redis` needs a URL")?);
                }
                Some(pair::BESIDE) => beside = arguments.next().map(PathBuf::from),
                Some("-h" | "--help") => return Ok(Self::Help),
                _ => return Err(format!("unknown argument `{}`", argument.to_string_lossy())),
            }
        }
        match (url, beside, given) {
            (None, None, given) => Ok(Self::Tour { given }),
            (Some(url), None, None) => Ok(Self::Pair { url }),
            (Some(url), Some(path), None) => Ok(Self::Beside { url, path }),
            _ => Err("`--redis` goes with nothing else".to_owned()),
        }
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Help => Ok(show::text(USAGE)?),
            Self::Tour { given } => tour(given),
            Self::Pair { url } => pair::tour(&url),
            Self::Beside { url, path } => pair::beside(&url, &path),
        }
    }
}

fn tour(given: Option<PathBuf>) -> Result<()> {
    // First of all, as in a service: every connection that is opened later is tracked.
    let cache = Cache::memory();
    cache_diesel::install_with(cache.clone(), tour::count_statements)?;

    let database = match &given {
        Some(path) => Database::copy_of(path)?,
        None => Database::made_up()?,
    };
    let mut tour = Tour::new(database.connect()?, database.connect()?);
    let shop = tour.begin()?;
    steps::read(&mut tour, &shop)?;
    steps::write(&mut tour, &shop)?;
    show::statistics(&cache.statistics())?;
    drop(tour);
    database.remove()
}
