//! A cluster of Redis that belongs to one test: three primaries, with a replica each.

use cache_core::Shard;
use cache_core::store::Names;
use redis::Value;
use std::sync::OnceLock;

use super::entrance::Entrance;
use super::several::Servers;
use super::{RedisServer, await_that};

const PRIMARIES: usize = 3;

/// Six processes of one cluster. They end with this value.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
    entrance: Entrance,
}

impl RedisCluster {
    /// Starts a cluster in which every slot has a primary and a replica.
    #[must_use]
    pub fn start() -> Self {
        let nodes = (0..2 * PRIMARIES).map(|_| RedisServer::start_with(&SETTINGS)).collect();
        Self::of(nodes, Entrance::default())
    }

    fn of(nodes: Vec<RedisServer>, entrance: Entrance) -> Self {
        let cluster = Self { nodes, entrance };
        cluster.meet();
        cluster
    }

    /// Starts a cluster whose URL leads to it over TLS, as a user who may do what a cache has to, with keys of `shop`.
    #[cfg(feature = "redis-tls")]
    #[must_use]
    pub fn locked(certificates: &crate::certificates::Certificates) -> Self {
        let settings = [&SETTINGS[..], &["tls-cluster yes", "tls-replication yes"]].concat();
        let start = || RedisServer::start_encrypted(certificates, &settings);
        let (nodes, ports): (Vec<_>, Vec<_>) = (0..2 * PRIMARIES).map(|_| start()).unzip();
        let cluster = Self::of(nodes, Entrance::locked(certificates, ports));
        cluster.nodes.iter().for_each(|node| {
            super::entrance::let_in(node, &["~{shop}:*", "~{shop#*}:*", "~{another}:*", "~{other}:*"])
        });
        cluster
    }

    /// Starts a cluster of which no primary is taken for dead because the machine was busy: for tests in which none dies.
    #[must_use]
    pub fn steady() -> Self {
        Self::start().made_steady()
    }

    /// The same cluster: no primary of it is taken for dead from now on.
    #[must_use]
    pub fn made_steady(self) -> Self {
        let cluster = self;
        cluster.set_node_timeout(60_000);
        for node in &cluster.nodes {
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
        let port = self.entrance.port(0).unwrap_or(first.port()).to_string();
        for node in others {
            node.run::<Value>(&["CLUSTER", "MEET", "127.0.0.1", &port]);
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
        await_that("a cluster that is whole", || self.nodes.iter().all(|node| is_well(node) != Some(false)));
    }

    /// Whether all nodes are there, find the cluster whole, and follow their primaries: one more may fail.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.nodes.iter().all(|node| is_well(node) == Some(true))
    }

    /// Sets after how many milliseconds a node that is not heard of is taken for dead.
    pub fn set_node_timeout(&self, millis: u32) {
        for node in &self.nodes {
            node.run::<Value>(&["CONFIG", "SET", "cluster-node-timeout", &millis.to_string()]);
        }
    }

    /// The URL of a link with this prefix.
    #[must_use]
    pub fn url(&self, prefix: &str) -> String {
        let ports: Vec<u16> = self.nodes.iter().map(RedisServer::port).collect();
        let Entrance { scheme, login, parameters, .. } = &self.entrance;
        format!("{scheme}+cluster://{login}{}?prefix={prefix}{parameters}", self.entrance.hosts(&ports))
    }

    /// What stands for a prefix in the names of one of its shards: those are counted round and round.
    #[must_use]
    pub fn in_shard(prefix: &str, number: usize) -> String {
        format!("{prefix}#{:x}", number % Shard::COUNT)
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
        let is_another = |node: &&RedisServer| node.port() != from.port() && is_primary(node);
        let to = self.nodes.iter().find(is_another).expect("another primary");
        let [old, new] = [from, to].map(|node| node.run::<String>(&["CLUSTER", "MYID"]));
        to.run::<Value>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &old]);
        from.run::<Value>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &new]);
        to
    }

    /// Moves all keys and ends what was begun; if the other node is no primary any more, by taking back that it was.
    ///
    /// # Panics
    ///
    /// If the nodes refuse.
    pub fn end_to_move(&self, prefix: &str, to: &RedisServer) {
        let from = self.primary_of(prefix);
        let slot = slot_of(from, prefix).expect("a node that is there").to_string();
        if !is_primary(to) {
            from.run::<Value>(&["CLUSTER", "SETSLOT", &slot, "STABLE"]);
            return;
        }
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

/// Whether a node finds the cluster whole, and follows its primary; `None`: it is not there.
fn is_well(node: &RedisServer) -> Option<bool> {
    let of_cluster = node.try_run::<String>(&["CLUSTER", "INFO"]).ok()?;
    let replication = node.try_run::<String>(&["INFO", "replication"]).ok()?;
    let follows = replication.contains("role:master") || replication.contains("master_link_status:up");
    Some(of_cluster.contains("cluster_state:ok") && follows)
}

/// Whether a node is there, and a primary as far as it knows.
fn is_primary(node: &RedisServer) -> bool {
    node.try_run::<String>(&["INFO", "replication"]).is_ok_and(|said| said.contains("role:master"))
}

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

impl Servers for RedisCluster {
    fn url(&self, prefix: &str) -> String {
        Self::url(self, prefix)
    }

    fn primary(&self, prefix: &str) -> &RedisServer {
        self.primary_of(prefix)
    }

    fn names(&self, prefix: &str) -> Names {
        Names::together(prefix).expect("a plain prefix")
    }
}

/// A cluster whose caches have a slot for each shard, and in which none of these slots moves.
#[derive(Debug)]
pub struct Sharded {
    cluster: RedisCluster,
    /// Which node has each shard of `shop`.
    nodes: OnceLock<Vec<usize>>,
}

impl Sharded {
    /// The cluster with such caches.
    #[must_use]
    pub const fn over(cluster: RedisCluster) -> Self {
        Self { cluster, nodes: OnceLock::new() }
    }

    fn node(&self, shard: usize) -> &RedisServer {
        let find = |shard: Shard| {
            let primary = self.cluster.primary_of(&RedisCluster::in_shard("shop", shard.index())).port();
            self.cluster.nodes.iter().position(|node| node.port() == primary)
        };
        let nodes = self.nodes.get_or_init(|| Shard::all().map(|shard| find(shard).unwrap_or(0)).collect());
        &self.cluster.nodes[nodes[shard]]
    }
}

impl Servers for Sharded {
    fn url(&self, prefix: &str) -> String {
        format!("{}&spread=tables", self.cluster.url(prefix))
    }

    fn primary(&self, _prefix: &str) -> &RedisServer {
        self.node(0)
    }

    fn names(&self, prefix: &str) -> Names {
        Names::in_shards(prefix).expect("a plain prefix")
    }

    fn primary_for(&self, _prefix: &str, name: &str) -> &RedisServer {
        let (_, rest) = name.split_once('#').expect("a name in a shard");
        self.node(rest.chars().next().and_then(|digit| digit.to_digit(16)).expect("a digit") as usize)
    }

    fn records(&self, prefix: &str) -> Vec<String> {
        Shard::all().map(|shard| format!("{{{prefix}#{}}}:incarnation", shard.digit())).collect()
    }
}
