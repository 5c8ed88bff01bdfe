//! The worlds that are walked through.

use crate::check::is_large;
use crate::scenario::{Faults, Intents, Scenario};
use crate::shop::{Program, Read, Row, Slug};
use crate::sight::Sight;

pub(crate) const DETAIL: &[Read] = &[Read::Row(Row::A)];
pub(crate) const NEGATIVE: &[Read] = &[Read::Row(Row::B)];
pub(crate) const LIST: &[Read] = &[Read::Every];
pub(crate) const SCOPE: &[Read] = &[Read::Scope];
pub(crate) const SLUG_A: &[Read] = &[Read::Slug(Slug::A)];
pub(crate) const SLUG_B: &[Read] = &[Read::Slug(Slug::B)];

/// What a world is called, what is read in it, and what is written.
pub(crate) type Case = (&'static str, &'static [Read], &'static [Program]);

/// What may happen to the keys of tags around a writer that ends without a word.
const LOSSY: Faults = Faults { crashes: 1, evictions: 2, ..Faults::NONE };

/// What may happen to the messages of one writer and to its COMMIT.
const CUT_OFF: Faults = Faults { crashes: 1, evictions: 1, losses: 1, unknowns: 1, ..Faults::NONE };

/// One writer, keys that are lost.
pub(crate) fn lossy(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    Scenario { fills: fills(), faults: LOSSY, ..alone(name, reads, writers) }
}

/// One writer, messages and outcomes that are lost.
pub(crate) fn cut_off(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    let faults = if is_large() { Faults { evictions: 2, ..CUT_OFF } } else { CUT_OFF };
    let sights = &[Sight::Hit, Sight::Killed, Sight::LateCommit, Sight::LateMessage, Sight::Drained];
    Scenario { fills: 1, horizon: if is_large() { 4 } else { 3 }, faults, sights, ..alone(name, reads, writers) }
}

/// One writer, messages that are lost; and where there is time for it, outcomes and keys too.
pub(crate) fn interrupted(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    let faults = if is_large() { CUT_OFF } else { Faults { evictions: 0, unknowns: 0, ..CUT_OFF } };
    let sights = &[Sight::Hit, Sight::Killed, Sight::LateMessage, Sight::Drained];
    Scenario { fills: 1, horizon: 3, faults, sights, ..alone(name, reads, writers) }
}

/// One writer, outcomes that are lost.
pub(crate) fn unanswered(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    let faults = Faults { losses: 0, ..CUT_OFF };
    let sights = &[Sight::Hit, Sight::Killed, Sight::LateCommit];
    Scenario { fills: 1, horizon: 3, faults, sights, ..alone(name, reads, writers) }
}

/// One writer, and whatever may go wrong while the store lives: what a defect is looked for in.
pub(crate) fn rough(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    Scenario { faults: Faults { evictions: 2, ..CUT_OFF }, sights: &[], ..alone(name, reads, writers) }
}

/// One or two writers that may end without a word, and one loss of the intents beside a tag, never of the tag.
pub(crate) fn without_intents(
    name: &'static str,
    reads: &'static [Read],
    writers: &'static [Program],
    intents: Intents,
) -> Scenario {
    let faults = Faults { crashes: 1, intent_losses: 1, ..Faults::NONE };
    Scenario { fills: 1, faults, intents, sights: &[Sight::Hit], ..alone(name, reads, writers) }
}

/// Tags that go by themselves, keys that are lost, and loads that store nothing.
pub(crate) fn brief(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    let faults = Faults { crashes: 1, evictions: 1, ..Faults::NONE };
    let sights = &[Sight::Hit, Sight::Killed, Sight::Forgotten, Sight::KeptUnderIntents];
    Scenario { fills: fills(), faults, tags_last: Some(1), sights, ..alone(name, reads, writers) }
}

/// One writer, two loads at a time.
fn alone(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    Scenario {
        name,
        reads,
        writers,
        processes: &[0, 1],
        life: 2,
        writes_often: false,
        are_calls_slow: false,
        fills: 2,
        faults: Faults::NONE,
        horizon: 4,
        mutation: None,
        unnoticing: 0,
        intents: Intents::AsBuilt,
        tags_last: None,
        sights: &[Sight::Blocked, Sight::Hit, Sight::Killed, Sight::SeededUnderIntents],
    }
}

/// One writer and one load at a time, and nothing goes wrong.
pub(crate) fn calm(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    Scenario { fills: 1, faults: Faults::NONE, ..alone(name, reads, writers) }
}

/// How many loads run at a time.
fn fills() -> usize {
    if is_large() { 2 } else { 1 }
}

/// Writers of one process, which keeps its intent: one thing goes wrong, or two.
pub(crate) fn keeping((name, reads, writers): Case, faults: Faults) -> Scenario {
    Scenario {
        fills: 1,
        faults,
        processes: &[0, 0],
        life: 4,
        writes_often: true,
        horizon: 5,
        sights: &[Sight::Hit, Sight::Killed, Sight::Relied, Sight::EndedIdle, Sight::LateRelease],
        ..alone(name, reads, writers)
    }
}

/// The same, where intents live for two moments: half of that is one, and they are renewed at any.
pub(crate) fn hasty(case: Case, faults: Faults) -> Scenario {
    let is_wide = faults.losses + faults.restarts > 0;
    Scenario { life: 2, horizon: if is_wide && !is_large() { 2 } else { 3 }, ..keeping(case, faults) }
}

/// The same, where the process has not written before.
pub(crate) fn now_and_then(scenario: Scenario) -> Scenario {
    Scenario { writes_often: false, ..scenario }
}

/// What goes wrong around a process that keeps its intent, one of these at a time. A process that makes no further step
/// is as good as dead.
pub(crate) const KEPT: [Faults; 5] = [
    Faults { crashes: 1, ..Faults::NONE },
    Faults { losses: 1, ..Faults::NONE },
    Faults { evictions: 1, ..Faults::NONE },
    Faults { unknowns: 1, ..Faults::NONE },
    Faults { abandons: 1, ..Faults::NONE },
];

/// Two writers, one load at a time: one thing goes wrong, or two.
pub(crate) fn together((name, reads, writers): Case, faults: Faults) -> Scenario {
    Scenario { fills: 1, faults, horizon: 3, sights: &[Sight::Hit, Sight::Killed], ..alone(name, reads, writers) }
}

/// What goes wrong around two writers, one of these at a time.
pub(crate) fn troubles() -> &'static [Faults] {
    const CRASH: Faults = Faults { crashes: 1, ..Faults::NONE };
    const UNKNOWN: Faults = Faults { unknowns: 1, ..Faults::NONE };
    const LOST: Faults = Faults { losses: 1, ..Faults::NONE };
    const EVICTED: Faults = Faults { crashes: 1, evictions: 1, ..Faults::NONE };
    const CUT: Faults = Faults { losses: 1, unknowns: 1, ..Faults::NONE };
    let usual = &[CRASH, UNKNOWN, LOST, EVICTED, CUT];
    if is_large() { usual } else { &usual[..4] }
}

/// A store that starts anew, empty or as it was when somebody took a snapshot.
pub(crate) fn lives(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    let faults = if is_large() {
        Faults { restarts: 2, losses: 1, crashes: 1, unknowns: 1, ..Faults::NONE }
    } else {
        Faults { restarts: 1, losses: 1, ..Faults::NONE }
    };
    let sights = &[Sight::Hit, Sight::Killed, Sight::RootChanged];
    Scenario { fills: 1, faults, horizon: 3, sights, ..alone(name, reads, writers) }
}

/// Look-ups that read one key at a time.
pub(crate) fn torn(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    let faults = Faults { looks: if is_large() { 2 } else { 1 }, ..Faults::NONE };
    Scenario { fills: 1, faults, horizon: 0, sights: &[Sight::Hit, Sight::TornHit], ..alone(name, reads, writers) }
}
