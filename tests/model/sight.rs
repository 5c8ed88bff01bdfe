//! What has been seen while a model was walked through: a model in which nothing happens proves nothing.

use core::sync::atomic::{AtomicBool, Ordering};

/// Something that a model is expected to come upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    BehindWithinTrust,
    Blocked,
    BriefHit,
    BriefRefused,
    Drained,
    EndedIdle,
    Follow,
    Forgotten,
    GivenHit,
    HalfOpen,
    Hit,
    KeptUnderIntents,
    Killed,
    LateCommit,
    LateMessage,
    LateRelease,
    LateRenewal,
    NegativeHit,
    Overtaken,
    PolledTokenGone,
    Relied,
    Renewed,
    RootChanged,
    SecondLookPassed,
    SecondLookRefused,
    SeededUnderIntents,
    SeededUnderOpen,
    TornHit,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Sights([AtomicBool; Self::COUNT]);

impl Sights {
    const COUNT: usize = Sight::TornHit as usize + 1;

    pub(crate) fn see(&self, sight: Sight) {
        // A load first: a store would take the line away from the other threads each time.
        if !self.has(sight) {
            self.0[sight as usize].store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn has(&self, sight: Sight) -> bool {
        self.0[sight as usize].load(Ordering::Relaxed)
    }
}
