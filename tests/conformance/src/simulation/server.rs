//! The server: keys, a clock, and a life that can end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cache_core::store::engine::{Response, connect};
use cache_core::store::{Name, Names};
use cache_core::{Clock, Timestamp};

use super::keyspace::Keyspace;
use super::sent::Sent;
use super::stamp;
use crate::{Dice, Time};

/// A server that several links share. Clones are the same server.
#[derive(Clone, Debug)]
pub struct Server {
    time: Time,
    state: Arc<Mutex<State>>,
}

/// What a server held at some moment.
#[derive(Clone, Debug)]
pub struct Snapshot(Keyspace);

#[derive(Debug, Default)]
struct State {
    keys: Keyspace,
    incarnation: u64,
    late: Vec<Late>,
    is_closed: bool,
}

/// A request that is still on its way, and the incarnation that its connection ends with.
#[derive(Debug)]
struct Late {
    request: Sent,
    incarnation: u64,
}

impl Server {
    /// An empty server that goes by `time`.
    #[must_use]
    pub fn new(time: Time) -> Self {
        Self { time, state: Arc::default() }
    }

    /// The server's time.
    #[must_use]
    pub const fn time(&self) -> &Time {
        &self.time
    }

    /// Forgets everything, and from now on says yes to whatever it is told: the test is over, and others should not pay
    /// for it.
    pub fn close(&self) {
        *self.state() = State { is_closed: true, ..State::default() };
    }

    /// What it holds now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.state().keys.clone())
    }

    /// Starts again with what it held at `snapshot`. All connections are gone, and what was on its way over them.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.live_again(|keys| *keys = snapshot.0.clone());
    }

    /// Starts again with nothing.
    pub fn restart_empty(&self) {
        self.live_again(|keys| *keys = Keyspace::default());
    }

    /// Fails over to a replica that has not got the last `lost` operations that wrote anything.
    pub fn fail_over(&self, lost: usize) {
        self.live_again(|keys| keys.undo(lost));
    }

    /// Drops one key, as a server does that needs room.
    pub fn evict(&self, name: &Name) {
        let mut state = self.state();
        state.keys.begin();
        state.keys.delete(name.as_str());
    }

    /// Drops any key whose name `is_meant`; gives its name.
    pub fn evict_any(&self, dice: &mut Dice, is_meant: impl Fn(&str) -> bool) -> Option<String> {
        let mut state = self.state();
        let mut names = state.keys.names(self.time.now());
        names.retain(|name| is_meant(name));
        let name = (!names.is_empty()).then(|| names.swap_remove(dice.index(names.len())))?;
        state.keys.begin();
        state.keys.delete(&name);
        Some(name)
    }

    /// The names of all keys.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.state().keys.names(self.time.now())
    }

    /// What is kept under a name.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.state().keys.bytes(name, self.time.now()).map(<[u8]>::to_vec)
    }

    /// Puts foreign or broken bytes under a name. What was there keeps its expiry.
    pub fn overwrite(&self, name: &str, bytes: Vec<u8>) {
        self.state().keys.overwrite(name, bytes);
    }

    /// How many requests are still on their way.
    #[must_use]
    pub fn late_count(&self) -> usize {
        self.state().late.len()
    }

    /// Delivers any of the requests that are still on their way; says whether there was one.
    pub fn deliver_any(&self, dice: &mut Dice) -> bool {
        let mut state = self.state();
        let at = dice.index(state.late.len());
        self.deliver(&mut state, at)
    }

    /// Delivers all requests that are still on their way, in the order in which they were sent.
    pub fn deliver_all(&self) {
        let mut state = self.state();
        while self.deliver(&mut state, 0) {}
    }

    pub(super) fn incarnation(&self) -> u64 {
        self.state().incarnation
    }

    /// Executes `request` over a connection to the incarnation `connected`, or over a new one. Gives the incarnation
    /// that it was executed by.
    pub(super) fn execute(&self, names: &Names, connected: Option<u64>, request: Sent) -> (u64, Response) {
        let mut state = self.state();
        if state.is_closed {
            return (state.incarnation, Response::Done);
        }
        self.connect(&mut state, names, connected);
        let now = self.time.now();
        (state.incarnation, request.execute(&mut state.keys, now))
    }

    /// Takes a request that arrives when it is delivered.
    pub(super) fn hold(&self, names: &Names, connected: Option<u64>, request: Sent) {
        let mut state = self.state();
        self.connect(&mut state, names, connected);
        let incarnation = state.incarnation;
        state.late.push(Late { request, incarnation });
    }

    /// How many keys begin with `start`, and how many bytes they hold.
    pub(super) fn measure(&self, start: &str) -> (usize, usize) {
        let sizes: Vec<usize> = self.state().keys.bytes_under(start, self.time.now()).collect();
        (sizes.len(), sizes.iter().sum())
    }

    fn connect(&self, state: &mut State, names: &Names, connected: Option<u64>) {
        if connected != Some(state.incarnation) {
            let incarnation = format!("life {}", state.incarnation);
            state.keys.begin();
            let (record, now) = (names.incarnation().as_str(), self.time.now());
            let is_recorded = state.keys.bytes(record, now) == Some(incarnation.as_bytes());
            connect(&mut state.keys, names, (&incarnation, None), now);
            if !is_recorded {
                stamp::renew(&mut state.keys);
            }
        }
    }

    fn deliver(&self, state: &mut State, at: usize) -> bool {
        if at >= state.late.len() {
            return false;
        }
        let late = state.late.remove(at);
        if late.incarnation == state.incarnation {
            let now: Timestamp = self.time.now();
            late.request.execute(&mut state.keys, now);
        }
        true
    }

    fn live_again(&self, with: impl FnOnce(&mut Keyspace)) {
        let mut state = self.state();
        with(&mut state.keys);
        state.incarnation += 1;
        state.late.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
