//! One connection on the way to a server: its two ends, and what it is for.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Link, wire};

#[derive(Debug)]
pub(super) struct Connection {
    client: TcpStream,
    server: TcpStream,
    is_told: AtomicBool,
    has_ended: AtomicBool,
}

/// Whose bytes they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    Reply,
    Request,
}

impl Connection {
    pub(super) fn of(client: TcpStream, server: TcpStream) -> io::Result<Self> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        Ok(Self { client, server, is_told: AtomicBool::new(false), has_ended: AtomicBool::new(false) })
    }

    /// Where bytes come from, and where they go.
    pub(super) const fn ends(&self, direction: Direction) -> (&TcpStream, &TcpStream) {
        match direction {
            Direction::Reply => (&self.server, &self.client),
            Direction::Request => (&self.client, &self.server),
        }
    }

    /// Learns what the connection is for.
    pub(super) fn note(&self, direction: Direction, bytes: &[u8]) {
        if direction == Direction::Request && wire::asks_to_be_told(bytes) {
            self.is_told.store(true, Ordering::SeqCst);
        }
    }

    pub(super) fn belongs_to(&self, link: Link) -> bool {
        match link {
            Link::All => true,
            Link::Asking => !self.is_told.load(Ordering::SeqCst),
            Link::Told => self.is_told.load(Ordering::SeqCst),
        }
    }

    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::SeqCst);
        for end in [&self.client, &self.server] {
            // It may be over already.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::SeqCst)
    }
}
