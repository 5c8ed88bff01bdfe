//! What a program is: the reads that it uses, and its steps.

use core::fmt;

use crate::probe::Moment;
use crate::reads::Read;
use crate::same::Asked;
use crate::writes::Write;

#[derive(Clone, Debug)]
pub struct Program {
    /// Whether the store has room for few entries only.
    pub is_small: bool,
    /// Whether each write is by a connection that was just opened.
    pub is_fresh: bool,
    /// Whether everything is read before the first step.
    pub is_warm: bool,
    /// Whether values are computed from the reads, and compared too.
    pub computes: bool,
    pub reads: Vec<Read>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub conn: Conn,
    pub action: Action,
    pub checked: Checked,
}

/// Which connection: two lead to the first database, one to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conn {
    A,
    B,
    Two,
}

/// Which of the reads are compared after a step: all of them after the last one.
#[derive(Clone, Copy, Debug)]
pub enum Checked {
    Everything,
    /// Those whose bit is set.
    Some(u16),
}

#[derive(Clone, Debug)]
pub enum Action {
    Write(Write),
    /// `conn.transaction(|conn| ..)`
    Transaction(Block),
    /// Diesel's transactions, begun and ended in different steps.
    Begin,
    /// The same, as the database has it besides `BEGIN`.
    BeginOtherwise,
    Commit,
    Rollback,
    Clear(Clear),
    /// A write of notes that nobody is told of, and then a clearing by hand of all that it concerns.
    Unseen(String, i32, NotesClear),
    /// A write that nobody is told of, and then each of the reads is asked for anew.
    UnseenRefreshed(String, Asked),
    /// A write that nobody is told of, and then so much time that every entry is stale.
    UnseenAged(String),
    /// Every third entry goes.
    Evict(usize),
    /// So many seconds go by.
    Advance(u64),
    /// The connection is dropped and another one opened.
    Reopen,
    /// The two databases change places, where they can: each connection is opened anew, and leads to the other one.
    ChangePlaces,
    /// Each of the reads is asked for on a replica, which has the rows that programs begin with; from an empty cache, or not.
    Lag(Asked, bool),
    /// Another connection does something amid a statement, while the cache is empty.
    Amid(Moment, Op, Op),
}

#[derive(Clone, Debug)]
pub enum Op {
    /// One of the program's reads.
    Read(usize),
    Write(Write),
}

#[derive(Clone, Debug)]
pub struct Block {
    pub is_immediate: bool,
    pub body: Vec<Part>,
    pub end: End,
}

#[derive(Clone, Debug)]
pub enum Part {
    Write(Write),
    Block(Block),
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Commits,
    /// The closure fails where one of its statements does.
    CommitsUnlessFailed,
    RollsBack,
}

#[derive(Clone, Copy, Debug)]
pub enum Clear {
    Cache,
    Detail(i32),
    List(&'static str),
    Lists,
    Manager,
}

/// What clears one note, and the lists that it is or was in.
#[derive(Clone, Copy, Debug)]
pub enum NotesClear {
    Cache,
    DetailAndLists,
    DetailAndSuffixes,
    Manager,
}

/// A program of reads that become stale: they are asked for after each change.
#[derive(Clone, Debug)]
pub struct Ageing {
    pub reads: Vec<Read>,
    pub changes: Vec<AgeingChange>,
}

#[derive(Clone, Debug)]
pub enum AgeingChange {
    Told(Write),
    Unseen(String),
}

impl Conn {
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::Two];

    /// Whether both lead to the same database.
    pub fn shares_database(self, other: Self) -> bool {
        (self == Self::Two) == (other == Self::Two)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_small {
            writeln!(formatter, "  a small store")?;
        }
        if self.is_fresh {
            writeln!(formatter, "  a new connection for each write")?;
        }
        if self.computes {
            writeln!(formatter, "  values are computed from the reads")?;
        }
        let before = if self.is_warm { ", all of them before the first step" } else { "" };
        writeln!(formatter, "  reads: {:?}{before}", self.reads)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(formatter, "  {number:2} {:?}: {:?}", step.conn, step.action)?;
            if let Checked::Some(mask) = step.checked
                && !self.is_last(number)
            {
                let reads: Vec<&Read> = self.checked(Some(number)).collect();
                writeln!(formatter, "     then of the reads only {reads:?} (bits {mask:b})")?;
            }
        }
        Ok(())
    }
}

impl Program {
    /// The reads that are compared after the step `number`; all of them before the first.
    pub fn checked(&self, number: Option<usize>) -> impl Iterator<Item = &Read> {
        let mask = match number.filter(|number| !self.is_last(*number)).map(|number| self.steps[number].checked) {
            Some(Checked::Some(mask)) => mask,
            _ => u16::MAX,
        };
        self.reads.iter().enumerate().filter(move |(place, _)| mask & (1 << place) != 0).map(|(_, read)| read)
    }

    /// The same with computed values, without what they cannot follow: writes that nobody is told of, databases that change
    /// places under a key, replicas.
    pub fn computing(mut self) -> Self {
        use Action::{ChangePlaces, Lag, Unseen, UnseenAged, UnseenRefreshed};
        self.steps.retain(|step| {
            !matches!(step.action, ChangePlaces | Lag(..) | Unseen(..) | UnseenAged(_) | UnseenRefreshed(..))
        });
        self.computes = true;
        self
    }

    /// Whether it has a replica.
    pub fn lags(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Lag(..)))
    }

    pub fn is_last(&self, number: usize) -> bool {
        number + 1 == self.steps.len()
    }
}
