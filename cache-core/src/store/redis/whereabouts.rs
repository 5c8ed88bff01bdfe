//! Finds the server that is asked: one that the URL names, or the primary that others tell of.

use core::sync::atomic::{AtomicU64, Ordering};

use super::command::connection::Connection;
use super::command::places;
use super::wire::address::{Address, Finding, Place};
use super::wire::failure::{Deadline, Failure};
use crate::sync::Mutex;

/// Where a server is, as far as is known.
///
/// A primary that was found is connected to until it is not there, or is none any more. Then those that know are asked
/// anew, one after the other, until one of them tells of a server that takes the connection as its primary.
#[derive(Debug)]
pub(super) struct Whereabouts {
    address: Address,
    known: Mutex<Known>,
    /// How often it was another server than before.
    moves: AtomicU64,
}

#[derive(Debug)]
struct Known {
    /// The primary that was found last.
    primary: Option<Place>,
    /// Whether it was heard of since that it may be another one.
    is_doubted: bool,
    /// Who can be asked. Whoever answered last is asked first.
    nodes: Vec<Place>,
}

impl Whereabouts {
    /// So often a connection follows what servers say of each other.
    const MOST_HOPS: usize = 3;

    pub(super) fn of(address: Address) -> Self {
        let known = Mutex::new(Known { primary: None, is_doubted: false, nodes: named(&address).to_vec() });
        Self { address, known, moves: AtomicU64::new(0) }
    }

    pub(super) const fn address(&self) -> &Address {
        &self.address
    }

    /// Whether another server may take the place of one.
    pub(super) const fn may_move(&self) -> bool {
        !matches!(self.address.finding, Finding::Named)
    }

    /// Whether a connection was made to the server that was found last.
    pub(super) fn is_current(&self, connection: &Connection) -> bool {
        connection.move_count() == self.move_count()
    }

    pub(super) fn move_count(&self) -> u64 {
        self.moves.load(Ordering::SeqCst)
    }

    /// Asks anew before the next connection.
    pub(super) fn doubt(&self) {
        self.known.lock().is_doubted = true;
    }

    /// A connection to the server, in its present life.
    pub(super) fn open(&self, deadline: Deadline) -> Result<Connection, Failure> {
        if !self.may_move() {
            return Connection::open(&self.address, &self.address.transport, deadline);
        }
        if let Some(place) = self.trusted() {
            // Half of the time is left to find another one.
            match self.reach(place.clone(), deadline.share(2)?) {
                // Nobody has found another one meanwhile, who asked later.
                Ok((connection, reached)) if self.trusted().as_ref() == Some(&place) => {
                    return Ok(self.settle(connection, reached));
                }
                _ => self.doubt(),
            }
        }
        self.seek(deadline)
    }

    fn trusted(&self) -> Option<Place> {
        let known = self.known.lock();
        known.primary.clone().filter(|_| !known.is_doubted)
    }

    /// Asks one after the other. Of several failures it gives the one that somebody can do something about.
    fn seek(&self, deadline: Deadline) -> Result<Connection, Failure> {
        let nodes = self.known.lock().nodes.clone();
        let (mut tried, mut failure) = (Vec::new(), None);
        for (at, node) in nodes.iter().enumerate() {
            let Ok(share) = deadline.share(nodes.len() - at) else { break };
            match self.seek_by(node, &mut tried, share) {
                Ok(connection) => return Ok(connection),
                Err(Some(wrong @ Failure::Wrong(_))) => failure = Some(wrong),
                Err(other) => failure = failure.filter(Failure::tells_why).or(other),
            }
        }
        Err(failure.unwrap_or(Failure::Late))
    }

    /// Tries the primary that one of them tells of; no failure: it was tried already.
    fn seek_by(&self, node: &Place, tried: &mut Vec<Place>, deadline: Deadline) -> Result<Connection, Option<Failure>> {
        let half = deadline.share(2).map_err(Failure::from)?;
        let answer = places::ask(&self.address, node, half)?;
        self.learn(node, answer.nodes);
        let Some(primary) = answer.primary else {
            return Err(Some(Failure::Broken("no node of the cluster has the slot of the prefix".into())));
        };
        if tried.contains(&primary) {
            return Err(None);
        }
        tried.push(primary.clone());
        let (connection, reached) = self.reach(primary, deadline)?;
        Ok(self.settle(connection, reached))
    }

    /// Connects, and follows what servers say of who has the slot.
    fn reach(&self, mut place: Place, deadline: Deadline) -> Result<(Connection, Place), Failure> {
        for _ in 0..Self::MOST_HOPS {
            match Connection::open(&self.address, &self.address.transport.at(&place), deadline) {
                Ok(connection) => return Ok((connection, place)),
                Err(failure) => {
                    let Some((host, port)) = failure.moved_to() else { return Err(failure) };
                    let host = if host.is_empty() { place.host } else { host.to_owned() };
                    place = Place { host, port };
                }
            }
        }
        Err(Failure::Broken("the nodes of the cluster send each other the slot of the prefix".into()))
    }

    fn settle(&self, mut connection: Connection, place: Place) -> Connection {
        let mut known = self.known.lock();
        known.is_doubted = false;
        if known.primary.as_ref() != Some(&place) && known.primary.replace(place).is_some() {
            self.moves.fetch_add(1, Ordering::SeqCst);
        }
        connection.set_move_count(self.move_count());
        drop(known);
        connection
    }

    /// `node` has answered, and these may as well.
    fn learn(&self, node: &Place, others: Vec<Place>) {
        let mut nodes = vec![node.clone()];
        for other in others.into_iter().chain(named(&self.address).iter().cloned()) {
            if !nodes.contains(&other) {
                nodes.push(other);
            }
        }
        self.known.lock().nodes = nodes;
    }
}

/// Whom the URL names.
fn named(address: &Address) -> &[Place] {
    match &address.finding {
        Finding::Named => &[],
        Finding::Sentinels { places, .. } | Finding::Cluster { places, .. } => places,
    }
}
