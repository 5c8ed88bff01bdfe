//! Carries bytes to the server and back before a deadline.

use core::fmt;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;

use super::deadline::Deadline;

/// A connection's bytes, both ways.
pub(crate) trait Stream: fmt::Debug + Read + Write + Send {
    /// Says until when the call has to have ended that follows.
    fn set_deadline(&mut self, deadline: Deadline);

    /// Whether nothing has come from the other end since its last answer: neither its end nor bytes nobody asked for.
    /// If anything has, it is lost, and the connection is of no use any more.
    fn is_quiet(&mut self) -> bool;
}

/// A socket whose reads and writes end at a deadline, however few bytes each of them brings; or a little later.
#[derive(Debug)]
pub(crate) struct Timed<S> {
    socket: S,
    deadline: Deadline,
    reads_end_after: Option<Duration>,
    writes_end_after: Option<Duration>,
}

/// What a socket has to be told, if it is to end when no more than `left` is left. It goes by the timeout that it was
/// `told` last while that is later by no more than a sixteenth: each time costs a system call.
fn to_tell(told: Option<Duration>, left: Duration) -> Option<Duration> {
    let is_near = told.is_some_and(|told| told >= left && told - left <= left / 16);
    (!is_near).then(|| left + left / 32)
}

impl<S> Timed<S> {
    pub(crate) const fn new(socket: S, deadline: Deadline) -> Self {
        Self { socket, deadline, reads_end_after: None, writes_end_after: None }
    }

    /// Says until when what follows has to have ended.
    pub(crate) const fn set(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }
}

impl<S: Socket> Timed<S> {
    /// Looks without waiting.
    pub(crate) fn has_nothing_to_read(&mut self) -> bool {
        let look = |socket: &mut S| {
            socket.wait_for_bytes(false)?;
            let read = socket.read(&mut [0]);
            socket.wait_for_bytes(true)?;
            read
        };
        look(&mut self.socket).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// What sockets of both kinds can be told.
pub(crate) trait Socket: fmt::Debug + Read + Write + Send {
    /// Ends the next read after `timeout`.
    fn end_reads_after(&self, timeout: Duration) -> io::Result<()>;

    /// Ends the next write after `timeout`.
    fn end_writes_after(&self, timeout: Duration) -> io::Result<()>;

    /// Says whether reads and writes wait.
    fn wait_for_bytes(&self, is_waiting: bool) -> io::Result<()>;
}

macro_rules! socket {
    ($type:ty) => {
        impl Socket for $type {
            fn end_reads_after(&self, timeout: Duration) -> io::Result<()> {
                self.set_read_timeout(Some(timeout))
            }

            fn end_writes_after(&self, timeout: Duration) -> io::Result<()> {
                self.set_write_timeout(Some(timeout))
            }

            fn wait_for_bytes(&self, is_waiting: bool) -> io::Result<()> {
                self.set_nonblocking(!is_waiting)
            }
        }
    };
}

socket!(TcpStream);
#[cfg(unix)]
socket!(std::os::unix::net::UnixStream);

impl<S: Socket> Read for Timed<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if let Some(timeout) = to_tell(self.reads_end_after, self.deadline.left()?) {
            self.reads_end_after = Some(timeout);
            self.socket.end_reads_after(timeout)?;
        }
        self.socket.read(bytes)
    }
}

impl<S: Socket> Write for Timed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(timeout) = to_tell(self.writes_end_after, self.deadline.left()?) {
            self.writes_end_after = Some(timeout);
            self.socket.end_writes_after(timeout)?;
        }
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl<S: Socket> Stream for Timed<S> {
    fn set_deadline(&mut self, deadline: Deadline) {
        self.set(deadline);
    }

    fn is_quiet(&mut self) -> bool {
        self.has_nothing_to_read()
    }
}
