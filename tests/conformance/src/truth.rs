//! What must never be served again, as a history has it so far.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use cache_core::store::Writer;
use cache_core::{Tag, Timestamp, Token};

/// A tag's number in a history; zero is the root.
pub type Number = u64;

/// What a reader saw of one tag in one call: the root's token and the tag's. A server that goes back to an older state
/// may show a token again, but never under the same root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sight {
    /// The tag.
    pub tag: Number,
    root: Token,
    token: Token,
}

/// The tag with this number.
#[must_use]
pub fn tag(number: Number) -> Tag {
    if number == 0 { Tag::root() } else { crate::tag(number) }
}

/// What readers saw, and which of it is dead since.
#[derive(Debug, Default)]
pub struct Truth {
    seen: HashMap<Sight, Timestamp>,
    dead: HashSet<Sight>,
    fills: Vec<(u64, Vec<Sight>)>,
    standing: Vec<Standing>,
}

/// An intent that was acknowledged, and that nobody tried to end.
#[derive(Debug)]
struct Standing {
    writer: Writer,
    tag: Number,
    /// Between these moments it ends: a store goes by a clock of its own.
    earliest: Timestamp,
    latest: Timestamp,
}

/// When a call began, and when it had returned. They are the same where time is moved by hand.
#[derive(Clone, Copy, Debug)]
pub struct During {
    /// When it began.
    pub began: Timestamp,
    /// When it had returned.
    pub returned: Timestamp,
}

impl Truth {
    /// Takes down what a call showed of several tags, the root first.
    ///
    /// # Errors
    ///
    /// If it showed what is dead.
    pub fn see(&mut self, tags: &[Number], tokens: &[Token], during: During) -> Result<Vec<Sight>, String> {
        self.pass(during.began);
        let sight = |(tag, token): (&Number, &Token)| Sight { tag: *tag, root: tokens[0], token: *token };
        let sights: Vec<Sight> = tags.iter().zip(tokens).map(sight).collect();
        if let Some(dead) = sights.iter().find(|sight| self.dead.contains(*sight)) {
            return Err(format!("a seed shows what is dead: {dead:?}"));
        }
        sights.iter().for_each(|sight| {
            self.seen.entry(*sight).or_insert(during.returned);
        });
        Ok(sights)
    }

    /// Takes down that `key` is about to be filled under `sights`; gives the fill a number.
    pub fn fill(&mut self, key: u64, sights: Vec<Sight>) -> u64 {
        self.fills.push((key, sights));
        self.fills.len() as u64 - 1
    }

    /// What a fill is of.
    #[must_use]
    pub fn key(&self, fill: u64) -> u64 {
        self.fills[fill as usize].0
    }

    /// What a fill depends on.
    #[must_use]
    pub fn tokens(&self, fill: u64) -> Vec<(Tag, Token)> {
        self.fills[fill as usize].1.iter().map(|sight| (tag(sight.tag), sight.token)).collect()
    }

    /// Judges that the value of a fill was served for `key`, by a call that began at `began`.
    ///
    /// # Errors
    ///
    /// If it should not have been.
    pub fn served(&mut self, key: u64, value: &[u8], began: Timestamp) -> Result<(), String> {
        self.pass(began);
        let number = value.try_into().map(u64::from_le_bytes).map_err(|_| "bytes that nobody stored".to_owned())?;
        let (filled, sights) = usize::try_from(number).ok().and_then(|at| self.fills.get(at)).ok_or("no such fill")?;
        if *filled != key {
            return Err(format!("fill {number} is of key {filled}, and was served for {key}"));
        }
        match sights.iter().find(|sight| self.dead.contains(*sight)) {
            Some(dead) => Err(format!("fill {number} of key {key} was served under what is dead: {dead:?}")),
            None => Ok(()),
        }
    }

    /// The sights of a tag that a writer is about to change: dead when that is acknowledged.
    #[must_use]
    pub fn before_change(&self, changed: Number) -> Vec<Sight> {
        self.seen.keys().filter(|sight| changed == 0 || sight.tag == changed).copied().collect()
    }

    /// Takes down that a change of what was seen [before it](Self::before_change) was acknowledged.
    pub fn kill(&mut self, sights: Vec<Sight>) {
        self.dead.extend(sights);
    }

    /// Takes down that an intent of so long a life was acknowledged, by a store that may let it stand for `grain` longer.
    pub fn stand(&mut self, writer: Writer, tag: Number, during: During, (life, grain): (Duration, Duration)) {
        let (earliest, latest) = (during.began.after(life), during.returned.after(life + grain));
        self.standing.push(Standing { writer, tag, earliest, latest });
    }

    /// Takes down that somebody tried to end the intents of `writer`.
    pub fn end(&mut self, writer: Writer, now: Timestamp) {
        self.pass(now);
        self.standing.retain(|standing| standing.writer != writer);
    }

    /// Takes down that the intents beside a tag were lost. Where a token lies beside them that is noticed, and the contract
    /// has its tests; where none does, or it ends before anybody comes, they are forgotten.
    pub fn lose_intents(&mut self, tag: Number, now: Timestamp) {
        self.pass(now);
        self.standing.retain(|standing| standing.tag != tag);
    }

    /// Takes down that the server went back to an older state, and with it the intents.
    pub fn go_back(&mut self, now: Timestamp) {
        self.pass(now);
        self.standing.clear();
    }

    /// Everything that was seen before the deadline of an intent is dead when it is over.
    fn pass(&mut self, now: Timestamp) {
        let (over, standing) = std::mem::take(&mut self.standing).into_iter().partition(|one| one.latest <= now);
        self.standing = standing;
        let over: Vec<Standing> = over;
        for one in over {
            let is_meant = |sight: &Sight| one.tag == 0 || sight.tag == one.tag;
            let seen = self.seen.iter().filter(|(sight, at)| is_meant(sight) && **at < one.earliest);
            self.dead.extend(seen.map(|(sight, _)| *sight));
        }
    }
}
