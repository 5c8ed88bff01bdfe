//! What operations cost a server: which commands, and how much of its thread's time. docs/scale.md goes by both.
//!
//! `CONFORMANCE_COSTS=20000 cargo test -p conformance --all-features --test redis costs -- --nocapture` measures the time
//! with so many operations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::policy::NearPolicy;
use cache_core::protocol::read::Subject as Read;
use cache_core::protocol::sharding::Sharding;
use cache_core::protocol::write::{Change, ChangeSet};
use cache_core::store::{Outcome, Placing, Put, Release, Wanted, Writer};
use cache_core::tables::Tables;
use cache_core::{CacheKey, Database, Fingerprint, KeyBytes, Life, ManagerTags, Shard, Tag, Timeout};
use conformance::redis_server::{Hands, RedisCluster, RedisServer, Servers, Several, Sharded, await_that};
use conformance::{Finds, Subject, codec, key, shared};

/// What one operation costs.
#[derive(Debug)]
struct Cost {
    /// How often each command is run.
    calls: BTreeMap<String, u64>,
    /// Microseconds of the server's main thread.
    server: f64,
    /// Microseconds of the thread that asks.
    process: f64,
}

fn count() -> u32 {
    std::env::var("CONFORMANCE_COSTS").ok().and_then(|count| count.parse().ok()).unwrap_or(200)
}

/// The time of a server's main thread so far.
fn of_server(server: &RedisServer) -> f64 {
    let said: String = server.run(&["INFO", "cpu"]);
    let field = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|text| text.trim().parse::<f64>().ok()).unwrap_or_default()
    };
    1e6 * (field("used_cpu_user_main_thread") + field("used_cpu_sys_main_thread"))
}

/// The time of this thread so far, where the system says.
fn of_thread() -> f64 {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    said.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or_default() / 1e3
}

fn calls(server: &RedisServer) -> BTreeMap<String, u64> {
    let said: String = server.run(&["INFO", "commandstats"]);
    let call = |line: &str| {
        let (name, counts) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        Some((name.to_owned(), counts.split_once(',')?.0.parse().ok()?))
    };
    said.lines().filter_map(call).collect()
}

/// What work costs that is done some times, the commands of the tests and of replicas left out.
fn measure(server: &RedisServer, mut work: impl FnMut()) -> Cost {
    work();
    let (count, before) = (count(), (calls(server), of_server(server), of_thread()));
    (0..count).for_each(|_| work());
    let (server_time, process) = (of_server(server) - before.1, of_thread() - before.2);
    let mut calls = calls(server);
    calls.retain(|name, calls| {
        *calls = (*calls - before.0.get(name).copied().unwrap_or_default()) / u64::from(count);
        *calls > 0
    });
    Cost { calls, server: server_time / f64::from(count), process: process / f64::from(count) }
}

/// What a row and a list over two tables depend on, and what a save of the row changes.
struct Tags {
    row: Vec<Tag>,
    list: Vec<Tag>,
    saved: Vec<Tag>,
}

fn tags() -> Tags {
    tags_by(Sharding::Whole)
}

fn tags_by(sharding: Sharding) -> Tags {
    let (tables, database, row) = (Tables::default(), Database::named("shop"), KeyBytes::of(&1));
    let space = Fingerprint::of(&[b"product"]);
    let named = ["products".to_owned(), "reviews".to_owned()];
    let manager = ManagerTags::of(space.in_shard(Shard::of_table("products")));
    let reading = |named| Read { database, space, manager, table: "products", named, tables: &tables, sharding };
    let mut changes = ChangeSet::new();
    changes.add("products", &Change::Saved { row: Some(row), scopes: None }, &tables);
    let (row, list) = (reading(&named[..1]).found_row(row), reading(&named).list(None));
    Tags { row, list, saved: changes.tags(&database) }
}

fn hit(subject: &Subject, server: &RedisServer, id: u64, tags: &[Tag]) -> Cost {
    let tokens = tags.iter().map(|tag| subject.under(*tag)).collect();
    let life = Life::starting(subject.now(), Timeout::after(Duration::from_secs(600)));
    let key = CacheKey { manager: key(id).manager.in_shard(Shard::of_table("products")), ..key(id) };
    let put = Put { key, value: shared(b"value"), life, tokens, weight: 8, codec: Some(codec()) };
    subject.store().put(vec![put], None, subject.now()).unwrap();
    let tags_of = || tags.to_vec();
    measure(server, || {
        let wanted = Wanted { key, tags: &tags_of, codec: Some(codec()) };
        assert!(subject.store().find_one(&wanted, subject.now()).unwrap().is_some());
    })
}

fn write(subject: &Subject, server: &RedisServer, tags: &[Tag]) -> Cost {
    measure(server, || {
        let writer = Writer::fresh();
        subject.store().place(&Placing::new(writer, tags, Duration::from_secs(10)), subject.now()).unwrap();
        let release = |tag: &Tag| Release { tag: *tag, outcome: Outcome::Changed };
        let releases: Vec<Release> = tags.iter().map(release).collect();
        subject.store().release(writer, &releases, &[], subject.now()).unwrap();
    })
}

/// A hit of a row, a hit of a list over two tables, a write.
fn operations(name: &str, subject: &Subject, server: &RedisServer) -> [Cost; 3] {
    let Tags { row, list, saved } = tags();
    let costs = [hit(subject, server, 1, &row), hit(subject, server, 2, &list), write(subject, server, &saved)];
    for (what, cost) in ["a row", "a list over two tables", "a write"].iter().zip(&costs) {
        println!("{name}, {what}: server {:.1}, process {:.1}, {:?}", cost.server, cost.process, cost.calls);
    }
    costs
}

/// So often each of these commands.
fn are(cost: &Cost, expected: &[(&str, u64)]) {
    // What is run inside of scripts is counted too.
    let is_asked = |name: &str| ["mget", "getex", "exists", "evalsha", "eval"].contains(&name);
    let own: Vec<(&str, u64)> = cost.calls.iter().map(|(name, calls)| (name.as_str(), *calls)).collect();
    let own: Vec<(&str, u64)> = own.into_iter().filter(|(name, _)| is_asked(name)).collect();
    assert_eq!(own, expected, "{cost:?}");
}

#[test]
fn a_hit_on_a_cluster_asks_for_one_key_more_than_on_a_single_server() {
    let single = Hands::on(RedisServer::start());
    let cluster = Several(Arc::new(RedisCluster::steady()));
    let (one, of_cluster) = (single.subject(), cluster.subject());
    let [row, list, _] = operations("one server", &one, single.server());
    [&row, &list].into_iter().for_each(|cost| are(cost, &[("getex", 1), ("mget", 1)]));
    let primary = cluster.0.primary_of("shop");
    let [there, list, _] = operations("a cluster", &of_cluster, primary);
    [&there, &list].into_iter().for_each(|cost| are(cost, &[("exists", 1), ("getex", 1), ("mget", 1)]));
    let of = |cost: &Cost| cost.server + cost.process;
    println!(
        "a hit on the cluster: {:.2} of one on the server; {:.2} of its time",
        of(&there) / of(&row),
        there.server / row.server
    );
}

#[test]
fn what_asks_for_one_table_costs_the_same_in_shards_as_in_one_slot() {
    let (slot, shards) =
        (Several(Arc::new(RedisCluster::steady())), Several(Arc::new(Sharded::over(RedisCluster::steady()))));
    let (in_slot, in_shards) = (slot.subject(), shards.subject());
    let [row, _, written] = operations("one slot", &in_slot, slot.0.primary("shop"));
    let Tags { row: tags, saved, .. } = tags_by(Sharding::ByTable);
    let shard = shards.0.primary_for("shop", shards.0.names("shop").tag(&saved[0]).token.as_str());
    let (there, written_there) = (hit(&in_shards, shard, 1, &tags), write(&in_shards, shard, &saved));
    let asked = |cost: &Cost| ["evalsha", "exists", "getex", "mget"].map(|name| cost.calls.get(name).copied());
    assert_eq!([&there, &written_there].map(asked), [&row, &written].map(asked));
    println!("in shards, a row: server {:.1}, process {:.1}", there.server, there.process);
    println!("in shards, a write: server {:.1}, process {:.1}", written_there.server, written_there.process);
}

/// Microseconds of a server's thread, and what it ran, while nobody asks anything but in the background.
fn at_rest(server: &RedisServer) -> (f64, BTreeMap<String, u64>) {
    let before = (calls(server), of_server(server));
    std::thread::sleep(Duration::from_millis(1_500));
    let mut ran = calls(server);
    ran.iter_mut().for_each(|(name, calls)| *calls -= before.0.get(name).copied().unwrap_or_default());
    (of_server(server) - before.1, ran)
}

/// What a change costs that is told to many processes, and a heartbeat.
#[test]
fn what_is_told_to_processes_costs_the_server_by_their_number() {
    const PROCESSES: u32 = 8;
    let hands = Hands::on(RedisServer::start());
    let saved = tags().saved;
    let (far, alone) = (write(&hands.subject(), hands.server(), &saved), at_rest(hands.server()).0);
    let policy = NearPolicy::with_capacity(1 << 20).max_staleness(Duration::from_millis(400));
    let near: Vec<Subject> = (0..PROCESSES).map(|_| hands.near(policy)).collect();
    let counts = |subject: &Subject| subject.store().shared().unwrap().near_counts(subject.now()).unwrap();
    await_that("near memory", || near.iter().all(|subject| counts(subject).is_trusted));
    let began = Instant::now();
    let (busy, ran) = at_rest(hands.server());
    println!("a heartbeat: {:.1}", (busy - alone) / ran["ping"] as f64);
    // Four in `max_staleness`; a busy machine may leave some out.
    let due = began.elapsed().as_secs_f64() / 0.1 * f64::from(PROCESSES);
    assert!(ran["ping"] as f64 <= 1.2 * due, "{ran:?}, {due} are due");
    let sum = || near.iter().map(|subject| counts(subject).told_count).sum::<u64>();
    let before = sum();
    let told = write(&hands.subject(), hands.server(), &saved);
    let pushed = saved.iter().filter(|tag| !tag.kind().is_polled()).count() as u64;
    // Once when its intent is placed, which lets the token end, and once when it is released. Changes that follow each other
    // closely are told of together.
    let most = 2 * pushed * u64::from(PROCESSES) * u64::from(count() + 1);
    await_that("every process is told", || sum() >= before + u64::from(PROCESSES));
    assert!(sum() - before <= most, "{} of {most}", sum() - before);
    let of_write = (told.server - far.server) / f64::from(PROCESSES);
    println!(
        "what a write pushes to a process: {of_write:.2}, a name of {}: {:.2}",
        2 * pushed,
        of_write / (2 * pushed) as f64
    );
}
