//! Rows whose tags hold no token: what their look-ups seed.

use cache_core::intent::{Outcome, Release, Writer};
use cache_core::store::{LookUp, Put, Wanted};
use cache_core::{Life, Tag, Timeout, Token};
use conformance::redis_server::{Hands, RedisServer};
use conformance::{Subject, bytes_of, codec, key, shared, tag};

fn look(subject: &Subject, id: u64) -> LookUp {
    let tags = || vec![Tag::root(), tag(id)];
    let wanted = Wanted { key: key(id), tags: &tags, codec: Some(codec()) };
    let store = subject.store().shared().unwrap().pipelining().unwrap();
    store.look_to_load(&[wanted], subject.now()).unwrap().pop().unwrap()
}

/// What the look-up has seen of the row's tag.
fn token(looked: &LookUp, id: u64) -> Option<Token> {
    let seen = looked.seen.iter().find(|(seen, _)| *seen == tag(id)).unwrap().1;
    seen.inspect(|seed| assert!(!seed.is_intended)).map(|seed| seed.token)
}

/// After so many rows that nobody knew.
fn after_new_rows() -> (Hands, Subject) {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    for id in 0..3 {
        drop(look(&subject, id));
    }
    (hands, subject)
}

#[test]
fn a_look_up_seeds_the_row_once_several_were_new() {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    assert_eq!([0, 1].map(|id| token(&look(&subject, id), id)), [None; 2]);
    let first = token(&look(&subject, 2), 2);
    assert!(first.is_some());
    assert_eq!(token(&look(&subject, 2), 2), first, "the token stays");
}

#[test]
fn what_is_stored_under_a_seeded_token_is_found_until_the_row_is_written() {
    let (_hands, subject) = after_new_rows();
    let under = token(&look(&subject, 7), 7).unwrap();
    let life = Life::starting(subject.now(), Timeout::from_secs(60));
    let put = Put {
        key: key(7),
        value: shared(b"row"),
        life,
        tokens: vec![(tag(7), under)],
        weight: 3,
        codec: Some(codec()),
    };
    subject.store().put(vec![put], None, subject.now()).unwrap();
    assert_eq!(look(&subject, 7).found.and_then(|found| bytes_of(&found.value)), Some(b"row".to_vec()));
    let release = Release { tag: tag(7), outcome: Outcome::Changed };
    subject.store().release(Writer::fresh(), &[release], &[], subject.now()).unwrap();
    let looked = look(&subject, 7);
    assert!(looked.found.is_some_and(|found| !found.worth.is_served()));
}

#[test]
fn a_look_up_seeds_nothing_while_an_intent_stands_beside_the_row_alone() {
    let (_hands, subject) = after_new_rows();
    let placing = cache_core::store::Placing {
        writer: Writer::fresh(),
        tags: &[tag(8)],
        life: core::time::Duration::from_secs(60),
        tables: &[],
    };
    subject.store().place(&placing, subject.now()).unwrap();
    let looked = look(&subject, 8);
    let seen = looked.seen.iter().find(|(seen, _)| *seen == tag(8)).unwrap().1;
    assert!(seen.is_none_or(|seed| seed.is_intended), "whoever loads has to ask again");
}

#[test]
fn rows_that_are_known_are_not_seeded_any_more() {
    let (hands, subject) = after_new_rows();
    for _ in 0..100 {
        drop(look(&subject, 1));
    }
    let runs = |hands: &Hands| {
        let said: String = hands.server().run(&["INFO", "commandstats"]);
        let line = said.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap_or_default().to_owned();
        line.split(['=', ',']).nth(1).and_then(|count| count.parse::<u64>().ok()).unwrap_or_default()
    };
    let before = runs(&hands);
    for _ in 0..100 {
        drop(look(&subject, 1));
    }
    assert_eq!(runs(&hands), before);
}
