//! The cluster of a run: the primary of a slot is killed or stands still, the slot is handed over, links to it are cut.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use conformance::redis_server::{RedisCluster, RedisServer};

use crate::arguments::Slots;

/// The nodes. They end with this value.
#[derive(Debug)]
pub(crate) struct Cluster {
    nodes: RedisCluster,
    slots: Slots,
    /// Which slot is hurt next.
    slot: AtomicUsize,
    /// Whose links are cut next.
    turn: AtomicUsize,
    hurt: Mutex<Hurt>,
}

/// What is hurt at present, by its place among the nodes.
#[derive(Debug, Default)]
struct Hurt {
    killed: Option<usize>,
    paused: Option<usize>,
    /// Who is taking which slot.
    taking: Option<(usize, String)>,
}

impl Cluster {
    const PREFIX: &'static str = "torture";

    /// A node that stands still for as long as a run lets it is not replaced: it would come back as a primary that nobody
    /// else sees (caveat 96).
    const NODE_TIMEOUT: u32 = 5_000;

    pub(super) fn start(slots: Slots) -> Self {
        let nodes = RedisCluster::start();
        nodes.set_node_timeout(Self::NODE_TIMEOUT);
        let (slot, turn, hurt) = Default::default();
        Self { nodes, slots, slot, turn, hurt }
    }

    /// What a worker connects to.
    pub(crate) fn url(&self) -> String {
        let url = self.nodes.url(Self::PREFIX);
        if self.slots == Slots::Spread { format!("{url}&spread=tables") } else { url }
    }

    /// What stands in the braces of the names in a slot: another one each time, if there are several.
    fn slot(&self) -> String {
        match self.slots {
            Slots::One => Self::PREFIX.to_owned(),
            Slots::Spread => RedisCluster::in_shard(Self::PREFIX, self.slot.fetch_add(1, Ordering::Relaxed)),
        }
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
            let slot = self.slot();
            hurt.taking = self.place_of(self.nodes.begin_to_move(&slot)).map(|place| (place, slot));
            return true;
        }
        let taking = hurt.taking.take();
        let is_done = taking.is_some();
        taking.into_iter().for_each(|(place, slot)| self.nodes.end_to_move(&slot, &self.nodes.nodes()[place]));
        is_done
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
        self.place_of(self.nodes.primary_of(&self.slot())).unwrap_or_default()
    }

    fn place_of(&self, node: &RedisServer) -> Option<usize> {
        self.nodes.nodes().iter().position(|other| other.port() == node.port())
    }

    fn hurt(&self) -> MutexGuard<'_, Hurt> {
        self.hurt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
