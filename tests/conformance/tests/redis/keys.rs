//! What lies under the server's keys: foreign things, how long it stays, what is swept away.

use std::time::Duration;

use cache_core::store::{Lease, Writer};
use cache_core::{Tag, Timeout};
use conformance::redis_server::{Hands, RedisServer};
use conformance::{Subject, key, shared, tag};
use redis::Value;

const DAY: i64 = 86_400_000;

fn hands() -> (Hands, Subject) {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    (hands, subject)
}

fn names(hands: &Hands, start: &str) -> Vec<String> {
    hands.server().run(&["KEYS", &format!("{start}*")])
}

#[test]
fn b19_things_of_another_type_count_as_lost() {
    let (hands, subject) = hands();
    let make_list = |name: &str| {
        hands.server().run::<Value>(&["DEL", name]);
        hands.server().run::<Value>(&["LPUSH", name, "foreign"]);
    };
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.place(Writer::fresh(), tag(1), 1);
    names(&hands, "shop:i:").iter().for_each(|name| make_list(name));
    assert!(subject.seed(tag(1)).is_intended && !subject.serves(1), "lost intents block the tag");
    subject.pass(1);
    names(&hands, "shop:t:").iter().for_each(|name| make_list(name));
    let again = subject.under(tag(1));
    assert_ne!(again, token);
    subject.put(1, vec![again]);
    assert!(subject.serves(1));
    names(&hands, "shop:e").iter().for_each(|name| make_list(name));
    assert!(subject.find(1).is_none());
    subject.put(1, vec![again]);
    assert!(subject.serves(1));
    let (lease, one) = (Lease::of(&key(1), &[]), Writer::fresh());
    subject.store().shared().unwrap().lease(lease, one, subject.units(100)).unwrap();
    names(&hands, "shop:l:").iter().for_each(|name| make_list(name));
    assert!(subject.store().shared().unwrap().lease(lease, one, subject.units(100)).unwrap());
    make_list("shop:incarnation");
    assert!(!subject.serves(1) || subject.under(tag(1)) == again, "and the next call goes on");
    assert_eq!(subject.under(tag(1)), again);
}

#[test]
fn b19_text_that_no_script_writes_counts_as_lost() {
    let (hands, subject) = hands();
    let texts = [
        "",
        "foreign",
        "t0",
        "t00000000000000ab:1",
        "b",
        "b-1",
        "t00000000000000AB",
        "00000000000000ab=1",
        "n00000000000000ab",
        "t00000000000000ab@",
        "t00000000000000ab@x999999999999",
        "i",
        "i:1",
    ];
    for text in texts {
        let token = subject.under(tag(1));
        subject.put(1, vec![token]);
        for name in names(&hands, "shop:t:") {
            hands.server().run::<Value>(&["SET", &name, text]);
        }
        assert!(!subject.serves(1), "{text}");
        assert_ne!(subject.under(tag(1)), token, "{text}");
    }
}

#[test]
fn no_tag_goes_before_what_was_stored_under_it() {
    let (hands, subject) = hands();
    // As many of these as there are tables.
    let tag = |_| Tag::root();
    let token = subject.under(tag(1));
    subject.put_value(1, shared(b"x"), vec![token], Timeout::NEVER);
    subject.put_value(2, shared(b"x"), vec![token], Timeout::after(Duration::MAX));
    let left = |name: &str| hands.server().run::<i64>(&["PTTL", name]);
    let name = names(&hands, "shop:t:").pop().unwrap();
    assert!(left(&name) > 59 * DAY);
    for entry in names(&hands, "shop:e") {
        assert!((29 * DAY..=30 * DAY).contains(&left(&entry)), "{}", left(&entry));
    }
    // Somebody fills under it once more, weeks later.
    hands.server().run::<Value>(&["PEXPIRE", &name, &(30 * DAY - 1).to_string()]);
    assert_eq!(subject.under(tag(1)), token);
    assert!(left(&name) > 59 * DAY);
    // A seed that finds it young leaves it: what does not write is not replicated.
    hands.server().run::<Value>(&["PEXPIRE", &name, &(31 * DAY).to_string()]);
    assert_eq!(subject.under(tag(1)), token);
    assert!(left(&name) <= 31 * DAY);
    let writer = Writer::fresh();
    subject.place(writer, tag(1), 10);
    assert!(left(&name) <= 2000, "under an intent it ends with that");
    subject.release(writer, tag(1), cache_core::store::Outcome::Unchanged);
    assert!(left(&name) > 59 * DAY && subject.under(tag(1)) == token);
}

#[test]
fn g4_keys_of_others_survive_everything() {
    let (hands, subject) = hands();
    let foreign = ["other", "shop", "shop:", "shop:e2:", "shop:e2:x", "shop2:e2:{0}", "shop:e2x:{0}", "SHOP:e2:{0}"];
    foreign.iter().for_each(|name| hands.server().run::<()>(&["SET", name, "theirs"]));
    let token = subject.under(Tag::root());
    subject.put(1, vec![token]);
    subject.change(Tag::root());
    subject.store().reclaim().unwrap();
    assert!(foreign.iter().all(|name| hands.server().run::<String>(&["GET", name]) == "theirs"));
    assert!(names(&hands, "shop:e2:{").is_empty());
}

#[test]
fn room_is_given_back_in_steps_and_goes_on_where_it_ended() {
    let (hands, subject) = hands();
    hands.server().run::<Value>(&["DEBUG", "POPULATE", "300000", "other"]);
    for id in 0..500 {
        subject.put(id, vec![]);
    }
    subject.store().shared().unwrap().set_operation_timeout(Duration::from_millis(60));
    let mut calls = 0;
    while !names(&hands, "shop:e").is_empty() {
        // A machine that does much else may be too late for so short a time.
        drop(subject.store().reclaim());
        calls += 1;
        assert!(calls < 500, "it ends");
    }
    assert_eq!(hands.server().run::<u64>(&["DBSIZE"]), 300_000 + 1);
}

#[test]
fn what_is_removed_leaves_no_key_behind() {
    let (hands, subject) = hands();
    let token = subject.under(tag(1));
    let before = names(&hands, "shop").len();
    for id in 1..=300 {
        subject.put(id, vec![token]);
    }
    let removed: Vec<_> = (1..=300).map(key).collect();
    subject.store().remove(&removed, subject.now()).unwrap();
    assert_eq!(names(&hands, "shop").len(), before);
}
