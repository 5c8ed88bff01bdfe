//! A cache whose tables lie in shards of a cluster: what every store keeps to, and what spans shards.

use std::sync::Arc;
use std::time::Duration;

use cache_core::store::{Lease, Outcome, Put, RedisLink, RedisStore, Stored, Wanted, Writer};
use cache_core::store::{Link, Packed};
use cache_core::{Cache, CacheKey, Database, KeyBytes, Life, Shard, Sharding, Tag, TagKind, Timeout, Worth};
use conformance::redis_server::{RedisCluster, Servers, Several, Sharded, await_that};
use conformance::{Subject, Time, codec, key, shared, tag};

fn hands() -> Several<Sharded> {
    Several(Arc::new(Sharded::over(RedisCluster::steady())))
}

#[test]
fn a_cache_in_shards_keeps_the_contract() {
    let hands = hands();
    conformance::store_contract_holds!(hands.subject());
    conformance::slot_contract_holds!(hands.subject());
    conformance::shared_store_contract_holds!(hands.subject());
}

/// A row's tag, and the copy of the whole cache's beside it, by what stands in the braces of their shard.
fn of_row(id: u64) -> (Tag, Tag, String) {
    let tag = tag(id);
    (tag, Sharding::ByTable.root_beside(&tag), RedisCluster::in_shard("shop", tag.shard().index()))
}

/// A tag in another shard.
fn elsewhere(tag: &Tag) -> Tag {
    let table = |number: u32| Database::named("test").table(&format!("u{number}")).whole(TagKind::Any);
    (0..).map(table).find(|other| other.shard() != tag.shard()).unwrap()
}

#[test]
fn a_replica_of_one_shard_that_missed_a_release_brings_nothing_back_that_lies_in_another() {
    let cluster = RedisCluster::start();
    let (row, root, shard) = of_row(1);
    let (old, new) = (cluster.primary_of(&shard), cluster.replica_of(&shard));
    // What the other primary has goes on while this one is replaced.
    let is_apart =
        |tag: &Tag| cluster.primary_of(&RedisCluster::in_shard("shop", tag.shard().index())).port() != old.port();
    let others = (0..64).map(|number| Database::named("test").table(&format!("u{number}")).whole(TagKind::Any));
    let other = others.into_iter().find(is_apart).unwrap();
    let other_root = Sharding::ByTable.root_beside(&other);
    let url = format!("{}&spread=tables", cluster.url("shop"));
    let subject = Subject::new(RedisStore::from_url(&url).unwrap(), Time::real());
    let home = CacheKey { manager: key(1).manager.in_shard(other.shard()), ..key(1) };
    let (spanning, beside) = (vec![root, row, other_root, other], vec![other_root, other]);
    let put = |key: CacheKey, tags: &[Tag]| {
        let tokens = tags.iter().map(|tag| subject.under(*tag)).collect();
        let life = Life::starting(subject.now(), Timeout::from_secs(100));
        let put = Put { key, value: shared(b"x"), life, tokens, weight: 1, codec: Some(codec()) };
        assert_eq!(subject.store().put(vec![put], None, subject.now()).unwrap(), [Stored::Kept]);
    };
    let other_key = CacheKey { id: KeyBytes::of(&2), ..home };
    let serves = |key: CacheKey, tags: &[Tag]| {
        let tags = || tags.to_vec();
        let wanted = Wanted { key, tags: &tags, codec: Some(codec()) };
        let found = subject.store().look(&[wanted], subject.now()).map(|mut looked| looked.remove(0).found);
        found.is_ok_and(|found| found.is_some_and(|found| found.worth == Worth::Fresh))
    };
    put(home, &spanning);
    put(other_key, &beside);
    assert!(serves(home, &spanning) && serves(other_key, &beside));
    await_that("a replica that has all", || new.run::<u64>(&["DBSIZE"]) == old.run::<u64>(&["DBSIZE"]));
    new.hang(true);
    subject.change(row);
    assert!(!serves(home, &spanning));
    old.kill();
    new.hang(false);
    await_that("a replica that takes over", || new.run::<String>(&["INFO", "replication"]).contains("role:master"));
    await_that("a shard that works", || subject.store().seed(&[row], &[], subject.now()).is_ok());
    assert!(!serves(home, &spanning), "the release was lost");
    assert!(serves(other_key, &beside), "nothing has happened to the other shard");
    put(home, &spanning);
    assert!(serves(home, &spanning));
}

#[test]
fn a_write_of_everything_ends_what_lies_in_each_shard() {
    let cluster = RedisCluster::steady();
    let cache = Cache::from_url(&format!("{}&spread=tables", cluster.url("shop"))).unwrap();
    assert_eq!(cache.sharding(), Sharding::ByTable);
    let subject =
        Subject::new(RedisStore::from_url(&format!("{}&spread=tables", cluster.url("shop"))).unwrap(), Time::real());
    let database = Database::named("test");
    let ends = |what: Tag, clear: &dyn Fn()| {
        let copies = Sharding::ByTable.written(&[what]);
        assert_eq!(copies.len(), Shard::COUNT);
        let before: Vec<_> = copies.iter().map(|copy| subject.seed(*copy).token).collect();
        clear();
        let after = copies.iter().map(|copy| subject.seed(*copy).token);
        assert!(after.zip(before).all(|(after, before)| after != before), "{what:?}");
    };
    ends(Tag::root(), &|| cache.clear().unwrap());
    ends(database.tag(), &|| subject.change(database.tag()));
}

#[test]
fn an_intent_beside_what_stands_for_everything_is_seen_in_each_shard() {
    let hands = hands();
    let (subject, writer) = (hands.subject(), Writer::fresh());
    let root = Tag::root();
    subject.place(writer, root, 100);
    let copies = Sharding::ByTable.written(&[root]);
    assert!(copies.iter().all(|copy| subject.seed(*copy).is_intended));
    subject.release(writer, root, Outcome::Unchanged);
    assert!(!copies.iter().any(|copy| subject.seed(*copy).is_intended));
}

#[test]
fn tags_elsewhere_are_kept_for_as_long_as_what_is_stored_under_them() {
    let hands = hands();
    let subject = hands.subject();
    let row = tag(1);
    let home = CacheKey { manager: key(1).manager.in_shard(elsewhere(&row).shard()), ..key(1) };
    let token = subject.under(row);
    let life = Life::starting(subject.now(), Timeout::from_secs(86_400));
    let put = Put { key: home, value: shared(b"x"), life, tokens: vec![token], weight: 1, codec: Some(codec()) };
    subject.store().put(vec![put], None, subject.now()).unwrap();
    let name = hands.0.names("shop").tag(&row).token;
    let left: u64 = hands.0.primary_for("shop", name.as_str()).run(&["TTL", name.as_str()]);
    assert!(left > 86_400, "{left} s");
}

#[test]
fn what_does_not_go_together_is_said_when_the_cache_is_built() {
    let refused = |url: &str| Cache::from_url(url).expect_err(url).to_string();
    for (url, part) in [
        ("redis://127.0.0.1:1?spread=tables", "`spread` needs `redis+cluster://`"),
        ("redis+sentinel://127.0.0.1:1/main?spread=tables", "`spread` needs `redis+cluster://`"),
        ("redis+cluster://127.0.0.1:1?spread=rows", "`spread` of the Redis URL is `tables`"),
        ("redis+cluster://127.0.0.1:1?spread=tables&near=1mb", "`near` does not go with `spread`"),
    ] {
        assert!(refused(url).contains(part), "{}", refused(url));
    }
}

/// What look-ups, loads and writes ask for in shards is what they ask for in one place.
#[test]
fn what_spans_shards_is_seeded_read_placed_and_released_as_in_one_slot() {
    let cluster = RedisCluster::steady();
    let link = RedisLink::from_url(&format!("{}&spread=tables", cluster.url("shop"))).unwrap();
    let (row, names) = (tag(1), link.names().clone());
    let other = elsewhere(&row);
    let tags = [names.tag(&row), names.tag(&other), names.tag(&tag(2))];
    let notes = [names.notes(&other).notes, names.notes(&Database::named("test").table("t").whole(TagKind::Any)).notes];
    let entries = [names.entry(&key(1))];
    let [entry] = &entries;
    let (read, new_count) = link.seed_and_read(&tags, &entries, &tags).unwrap();
    assert_eq!((new_count, read.entries.len(), read.seeds.iter().flatten().count()), (3, 1, 3));
    let (again, new_count) = link.seed_and_read(&tags, &entries, &tags).unwrap();
    assert_eq!((new_count, &again.seeds), (0, &read.seeds));
    let seeded = link.seed(&tags, &notes).unwrap();
    assert_eq!(seeded.seeds.iter().copied().map(Some).collect::<Vec<_>>(), read.seeds);
    assert_eq!(seeded.notes, [None, None]);
    let writer = Writer::fresh();
    assert_eq!(link.place(writer, &tags, Duration::from_secs(60), &notes).unwrap(), [None, None]);
    assert!(link.seed(&tags, &[]).unwrap().seeds.iter().all(|seed| seed.is_intended));
    let held = |at: usize| Some(seeded.seeds[at].token);
    let [first, second, third] = tags.clone();
    let releases =
        [(first, Outcome::Changed, held(0)), (second, Outcome::Changed, held(0)), (third, Outcome::Unchanged, None)];
    let released = link.release_comparing(writer, &releases, &notes).unwrap();
    let after = link.seed(&tags, &[]).unwrap().seeds;
    assert_eq!(released.replaced, [Some(after[0].token), None, None]);
    assert_eq!((after[2], after[1].token == seeded.seeds[1].token), (seeded.seeds[2], false));
    let put =
        |life| Packed { name: entry.clone(), bytes: vec![1], life, under: vec![(tags[0].clone(), after[0].token)] };
    let lease = names.lease(&Lease::of(&key(1), &[]));
    let opening = link.begin((&lease, writer, Duration::from_secs(60)), (entry, &tags), &notes).unwrap();
    assert_eq!(
        (opening.is_taken, opening.answer.entries, opening.seeded.seeds),
        (Some(true), vec![None], after.clone())
    );
    assert!(!link.lease(&lease, Writer::fresh(), Duration::from_secs(60)).unwrap());
    link.put(&[put(None)], Some((&lease, writer))).unwrap();
    assert!(link.lease(&lease, writer, Duration::from_secs(60)).unwrap(), "it ended");
    assert_eq!(link.read(&entries, &tags).unwrap().entries, [Some(vec![1])]);
    let unused: Vec<_> = tags.iter().zip(&after).map(|(tag, seed)| (tag.clone(), seed.token)).collect();
    link.give_up(&lease, writer, &unused).unwrap();
    assert!(link.lease(&lease, Writer::fresh(), Duration::from_secs(60)).unwrap(), "it was given up");
    link.remove(&entries).unwrap();
    assert_eq!(link.read(&entries, &tags).unwrap().entries, [None]);
}
