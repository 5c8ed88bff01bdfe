//! Runs the thread that reads a server's pushes for near memory, and sends it heartbeats.

use core::time::Duration;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use crate::clock::wall_now;
use crate::clock::{Clock, Timestamp};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::wait::Backoff;
use crate::store::near::NearMemory;
use crate::store::track::{Push, Subscriber, Subscription, Untracked};
use crate::sync::Monitor;

/// The thread of one near cache. It ends soon after this value.
#[derive(Debug)]
pub(in crate::store) struct Watchman(Arc<IsStopping>);

type IsStopping = Monitor<bool>;

/// What the thread works with.
struct PushReader {
    memory: Weak<NearMemory>,
    tracker: Box<dyn Subscriber>,
    clock: Arc<dyn Clock>,
    max_staleness: Duration,
    is_stopping: Arc<IsStopping>,
}

/// A moment by both clocks.
#[derive(Clone, Copy)]
struct Sent(Timestamp, Timestamp);

impl Watchman {
    /// Connects, and listens from then on. A server that is not there is tried again later.
    ///
    /// # Errors
    ///
    /// If the server says that it does not tell of changes, or there is no thread to be had.
    pub(in crate::store) fn start(
        memory: &Arc<NearMemory>,
        tracker: Box<dyn Subscriber>,
        clock: Arc<dyn Clock>,
        max_staleness: Duration,
    ) -> Result<Self> {
        let is_stopping = Arc::<IsStopping>::default();
        let memory = Arc::downgrade(memory);
        let mut watch = PushReader { memory, tracker, clock, max_staleness, is_stopping: Arc::clone(&is_stopping) };
        let first = match watch.open() {
            Err(Untracked::Refused(error)) => {
                let context = "`near` needs a server that tells of changes (`HELLO 3`, `CLIENT TRACKING` of Redis)";
                return Err(Error::new(ErrorKind::Configuration, context).with_source(error));
            }
            Err(Untracked::Absent(_)) => None,
            Ok(track) => Some(track),
        };
        let thread = thread::Builder::new().name("cache near".to_owned());
        thread
            .spawn(move || watch.run(first))
            .map_err(|error| Error::new(ErrorKind::Store, "starting the thread of `near`").with_source(error))?;
        Ok(Self(is_stopping))
    }

    /// Lets the thread end.
    pub(in crate::store) fn stop(&self) {
        *self.0.lock() = true;
        self.0.wake_all();
    }
}

impl Drop for Watchman {
    fn drop(&mut self) {
        self.stop();
    }
}

impl PushReader {
    /// How long connecting may take, and how long a heartbeat may be without an answer, at least.
    const PATIENCE: Duration = Duration::from_secs(1);
    const LONGEST_INTERVAL: Duration = Duration::from_secs(1);
    const LONGEST_PAUSE: Duration = Duration::from_secs(2);

    fn run(mut self, first: Option<Box<dyn Subscription>>) {
        let mut track = first;
        let mut pauses = Backoff::new(Duration::from_millis(20), Self::LONGEST_PAUSE);
        while !self.is_stopping() {
            if let Some(track) = track.take() {
                pauses.reset();
                // Why it ended is the next connection's business.
                let _ = self.listen(track);
                self.disconnected();
            } else if self.sleep(pauses.pause()) {
                break;
            }
            track = self.open().ok();
        }
        self.disconnected();
    }

    /// A new connection: nothing is kept of what was before it.
    fn open(&mut self) -> core::result::Result<Box<dyn Subscription>, Untracked> {
        self.disconnected();
        let sent = self.now();
        let track = self.tracker.open(Self::PATIENCE)?;
        if let Some(memory) = self.memory.upgrade() {
            memory.tracked(track.incarnation(), sent.0, sent.1);
        }
        Ok(track)
    }

    /// Listens until the connection is of no use any more.
    fn listen(&self, mut track: Box<dyn Subscription>) -> Result<()> {
        let interval = (self.max_staleness / 4).min(Self::LONGEST_INTERVAL);
        let patience = (self.max_staleness * 2).max(Self::PATIENCE);
        let mut due = Instant::now();
        let mut sent: Option<(Sent, Instant)> = None;
        let mut polled = Vec::new();
        while !self.is_stopping() {
            let now = Instant::now();
            if sent.is_none() && now >= due {
                let Some(memory) = self.memory.upgrade() else { return Ok(()) };
                // What becomes known from now on is not asked for.
                polled = memory.polled();
                sent = Some((self.now(), now));
                track.beat(&polled)?;
                due = now + interval;
            }
            if sent.is_some_and(|(_, began)| began.elapsed() > patience) {
                return Err(Error::new(ErrorKind::Store, "waiting for the answer to a heartbeat"));
            }
            let pause = if sent.is_some() { interval } else { due.saturating_duration_since(Instant::now()) };
            let Some(told) = track.next(pause)? else { continue };
            let Some(memory) = self.memory.upgrade() else { return Ok(()) };
            match told {
                Push::Changed(tags) => {
                    memory.count_told(tags.len());
                    memory.changed(tags);
                }
                Push::Everything => memory.forget(),
                Push::Heartbeat(tokens) => {
                    if let Some((Sent(at, by_wall), _)) = sent.take() {
                        let tokens: Vec<_> = polled.drain(..).zip(tokens).collect();
                        memory.heard((at, by_wall), &tokens);
                    }
                }
            }
        }
        Ok(())
    }

    fn disconnected(&self) {
        if let Some(memory) = self.memory.upgrade() {
            memory.disconnected();
        }
    }

    fn now(&self) -> Sent {
        Sent(self.clock.now(), wall_now())
    }
    fn is_stopping(&self) -> bool {
        *self.is_stopping.lock()
    }

    /// Sleeps for `pause`; says whether it is time to stop.
    fn sleep(&self, pause: Duration) -> bool {
        *self.is_stopping.wait_while(self.is_stopping.lock(), pause, |is_stopping| !*is_stopping)
    }
}
