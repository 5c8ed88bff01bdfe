//! Tests what becomes of a tag by cases.

use super::*;

const LIFE: Duration = Duration::from_secs(10);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_nanos(seconds * 1_000_000_000)
}

fn token(number: u64) -> Token {
    Token::from_bits(number)
}

fn writer(number: u64) -> Writer {
    Writer::from_bits(number)
}

fn seeded() -> TagState {
    let mut state = TagState::default();
    state.seed(token(1), Keeping::Long, at(1));
    state
}

fn asked_for(reach: Cardinality) -> TagState {
    let mut state = TagState::default();
    state.seed(token(1), Keeping::begun(reach, at(1)), at(1));
    state
}

#[test]
fn a_token_stays_until_it_is_changed() {
    let mut state = seeded();
    assert_eq!(state.seed(token(2), Keeping::Long, at(2)), Seed { token: token(1), is_intended: false });
    state.place(writer(1), LIFE, at(2));
    assert_eq!(state.seed(token(2), Keeping::Long, at(3)), Seed { token: token(1), is_intended: true });
    state.release(writer(1), Outcome::Unchanged, token(3), at(4));
    assert_eq!(state.token(at(100_000)), Some(token(1)));
    state.release(writer(1), Outcome::Changed, token(3), at(5));
    assert_eq!(state.token(at(100_000)), Some(token(3)));
}

#[test]
fn intents_stand_until_the_last_of_them_ends_though_they_were_lost() {
    let mut state = seeded();
    let (nobody, second) = (|_| false, |other| other == writer(2));
    assert_eq!(state.stands_until(at(1), nobody), None);
    state.place(writer(1), LIFE, at(1));
    state.place(writer(2), LIFE, at(3));
    assert_eq!(state.stands_until(at(5), nobody), Some(at(13)));
    assert_eq!(state.stands_until(at(5), second), Some(at(11)));
    state.intents.remove(1);
    assert_eq!(state.stands_until(at(5), second), Some(at(13)), "whose they were is lost");
    assert_eq!(state.stands_until(at(13), nobody), None);
}

#[test]
fn an_unknown_tag_stays_unknown_when_it_is_released() {
    let mut state = TagState::default();
    state.place(writer(1), LIFE, at(1));
    state.release(writer(1), Outcome::Changed, token(1), at(2));
    assert!(state.is_empty(at(2)));
}

#[test]
fn the_first_deadline_kills_the_token_and_the_others_stand() {
    let mut state = seeded();
    state.place(writer(1), LIFE, at(1));
    state.place(writer(2), LIFE * 2, at(1));
    assert_eq!(state.token(at(10)), Some(token(1)));
    assert_eq!(state.token(at(11)), None);
    assert_eq!(state.seed(token(2), Keeping::Long, at(11)), Seed { token: token(2), is_intended: true });
    assert_eq!(state.token(at(21)), None);
}

#[test]
fn a_token_that_was_lost_comes_back_under_the_intents_that_stand() {
    let mut state = seeded();
    state.place(writer(1), LIFE, at(1));
    state.held = None;
    assert!(state.seed(token(2), Keeping::Long, at(2)).is_intended);
    assert_eq!(state.token(at(11)), None);
}

#[test]
fn a_tag_whose_intents_were_lost_keeps_nothing_until_the_last_of_them_has_ended() {
    let mut state = seeded();
    state.place(writer(1), LIFE, at(1));
    state.place(writer(2), LIFE * 2, at(1));
    state.intents.clear();
    // Before anybody notices, the token dies with the first intent that it counts.
    assert_eq!((state.token(at(10)), state.token(at(11))), (Some(token(1)), None));
    assert_eq!(state.seed(token(2), Keeping::Long, at(2)), Seed { token: token(2), is_intended: true });
    assert_eq!(state.token(at(2)), None);
    state.release(writer(1), Outcome::Changed, token(3), at(3));
    state.place(writer(3), LIFE, at(4));
    state.release(writer(3), Outcome::Unchanged, token(4), at(5));
    assert_eq!(state.seed(token(5), Keeping::Long, at(20)).token, token(5));
    assert_eq!(state.token(at(20)), None, "no release lifts it");
    state.seed(token(6), Keeping::Long, at(21));
    assert_eq!(state.token(at(100)), Some(token(6)));
}

#[test]
fn nothing_is_kept_under_a_tag_that_is_open_until_its_writer_releases_it_or_its_time_is_over() {
    let is_kept = |state: &mut TagState, fresh, now| {
        let seed = state.seed(token(fresh), Keeping::Long, at(now));
        assert_eq!(seed.is_intended, state.token(at(now)) != Some(seed.token));
        state.token(at(now)) == Some(seed.token)
    };
    for is_released in [false, true] {
        let mut state = seeded();
        state.place(writer(2), LIFE * 2, at(1));
        state.release(writer(1), Outcome::Open(LIFE), token(2), at(2));
        state.release(writer(2), Outcome::Changed, token(3), at(3));
        assert!(!is_kept(&mut state, 4, 4), "what others release does not close it");
        state.place(writer(1), LIFE, at(4));
        assert!(!is_kept(&mut state, 5, 5));
        if is_released {
            state.release(writer(1), Outcome::Changed, token(6), at(5));
            assert!(is_kept(&mut state, 7, 5));
        }
        assert_eq!(is_kept(&mut state, 8, 13), is_released);
        assert!(is_kept(&mut state, 9, 14));
    }
}

#[test]
fn a_tag_that_is_open_and_loses_its_intents_is_blocked() {
    let mut state = seeded();
    state.release(writer(1), Outcome::Open(LIFE), token(2), at(1));
    state.intents.clear();
    assert_eq!(state.seed(token(3), Keeping::Long, at(2)), Seed { token: token(3), is_intended: true });
    assert_eq!(state.held, Some(TagValue::Blocked { until: at(11) }));
}

#[test]
fn a_tag_that_was_asked_for_in_vain_is_gone_at_once_and_one_that_the_schema_bounds_stays() {
    let forgotten = |reach| {
        let mut state = asked_for(reach);
        state.forget(token(1), at(2));
        state.is_empty(at(2))
    };
    assert!(forgotten(Cardinality::Narrow));
    assert!(!forgotten(Cardinality::Wide));
    let mut state = asked_for(Cardinality::Narrow);
    state.forget(token(2), at(2));
    assert_eq!(state.token(at(600)), Some(token(1)), "another token is somebody else's");
    assert_eq!(state.token(at(601)), None);
}

#[test]
fn a_token_is_kept_as_long_as_what_is_stored_under_it() {
    let second = Duration::from_secs(1);
    let mut state = asked_for(Cardinality::Narrow);
    state.keep(token(1), second, at(2));
    assert_eq!((state.token(at(3)), state.token(at(4))), (Some(token(1)), None));
    let mut state = asked_for(Cardinality::Narrow);
    state.keep(token(1), LIFE, at(2));
    state.keep(token(1), second, at(2));
    state.keep(token(2), LIFE * 100, at(2));
    state.forget(token(1), at(2));
    assert_eq!((state.token(at(21)), state.token(at(22))), (Some(token(1)), None));
    state.keep(token(1), LIFE, at(12));
    assert_eq!(state.token(at(22)), None, "long enough");
    state.keep(token(1), LIFE, at(13));
    assert_eq!(state.token(at(32)), Some(token(1)));
}

#[test]
fn a_tag_does_not_go_before_the_intents_beside_it() {
    let mut state = asked_for(Cardinality::Narrow);
    state.keep(token(1), Duration::from_secs(1), at(1));
    state.place(writer(1), LIFE, at(2));
    state.intents.clear();
    assert_eq!(state.seed(token(2), Keeping::Long, at(11)), Seed { token: token(2), is_intended: true });
    assert_eq!(state.token(at(11)), None, "that they were lost is noticed");
    let mut state = asked_for(Cardinality::Narrow);
    state.keep(token(1), Duration::from_secs(1), at(1));
    state.place(writer(1), LIFE, at(2));
    assert_eq!(state.token(at(11)), Some(token(1)));
    state.release(writer(1), Outcome::Unchanged, token(3), at(11));
    assert!(state.is_empty(at(11)), "its own time is over");
}

#[test]
fn intents_beside_a_tag_without_a_token_are_counted() {
    let mut state = TagState::default();
    state.place(writer(1), LIFE, at(1));
    assert_eq!(state.token(at(1)), None);
    state.intents.clear();
    state.seed(token(1), Keeping::Long, at(2));
    assert_eq!(state.token(at(2)), None, "that they were lost is noticed");
    state.seed(token(2), Keeping::Long, at(11));
    assert_eq!(state.token(at(11)), Some(token(2)));
}

#[test]
fn an_outcome_that_is_not_known_changes_the_token_now_and_at_the_deadline() {
    let mut state = seeded();
    state.place(writer(1), LIFE, at(1));
    state.release(writer(1), Outcome::Unknown(LIFE), token(2), at(5));
    assert_eq!(state.token(at(14)), Some(token(2)));
    assert_eq!(state.token(at(15)), None);
}
