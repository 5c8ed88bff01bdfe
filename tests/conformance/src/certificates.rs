//! Certificates of one test: an authority's, and a server's that it has signed.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// They lie in a directory of their own, and end with this value.
#[derive(Debug)]
pub struct Certificates(TempDir);

impl Certificates {
    /// An authority that nobody knows, and a server with these names.
    ///
    /// # Panics
    ///
    /// If they cannot be written.
    #[must_use]
    pub fn of(names: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let write = |name: &str, text: String| std::fs::write(directory.path().join(name), text).expect("room");
        let mut authority = CertificateParams::default();
        // Servers that know each other take a certificate for its own authority's if both have one name.
        authority.distinguished_name.push(DnType::CommonName, "authority of a test");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("random numbers");
        write("ca.pem", authority.self_signed(&key).expect("a right certificate").pem());

        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let server = CertificateParams::new(names).expect("right names");
        let server_key = KeyPair::generate().expect("random numbers");
        let signed = server.signed_by(&server_key, &Issuer::new(authority, key)).expect("a right certificate");
        write("server.pem", signed.pem());
        write("server.key", server_key.serialize_pem());
        Self(directory)
    }

    /// The file by which the server is known, as a URL's `ca`.
    #[must_use]
    pub fn authority(&self) -> String {
        self.path("ca.pem")
    }

    /// What a memcached has to be told.
    #[cfg(feature = "memcached-tls")]
    #[must_use]
    pub fn arguments(&self) -> [String; 3] {
        let files = format!("ssl_chain_cert={},ssl_key={}", self.path("server.pem"), self.path("server.key"));
        ["-Z".to_owned(), "-o".to_owned(), files]
    }

    /// What a Redis has to be told.
    #[cfg(feature = "redis-tls")]
    pub(crate) fn settings(&self) -> Vec<String> {
        let file = |setting: &str, name: &str| format!("{setting} {}", self.path(name));
        vec![
            file("tls-ca-cert-file", "ca.pem"),
            file("tls-cert-file", "server.pem"),
            file("tls-key-file", "server.key"),
            "tls-auth-clients no".to_owned(),
        ]
    }

    fn path(&self, name: &str) -> String {
        let path: &Path = self.0.path();
        path.join(name).to_str().expect("a temporary directory with a name in Unicode").to_owned()
    }
}
