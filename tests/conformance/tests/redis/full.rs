//! A server without room: what it still does, and that it serves nothing old.

use std::time::Duration;

use cache_core::store::{Outcome, Writer};
use cache_core::{Tag, Timeout};
use conformance::redis_server::{Hands, RedisServer};
use conformance::{Dice, bytes_of, shared, tag};
use redis::Value;

#[test]
fn a_full_server_refuses_what_readers_add_and_takes_what_writers_say() {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    let (writer, other) = (Writer::fresh(), Writer::fresh());
    let tokens: Vec<_> = (1..=4).map(|id| subject.under(tag(id))).collect();
    for (id, token) in (1..=4).zip(&tokens) {
        subject.put(id, vec![*token]);
    }
    for id in 2..=4 {
        subject.place(writer, tag(id), 100);
        subject.place(other, tag(id), 100);
    }
    hands.server().run::<Value>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    hands.server().run::<Value>(&["CONFIG", "SET", "maxmemory", "1"]);
    let (store, now) = (subject.store(), subject.now());
    let connections = hands.cable().connections();
    assert!(subject.serves(1), "reading needs no room");
    assert!(store.seed(&[tag(9)], &[], now).is_err(), "new tags need room");
    subject.place(writer, tag(1), 100);
    assert!(subject.seed(tag(1)).token == tokens[0].1, "a token that is there is given");
    subject.change(tag(1));
    subject.release(writer, tag(2), Outcome::Changed);
    subject.release(writer, tag(3), Outcome::Unknown(Duration::from_secs(100)));
    assert!(!subject.serves(1) && !subject.serves(2) && !subject.serves(3) && subject.serves(4));
    assert_eq!(hands.cable().connections(), connections, "being refused costs no connection");
    hands.server().run::<Value>(&["CONFIG", "SET", "maxmemory", "0"]);
    for id in [2, 3] {
        assert!(subject.seed(tag(id)).is_intended, "the other writer's intent still stands");
    }
}

#[test]
fn what_is_evicted_costs_queries_only() {
    let hands = Hands::on(RedisServer::start_with(&["maxmemory 4mb", "maxmemory-policy allkeys-lru"]));
    let (subject, mut dice) = (hands.subject(), Dice::new(7));
    let mut versions = [0_u64; 8];
    let mut served = 0;
    for round in 0..2000_u64 {
        let id = dice.below(8);
        let at = usize::try_from(id).unwrap();
        match dice.below(4) {
            0 => {
                versions[at] = round + 1;
                subject.change(tag(id));
            }
            1 => {
                let value: Vec<u8> = versions[at].to_le_bytes().into_iter().cycle().take(12_000).collect();
                let filler = 100 + dice.below(1000);
                subject.put_value(filler, shared(&value), vec![], Timeout::NEVER);
                let root = subject.under(Tag::root());
                let token = subject.under(tag(id));
                subject.put_value(id, shared(&value), vec![root, token], Timeout::NEVER);
            }
            _ if subject.serves(id) => {
                // Between the two looks it may be evicted.
                let found = subject.find(id).and_then(|found| bytes_of(&found.value));
                assert!(found.is_none_or(|bytes| bytes[..8] == versions[at].to_le_bytes()), "round {round}");
                served += 1;
            }
            _ => {}
        }
    }
    let statistics: String = hands.server().run(&["INFO", "stats"]);
    assert!(!statistics.contains("evicted_keys:0\r\n"), "the server had to make room");
    assert!(served > 100, "{served}");
}
