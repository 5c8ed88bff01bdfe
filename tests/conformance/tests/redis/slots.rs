//! What is set by hand on a real server: done once whatever breaks, kept for as long as it says, and nothing foreign.

use std::time::Duration;

use cache_core::store::{Lasting, Link, Mark, Name, Packed, RedisLink, Swap};
use cache_core::{Cache, Kind, Timeout};
use conformance::redis_server::{Hands, RedisServer};
use conformance::{key, tag};
use redis::Value;

const DAY: i64 = 86_400_000;

fn link(url: &str) -> RedisLink {
    let link = RedisLink::from_url(url).unwrap();
    link.set_timeout(Duration::from_secs(5));
    link
}

fn cabled(hands: &Hands) -> String {
    format!("redis://127.0.0.1:{}?prefix=shop", hands.cable().port())
}

fn cache(url: &str) -> Cache {
    let builder = Cache::builder().redis(url).breaker_failures(u32::MAX);
    builder.operation_timeout(Duration::from_secs(2)).build().unwrap()
}

fn name(link: &RedisLink, id: u64) -> Name {
    link.names().entry(&cache_core::CacheKey { kind: Kind::Value, ..key(id) })
}

fn packed(name: &Name, bytes: &[u8], life: Option<Duration>) -> Packed {
    Packed { name: name.clone(), bytes: bytes.to_vec(), life, under: vec![] }
}

fn swap(name: &Name, from: &[u8], with: Option<(&[u8], Lasting)>) -> Swap {
    Swap { name: name.clone(), mark: Mark::of(from), with: with.map(|(bytes, lasting)| (bytes.to_vec(), lasting)) }
}

#[test]
fn b8_an_increment_that_is_cut_anywhere_counts_once_or_fails() {
    let hands = Hands::on(RedisServer::start());
    let (one, peer) = (cache(&cabled(&hands)), cache(&hands.server().url("shop")));
    one.set("n", &0_i64, Timeout::NEVER).unwrap();
    let (mut before, mut done) = (0, 0);
    for bytes in (0..700).step_by(5) {
        // Over a connection that is there: a new one begins with long answers.
        one.get::<i64>("n").unwrap();
        hands.cable().cut_after(bytes);
        let answer = one.incr("n", 1);
        hands.cable().cut_after(u64::MAX);
        let after = peer.get::<i64>("n").unwrap().unwrap();
        match answer {
            Ok(count) => {
                assert_eq!((count, after), (before + 1, before + 1), "after {bytes} bytes");
                done += 1;
            }
            Err(_) => assert!((before..=before + 1).contains(&after), "{before}, {after} after {bytes} bytes"),
        }
        before = after;
    }
    assert!(done > 20, "{done}");
}

#[test]
fn connections_that_were_cut_while_nobody_used_them_cost_no_call() {
    let hands = Hands::on(RedisServer::start());
    let cache = cache(&cabled(&hands));
    cache.set("n", &0_i64, Timeout::NEVER).unwrap();
    for round in 1..=20 {
        hands.cable().cut();
        // The end of a connection takes a moment to get here.
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(cache.incr("n", 1).unwrap(), round);
    }
}

#[test]
fn a_slot_lives_as_long_as_it_says() {
    let server = RedisServer::start();
    let link = link(&server.url("shop"));
    let left = |name: &Name| server.run::<i64>(&["PTTL", name.as_str()]);
    let (one, two, three) = (name(&link, 1), name(&link, 2), name(&link, 3));
    let hour = Some(Duration::from_secs(3600));
    let slots = [packed(&one, b"one", hour), packed(&two, b"two", None), packed(&three, b"x", Some(Duration::ZERO))];
    assert_eq!(link.open(&slots, &[]).unwrap().entries, [None, None, None]);
    assert!((3_590_000..=3_600_000).contains(&left(&one)));
    assert!((29 * DAY..=30 * DAY).contains(&left(&two)));
    assert_eq!(left(&three), -2, "what lives for no time is not there");
    let kept = [swap(&one, b"one", Some((b"1", Lasting::Kept))), swap(&two, b"two", Some((b"2", Lasting::Kept)))];
    assert_eq!(link.swap(&kept).unwrap(), [true, true]);
    assert!((3_590_000..=3_600_000).contains(&left(&one)) && left(&two) > 29 * DAY);
    let lasting = [Lasting::Forever, Lasting::For(Duration::MAX)];
    for (lasting, from) in lasting.into_iter().zip([b"1", b"2"]) {
        assert_eq!(link.swap(&[swap(&one, from, Some((b"2", lasting)))]).unwrap(), [true]);
        assert!((29 * DAY..=30 * DAY).contains(&left(&one)));
    }
    let over = Lasting::For(Duration::from_micros(900));
    assert_eq!(link.swap(&[swap(&one, b"2", Some((b"3", over))), swap(&two, b"2", None)]).unwrap(), [true, true]);
    assert_eq!((left(&one), left(&two)), (-2, -2));
}

#[test]
fn b19_what_is_not_there_or_of_another_type_begins_like_nothing() {
    let server = RedisServer::start();
    let link = link(&server.url("shop"));
    let one = name(&link, 1);
    let list = || server.run::<Value>(&["LPUSH", one.as_str(), "foreign"]);
    assert_eq!(link.swap(&[swap(&one, b"x", Some((b"y", Lasting::Forever)))]).unwrap(), [false]);
    assert_eq!(link.swap(&[swap(&one, b"", Some((b"y", Lasting::Kept)))]).unwrap(), [true]);
    assert!(!server.run::<bool>(&["EXISTS", one.as_str()]), "nothing was kept for so long");
    list();
    assert_eq!(link.swap(&[swap(&one, b"x", None)]).unwrap(), [false]);
    assert_eq!(link.swap(&[swap(&one, b"", Some((b"y", Lasting::Kept)))]).unwrap(), [true]);
    assert_eq!(link.open(&[packed(&one, b"new", None)], &[]).unwrap().entries, [None]);
    assert_eq!(server.run::<String>(&["GET", one.as_str()]), "new");
    server.run::<Value>(&["DEL", one.as_str()]);
    list();
    assert_eq!(link.swap(&[swap(&one, b"", Some((b"y", Lasting::Forever)))]).unwrap(), [true]);
    assert_eq!(server.run::<String>(&["GET", one.as_str()]), "y");
}

#[test]
fn more_slots_than_one_script_takes_come_in_order() {
    let server = RedisServer::start();
    let link = link(&server.url("shop"));
    let tags = [link.names().tag(&tag(1)), link.names().tag(&tag(2))];
    let seeds = link.seed(&tags[1..], &[]).unwrap().seeds;
    for count in [127_u64, 128, 129, 300] {
        let names: Vec<_> = (0..count).map(|id| name(&link, count * 1000 + id)).collect();
        let slots: Vec<_> = names.iter().map(|name| packed(name, name.as_str().as_bytes(), None)).collect();
        let opened = link.open(&slots, &tags).unwrap();
        assert!(opened.entries.len() == names.len() && opened.entries.iter().all(Option::is_none));
        assert_eq!(opened.seeds, [None, Some(seeds[0])]);
        let again = link.open(&slots, &tags).unwrap();
        let expected: Vec<_> = slots.iter().map(|slot| Some(slot.bytes.clone())).collect();
        assert_eq!((again.entries, again.seeds), (expected, opened.seeds));
        // Their names begin alike, and so do these bytes.
        let swaps = slots.iter().zip(0..).map(|(slot, at)| {
            let from = if at % 3 == 0 { &b"other"[..] } else { &slot.bytes };
            swap(&slot.name, from, Some((b"y", Lasting::Forever)))
        });
        let expected: Vec<_> = (0..count).map(|at| at % 3 != 0).collect();
        assert_eq!(link.swap(&swaps.collect::<Vec<_>>()).unwrap(), expected);
    }
    assert!(link.swap(&[]).unwrap().is_empty());
    assert_eq!(link.open(&[], &tags).unwrap().seeds, [None, Some(seeds[0])]);
}

#[test]
fn a_full_server_keeps_what_it_has_and_takes_nothing_new() {
    let server = RedisServer::start();
    let link = link(&server.url("shop"));
    let (one, two) = (name(&link, 1), name(&link, 2));
    link.open(&[packed(&one, b"one", None)], &[]).unwrap();
    server.run::<Value>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    server.run::<Value>(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(link.open(&[packed(&one, b"late", None)], &[]).unwrap().entries, [Some(b"one".to_vec())]);
    assert!(link.open(&[packed(&two, b"two", None)], &[]).is_err());
    assert!(link.swap(&[swap(&one, b"one", Some((b"1", Lasting::Forever)))]).is_err());
    assert!(link.swap(&[swap(&one, b"one", Some((b"1", Lasting::Kept)))]).is_err());
    assert_eq!(link.swap(&[swap(&one, b"other", None)]).unwrap(), [false]);
    assert_eq!(link.swap(&[swap(&one, b"one", None)]).unwrap(), [true]);
}

#[test]
fn a_server_that_takes_no_writes_is_not_believed() {
    let server = RedisServer::start();
    let other = RedisServer::start();
    let link = link(&server.url("shop"));
    let one = name(&link, 1);
    let opened = || link.open(&[packed(&one, b"one", None)], &[]);
    opened().unwrap();
    server.run::<Value>(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    assert!(opened().is_err() && link.swap(&[swap(&one, b"other", None)]).is_err());
    server.run::<Value>(&["REPLICAOF", "NO", "ONE"]);
    server.run::<Value>(&["DEL", "shop:incarnation"]);
    assert!(opened().is_ok() && link.swap(&[swap(&one, b"other", None)]).is_ok());
}
