//! Reads the program's arguments.

use core::time::Duration;
use std::path::PathBuf;

/// How it is called.
pub(crate) const USAGE: &str = "usage: torture --seconds N [--seed S] [--workers N] [--until-stale] [--near] [--audit] [--standby] [--awaited] [--planted] [--file [--disk DIRECTORY] | --memcached | --tables | --cluster [--spread]] [--without-protocol]";

/// Has workers make a mistake.
const PLANTED: &str = "--planted";

/// What this process is to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Arguments {
    Run(Run),
    Worker(Worker),
}

/// A whole run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Run {
    pub(crate) duration: Duration,
    pub(crate) seed: u64,
    pub(crate) workers: usize,
    /// Whether workers read and write through the library; otherwise they keep rows in Redis by hand.
    pub(crate) has_protocol: bool,
    /// Whether workers have memory in front of Redis.
    pub(crate) is_near: bool,
    /// Whether the caches of workers compare themselves with the database.
    pub(crate) is_audited: bool,
    /// What they share.
    pub(crate) kept: Kept,
    /// Where the file is: on a small disk of its own, which is filled now and then.
    pub(crate) disk: Option<PathBuf>,
    /// Whether some of the readers ask a standby of the database, which is behind.
    pub(crate) has_standby: bool,
    /// Whether every other worker awaits its connections.
    pub(crate) has_awaited: bool,
    /// Whether workers make the mistake that is planted in the library.
    pub(crate) is_planted: bool,
    /// Whether it is over when a stale read was found.
    pub(crate) is_until_stale: bool,
}

/// How many slots of a cluster have them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Slots {
    #[default]
    One,
    /// One for each shard.
    Spread,
}

/// Where entries are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kept {
    /// On a cluster of Redis, in one slot or in one for each shard.
    Cluster(Slots),
    /// In a file.
    File,
    /// On a memcached.
    Memcached,
    /// On a Redis.
    Redis,
    /// In tables of the database.
    Tables,
}

/// One of its processes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Worker {
    pub(crate) index: usize,
    /// How many processes of this worker there were before.
    pub(crate) start: u64,
    pub(crate) seed: u64,
    pub(crate) socket: PathBuf,
    pub(crate) database: String,
    /// The same database by a way of the worker's own, for what it writes.
    pub(crate) written_database: String,
    /// A standby of it, for one of those that read.
    pub(crate) standby: Option<String>,
    /// The URL of the store.
    pub(crate) store: String,
    pub(crate) has_protocol: bool,
    pub(crate) is_near: bool,
    pub(crate) is_audited: bool,
    /// Whether it makes the mistake that is planted in the library.
    pub(crate) is_planted: bool,
    /// Whether its connections are awaited.
    pub(crate) is_awaited: bool,
}

impl Arguments {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// What is wrong with them, for whoever typed them.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut words = Words(arguments.into_iter().collect());
        let has_protocol = !words.take_flag("--without-protocol");
        let (is_near, has_standby) = (words.take_flag("--near"), words.take_flag("--standby"));
        let (is_audited, has_awaited) = (words.take_flag("--audit"), words.take_flag("--awaited"));
        let (kept, is_planted) = (kept(&mut words)?, words.take_flag(PLANTED));
        let flags =
            [(is_near, "--near"), (is_audited, "--audit"), (has_standby, "--standby"), (has_awaited, "--awaited")];
        let of_the_protocol = flags.into_iter().chain([(is_planted, PLANTED)]).chain(kept.flag());
        if let Some((_, name)) = of_the_protocol.into_iter().find(|(is_on, _)| *is_on && !has_protocol) {
            return Err(format!("`{name}` does not go with `--without-protocol`"));
        }
        if is_planted && !cfg!(feature = "planted") {
            return Err(format!("`{PLANTED}` needs the feature `planted`"));
        }
        let without_near = [(Kept::Memcached, "--memcached"), (Kept::Cluster(Slots::Spread), "--spread")];
        if let Some((_, name)) = without_near.into_iter().find(|(place, _)| is_near && kept == *place) {
            return Err(format!("`--near` does not go with `{name}`"));
        }
        let disk = words.take("--disk")?.map(PathBuf::from);
        if disk.is_some() && kept != Kept::File {
            return Err("`--disk` needs `--file`".to_owned());
        }
        let is_until_stale = words.take_flag("--until-stale");
        let parsed = if words.take_flag("worker") {
            Self::Worker(Worker {
                index: words.number("--index")?.unwrap_or(0),
                start: words.number("--start")?.unwrap_or(0),
                seed: words.number("--seed")?.unwrap_or(0),
                socket: words.required("--socket")?.into(),
                database: words.required("--database")?,
                written_database: words.required("--written-database")?,
                standby: words.take("--standby-database")?,
                store: words.required("--store")?,
                has_protocol,
                is_near,
                is_audited,
                is_planted,
                is_awaited: has_awaited,
            })
        } else {
            let seconds = words.number("--seconds")?.ok_or("`--seconds` is missing")?;
            Self::Run(Run {
                duration: Duration::from_secs(seconds),
                seed: words.number("--seed")?.unwrap_or_else(|| u64::from(std::process::id())),
                workers: words.number("--workers")?.unwrap_or(4).clamp(1, 16),
                has_protocol,
                is_near,
                is_audited,
                is_planted,
                kept,
                disk,
                has_standby,
                has_awaited,
                is_until_stale,
            })
        };
        words.0.first().map_or(Ok(parsed), |word| Err(format!("`{word}` is not understood")))
    }
}

/// Where entries are to be kept: on a Redis, if nothing is said.
fn kept(words: &mut Words) -> Result<Kept, String> {
    let places = [Kept::Cluster(Slots::One), Kept::File, Kept::Memcached, Kept::Tables];
    let named: Vec<Kept> =
        places.into_iter().filter(|place| place.flag().is_some_and(|(_, name)| words.take_flag(name))).collect();
    match named[..] {
        [Kept::Cluster(_)] if words.take_flag("--spread") => Ok(Kept::Cluster(Slots::Spread)),
        _ if words.take_flag("--spread") => Err("`--spread` needs `--cluster`".to_owned()),
        [] => Ok(Kept::Redis),
        [one] => Ok(one),
        _ => Err("`--cluster`, `--file`, `--memcached` and `--tables` do not go together".to_owned()),
    }
}

impl Kept {
    /// How it is asked for.
    fn flag(self) -> Option<(bool, &'static str)> {
        match self {
            Self::Cluster(_) => Some((true, "--cluster")),
            Self::File => Some((true, "--file")),
            Self::Memcached => Some((true, "--memcached")),
            Self::Redis => None,
            Self::Tables => Some((true, "--tables")),
        }
    }
}

impl Worker {
    /// What [`Arguments::parse`] understands as this.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = vec!["worker".to_owned()];
        words.extend(["--index".to_owned(), self.index.to_string(), "--seed".to_owned(), self.seed.to_string()]);
        words.extend(["--start".to_owned(), self.start.to_string()]);
        words.extend(["--socket".to_owned(), self.socket.to_string_lossy().into_owned()]);
        words.extend(["--database".to_owned(), self.database.clone(), "--store".to_owned(), self.store.clone()]);
        words.extend(["--written-database".to_owned(), self.written_database.clone()]);
        words.extend(self.standby.iter().flat_map(|url| ["--standby-database".to_owned(), url.clone()]));
        if !self.has_protocol {
            words.push("--without-protocol".to_owned());
        }
        let flags = [
            (self.is_near, "--near"),
            (self.is_audited, "--audit"),
            (self.is_awaited, "--awaited"),
            (self.is_planted, PLANTED),
        ];
        words.extend(flags.into_iter().filter(|(is_on, _)| *is_on).map(|(_, flag)| flag.to_owned()));
        words
    }
}

/// What has not been understood yet.
struct Words(Vec<String>);

impl Words {
    fn take_flag(&mut self, name: &str) -> bool {
        let found = self.0.iter().position(|word| word == name);
        found.map(|index| self.0.remove(index)).is_some()
    }

    fn take(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some(index) = self.0.iter().position(|word| word == name) else { return Ok(None) };
        self.0.remove(index);
        if index < self.0.len() { Ok(Some(self.0.remove(index))) } else { Err(format!("`{name}` needs a value")) }
    }

    fn required(&mut self, name: &str) -> Result<String, String> {
        self.take(name)?.ok_or_else(|| format!("`{name}` is missing"))
    }

    fn number<T: core::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(value) = self.take(name)? else { return Ok(None) };
        value.parse().map(Some).map_err(|_| format!("`{name} {value}` is no number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_run_is_told_in_any_order() {
        let Ok(Arguments::Run(run)) = parse("--without-protocol --seed 7 --seconds 30") else { panic!("a run") };
        assert_eq!((run.duration, run.seed, run.has_protocol), (Duration::from_secs(30), 7, false));
    }

    #[test]
    fn a_worker_is_told_as_it_tells_itself() {
        for (has_protocol, is_near) in [(false, false), (true, false), (true, true)] {
            let worker = Worker {
                index: 3,
                start: 2,
                seed: 9,
                socket: "/tmp/socket".into(),
                database: "postgres://x".to_owned(),
                written_database: "postgres://z".to_owned(),
                standby: is_near.then(|| "postgres://s".to_owned()),
                store: "redis://y".to_owned(),
                has_protocol,
                is_near,
                is_audited: is_near,
                is_planted: is_near && cfg!(feature = "planted"),
                is_awaited: is_near,
            };
            assert_eq!(Arguments::parse(worker.words()), Ok(Arguments::Worker(worker)));
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, part) in [("", "--seconds"), ("--seconds x", "x"), ("--seconds", "needs"), ("--seconds 1 y", "`y`")]
            .into_iter()
            .chain([("--seconds 1 --near --without-protocol", "`--near`")])
            .chain([("--seconds 1 --standby --without-protocol", "`--standby`")])
            .chain([("--seconds 1 --audit --without-protocol", "`--audit`")])
            .chain([("--seconds 1 --awaited --without-protocol", "`--awaited`")])
            .chain([("--seconds 1 --planted --without-protocol", "`--planted`")])
            .chain([("--seconds 1 --file --without-protocol", "`--file`")])
            .chain([("--seconds 1 --tables --without-protocol", "`--tables`")])
            .chain([("--seconds 1 --memcached --without-protocol", "`--memcached`")])
            .chain([
                ("--seconds 1 --memcached --near", "`--near`"),
                ("--seconds 1 --memcached --file", "`--memcached`"),
            ])
            .chain([("--seconds 1 --cluster --without-protocol", "`--cluster`")])
            .chain([("--seconds 1 --cluster --file", "`--cluster`"), ("--seconds 1 --tables --file", "`--tables`")])
            .chain([("--seconds 1 --spread", "`--cluster`"), ("--seconds 1 --cluster --spread --near", "`--spread`")])
            .chain([("--seconds 1 --disk /tmp", "`--file`")])
        {
            assert!(parse(line).is_err_and(|error| error.contains(part)), "{line}");
        }
    }
}
