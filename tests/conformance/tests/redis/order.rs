//! In which order are tags seeded?

use std::thread;
use std::time::Duration;

use cache_core::store::{Outcome, RedisStore, Store, Writer};
use cache_core::{Clock, Token};
use conformance::redis_server::{Cable, Hands, RedisServer};
use conformance::tag;

/// Whoever seeds the tag of a row before that of all writes knows by the second one that nobody wrote since.
#[test]
fn no_tag_is_seeded_from_an_older_answer_than_one_before_it() {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    let cable = Cable::to(hands.server().port());
    let far = RedisStore::from_url(&format!("redis://127.0.0.1:{}?prefix=shop", cable.port())).unwrap();
    let (absent, known) = (tag(1), tag(2));
    let old = subject.under(known).1;
    // Its connection is made, and the scripts are known.
    assert_eq!(far.seed(&[known], subject.now()).unwrap()[0].token, old);
    cable.delay(Duration::from_millis(200));
    let seeds = thread::scope(|scope| {
        let seeding = scope.spawn(|| far.seed(&[absent, known], subject.time().now()).unwrap());
        thread::sleep(Duration::from_millis(100));
        write(subject.store(), known);
        seeding.join().unwrap()
    });
    let present: Token = subject.under(absent).1;
    assert_ne!(subject.under(known).1, old);
    assert!(
        seeds[0].token != present || seeds[1].token != old,
        "the first one is younger than the write, the second older"
    );
}

fn write(store: &dyn Store, tag: cache_core::Tag) {
    let (writer, now) = (Writer::fresh(), cache_core::SystemClock::new().now());
    store.place(writer, &[tag], Duration::from_secs(10), now).unwrap();
    store.release(writer, &[cache_core::store::Release { tag, outcome: Outcome::Changed }], now).unwrap();
}
