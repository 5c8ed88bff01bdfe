//! Reads what a server says of itself, and decides whether it is in the life that is recorded on it.

use crate::name::tag::Token;
use crate::protocol::incarnation::{Arrival, arrive};
use crate::store::memcached::failure::Failure;
use crate::store::memcached::replies::number;

/// What a server says of itself when it is greeted.
#[derive(Clone, Debug, Default)]
pub(super) struct Greeting {
    pub(super) version: String,
    pub(super) stats: Vec<(String, String)>,
}

/// What is recorded on a server: the cache's list of servers, which process of the server wrote what is there, and when
/// the record ends, which tells the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    text: String,
    /// When the record ends, in seconds since the Unix epoch by the server's clock.
    pub(super) ends: u64,
}

impl Greeting {
    /// The first version whose meta commands are as they are used here.
    const FIRST: [u64; 3] = [1, 6, 12];

    fn stat(&self, name: &str) -> Option<&str> {
        self.stats.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Result<u64, Failure> {
        let number = self.stat(name).and_then(|value| value.parse().ok());
        number.ok_or_else(|| Failure::Broken(format!("a memcached does not say its `{name}`").into()))
    }

    /// Whether the server at `place` can be a part of a cache.
    pub(super) fn check(&self, place: &str) -> Result<(), Failure> {
        let mut version = self.version.split(['.', '-', '_']).map_while(|part| part.parse::<u64>().ok());
        let version: [u64; 3] = core::array::from_fn(|_| version.next().unwrap_or(0));
        let reason = if version < Self::FIRST {
            format!("is of version {}: 1.6.12 or later is needed", self.version)
        } else if self.stat("cas_enabled") == Some("no") {
            "runs without compare-and-swap (`-C`), without which no tag can be changed".to_owned()
        } else if self.stat("memory_file").is_some_and(|file| !file.is_empty() && file != "(null)") {
            "keeps its items over restarts (`-e`): what is written meanwhile would be missed".to_owned()
        } else {
            return Ok(());
        };
        Err(Failure::Wrong(format!("the memcached at {place} {reason}")))
    }

    /// The largest item that the server takes.
    pub(super) fn largest_item(&self) -> Option<usize> {
        self.stat("item_size_max")?.parse().ok()
    }

    /// The server's time, in seconds since the Unix epoch.
    pub(super) fn time(&self) -> Result<u64, Failure> {
        self.number("time")
    }

    /// Which process it is, and since when.
    pub(super) fn process(&self) -> Result<String, Failure> {
        let since = self.number("time")?.saturating_sub(self.number("uptime")?);
        Ok(format!("{}.{since}", self.number("pid")?))
    }
}

impl Record {
    /// How long a record lasts. A server counts so many seconds in 31 bits.
    const LIFE: u64 = 5 * 365 * 86_400;
    const LAST: u64 = i32::MAX as u64;

    /// A record of a life that begins.
    pub(super) fn fresh(list: &str, process: &str, time: u64) -> Self {
        let ends = (time + Self::LIFE).min(Self::LAST);
        Self { text: format!("{list}:{process}:{ends}:{:016x}", Token::fresh().bits()), ends }
    }

    /// What is recorded; `None`: nothing that a record says.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?;
        let ends = number(text.split(':').nth(2)?.as_bytes())?;
        Some(Self { text: text.to_owned(), ends })
    }

    /// The same as a server is told.
    pub(super) fn seconds(&self) -> i64 {
        i64::try_from(self.ends).unwrap_or(0)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    fn part(&self, at: usize) -> &str {
        self.text.split(':').nth(at).unwrap_or_default()
    }

    /// Decides what follows for a connection to the server at `place`, whose present process is `process`.
    pub(super) fn arrive(
        recorded: Option<&Self>,
        (list, process): (&str, &str),
        place: &str,
    ) -> Result<Arrival, Failure> {
        if recorded.is_some_and(|record| record.part(0) != list) {
            return Err(Failure::Wrong(format!(
                "the memcached at {place} has this prefix for another list of servers: all processes of a cache name the \
                 same servers, and another list needs another `prefix`"
            )));
        }
        Ok(arrive(recorded.map(|record| record.part(1).as_bytes()), process.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(version: &str, stats: &[(&str, &str)]) -> Greeting {
        let stats = stats.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Greeting { version: version.to_owned(), stats }
    }

    #[test]
    fn a_server_that_cannot_keep_a_promise_is_refused_by_its_place() {
        let cases = [
            (greeting("1.6.18", &[("cas_enabled", "yes"), ("memory_file", "(null)")]), None),
            (greeting("1.6.38-1+deb", &[]), None),
            (greeting("1.6.9", &[]), Some("1.6.12 or later")),
            (greeting("1.5.22", &[]), Some("1.6.12 or later")),
            (greeting("1.6.18", &[("cas_enabled", "no")]), Some("`-C`")),
            (greeting("1.6.18", &[("memory_file", "/dev/shm/items")]), Some("`-e`")),
        ];
        for (greeting, expected) in cases {
            match (greeting.check("a:11211"), expected) {
                (Ok(()), None) => {}
                (Err(Failure::Wrong(reason)), Some(expected)) => {
                    assert!(reason.contains(expected) && reason.contains("a:11211"), "{reason}");
                }
                (result, _) => panic!("{greeting:?}: {result:?}"),
            }
        }
    }

    #[test]
    fn only_the_process_that_is_recorded_goes_on() {
        let record = Record::fresh("ab12", "7.100", 200);
        let read = Record::read(record.as_str().as_bytes()).unwrap();
        assert_eq!((&read, read.ends), (&record, 200 + Record::LIFE));
        let arrive = |recorded, process| Record::arrive(recorded, ("ab12", process), "a:11211");
        assert!(matches!(arrive(Some(&record), "7.100"), Ok(Arrival::Proceed)));
        assert!(matches!(arrive(Some(&record), "7.150"), Ok(Arrival::ChangeRoot)));
        assert!(matches!(arrive(None, "7.100"), Ok(Arrival::ChangeRoot)));
        let other = Record::arrive(Some(&record), ("cd34", "7.100"), "a:11211");
        assert!(matches!(other, Err(Failure::Wrong(reason)) if reason.contains("another list")));
    }

    #[test]
    fn a_server_says_since_when_it_is_that_process() {
        let greeting =
            greeting("1.6.18", &[("pid", "7"), ("time", "1000"), ("uptime", "30"), ("item_size_max", "2048")]);
        assert_eq!(greeting.process().unwrap(), "7.970");
        assert_eq!((greeting.time().unwrap(), greeting.largest_item()), (1000, Some(2048)));
        assert!(Greeting::default().process().is_err());
    }
}
