//! Reads the certificates by which a server is known.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, Result};

/// The certificates by which a server is known.
#[derive(Clone)]
pub(crate) struct TlsRoots(Arc<ClientConfig>);

impl TlsRoots {
    /// Those in a file, or those that the system trusts.
    pub(crate) fn of(file: Option<&str>) -> Result<Self> {
        let roots = match file {
            Some(file) => roots_of_file(Path::new(file))?,
            None => roots_of_system()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let versions = versions.map_err(|error| wrong("TLS cannot be used", error))?;
        Ok(Self(Arc::new(versions.with_root_certificates(roots).with_no_client_auth())))
    }

    pub(crate) fn configuration(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for TlsRoots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TlsRoots")
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
        return Err(Error::configuration("`ca` holds no certificate"));
    }
    Ok(roots)
}

/// Certificates of the system that cannot be read are left out, as every program does: one is enough.
fn roots_of_system() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(Error::configuration("the system trusts no certificate: name a file with `ca`"));
    }
    Ok(roots)
}

fn wrong(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::configuration(what).with_source(error)
}
