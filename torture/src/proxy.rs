//! The way of one worker to Redis: what goes wrong on it.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// A relay to a server, on a port of its own.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Way {
    /// They pass.
    #[default]
    Open,
    /// They pass after a while.
    Slow(Duration),
    /// Nothing passes in these directions, and connections stay. What was on its way passes when the way opens.
    Held { requests: bool, replies: bool },
    /// No connection stays, and none can be made.
    Closed,
}

#[derive(Debug)]
struct Shared {
    server: u16,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    way: Way,
    ends: Vec<TcpStream>,
}

impl Proxy {
    /// A way to the server at `port` of this machine.
    pub(crate) fn to(server: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared { server, state: Mutex::default(), changed: Condvar::new() });
        let relay = Arc::clone(&shared);
        // It ends with the process.
        thread::spawn(move || listener.incoming().flatten().for_each(|client| relay.connect(client)));
        Ok(Self { port, shared })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// From now on this becomes of bytes.
    pub(crate) fn set(&self, way: Way) {
        self.shared.lock().way = way;
        if way == Way::Closed {
            self.cut();
        }
        self.shared.changed.notify_all();
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        for end in self.shared.lock().ends.drain(..) {
            // It may be over already.
            let _ = end.shutdown(Shutdown::Both);
        }
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// Leads a connection on. If nobody is there, the client's end goes with this call.
    fn connect(self: &Arc<Self>, client: TcpStream) {
        if self.lock().way == Way::Closed {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.server)) else { return };
        // What cannot be relayed is a connection that breaks.
        let _ = self.relay_both(client, server);
    }

    fn relay_both(self: &Arc<Self>, client: TcpStream, server: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let requests = (client.try_clone()?, server.try_clone()?);
        let replies = (server.try_clone()?, client.try_clone()?);
        let mut state = self.lock();
        // Those that are over are let go of.
        state.ends.retain(|end| end.peer_addr().is_ok());
        state.ends.extend([client, server]);
        drop(state);
        for ((from, to), is_request) in [(requests, true), (replies, false)] {
            let shared = Arc::clone(self);
            thread::spawn(move || shared.relay(from, to, is_request));
        }
        Ok(())
    }

    fn relay(&self, mut from: TcpStream, mut to: TcpStream, is_request: bool) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            self.wait(is_request);
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        for end in [from, to] {
            // The other direction may have ended both.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Waits until bytes of this direction may pass.
    fn wait(&self, is_request: bool) {
        let mut state = self.lock();
        if let Way::Slow(pause) = state.way {
            drop(state);
            thread::sleep(pause);
            state = self.lock();
        }
        let is_held = |state: &mut State| match state.way {
            Way::Held { requests, replies } => {
                if is_request {
                    requests
                } else {
                    replies
                }
            }
            _ => false,
        };
        drop(self.changed.wait_while(state, is_held));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
