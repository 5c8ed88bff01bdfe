//! A cluster of Redis that belongs to one test: three primaries, with a replica each.

use std::sync::Arc;

use cache_core::policy::NearPolicy;
use cache_core::store::{Name, Names, RedisStore, Store};
use cache_core::{CacheKey, Tag};
use redis::Value;

use super::hands::{UNIT, calls_of, patient};
use super::{RedisServer, await_that};
use crate::{Frail, Holding, Subject, Time};

const PRIMARIES: usize = 3;

/// Six processes of one cluster. They end with this value.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts a cluster in which every slot has a primary and a replica.
    #[must_use]
    pub fn start() -> Self {
        let nodes = (0..2 * PRIMARIES).map(|_| RedisServer::start_with(&SETTINGS)).collect();
        let cluster = Self { nodes };
        cluster.meet();
        cluster
    }

    /// Starts a cluster of which no primary is taken for dead because the machine was busy: for tests in which none dies.
    #[must_use]
    pub fn steady() -> Self {
        let cluster = Self::start();
        for node in &cluster.nodes {
            node.run::<Value>(&["CONFIG", "SET", "cluster-node-timeout", "60000"]);
            node.run::<Value>(&["CONFIG", "SET", "cluster-replica-no-failover", "yes"]);
        }
        // One that was taken for dead meanwhile has been replaced, or is found again.
        cluster.await_health();
        cluster
    }

    fn meet(&self) {
        let (first, others) = self.nodes.split_first().expect("there are six");
        for (at, node) in self.nodes.iter().enumerate() {
            node.run::<Value>(&["CLUSTER", "SET-CONFIG-EPOCH", &(at + 1).to_string()]);
        }
        for node in others {
            node.run::<Value>(&["CLUSTER", "MEET", "127.0.0.1", &first.port().to_string()]);
        }
        for (at, primary) in self.nodes[..PRIMARIES].iter().enumerate() {
            let (from, to) = (SLOTS * at / PRIMARIES, SLOTS * (at + 1) / PRIMARIES - 1);
            let slots: Vec<String> = (from..=to).map(|slot| slot.to_string()).collect();
            let command = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str));
            primary.run::<Value>(&command.collect::<Vec<_>>());
        }
        for (at, replica) in self.nodes[PRIMARIES..].iter().enumerate() {
            let primary: String = self.nodes[at].run(&["CLUSTER", "MYID"]);
            await_that("nodes meet", || replica.try_run::<Value>(&["CLUSTER", "REPLICATE", &primary]).is_ok());
        }
        self.await_health();
    }

    /// Waits until every node that is there finds the cluster whole, and every replica follows its primary.
    pub fn await_health(&self) {
        let is_well = |node: &RedisServer| {
            let Ok(of_cluster) = node.try_run::<String>(&["CLUSTER", "INFO"]) else { return true };
            let replication: String = node.run(&["INFO", "replication"]);
            let follows = replication.contains("master_link_status:up");
            of_cluster.contains("cluster_state:ok") && (replication.contains("role:master") || follows)
        };
        await_that("a cluster that is whole", || self.nodes.iter().all(is_well));
    }

    /// The URL of a link with this prefix.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis+cluster://{}?prefix={prefix}", hosts.join(","))
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// The primary that has the slot of a prefix, as far as any of those says that are there.
    ///
    /// # Panics
    ///
    /// If there is none for long.
    #[must_use]
    pub fn primary_of(&self, prefix: &str) -> &RedisServer {
        let found = || self.nodes.iter().filter_map(|node| Some((claim(node, slot_of(node, prefix)?)?, node)));
        await_that("a primary of the slot", || found().next().is_some());
        found().max_by_key(|(epoch, _)| *epoch).expect("it was there").1
    }

    /// The replica of that primary.
    ///
    /// # Panics
    ///
    /// If there is none for long.
    #[must_use]
    pub fn replica_of(&self, prefix: &str) -> &RedisServer {
        let primary = format!("master_port:{}\r", self.primary_of(prefix).port());
        let follows = |node: &&RedisServer| {
            node.try_run::<String>(&["INFO", "replication"]).is_ok_and(|said| said.contains(&primary))
        };
        await_that("a replica of the slot", || self.nodes.iter().any(|node| follows(&node)));
        self.nodes.iter().find(follows).expect("it was there")
    }

    /// Begins to hand the slot of a prefix over to another primary, which is given back: keys are moved one by one from now.
    ///
    /// # Panics
    ///
    /// If the nodes refuse.
    #[must_use]
    pub fn begin_to_move(&self, prefix: &str) -> &RedisServer {
        let from = self.primary_of(prefix);
        let slot = slot_of(from, prefix).expect("a node that is there").to_string();
        let is_another = |node: &&RedisServer| {
            node.port() != from.port() && node.run::<String>(&["INFO", "replication"]).contains("role:master")
        };
        let to = self.nodes.iter().find(is_another).expect("another primary");
        let [old, new] = [from, to].map(|node| node.run::<String>(&["CLUSTER", "MYID"]));
        to.run::<Value>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &old]);
        from.run::<Value>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &new]);
        to
    }

    /// Moves all keys and ends what was begun.
    ///
    /// # Panics
    ///
    /// If the nodes refuse.
    pub fn end_to_move(&self, prefix: &str, to: &RedisServer) {
        let from = self.primary_of(prefix);
        let slot = slot_of(from, prefix).expect("a node that is there").to_string();
        loop {
            let keys: Vec<String> = from.run(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
            if keys.is_empty() {
                break;
            }
            for key in keys {
                let port = to.port().to_string();
                from.run::<Value>(&["MIGRATE", "127.0.0.1", &port, &key, "0", "5000", "REPLACE"]);
            }
        }
        let new: String = to.run(&["CLUSTER", "MYID"]);
        for node in [to, from] {
            node.run::<Value>(&["CLUSTER", "SETSLOT", &slot, "NODE", &new]);
        }
    }

    /// Takes the slot of a prefix from all.
    pub fn take_slot_away(&self, prefix: &str) {
        let slot = self.nodes.iter().find_map(|node| slot_of(node, prefix)).expect("a node that is there").to_string();
        for node in &self.nodes {
            // Replicas go by their primary.
            let _ = node.try_run::<Value>(&["CLUSTER", "DELSLOTS", &slot]);
        }
    }
}

const SLOTS: usize = 16_384;

const SETTINGS: [&str; 6] = [
    "cluster-enabled yes",
    "cluster-config-file nodes.conf",
    "cluster-node-timeout 1000",
    "cluster-replica-validity-factor 0",
    "cluster-require-full-coverage no",
    "repl-diskless-sync-delay 0",
];

fn slot_of(node: &RedisServer, prefix: &str) -> Option<u64> {
    node.try_run(&["CLUSTER", "KEYSLOT", prefix]).ok()
}

/// The epoch in which a node says that it has a slot.
fn claim(node: &RedisServer, slot: u64) -> Option<u64> {
    let nodes: String = node.try_run(&["CLUSTER", "NODES"]).ok()?;
    let own: Vec<&str> = nodes.lines().find(|line| line.contains("myself,master"))?.split(' ').collect();
    let has = |range: &&str| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        matches!((from.parse::<u64>(), to.parse::<u64>()), (Ok(from), Ok(to)) if (from..=to).contains(&slot))
    };
    own.get(8..)?.iter().find(|range| has(range))?;
    own[6].parse().ok()
}

/// A cluster under test, by the prefix `shop`.
#[derive(Clone, Debug)]
pub struct ClusterHands(pub Arc<RedisCluster>);

impl ClusterHands {
    /// A store that is connected to the cluster.
    ///
    /// # Panics
    ///
    /// If the URL is wrong.
    #[must_use]
    pub fn store(&self, prefix: &str) -> RedisStore {
        patient(&self.0.url(prefix))
    }

    /// The store under test, over a cluster that holds nothing.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.empty();
        Subject::new(self.store("shop"), Time::real()).unit(UNIT).frail(self.clone())
    }

    /// The same, with memory in front of it.
    ///
    /// # Panics
    ///
    /// If the cluster does not tell of changes.
    #[must_use]
    pub fn near(&self, policy: NearPolicy) -> Subject {
        self.empty();
        let time = Time::real();
        let store = self.store("shop").near(policy, Arc::new(time.clone())).expect("a cluster that tells of changes");
        Subject::new(store, time).unit(UNIT).frail(self.clone())
    }

    fn empty(&self) {
        self.run::<Value>(&["FLUSHALL"]);
    }

    fn run<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        self.0.primary_of("shop").run(command)
    }

    fn delete(&self, name: &Name) {
        self.run::<Value>(&["DEL", name.as_str()]);
    }
}

impl Frail for ClusterHands {
    fn peer(&self, prefix: Option<&str>) -> Arc<dyn Store> {
        Arc::new(self.store(prefix.unwrap_or("shop")))
    }

    fn lose_token(&self, tag: &Tag) {
        self.delete(&names().tag(tag).token);
    }

    fn lose_intents(&self, tag: &Tag) {
        self.delete(&names().tag(tag).intents());
    }

    fn bytes(&self, key: &CacheKey) -> Option<Vec<u8>> {
        self.run(&["GET", names().entry(key).as_str()])
    }

    fn overwrite(&self, key: &CacheKey, bytes: Vec<u8>) {
        let client = redis::Client::open(("127.0.0.1", self.0.primary_of("shop").port())).expect("an address");
        let mut connection = client.get_connection().expect("a server that is there");
        let mut command = redis::cmd("SET");
        command.arg(names().entry(key).as_str()).arg(bytes).exec(&mut connection).expect("room for an entry");
    }

    /// What says in which life the server is gets lost, alone or with everything else. What a replica does that takes over
    /// is tested by itself.
    fn live_again(&self, holding: Holding) {
        match holding {
            Holding::Everything => self.delete(names().incarnation()),
            Holding::Nothing => self.empty(),
        }
    }

    fn disconnect(&self) {
        self.run::<Value>(&["CLIENT", "KILL", "TYPE", "normal"]);
    }

    fn round_trips(&self) -> u64 {
        calls_of(self.0.primary_of("shop"))
    }
}

fn names() -> Names {
    Names::together("shop").expect("a plain prefix")
}
