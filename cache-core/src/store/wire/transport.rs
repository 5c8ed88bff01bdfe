//! Says how bytes get to a server.

/// How bytes get to the server.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    Tcp {
        host: String,
        port: u16,
    },
    #[cfg(feature = "__tls")]
    Tls {
        host: String,
        port: u16,
        trust: super::trust::TlsRoots,
    },
    #[cfg(unix)]
    Unix {
        path: std::path::PathBuf,
    },
}

/// Where something listens.
#[cfg(feature = "redis")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) port: u16,
}

#[cfg(feature = "redis")]
impl Transport {
    /// The same way to another place.
    pub(crate) fn at(&self, place: &Place) -> Self {
        let Place { host, port } = place.clone();
        match self {
            #[cfg(feature = "__tls")]
            Self::Tls { trust, .. } => Self::Tls { host, port, trust: trust.clone() },
            _ => Self::Tcp { host, port },
        }
    }
}
