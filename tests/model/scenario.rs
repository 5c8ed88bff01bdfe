//! What is tried: who reads, who writes, what goes wrong, and what is planted to be found.

use crate::shop::{Program, Read};
use crate::sight::Sight;

/// A bounded world.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) reads: &'static [Read],
    pub(crate) writers: &'static [Program],
    /// The process of each writer.
    pub(crate) processes: &'static [u8],
    /// How long intents live, in steps of the clock.
    pub(crate) life: u8,
    /// The processes have written so often that they keep the intent of the next write.
    pub(crate) writes_often: bool,
    /// Releases, and intents that are placed again, take their time to arrive.
    pub(crate) are_calls_slow: bool,
    /// How many loads may run at a time; each reader reads without end.
    pub(crate) fills: usize,
    pub(crate) faults: Faults,
    /// The last moment.
    pub(crate) horizon: u8,
    pub(crate) mutation: Option<Mutation>,
    /// Processes that do not notice when the store starts anew: the readers' is the first bit.
    pub(crate) unnoticing: u8,
    pub(crate) intents: Intents,
    /// For how long tags are kept that nothing was stored under, and what is stored lives; `None`: for ever.
    pub(crate) tags_last: Option<u8>,
    /// What has to be seen, so that nothing passes because nothing happens.
    pub(crate) sights: &'static [Sight],
}

impl Scenario {
    /// Whether anybody may change the root: after a restart, or after an outage that was longer than intents live.
    pub(crate) const fn may_change_root(&self) -> bool {
        self.faults.restarts > 0 || (self.faults.losses > 0 && self.horizon > self.life)
    }
}

/// What is asked of intents that are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intents {
    /// Nothing, if what counted them was lost too, or expired before anybody looked.
    AsBuilt,
    /// The same, if that was after the write had begun.
    ExcusedUnderWrites,
    /// All that is asked of intents that are not.
    NeverExcused,
}

/// How often each thing may go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// A writer is given up, and its process goes on.
    pub(crate) abandons: u8,
    /// A writer ends without a word.
    pub(crate) crashes: u8,
    /// A key of a tag is gone.
    pub(crate) evictions: u8,
    /// The key with the intents of a tag is gone.
    pub(crate) intent_losses: u8,
    /// Look-ups that compare one token at a time.
    pub(crate) looks: u8,
    /// An operation is not acknowledged, and happens later or never.
    pub(crate) losses: u8,
    /// The store starts anew, empty or as it was once.
    pub(crate) restarts: u8,
    /// The answer to a COMMIT is lost: it has happened, happens later, or never.
    pub(crate) unknowns: u8,
}

impl Faults {
    pub(crate) const NONE: Self =
        Self { abandons: 0, crashes: 0, evictions: 0, intent_losses: 0, looks: 0, losses: 0, restarts: 0, unknowns: 0 };
}

/// A defect of the protocol, planted to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mutation {
    BlockedTagLiftedByRelease,
    CoversUntilTheDeadline,
    EndedBeforeTheChange,
    EndedByOneOfTwo,
    EndedWhileDirty,
    EndedWhileReleasing,
    FillsBeforeTracking,
    FlightAcrossTokens,
    GivenBeforeAcknowledgement,
    GivenBeforeCommit,
    GivenRowNotWitnessed,
    GivenRowTokenAfterStatement,
    GivenTokenNotCompared,
    GivenTokensAfterStatement,
    GivenUpEnded,
    HitsWithoutTrust,
    IncarnationNotNoticed,
    IntendedTokenKept,
    IntentsDieWithTag,
    IntentsNotCounted,
    KeptTokenComesBack,
    LooksWhileDirty,
    LostIntentsNotNoticed,
    MessageForgotten,
    NoIntent,
    NoRootChange,
    NoSecondLook,
    OpenClosedByAnother,
    OpenClosedByPlacing,
    OpenLiftsBlocked,
    OpenTagKeepsToken,
    OpenTakenAsDone,
    OwnWriteKeepsToken,
    PolledTokenNotCompared,
    PolledTokenOutlivesHeartbeat,
    ReconnectKeepsTokens,
    ReleaseBeforeCommit,
    RenewalCountsUnacknowledged,
    RenewedWhileDirty,
    RowBeforeWitness,
    SecondLookAtWitnessFirst,
    SeedHidesIntents,
    SteadyArrivalKeepsStamp,
    SteadyIntendedTokenKept,
    SteadyOldProgramLeavesStamp,
    SteadyPlaceKeepsStamp,
    SteadyReleaseKeepsStamp,
    SteadyStampAfterTokens,
    SteadyStampNotCompared,
    SteadyTokensOutliveStamp,
    TagGoesBeforeIntents,
    TokensAfterQuery,
    TokensNotCompared,
    TrustFromArrival,
    UnknownOutcomeForgotten,
    UnknownOutcomeTakenAsDone,
    UnknownRetriedAsDone,
    WritersNotDependedOn,
}
