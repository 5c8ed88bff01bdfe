//! Makes the round trips of one call: each goes to all servers that it concerns, at the same time.

use core::ops::Range;
use core::sync::atomic::Ordering;

use super::connection::{Answer, Connection};
use super::failure::Failure;
use super::item::{Item, Write};
use super::servers::Servers;
use crate::clock::Timestamp;
use crate::name::tag::Cardinality;
use crate::store::Name;
use crate::store::wire::deadline::Deadline;

/// One call, from its beginning to its end. Each server is reached over one connection: the number of an item's writing
/// means something in one life of a server only.
#[derive(Debug)]
pub(super) struct Call<'s> {
    pub(super) servers: &'s Servers,
    deadline: Deadline,
    open: Vec<(usize, Connection)>,
    way: Way,
    /// Whether something was sent that changes anything.
    has_written: bool,
}

/// Which connections a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Those that wait, or new ones.
    Any,
    /// The same. One that waits is looked at before: what it carries must not be sent twice.
    Once,
    /// New ones.
    New,
}

/// What servers have answered in one round trip.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// For each item that was to be written whether it was.
    pub(super) written: Vec<bool>,
    /// What is there under each key that was asked for, and when, by its server's clock.
    pub(super) found: Vec<(Option<Item>, Timestamp)>,
}

/// What one server is asked.
#[derive(Debug, Default)]
struct Share {
    writes: Vec<usize>,
    reads: Vec<usize>,
}

impl<'s> Call<'s> {
    pub(super) const fn new(servers: &'s Servers, way: Way, deadline: Deadline) -> Self {
        Self { servers, deadline, open: Vec::new(), way, has_written: false }
    }

    /// Whether the call may have done something.
    pub(super) const fn has_written(&self) -> bool {
        self.has_written
    }

    /// All answers were read.
    pub(super) fn finish(self) {
        self.open.into_iter().for_each(|(server, connection)| self.servers.keep(server, connection));
    }

    /// The time of the server that has a key, or a moment before.
    pub(super) fn now_at_least(&mut self, key: &Name) -> Result<Timestamp, Failure> {
        let server = self.servers.home(key);
        Ok(self.connection(server)?.now_at_least())
    }

    /// Writes items and *afterwards* looks at others. On each server that is the order, and on none another one.
    pub(super) fn round(&mut self, writes: &[Write], reads: &[&Name]) -> Result<Round, Failure> {
        if writes.is_empty() && reads.is_empty() {
            return Ok(Round::default());
        }
        let shares = self.shares(writes, reads);
        for (server, share) in &shares {
            let (deadline, servers) = (self.deadline, self.servers);
            let asked = (&*share.of(writes), &*share.reads.iter().map(|at| reads[*at]).collect::<Vec<_>>());
            self.connection(*server)?;
            self.has_written |= !share.writes.is_empty();
            self.connection(*server)?.request(servers.names.incarnation(), asked, deadline)?;
        }
        self.servers.trips.fetch_add(1, Ordering::Relaxed);
        let found = reads.iter().map(|_| (None, Timestamp::NEVER)).collect();
        let mut round = Round { written: vec![false; writes.len()], found };
        for (server, share) in &shares {
            let asked: Vec<&Name> = share.reads.iter().map(|at| reads[*at]).collect();
            let answer = self.connection(*server)?.answer(&share.of(writes), &asked)?;
            round.take(share, answer);
        }
        Ok(round)
    }

    fn shares(&self, writes: &[Write], reads: &[&Name]) -> Vec<(usize, Share)> {
        let mut shares: Vec<(usize, Share)> = Vec::new();
        let mut share_of = |key: &Name| {
            let server = self.servers.home(key);
            shares.iter().position(|(of, _)| *of == server).unwrap_or_else(|| {
                shares.push((server, Share::default()));
                shares.len() - 1
            })
        };
        let of_writes: Vec<usize> = writes.iter().map(|write| share_of(&write.key)).collect();
        let of_reads: Vec<usize> = reads.iter().map(|key| share_of(key)).collect();
        of_writes.into_iter().enumerate().for_each(|(at, share)| shares[share].1.writes.push(at));
        of_reads.into_iter().enumerate().for_each(|(at, share)| shares[share].1.reads.push(at));
        shares
    }

    fn connection(&mut self, server: usize) -> Result<&mut Connection, Failure> {
        let at = match self.open.iter().position(|(of, _)| *of == server) {
            Some(at) => at,
            None => {
                let connection = self.connect(server)?;
                self.open.push((server, connection));
                self.open.len() - 1
            }
        };
        Ok(&mut self.open[at].1)
    }

    fn connect(&self, server: usize) -> Result<Connection, Failure> {
        let kept = match self.way {
            Way::Any => self.servers.kept(server),
            Way::Once => self.servers.kept(server).and_then(|mut kept| kept.is_open().then_some(kept)),
            Way::New => None,
        };
        kept.map_or_else(|| self.servers.open(server, self.deadline), Ok)
    }
}

impl Share {
    fn of<'w>(&self, writes: &'w [Write]) -> Vec<&'w Write> {
        self.writes.iter().map(|at| &writes[*at]).collect()
    }
}

impl Round {
    fn take(&mut self, share: &Share, answer: Answer) {
        let Answer { written, items, now } = answer;
        share.writes.iter().zip(written).for_each(|(at, done)| self.written[*at] = done);
        share.reads.iter().zip(items).for_each(|(at, item)| self.found[*at] = (item, now));
    }
}

/// The waves in which tags are changed: those with a number that outsiders choose after those before them that have not,
/// and the other way round, so that who reads a row's token and then that of its table learns of both; intents that change
/// nothing by themselves.
pub(super) fn waves(kinds: impl Iterator<Item = (Cardinality, bool)>) -> Vec<Range<usize>> {
    let mut waves: Vec<Range<usize>> = Vec::new();
    let mut last = None;
    for (at, kind) in kinds.enumerate() {
        match waves.last_mut() {
            Some(wave) if last == Some(kind) => wave.end = at + 1,
            _ => waves.push(at..at + 1),
        }
        last = Some(kind);
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_another_kind_of_tag_is_a_wave_of_its_own() {
        let (wide, narrow) = (Cardinality::Wide, Cardinality::Narrow);
        let kinds = [(wide, false), (wide, false), (narrow, false), (wide, false), (wide, true), (wide, true)];
        assert_eq!(waves(kinds.into_iter()), [0..2, 2..3, 3..4, 4..6]);
        assert_eq!(waves(core::iter::empty()), []);
    }
}
