//! The way between a link and its server: what goes wrong on it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A relay to a server, on a port of its own, that can be cut.
#[derive(Debug)]
pub struct Cable {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: AtomicUsize,
    ends: Mutex<Vec<TcpStream>>,
    /// How many bytes of replies come through before a connection is cut.
    left: AtomicU64,
    connections: AtomicU64,
    /// Nothing comes through, either way, and no end notices.
    is_stalled: AtomicBool,
    /// How long replies are on their way.
    delay_millis: AtomicU64,
}

impl Cable {
    /// A cable to the server at `port` of this machine.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    #[must_use]
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let own = listener.local_addr().expect("a bound socket has an address").port();
        let shared = Arc::new(Shared {
            server: AtomicUsize::new(port.into()),
            ends: Mutex::default(),
            left: AtomicU64::new(u64::MAX),
            connections: AtomicU64::new(0),
            is_stalled: AtomicBool::new(false),
            delay_millis: AtomicU64::new(0),
        });
        let relay = Arc::clone(&shared);
        // It ends with the process of the tests.
        thread::spawn(move || listener.incoming().flatten().for_each(|client| relay.connect(client)));
        Self { port: own, shared }
    }

    /// The port that links connect to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Cuts all connections. New ones can be made.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// Lets nothing come through any more, or lets it: all that was sent meanwhile comes then.
    pub fn stall(&self, is_stalled: bool) {
        self.shared.is_stalled.store(is_stalled, Ordering::SeqCst);
    }

    /// Lets what the server says be on its way for so long.
    pub fn delay(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).expect("a test's time");
        self.shared.delay_millis.store(millis, Ordering::SeqCst);
    }

    /// Cuts a connection when so many more bytes of replies have come through.
    pub fn cut_after(&self, bytes: u64) {
        self.shared.left.store(bytes, Ordering::SeqCst);
    }

    /// Leads new connections to the server at another port, as an address does that moves; cuts those that there are.
    pub fn lead_to(&self, port: u16) {
        self.shared.server.store(port.into(), Ordering::SeqCst);
        self.cut();
    }

    /// How many connections were made so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn connect(self: &Arc<Self>, client: TcpStream) {
        let port = u16::try_from(self.server.load(Ordering::SeqCst)).unwrap_or(0);
        // Nobody there: the client's connection ends with this value.
        let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
        self.connections.fetch_add(1, Ordering::SeqCst);
        for end in [&client, &server] {
            // Otherwise the second part of an answer waits for the first to be acknowledged.
            end.set_nodelay(true).expect("an open socket");
        }
        let copy = |stream: &TcpStream| stream.try_clone().expect("another handle of an open socket");
        let (requests, replies) = ((copy(&client), copy(&server)), (copy(&server), copy(&client)));
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).extend([client, server]);
        let (asking, answering) = (Arc::clone(self), Arc::clone(self));
        thread::spawn(move || {
            relay(requests.0, requests.1, |count| {
                asking.wait();
                count
            });
        });
        thread::spawn(move || {
            relay(replies.0, replies.1, |count| {
                thread::sleep(Duration::from_millis(answering.delay_millis.load(Ordering::SeqCst)));
                answering.wait();
                answering.pass(count)
            });
        });
    }

    /// Waits until things come through.
    fn wait(&self) {
        while self.is_stalled.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// How many of so many bytes come through.
    fn pass(&self, count: usize) -> usize {
        let take = |left: u64| Some(if left == u64::MAX { left } else { left.saturating_sub(count as u64) });
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).unwrap_or(u64::MAX);
        let passed = count.min(usize::try_from(left).unwrap_or(usize::MAX));
        if passed < count {
            self.left.store(u64::MAX, Ordering::SeqCst);
        }
        passed
    }

    fn cut(&self) {
        for end in self.ends.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // It may be over already.
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

/// Passes bytes on, until less than all of them may `pass` or an end is gone.
fn relay(mut from: TcpStream, mut to: TcpStream, pass: impl Fn(usize) -> usize) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let passed = pass(count);
        if to.write_all(&bytes[..passed]).is_err() || passed < count {
            break;
        }
    }
    for end in [from, to] {
        // The other direction may have ended both.
        let _ = end.shutdown(Shutdown::Both);
    }
}
