//! Where the promises end: what breaks one when more fails than they allow for, and what does not.

use crate::check::{is_broken, keeps_every_promise};
use crate::scenario::{Intents, Scenario};
use crate::scenarios::{DETAIL, SLUG_A, lives, without_intents};
use crate::shop::Program::SaveA;

/// The readers' process, and that of the first writer, as bits.
const READERS: u8 = 1;
const WRITER: u8 = 2;

#[test]
fn model_limit_intents_that_are_lost_beside_an_unknown_tag() {
    let scenario = |reads| without_intents("lost intents", reads, &[SaveA], Intents::NeverExcused);
    is_broken(scenario(DETAIL), "bound");
    is_broken(scenario(SLUG_A), "bound");
}

#[test]
fn model_intents_that_are_lost_beside_a_token_are_noticed() {
    let intents = Intents::NeverExcusedIfPlacingSeeds;
    keeps_every_promise(without_intents("lost intents beside tokens", DETAIL, &[SaveA], intents));
    keeps_every_promise(without_intents("lost intents beside tokens, a look-up", SLUG_A, &[SaveA], intents));
}

#[test]
fn model_limit_intents_that_are_lost_beside_a_token_that_expires_before_anybody_looks() {
    let intents = Intents::NeverExcusedIfPlacingSeeds;
    is_broken(without_intents("lost intents of two", DETAIL, &[SaveA, SaveA], intents), "bound");
}

#[test]
fn model_limit_readers_that_do_not_notice_another_life() {
    let scenario = lives("unnoticed by the readers", DETAIL, &[SaveA]);
    is_broken(Scenario { unnoticing: READERS, ..scenario }, "coherence");
}

#[test]
fn model_writers_that_do_not_notice_another_life() {
    let scenario = lives("unnoticed by the writer", DETAIL, &[SaveA]);
    keeps_every_promise(Scenario { unnoticing: WRITER, ..scenario });
}
