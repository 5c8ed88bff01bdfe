//! Tries what waits and wakes in many orders. `INTERLEAVINGS=n` tries n times as many.

#![allow(missing_docs, reason = "tests")]

use interleavings::flights::{Way, wanted_at_once};
use interleavings::{desks, gatherings, tried};

const EVERY_WAY: &[Way] = &[Way::Thread, Way::Task, Way::TaskThatIsDropped, Way::Task];

#[test]
fn a_load_that_lands_is_given_to_all_who_wait() {
    tried(1_000, || wanted_at_once(EVERY_WAY, true));
}

#[test]
fn who_waits_for_a_load_that_fails_learns_of_it() {
    tried(1_000, || wanted_at_once(EVERY_WAY, false));
}

#[test]
fn what_is_called_is_done_and_answered() {
    tried(1_000, desks::called_at_once);
}

#[test]
fn threads_that_are_stopped_do_what_was_taken() {
    tried(1_000, desks::stopped_amid_calls);
}

#[test]
fn a_desk_that_is_dropped_does_what_was_taken() {
    tried(1_000, desks::dropped_with_work);
}

#[test]
fn work_does_not_wait_for_a_thread_that_may_be_started() {
    tried(1_000, desks::as_many_threads_as_work);
}

#[test]
fn what_is_carried_together_is_answered_one_by_one() {
    tried(1_000, gatherings::asked_at_once);
}
