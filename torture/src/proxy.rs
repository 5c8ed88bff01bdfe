//! The way of one worker to a server: what goes wrong on it.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

mod connection;
mod wire;

use connection::{Connection, Direction};

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
    /// Replies pass after a while, requests at once.
    Late(Duration),
    /// Nothing passes in these directions, and connections stay. What was on its way passes when the way opens.
    Held { requests: bool, replies: bool },
    /// They pass until a database says that it has committed something. That, and what follows it, is held.
    UntilCommit,
    /// No connection stays, and none can be made.
    Closed,
}

/// Which of a worker's connections something is done to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Link {
    All,
    /// Those on which it asks.
    Asking,
    /// The one on which Redis tells it of changes.
    Told,
}

#[derive(Debug)]
struct Shared {
    server: (String, u16),
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    asking: Way,
    told: Way,
    connections: Vec<Arc<Connection>>,
}

impl Proxy {
    /// A way to the server at this host and port.
    pub(crate) fn to(server: (String, u16)) -> io::Result<Self> {
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
    pub(crate) fn set(&self, link: Link, way: Way) {
        self.shared.lock().set(link, way);
        if way == Way::Closed {
            self.cut(link);
        }
        self.shared.changed.notify_all();
    }

    /// Ends connections. What was held on them is lost.
    pub(crate) fn cut(&self, link: Link) {
        self.shared.lock().connections.iter().filter(|one| one.belongs_to(link)).for_each(|one| one.end());
        self.shared.changed.notify_all();
    }

    /// Whether something is held that a worker asks for.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.shared.lock().asking, Way::Held { .. })
    }
}

impl Shared {
    /// Leads a connection on. If nobody is there, the client's end goes with this call.
    fn connect(self: &Arc<Self>, client: TcpStream) {
        if self.lock().asking == Way::Closed {
            return;
        }
        let Ok(server) = TcpStream::connect((self.server.0.as_str(), self.server.1)) else { return };
        let Ok(connection) = Connection::of(client, server).map(Arc::new) else { return };
        let mut state = self.lock();
        // Those that nobody relays any more are over.
        state.connections.retain(|one| Arc::strong_count(one) > 1);
        state.connections.push(Arc::clone(&connection));
        drop(state);
        for direction in [Direction::Request, Direction::Reply] {
            let (shared, connection) = (Arc::clone(self), Arc::clone(&connection));
            thread::spawn(move || shared.relay(&connection, direction));
        }
    }

    fn relay(&self, connection: &Connection, direction: Direction) {
        let (mut from, mut to) = connection.ends(direction);
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let bytes = &bytes[..count];
            connection.note(direction, bytes);
            self.wait(connection, direction, bytes);
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        // The other direction may have ended it.
        connection.end();
    }

    /// Waits until these bytes may pass.
    fn wait(&self, connection: &Connection, direction: Direction, bytes: &[u8]) {
        let mut state = self.lock();
        match *state.way(connection) {
            Way::Late(_) if direction == Direction::Request => {}
            Way::Late(pause) | Way::Slow(pause) => {
                drop(state);
                thread::sleep(pause);
                state = self.lock();
            }
            Way::UntilCommit if direction == Direction::Reply && wire::says_committed(bytes) => {
                *state.way(connection) = Way::Held { requests: false, replies: true };
            }
            _ => {}
        }
        let is_held = |state: &mut State| match (*state.way(connection), direction) {
            (Way::Held { requests, .. }, Direction::Request) => requests && !connection.has_ended(),
            (Way::Held { replies, .. }, Direction::Reply) => replies && !connection.has_ended(),
            _ => false,
        };
        let mut state = self.changed.wait_while(state, is_held).unwrap_or_else(PoisonError::into_inner);
        // Which connection is told of changes turns out when it is there.
        if *state.way(connection) == Way::Closed {
            connection.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn set(&mut self, link: Link, way: Way) {
        if link != Link::Told {
            self.asking = way;
        }
        if link != Link::Asking {
            self.told = way;
        }
    }

    fn way(&mut self, connection: &Connection) -> &mut Way {
        if connection.belongs_to(Link::Told) { &mut self.told } else { &mut self.asking }
    }
}
