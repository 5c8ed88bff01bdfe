//! Hurts servers of memcached: they are killed, stand still, forget, and are others than they should be.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use cache_core::store::{MemcachedStore, Outcome, Writer};
use cache_core::{Cache, ErrorKind, Tag};
use conformance::memcached_server::{MemcachedHands, MemcachedServer};
use conformance::{Frail, Holding, Subject, Time, key, tag};

/// So many rows, under the root and a tag of their own.
fn fill(subject: &Subject, rows: u64) {
    // Each server is met before: the first who meets one changes the root.
    (0..rows).for_each(|row| assert!(!subject.seed(tag(row)).is_intended));
    let root = subject.under(Tag::root());
    for row in 0..rows {
        let own = subject.under(tag(row));
        subject.put(row, vec![root, own]);
    }
}

fn served(subject: &Subject, rows: u64) -> u64 {
    (0..rows).filter(|row| subject.serves(*row)).count() as u64
}

#[test]
fn keys_are_spread_over_all_servers() {
    let hands = MemcachedHands::on(3);
    let subject = hands.subject();
    fill(&subject, 60);
    assert_eq!(served(&subject, 60), 60);
    let names = cache_core::store::Names::starting_with("shop").unwrap();
    for server in hands.servers() {
        let own = (0..60).filter(|row| server.get(names.entry(&key(*row)).as_str()).is_some()).count();
        assert!((5..50).contains(&own), "{own} of 60");
    }
}

#[test]
fn a_server_that_was_restarted_ends_what_is_on_all_of_them() {
    for restarted in 0..2 {
        let hands = MemcachedHands::on(2);
        let (subject, peer) = (hands.subject(), hands.subject().peer(None));
        fill(&subject, 20);
        assert_eq!(served(&peer, 20), 20);
        hands.servers()[restarted].restart();
        // Whoever looks at that server first changes the root.
        served(&peer, 20);
        assert_eq!((served(&peer, 20), served(&subject, 20)), (0, 0));
        fill(&subject, 20);
        assert_eq!(served(&peer, 20), 20);
    }
}

#[test]
fn a_server_that_is_not_there_is_not_replaced() {
    let hands = MemcachedHands::on(2);
    let subject = hands.subject();
    fill(&subject, 20);
    hands.servers()[1].kill();
    let reached = |row| subject.store().seed(&[tag(row)], &[], subject.now()).is_ok();
    let there = (0..20).filter(|row| reached(*row)).count();
    assert!((1..20).contains(&there), "{there} of 20");
    hands.servers()[1].start_again();
    assert!((0..20).all(reached));
}

#[test]
fn a_server_that_stands_still_holds_nobody_up_for_long() {
    let hands = MemcachedHands::on(2);
    let subject = hands.subject();
    fill(&subject, 20);
    subject.store().shared().unwrap().set_operation_timeout(Duration::from_millis(100));
    hands.servers()[0].hang(true);
    let began = std::time::Instant::now();
    let failed = (0..20).filter(|row| subject.store().seed(&[tag(*row)], &[], subject.now()).is_err()).count();
    assert!(failed > 0 && began.elapsed() < Duration::from_millis(150) * 20);
    hands.servers()[0].hang(false);
    subject.store().shared().unwrap().set_operation_timeout(Duration::from_secs(10));
    assert_eq!(served(&subject, 20), 20);
}

#[test]
fn a_release_that_arrives_late_ends_what_was_stored_before_it() {
    let hands = MemcachedHands::on(1);
    let (subject, peer) = (hands.subject(), hands.subject().peer(None));
    let writer = Writer::fresh();
    subject.place(writer, tag(1), 10);
    subject.store().shared().unwrap().set_operation_timeout(Duration::from_millis(50));
    hands.servers()[0].hang(true);
    let release = [cache_core::store::Release { tag: tag(1), outcome: Outcome::Changed }];
    assert!(subject.store().release(writer, &release, &[], subject.now()).is_err());
    hands.servers()[0].hang(false);
    let before = peer.under(tag(1));
    peer.put(1, vec![before]);
    subject.store().shared().unwrap().set_operation_timeout(Duration::from_secs(10));
    subject.release(writer, tag(1), Outcome::Changed);
    assert!(!peer.serves(1));
}

#[test]
fn what_is_evicted_is_a_miss_and_tags_come_back_with_other_tokens() {
    let server = MemcachedServer::start_with(&["-m", "2", "-o", "slab_reassign"]);
    let store = || MemcachedStore::from_url(&server.url("shop")).unwrap();
    let (store, other) = (Subject::new(store(), Time::real()), Subject::new(store(), Time::real()));
    let large = conformance::shared(&vec![7; 40_000]);
    let mut tokens = Vec::new();
    for row in 0..400 {
        let own = store.under(tag(row));
        tokens.push(own.1);
        store.put_value(row, large.clone(), vec![own], cache_core::Timeout::after(Duration::from_secs(100)));
    }
    let found = (0..400).filter(|row| other.serves(*row)).count();
    assert!(found < 400, "{found} of 400 fit into two megabytes");
    // Whatever was lost: what is served is under a token that its tag still has.
    for row in 0..400 {
        let again = other.under(tag(row)).1;
        assert!(again == tokens[usize::try_from(row).unwrap()] || !other.serves(row));
    }
}

#[test]
fn q4_a_tag_that_is_evicted_while_a_write_is_under_way_ends_what_was_stored_meanwhile() {
    for is_lost_again in [false, true] {
        let hands = MemcachedHands::on(1);
        let (writer, reader, who) = (hands.subject(), hands.subject().peer(None), Writer::fresh());
        let lose = || {
            hands.lose_token(&tag(1));
            hands.lose_intents(&tag(1));
        };
        writer.place(who, tag(1), 10);
        lose();
        let meanwhile = reader.under(tag(1));
        reader.put(1, vec![meanwhile]);
        if is_lost_again {
            lose();
        }
        writer.release(who, tag(1), Outcome::Changed);
        assert!(!reader.serves(1));
        assert_ne!(reader.under(tag(1)), meanwhile);
    }
}

#[test]
fn no_change_is_lost_while_servers_are_restarted() {
    let hands = MemcachedHands::on(2);
    let stop = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let subject = hands.subject().peer(None);
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    change_and_look(&subject);
                }
            });
        }
        for round in 0..6 {
            thread::sleep(Duration::from_millis(60));
            hands.servers()[round % 2].restart();
        }
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
    });
}

/// What was stored before an acknowledged change is not served after it.
fn change_and_look(subject: &Subject) {
    let (store, now) = (subject.store(), subject.now());
    let Ok(seeded) = store.seed(&[Tag::root(), tag(1)], &[], now) else { return };
    let tokens = vec![(Tag::root(), seeded.seeds[0].token), (tag(1), seeded.seeds[1].token)];
    let life = cache_core::Life::starting(now, cache_core::Timeout::after(Duration::from_secs(60)));
    let mark = Writer::fresh().bits().to_le_bytes();
    let value = conformance::shared(&mark);
    let put = cache_core::store::Put { key: key(1), value, life, tokens, weight: 8, codec: Some(conformance::codec()) };
    if store.put(vec![put], None, now).is_err() {
        return;
    }
    let release = [cache_core::store::Release { tag: tag(1), outcome: Outcome::Changed }];
    if store.release(Writer::fresh(), &release, &[], now).is_err() {
        return;
    }
    let wanted = cache_core::store::Wanted { key: key(1), tags: &Vec::new, codec: Some(conformance::codec()) };
    let Ok(mut looked) = store.look(&[wanted], now) else { return };
    let found = looked.remove(0).found.filter(|found| found.worth == cache_core::Worth::Fresh);
    let served = found.and_then(|found| conformance::bytes_of(&found.value));
    assert_ne!(served.as_deref(), Some(&mark[..]), "it was stored before the change");
}

#[test]
fn a_server_that_cannot_be_used_is_refused_when_the_cache_is_built() {
    let refused = |url: &str, expected: &str| {
        let error = Cache::from_url(url).expect_err(expected);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("secret"));
    };
    refused(&MemcachedServer::start_with(&["-C"]).url("shop"), "`-C`");
    refused(&MemcachedServer::start_unasked(&["-B", "binary"]).url("shop"), "the binary protocol alone");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("items");
    let kept = MemcachedServer::start_with(&["-m", "64", "-e", file.to_str().unwrap()]);
    refused(&kept.url("shop"), "`-e`");
    let servers = MemcachedHands::on(2);
    Cache::from_url(&servers.url("shop")).unwrap();
    refused(&servers.servers()[0].url("shop"), "another list of servers");
    Cache::from_url(&servers.servers()[0].url("other")).unwrap();
    Cache::from_url("memcached://127.0.0.1:1?prefix=shop").expect("a server that is not there may be there later");
    refused(&format!("{}&near=1mb", servers.url("shop")), "tells of changes");
}

#[test]
fn a_server_without_room_for_a_connection_is_one_that_does_not_answer() {
    let server = MemcachedServer::start_with(&["-c", "64"]);
    let connect = || TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let taken: Vec<TcpStream> = (0..80).map(|_| connect()).collect();
    // The server's threads count connections a moment after they were accepted.
    let is_full = || {
        let (mut stream, mut answer) = (connect(), [0; 7]);
        stream.write_all(b"version\r\n").and_then(|()| stream.read_exact(&mut answer)).is_err() || answer != *b"VERSION"
    };
    while !is_full() {
        thread::sleep(Duration::from_millis(5));
    }
    let cache = Cache::from_url(&server.url("shop")).expect("it may have room later");
    assert!(cache.set("layout", &1_i64, ()).is_err());
    drop(taken);
    let is_kept = || cache.set("layout", &1_i64, ()).is_ok();
    assert!((0..3000).any(|_| is_kept() || {
        thread::sleep(Duration::from_millis(10));
        false
    }));
}

#[cfg(feature = "redis")]
#[test]
fn a_server_of_redis_is_refused_by_its_kind() {
    let redis = conformance::redis_server::RedisServer::start();
    let error = Cache::from_url(&format!("memcached://127.0.0.1:{}?prefix=shop", redis.port())).unwrap_err();
    assert!(error.to_string().contains("another kind"), "{error}");
}

#[test]
fn users_log_in() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    std::fs::write(&file, "shop:secret\n").unwrap();
    let server = MemcachedServer::start_with(&["-Y", file.to_str().unwrap()]);
    let url = |login: &str| format!("memcached://{login}127.0.0.1:{}?prefix=shop", server.port());
    let subject = Subject::new(MemcachedStore::from_url(&url("shop:secret@")).unwrap(), Time::real());
    fill(&subject, 3);
    assert_eq!(served(&subject, 3), 3);
    for (login, expected) in [("shop:wrong@", "refuses the user"), ("", "wants a user")] {
        let error = Cache::from_url(&url(login)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let open = MemcachedServer::start();
    let url = format!("memcached://shop:secret@127.0.0.1:{}", open.port());
    Cache::from_url(&url).expect("a server that asks nobody is told all the same");
    assert_eq!(open.get("login"), None);
}

#[test]
fn a_server_is_reached_by_its_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("memcached.sock");
    let mut child =
        std::process::Command::new("memcached").args(["-u", "root", "-s", socket.to_str().unwrap()]).spawn().unwrap();
    while !socket.exists() {
        thread::sleep(Duration::from_millis(5));
    }
    let url = format!("memcached+unix://{}?prefix=shop", socket.display());
    let subject = Subject::new(MemcachedStore::from_url(&url).unwrap(), Time::real());
    fill(&subject, 3);
    assert_eq!(served(&subject, 3), 3);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// In the servers' own time: it is counted in seconds.
#[test]
fn an_intent_stands_for_as_long_as_it_was_asked_for_and_a_second_at_most() {
    let hands = MemcachedHands::in_real_time(1);
    let subject = hands.subject();
    let token = subject.under(tag(1));
    subject.put(1, vec![token]);
    subject.place(Writer::fresh(), tag(1), 1);
    subject.put_value(2, conformance::shared(b"x"), vec![], cache_core::Timeout::after(Duration::from_secs(2)));
    thread::sleep(Duration::from_millis(950));
    assert!(subject.serves(1));
    thread::sleep(Duration::from_millis(2150));
    assert!(!subject.serves(1) && !subject.serves(2));
    subject.hand().live_again(Holding::Nothing);
    assert!(subject.find(1).is_none());
}
