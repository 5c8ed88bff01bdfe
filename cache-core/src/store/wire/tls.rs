//! Carries bytes to the server over TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::deadline::Deadline;
use super::socket::{Stream, Timed};
use super::trust::TlsRoots;

/// Begins TLS over a connection. The handshake goes with the first bytes.
pub(crate) fn connect(host: &str, trust: &TlsRoots, stream: Timed<TcpStream>) -> io::Result<Box<dyn Stream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let session = ClientConnection::new(trust.configuration(), name).map_err(io::Error::other)?;
    Ok(Box::new(Encrypted(StreamOwned::new(session, stream))))
}

#[derive(Debug)]
struct Encrypted(StreamOwned<ClientConnection, Timed<TcpStream>>);

impl Read for Encrypted {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Encrypted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Stream for Encrypted {
    fn set_deadline(&mut self, deadline: Deadline) {
        self.0.sock.set(deadline);
    }

    /// What is not bytes of an answer (a key is changed) counts as well: another connection is all that it costs.
    fn is_quiet(&mut self) -> bool {
        self.0.sock.has_nothing_to_read()
    }
}
