//! Connects to the server at its address before a deadline.

use core::time::Duration;
use std::io;
use std::net::{SocketAddr, TcpStream};

use super::deadline::Deadline;
use super::resolve;
use super::socket::{Stream, Timed};
#[cfg(feature = "__tls")]
use super::tls;
use super::transport::Transport;

/// Connects to the server before the deadline.
pub(crate) fn connect(transport: &Transport, deadline: Deadline) -> io::Result<Box<dyn Stream>> {
    match transport {
        Transport::Tcp { host, port } => Ok(Box::new(Timed::new(connect_tcp(host, *port, deadline)?, deadline))),
        #[cfg(feature = "__tls")]
        Transport::Tls { host, port, trust } => {
            tls::connect(host, trust, Timed::new(connect_tcp(host, *port, deadline)?, deadline))
        }
        #[cfg(unix)]
        Transport::Unix { path } => {
            // A socket of this machine takes a connection or refuses it at once.
            Ok(Box::new(Timed::new(std::os::unix::net::UnixStream::connect(path)?, deadline)))
        }
    }
}

fn connect_tcp(host: &str, port: u16, deadline: Deadline) -> io::Result<TcpStream> {
    let addresses = resolve::addresses(host, port, deadline)?;
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for (at, address) in addresses.iter().enumerate() {
        // An address that does not answer leaves time for those that follow.
        let share = deadline.left()? / u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        match connect_to(address, share) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn connect_to(address: &SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(address, timeout.max(Duration::from_micros(1)))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
