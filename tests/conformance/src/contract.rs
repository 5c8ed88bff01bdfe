//! What every store keeps to. Each function is one fact, and panics where a store does not keep to it.

#![allow(missing_docs, reason = "the name of a function is the fact that it tests")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::Subject;
use crate::subject::Waits;

pub mod batches;
pub mod bytes;
pub mod entries;
pub mod intents;
pub mod leases;
pub mod losses;
pub mod notes;
pub mod shared_slots;
pub mod slots;
pub mod tags;

/// Tests one fact. Of one that waits for time to pass, a machine that does much else may come too late: it is tested
/// again, with more time. One in which no time passes is tested once, with time enough that none passes by itself.
#[doc(hidden)]
pub fn check(subject: impl Fn() -> Subject, fact: fn(&Subject)) {
    let patient = subject();
    if !patient.time().is_by_hand() {
        let subject = patient.slower(100).that_does_not_wait();
        match catch_unwind(AssertUnwindSafe(|| fact(&subject))) {
            Ok(()) => return,
            Err(panic) if panic.is::<Waits>() => {}
            Err(panic) => resume_unwind(panic),
        }
    }
    for times in [1, 3, 9] {
        let subject = subject().slower(times);
        let time = subject.time().clone();
        match catch_unwind(AssertUnwindSafe(|| fact(&subject))) {
            Ok(()) => return,
            Err(panic) if times == 9 || !time.is_awaited() => resume_unwind(panic),
            Err(_) => println!("once more, with more time"),
        }
    }
}

/// Tests of what every store keeps to that keeps what it is given: `store_contract!(module, subject)`, where `subject`
/// makes a [`Subject`](crate::Subject) with an empty store.
#[macro_export]
macro_rules! store_contract {
    ($module:ident, $subject:expr) => {
        $crate::store_facts! { contract_tests, $module, $subject }
    };
}

/// The same within a program, one fact after another: `store_contract_holds!(subject)`. Panics at the first that does not
/// hold.
#[macro_export]
macro_rules! store_contract_holds {
    ($subject:expr) => {
        $crate::store_facts! { contract_holds, store, $subject }
    };
}

/// What every store keeps to.
#[doc(hidden)]
#[macro_export]
macro_rules! store_facts {
    ($with:ident, $module:ident, $subject:expr) => {
        $crate::$with! { $module, $subject,
            batches: [
                b4_many_are_looked_up_in_order_with_duplicates_and_absent_ones,
                b5_empty_batches_succeed,
                a_batch_of_entries_is_stored_with_one_answer_for_each,
                a_batch_of_seeds_is_answered_in_order_with_duplicates,
                a_batch_of_releases_ends_each_as_told,
                a_release_tells_which_tags_held_a_token_until_then,
            ],
            entries: [
                b1_a_missing_key_is_absent_and_differs_from_a_remembered_absence,
                b6_a_change_of_the_root_ends_every_entry_under_it,
                b6_room_is_given_back_and_tags_stay,
                b10_a_timeout_of_zero_leaves_nothing_to_serve,
                b11_a_life_without_end_has_none,
                b11_fractions_and_months_are_honoured,
                b12_an_expired_entry_is_not_served_and_can_be_stored_again,
                b14_values_of_any_bytes_come_back_equal,
                b20_what_was_loaded_before_a_change_is_never_served,
                an_entry_is_served_while_its_tokens_are_the_present_ones,
                an_entry_is_replaced_by_the_one_stored_later,
                an_entry_that_is_removed_is_gone_and_the_others_are_not,
                an_entry_depends_on_each_of_its_tags,
                an_entry_depends_on_tags_that_its_reader_did_not_name,
            ],
            intents: [
                an_intent_stands_until_it_is_released,
                a_writer_that_never_comes_back_leaves_nothing_beyond_its_deadline,
                the_earliest_of_several_intents_kills_the_token_and_the_others_stand,
                a_second_intent_of_one_writer_replaces_the_first,
                a_writer_ends_its_own_intent_only,
                a_writer_that_does_not_know_changes_the_tag_now_and_at_the_deadline,
                nothing_is_kept_under_a_tag_that_is_open,
                a_tag_that_nobody_closes_is_closed_when_its_time_is_over,
                a_release_that_comes_late_changes_a_tag_that_was_seeded_meanwhile,
                a_tag_that_nobody_knows_is_released_without_a_trace,
                b12_an_intent_that_has_ended_stands_beside_nothing,
            ],
            tags: [
                b2_a_token_is_added_only_where_there_is_none,
                a_tag_keeps_its_token_until_it_is_changed,
                no_two_tokens_are_the_same,
                changes_at_the_same_time_are_never_lost,
            ],
        }
    };
}

/// Tests of what a store keeps to that has [slots](cache_core::store::SlotStore), beside [`store_contract!`].
#[macro_export]
macro_rules! slot_contract {
    ($module:ident, $subject:expr) => {
        $crate::slot_facts! { contract_tests, $module, $subject }
    };
}

/// The same within a program, as [`store_contract_holds!`].
#[macro_export]
macro_rules! slot_contract_holds {
    ($subject:expr) => {
        $crate::slot_facts! { contract_holds, store, $subject }
    };
}

/// What a store keeps to that has slots.
#[doc(hidden)]
#[macro_export]
macro_rules! slot_facts {
    ($with:ident, $module:ident, $subject:expr) => {
        $crate::$with! { $module, $subject,
            slots: [
                b1_a_slot_is_not_there_until_it_is_opened_and_vacant_then,
                b5_empty_batches_of_slots_succeed,
                b20_a_slot_is_changed_if_it_is_what_was_seen,
                b20_a_slot_that_is_gone_is_not_changed,
                b12_a_value_that_has_expired_is_not_served_and_can_be_exchanged,
                b7_a_replacement_can_keep_the_end_of_what_it_replaces,
                b9_b11_a_replacement_has_a_life_of_its_own_or_none_that_ends,
                b10_a_replacement_without_a_life_leaves_nothing,
                b6_a_change_of_the_root_ends_what_was_set_under_it,
                b6_room_of_slots_is_given_back,
                b14_what_is_set_by_hand_comes_back_equal,
                a_value_that_is_shared_comes_back_equal,
                a_batch_of_slots_is_seen_and_changed_one_by_one,
                the_tokens_of_the_tags_are_read_with_the_slots,
                entries_and_slots_leave_each_other_alone,
                b8_of_those_who_change_what_they_saw_at_once_one_does,
            ],
        }
    };
}

/// Tests of what stores keep to that several processes share, beside [`store_contract!`]. The subject has to say what
/// can be made to [happen](crate::Frail) to the store.
#[macro_export]
macro_rules! shared_store_contract {
    ($module:ident, $subject:expr) => {
        $crate::shared_store_facts! { contract_tests, $module, $subject }
    };
}

/// The same within a program, as [`store_contract_holds!`].
#[macro_export]
macro_rules! shared_store_contract_holds {
    ($subject:expr) => {
        $crate::shared_store_facts! { contract_holds, store, $subject }
    };
}

/// What stores keep to that several processes share.
#[doc(hidden)]
#[macro_export]
macro_rules! shared_store_facts {
    ($with:ident, $module:ident, $subject:expr) => {
        $crate::$with! { $module, $subject,
            bytes: [
                b13_prefixes_share_nothing,
                b14_an_entry_too_large_is_declined_and_ends_what_was_there,
                an_entry_that_does_not_encode_is_refused_and_ends_what_was_there,
                an_entry_that_is_removed_is_gone_for_every_process_and_leaves_no_tag,
                b19_bytes_that_cannot_be_read_are_a_miss_and_removed,
                b19_an_entry_that_lies_under_another_key_is_not_served,
                b22_a_dropped_connection_is_made_again,
                an_entry_without_a_codec_is_neither_stored_nor_looked_for,
                empty_batches_make_no_round_trip,
                one_read_looks_up_entries_and_the_tags_that_are_named,
                processes_see_the_same_entries_tags_and_intents,
            ],
            leases: [
                a_lease_has_one_holder,
                a_lease_ends_by_itself,
                a_lease_is_ended_by_its_holder_only,
                a_load_under_other_tokens_is_another_lease,
            ],
            losses: [
                g5_a_lost_token_is_a_miss_and_comes_back_under_the_intents_that_stand,
                lost_intents_are_noticed_and_block_the_tag_until_the_last_has_ended,
                a_tag_that_lost_both_comes_back_with_another_token,
                another_incarnation_ends_what_was_stored_before_it,
                another_incarnation_with_nothing_left_serves_nothing,
                one_change_of_the_incarnation_changes_the_root_once,
            ],
            notes: [
                notes_that_are_made_anew_let_fills_store_and_change_what_was_there,
                notes_of_a_table_without_tokens_are_kept,
                notes_that_were_claimed_and_dropped_are_none_and_not_lost,
            ],
            shared_slots: [
                processes_see_the_same_slots,
                b13_prefixes_share_no_slot,
                b8_of_processes_that_change_what_they_saw_at_once_one_does,
                b14_a_value_too_large_is_declined_and_ends_what_was_there,
                b19_a_slot_that_cannot_be_read_is_spent_and_can_be_exchanged,
                a_slot_that_lies_under_another_key_is_spent,
                another_incarnation_ends_what_was_set_by_hand,
                a_batch_of_slots_makes_one_round_trip,
            ],
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($module:ident, $subject:expr, $($topic:ident: [$($name:ident),* $(,)?]),* $(,)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the subject may be made of anything around")]
            use super::*;

            $($(
                #[test]
                fn $name() {
                    $crate::contract::check(|| $subject, $crate::contract::$topic::$name);
                }
            )*)*
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_holds {
    ($module:ident, $subject:expr, $($topic:ident: [$($name:ident),* $(,)?]),* $(,)?) => {
        $($($crate::contract::check(|| $subject, $crate::contract::$topic::$name);)*)*
    };
}
