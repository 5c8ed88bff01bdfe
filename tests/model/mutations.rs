//! Defects of the protocol, each of which has to be found.

use crate::check::{breaks, catches};
use crate::near::{Left, NearWorld};
use crate::open::{Left as OpenLeft, OpenWorld};
use crate::scenario::{Faults, Intents, Mutation, Scenario};
use crate::scenarios::{DETAIL, KEPT, LIST, SCOPE, SLUG_A, brief, calm, hasty, keeping, lives, rough, without_intents};
use crate::shop::Program::{ClearA, InsertB, SaveA};
use crate::steady::{self, SteadyWorld};
use crate::through::{Given, Other, ThroughWorld};

/// One test for each defect: by which scenario, and which promise it breaks.
macro_rules! caught {
    ($($test:ident: $mutation:ident, $promise:literal, $scenario:expr;)+) => {$(
        #[test]
        fn $test() {
            catches(Mutation::$mutation, $scenario, $promise);
        }
    )+};
}

caught! {
    model_catches_blocked_tag_lifted_by_release: BlockedTagLiftedByRelease, "bound", two_saves();
    model_catches_flight_across_tokens: FlightAcrossTokens, "coherence", rough("a save", DETAIL, &[SaveA]);
    model_catches_intents_not_counted_beside_an_unknown_tag: IntentsNotCounted, "bound", lost_intents(None);
    model_catches_intents_that_die_with_the_tag: IntentsDieWithTag, "bound", rough("a save", DETAIL, &[SaveA]);
    model_catches_kept_token_that_comes_back: KeptTokenComesBack, "coherence", brief("a save", DETAIL, &[SaveA]);
    model_catches_looks_while_dirty: LooksWhileDirty, "own write", rough("a save", DETAIL, &[SaveA]);
    model_catches_lost_intents_not_noticed: LostIntentsNotNoticed, "bound", rough("a save", DETAIL, &[SaveA]);
    model_catches_no_intent: NoIntent, "bound", rough("a save", DETAIL, &[SaveA]);
    model_catches_no_root_change_after_a_snapshot: NoRootChange, "coherence", lives("a snapshot", LIST, &[SaveA]);
    model_catches_no_second_look: NoSecondLook, "coherence", calm("a look-up", SLUG_A, &[SaveA]);
    model_catches_release_before_commit: ReleaseBeforeCommit, "coherence", calm("a save", DETAIL, &[SaveA]);
    model_catches_row_before_any: RowBeforeWitness, "coherence", calm("a look-up", SLUG_A, &[SaveA]);
    model_catches_row_before_cleared: RowBeforeWitness, "coherence", calm("a clear", SLUG_A, &[ClearA]);
    model_catches_second_look_at_any_first: SecondLookAtWitnessFirst, "coherence", calm("a look-up", SLUG_A, &[SaveA]);
    model_catches_tag_that_goes_before_its_intents: TagGoesBeforeIntents, "bound", lost_intents(Some(1));
    model_catches_tokens_after_query: TokensAfterQuery, "coherence", calm("a save", DETAIL, &[SaveA]);
    model_catches_tokens_not_compared: TokensNotCompared, "coherence", calm("a save", DETAIL, &[SaveA]);
    model_catches_covers_until_the_deadline: CoversUntilTheDeadline, "bound", kept(KEPT[0]);
    model_catches_ended_before_the_change: EndedBeforeTheChange, "bound", rough("a save", DETAIL, &[SaveA]);
    model_catches_ended_by_one_of_two: EndedByOneOfTwo, "bound", kept(KEPT[0]);
    model_catches_ended_while_dirty: EndedWhileDirty, "bound", kept(KEPT[1]);
    model_catches_ended_while_releasing: EndedWhileReleasing, "bound", slow(KEPT[0]);
    model_catches_given_up_ended: GivenUpEnded, "bound", kept(KEPT[4]);
    model_catches_incarnation_not_noticed: IncarnationNotNoticed, "bound", flushed();
    model_catches_renewal_counts_unacknowledged: RenewalCountsUnacknowledged, "bound", slow(KEPT[1]);
    model_catches_renewed_while_dirty: RenewedWhileDirty, "bound", kept(KEPT[1]);
    model_catches_seed_hides_intents: SeedHidesIntents, "bound", rough("a save", DETAIL, &[SaveA]);
    model_catches_writers_not_depended_on: WritersNotDependedOn, "bound", rough("an insert", SCOPE, &[InsertB]);
    model_catches_unknown_outcome_forgotten: UnknownOutcomeForgotten, "coherence", rough("a save", DETAIL, &[SaveA]);
    model_catches_unknown_outcome_taken_as_done: UnknownOutcomeTakenAsDone, "bound", unknown();
    model_catches_unknown_retried_as_done: UnknownRetriedAsDone, "bound", unknown();
}

/// Near caches have a world of their own.
macro_rules! caught_near {
    ($($test:ident: $mutation:ident, $promise:literal, $writer:literal;)+) => {$(
        #[test]
        fn $test() {
            let mutation = Mutation::$mutation;
            breaks(&format!("{mutation:?}"), NearWorld::new(Left::few(&[$writer]), 2, Some(mutation)), $promise);
        }
    )+};
}

#[test]
fn model_catches_near_intents_not_counted_beside_an_unknown_tag() {
    let world = NearWorld::new(Left::few(&[1]), 3, Some(Mutation::IntentsNotCounted)).with_brief_tags();
    breaks("IntentsNotCounted near", world, "near bound");
}

caught_near! {
    model_catches_near_fills_before_tracking: FillsBeforeTracking, "near bound", 1;
    model_catches_near_hits_without_trust: HitsWithoutTrust, "near bound", 1;
    model_catches_near_intended_token_kept: IntendedTokenKept, "near bound", 1;
    model_catches_near_message_forgotten: MessageForgotten, "near bound", 1;
    model_catches_near_own_write_keeps_token: OwnWriteKeepsToken, "own write", 0;
    model_catches_near_reconnect_keeps_tokens: ReconnectKeepsTokens, "near bound", 1;
    model_catches_near_trust_from_arrival: TrustFromArrival, "near bound", 1;
}

/// Two writes of a process that keeps its intent.
fn kept(faults: Faults) -> Scenario {
    keeping(("two saves of one process", DETAIL, &[SaveA, SaveA]), faults)
}

fn flushed() -> Scenario {
    let faults = Faults { restarts: 1, ..Faults::NONE };
    Scenario { horizon: 3, ..hasty(("two saves of one process and other lives", DETAIL, &[SaveA, SaveA]), faults) }
}

fn slow(faults: Faults) -> Scenario {
    Scenario { are_calls_slow: true, ..kept(faults) }
}

/// Tags that are polled.
macro_rules! caught_polling {
    ($($test:ident: $mutation:ident;)+) => {$(
        #[test]
        fn $test() {
            let mutation = Mutation::$mutation;
            let world = NearWorld::new(Left::few(&[1]), 2, Some(mutation)).of_a_table();
            breaks(&format!("{mutation:?}"), world, "near bound");
        }
    )+};
}

caught_polling! {
    model_catches_near_polled_token_not_compared: PolledTokenNotCompared;
    model_catches_near_polled_token_outlives_heartbeat: PolledTokenOutlivesHeartbeat;
}

fn lost_intents(tags_last: Option<u8>) -> Scenario {
    Scenario { tags_last, ..without_intents("lost intents", DETAIL, &[SaveA], Intents::NeverExcused) }
}

fn unknown() -> Scenario {
    let faults = Faults { crashes: 1, losses: 1, unknowns: 1, ..Faults::NONE };
    Scenario { fills: 1, faults, ..rough("a save with an outcome that is lost", DETAIL, &[SaveA]) }
}

fn two_saves() -> Scenario {
    let faults = Faults { crashes: 1, evictions: 1, ..Faults::NONE };
    Scenario { fills: 1, faults, ..rough("two saves", DETAIL, &[SaveA, SaveA]) }
}

/// Rows that writes give back have a world of their own.
macro_rules! caught_given {
    ($($test:ident: $mutation:ident, $promise:literal, $given:ident, $others:expr;)+) => {$(
        #[test]
        fn $test() {
            let mutation = Mutation::$mutation;
            let left = Given::LEFT;
            breaks(&format!("{mutation:?}"), ThroughWorld::new(Given::$given, $others, left, Some(mutation)), $promise);
        }
    )+};
}

caught_given! {
    model_catches_given_before_acknowledgement: GivenBeforeAcknowledgement, "coherence", Save, &[Other::Key];
    model_catches_given_before_commit: GivenBeforeCommit, "only committed data", Save, &[];
    model_catches_given_row_not_witnessed: GivenRowNotWitnessed, "coherence", Insert, &[Other::Key];
    model_catches_given_row_token_after_statement: GivenRowTokenAfterStatement, "coherence", Save, &[Other::Key];
    model_catches_given_token_not_compared: GivenTokenNotCompared, "coherence", Save, &[Other::Key];
    model_catches_given_tokens_after_statement: GivenTokensAfterStatement, "coherence", Save, &[Other::All];
}

/// Tags that writers keep open have a world of their own.
macro_rules! caught_open {
    ($($test:ident: $mutation:ident;)+) => {$(
        #[test]
        fn $test() {
            let mutation = Mutation::$mutation;
            breaks(&format!("{mutation:?}"), OpenWorld::new(OpenLeft::USUAL, 4, Some(mutation)), "bound");
        }
    )+};
}

caught_open! {
    model_catches_open_closed_by_another: OpenClosedByAnother;
    model_catches_open_closed_by_placing: OpenClosedByPlacing;
    model_catches_open_lifts_blocked: OpenLiftsBlocked;
    model_catches_open_tag_keeps_token: OpenTagKeepsToken;
    model_catches_open_taken_as_done: OpenTakenAsDone;
}

/// Stamps have a world of their own.
macro_rules! caught_steady {
    ($($test:ident: $mutation:ident, $promise:literal, $around:ident;)+) => {$(
        #[test]
        fn $test() {
            let mutation = Mutation::$mutation;
            breaks(&format!("{mutation:?}"), SteadyWorld::new(steady::$around, Some(mutation)), $promise);
        }
    )+};
}

caught_steady! {
    model_catches_steady_arrival_keeps_stamp: SteadyArrivalKeepsStamp, "coherence", LIVES;
    model_catches_steady_intended_token_kept: SteadyIntendedTokenKept, "bound", LOST_KEYS;
    model_catches_steady_old_program_leaves_stamp: SteadyOldProgramLeavesStamp, "coherence", DEPLOY;
    model_catches_steady_place_keeps_stamp: SteadyPlaceKeepsStamp, "bound", LOST_KEYS;
    model_catches_steady_release_keeps_stamp: SteadyReleaseKeepsStamp, "coherence", COVERED;
    model_catches_steady_stamp_after_tokens: SteadyStampAfterTokens, "coherence", LOST_KEYS;
    model_catches_steady_stamp_not_compared: SteadyStampNotCompared, "coherence", LOST_KEYS;
    model_catches_steady_tokens_outlive_stamp: SteadyTokensOutliveStamp, "coherence", COVERED;
}
