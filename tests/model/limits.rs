//! Where the promises end: what breaks one when more fails than they allow for, and what does not.

use crate::check::{is_broken, keeps_every_promise};
use crate::scenario::{Faults, Intents, Scenario};
use crate::scenarios::{DETAIL, SLUG_A, hasty, keeping, lives, without_intents};
use crate::shop::Program::SaveA;

/// The readers' process, and that of the first writer, as bits.
const READERS: u8 = 1;
const WRITER: u8 = 2;

#[test]
fn model_intents_that_are_lost_are_noticed() {
    let scenario = |name, reads| without_intents(name, reads, &[SaveA], Intents::NeverExcused);
    for (name, reads) in [("lost intents", DETAIL), ("lost intents and a look-up", SLUG_A)] {
        keeps_every_promise(scenario(name, reads));
        keeps_every_promise(Scenario { tags_last: Some(1), ..scenario(name, reads) });
    }
}

#[test]
fn model_limit_intents_that_are_lost_while_what_counts_them_expires_before_anybody_looks() {
    is_broken(without_intents("lost intents of two", DETAIL, &[SaveA, SaveA], Intents::NeverExcused), "bound");
}

#[test]
fn model_limit_writes_that_rely_on_an_intent_that_was_lost_with_what_counts_it() {
    let faults = Faults { crashes: 1, evictions: 2, ..Faults::NONE };
    let scenario = keeping(("a lost intent that is relied on", DETAIL, &[SaveA, SaveA]), faults);
    is_broken(Scenario { intents: Intents::ExcusedUnderWrites, ..scenario }, "bound");
}

#[test]
fn model_limit_writes_that_rely_on_an_intent_of_a_former_life() {
    let faults = Faults { crashes: 1, restarts: 1, ..Faults::NONE };
    let scenario = hasty(("an intent of a former life that is relied on", DETAIL, &[SaveA, SaveA]), faults);
    is_broken(Scenario { intents: Intents::ExcusedUnderWrites, unnoticing: WRITER, ..scenario }, "bound");
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
