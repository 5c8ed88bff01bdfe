//! What can go wrong between a process and the server.

use core::time::Duration;
use std::collections::VecDeque;

use crate::Dice;

/// What a link is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A new connection: the incarnation is compared.
    Connect,
    /// A lease is ended.
    EndLease,
    /// A lease is taken.
    Lease,
    /// Slots are read, and opened.
    Open,
    /// Intents are placed.
    Place,
    /// Entries are stored.
    Put,
    /// Entries and tokens are read.
    Read,
    /// All entries are removed.
    Reclaim,
    /// Intents are released.
    Release,
    /// Notes beside a table are changed.
    Remark,
    /// Some entries are removed.
    Remove,
    /// Tags are seeded.
    Seed,
    /// Slots are changed.
    Swap,
}

/// What goes wrong with one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It takes so long. Past the timeout of the link it is [`Late`](Self::Late) instead.
    Delayed(Duration),
    /// Nothing happens, and the caller waits for its timeout.
    Hangs,
    /// The caller waits for its timeout; the operation arrives when the server is told to deliver it, after whatever
    /// came meanwhile.
    Late,
    /// Nothing happens, and the caller learns it at once; the connection is gone.
    Refused,
    /// It happens, and the caller learns only that its connection is gone.
    ReplyLost,
    /// It happens, and the very same bytes arrive once more, when the server is told to deliver them. A link must not
    /// do that with tokens: this shows why.
    SentTwice,
    /// It happens to the first so many of its parts, and the caller learns only that its connection is gone.
    Torn(usize),
}

impl Fault {
    /// What goes wrong over links that keep to their contract.
    pub const ALLOWED: [Self; 7] =
        [Self::Hangs, Self::Late, Self::Refused, Self::ReplyLost, Self::Torn(0), Self::Torn(1), Self::Torn(2)];
}

/// What goes wrong over one link.
#[derive(Debug, Default)]
pub(super) struct Faults {
    planned: VecDeque<(Operation, Fault)>,
    random: Option<Random>,
    is_parted: bool,
}

impl Faults {
    pub(super) fn plan(&mut self, operation: Operation, fault: Fault) {
        self.planned.push_back((operation, fault));
    }

    pub(super) fn at_random(&mut self, seed: u64, once_in: u64, faults: &[Fault]) {
        self.random = Some(Random { dice: Dice::new(seed), once_in, faults: faults.into() });
    }

    pub(super) fn part(&mut self, is_parted: bool) {
        self.is_parted = is_parted;
    }

    /// What goes wrong with the next operation, if anything does.
    pub(super) fn next(&mut self, operation: Operation) -> Option<Fault> {
        if self.is_parted {
            return Some(Fault::Hangs);
        }
        if let Some(at) = self.planned.iter().position(|(planned, _)| *planned == operation) {
            return self.planned.remove(at).map(|(_, fault)| fault);
        }
        self.random.as_mut()?.next()
    }
}

#[derive(Debug)]
struct Random {
    dice: Dice,
    once_in: u64,
    faults: Box<[Fault]>,
}

impl Random {
    fn next(&mut self) -> Option<Fault> {
        if !self.dice.once_in(self.once_in) {
            return None;
        }
        self.faults.get(self.dice.index(self.faults.len())).copied()
    }
}
