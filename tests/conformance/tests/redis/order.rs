//! Tests the order in which tags are seeded.

use std::thread;
use std::time::{Duration, Instant};

use cache_core::store::{Link, Outcome, Placing, RedisLink, RedisStore, Release, Store, Writer};
use cache_core::{Clock, Database, SystemClock, Tag};
use conformance::redis_server::{Cable, Hands, RedisServer};
use conformance::{Subject, tag};

/// Whoever seeds the tag of a row before that of all writes knows by the second one that nobody wrote since.
#[test]
fn no_tag_is_seeded_from_an_older_answer_than_one_before_it() {
    let hands = Hands::on(RedisServer::start());
    let subject = hands.subject();
    let cable = Cable::to(hands.server().port());
    let far = RedisStore::from_url(&format!("redis://127.0.0.1:{}?prefix=shop", cable.port())).unwrap();
    far.shared().unwrap().set_operation_timeout(Duration::from_secs(20));
    // A machine that does much else may need more time for a write.
    let is_tested = (0..6_u64).any(|turn| {
        // Not asked for by a script at once, as those of rows are.
        let tags = ["absent", "known"].map(|name| Database::named(&format!("{name} {turn}")).tag());
        write_while_they_are_seeded(&subject, (&cable, &far), tags, Duration::from_millis(100 << turn))
    });
    assert!(is_tested, "no write was done in time");
}

/// Changes the second tag, which is there, while both are seeded over a cable on which replies take `delay`; says whether
/// that was done before the second question could be asked.
fn write_while_they_are_seeded(
    subject: &Subject,
    (cable, far): (&Cable, &RedisStore),
    [absent, known]: [Tag; 2],
    delay: Duration,
) -> bool {
    let old = subject.under(known).1;
    // Its connection is made.
    cable.delay(Duration::ZERO);
    assert_eq!(far.seed(&[known], &[], subject.now()).unwrap().seeds[0].token, old);
    cable.delay(delay);
    let began = Instant::now();
    let (seeds, is_in_time) = thread::scope(|scope| {
        let seeding = scope.spawn(|| far.seed(&[absent, known], &[], subject.now()).unwrap().seeds);
        thread::sleep(delay / 2);
        write(subject.store(), known);
        let is_in_time = began.elapsed() < delay;
        (seeding.join().unwrap(), is_in_time)
    });
    if is_in_time {
        let is_young = seeds[0].token == subject.under(absent).1;
        assert!(!is_young || seeds[1].token != old, "the first is younger than the write, the second older");
    }
    is_in_time
}

/// One run of a script knows each tag as it was before.
#[test]
fn a_tag_that_is_named_twice_is_changed_twice() {
    let server = RedisServer::start();
    let link = RedisLink::from_url(&server.url("shop")).unwrap();
    let (tags, life) = ([tag(1), tag(1)].map(|tag| link.names().tag(&tag)), Duration::from_secs(100));
    let seeds = link.seed(&tags, &[]).unwrap().seeds;
    assert_eq!(seeds[0], seeds[1]);
    let mut token = seeds[0].token;
    for (first, second, stands) in [
        (Outcome::Changed, Outcome::Unchanged, false),
        (Outcome::Unchanged, Outcome::Changed, false),
        (Outcome::Changed, Outcome::Unknown(life), true),
        (Outcome::Unknown(life), Outcome::Unchanged, false),
    ] {
        let writer = Writer::fresh();
        link.place(writer, &tags, life, &[]).unwrap();
        assert!(link.seed(&tags, &[]).unwrap().seeds.iter().all(|seed| seed.token == token && seed.is_intended));
        link.release(writer, &[(tags[0].clone(), first), (tags[1].clone(), second)], &[]).unwrap();
        let present = link.seed(&tags, &[]).unwrap().seeds[0];
        assert!(present.token != token && present.is_intended == stands, "{first:?}, {second:?}");
        token = present.token;
        link.release(writer, &[(tags[0].clone(), Outcome::Unchanged)], &[]).unwrap();
    }
}

fn write(store: &dyn Store, tag: Tag) {
    let (writer, now) = (Writer::fresh(), SystemClock::new().now());
    store.place(&Placing::new(writer, &[tag], Duration::from_secs(10)), now).unwrap();
    store.release(writer, &[Release { tag, outcome: Outcome::Changed }], &[], now).unwrap();
}
