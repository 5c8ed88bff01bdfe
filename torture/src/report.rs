//! What a run came to.

use core::fmt;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::ledger::{Judgement, Life};
use crate::message::Release;
use crate::question::{Origin, Question};

/// How many stale reads are told of one by one.
const LONGEST_LIST: usize = 20;

/// How far behind, in milliseconds at most, reads are that are counted together; the last ones are behind further.
const LAGS: [u64; 9] = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/// How many of the things that were done last are told with a stale read.
const MOST_RECENT: usize = 24;

/// What was counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    reads: BTreeMap<&'static str, Reads>,
    pub(crate) failed_reads: u64,
    writes: u64,
    first_writes: u64,
    on_standby: Reads,
    behind_on_standby: u64,
    pending: u64,
    pending_without_intents: u64,
    inherited: u64,
    inherited_with_intents: u64,
    pub(crate) rolled_back: u64,
    pub(crate) unknown: u64,
    faults: u64,
    first_faults: Vec<String>,
    longest_staleness: Duration,
    near_hits: BTreeMap<Life, u64>,
    /// Rows that each process has stored with its writes.
    stored: BTreeMap<Life, u64>,
    /// Entries that each process has compared, and those that are stale.
    audited: BTreeMap<Life, (u64, u64)>,
    lags: [u64; LAGS.len() + 1],
    longest_lag: Duration,
    injected: BTreeMap<&'static str, u64>,
    recent: VecDeque<String>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Reads {
    all: u64,
    hits: u64,
    misses: u64,
}

impl Reads {
    fn count(&mut self, origin: Origin) {
        self.all += 1;
        self.hits += u64::from(origin == Origin::Hit);
        self.misses += u64::from(origin == Origin::Miss);
    }
}

impl Tally {
    pub(crate) fn read(&mut self, question: &Question, origin: Origin, judgement: &Judgement) {
        self.reads.entry(question.name()).or_default().count(origin);
        self.longest_staleness = self.longest_staleness.max(judgement.staleness.unwrap_or_default());
        if let Some(lag) = judgement.lag {
            self.longest_lag = self.longest_lag.max(lag);
            let is_within = |longest: &u64| lag <= Duration::from_millis(*longest);
            self.lags[LAGS.iter().position(is_within).unwrap_or(LAGS.len())] += 1;
        }
    }

    /// A process has answered so many reads from memory so far.
    pub(crate) fn near(&mut self, life: Life, count: u64) {
        let hits = self.near_hits.entry(life).or_default();
        *hits = count.max(*hits);
    }

    /// A process has stored so many rows with its writes so far.
    pub(crate) fn store(&mut self, life: Life, count: u64) {
        let stored = self.stored.entry(life).or_default();
        *stored = count.max(*stored);
    }

    /// A process has compared so many entries so far, and so many of them are stale.
    pub(crate) fn audit(&mut self, life: Life, (compared, stale): (u64, u64)) {
        let counts = self.audited.entry(life).or_default();
        *counts = (compared.max(counts.0), stale.max(counts.1));
    }

    /// Entries that were compared, and those that are stale.
    pub(crate) fn audited(&self) -> (u64, u64) {
        self.audited.values().fold((0, 0), |(compared, stale), of| (compared + of.0, stale + of.1))
    }

    /// Reads that were answered from memory.
    pub(crate) fn near_hits(&self) -> u64 {
        self.near_hits.values().sum()
    }

    /// A read of a thread whose connection leads to the standby.
    pub(crate) fn read_on_standby(&mut self, origin: Origin, judgement: &Judgement) {
        self.on_standby.count(origin);
        self.behind_on_standby += u64::from(origin != Origin::Hit && !judgement.faults.is_empty());
    }

    /// Reads on the standby that were answered from the cache.
    pub(crate) const fn standby_hits(&self) -> u64 {
        self.on_standby.hits
    }

    /// `is_first`: nothing was written before on its connection.
    pub(crate) fn write(&mut self, release: Release, is_first: bool) {
        self.writes += 1;
        self.first_writes += u64::from(is_first);
        self.pending += u64::from(release != Release::Acknowledged);
        self.pending_without_intents += u64::from(release == Release::Pending { is_intended: false });
    }

    pub(crate) fn inherit(&mut self, count: u64, is_intended: bool) {
        self.inherited += count;
        self.inherited_with_intents += if is_intended { count } else { 0 };
    }

    pub(crate) fn fault(&mut self, what: String) {
        self.faults += 1;
        if self.first_faults.len() < LONGEST_LIST {
            let recent: Vec<&str> = self.recent.iter().map(String::as_str).collect();
            self.first_faults.push(format!("{what}; before: {}", recent.join(", ")));
        }
    }

    /// Something was done; `told`: when and to whom.
    pub(crate) fn inject(&mut self, what: &'static str, told: String) {
        *self.injected.entry(what).or_default() += 1;
        self.recent.push_back(told);
        if self.recent.len() > MOST_RECENT {
            self.recent.pop_front();
        }
    }

    /// Reads that gave something older than they may, or that was never committed.
    pub(crate) const fn stale_reads(&self) -> u64 {
        self.faults
    }

    /// Reads and writes that were judged, and hits among the reads.
    pub(crate) fn work(&self) -> (u64, u64, u64) {
        let sum = |part: fn(&Reads) -> u64| self.reads.values().map(part).sum();
        (sum(|reads| reads.all), self.writes, sum(|reads| reads.hits))
    }
}

impl Tally {
    /// Says of runs with a standby what was read there.
    fn write_standby(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reads { all, hits, misses } = self.on_standby;
        if all == 0 {
            return Ok(());
        }
        let behind = self.behind_on_standby;
        writeln!(formatter, "reads on the standby: {all}, hits: {hits}, misses: {misses}")?;
        writeln!(formatter, "rows of the standby itself that were behind: {behind}")
    }

    /// Says of runs with memory how far behind it was.
    fn write_lags(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.near_hits.is_empty() {
            return Ok(());
        }
        writeln!(formatter, "hits of memory: {}", self.near_hits())?;
        let (count, longest) = (self.lags.iter().sum::<u64>(), self.longest_lag);
        writeln!(formatter, "reads behind another process's acknowledged write: {count}, longest: {longest:.1?}")?;
        for (longest, count) in LAGS.iter().zip(&self.lags) {
            writeln!(formatter, "  up to {longest} ms: {count}")?;
        }
        writeln!(formatter, "  longer: {}", self.lags[LAGS.len()])
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first_faults.iter().try_for_each(|fault| writeln!(formatter, "stale: {fault}"))?;
        let (reads, writes, hits) = self.work();
        writeln!(formatter, "reads: {reads}, hits: {hits}, failed: {}", self.failed_reads)?;
        for (name, reads) in &self.reads {
            writeln!(formatter, "  {name}: {}, hits: {}, misses: {}", reads.all, reads.hits, reads.misses)?;
        }
        self.write_standby(formatter)?;
        let (first, rolled_back, unknown) = (self.first_writes, self.rolled_back, self.unknown);
        writeln!(
            formatter,
            "writes: {writes}, on fresh connections: {first}, rolled back: {rolled_back}, failed: {unknown}"
        )?;
        writeln!(formatter, "rows that were stored with their writes: {}", self.stored.values().sum::<u64>())?;
        let without = self.pending_without_intents;
        writeln!(formatter, "releases pending when the write returned: {}, without intents: {without}", self.pending)?;
        let with = self.inherited_with_intents;
        writeln!(
            formatter,
            "rows that workers wrote and were killed before they said so: {}, with intents: {with}",
            self.inherited
        )?;
        writeln!(formatter, "longest staleness of what was excused: {:.1?}", self.longest_staleness)?;
        self.write_lags(formatter)?;
        if !self.audited.is_empty() {
            let (compared, stale) = self.audited();
            writeln!(formatter, "entries that workers compared: {compared}, stale: {stale}")?;
        }
        writeln!(formatter, "faults injected: {}", self.injected.values().sum::<u64>())?;
        self.injected.iter().try_for_each(|(what, count)| writeln!(formatter, "  {what}: {count}"))?;
        write!(formatter, "stale reads: {}", self.faults)
    }
}
