//! Carries bytes to a server and back, before a deadline.

pub(super) mod connect;
pub(super) mod deadline;
pub(super) mod pool;
mod resolve;
pub(super) mod socket;
#[cfg(feature = "__tls")]
mod tls;
pub(super) mod transport;
#[cfg(feature = "__tls")]
pub(super) mod trust;
