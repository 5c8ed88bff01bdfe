//! How a URL leads to several servers: plainly, or over TLS and with a password.

#[cfg(feature = "redis-tls")]
use redis::Value;

#[cfg(feature = "redis-tls")]
use super::RedisServer;
#[cfg(feature = "redis-tls")]
use crate::certificates::Certificates;

/// The parts of such a URL.
#[derive(Debug)]
pub(super) struct Entrance {
    pub(super) scheme: &'static str,
    pub(super) login: &'static str,
    /// What follows the other parameters.
    pub(super) parameters: String,
    /// The ports for TLS, in the order of the servers.
    ports: Option<Vec<u16>>,
}

impl Default for Entrance {
    fn default() -> Self {
        Self { scheme: "redis", login: "", parameters: String::new(), ports: None }
    }
}

impl Entrance {
    #[cfg(feature = "redis-tls")]
    pub(super) fn locked(certificates: &Certificates, ports: Vec<u16>) -> Self {
        let parameters = format!("&ca={}", certificates.authority());
        Self { scheme: "rediss", login: "shop:secret@", parameters, ports: Some(ports) }
    }

    /// The port for TLS of the server at this place among the others, if they have one.
    pub(super) fn port(&self, place: usize) -> Option<u16> {
        self.ports.as_ref()?.get(place).copied()
    }

    /// The hosts of servers that listen on these ports without TLS.
    pub(super) fn hosts(&self, plain: &[u16]) -> String {
        let ports = self.ports.as_deref().unwrap_or(plain);
        ports.iter().map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",")
    }
}

/// A user of a server who may do what a cache with memory in front has to, with these keys; in a cluster too.
#[cfg(feature = "redis-tls")]
pub(super) fn let_in(server: &RedisServer, keys: &[&str]) {
    let who = ["ACL", "SETUSER", "shop", "on", ">secret"].into_iter().chain(keys.iter().copied());
    let asks =
        "+auth +select +info +mget +getex +set +unlink +scan +eval +evalsha +get +getrange +del +pttl +pexpire +time";
    let several = "+exists +cluster|slots";
    let near = "+ping +client|tracking";
    let may = [asks, several, near].into_iter().flat_map(|commands| commands.split(' '));
    server.run::<Value>(&who.chain(may).collect::<Vec<_>>());
}
