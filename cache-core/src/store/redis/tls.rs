//! By which certificates is a server known, and how do bytes get there unread?

use core::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::failure::Deadline;
use super::socket::{Stream, Timed};
use crate::error::{Error, ErrorKind, Result};

/// The certificates by which a server is known.
#[derive(Clone)]
pub(super) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Those in a file, or those that the system trusts.
    pub(super) fn of(file: Option<&str>) -> Result<Self> {
        let roots = match file {
            Some(file) => roots_of_file(Path::new(file))?,
            None => roots_of_system()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let versions = versions.map_err(|error| wrong("TLS cannot be used", error))?;
        Ok(Self(Arc::new(versions.with_root_certificates(roots).with_no_client_auth())))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Trust")
    }
}

/// Begins TLS over a connection. The handshake goes with the first bytes.
pub(super) fn connect(host: &str, trust: &Trust, stream: Timed<TcpStream>) -> io::Result<Box<dyn Stream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let session = ClientConnection::new(Arc::clone(&trust.0), name).map_err(io::Error::other)?;
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

fn roots_of_file(file: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| wrong("`ca` cannot be read", error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong("`ca` is not a file of certificates", error))?;
        roots.add(certificate).map_err(|error| wrong("`ca` holds a certificate that cannot be used", error))?;
    }
    if roots.is_empty() {
        return Err(Error::new(ErrorKind::Configuration, "`ca` holds no certificate"));
    }
    Ok(roots)
}

/// Certificates of the system that cannot be read are left out, as every program does: one is enough.
fn roots_of_system() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(Error::new(ErrorKind::Configuration, "the system trusts no certificate: name a file with `ca`"));
    }
    Ok(roots)
}

fn wrong(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Configuration, what).with_source(error)
}
