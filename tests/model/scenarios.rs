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

/// What can go wrong around one writer, twice as far as the tags are concerned.
const EVERYTHING: Faults = Faults { crashes: 1, evictions: 2, losses: 1, unknowns: 1, ..Faults::NONE };

/// One writer, two loads at a time, everything that can go wrong without the store's starting anew.
pub(crate) fn alone(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    Scenario {
        name,
        reads,
        writers,
        fills: 2,
        faults: EVERYTHING,
        horizon: 4,
        mutation: None,
        unnoticing: 0,
        intents: Intents::AsBuilt,
        sights: &[Sight::Hit, Sight::Killed, Sight::LateMessage],
    }
}

/// One writer and one load at a time, and nothing goes wrong.
pub(crate) fn calm(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    Scenario { fills: 1, faults: Faults::NONE, ..alone(name, reads, writers) }
}

/// Two writers, one load at a time: one thing goes wrong.
pub(crate) fn together(name: &'static str, reads: &'static [Read], writers: &'static [Program]) -> Scenario {
    let faults = if is_large() {
        Faults { crashes: 1, evictions: 1, losses: 1, unknowns: 1, ..Faults::NONE }
    } else {
        Faults { crashes: 1, ..Faults::NONE }
    };
    Scenario { fills: 1, faults, horizon: 3, sights: &[Sight::Hit, Sight::Killed], ..alone(name, reads, writers) }
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
