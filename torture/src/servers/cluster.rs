//! The cluster of a run: its primary is killed or stands still, its slot is handed over, links to it are cut.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use conformance::redis_server::{RedisCluster, RedisServer};

/// The nodes. They end with this value.
#[derive(Debug)]
pub(crate) struct Cluster {
    nodes: RedisCluster,
    /// Whose links are cut next.
    turn: AtomicUsize,
    hurt: Mutex<Hurt>,
}

/// What is hurt at present, by its place among the nodes.
#[derive(Debug, Default)]
struct Hurt {
    killed: Option<usize>,
    paused: Option<usize>,
    /// Who is taking the slot.
    taking: Option<usize>,
}

impl Cluster {
    const PREFIX: &'static str = "torture";

    /// A node that stands still for as long as a run lets it is not replaced: it would come back as a primary that nobody
    /// else sees (caveat 96).
    const NODE_TIMEOUT: u32 = 5_000;

    pub(super) fn start() -> Self {
        let nodes = RedisCluster::start();
        nodes.set_node_timeout(Self::NODE_TIMEOUT);
        Self { nodes, turn: AtomicUsize::new(0), hurt: Mutex::default() }
    }

    /// What a worker connects to.
    pub(crate) fn url(&self) -> String {
        self.nodes.url(Self::PREFIX)
    }

    /// Kills the primary of the slot, or starts the one again that was killed. Says whether it was done: without a replica
    /// the slot would be gone for good.
    pub(crate) fn kill(&self, is_dead: bool) -> bool {
        let mut hurt = self.hurt();
        if is_dead && self.nodes.is_whole() {
            let place = self.primary();
            self.nodes.nodes()[place].kill();
            hurt.killed = Some(place);
            return true;
        }
        let back = hurt.killed.take();
        back.into_iter().for_each(|place| self.nodes.nodes()[place].start_again());
        back.is_some()
    }

    /// Lets the primary of the slot stand still, or go on.
    pub(crate) fn pause(&self, is_paused: bool) {
        let mut hurt = self.hurt();
        hurt.paused.take().into_iter().for_each(|place| self.nodes.nodes()[place].hang(false));
        if is_paused && self.nodes.is_whole() {
            let place = self.primary();
            self.nodes.nodes()[place].hang(true);
            hurt.paused = Some(place);
        }
    }

    /// Begins to hand the slot over to another primary, or ends it. Says whether it was done.
    pub(crate) fn hand_over(&self, is_begun: bool) -> bool {
        let mut hurt = self.hurt();
        if is_begun && self.nodes.is_whole() {
            hurt.taking = self.place_of(self.nodes.begin_to_move(Self::PREFIX));
            return true;
        }
        let taking = hurt.taking.take();
        taking.into_iter().for_each(|place| self.nodes.end_to_move(Self::PREFIX, &self.nodes.nodes()[place]));
        taking.is_some()
    }

    /// Cuts all links to the primary of the slot; to some node while there may be none.
    pub(crate) fn cut(&self) {
        let hurt = self.hurt();
        // Whoever stands still does not hear of it.
        if hurt.paused.is_some() {
            return;
        }
        let nodes = self.nodes.nodes();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % nodes.len();
        let node = &nodes[if self.nodes.is_whole() { self.primary() } else { turn }];
        // It may be gone by now.
        let _ = node.try_run::<redis::Value>(&["CLIENT", "KILL", "TYPE", "normal"]);
    }

    /// Makes the primary of the slot forget everything. Says whether it has.
    pub(crate) fn flush(&self) -> bool {
        self.nodes.nodes()[self.primary()].try_run::<redis::Value>(&["FLUSHALL"]).is_ok()
    }

    fn primary(&self) -> usize {
        self.place_of(self.nodes.primary_of(Self::PREFIX)).unwrap_or_default()
    }

    fn place_of(&self, node: &RedisServer) -> Option<usize> {
        self.nodes.nodes().iter().position(|other| other.port() == node.port())
    }

    fn hurt(&self) -> MutexGuard<'_, Hurt> {
        self.hurt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
